"""The demonstration school: made once, left alone afterwards, and never on a public site by accident."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from content.models import Course
from students.models import Attempt, Classroom, User
from tests.conftest import make_course
from tutor.management.commands.demo_school import PASSWORD, PEOPLE, SCHOOLS

pytestmark = pytest.mark.django_db


@pytest.fixture
def courses() -> None:
    """A course in each language."""
    for school in SCHOOLS:
        course = make_course(school.language)
        course.language = school.language
        course.save()


def make_school(**options: Any) -> str:
    """Run the command with a small class; returns what it says."""
    out = StringIO()
    call_command("demo_school", students=4, answers=5, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_everybody_in_it_can_sign_in_with_what_is_printed(courses: None, client: Client) -> None:
    text = make_school()
    for person in PEOPLE:
        assert person.username in text
        assert client.login(username=person.username, password=PASSWORD)
    assert PASSWORD in text
    assert User.objects.get(username="admin").is_superuser
    assert User.objects.filter(is_teacher=True).count() == 2


@pytest.mark.parametrize("debug", [True, False])
def test_a_site_that_is_no_workbench_is_warned_of_the_known_passwords(
    courses: None, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    assert ("WARNING" in make_school()) is not debug


def test_its_classes_may_be_learned_from_and_its_simulated_students_are_marked(courses: None) -> None:
    make_school()
    assert Classroom.objects.filter(consents_to_tuning=True, is_simulated=True).count() == 2
    assert User.objects.filter(is_simulated=True).count() == 4
    assert Attempt.objects.filter(is_simulated=True).count() == Attempt.objects.count() >= 20


def test_a_second_run_changes_nothing(courses: None) -> None:
    make_school()
    user = User.objects.get(username="mia")
    user.set_password("something else")
    user.save()
    before = (Attempt.objects.count(), User.objects.count(), list(Classroom.objects.values()))
    make_school()
    assert (Attempt.objects.count(), User.objects.count(), list(Classroom.objects.values())) == before
    assert User.objects.get(username="mia").check_password("something else")


def test_without_a_course_in_a_language_it_says_so(course: Course) -> None:
    with pytest.raises(CommandError, match="简体中文"):
        make_school()
    assert not User.objects.exists()


def test_a_public_site_is_refused_unless_one_insists(courses: None, settings: Any, client: Client) -> None:
    settings.HTTPS = True
    with pytest.raises(CommandError, match="--force"):
        make_school()
    assert not User.objects.exists()
    make_school(force=True)
    assert User.objects.filter(username="mia").exists()
    settings.HTTPS = False
    client.login(username="mia", password=PASSWORD)
    assert client.get(reverse("api:courses")).status_code == 200
