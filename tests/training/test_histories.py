"""What a student's own answers come to, for many students at once: beside plain loops over one answer after another."""

import math
from collections import defaultdict
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.records import record_of
from training import features
from training.dataset import Floats, Snapshot
from training.histories import Own, Trails, at
from training.population import PRIOR

ROWS = st.tuples(
    st.integers(0, 3),
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from([1, 1, 1, 2, 3]),
    st.sampled_from([0, 0, 1]),
    st.sampled_from([0.0, 1.5, 60.0, 20_000.0]),
)
RECORDS = st.builds(lambda rows, timed: record_of(rows, timed=timed), st.lists(ROWS, max_size=40), st.booleans())
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def loops(record: Snapshot, name: str) -> dict[tuple[int, int], list[int]]:
    """The rows of each trail by student and thing, by a plain loop."""
    answers, steps = record.answers, record.steps
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, item in enumerate(answers.item.tolist()):
        first = bool(answers.try_number[row] <= 1 and (answers.hints[row] == 0 or not answers.correct[row]))
        concept_set = int(steps.item_set[item])
        things = {
            "all_answers": [0],
            "first_tries": [0] * first,
            "items": [item],
            "sets": [concept_set] * first,
            "concepts": [int(one) for one in steps.set_concepts[concept_set] if one >= 0] * first,
        }[name]
        for thing in things:
            found[int(record.student_of_row[row]), thing].append(row)
    return found


def trails_of(record: Snapshot) -> list[tuple[Trails, dict[tuple[int, int], list[int]]]]:
    own = Own(record)
    names = ("all_answers", "first_tries", "items", "sets", "concepts")
    return [(getattr(own, name), loops(record, name)) for name in names]


def by_event(trails: Trails, values: Any) -> dict[tuple[int, int, int], Any]:
    """Values by student, thing and row."""
    student, thing = (part.tolist() for part in np.divmod(trails.trail, trails.things))
    return dict(zip(zip(student, thing, trails.row.tolist(), strict=True), values, strict=True))


@QUICK
@given(RECORDS)
def test_trails_hold_the_answers_that_a_loop_finds(record: Snapshot) -> None:
    for trails, expected in trails_of(record):
        events = [(*key, row) for key, rows in expected.items() for row in rows]
        found = by_event(trails, trails.rank.tolist())
        assert sorted(found) == sorted(events)
        assert len(trails.row) == len(events)
        for key, rows in expected.items():
            assert [found[(*key, row)] for row in rows] == list(range(len(rows)))


@QUICK
@given(RECORDS)
def test_the_last_answer_before_a_moment_is_the_one_a_loop_finds(record: Snapshot) -> None:
    for trails, expected in trails_of(record):
        for student in range(len(record.students)):
            size = int(record.offsets[student + 1] - record.offsets[student])
            for thing in range(-1, trails.things):
                seen = np.arange(size + 2)
                found = trails.last(np.full(len(seen), student), np.full(len(seen), thing), seen)
                rows = expected.get((student, thing), [])
                for moment, place in zip(seen.tolist(), found.tolist(), strict=True):
                    before = [row for row in rows if row - record.offsets[student] < moment]
                    assert (int(trails.row[place]) if place >= 0 else None) == (before[-1] if before else None)


@QUICK
@given(RECORDS)
def test_totals_and_averages_are_those_of_a_loop(record: Snapshot) -> None:
    values = np.random.default_rng(1).normal(size=(len(record.answers), 2)).astype(np.float32)
    kept_by_row = np.random.default_rng(2).uniform(0.2, 1, (len(record.answers), 2)).astype(np.float32)
    for trails, expected in trails_of(record):
        totals = by_event(trails, trails.totals(values[trails.row]))
        averages = by_event(trails, trails.averages(values[trails.row], (0.5, 0.9)))
        kept = by_event(trails, trails.averages(values[trails.row], (0.5, 0.9), kept=kept_by_row[trails.row]))
        for key, rows in expected.items():
            total, plain, worn = np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2))
            for row in rows:
                total = total + values[row]
                for place, decay in enumerate((0.5, 0.9)):
                    plain[:, place] = decay * plain[:, place] + (1 - decay) * values[row]
                    worn[:, place] = decay * kept_by_row[row, place] * worn[:, place] + (1 - decay) * values[row]
                np.testing.assert_allclose(totals[(*key, row)], total, atol=1e-5)
                np.testing.assert_allclose(averages[(*key, row)], plain, atol=1e-5)
                np.testing.assert_allclose(kept[(*key, row)], worn, atol=1e-5)


@QUICK
@given(RECORDS)
def test_streaks_and_runs_are_those_of_a_loop(record: Snapshot) -> None:
    right = record.answers.correct
    for trails, expected in trails_of(record):
        streaks = by_event(trails, trails.streaks(right[trails.row]))
        runs = by_event(trails, trails.runs(record.answers.item[trails.row]))
        for key, rows in expected.items():
            streak, run = 0, 0
            for place, row in enumerate(rows):
                before = rows[place - 1] if place else None
                same = before is not None and right[before] == right[row]
                streak = (streak if same else 0) + (1 if right[row] else -1)
                run = run + 1 if before is not None and record.answers.item[before] == record.answers.item[row] else 1
                expected_streak = math.copysign(math.log1p(abs(streak)), streak)
                assert abs(float(streaks[(*key, row)]) - expected_streak) < 1e-5
                assert int(runs[(*key, row)]) == run


@QUICK
@given(RECORDS)
def test_what_is_remembered_of_a_concept_is_that_of_a_loop(record: Snapshot) -> None:
    """Each right or wrong answer counts less with every later one, and with the time since."""
    own = Own(record)
    right = own.outcome.astype(np.float32)
    seconds = record.answers.seconds
    for (student, concept), rows in loops(record, "concepts").items():
        now = seconds[rows[-1]] + 86_400
        end = own.concepts.last(np.array([student]), np.array([concept]), np.array([len(right)]))
        found: Floats = features.remembered(own.concepts, right, seconds, end, np.array([now]))[0]
        for place, (decay, half_life) in enumerate(zip(features.DECAYS, features.HALF_LIVES, strict=True)):
            whole = 0.0
            for back, row in enumerate(reversed(rows)):
                days = (now - seconds[row]) / 86_400 if math.isfinite(now) else 0.0
                whole += (1 - decay) * decay**back * 0.5 ** (days / half_life) * (right[row] - PRIOR)
            assert abs(found[place] - whole) < 1e-4


def test_nothing_is_known_where_there_is_no_place() -> None:
    assert at(np.array([1.0, 2.0]), np.array([1, -1]), 7.0).tolist() == [2.0, 7.0]
    assert at(np.zeros((0, 2)), np.array([-1]), 0).tolist() == [[0.0, 0.0]]
