"""Past answers as evidence: what was asked in the variant that was served, what came of it, what it changed."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from content.models import Course, Exercise
from students import evidence, history
from students.models import User
from tests.students.practising import answer, step


def test_evidence_tells_each_answer_and_what_it_changed(
    student: User, course: Course, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer(student, step(course, "add-small"), correct=True, now=now)
    answer(student, step(course, "subtract-small"), correct=False, now=now)
    answer(student, step(course, "add-large"), correct=False, now=now, response=None, hints_used=2)
    adding = course.concepts.get(key="adding").pk
    with django_assert_num_queries(1):
        newest, oldest = evidence.on_concept(student.pk, adding)
    assert (newest.exercise, newest.gave_up, newest.hints_used, newest.correct) == ("add-large", True, 2, False)
    assert (oldest.exercise, oldest.gave_up, oldest.correct) == ("add-small", False, True)
    assert oldest.after > oldest.before
    assert newest.before == oldest.after > newest.after
    shown = history.estimates(student.pk, course.pk, now=now)[adding]
    assert newest.after == pytest.approx(shown.value)


def test_what_was_asked_is_told_in_the_variant_that_was_served(
    student: User, course: Course, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for seed, key in enumerate(("solve-any", "solve-steps:2", "solve-any")):
        answer(student, step(course, key), correct=True, now=now + timedelta(minutes=seed), seed=seed)
    equations = course.concepts.get(key="equations").pk
    with django_assert_num_queries(1):
        last, middle, first = (one.asked for one in evidence.on_concept(student.pk, equations))
    assert middle == "Solve $3x+4=19$. What is $x$?"
    assert first.startswith("Solve $")
    assert "@{" not in first
    assert first != last


def test_an_exercise_without_words_is_called_by_its_title(student: User, course: Course, now: datetime) -> None:
    Exercise.objects.filter(key="add-small").update(prompt="", title="A sum")
    answer(student, step(course, "add-small"), correct=True, now=now)
    (only,) = evidence.on_concept(student.pk, course.concepts.get(key="adding").pk)
    assert only.asked == "A sum"


def test_the_latest_answers_before_a_moment_are_the_newest_first(student: User, course: Course, now: datetime) -> None:
    for minute, key in enumerate(("add-small", "add-large", "subtract-small", "add-choice", "add-small")):
        answer(student, step(course, key), correct=True, now=now + timedelta(minutes=minute))
    adding = course.concepts.get(key="adding").pk
    found = evidence.latest(student.pk, adding, until=now + timedelta(minutes=4), limit=2)
    assert [one.exercise for one in found] == ["add-choice", "add-large"]


def test_nobody_is_told_of_the_answers_of_others(student: User, classmate: User, course: Course, now: datetime) -> None:
    own = answer(student, step(course, "add-small"), correct=True, now=now).attempt.pk
    other = answer(classmate, step(course, "add-large"), correct=True, now=now).attempt.pk
    assert set(evidence.answers(student.pk, [own, other])) == {own}
