"""Bad input, by form and by JSON: refused with a reason, never a fault, and nothing of it is counted."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from content.models import Course, Exercise
from students.models import Attempt, User
from tutor.models import Turn

pytestmark = pytest.mark.django_db

Serve = Callable[[str], Turn]

# Answers that say nothing, to any kind of step that takes mathematics.
UNREADABLE = {
    "a tower of powers": "9**9**9**9",
    "a call": '__import__("os")',
    "100 kB of brackets": "(" * 100_000,
    "brackets in brackets": "(" * 200 + "1" + ")" * 200,
    "division by zero": "1/0",
    "a fraction by zero": r"\frac{1}{0}",
    "open fractions": r"\frac{" * 80,
    "open roots": r"\sqrt{" * 70,
    "a huge factorial": "999999999!",
    "a chain of factorials": "5" + "!" * 450,
    "a chain of divisions": "1" + "/1" * 240,
    "a smallest of one": "min5",
    "a huge power": "7^{7^{7^{7^7}}}",
    "400 digits": "9" * 400,
    "NUL": "5\0",
    "faces": "😀😀",
    "from right to left": "\u202e5\u202c",
    "letters of another script": "عدد",
    "markup": "<svg/onload=alert(1)>",
    "markup in LaTeX": r"\text{<svg/onload=alert(1)>}",
    "nothing": "   ",
}
SOUND = {"step": "add-small", "response": "5", "submission_id": str(uuid.UUID(int=5))}


@pytest.fixture
def browser(client: Client, student: User) -> Client:
    cache.clear()
    client.force_login(student)
    client.raise_request_exception = False
    return client


@pytest.fixture
def api(student: User) -> Client:
    token = Token.objects.create(user=student)
    return Client(headers={"Authorization": f"Token {token.key}"}, raise_request_exception=False)


@pytest.fixture
def serve(course: Course, student: User, browser: Client) -> Serve:
    """Start the course, then put the exercise of a test into the open turn."""

    def served(key: str) -> Turn:
        browser.post(reverse("next", args=[course.slug]))
        turn = Turn.objects.get(session__student=student, state=Turn.State.OPEN)
        turn.exercise = Exercise.objects.get(course=course, key=key)
        turn.save()
        return turn

    return served


def send(client: Client, name: str, turn: Turn, content: bytes | str) -> Any:
    """POST raw JSON."""
    return client.post(reverse(f"api:{name}", args=[turn.token]), content, content_type="application/json")


def nothing_happened(turn: Turn) -> bool:
    """Whether the turn stands as it was served."""
    progress = turn.progress
    turn.refresh_from_db()
    return not Attempt.objects.exists() and turn.state == Turn.State.OPEN and turn.progress == progress


@pytest.mark.parametrize("exercise", ["add-small", "solve-expression"])
@pytest.mark.parametrize("response", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_is_not_counted(
    browser: Client, api: Client, serve: Serve, exercise: str, response: str
) -> None:
    turn = serve(exercise)
    by_form = browser.post(reverse("answer", args=[turn.token]), {"step": exercise, "response": response})
    assert by_form.status_code == 422
    assert b"<svg/onload" not in by_form.content
    shown = browser.post(reverse("read_as", args=[turn.token]), {"step": exercise, "response": response})
    assert shown.status_code == 200
    assert b"<svg/onload" not in shown.content
    by_json = send(api, "answer", turn, json.dumps({**SOUND, "step": exercise, "response": response}))
    assert by_json.status_code == 422
    assert nothing_happened(turn)


@pytest.mark.parametrize(
    ("exercise", "response"),
    [
        ("subtract-name", "differ\0ence"),
        ("add-choice", "z"),
        ("add-choice", "b\0"),
        ("add-choice", ["b"]),
        ("multiply-several", "a"),
        ("multiply-several", []),
        ("multiply-several", ["a", "z"]),
        ("multiply-several", ["a", "c"] * 5000),
        ("add-small", ["5"]),
    ],
)
def test_an_answer_of_the_wrong_shape_or_not_on_offer_is_not_counted(
    browser: Client, api: Client, serve: Serve, exercise: str, response: Any
) -> None:
    turn = serve(exercise)
    came = send(api, "answer", turn, json.dumps({**SOUND, "step": exercise, "response": response}))
    assert came.status_code == 422
    several = {"several": "1"} if isinstance(response, list) else {}
    short = response[:500] if isinstance(response, list) else response
    data = {"step": exercise, "response": short, **several}
    assert browser.post(reverse("answer", args=[turn.token]), data).status_code == 422
    assert nothing_happened(turn)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"step":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"a":' * 50_000,
        b'{"step":NaN}',
        *(
            json.dumps({**SOUND, **wrong}).encode()
            for wrong in (
                {"response": None},
                {"response": 5},
                {"response": True},
                {"response": {"a": "b"}},
                {"response": [["a"]]},
                {"response": [None]},
                {"response": "\ud800"},
                {"response": ["\ud800"]},
                {"step": "\ud800"},
                {"step": "add-small\0"},
                {"step": ["add-small"]},
                {"submission_id": "no id"},
                {"submission_id": -1},
                {"submission_id": None},
                {"response": "x" * 3_000_000},
            )
        ),
    ],
    ids=lambda content: repr(content[:40]),
)
def test_json_of_another_shape_is_refused(api: Client, serve: Serve, content: bytes) -> None:
    turn = serve("add-small")
    assert send(api, "answer", turn, content).status_code == 400
    assert nothing_happened(turn)


@pytest.mark.parametrize("sent", ["\ud800", "\0"])
def test_half_a_character_is_no_user_name(client: Client, db: None, sent: str) -> None:
    client.raise_request_exception = False
    content = json.dumps({"username": sent, "password": "x"})
    assert client.post(reverse("api:token"), content, content_type="application/json").status_code == 400


@pytest.mark.parametrize("step", ["", "no-such-step", "add-large", "\0", "x" * 10_000])
def test_a_step_that_is_not_in_hand_changes_nothing(browser: Client, serve: Serve, step: str) -> None:
    turn = serve("add-small")
    for name in ("answer", "hint", "scaffold", "give_up"):
        data = {"step": step, "response": "5", "after": "0", "hint": "x"}
        assert browser.post(reverse(name, args=[turn.token]), data).status_code == 302
    assert nothing_happened(turn)


@pytest.mark.parametrize("after", ["", "-1", "1.0", "0x1", "²", "9" * 5000])
def test_a_number_of_hints_that_is_none_is_refused(browser: Client, serve: Serve, after: str) -> None:
    turn = serve("add-small")
    came = browser.post(reverse("hint", args=[turn.token]), {"step": "add-small", "after": after})
    assert came.status_code == 400
    assert nothing_happened(turn)


def test_a_body_of_ten_megabytes_is_refused(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    address, long = reverse("answer", args=[turn.token]), "5" * 10_000_000
    assert browser.post(address, {"step": "add-small", "response": long}).status_code == 400
    sent = f"step=add-small&response={long}"
    assert browser.post(address, sent, content_type="application/x-www-form-urlencoded").status_code == 400
    assert nothing_happened(turn)


def test_what_only_writes_cannot_be_opened(browser: Client, serve: Serve, course: Course) -> None:
    turn = serve("add-small")
    addresses = [reverse(name, args=[turn.token]) for name in ("answer", "hint", "scaffold", "give_up", "skip")]
    for address in (*addresses, reverse("next", args=[course.slug]), reverse("language")):
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
            assert browser.generic(method, address).status_code == 405
    assert nothing_happened(turn)


def test_acts_without_the_forms_own_token_are_refused(serve: Serve, student: User) -> None:
    turn = serve("add-small")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(student)
    for name in ("answer", "hint", "scaffold", "give_up", "skip"):
        data = {"step": "add-small", "response": "5", "after": "0"}
        assert strict.post(reverse(name, args=[turn.token]), data).status_code == 403
    assert nothing_happened(turn)


@pytest.mark.parametrize("name", ["answer", "hint", "scaffold", "give_up", "skip", "read_as"])
def test_another_students_turn_is_nowhere(client: Client, classmate: User, serve: Serve, name: str) -> None:
    turn = serve("add-small")
    other = Client()
    other.force_login(classmate)
    data = {"step": "add-small", "response": "5", "after": "0", "hint": "x"}
    assert other.post(reverse(name, args=[turn.token]), data).status_code == 404
    assert nothing_happened(turn)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil"]
)
def test_no_address_leads_to_another_site(client: Client, student: User, target: str) -> None:
    cache.clear()
    changed = client.post(reverse("language"), {"language": "zh-hans", "next": target})
    assert changed.headers["Location"] == "/"
    signed_in = client.post(
        reverse("account_login"), {"login": "student", "password": "a long enough phrase", "next": target}
    )
    assert signed_in.headers["Location"] == "/"


@pytest.mark.parametrize("name", ["%00", "a%00b.gif", "../../secret-key", "..%2f..%2fsecret-key", "%ff", "x" * 3000])
def test_only_names_of_figures_lead_to_files(browser: Client, course: Course, name: str) -> None:
    assert browser.get(f"/figures/{course.pk}/{name}").status_code == 404


def test_after_the_end_there_is_nothing_to_ask_for(browser: Client, api: Client, serve: Serve) -> None:
    turn = serve("add-small")
    browser.post(reverse("answer", args=[turn.token]), {"step": "add-small", "response": "5"})
    for name, more in (("hint", {"after": 0}), ("give-up", {}), ("answer", {**SOUND})):
        assert send(api, name, turn, json.dumps({"step": "add-small", **more})).status_code == 409
    assert Attempt.objects.count() == 1
