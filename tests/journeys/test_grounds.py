"""What an estimate rests on, in a browser: by keyboard, for a screen reader, on a phone, with a long formula."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from content.models import Course
from students.models import Classroom, ConceptState, User
from tests.journeys.test_pages_look import LOOKS, check, opened
from tests.tutor.test_grounds import concept, given, look
from training.models import ModelVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = r"$\frac{x^2-2x+1}{(x-1)(x+3)}\cdot\frac{x^2+6x+9}{x+3}+\frac{7x^4-3x^3+2x^2-9x+11}{x^2+x+1}-\frac{k(k+1)}{2}$"


@pytest.fixture
def looked(student: User, course: Course) -> dict[str, int]:
    """A model has looked at three answers, one of them to a long formula, and moved the number when it took over."""
    course.exercises.filter(key="add-choice").update(prompt=LONG)
    mattered = {
        "hinted": given(student, course, "add-choice", correct=True, ago=timedelta(days=9), hints_used=1),
        "wrong": given(student, course, "add-small", correct=False, ago=timedelta(days=2)),
        "right": given(student, course, "add-large", correct=True, ago=timedelta()),
    }
    effects = {mattered["right"]: 0.6, mattered["wrong"]: -0.4, mattered["hinted"]: 0.2}
    version = ModelVersion.objects.create(objective="tracing", number=4, state="serving", bundle="b")
    look(student, course, version, list(effects.items()))
    ConceptState.objects.update(switched_at=timezone.now(), switched_from=0.62, switched_to=0.8)
    return mattered


@pytest.mark.parametrize(("theme", "language", "width"), LOOKS)
def test_the_pages_that_say_what_an_estimate_rests_on_are_sound(
    chromium: Browser,
    live_server: LiveServer,
    looked: dict[str, int],
    student: User,
    teacher: User,
    classroom: Classroom,
    theme: str,
    language: str,
    width: int,
) -> None:
    course = classroom.course
    own = f"{live_server.url}/progress/{course.slug}/"
    theirs = f"{live_server.url}/classes/{classroom.pk}/"
    of_concept = concept(course).pk
    with opened(chromium, live_server, student, (theme, language, width)) as context:
        page = context.new_page()
        for address in (own, f"{own}{of_concept}/"):
            check(page, address)
        expect(page.locator(".grounds > li")).to_have_count(3)
        page.locator("#evidence summary").click()
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    with opened(chromium, live_server, teacher, (theme, language, width)) as context:
        page = context.new_page()
        for address in (theirs, f"{theirs}students/{student.pk}/?concept={of_concept}"):
            check(page, address)


def test_why_this_exercise_opens_by_keyboard_to_the_answers_behind_it(
    chromium: Browser, live_server: LiveServer, looked: dict[str, int], student: User
) -> None:
    with opened(chromium, live_server, student, ("light", "en", 360)) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.locator("main button.primary").first.click()
        page.wait_for_url("**/practice/**")
        check(page, page.url)
        summary = page.locator(".why summary")
        expect(page.locator(".why .grounds")).not_to_be_visible()
        summary.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".why .grounds")).to_be_visible()
        items = heard(page)
        assert len(items) == 3
        assert items[0].startswith("Today you solved")
        assert items[0].endswith("at the first try. It raised the estimate.")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.keyboard.press("Tab")
        expect(page.locator(".why a")).to_be_focused()


def heard(page: Page) -> list[str]:
    """The items of the list, each as the words that it says: a mark beside a word says nothing of its own."""
    assert page.locator(".why .grounds svg:not([aria-hidden=true])").count() == 0
    return [" ".join(text.split()) for text in page.locator(".why .grounds").get_by_role("listitem").all_inner_texts()]
