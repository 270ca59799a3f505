"""Snapshots as arrays: read whole or refused, split in time, cut into windows."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.training.records import write_record
from training import dataset
from training.config import FinetuneConfig, SplitConfig
from training.dataset import BadSnapshot, Snapshot
from training.simulation import SNAPSHOT_TIME, write_corpus
from training.snapshot import SnapshotWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_record(tmp_path / "snapshot")


@pytest.fixture
def record(folder: Path) -> Snapshot:
    return dataset.read_snapshot(folder)


def test_a_snapshot_is_read_with_each_students_answers_in_order(folder: Path, record: Snapshot) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(record.students) == manifest["students"]
    assert len(record.answers) == manifest["answers"]
    assert record.answers.label.sum() == manifest["labels"]
    same_student = np.diff(record.student_of_row) == 0
    assert (np.diff(record.answers.seconds)[same_student] > 0).all()
    assert record.simulated


def test_a_snapshot_that_was_altered_is_refused(folder: Path) -> None:
    with (folder / "steps.parquet").open("ab") as file:
        file.write(b"more")
    with pytest.raises(BadSnapshot, match="altered"):
        dataset.read_snapshot(folder)


def test_a_snapshot_without_a_file_or_a_manifest_is_refused(folder: Path) -> None:
    (folder / "prerequisites.parquet").unlink()
    with pytest.raises(BadSnapshot, match="missing"):
        dataset.read_snapshot(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(BadSnapshot, match=r"manifest\.json"):
        dataset.read_snapshot(folder)


def answered(folder: Path, rows: list[tuple[str, int, str]], *, portion: int = 100, **more: Any) -> Path:
    """A snapshot of right answers by (student, index) to the items a, b and c, written in portions."""
    students, indices, items = (list(column) for column in zip(*rows, strict=True))
    plain = {"correct": True, "label": True, "try_number": 1, "hints": 0, "timestamp": None, "simulated": False}
    columns = {"student": students, "index": indices, "item": items}
    columns |= {name: [value] * len(rows) for name, value in plain.items()} | more
    with SnapshotWriter(folder, objective="tracing", now=SNAPSHOT_TIME) as writer:
        writer.write("steps", {name: ["a", "b", "c"] for name in ("item", "concepts", "kind", "course", "exercise")})
        for start in range(0, len(rows), portion):
            part = slice(start, start + portion)
            writer.write("attempts", {name: values[part] for name, values in columns.items()})
    return folder


def test_doubled_answers_and_unknown_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSnapshot, match="twice"):
        dataset.read_snapshot(answered(tmp_path / "s", [("s", 0, "a"), ("s", 0, "b")]))
    with pytest.raises(BadSnapshot, match="twice"):
        dataset.read_snapshot(answered(tmp_path / "s", [("s", 0, "a"), ("t", 0, "a"), ("s", 0, "b")], portion=1))
    with pytest.raises(BadSnapshot, match="unknown item 'nowhere'"):
        dataset.read_snapshot(answered(tmp_path / "s", [("s", 0, "a"), ("s", 1, "nowhere")]))


def test_answers_without_an_item_or_a_result_are_refused(tmp_path: Path) -> None:
    rows = [("s", 0, "a"), ("s", 1, "b")]
    for name, value in (("index", 0), ("item", "a"), ("correct", True), ("label", True)):
        missing: dict[str, Any] = {name: [value, None]}
        with pytest.raises(BadSnapshot, match=f"no {name}"):
            dataset.read_snapshot(answered(tmp_path / "s", rows, **missing))


def test_no_answers_and_files_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    folder = answered(tmp_path / "s", [("s", 0, "a")])
    whole = (folder / "attempts.parquet").read_bytes()
    (folder / "attempts.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadSnapshot, match="altered"):
        dataset.read_snapshot(folder)
    with pytest.raises(BadSnapshot, match="cannot be read"):
        dataset.read_snapshot(folder, verify=False)
    with SnapshotWriter(folder, objective="tracing", now=SNAPSHOT_TIME):
        pass
    with pytest.raises(BadSnapshot, match="no answers"):
        dataset.read_snapshot(folder)


def test_portions_of_any_size_and_any_order_give_the_same_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(student, index, "abc"[(index + place) % 3]) for place, student in enumerate("yxz") for index in range(7)]
    times = [float(100 * place + index) if place else None for place in range(3) for index in range(7)]
    together = dataset.read_snapshot(answered(tmp_path / "s", rows, timestamp=times))
    assert together.students == ("y", "x", "z")
    assert together.offsets.tolist() == [0, 7, 14, 21]
    assert together.answers.item.tolist() == ["abc".index(item) for _, _, item in rows]
    assert np.isnan(together.answers.seconds[:7]).all()
    assert together.answers.seconds[7:].tolist() == times[7:]

    monkeypatch.setattr(dataset, "PORTION", 2)
    shuffled = [5, *range(5), *range(20, 5, -1)]
    for order in (range(21), shuffled):
        mixed = [times[place] for place in order]
        folder = answered(tmp_path / "s", [rows[place] for place in order], portion=4, timestamp=mixed)
        assert json.loads((folder / "manifest.json").read_text())["answers"] == 21
        record = dataset.read_snapshot(folder)
        for number, name in enumerate(record.students):
            one, other = together.students.index(name), together.answers
            there = slice(together.offsets[one], together.offsets[one + 1])
            here = slice(record.offsets[number], record.offsets[number + 1])
            assert record.answers.item[here].tolist() == other.item[there].tolist()
            assert np.array_equal(record.answers.seconds[here], other.seconds[there], equal_nan=True)


def test_a_snapshot_is_written_from_lists_numbers_and_dictionaries_alike(tmp_path: Path) -> None:
    rows = [("s", 0, "a"), ("s", 1, "b"), ("t", 0, "a"), ("t", 1, "c")]
    plain = answered(tmp_path / "plain", rows, portion=3)
    students, items = (pa.array([row[place] for row in rows]).dictionary_encode() for place in (0, 2))
    arrays = {"index": np.array([0, 1, 0, 1]), "correct": np.ones(4, bool), "label": pa.array([True] * 4)}
    fast = answered(tmp_path / "fast", rows, portion=3, student=students, item=items, **arrays)
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (plain, fast)]
    assert manifests[0] == manifests[1]
    assert (manifests[0]["students"], manifests[0]["answers"], manifests[0]["labels"]) == (2, 4, 4)


def test_a_record_takes_thirty_bytes_an_answer_and_reading_it_hardly_more(tmp_path: Path) -> None:
    write_corpus(tmp_path / "s", answers=300_000, courses=2, seed=1)
    tracemalloc.start()
    try:
        record = dataset.read_snapshot(tmp_path / "s")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(values.nbytes for values in vars(record.answers).values()) <= 30 * len(record.answers)
    assert peak < 50 * len(record.answers)  # with the names of students and steps


def test_everything_judged_is_later_than_everything_trained_on(record: Snapshot) -> None:
    split = dataset.split_by_time(record, config=SplitConfig(), seed=0)
    seconds = record.answers.seconds
    assert seconds[split.train].max() < seconds[split.valid].min()
    assert seconds[split.valid].max() < seconds[split.test].min()
    assert not (split.train & split.test).any()
    parts = split.train | split.valid | split.test
    assert (parts == record.answers.label).all()
    assert not (split.counted & ~split.train).any()


def test_without_times_the_place_in_the_record_decides(record: Snapshot) -> None:
    timeless = replace(record, answers=replace(record.answers, seconds=np.full(len(record.answers), np.nan)))
    split = dataset.split_by_time(timeless, config=SplitConfig(), seed=0)
    place = np.arange(len(record.answers)) - record.offsets[record.student_of_row]
    share = place / np.diff(record.offsets)[record.student_of_row]
    assert share[split.train].max() < share[split.valid].min() < share[split.test].min()


def test_new_students_are_held_out_whole(record: Snapshot) -> None:
    split = dataset.split_by_time(record, config=SplitConfig(new_students=0.5), seed=0)
    held = split.valid | split.test
    whole = [
        bool(held[start:stop][record.answers.label[start:stop]].all())
        for start, stop in zip(record.offsets[:-1], record.offsets[1:], strict=True)
    ]
    assert sum(whole) >= len(record.students) / 2
    assert not split.counted[np.array(whole)[record.student_of_row]].any()


def test_windows_ask_every_predicted_answer_once_with_its_past(record: Snapshot) -> None:
    asked = np.zeros(len(record.answers), int)
    for window in dataset.windows(record, predicted=record.answers.label, history=8):
        asked[window.first : window.stop] += 1
        start = record.offsets[record.student_of_row[window.first]]
        assert window.start == max(start, window.first - 8)
    assert (asked[record.answers.label] == 1).all()


def test_batches_hold_every_window_once_in_an_order_of_their_seed(record: Snapshot) -> None:
    found = dataset.windows(record, predicted=record.answers.label, history=8)
    first = list(dataset.batches(found, size=5, rng=np.random.default_rng(1)))
    again = list(dataset.batches(found, size=5, rng=np.random.default_rng(1)))
    other = list(dataset.batches(found, size=5, rng=np.random.default_rng(2)))
    assert first == again != other
    assert sorted(window.first for group in first for window in group) == [window.first for window in found]


def test_settings_are_read_back_and_wrong_ones_are_named() -> None:
    config = FinetuneConfig(dropout=0.3, split=SplitConfig(test=0.2))
    assert FinetuneConfig.from_options(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(ValueError, match="widht"):
        FinetuneConfig.from_options({"widht": 3})
    with pytest.raises(ValueError, match="depth"):
        FinetuneConfig.from_options({"network": {"depth": 3}})
    with pytest.raises(ValueError, match="shares"):
        SplitConfig(test=0.9)
    with pytest.raises(ValueError, match="learning rates"):
        FinetuneConfig(learning_rate=0)
