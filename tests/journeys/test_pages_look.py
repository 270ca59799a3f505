"""Every main page in both themes and languages, on a phone and a desk: axe finds nothing, nothing fails or spills."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect
from playwright.sync_api import Response as Answer
from pytest_django.live_server_helper import LiveServer

from content import authoring
from content.authoring import variables
from content.models import Course
from content.package import HintKind
from students.models import Classroom, User
from tutor import turns, uploads

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).resolve().parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
# Each theme, language and width once with axe; English is the longer language, so it is the one that spills on a phone.
LOOKS = [
    pytest.param("light", "en", 360, id="light-en-phone"),
    pytest.param("dark", "zh-hans", 1280, id="dark-zh-desk"),
]
MATCHING = {
    "stems": {"a": "half", "b": "a quarter"},
    "options": {"x": "$0.5$", "y": "$0.25$"},
    "pairs": {"a": "x", "b": "y"},
}
SETTLED = """async () => {
    const plain = "input[data-math]:not([type=hidden]), input[data-scaffold-math]:not([type=hidden])";
    const end = performance.now() + 10_000;
    while (document.querySelector(plain) && performance.now() < end) await new Promise(requestAnimationFrame);
    await document.fonts.ready;
}"""
STATES = (
    "fresh",
    "several-choices",
    "wrong",
    "unreadable",
    "scaffold",
    "second-step",
    "right",
    "shown",
    "long-prompt",
    "matching",
    "ordering",
    "cloze",
    "table",
    "matrix",
)


def opened(
    chromium: Browser, site: LiveServer, user: User | None, look: tuple[str, str, int], *, touch: bool = False
) -> BrowserContext:
    """A browser window with a look of its own, signed in."""
    theme, language, width = look
    context = chromium.new_context(
        viewport={"width": width, "height": 740}, reduced_motion="reduce", has_touch=touch, is_mobile=touch
    )
    cookies = {"theme": theme, "django_language": language}
    if user:
        client = Client()
        client.force_login(user)
        cookies["sessionid"] = client.cookies["sessionid"].value
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items()])
    return context


def check(page: Page, address: str) -> None:
    """Open a page and look for everything that no reader should meet."""
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(message.text)

    def look(answer: Answer) -> None:  # the style guide's made-up turn has no preview, and some pages are errors
        if answer.status >= HTTPStatus.BAD_REQUEST and answer.url != address and "/read-as/" not in answer.url:
            faults.append(f"{answer.status} {answer.url}")

    def fail(error: Error) -> None:
        faults.append(str(error))

    page.on("console", note)
    page.on("pageerror", fail)
    page.on("response", look)
    page.goto(address)
    page.evaluate(SETTLED)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"{address} spills sideways"
    # MathLive's own inside is not ours to mend; its field as a whole has a name, and that is checked.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({exclude: [{fromShadowDom: ['math-field', '*']}]})")
    problems = [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in found["violations"]]
    assert problems == [], f"{address}: {problems}"
    page.remove_listener("console", note)
    page.remove_listener("pageerror", fail)
    page.remove_listener("response", look)
    assert faults == [], address


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_pages_of_a_student_are_sound(
    chromium: Browser,
    live_server: LiveServer,
    student: User,
    course: Course,
    now: datetime,
    theme: str,
    language: str,
    width: int,
) -> None:
    turn = turns.next_turn(student, course, now=now, rng=Random(1))
    concept = course.concepts.first()
    assert concept
    with opened(chromium, live_server, student, (theme, language, width)) as context:
        page = context.new_page()
        for path in (
            "/",
            f"/practice/{turn.token}/",
            f"/progress/{course.slug}/",
            f"/progress/{course.slug}/{concept.pk}/",
            "/preferences/",
            "/join/",
            "/no-such-page/",
        ):
            check(page, live_server.url + path)


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_pages_of_a_teacher_are_sound(
    chromium: Browser,
    live_server: LiveServer,
    teacher: User,
    student: User,
    classroom: Classroom,
    now: datetime,
    theme: str,
    language: str,
    width: int,
) -> None:
    turn = turns.next_turn(student, classroom.course, now=now, rng=Random(1))
    assert turn.current
    turns.give_up(turn_token=turn.token, student=student, step_key=turn.current.key, now=now)
    base = f"{live_server.url}/classes/"
    with opened(chromium, live_server, teacher, (theme, language, width)) as context:
        page = context.new_page()
        own = f"{base}{classroom.pk}/"
        for address in (
            base,
            own,
            f"{own}students/{student.pk}/?concept={turn.concept_id}",
            f"{own}concepts/{turn.concept_id}/",
        ):
            check(page, address)


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_pages_of_an_author_are_sound(
    chromium: Browser,
    live_server: LiveServer,
    teacher: User,
    course: Course,
    now: datetime,
    settings: Any,
    tmp_path: Path,
    theme: str,
    language: str,
    width: int,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    course.authors.add(teacher)
    author: dict[str, Any] = {"author_id": teacher.pk, "now": now}
    template = authoring.new_exercise(course, {"kind": "number", "value": "@{c}"}, **author)
    draft = authoring.draft_of(template)
    draft["steps"][0]["prompt"] = "A @{a} and a @{q}"
    draft["steps"][0]["hints"] = [authoring.blank_hint("h1", HintKind.SCAFFOLD, {"kind": "number", "value": "3"})]
    draft["steps"][0]["wrong_answers"] = [authoring.blank_wrong_answer()]
    draft["variables"] = variables.of_package(
        {
            "draw": {"a": {"from": 2, "to": 9}, "b": {"choose": [1, 2]}},
            "let": {"c": "a*b"},
            "where": ["a != b"],
            "themes": {"sport": {"story": "A race"}, "music": {"story": "A song"}},
            "rows": [{"who": "Ann"}, {"who": "Bo"}],
        }
    )
    authoring.save_draft(template.pk, draft, seen=authoring.stamp(template), **author)
    choice = authoring.new_exercise(course, {"kind": "matching", **MATCHING}, **author)
    file = uploads.hand_in(teacher, SimpleUploadedFile("quiz.gift", b"::Sum:: 2 + 3? {#5}\n\n{{ broken\n"), now=now)
    uploads.go_on(file)
    concept, misconception = course.concepts.first(), course.misconceptions.first()
    assert concept
    assert misconception
    base = f"{live_server.url}/author/"
    own = f"{base}{course.pk}/"
    exercise = f"{own}exercises/{template.pk}/"
    with opened(chromium, live_server, teacher, (theme, language, width)) as context:
        page = context.new_page()
        for address in (
            base,
            f"{base}new/",
            f"{base}import/{file.pk}/",
            own,
            f"{own}exercises/",
            exercise,
            f"{exercise}try/?hints=1",
            f"{exercise}versions/",
            f"{own}exercises/{choice.pk}/",
            f"{own}concepts/",
            f"{own}concepts/{concept.pk}/",
            f"{own}misconceptions/{misconception.pk}/",
            f"{own}resources/new/",
            f"{own}exchange/?format=gift",
            f"{own}settings/",
        ):
            check(page, address)
        page.goto(exercise)
        expect(page.locator("#variants > .stack")).to_be_visible()


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_every_state_of_practice_and_the_style_guide_are_sound(
    chromium: Browser, live_server: LiveServer, administrator: User, theme: str, language: str, width: int
) -> None:
    with opened(chromium, live_server, administrator, (theme, language, width)) as context:
        page = context.new_page()
        check(page, f"{live_server.url}/styleguide/")
        for state in STATES:
            check(page, f"{live_server.url}/styleguide/practice/{state}/")


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_doors_are_sound(chromium: Browser, live_server: LiveServer, theme: str, language: str, width: int) -> None:
    with opened(chromium, live_server, None, (theme, language, width)) as context:
        page = context.new_page()
        for path in ("login", "signup", "password/reset"):
            check(page, f"{live_server.url}/accounts/{path}/")


# The keyboard slides in, and the page makes room for it. (A strict policy forbids wait_for_function, which evaluates.)
ROOM_MADE = """async () => {
    const made = () => mathVirtualKeyboard.boundingRect.height > 100
        && document.querySelector(".actions").getBoundingClientRect().bottom <= innerHeight - 100;
    const end = performance.now() + 10_000;
    while (!made() && performance.now() < end) await new Promise(requestAnimationFrame);
}"""
KEYS = """[...document.querySelectorAll("#school-keys :is(.MLK__keycap, .action)")]
    .map((key) => key.getBoundingClientRect()).map((key) => [key.left, key.right, key.width, key.height])"""


def test_the_keyboard_on_a_phone_fits_covers_nothing_and_hands_in(
    chromium: Browser, live_server: LiveServer, student: User, course: Course, now: datetime
) -> None:
    turn = turns.next_turn(student, course, now=now, rng=Random(1))
    with opened(chromium, live_server, student, ("light", "en", 360), touch=True) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/practice/{turn.token}/")
        page.evaluate(SETTLED)
        page.tap("math-field")
        page.evaluate(ROOM_MADE)
        keys = page.evaluate(KEYS)
        assert len(keys) == 32
        assert all(left >= 0 and right <= 360 and wide >= 40 and high >= 44 for left, right, wide, high in keys)
        free = page.evaluate("innerHeight - mathVirtualKeyboard.boundingRect.height")
        for part in (".prompt", "math-field", "#check"):
            box = page.locator(part).first.bounding_box()
            assert box, part
            assert 0 <= box["y"] <= box["y"] + box["height"] <= free, part
        page.tap("#school-keys .MLK__keycap:has-text('7')")
        expect(page.locator("[name=response]")).to_have_value("7")
        page.tap("#school-keys .action >> nth=-1")
        page.wait_for_selector(".feedback")
