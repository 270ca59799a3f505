"""A text waits for a person: nothing moves until then, nothing is handed in twice, and a second look corrects."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from content.models import Concept, Course, Exercise, Step
from students import writings
from students.models import Assessment, Attempt, Classroom, ConceptState, User, Writing
from tests.tutor.playing import answer, serve
from tutor import turns
from tutor.models import Turn

pytestmark = pytest.mark.django_db
TEXT = "Adding means putting together, so the order does not matter."


@pytest.fixture
def essay(course: Course) -> Step:
    exercise = Exercise.objects.create(course=course, key="essay", prompt="Why may we swap?", position=90)
    step = Step.objects.create(exercise=exercise, key="essay", kind="long_text", answer={"kind": "long_text"})
    step.concepts.set([Concept.objects.get(course=course, key="adding")])
    course.revision += 1
    course.save()
    return step


@pytest.fixture
def handed_in(essay: Step, course: Course, student: User, now: datetime) -> Writing:
    answer(student, serve(student, course, "essay", now=now), TEXT, now=now)
    return Writing.objects.get()


def test_handing_in_finishes_the_turn_and_moves_nothing(handed_in: Writing) -> None:
    assert (handed_in.text, Turn.objects.get().state) == (TEXT, Turn.State.DONE)
    assert not Attempt.objects.exists()
    assert not ConceptState.objects.exists()


def test_a_double_click_hands_in_once(essay: Step, course: Course, student: User, now: datetime) -> None:
    view, submission = serve(student, course, "essay", now=now), uuid.uuid4()
    first = answer(student, view, TEXT, now=now, submission=submission)
    second = answer(student, view, TEXT, now=now, submission=submission)
    assert (first.repeated, second.repeated, Writing.objects.count()) == (False, True, 1)
    assert second.feedback == first.feedback
    with pytest.raises(turns.AlreadyMoved):
        answer(student, view, TEXT, now=now)


@pytest.mark.parametrize(("points", "right"), [("6", True), ("5.9", False)])
def test_a_teachers_points_become_an_attempt(
    handed_in: Writing, classroom: Classroom, teacher: User, student: User, points: str, right: bool
) -> None:
    desk = Client()
    desk.force_login(teacher)
    page = reverse("grade_text", args=[classroom.pk, handed_in.pk])
    assert TEXT in desk.get(page).content.decode()
    came = desk.post(page, {"points": points, "comment": "Well put."})
    assert came.headers["Location"] == reverse("texts_to_grade", args=[classroom.pk])
    attempt = Attempt.objects.get()
    assert (attempt.correct, attempt.score, attempt.response) == (right, float(points) / 10, TEXT)
    assert ConceptState.objects.get().tries == 1
    own = Client()
    own.force_login(student)
    assert "Well put." in own.get(reverse("home")).content.decode()


def test_a_second_judgement_corrects_the_first_and_both_are_kept(
    handed_in: Writing, teacher: User, now: datetime
) -> None:
    first = writings.assess(handed_in, score=0.2, comment="", by=teacher, now=now)
    later = now + timedelta(minutes=1)
    with pytest.raises(writings.JudgedMeanwhile):
        writings.assess(handed_in, score=1.0, comment="", by=teacher, now=later)
    writings.assess(handed_in, score=0.9, comment="Better than I thought.", by=teacher, now=later, seen=first.pk)
    assert Attempt.objects.count() == 1
    assert Assessment.objects.count() == 2
    counts = Attempt.objects.judged().get()
    assert (counts.correct, counts.verdict, counts.credit) == (False, True, 0.9)
    assert ConceptState.objects.get().right == 1


def test_a_student_sees_that_a_text_waits_and_finds_what_was_said_of_it(
    handed_in: Writing, course: Course, student: User, teacher: User, now: datetime
) -> None:
    own = Client()
    own.force_login(student)
    home, progress = reverse("home"), reverse("course_progress", args=[course.slug])
    assert "waits to be graded" in own.get(home).content.decode()
    waits = own.get(progress).content.decode()
    assert "waits to be graded" in waits
    assert TEXT in waits
    assert "Join one of this course" not in waits
    writings.assess(handed_in, score=0.7, comment="Well put.", by=teacher, now=now)  # long ago
    assert "waits to be graded" not in own.get(home).content.decode()
    found = own.get(progress).content.decode()
    assert "graded: 70 % of the points" in found.replace("\xa0", " ").replace("70%", "70 %")
    assert "Well put." in found


def test_who_is_in_no_class_is_told_that_nobody_reads_the_text(
    handed_in: Writing, classroom: Classroom, student: User
) -> None:
    classroom.enrolments.all().delete()
    own = Client()
    own.force_login(student)
    assert "Join one of this course" in own.get(reverse("home")).content.decode()


def test_another_classs_teacher_finds_no_text(handed_in: Writing, classroom: Classroom, other_teacher: User) -> None:
    desk = Client()
    desk.force_login(other_teacher)
    for room in (classroom, Classroom.objects.get(teachers=other_teacher)):
        assert desk.get(reverse("grade_text", args=[room.pk, handed_in.pk])).status_code == 404
