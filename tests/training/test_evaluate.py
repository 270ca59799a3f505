"""Evaluation: everybody on the same later answers."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.records import TINY, write_record
from training import dataset, evaluate, finetune, seal
from training.population import Population
from training.seal import file_hash
from training.snapshot import MANIFEST, TABLES


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracer")
    write_record(folder / "snapshot")
    finetune.finetune(snapshot=folder / "snapshot", out=folder, config=TINY)
    return folder


def test_everybody_is_judged_on_the_same_later_answers(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot", rival=place / "bundle")
    record = dataset.read_snapshot(place / "snapshot")
    split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
    assert report["answers"] == split.test.sum()
    assert report["serving"] == report["candidate"]
    judged = [report["candidate"], *report["baselines"].values()]
    assert [figures["n"] for figures in judged] == [report["answers"]] * 4
    assert set(report["baselines"]) == {"base_rate", "knowledge", "best_lr"}
    for figures in judged:
        assert 0 < figures["logloss"] < 2


def test_subgroups_are_parts_of_the_judged_answers(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot")
    assert report["serving"] is None
    courses = [group["answers"] for name, group in report["subgroups"].items() if name.startswith("course_")]
    assert sum(courses) == report["answers"]
    for group in report["subgroups"].values():
        assert group["candidate"]["n"] == group["knowledge"]["n"] == group["answers"] > 0


def test_the_report_is_kept_in_the_bundle_beside_the_settings(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot")
    assert json.loads((place / "bundle" / "report.json").read_text()) == report
    assert report["settings"] == json.loads(json.dumps(TINY.to_dict()))


def test_the_plain_estimate_sees_no_answer_that_it_predicts(place: Path) -> None:
    record = dataset.read_snapshot(place / "snapshot")
    split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
    counts = Population(record, split.counted, folds=2, seed=0).others().counts
    before = evaluate.plain_estimates(record, counts, split)
    last = [
        int(np.flatnonzero(split.test[a:b])[-1] + a)
        for a, b in zip(record.offsets, record.offsets[1:], strict=False)
        if split.test[a:b].any()
    ]
    record.answers.correct[last] = ~record.answers.correct[last]
    np.testing.assert_array_equal(before, evaluate.plain_estimates(record, counts, split))


def test_best_lr_counts_earlier_answers_only(place: Path) -> None:
    record = dataset.read_snapshot(place / "snapshot")
    inputs = evaluate.best_lr_inputs(record)
    start, stop = record.offsets[1], record.offsets[2]
    correct = record.answers.correct[start:stop]
    earlier = np.concatenate([[0], np.cumsum(correct)[:-1]])
    np.testing.assert_allclose(inputs[start:stop, -6].toarray()[:, 0], np.log1p(earlier), rtol=1e-6)


def test_classes_and_languages_are_groups_of_the_judged_answers_and_no_model_sees_them(
    place: Path, tmp_path: Path
) -> None:
    """The same answers with and without them: the same network, number by number."""
    folder = tmp_path / "snapshot"
    shutil.copytree(place / "snapshot", folder)
    record = dataset.read_snapshot(place / "snapshot")
    (course,) = record.steps.courses
    members = {"seven": record.students[::2], "other": record.students[1::2]}
    rows = [(name, student) for name, students in members.items() for student in students]
    fill(
        folder,
        "classes",
        {"class": [row[0] for row in rows], "student": [row[1] for row in rows], "course": [course] * 16},
    )
    fill(folder, "courses", {"course": [course], "language": ["en"]})

    made = finetune.finetune(snapshot=folder, out=tmp_path, config=TINY)
    report = evaluate.evaluate(bundle=made, snapshot=folder)

    groups = report["subgroups"]
    split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
    of_seven = split.test & (record.student_of_row % 2 == 0)
    assert groups["class_seven"]["answers"] == of_seven.sum() > 0
    assert groups["class_seven"]["students"] == len(np.unique(record.student_of_row[of_seven]))
    assert groups["class_seven"]["answers"] + groups["class_other"]["answers"] == report["answers"]
    assert groups["language_en"]["answers"] == report["answers"]
    for name in ("model.safetensors", "residuals.safetensors"):
        assert (made / name).read_bytes() == (place / "bundle" / name).read_bytes()


def fill(snapshot: Path, name: str, columns: dict[str, list[str]]) -> None:
    """Give a snapshot another table of this name."""
    pq.write_table(pa.table(columns, schema=TABLES[name]), snapshot / f"{name}.parquet")
    manifest = json.loads((snapshot / MANIFEST).read_text())
    manifest["sha256"][f"{name}.parquet"] = file_hash(snapshot / f"{name}.parquet")
    (snapshot / MANIFEST).write_text(json.dumps(manifest))


def test_a_group_loses_what_its_own_answers_lose_and_everybody_what_the_gain_says(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot")
    gain, knowledge = report["gain"], report["baselines"]["knowledge"]
    assert gain["over"] == "knowledge"
    assert gain["mean"] == pytest.approx(knowledge["logloss"] - report["candidate"]["logloss"])
    for group in report["subgroups"].values():
        assert group["loss"] == pytest.approx(group["candidate"]["logloss"] - group["knowledge"]["logloss"])
    against_itself = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot", rival=place / "bundle")
    assert against_itself["gain"]["over"] == "serving"
    assert [against_itself["gain"][name] for name in ("mean", "low", "high")] == [0, 0, 0]


def test_the_bins_of_the_calibration_hold_every_judged_answer(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot")
    for who in ("candidate", "knowledge"):
        bins = report["calibration"][who]
        assert sum(row["answers"] for row in bins) == report["answers"]
        gaps = sum(row["answers"] * abs(row["expected"] - row["right"]) for row in bins) / report["answers"]
        figures = report["candidate"] if who == "candidate" else report["baselines"]["knowledge"]
        assert gaps == pytest.approx(figures["ece"])


def test_answers_that_the_base_may_have_seen_are_not_judged(place: Path) -> None:
    record = dataset.read_snapshot(place / "snapshot")
    split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
    times = record.answers.seconds
    own = float(times[split.train | split.valid].max())
    assert times[split.test].min() > own
    after = float(np.median(times[split.test]))

    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot", after=after)

    assert 0 < report["answers"] == (split.test & (times > after)).sum() < split.test.sum()
    assert report["seen_until"] == after
    assert evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot", after=own - 1)["seen_until"] == own


def test_when_no_answer_is_later_than_all_that_was_seen_nothing_is_judged(place: Path) -> None:
    report = evaluate.evaluate(bundle=place / "bundle", snapshot=place / "snapshot", after=1e12)
    assert (report["answers"], report["gain"], report["subgroups"]) == (0, None, {})


def test_a_bundle_or_a_rival_that_was_altered_is_not_judged(place: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(place / "bundle", broken)
    (broken / "ids.json").write_text("{}")
    for bundle, rival in ((broken, None), (place / "bundle", broken)):
        with pytest.raises(seal.BadBundle, match=r"ids\.json is altered"):
            evaluate.evaluate(snapshot=place / "snapshot", bundle=bundle, rival=rival)
