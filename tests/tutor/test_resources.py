"""What there is to read, watch or play, in practice: one or two things, in the form asked for, nothing too early."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from content import importing
from content.models import Course, Resource
from students.models import Preference, User
from tests.tutor.playing import answer, serve
from tutor import turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(course: Course) -> Course:
    """The small course, with something of every kind about adding, and a reading about something else."""
    for position, kind in enumerate(("worked_example", "reading", "reading", "video", "game")):
        made = Resource.objects.create(
            course=course, key=f"r{position}", title=f"{kind} {position}", kind=kind, text="Text.", position=position
        )
        made.concepts.add(course.concepts.get(key="adding"))
    other = Resource.objects.create(course=course, key="other", title="Elsewhere", kind="reading", text="Text.")
    other.concepts.add(course.concepts.get(key="equations"))
    importing.touch(course_ids=[course.pk])
    course.refresh_from_db()
    return course


def titles(view: turns.TurnView) -> list[str]:
    return [one.title for one in view.resources]


def test_before_a_try_has_counted_no_worked_example_is_offered(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    assert titles(view) == ["reading 1", "video 3"]
    tried = answer(student, view, "6", now=now).view
    assert titles(tried) == ["worked_example 0", "reading 1"]
    assert titles(answer(student, view, "5", now=now).view) == []  # nothing is in hand any more


def test_the_form_that_a_student_asked_for_comes_first_and_another_beside_it(
    student: User, course: Course, now: datetime
) -> None:
    Preference.objects.create(student=student, form=Preference.Form.GAME)
    assert titles(serve(student, course, "add-small", now=now)) == ["game 4", "reading 1"]


def test_a_resource_that_was_taken_out_is_no_longer_offered(student: User, course: Course, now: datetime) -> None:
    assert "reading 1" in titles(serve(student, course, "add-small", now=now))
    Resource.objects.filter(key="r1").update(retired=True)
    importing.touch(course_ids=[course.pk])
    course.refresh_from_db()
    assert titles(serve(student, course, "add-small", now=now)) == ["reading 2", "video 3"]


def test_the_page_has_it_folded_away_where_the_course_has_some(student: User, course: Course, now: datetime) -> None:
    browser = Client()
    browser.force_login(student)
    token = serve(student, course, "add-small", now=now).token
    shown = browser.get(reverse("practice", args=[token])).content.decode()
    assert "To read, watch or play" in shown
    assert "Elsewhere" not in shown
    Resource.objects.all().delete()
    importing.touch(course_ids=[course.pk])
    assert "To read, watch or play" not in browser.get(reverse("practice", args=[token])).content.decode()
