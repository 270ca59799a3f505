"""The JSON interface: the same acts, by token or by session, and nothing of anybody else."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.authtoken.models import Token

from content import catalog
from content.models import Course, Exercise
from students.models import Attempt, User
from tests.conftest import PASSWORD
from tests.tutor.playing import serve
from tutor.turns import TurnView

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """Sign-ins are counted in the cache; each test starts without any."""
    cache.clear()


@pytest.fixture
def api(student: User) -> Client:
    """A program that acts for the student."""
    token = Token.objects.create(user=student)
    return Client(headers={"Authorization": f"Token {token.key}"})


def post(client: Client, name: str, key: object, **data: Any) -> Any:
    """POST JSON to one of the interface's addresses."""
    return client.post(reverse(f"api:{name}", args=[key]), data, content_type=JSON)


def answered(client: Client, view: TurnView, response: Any, **data: Any) -> Any:
    """Answer the step in hand of a view."""
    assert view.current is not None
    fields = {"step": view.current.key, "response": response, "submission_id": str(uuid.uuid4()), **data}
    return post(client, "answer", view.token, **fields)


def test_a_name_and_a_password_give_a_token_that_can_be_taken_back(student: User, client: Client) -> None:
    asked = {"username": "student", "password": PASSWORD}
    token = client.post(reverse("api:token"), asked, content_type=JSON).json()["token"]
    signed_in = {"Authorization": f"Token {token}"}
    assert client.get(reverse("api:courses"), headers=signed_in).status_code == 200
    assert client.delete(reverse("api:token"), headers=signed_in).status_code == 204
    assert client.get(reverse("api:courses"), headers=signed_in).status_code == 401


def signing_in(names: list[str]) -> list[int]:
    """What comes of a wrong password for each of these names, one after the other."""
    asked = [{"username": name, "password": "a guess"} for name in names]
    return [Client().post(reverse("api:token"), one, content_type=JSON).status_code for one in asked]


