"""Snapshots as arrays: read whole or refused, split in time, cut into windows."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import small_steps, write_record
from training import dataset
from training.config import FinetuneConfig, SplitConfig
from training.dataset import BadSnapshot, Snapshot


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


def test_doubled_answers_and_unknown_items_are_refused() -> None:
    columns = {"student": np.array(["s", "s"]), "index": np.array([0, 0]), "item": np.array(["a", "a"])}
    columns["correct"] = np.array([True, False])
    with pytest.raises(BadSnapshot, match="twice"):
        dataset.assemble(steps=small_steps(), columns=columns)
    columns |= {"index": np.array([0, 1]), "item": np.array(["a", "nowhere"])}
    with pytest.raises(BadSnapshot, match="nowhere"):
        dataset.assemble(steps=small_steps(), columns=columns)


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
