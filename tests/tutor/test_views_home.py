"""The start page: what may come next, what is due, and figures that open to what they are made of."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content.models import Concept, Course
from students.models import Classroom, User
from tests.tutor.test_views_teaching import attempt

STEPS = {
    "adding": "add-small",
    "subtracting": "subtract-small",
    "multiplying": "multiply-small",
    "equations": "solve-any",
}
TIMES = 12  # right answers that are enough for mastery


@pytest.fixture
def desk(client: Client, student: User, classroom: Classroom) -> Client:
    client.force_login(student)
    return client


def master(student: User, concept: str, *, at: datetime) -> None:
    for number in range(TIMES):
        attempt(student, STEPS[concept], correct=True, response="5", at=at + timedelta(minutes=number))


def start_page(desk: Client) -> str:
    return desk.get(reverse("home")).content.decode()


@pytest.mark.django_db
def test_the_start_page_names_what_may_come_next(desk: Client, course: Course) -> None:
    shown = start_page(desk)
    address = {
        key: reverse("concept_progress", args=[course.slug, Concept.objects.get(key=key).pk])
        for key in ("adding", "equations")
    }
    assert address["adding"] in shown
    assert address["equations"] not in shown


@pytest.mark.django_db
def test_what_is_due_opens_to_the_concepts_that_are_fading(desk: Client, course: Course, student: User) -> None:
    master(student, "adding", at=timezone.now() - timedelta(days=200))
    shown = start_page(desk)
    assert "1 concept is due for review, about 2 minutes." in shown
    assert f"{reverse('course_progress', args=[course.slug])}#fading" in shown
    assert 'id="fading"' in desk.get(reverse("course_progress", args=[course.slug])).content.decode()


@pytest.mark.django_db
def test_whoever_knows_everything_is_told_so(desk: Client, student: User) -> None:
    for concept in STEPS:
        master(student, concept, at=timezone.now() - timedelta(hours=1))
    shown = start_page(desk)
    assert "Everything here is likely known" in shown
    assert "The next exercise is waiting" not in shown


@pytest.mark.django_db
def test_the_answers_of_the_week_open_day_by_day(desk: Client, student: User) -> None:
    noon = timezone.localtime().replace(hour=12) - timedelta(days=2)
    for correct, at in ((True, noon), (False, noon + timedelta(minutes=1)), (True, noon - timedelta(days=1))):
        attempt(student, "add-small", correct=correct, at=at)
    attempt(student, "add-small", correct=True, at=noon - timedelta(days=9))
    shown = start_page(desk)
    assert "3 answers" in shown
    assert "on 2 days" in shown
    assert "1 of 2 right" in shown


@pytest.mark.django_db
def test_a_newcomer_is_shown_where_the_code_of_their_class_goes(client: Client, course: Course) -> None:
    client.force_login(User.objects.create_user("newcomer"))
    shown = start_page(client)
    assert shown.index("Start “Arithmetic”") < shown.index("Your teacher gave you a code?")
