"""When another way of estimating takes over and moves a number, both numbers are kept, to be told for a week."""

from datetime import datetime, timedelta

import pytest

from content.models import Course
from students import history, knowledge, records
from students.history import Switch
from students.knowledge import Estimate
from students.models import ConceptState, User
from tests.students.practising import answer, step

HIGH = Estimate(value=0.9, low=0.8, high=0.95)
HIGHER = Estimate(value=0.94, low=0.85, high=0.97)
LOW = Estimate(value=0.5, low=0.3, high=0.7)


def adding(course: Course) -> int:
    return course.concepts.get(key="adding").pk


def look(student: User, course: Course, estimate: Estimate, *, version: str, now: datetime) -> None:
    assert records.store_estimates(student.pk, {adding(course): estimate}, version=version, now=now)


def told(student: User, course: Course, *, now: datetime) -> Switch | None:
    return history.estimates(student.pk, course.pk, now=now)[adding(course)].switch


@pytest.fixture
def tried(student: User, course: Course, now: datetime) -> float:
    """The student has answered once, and this is what the plain estimate shows."""
    answer(student, step(course, "add-small"), correct=False, now=now)
    assert told(student, course, now=now) is None
    return history.estimates(student.pk, course.pk, now=now)[adding(course)].value


def test_a_model_that_takes_over_from_the_plain_estimate_is_told_with_both_numbers(
    tried: float, student: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    assert told(student, course, now=now) == Switch(at=now, before=tried, after=0.9)


def test_it_is_told_for_a_week_whatever_is_answered(tried: float, student: User, course: Course, now: datetime) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    answer(student, step(course, "add-large"), correct=True, now=now + timedelta(hours=1))
    look(student, course, HIGHER, version="tracing 1", now=now + timedelta(hours=1))
    almost = now + history.SWITCH_TOLD - timedelta(seconds=1)
    assert told(student, course, now=almost) == Switch(at=now, before=tried, after=0.9)
    assert told(student, course, now=now + history.SWITCH_TOLD) is None


def test_another_version_that_moves_the_number_is_told_and_one_that_hardly_does_is_not(
    tried: float, student: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    look(student, course, HIGHER, version="tracing 2", now=now + timedelta(hours=1))
    switch = told(student, course, now=now + timedelta(hours=1))
    assert switch is not None
    assert switch.at == now
    look(student, course, LOW, version="tracing 1", now=now + timedelta(hours=2))
    switch = told(student, course, now=now + timedelta(hours=2))
    assert switch is not None
    assert switch.before == pytest.approx(0.94, abs=0.001)
    assert switch.after == 0.5


def test_the_same_version_that_looks_again_is_no_switch(
    tried: float, student: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    ConceptState.objects.update(switched_at=None)
    look(student, course, LOW, version="tracing 1", now=now)
    assert told(student, course, now=now) is None


def test_of_a_concept_never_tried_no_number_was_shown_so_that_none_moved(
    student: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    assert told(student, course, now=now) is None


def test_the_plain_estimate_that_comes_back_is_told_and_the_answer_is_not_blamed_for_it(
    tried: float, student: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    ConceptState.objects.update(switched_at=None)
    for minute in range(records.TRACER_HOLDS):
        answer(student, step(course, "add-small"), correct=False, now=now + timedelta(minutes=minute))
    at = now + timedelta(hours=1)
    last = history.estimates(student.pk, course.pk, now=at)[adding(course)].value
    (change,) = answer(student, step(course, "add-small"), correct=True, now=at).changes
    shown = history.estimates(student.pk, course.pk, now=at)[adding(course)]
    assert shown.source == "knowledge"
    assert shown.value < last  # although the answer was right
    assert change.after == shown.value
    assert change.before < change.after  # what the answer itself did
    switch = told(student, course, now=at)
    assert switch is not None
    assert switch.before > last  # by the earlier way it rose too
    assert switch.after == shown.value


def test_when_no_model_serves_any_more_the_plain_estimate_is_shown_again_without_an_answer(
    tried: float, student: User, classmate: User, course: Course, now: datetime
) -> None:
    look(student, course, HIGH, version="tracing 1", now=now)
    answer(classmate, step(course, "add-small"), correct=True, now=now)
    later = now + timedelta(days=1)
    assert records.show_plain(students=10, now=later) == 1
    shown = history.estimates(student.pk, course.pk, now=later)[adding(course)]
    state = ConceptState.objects.get(student=student, concept=adding(course))
    plain = knowledge.estimate(knowledge.Belief.from_json(state.belief), now=later)
    assert (shown.source, shown.version, shown.value) == ("knowledge", "", plain.value)
    switch = told(student, course, now=later)
    assert switch is not None
    assert (switch.at, switch.after) == (later, plain.value)
    assert switch.before > 0.85
    assert records.show_plain(students=10, now=later) == 0
