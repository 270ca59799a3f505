"""Features: what the network may know, and above all what it may not."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.records import answers_to, small_steps, with_flipped, write_record
from training import dataset, features
from training.dataset import Floats, Snapshot
from training.features import FACTS, NAMES, WIDTH


@pytest.fixture
def record(tmp_path: Path) -> Snapshot:
    return dataset.read_snapshot(write_record(tmp_path / "snapshot"))


def table(record: Snapshot, *, folds: int = 0) -> Floats:
    counted = record.answers.label
    counts = features.count(record.steps, record.answers, counted)
    return features.tabulate(record, counts=counts, counted=counted, folds=folds)


def column(described: Floats, name: str) -> Floats:
    return described[:, NAMES.index(name)]


def test_every_feature_has_one_name_and_one_column(record: Snapshot) -> None:
    assert len(set(NAMES)) == WIDTH
    described = table(record)
    assert described.shape == (len(record.answers), WIDTH)
    assert np.isfinite(described).all()


@pytest.mark.parametrize("folds", [0, 4])
def test_an_answer_changes_no_feature_of_its_own_or_of_an_earlier_step(record: Snapshot, folds: int) -> None:
    start, stop = record.offsets[3], record.offsets[4]
    row = int(start + 12)
    before, after = table(record, folds=folds), table(with_flipped(record, row), folds=folds)
    np.testing.assert_array_equal(before[start : row + 1], after[start : row + 1])
    assert (before[row + 1 : stop] != after[row + 1 : stop]).any()


def test_the_counts_a_student_is_described_with_are_those_of_the_others(record: Snapshot) -> None:
    others = record.student_of_row != 2
    rows = np.flatnonzero(~others)
    counts = features.count(record.steps, record.answers, record.answers.label & others)
    expected, _ = features.facts(record.steps, counts, record.answers.item[rows])
    np.testing.assert_allclose(table(record)[rows][:, : len(FACTS)], expected, atol=1e-6)


def test_counts_are_of_first_tries_without_a_hint_by_item_concept_and_course() -> None:
    steps = small_steps()
    answers = answers_to([0, 1, 1, 2], [1, 0, 1, 1])
    counts = features.count(steps, answers, np.array([True, True, True, False]))
    assert counts.item_tries.tolist() == [1, 2, 0]
    assert counts.item_right.tolist() == [1, 1, 0]
    by_concept = dict(zip(steps.concepts, zip(counts.concept_tries, counts.concept_right, strict=True), strict=True))
    assert by_concept == {"x": (3, 2), "z": (2, 1), "y": (0, 0)}
    assert counts.course_tries.tolist() == [3]


def test_rates_are_shrunk_towards_the_concept_and_the_course() -> None:
    steps = small_steps()
    counts = features.count(steps, answers_to([0] * 40, [0] * 40), np.ones(40, bool))
    _, p = features.facts(steps, counts, np.array([0, 1, 2], np.int32))
    assert p[0] < 0.05  # answered forty times
    assert p[0] < p[1] < p[2] < features.PRIOR  # a relative of it by concept; a relative by course only


def test_histories_are_counted_by_hand() -> None:
    steps = small_steps()
    answers = answers_to([0, 1, 0, 2, 1], [1, 0, 0, 1, 1], minutes=[0, 1, 3, 7, 15])
    counts = features.count(steps, answers, np.zeros(5, bool))
    known, expected = features.facts(steps, counts, answers.item)
    described = features.describe(steps, answers, features.as_asked(steps, answers), known=known, expected=expected)
    np.testing.assert_allclose(column(described, "answers"), np.log1p([0, 1, 2, 3, 4]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "concept_tries"), np.log1p([0, 1, 2, 0, 3]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "item_seen"), np.log1p([0, 0, 1, 0, 1]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "item_last"), [0, 0, 1, 0, -1])
    np.testing.assert_allclose(column(described, "item_since"), [0, 0, np.log1p(2), 0, np.log1p(3)], rtol=1e-6)
    np.testing.assert_allclose(column(described, "builds_on_tries"), [0, 0, 0, np.log1p(3), 0], rtol=1e-6)
    np.testing.assert_allclose(column(described, "never_seen"), [1, 0, 0, 1, 0])
    np.testing.assert_allclose(column(described, "pause"), np.log1p([0, 1, 2, 4, 8]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "pause_known"), [0, 1, 1, 1, 1])
    np.testing.assert_allclose(column(described, "concept_pause"), np.log1p([0, 1, 2, 0, 12]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "streak"), np.log1p([0, 1, 1, 2, 1]) * [1, 1, -1, -1, 1], rtol=1e-6)


def test_relations_name_items_concepts_and_prerequisites() -> None:
    steps = small_steps()
    past = answers_to([0, 2, 1], [1, 1, 1], minutes=[0, 1, 2])
    asked = features.Asked(
        item=np.array([0, 2], np.int32),
        set=steps.item_set[[0, 2]],
        kind=np.zeros(2, np.int32),
        seen=np.full(2, 3, np.int32),
        seconds=np.array([180.0, np.nan]),
    )
    found = features.relations(steps, past, asked)
    by_name = {name: found[:, :, place] for place, name in enumerate(features.RELATIONS)}
    assert by_name["same_item"].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert by_name["shared"].tolist() == [[1, 0, 1], [0, 1, 0]]
    assert by_name["builds_on"].tolist() == [[0, 0, 0], [1, 0, 1]]
    assert by_name["built_on"].tolist() == [[0, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(by_name["pause"], np.array([np.log1p([3.0, 2.0, 1.0]), np.zeros(3)]), rtol=1e-6)
    assert by_name["pause_known"].tolist() == [[1, 1, 1], [0, 0, 0]]


def test_a_course_with_very_many_concept_sets_is_described_the_same(
    record: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = table(record)
    monkeypatch.setattr(dataset, "SQUARE", 0)
    del record.steps.__dict__["set_relations"]
    np.testing.assert_array_equal(table(record), square)


def test_describing_in_blocks_changes_nothing(record: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(record)
    monkeypatch.setattr(features, "BLOCK", 7)
    np.testing.assert_allclose(table(record), whole, atol=1e-6)
    monkeypatch.setattr(features, "BLOCK", 1)  # then the first step of a student has no past at all
    np.testing.assert_allclose(table(record), whole, atol=1e-6)


def test_a_later_try_is_history_but_no_new_evidence() -> None:
    steps = small_steps()
    answers = answers_to([0, 0, 0], [0, 1, 1])
    answers.try_number[1] = 2
    answers.label[1] = False
    known, expected = features.facts(steps, features.count(steps, answers, np.zeros(3, bool)), answers.item)
    described = features.describe(steps, answers, features.as_asked(steps, answers), known=known, expected=expected)
    np.testing.assert_allclose(column(described, "answers"), np.log1p([0, 1, 1]), rtol=1e-6)
    np.testing.assert_allclose(column(described, "item_last"), [0, -1, 1])
    np.testing.assert_allclose(column(described, "item_last_try"), np.log1p([0, 1, 2]), rtol=1e-6)
