"""A key that was wrong: what regrading would do it does, it can be undone to the last digit, and nothing is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection

from content import catalog
from content.models import Course, Exercise, Step
from students import corrections, history, records
from students.knowledge import Estimate
from students.models import Attempt, ConceptState, Correction, PopulationCount, Regrading, User
from tests.tutor.playing import answer, serve
from training import export
from tutor import regrading, turns
from tutor.models import Turn
from tutor.regrading import Judge

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def snapshot() -> dict[str, Any]:
    """Everything that a regrading moves."""
    return {
        "states": list(ConceptState.objects.order_by("pk").values()),
        "counts": list(PopulationCount.objects.order_by("pk").values()),
        "verdicts": list(
            Attempt.objects.with_verdicts().order_by("pk").values("pk", "verdict", "credit", "shows", "counted")
        ),
        "attempts": list(Attempt.objects.order_by("pk").values()),
    }


def publish(step: Step, answer: dict[str, Any], *, prompt: str = "") -> Step:
    """Publish another key: the revision before stays what was served, and the new one counts from now on."""
    exercise = Exercise.objects.get(pk=step.exercise_id)
    catalog.exercise(exercise.pk, exercise.revision)
    Step.objects.filter(pk=step.pk).update(answer=answer, kind=answer["kind"])
    changed = {"prompt": prompt} if prompt else {}
    Exercise.objects.filter(pk=exercise.pk).update(revision=exercise.revision + 1, **changed)
    catalog.exercise(exercise.pk, exercise.revision + 1)
    return Step.objects.select_related("exercise").get(pk=step.pk)


def step_of(course: Course, key: str) -> Step:
    return Step.objects.select_related("exercise").get(exercise__course=course, key=key)


def regraded(step: Step, by: User, *, now: datetime, reworded: bool = False) -> Regrading:
    asked = regrading.request(step, by=by, revision=step.exercise.revision, reworded=reworded, note="", now=now)
    return regrading.carry_out(asked.pk, now=now)


@pytest.fixture
def answered(course: Course, student: User, classmate: User, now: datetime) -> Step:
    """2 + 3 with the key 5: one student was right, the other answered 6, then 5."""
    answer(student, serve(student, course, "add-small", now=now), "5", now=now)
    view = serve(classmate, course, "add-small", now=now)
    answer(classmate, view, "6", now=now + MINUTE)
    answer(classmate, view, "5", now=now + 2 * MINUTE)
    answer(classmate, serve(classmate, course, "add-large", now=now), "62", now=now + 3 * MINUTE)
    return step_of(course, "add-small")


def verdicts() -> list[tuple[str, bool, bool]]:
    rows = Attempt.objects.with_verdicts().order_by("pk")
    return list(rows.values_list("student__username", "verdict", "counted"))


def test_what_is_shown_before_is_what_happens(answered: Step, administrator: User, now: datetime) -> None:
    step = publish(answered, {"kind": "number", "value": 6})
    plan = regrading.plan(Judge(step=step, reworded=False))
    effects = corrections.effects(step.pk, [change.after for change in plan.changes], now=now)
    assert Correction.objects.count() == 0
    done = regraded(step, administrator, now=now)
    assert done.figures == plan.figures
    assert {(one.attempt_id, one.correct, one.counted) for one in done.corrections.all()} == {
        (change.attempt_id, change.after.correct, change.after.counted) for change in plan.changes
    }
    moved = {(one.student_id, one.concept_id): (one.value_before, one.value_after) for one in done.state_changes.all()}
    assert moved == {key: (before.value, after.value) for key, (before, after) in effects.items()}


def test_a_first_try_that_is_right_now_sets_the_later_ones_aside(
    answered: Step, administrator: User, classmate: User, now: datetime
) -> None:
    regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    assert verdicts() == [
        ("student", False, True),
        ("classmate", True, True),
        ("classmate", False, False),
        ("classmate", True, True),
    ]
    state = ConceptState.objects.get(student=classmate, concept__key="adding")
    assert (state.tries, state.right) == (2, 2)
    assert Attempt.objects.get(student=classmate, try_number=2).correct  # what was said stays


def test_states_and_counts_are_those_of_a_record_that_was_right_from_the_start(
    answered: Step, administrator: User, student: User, classmate: User, now: datetime
) -> None:
    regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    made = records.replay([student.pk, classmate.pk])
    for state in ConceptState.objects.all():
        again = made[(state.student_id, state.concept_id)]
        assert (state.belief, state.tries, state.right) == (again.belief, again.tries, again.right)
        assert state.value == again.value
    assert PopulationCount.objects.get(step=answered).right == 1
    concept = PopulationCount.objects.get(concept__key="adding")
    assert (concept.tries, concept.right) == (3, 2)


def test_undoing_brings_everything_back_exactly(answered: Step, administrator: User, now: datetime) -> None:
    before = snapshot()
    done = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now + MINUTE)
    assert snapshot() != before
    regrading.undo(done.pk, by=administrator, now=now + 2 * MINUTE)
    assert snapshot() == before
    with pytest.raises(corrections.NotInForce):
        regrading.undo(done.pk, by=administrator, now=now)


def test_undoing_brings_a_models_estimate_back_exactly(
    answered: Step, administrator: User, student: User, now: datetime
) -> None:
    concept = answered.concepts.get()
    sure = {concept.pk: Estimate(value=0.9, low=0.85, high=0.95)}
    records.store_estimates(student.pk, sure, version="tracing 1", now=now + MINUTE)
    before = snapshot()
    done = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now + 2 * MINUTE)
    moved = ConceptState.objects.get(student=student, concept=concept)
    assert (moved.source, moved.mastered_at) == (ConceptState.Source.TRACER, None)
    assert moved.value < 0.9
    regrading.undo(done.pk, by=administrator, now=now + 3 * MINUTE)
    assert snapshot() == before


def test_after_more_answers_undoing_works_the_states_out_again(
    answered: Step, administrator: User, student: User, course: Course, now: datetime
) -> None:
    done = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now + MINUTE)
    later = now + timedelta(hours=1)
    answer(student, serve(student, course, "add-large", now=later), "62", now=later)
    regrading.undo(done.pk, by=administrator, now=later + MINUTE)
    state = ConceptState.objects.get(student=student, concept__key="adding")
    assert (state.tries, state.right) == (2, 2)
    made = records.replay([student.pk])[(student.pk, state.concept_id)]
    assert (state.belief, state.value) == (made.belief, made.value)


def test_regraded_twice_the_last_counts_and_is_the_first_to_be_undone(
    answered: Step, administrator: User, now: datetime
) -> None:
    before = snapshot()
    first = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    between = snapshot()
    second = regraded(publish(answered, {"kind": "number", "value": 5}), administrator, now=now + MINUTE)
    assert [row[1:] for row in verdicts()] == [(True, True), (False, True), (True, True), (True, True)]
    with pytest.raises(corrections.NotTheLatest):
        regrading.undo(first.pk, by=administrator, now=now)
    regrading.undo(second.pk, by=administrator, now=now)
    assert snapshot() == between
    regrading.undo(first.pk, by=administrator, now=now)
    assert snapshot() == before


def test_each_variant_is_regraded_by_its_own_numbers(
    course: Course, student: User, administrator: User, now: datetime
) -> None:
    view = serve(student, course, "solve-any", now=now, seed=7)
    values = catalog.variant(view.exercise_id, view.exercise_revision, 7)
    right = int(str(values.steps[0].answer["value"]))
    answer(student, view, str(right + 1), now=now)
    step = publish(step_of(course, "solve-any"), {"kind": "number", "value": "@{x}", "tolerance": "1"})
    plan = regrading.plan(Judge(step=step, reworded=False))
    assert [change.code for change in plan.changes] == ["now_right"]


def test_answers_to_another_question_stay_unless_their_author_says_it_meant_the_same(
    answered: Step, administrator: User, now: datetime
) -> None:
    step = publish(answered, {"kind": "number", "value": 6}, prompt="What is $2+4$?")
    plan = regrading.plan(Judge(step=step, reworded=False))
    assert (plan.changes, plan.figures["left_reworded"]) == ((), 3)
    assert regrading.plan(Judge(step=step, reworded=True)).figures["changed"] == 3


def test_a_key_that_changed_since_it_was_shown_is_not_used(answered: Step, administrator: User, now: datetime) -> None:
    step = publish(answered, {"kind": "number", "value": 6})
    with pytest.raises(regrading.KeyChanged):
        regrading.request(step, by=administrator, revision=1, reworded=False, note="", now=now)


def test_carried_out_twice_it_is_done_once(answered: Step, administrator: User, now: datetime) -> None:
    step = publish(answered, {"kind": "number", "value": 6})
    asked = regrading.request(step, by=administrator, revision=2, reworded=False, note="", now=now)
    assert regrading.waiting() == [asked.pk]
    for _ in range(2):
        regrading.carry_out(asked.pk, now=now)
    assert Correction.objects.count() == 3
    assert regrading.waiting() == []


def test_an_open_turn_of_the_earlier_revision_is_graded_by_the_corrected_key(
    answered: Step, administrator: User, student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "add-small", now=now)
    assert Turn.objects.latest("pk").revision == 1
    done = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    answer(student, view, "6", now=now + MINUTE)
    assert Attempt.objects.latest("pk").correct
    view = serve(student, course, "add-small", now=now)
    Turn.objects.filter(token=view.token).update(revision=1)
    regrading.undo(done.pk, by=administrator, now=now)
    answer(student, turns.view(turn_token=view.token, student=student), "5", now=now + 2 * MINUTE)
    assert Attempt.objects.latest("pk").correct


def test_a_record_that_was_regraded_is_another_record(
    answered: Step, administrator: User, student: User, now: datetime
) -> None:
    seen = history.record_size(student.pk)
    done = regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    assert history.record_size(student.pk) > seen
    seen = history.record_size(student.pk)
    regrading.undo(done.pk, by=administrator, now=now)
    assert history.record_size(student.pk) > seen


def test_models_learn_from_what_counts_now(
    answered: Step, administrator: User, student: User, classmate: User, tmp_path: Path, now: datetime
) -> None:
    for one in (student, classmate):
        records.set_consent(one.pk, True, now)
    later = now + timedelta(hours=1)
    first = export.write_snapshot(tmp_path / "first", objective="tracing", now=later)
    regraded(publish(answered, {"kind": "number", "value": 6}), administrator, now=now)
    second = export.write_snapshot(tmp_path / "second", objective="tracing", now=later)
    table = pq.read_table(tmp_path / "second" / "attempts.parquet").to_pydict()
    assert sorted(table["correct"]) == [False, True, True]
    assert first["sha256"]["attempts.parquet"] != second["sha256"]["attempts.parquet"]


@pytest.mark.django_db(transaction=True)
def test_answers_that_come_during_a_regrading_are_neither_lost_nor_missed(
    answered: Step, administrator: User, classmate: User, course: Course, now: datetime
) -> None:
    view = serve(classmate, course, "add-small", now=now)
    step = publish(answered, {"kind": "number", "value": 6})
    asked = regrading.request(step, by=administrator, revision=2, reworded=False, note="", now=now)

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        acts = (
            lambda: regrading.carry_out(asked.pk, now=now),
            lambda: answer(classmate, view, "6", now=now + 4 * MINUTE),
        )
        list(threads.map(run, acts))
    last = Attempt.objects.with_verdicts().latest("pk")
    assert (Attempt.objects.count(), last.verdict) == (5, True)
    state = ConceptState.objects.get(student=classmate, concept__key="adding")
    made = records.replay([classmate.pk])[(classmate.pk, state.concept_id)]
    assert (state.tries, state.right, state.belief) == (made.tries, made.right, made.belief)
