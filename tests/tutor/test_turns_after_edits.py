"""An exercise edited while students are at it: what was served stays what it was, and can still be answered."""

from dataclasses import replace
from datetime import datetime

import pytest

from content import catalog, importing, versions
from content.models import Course, Exercise, Step
from students import evidence, history
from students.models import Attempt, Classroom, Enrolment, User
from tests.tutor.playing import answer, right_answer_of, serve
from tutor import turns
from tutor.models import Turn
from tutor.views import wrong_answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(course: Course) -> Course:
    """The small course, with what it is at first kept as versions, as an import does it."""
    rows = catalog.with_parts().filter(course=course)
    versions.record([(row, catalog.as_package(row)) for row in rows])
    return course


def edited(course: Course, key: str, **changes: object) -> Exercise:
    """The exercise published anew with changes."""
    row = Exercise.objects.get(course=course, key=key)
    content = catalog.exercise(row.pk, row.revision)
    written = importing.write_exercise(course, replace(content, **changes), author=None)  # type: ignore[arg-type]
    catalog.exercise.cache_clear()  # as in another process
    catalog.variant.cache_clear()
    return written


def test_an_open_turn_shows_and_grades_what_it_served(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    right = right_answer_of(view)
    steps = turns.concrete_of(view).steps
    changed = replace(steps[0], prompt="Something else.", answer={"kind": "number", "value": "1000"})
    edited(course, "solve-steps", steps=(changed, *steps[1:]), prompt="Another prompt")
    again = turns.view(turn_token=view.token, student=student)
    assert (again.prompt, again.current) == (view.prompt, view.current)
    assert answer(student, view, right, now=now).feedback.correct  # type: ignore[union-attr]
    made = Attempt.objects.get()
    assert made.revision == view.exercise_revision == 1
    assert made.step == Step.objects.get(exercise__key="solve-steps", key=steps[0].key)


def test_an_answer_goes_to_the_step_it_was_given_to_though_steps_have_moved(
    student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "solve-steps", now=now)
    right = right_answer_of(view)
    steps = turns.concrete_of(view).steps
    edited(course, "solve-steps", steps=(*steps[1:], steps[0]))
    answer(student, view, right, now=now)
    assert Attempt.objects.get().step.key == steps[0].key


def test_a_step_that_is_gone_is_still_answered_by_who_was_served_it(
    student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "solve-steps", now=now)
    right = right_answer_of(view)
    steps = turns.concrete_of(view).steps
    edited(course, "solve-steps", steps=steps[1:])
    answer(student, view, right, now=now)
    made = Attempt.objects.get()
    assert (made.step.key, made.step.retired, made.correct) == (steps[0].key, True, True)
    assert history.estimates(student.pk, course.pk, now=now)[made.step.concepts.first().pk].tries == 1  # type: ignore[union-attr]


def test_the_next_turn_serves_the_exercise_as_it_is_now(student: User, course: Course, now: datetime) -> None:
    edited(course, "solve-steps", prompt="Another prompt")
    course.refresh_from_db()
    view = serve(student, course, "solve-steps", now=now)
    assert (view.prompt, Turn.objects.get().revision) == ("Another prompt", 2)


def test_evidence_and_wrong_answers_show_what_was_asked_then(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    asked = f"{view.prompt} {view.current.prompt}"  # type: ignore[union-attr]
    answer(student, view, "1000", now=now)
    steps = turns.concrete_of(view).steps
    edited(course, "solve-steps", prompt="New", steps=(replace(steps[0], prompt="Newer"), *steps[1:]))
    made = Attempt.objects.get()
    concept = made.step.concepts.first()
    assert concept is not None
    assert evidence.on_concept(student.pk, concept.pk)[0].asked == asked
    classroom = Classroom.objects.create(name="a", join_code="ABCDEFGH", course=course)
    Enrolment.objects.create(classroom=classroom, student=student)
    found = wrong_answers.questions(history.wrong_answers(classroom.pk))
    assert (found[0].prompt, found[0].step_prompt) == (view.prompt, view.current.prompt)  # type: ignore[union-attr]
