"""The teacher's pages: who needs them, the very numbers of the student's own page, and the answers themselves."""

import re
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from content.models import Concept, Course, Step
from students import history, records
from students.models import Classroom, Enrolment, Preference, User
from tutor.views import teaching


def attempt(student: User, key: str, *, correct: bool, response: str = "6", at: datetime | None = None) -> None:
    step = Step.objects.get(key=key)
    new = records.NewAttempt(
        student_id=student.pk,
        step_id=step.pk,
        concept_ids=tuple(step.concepts.values_list("pk", flat=True)),
        response=response,
        correct=correct,
        score=float(correct),
    )
    with transaction.atomic():
        records.record_attempt(new, now=at or timezone.now())


@pytest.fixture
def desk(client: Client, teacher: User) -> Client:
    client.force_login(teacher)
    return client


def percentages(html: str) -> list[str]:
    return re.findall(r'class="number small">(\d+%)', html)


def test_the_teacher_sees_the_numbers_that_the_student_sees(
    desk: Client, classroom: Classroom, student: User, course: Course
) -> None:
    for key, correct in (("add-small", True), ("add-large", False), ("subtract-small", True)):
        attempt(student, key, correct=correct)
    theirs = desk.get(reverse("class_student", args=[classroom.pk, student.pk])).content.decode()
    desk.force_login(student)
    own = desk.get(reverse("course_progress", args=[course.slug])).content.decode()
    assert percentages(own) == percentages(theirs)
    assert len(percentages(own)) == 2


def test_names_to_act_on_come_first_with_the_reason_in_words(desk: Client, classroom: Classroom, student: User) -> None:
    for key in ("add-small", "add-large", "add-choice"):
        attempt(student, key, correct=False)
    shown = desk.get(reverse("classroom", args=[classroom.pk])).content.decode()
    assert "3 first tries in a row were wrong on “Adding”." in shown
    assert shown.index("Needs you") < shown.index("Students and concepts") < shown.index("Wrong answers")


def test_somebody_who_stays_away_is_named(desk: Client, classroom: Classroom, student: User) -> None:
    attempt(student, "add-small", correct=True, at=timezone.now() - timedelta(days=9))
    assert "No answer for 9 days." in desk.get(reverse("classroom", args=[classroom.pk])).content.decode()


def test_the_actual_wrong_answers_are_shown_as_they_were_read(
    desk: Client, classroom: Classroom, student: User
) -> None:
    attempt(student, "add-small", correct=False, response="1/2")
    attempt(student, "add-choice", correct=False, response="c")
    attempt(student, "subtract-name", correct=False, response="<i>sum</i>")
    shown = desk.get(reverse("classroom", args=[classroom.pk])).content.decode()
    assert "<mfrac>" in shown
    assert "<p>20</p>" in shown
    assert "&lt;i&gt;sum&lt;/i&gt;" in shown


def test_the_same_wrong_answer_stands_once_with_how_often_it_was_given(
    desk: Client, classroom: Classroom, student: User, classmate: User
) -> None:
    for who, response in ((student, "17"), (classmate, "17"), (student, "18")):
        attempt(who, "add-small", correct=False, response=response)
    shown = desk.get(reverse("classroom", args=[classroom.pk])).content.decode()
    assert shown.count("<mn>17</mn>") == 1
    assert re.search(r"<mn>17</mn>.*?2 ×.*?<mn>18</mn>", shown, re.DOTALL)


def test_a_teacher_sees_the_themes_that_a_student_likes(desk: Client, classroom: Classroom, student: User) -> None:
    Preference.objects.create(student=student, interests=["music", "no longer on offer"])
    shown = desk.get(reverse("class_student", args=[classroom.pk, student.pk])).content.decode()
    assert '<span class="tag">music</span>' in shown
    assert "no longer on offer" not in shown


def test_people_are_named_before_simulated_students(
    desk: Client, classroom: Classroom, student: User, classmate: User
) -> None:
    for number in range(3):
        attempt(classmate, ("add-small", "add-large", "add-choice")[number], correct=False)
    attempt(student, "add-small", correct=True, at=timezone.now() - timedelta(days=9))
    User.objects.filter(pk=classmate.pk).update(is_simulated=True)
    needs = teaching.needs_of(history.class_overview(classroom.pk, now=timezone.now()))
    assert [need.student_id for need in needs] == [student.pk, classmate.pk]


def test_one_concept_shows_its_own_wrong_answers_only(
    desk: Client, classroom: Classroom, course: Course, student: User
) -> None:
    attempt(student, "add-small", correct=False)
    attempt(student, "subtract-name", correct=False, response="sum")
    adding = Concept.objects.get(course=course, key="adding")
    shown = desk.get(reverse("class_concept", args=[classroom.pk, adding.pk])).content.decode()
    assert "result of a subtraction" not in shown
    assert "student" in shown


def test_an_estimate_opens_to_the_attempts_behind_it(desk: Client, classroom: Classroom, student: User) -> None:
    attempt(student, "add-small", correct=False)
    concept = Concept.objects.get(key="adding")
    address = reverse("class_student", args=[classroom.pk, student.pk])
    assert "add-small" in desk.get(f"{address}?concept={concept.pk}").content.decode()
    assert desk.get(f"{address}?concept=0").status_code == 404


def test_an_empty_class_says_what_to_do(desk: Client, course: Course, teacher: User) -> None:
    empty = Classroom.objects.create(name="Empty", course=course, join_code="EMPTYCODE")
    empty.teachers.add(teacher)
    assert "Nobody has joined yet." in desk.get(reverse("classroom", args=[empty.pk])).content.decode()


def test_a_teacher_makes_a_class_and_a_student_joins_it_by_its_code(
    desk: Client, course: Course, teacher: User
) -> None:
    desk.post(reverse("classes"), {"name": "Class 8b", "course": course.pk})
    made = Classroom.objects.get(name="Class 8b")
    assert list(made.teachers.all()) == [teacher]
    newcomer = User.objects.create_user("newcomer")
    desk.force_login(newcomer)
    desk.post(reverse("join"), {"code": f" {made.join_code.lower()} "})
    assert Enrolment.objects.get(student=newcomer).classroom == made


def test_a_wrong_code_says_so_beside_the_field(desk: Client) -> None:
    came = desk.post(reverse("join"), {"code": "NOSUCH"})
    assert came.status_code == 422
    assert "No class has this code." in came.content.decode()


def test_codes_cannot_be_tried_without_end(client: Client, student: User, classroom: Classroom) -> None:
    cache.clear()
    client.force_login(student)
    codes = [client.post(reverse("join"), {"code": f"GUESS{number}"}).status_code for number in range(21)]
    assert codes == [422] * 20 + [429]
    assert client.get(reverse("join")).status_code == 200


def test_a_class_of_sixty_takes_as_few_queries_as_a_class_of_two(
    desk: Client,
    classroom: Classroom,
    student: User,
    classmate: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    address = reverse("classroom", args=[classroom.pk])
    attempt(student, "add-small", correct=False)
    desk.get(address)
    for number in range(58):
        one = User.objects.create_user(f"one-{number}", display_name=f"One {number}")
        Enrolment.objects.create(classroom=classroom, student=one)
        attempt(one, "add-small", correct=number % 2 == 0)
    with django_assert_max_num_queries(14):
        shown = desk.get(address)
    assert shown.content.count(b'scope="row"') == 60
