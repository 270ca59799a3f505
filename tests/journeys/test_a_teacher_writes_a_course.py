"""A teacher makes a course in a browser, by keyboard alone: a concept, exercises of three kinds, a template; publishes.
A student answers it."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from content.models import Course, Exercise
from students.models import Attempt, User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.xdist_group("journey"),
]
Someone = Callable[..., BrowserContext]
KINDS = {"One choice": "one_choice", "Text": "text"}


def signed_in(context: BrowserContext, site: str, user: User) -> Page:
    """The window of somebody."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    return context.new_page()


def press(place: Locator) -> None:
    """Go to a button or link and press it, with keys."""
    place.focus()
    place.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    """Type into a field."""
    field = page.get_by_label(label, exact=True).first
    field.focus()
    field.press("ControlOrMeta+a")
    page.keyboard.type(text)


def choose_kind(page: Page, title: str) -> None:
    """Choose the kind of answer by typing its name, as one does in a list."""
    kind = page.get_by_label("Kind of answer").first
    kind.focus()
    with page.expect_response("**/exercises/*/"):
        kind.select_option(label=title)
    expect(page.locator(f"[name='steps.0.answer.was'][value={KINDS[title]}]")).to_be_attached()


def saved(page: Page) -> None:
    """Wait for the draft to be saved by itself, with nothing left to do."""
    expect(page.locator("#saved")).to_contain_text("saved at")
    expect(page.locator("#problems")).to_contain_text("Nothing is missing")


def publish(page: Page) -> None:
    saved(page)
    press(page.get_by_role("button", name="Publish", exact=True))
    expect(page.locator(".messages")).to_contain_text("Published")


def new_exercise(page: Page, site: str, course: Course) -> None:
    page.goto(f"{site}/author/{course.pk}/exercises/")
    press(page.get_by_role("button", name="New exercise"))
    expect(page.locator("[data-editor]")).to_be_visible()


def test_a_teacher_writes_a_course_by_keyboard_and_a_student_answers_it(
    live_server: LiveServer, someone: Someone
) -> None:
    site = live_server.url
    page = signed_in(someone(), site, User.objects.create_user("ms-okafor", is_teacher=True))
    course = make_course(page, site)
    write_three_kinds(page, site, course)
    write_a_template(page, site, course)
    page.goto(f"{site}/author/{course.pk}/")
    press(page.get_by_role("button", name="Publish the course"))
    expect(page.locator(".messages")).to_contain_text("Students can take the course now")
    assert Exercise.objects.filter(course=course, published=True).count() == 4

    student = User.objects.create_user("mia")
    pupil = signed_in(someone(), site, student)
    pupil.goto(f"{site}/progress/{course.slug}/{course.concepts.get().pk}/")
    press(pupil.locator("main button.primary").first)
    pupil.wait_for_url("**/practice/**")
    answer(pupil)
    expect(pupil.locator(".feedback")).to_be_visible()
    assert Attempt.objects.filter(student=student).count() == 1


def make_course(page: Page, site: str) -> Course:
    """A course with one concept."""
    page.goto(f"{site}/author/")
    press(page.get_by_role("link", name="New course"))
    page.locator("#id_title").focus()
    page.keyboard.type("Doubling")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Doubling")
    press(page.get_by_role("link", name="Begin with a concept"))
    page.locator("#id_title").focus()
    page.keyboard.type("Twice as much")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Twice as much")
    return Course.objects.get(title="Doubling")


def write_three_kinds(page: Page, site: str, course: Course) -> None:
    """A number, a choice and a word."""
    new_exercise(page, site, course)
    write(page, "What is asked", "What is twice $7$?")
    write(page, "Right answer", "14")
    expect(page.locator(".preview math").first).to_be_visible()
    publish(page)

    new_exercise(page, site, course)
    choose_kind(page, "One choice")
    write(page, "What is asked", "Which is twice $4$?")
    publish(page)

    new_exercise(page, site, course)
    choose_kind(page, "Text")
    write(page, "What is asked", "What is twice a thing called?")
    page.locator("#steps-0-answer-accept").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("double")
    publish(page)


def write_a_template(page: Page, site: str, course: Course) -> None:
    """An exercise whose numbers change, with its variants looked at."""
    new_exercise(page, site, course)
    press(page.locator("summary", has_text="Template"))
    write(page, "What is asked", "What is $14 + 30$?")
    write(page, "Right answer", "44")
    press(page.get_by_role("button", name="Let the numbers of this exercise vary"))
    expect(page.locator("#proposed")).to_be_focused()
    expect(page.get_by_label("What is asked")).to_have_value("What is $@{a} + @{b}$?")
    expect(page.locator("#variables-let-0-formula")).to_have_value("a + b")
    expect(page.locator(".variants > li")).to_have_count(10)
    press(page.get_by_role("button", name="A condition"))
    expect(page.locator("#variables-where-0-condition")).to_be_focused()
    page.keyboard.type("a > 9999")
    expect(page.locator("#variables-where-0 .error")).to_be_visible()
    page.locator("#variables-where-0-condition").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("a != b")
    saved(page)
    expect(page.locator(".variants > li")).to_have_count(10)
    publish(page)


def answer(page: Page) -> None:
    """Answer whatever is asked, rightly or not."""
    if page.locator("[type=radio]").count():
        page.locator("[type=radio]").first.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        return
    field = page.locator("math-field, input[name=response]:not([type=hidden])").first
    field.focus()
    page.keyboard.type("14")
    page.keyboard.press("Enter")


def test_what_is_typed_without_a_connection_is_there_after_a_reload_and_then_saved(
    live_server: LiveServer, someone: Someone, course: Course, teacher: User
) -> None:
    course.authors.add(teacher)
    context = someone()
    page = signed_in(context, live_server.url, teacher)
    row = Exercise.objects.filter(course=course, key="add-small").get()
    address = f"{live_server.url}/author/{course.pk}/exercises/{row.pk}/"
    page.goto(address)
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no connection')); }")
    write(page, "Title", "Typed in a tunnel")
    expect(page.locator("[data-trouble]")).to_be_visible()
    page.goto(address)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Typed in a tunnel")
    expect(page.locator("#saved")).to_contain_text("saved at")
    row.refresh_from_db()
    assert row.draft
    assert row.draft["title"] == "Typed in a tunnel"


def test_dragging_from_one_concept_to_another_draws_an_edge_and_a_circle_is_refused(
    live_server: LiveServer, someone: Someone, course: Course, teacher: User
) -> None:
    course.authors.add(teacher)
    page = signed_in(someone(), live_server.url, teacher)
    page.goto(f"{live_server.url}/author/{course.pk}/concepts/")
    names = {row.key: row.pk for row in course.concepts.all()}

    def drag(start: str, end: str) -> None:
        boxes = [page.locator(f"[data-node='{names[key]}'] rect").bounding_box() for key in (start, end)]
        (ax, ay), (bx, by) = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box)
        page.mouse.move(ax, ay)
        page.mouse.down()
        page.mouse.move((ax + bx) / 2, (ay + by) / 2)
        page.mouse.move(bx, by)
        with page.expect_response("**/concepts/link/"):
            page.mouse.up()

    drag("subtracting", "multiplying")
    expect(page.locator("#graph .rows").first).to_contain_text("Multiplying ← Subtracting")
    drag("equations", "adding")
    expect(page.locator("#graph [role=alert]")).to_contain_text("Adding → Equations")
