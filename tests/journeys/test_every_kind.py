"""One exercise of every kind, answered on a phone's screen by keyboard alone."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from content import grading, importing
from content.grading import KINDS, Kind
from content.models import Course
from content.package import Concept, CoursePackage, Exercise, Step
from students.models import User
from tests.tutor.playing import serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kinds_course(db: None) -> Course:
    """A course with the example of every kind as an exercise."""
    exercises = tuple(
        Exercise(
            key=kind.name.value,
            prompt="What comes here?",
            steps=(Step(key=kind.name.value, answer=kind.example, concepts=("all",), solution="So it is."),),
        )
        for kind in KINDS.values()
    )
    package = CoursePackage(
        slug="kinds", title="Kinds", language="en", concepts=(Concept(key="all", title="All"),), exercises=exercises
    )
    importing.import_package(package)
    course = Course.objects.get(slug="kinds")
    Course.objects.filter(pk=course.pk).update(published=True)
    course.refresh_from_db()
    return course


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: str(kind.name))
def test_a_kind_is_answered_by_keyboard_on_a_narrow_screen(
    chromium: Browser, live_server: LiveServer, student: User, kinds_course: Course, now: datetime, kind: Kind[Any]
) -> None:
    turn = serve(student, kinds_course, kind.name.value, now=now)
    client = Client()
    client.force_login(student)
    context = chromium.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/practice/{turn.token}/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fill(page, grading.right_response(kind.example))
    page.locator("#check").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".feedback, .done-step").first).to_be_visible()
    expect(page.locator(".done-step, [data-waiting]").first).to_be_visible()
    context.close()


def fill(page: Page, response: str | list[str]) -> None:
    """Type or choose a response by keys, in whatever the page offers."""
    given = [response] if isinstance(response, str) else response
    if page.locator("[data-sortable]").count():
        return sort(page, given)
    if page.locator(".choices input").count():
        for one in given:
            page.locator(f".choices input[value='{one}']").focus()
            page.keyboard.press("Space")
        return None
    places = page.locator("form#answer :is(math-field, select, textarea, input[type=text])")
    for place, one in enumerate(given):
        field = places.nth(place)
        field.focus()
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(one)
        else:
            page.keyboard.type(one)
    return None


def sort(page: Page, order: list[str]) -> None:
    """Move items by their buttons until they stand in this order."""
    for place, one in enumerate(order):
        while True:
            ids = page.locator("[data-sortable] [name=response]").evaluate_all("all => all.map(each => each.value)")
            if ids.index(one) == place:
                break
            page.locator(f"[data-sortable] li:has([value='{one}']) [data-move='-1']").focus()
            page.keyboard.press("Enter")
