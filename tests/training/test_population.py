"""What others did: counts, situations, and that a student never sees the own answers in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import answers_to, everybody, random_record, small_steps
from training import dataset, features, population
from training.dataset import Snapshot, Steps
from training.histories import Own, as_asked
from training.population import CONTEXTS, Moments, Others, Population, Table, count


@pytest.fixture(scope="module")
def record() -> Snapshot:
    return random_record(3, students=24, answers=30)


def renumbered(record: Snapshot) -> Snapshot:
    """The same record with items, and with them all else, in another order."""
    steps = record.steps
    names, order = ["new", *reversed(steps.items)], list(range(len(steps.items)))[::-1]
    members = [";".join(steps.concepts[i] for i in steps.set_concepts[steps.item_set[j]] if i >= 0) for j in order]
    other = dataset.build_steps(
        items=names,
        concepts=["a new one", *members],
        kinds=["", *(dataset.KINDS[steps.item_kind[j]] for j in order)],
        courses=["0", *(steps.courses[steps.item_course[j]] for j in order)],
        requires=[(steps.concepts[a], steps.concepts[b]) for a, b in steps.requires],
    )
    item = np.array([names.index(steps.items[j]) for j in record.answers.item], np.int32)
    return replace(record, steps=other, answers=replace(record.answers, item=item))


def entries(table: Table) -> dict[int, list[float]]:
    """What there is to be looked up."""
    there = table.sums[:, 0] > 0
    return dict(zip(table.keys[there].tolist(), table.sums[there].tolist(), strict=True))


def told(others: Others) -> list[dict[int, list[float]]]:
    return [entries(table) for table in (*others.contexts, others.usual)]


def test_counts_are_of_first_tries_by_item_concept_and_course() -> None:
    steps = small_steps()
    counts = count(steps, item=np.array([0, 1, 1]), right=np.array([True, False, True]))
    assert counts.item_tries.tolist() == [1, 2, 0]
    assert counts.item_right.tolist() == [1, 1, 0]
    by_concept = dict(zip(steps.concepts, zip(counts.concept_tries, counts.concept_right, strict=True), strict=True))
    assert by_concept == {"x": (3, 2), "z": (2, 1), "y": (0, 0)}
    assert counts.course_tries.tolist() == [3]
    less = counts.without(count(steps, item=np.array([1, 2]), right=np.array([True, True])))
    assert (less.item_tries.tolist(), less.item_right.tolist()) == ([1, 1, 0], [1, 0, 0])


def test_nothing_of_a_whole_share_of_students_is_in_what_they_are_described_by(record: Snapshot) -> None:
    """All their answers turned round, to other items and with other times: they see the same others."""
    for fold in range(4):
        first = Population(record, record.answers.label, folds=4)
        mine = (first.fold == fold)[record.student_of_row]
        answers = record.answers
        turned = replace(
            answers,
            correct=answers.correct ^ mine,
            item=np.where(mine, (answers.item + 1) % 6, answers.item).astype(np.int32),
            seconds=answers.seconds + 1e6 * mine,
        )
        second = Population(replace(record, answers=turned), answers.label, folds=4)
        before, after = (people.others(people.shown(fold)) for people in (first, second))
        assert told(before) == told(after)
        for name, column in vars(before.counts).items():
            np.testing.assert_array_equal(column, vars(after.counts)[name], err_msg=name)
        other = (fold + 1) % 4
        assert told(first.others(first.shown(other))) != told(second.others(second.shown(other)))


def test_each_student_is_in_one_share_and_thin_populations_are_few(record: Snapshot) -> None:
    people = Population(record, record.answers.label, folds=10)
    assert sorted(np.bincount(people.fold)) == [2] * 6 + [3] * 4
    assert all(fold not in people.shown(fold, thin=thin) for fold in range(10) for thin in (True, False))
    assert [len(people.shown(fold, thin=True)) for fold in range(5)] == [0, 1, 2, 4, 9]
    assert len(people.shown(3)) == 9
    assert told(people.others(())) == [{}] * (len(CONTEXTS) + 1)


def test_situations_have_the_same_names_however_the_items_are_numbered(record: Snapshot) -> None:
    other = renumbered(record)
    keys, keys_of_other = (Moments(Own(one), as_asked(one)).keys() for one in (record, other))
    np.testing.assert_array_equal(keys, keys_of_other)
    assert told(everybody(record)) == told(everybody(other))
    for place in range(len(CONTEXTS)):
        assert len(np.unique(keys[:, place])) > 5


def test_situations_are_those_a_loop_finds(record: Snapshot) -> None:
    """Two moments are in one situation exactly if what the situation is made of is the same."""
    own, asked = Own(record), as_asked(record)
    keys = Moments(own, asked).keys()
    steps = record.steps
    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in CONTEXTS}
    for student in range(len(record.students)):
        past: list[tuple[int, int, bool]] = []  # item, set and result of the first tries
        latest: dict[int, bool] = {}
        for row in range(record.offsets[student], record.offsets[student + 1]):
            item = int(record.answers.item[row])
            concepts = int(steps.item_set[item])
            last, last_but_one = ([None, None, *past][::-1])[:2]
            results = [one[2] for one in past if one[1] == concepts]
            streak = 0
            while streak < min(len(results), 5) and results[-1 - streak] == results[-1]:
                streak += 1
            two = (last and last[2], last_but_one and last_but_one[2])
            found["item_after_item"].append((item, last and last[0], two[0]))
            found["item_after_two"].append((item, last and last[0], two))
            found["item_again"].append((item, latest.get(item)))
            found["set_after_set"].append((concepts, last and last[1], two[0]))
            found["set_opportunity"].append((concepts, min(len(results), 15)))
            found["set_streak"].append((concepts, streak, results[-1] if results else None))
            found["set_after_two"].append((concepts, two, results[-1] if results else None))
            outcome = bool(own.outcome[row])
            latest[item] = outcome
            if own.evidence[row]:
                past.append((item, concepts, outcome))
    for place, name in enumerate(CONTEXTS):
        pairs = set(zip(keys[:, place].tolist(), found[name], strict=True))
        assert len(pairs) == len(set(keys[:, place].tolist())) == len(set(found[name])), name


def test_a_table_gives_what_is_under_a_key_and_nothing_else() -> None:
    table = Table(np.array([3, 8], np.uint64), np.array([[2, 1], [5, 0]], np.float32))
    assert table.look(np.array([8, 4, 3, 9, 0], np.uint64)).tolist() == [[5, 0], [0, 0], [2, 1], [0, 0], [0, 0]]


def test_of_nobody_nothing_is_known(record: Snapshot) -> None:
    contexts, usual = population.nobody()
    keys = np.array([0, 1, 2**63], np.uint64)
    assert [table.look(keys).tolist() for table in contexts] == [[[0, 0]] * 3] * len(CONTEXTS)
    assert not usual.look(keys).any()
    described = features.describe(record, as_asked(record), Others(everybody(record).counts, contexts, usual))
    first = features.NAMES.index(CONTEXTS[0])
    assert np.abs(described[:, first : first + len(features.SITUATION)]).max() < 1e-6


def test_what_is_saved_is_read_back(record: Snapshot, tmp_path: Path) -> None:
    others = everybody(record)
    population.save(tmp_path, others)
    contexts, usual = population.load(tmp_path)
    assert told(Others(others.counts, contexts, usual)) == told(others)
    population.save(tmp_path, Others(others.counts, *population.nobody()))
    assert [len(table.keys) for table in population.load(tmp_path)[0]] == [0] * len(CONTEXTS)


def test_a_step_that_stands_for_a_concept_is_in_no_situation_of_an_item(record: Snapshot) -> None:
    asked = as_asked(record)
    concept = replace(asked, item=np.full(len(asked), -1, np.int32))
    keys = Moments(Own(record), concept).keys()
    of_items = np.array([name.startswith("item") for name in CONTEXTS])
    assert (keys[:, of_items] == population.NEVER).all()
    of_sets = keys[:, ~of_items]
    np.testing.assert_array_equal(of_sets, Moments(Own(record), asked).keys()[:, ~of_items])


def steps_without_concepts() -> Steps:
    return dataset.build_steps(items=["a"], concepts=[""], kinds=[""], courses=["1"])


def test_a_course_of_no_concepts_is_counted() -> None:
    counts = count(steps_without_concepts(), item=answers_to([0, 0], [1, 0]).item, right=np.array([True, False]))
    assert (counts.item_tries.tolist(), counts.course_right.tolist()) == ([2], [1])
