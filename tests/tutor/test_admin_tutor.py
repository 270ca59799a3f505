"""The administration of practice: everything can be looked at, nothing rewritten."""

import uuid
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from content.models import Course
from students.models import User
from tests.tutor.playing import answer, serve
from tutor.models import Session, Turn, TurnAttempt

pytestmark = pytest.mark.django_db
MODELS = [("session", Session), ("turn", Turn), ("turnattempt", TurnAttempt)]


@pytest.fixture
def admin(administrator: User, client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(administrator)
    return client


@pytest.fixture
def practised(student: User, course: Course, now: datetime) -> None:
    """A student who has answered once, wrongly."""
    answer(student, serve(student, course, "add-small", now=now), "6", now=now, submission=uuid.uuid4())


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_lists_and_pages_open_and_are_only_for_reading(
    admin: Client, practised: None, name: str, model: type[Session | Turn | TurnAttempt]
) -> None:
    row = model._default_manager.get()
    listing = admin.get(reverse(f"admin:tutor_{name}_changelist"), {"q": "student"})
    assert listing.status_code == 200
    assert "student" in listing.content.decode()
    page = admin.get(reverse(f"admin:tutor_{name}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert admin.get(reverse(f"admin:tutor_{name}_add")).status_code == 403
    assert admin.post(reverse(f"admin:tutor_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model._default_manager.count() == 1


def test_simulated_students_can_be_told_apart(admin: Client, practised: None) -> None:
    for name, parameter in (("session", "simulated"), ("turn", "simulated")):
        address = reverse(f"admin:tutor_{name}_changelist")
        assert "0 " in admin.get(address, {parameter: "yes"}).content.decode()
        assert admin.get(address, {parameter: "yes"}).context["cl"].result_count == 0
        assert admin.get(address, {parameter: "no"}).context["cl"].result_count == 1


def test_a_list_of_many_turns_takes_few_queries(
    admin: Client, student: User, course: Course, now: datetime, django_assert_max_num_queries: object
) -> None:
    for key in ("add-small", "add-large", "subtract-small", "multiply-small"):
        answer(student, serve(student, course, key, now=now), "1", now=now)
    for name, most in (("turn", 20), ("turnattempt", 20)):
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            assert admin.get(reverse(f"admin:tutor_{name}_changelist")).status_code == 200
