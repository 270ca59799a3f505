"""Evaluation: everybody on the same later answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import TINY, write_record
from training import dataset, evaluate, features, finetune


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
    counts = features.count(record.steps, record.answers, split.counted)
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
