"""Features: what the network may know, and above all what it may not."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.records import (
    answers_to,
    everybody,
    random_record,
    small_steps,
    with_flipped,
)
from training import dataset, features, population
from training.dataset import Answers, Bools, Snapshot
from training.features import FACTS, NAMES, WIDTH, Halves
from training.histories import Asked, as_asked, chosen
from training.population import PRIOR, Others, Population, count


@pytest.fixture(scope="module")
def record() -> Snapshot:
    return random_record(5, students=12, answers=25)


def table(record: Snapshot, *, folds: int = 4, rows: Bools | None = None) -> Halves:
    people = Population(record, record.answers.label, folds=folds)
    return features.tabulate(record, people, rows=np.ones(len(record.answers), bool) if rows is None else rows)


def alone(answers: Answers) -> Snapshot:
    """A record of one student in `small_steps`."""
    return Snapshot(("",), np.array([0, len(answers)]), answers, small_steps(), simulated=True)


def described(answers: Answers) -> Halves:
    """The features of one student's answers, where nothing is known of others."""
    record = alone(answers)
    none = np.zeros(0, np.int32)
    others = Others(count(record.steps, item=none, right=none), *population.nobody())
    return features.describe(record, as_asked(record), others)


def column(rows: Halves, name: str) -> list[float]:
    found: list[float] = rows[:, NAMES.index(name)].tolist()
    return found


def test_every_feature_has_one_name_and_one_column(record: Snapshot) -> None:
    assert len(set(NAMES)) == WIDTH
    rows = table(record)
    assert rows.shape == (len(record.answers), WIDTH)
    assert np.isfinite(rows).all()
    spread = dict(zip(NAMES, rows.astype(float).std(0), strict=True))
    silent = {name for name, value in spread.items() if not value}
    assert silent <= {"kind_several_choices", "kind_expression"}


def test_an_answer_changes_no_feature_of_its_own_or_of_an_earlier_step(record: Snapshot) -> None:
    start, stop = record.offsets[3], record.offsets[4]
    rows = [row for row in range(start + 8, start + 20) if record.answers.label[row]][:4]
    for row in rows:
        before, after = table(record), table(with_flipped(record, row))
        np.testing.assert_array_equal(before[start : row + 1], after[start : row + 1])
        assert (before[row + 1 : stop] != after[row + 1 : stop]).any()


def test_later_answers_in_any_order_and_to_anything_change_no_earlier_feature(record: Snapshot) -> None:
    start, stop = (int(offset) for offset in record.offsets[6:8])
    row = start + 11
    before = table(record)
    order = np.arange(len(record.answers))
    for later in (order[row:stop][::-1], np.random.default_rng(0).permutation(order[row:stop])):
        order[row:stop] = later
        moved = record.answers.part(order)
        moved = replace(moved, seconds=np.where(order == np.arange(len(order)), moved.seconds, moved.seconds + 1e6))
        after = table(replace(record, answers=moved))
        np.testing.assert_array_equal(before[start:row], after[start:row])
        assert (before[row:stop] != after[row:stop]).any()


def test_the_counts_a_student_is_described_with_are_those_of_the_other_shares(record: Snapshot) -> None:
    people = Population(record, record.answers.label, folds=4)
    mine = (people.fold == people.fold[2])[record.student_of_row]
    counted = record.answers.label & ~mine
    counts = count(record.steps, item=record.answers.item[counted], right=record.answers.correct[counted])
    rows = np.flatnonzero(record.student_of_row == 2)
    expected, _ = features.facts(record.steps, counts, record.answers.item[rows])
    np.testing.assert_array_equal(table(record)[rows][:, : len(FACTS)], expected.astype(np.float16))