def test_a_new_password_ends_the_tokens_of_the_old_one(student: User, classmate: User, client: Client) -> None:
    for user in (student, classmate):
        Token.objects.create(user=user)
    client.force_login(student)
    new = {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"}
    assert client.post(reverse("account_change_password"), new).status_code == 302
    assert Token.objects.get().user == classmate


@pytest.mark.parametrize("by", ["page", "administration", "program"])
def test_a_new_password_ends_the_tokens_that_the_old_one_gave(student: User, administrator: User, by: str) -> None:
    Token.objects.create(user=student)
    student.display_name = "Another name"
    student.save()
    assert Token.objects.filter(user=student).exists()
    new, browser = "another quiet harbour", Client()
    if by == "page":
        browser.force_login(student)
        sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        browser.post(reverse("account_change_password"), sent)
    elif by == "administration":
        browser.force_login(administrator)
        sent = {"password1": new, "password2": new, "usable_password": "true"}
        browser.post(f"/admin/students/user/{student.pk}/password/", sent)
    else:
        student.set_password(new)
        student.save()
    student.refresh_from_db()
    assert student.check_password(new)
    assert not Token.objects.exists()


def test_a_wrong_password_gives_no_token_and_guessing_is_slowed_down(student: User) -> None:
    assert signing_in(["student"] * 21) == [400] * 20 + [429]


def test_a_whole_class_signs_in_from_one_address_but_not_a_list_of_names(student: User) -> None:
    assert signing_in([f"pupil{number}" for number in range(61)]) == [400] * 60 + [429]


def test_nobody_gets_in_without_signing_in(client: Client, course: Course) -> None:
    assert client.get(reverse("api:courses")).status_code == 401
    assert post(client, "next", course.slug).status_code == 401


def test_a_session_of_the_site_signs_in_too(student: User, client: Client) -> None:
    client.force_login(student)
    assert [course["slug"] for course in client.get(reverse("api:courses")).json()] == ["arithmetic"]


def test_a_course_is_practised_from_start_to_next(api: Client, student: User, course: Course) -> None:
    assert api.get(reverse("api:current", args=[course.slug])).status_code == 404
    first = post(api, "next", course.slug).json()
    assert first["finished"] is False
    assert first["turn"]["reason"]["sentence"]
    assert api.get(reverse("api:current", args=[course.slug])).json() == first["turn"]
    assert post(api, "next", course.slug).json() == first
    turn = first["turn"]
    gone = post(api, "give-up", turn["token"], step=turn["current_step"]).json()
    assert gone["turn"]["steps"][0]["solution"] == "One way to see it."
    assert post(api, "skip", post(api, "next", course.slug).json()["turn"]["token"]).json()["turn"]["state"] == "open"


def test_an_answer_comes_back_with_feedback_and_counts_once(
    api: Client, student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "add-small", now=now)
    submission = str(uuid.uuid4())
    first = answered(api, view, "6", submission_id=submission).json()
    assert (first["feedback"]["correct"], first["feedback"]["misconception_title"]) == (False, "Another operation")
    second = answered(api, view, "6", submission_id=submission).json()
    assert second["repeated"] is True
    assert second["feedback"] == first["feedback"]
    assert Attempt.objects.count() == 1


def test_a_list_of_choices_is_an_answer(api: Client, student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "multiply-several", now=now)
    assert answered(api, view, ["c", "a"]).json()["feedback"]["correct"] is True


def test_an_unreadable_answer_names_the_part(api: Client, student: User, course: Course, now: datetime) -> None:
    refused = answered(api, serve(student, course, "add-small", now=now), "5 + (")
    assert refused.status_code == 422
    assert refused.json()["detail"]
    assert {"code", "part", "position"} <= set(refused.json())
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("response", [None, 5, {"a": 1}, ["a", 5], [["a"]]])
def test_a_response_of_another_shape_is_refused(
    api: Client, student: User, course: Course, now: datetime, response: Any
) -> None:
    assert answered(api, serve(student, course, "add-small", now=now), response).status_code == 400


def test_a_step_dealt_with_elsewhere_comes_back_as_it_stands(
    api: Client, student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "add-small", now=now)
    assert answered(api, view, "5").status_code == 200
    stale = answered(api, view, "5")
    assert stale.status_code == 409
    assert stale.json()["turn"]["state"] == "done"


def test_another_students_turn_is_not_there(api: Client, classmate: User, course: Course, now: datetime) -> None:
    view = serve(classmate, course, "add-small", now=now)
    assert api.get(reverse("api:turn", args=[view.token])).status_code == 404
    assert answered(api, view, "5").status_code == 404
    assert post(api, "hint", view.token, step="add-small", after=0).status_code == 404
    assert post(api, "scaffold", view.token, step="add-small", hint="h", response="1").status_code == 404
    assert post(api, "give-up", view.token, step="add-small").status_code == 404
    assert post(api, "skip", view.token).status_code == 404
    assert not Attempt.objects.exists()


def test_an_open_turn_holds_no_key_no_solution_and_no_hint_before_its_time(
    api: Client, student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "add-choice", now=now)
    text = api.get(reverse("api:turn", args=[view.token])).content.decode()
    for secret in ('"correct":"b"', "wrong_answers", "One way to see it.", "Hint 1.", "accept"):
        assert secret not in text.replace(" : ", ":").replace(": ", ":")
    shown = post(api, "hint", view.token, step="add-choice", after=0).json()
    assert [hint["text"] for hint in shown["turn"]["steps"][0]["hints"]] == ["Hint 1."]


def test_progress_is_ones_own(api: Client, student: User, classmate: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    answered(api, view, "5")
    before = {entry["concept"]: entry for entry in api.get(reverse("api:progress", args=[course.slug])).json()}
    assert before["Adding"]["tries"] == 1
    assert before["Adding"]["low"] <= before["Adding"]["value"] <= before["Adding"]["high"]
    classmates = Client(headers={"Authorization": f"Token {Token.objects.create(user=classmate).key}"})
    theirs = {entry["concept"]: entry for entry in classmates.get(reverse("api:progress", args=[course.slug])).json()}
    assert theirs.get("Adding", {"tries": 0})["tries"] == 0


def test_a_course_not_published_is_not_there(api: Client, course: Course) -> None:
    Course.objects.update(published=False)
    assert post(api, "next", course.slug).status_code == 404
    assert api.get(reverse("api:progress", args=[course.slug])).status_code == 404


def test_errors_speak_the_language_of_the_user(api: Client, student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    english = post(api, "give-up", view.token).json()
    User.objects.filter(pk=student.pk).update(language="zh-hans")
    chinese = post(api, "give-up", view.token).json()
    assert english.keys() == chinese.keys()
    assert english != chinese


def test_an_answer_and_a_next_turn_stay_within_fifteen_queries(
    api: Client, student: User, course: Course, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for exercise in Exercise.objects.all():  # what a process keeps after it was served once
        catalog.exercise(exercise.pk, exercise.revision)
    post(api, "next", course.slug)
    answered(api, serve(student, course, "add-large", now=now), "52")
    view = serve(student, course, "add-small", now=now)
    with django_assert_max_num_queries(15):
        assert answered(api, view, "6").status_code == 200
    with django_assert_max_num_queries(15):
        assert answered(api, view, "5").status_code == 200
    with django_assert_max_num_queries(15):
        assert post(api, "next", course.slug).status_code == 200


def test_the_description_of_the_interface_is_whole_and_without_warnings(client: Client, db: None) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    validate_schema(schema)  # type: ignore[no-untyped-call]
    assert not GENERATOR_STATS
    assert "/api/v1/turns/{token}/answer/" in schema["paths"]
    assert client.get(reverse("api:schema")).status_code == 200
