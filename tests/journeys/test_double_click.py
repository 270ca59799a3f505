"""Impatient clicks, the back button, reloading and a second tab, in a browser: each answer is one attempt."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from content.models import Course, Exercise
from students.models import Attempt, Classroom, User
from tests.conftest import make_course
from tutor.models import Turn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.xdist_group("journey"),
]
Someone = Callable[..., BrowserContext]
WRONG, RIGHT = "sum", "difference"


@pytest.fixture
def course() -> Course:
    return make_course()


@pytest.fixture
def turn(course: Course) -> Turn:
    """An open turn that asks for a word."""
    student = User.objects.create_user("impatient")
    client = Client()
    client.force_login(student)
    client.post(reverse("next", args=[course.slug]))
    served = Turn.objects.get(session__student=student)
    served.exercise = Exercise.objects.get(course=course, key="subtract-name")
    served.save()
    return served


def signed_in(context: BrowserContext, live_server: LiveServer, user: User) -> BrowserContext:
    """The window of somebody."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    return context


def opened(context: BrowserContext, live_server: LiveServer, turn: Turn) -> Page:
    """A tab with the turn in it."""
    page = context.new_page()
    page.goto(live_server.url + reverse("practice", args=[turn.token]))
    return page


def check(page: Page, response: str) -> None:
    """Answer and wait for what is said about it."""
    page.locator("#response").fill(response)
    with page.expect_response("**/answer/"):
        page.locator("#check").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_on_check_is_one_attempt(
    turn: Turn, live_server: LiveServer, someone: Someone, scripts: bool
) -> None:
    page = opened(signed_in(someone(java_script_enabled=scripts), live_server, turn.session.student), live_server, turn)
    page.locator("#response").fill(WRONG)
    page.locator("#check").dblclick()
    expect(page.locator("#practice")).to_contain_text("That is another operation.")
    assert Attempt.objects.count() == 1
    expect(page.locator("#response")).to_have_value(WRONG)


def test_a_request_that_is_sent_again_is_one_attempt(turn: Turn, live_server: LiveServer, someone: Someone) -> None:
    """The answer arrived, but its reply was lost: the student presses the button again."""
    context = signed_in(someone(), live_server, turn.session.student)
    page = opened(context, live_server, turn)
    replies = []

    def lose_the_first(route: Route) -> None:
        replies.append(route.fetch())
        if len(replies) == 1:
            route.fulfill(status=200, body="", headers={"HX-Reswap": "none"})
        else:
            route.fulfill(response=replies[-1])

    page.route("**/answer/", lose_the_first)
    check(page, WRONG)
    assert Attempt.objects.count() == 1
    check(page, WRONG)
    expect(page.locator("#practice")).to_contain_text("That is another operation.")
    assert Attempt.objects.count() == 1


def test_the_back_button_and_reloading_repeat_nothing(turn: Turn, live_server: LiveServer, someone: Someone) -> None:
    page = opened(signed_in(someone(), live_server, turn.session.student), live_server, turn)
    check(page, RIGHT)
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(lambda address: str(turn.token) not in address)
    page.go_back()
    page.wait_for_url(f"**/{turn.token}/")
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    expect(page.locator("#check")).to_have_count(0)
    page.reload()
    expect(page.locator("#check")).to_have_count(0)
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(lambda address: str(turn.token) not in address)
    assert Attempt.objects.count() == 1
    assert Turn.objects.count() == 2


def test_the_back_button_without_scripts_repeats_nothing(turn: Turn, live_server: LiveServer, someone: Someone) -> None:
    page = opened(signed_in(someone(java_script_enabled=False), live_server, turn.session.student), live_server, turn)
    check(page, RIGHT)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#check")).to_be_visible()
    page.go_back()  # each step seen to its end: a page that is being put in place has no history yet
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator("#check")).to_have_count(0)
    assert Attempt.objects.count() == 1


def test_a_second_tab_that_answers_later_is_shown_how_things_stand(
    turn: Turn, live_server: LiveServer, someone: Someone
) -> None:
    context = signed_in(someone(), live_server, turn.session.student)
    first, second = (opened(context, live_server, turn) for _tab in range(2))
    check(first, RIGHT)
    check(second, WRONG)
    expect(second.get_by_role("button", name="Next")).to_be_visible()
    assert Attempt.objects.get().correct


def test_a_form_that_is_sent_twice_at_once_makes_one_class(
    teacher: User, course: Course, live_server: LiveServer, someone: Someone
) -> None:
    page = signed_in(someone(), live_server, teacher).new_page()
    page.goto(live_server.url + reverse("classes"))
    page.get_by_label("Name").fill("Class 9c")
    page.get_by_role("button", name="Make the class").dblclick()
    page.wait_for_url("**/classes/*/")
    assert Classroom.objects.filter(name="Class 9c").count() == 1