def test_a_students_features_do_not_depend_on_who_is_described_beside(
    record: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(record)
    mine = record.student_of_row == 5
    lone = table(record, rows=mine)
    np.testing.assert_array_equal(whole[mine], lone[mine])
    assert not lone[~mine].any()
    monkeypatch.setattr(population, "PORTION", 30)
    np.testing.assert_array_equal(table(record), whole)


def test_rates_are_shrunk_towards_the_concept_and_the_course() -> None:
    counts = count(small_steps(), item=np.zeros(40, np.int32), right=np.zeros(40))
    _, p = features.facts(small_steps(), counts, np.array([0, 1, 2], np.int32))
    assert p[0] < 0.05  # answered forty times
    assert p[0] < p[1] < p[2] < PRIOR  # a relative of it by concept; a relative by course only


def test_histories_are_counted_by_hand() -> None:
    rows = described(answers_to([0, 1, 0, 2, 1], [1, 0, 0, 1, 1], minutes=[0, 1, 3, 7, 15]))
    expected = {
        "tries": np.log1p([0, 1, 2, 3, 4]),
        "rate": np.array([1.3 / 2, 2.3 / 3, 2.3 / 4, 2.3 / 5, 3.3 / 6]),
        "last": [0, 1, -1, -1, 1],
        "last_but_one": [0, 0, 1, -1, -1],
        "last_but_two": [0, 0, 0, 1, -1],
        "streak": np.log1p([0, 1, 1, 2, 1]) * [1, 1, -1, -1, 1],
        "pause": np.log1p([0, 1, 2, 4, 8]),
        "pause_known": [0, 1, 1, 1, 1],
        "item_tries": np.log1p([0, 0, 1, 0, 1]),
        "item_last": [0, 0, 1, 0, -1],
        "item_since": [0, 0, np.log1p(2), 0, np.log1p(3)],
        "item_unsolved": [0, 0, 0, 0, 1],
        "never_seen": [1, 0.5, 0, 1, 0],
        "concept_tries": [0, np.log1p(1) / 2, np.log1p(2), 0, (np.log1p(3) + np.log1p(1)) / 2],
        "concept_since": [0, np.log1p(1) / 2, np.log1p(1), 0, (np.log1p(2) + np.log1p(3)) / 2],
        "concept_pause": [0, np.log1p(1) / 2, np.log1p(2), 0, (np.log1p(12) + np.log1p(14)) / 2],
        "builds_on_tries": [0, 0, 0, np.log1p(3), 0],
        "set_last": [0, 0, 1, 0, -1],
        "set_run": [0, 0, 0, 0, 0],
        "kind_number": [1, 0, 1, 0, 0],
        "kind_text": [0, 1, 0, 0, 1],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(column(rows, name), np.asarray(values, float), rtol=2e-3, atol=1e-6, err_msg=name)


def test_a_later_try_and_a_hinted_right_answer_are_history_but_no_evidence() -> None:
    answers = answers_to([0, 0, 0, 0, 0], [0, 1, 1, 0, 1])
    answers.try_number[1] = 2
    answers.hints[2:4] = 1
    answers.label[1:4] = False
    rows = described(answers)
    np.testing.assert_allclose(column(rows, "tries"), np.log1p([0, 1, 1, 1, 2]), rtol=2e-3)  # a hinted wrong one is
    np.testing.assert_allclose(column(rows, "concept_tries"), np.log1p([0, 1, 1, 1, 2]), rtol=2e-3)
    np.testing.assert_allclose(column(rows, "item_last"), [0, -1, 1, 1, -1])
    np.testing.assert_allclose(column(rows, "item_last_try"), np.log1p([0, 1, 2, 1, 1]), rtol=2e-3)
    for name in features.EVIDENCE:
        values = column(rows, name)
        assert values[1] == values[2] == values[3] < values[0]
        assert values[4] < values[3]


def test_a_right_answer_lowers_no_evidence_and_a_wrong_one_raises_none(record: Snapshot) -> None:
    """Asked at one moment, right after the answer and long after, with it and without."""
    columns = [NAMES.index(name) for name in features.EVIDENCE]
    others = everybody(record)
    for later in (0.0, 3600.0, 20 * 86_400.0):
        asked = as_asked(record)
        asked = replace(asked, seconds=asked.seconds + later)
        now = features.describe(record, asked, others)[:, columns]
        after = features.describe(record, replace(asked, seen=asked.seen + 1), others)[:, columns]
        right = record.answers.correct
        assert (after >= now)[right].all()
        assert (after <= now)[~right].all()
        standing = [NAMES.index(name) for name in features.STANDING]
        same = features.describe(record, replace(asked, seen=asked.seen + 1), others)[:, standing]
        np.testing.assert_array_equal(same, features.describe(record, asked, others)[:, standing])


def test_relations_name_items_concepts_prerequisites_distance_and_pause() -> None:
    record = alone(answers_to([0, 2, 1], [1, 1, 1], minutes=[0, 2, 60]))
    steps = record.steps
    asked = Asked(
        student=np.zeros(3, np.int32),
        item=np.array([0, 2, -1], np.int32),
        set=steps.item_set[[0, 2, 0]],
        kind=np.zeros(3, np.int32),
        seen=np.array([3, 3, 2], np.int32),
        seconds=np.array([3660.0, np.nan, 3660.0]),
    )
    code = features.relations(steps, asked, as_asked(record), most=128)
    assert code[2, 2] == features.HIDDEN  # it came later
    kin, rest = np.divmod(code, features.DISTANCES * features.PAUSES)
    assert kin[:2].tolist() == [[1 + 2 + 16, 8, 2], [4, 1 + 2 + 16, 4]]
    assert kin[2, :2].tolist() == [2 + 16, 8]  # a step that stands for a concept is the same item as none
    distance, pause = np.divmod(rest, features.PAUSES)
    assert distance[:2].tolist() == [[3, 2, 1]] * 2
    assert pause.tolist()[:2] == [[4, 3, 2], [0, 0, 0]]
    assert (features.relations(steps, asked, as_asked(record), most=1)[:2, :2] == features.HIDDEN).all()


def test_buckets_of_distance_grow_and_end() -> None:
    found = features.BUCKETS.tolist()
    assert found == sorted(found)
    assert found[:17] == list(range(17))
    assert found[20] > 16
    assert found[-1] == features.DISTANCES - 1


def test_a_step_that_stands_for_a_concept_has_no_past_of_its_own(record: Snapshot) -> None:
    asked = chosen(as_asked(record), slice(100, 200))
    rows = features.describe(record, replace(asked, item=np.full(100, -1, np.int32)), everybody(record))
    of_item = [NAMES.index(name) for name in features.ITEM]
    fresh = features.describe(record, replace(asked, seen=np.zeros(100, np.int32)), everybody(record))
    np.testing.assert_array_equal(rows[:, of_item], fresh[:, of_item])


def test_a_record_without_concepts_or_times_is_described() -> None:
    steps = dataset.build_steps(items=["a", "b"], concepts=["", ""], kinds=["", ""], courses=["1", "1"])
    answers = answers_to([0, 1, 0], [1, 0, 1])
    record = Snapshot(("",), np.array([0, 3]), answers, steps, simulated=True)
    rows = features.describe(record, as_asked(record), everybody(record))
    assert np.isfinite(rows).all()
    assert column(rows, "concepts") == [0, 0, 0]
