"""The practice page: by plain forms, in place with htmx, with answers that are right, wrong, unreadable or late."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from content import catalog
from content.models import Course, Exercise, Figure
from students.models import Attempt, Preference, User
from tutor.models import Turn

HTMX = {"HX-Request": "true", "HX-Target": "practice"}
Serve = Callable[[str], Turn]


@pytest.fixture
def browser(client: Client, student: User) -> Client:
    client.force_login(student)
    return client


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


def answer(browser: Client, turn: Turn, response: Any, *, step: str = "", **more: Any) -> Any:
    data = {"step": step or turn.exercise.key, "response": response, **more.pop("data", {})}
    return browser.post(reverse("answer", args=[turn.token]), data, **more)


def page(browser: Client, turn: Turn) -> str:
    return browser.get(reverse("practice", args=[turn.token])).content.decode()


def test_starting_a_course_leads_to_its_first_exercise(browser: Client, course: Course) -> None:
    came = browser.post(reverse("next", args=[course.slug]), follow=True)
    assert came.status_code == 200
    assert came.redirect_chain[0][0].startswith("/practice/")


def test_pictures_and_those_who_wrote_the_exercise_are_shown(
    browser: Client, course: Course, serve: Serve, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    Figure.objects.create(
        course=course, name="plot.png", file=ContentFile(b"picture", "p.png"), content_type="image/png"
    )
    Exercise.objects.filter(key="add-small").update(
        prompt="![A plot](figures/plot.png)", attribution="Ada Author", licence="CC BY 4.0", revision=9
    )
    Course.objects.filter(pk=course.pk).update(revision=9)
    shown = page(browser, serve("add-small"))
    assert f'<img src="/figures/{course.pk}/plot.png" alt="A plot">' in shown
    assert "Ada Author" in shown
    assert "CC BY 4.0" in shown
    assert browser.get(f"/figures/{course.pk}/plot.png").content == b"picture"


def test_starting_twice_is_one_turn(browser: Client, course: Course, student: User) -> None:
    for _time in range(2):
        browser.post(reverse("next", args=[course.slug]))
    assert Turn.objects.filter(session__student=student).count() == 1


def test_without_scripts_an_answer_redirects_to_a_page_with_its_feedback(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    came = answer(browser, turn, "6")
    assert (came.status_code, came.headers["Location"]) == (302, f"/practice/{turn.token}/")
    shown = page(browser, turn)
    assert "That is another operation." in shown
    assert 'value="6"' in shown


def test_a_right_answer_puts_next_in_the_place_of_check(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    shown = answer(browser, turn, "5", headers=HTMX).content.decode()
    assert 'id="check"' not in shown
    assert reverse("next", args=[turn.session.course.slug]) in shown


def test_a_part_of_the_page_comes_without_the_frame(browser: Client, serve: Serve) -> None:
    shown = answer(browser, serve("add-small"), "5", headers=HTMX).content.decode()
    assert "<html" not in shown
    assert 'id="practice"' in shown


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_unreadable_answer_stays_typed_and_does_not_count(
    browser: Client, serve: Serve, headers: dict[str, str]
) -> None:
    came = answer(browser, serve("add-small"), "2+)", headers=headers)
    assert came.status_code == 422
    assert 'value="2+)"' in came.content.decode()
    assert "data-unreadable" in came.content.decode()
    assert not Attempt.objects.exists()


def test_a_double_click_is_one_attempt(browser: Client, serve: Serve) -> None:
    turn, submission = serve("add-small"), str(uuid.uuid4())
    for _click in range(2):
        answer(browser, turn, "6", data={"submission": submission})
    assert Attempt.objects.count() == 1


def test_every_rendered_page_has_a_submission_of_its_own(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    first, second = (re.search(r'name="submission"\s+value="([^"]+)"', page(browser, turn)) for _time in range(2))
    assert first
    assert second
    assert first[1] != second[1]


def test_a_late_answer_to_a_finished_step_shows_how_things_stand(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    answer(browser, turn, "5")
    came = answer(browser, turn, "6", headers=HTMX)
    assert came.status_code == 200
    assert Attempt.objects.count() == 1


def test_a_hint_comes_without_losing_what_was_typed(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    data = {"step": "add-small", "after": "0", "response": "4+"}
    shown = browser.post(reverse("hint", args=[turn.token]), data).content.decode()
    assert "Hint 1." in shown
    assert "Hint 2." not in shown
    assert 'value="4+"' in shown


def test_asking_twice_for_the_same_hint_shows_one(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    for _click in range(2):
        browser.post(reverse("hint", args=[turn.token]), {"step": "add-small", "after": "0"})
    assert "Hint 2." not in page(browser, turn)


def test_the_solution_is_offered_after_a_wrong_try_and_not_before(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    offer = reverse("give_up", args=[turn.token])
    assert offer not in page(browser, turn)
    answer(browser, turn, "6")
    assert offer in page(browser, turn)


def test_no_page_holds_a_solution_before_its_step_is_done(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    answer(browser, turn, "6")
    assert "One way to see it." not in page(browser, turn)
    browser.post(reverse("give_up", args=[turn.token]), {"step": "add-small"})
    assert "One way to see it." in page(browser, turn)


def test_steps_that_are_done_stay_above_the_step_in_hand(browser: Client, serve: Serve) -> None:
    turn = serve("solve-steps")
    answer(browser, turn, "3x=15", step="solve-steps:1")
    shown = page(browser, turn)
    assert shown.index("Subtract") < shown.index('id="answer"') < shown.index("What is ")


def test_choices_are_labelled_and_several_can_be_sent(browser: Client, serve: Serve) -> None:
    turn = serve("multiply-several")
    assert page(browser, turn).count('type="checkbox"') == 3
    answer(browser, turn, ["a", "c"], data={"several": "1"})
    assert Attempt.objects.get().correct


def test_a_choice_stays_ticked_after_a_wrong_try(browser: Client, serve: Serve) -> None:
    turn = serve("add-choice")
    answer(browser, turn, "c")
    assert re.search(r'value="c"\s+checked', page(browser, turn))


def test_the_preview_reads_without_counting(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    came = browser.post(reverse("read_as", args=[turn.token]), {"step": "add-small", "response": "10/4"})
    assert "<math" in came.content.decode()
    assert not Attempt.objects.exists()


def test_the_preview_says_which_part_it_cannot_read(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    came = browser.post(reverse("read_as", args=[turn.token]), {"step": "add-small", "response": "2+<b>"})
    assert came.status_code == 200
    assert "<b>" not in came.content.decode()


def test_not_this_now_leads_to_another_exercise(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    came = browser.post(reverse("skip", args=[turn.token]))
    assert came.status_code == 302
    assert str(turn.token) not in came.headers["Location"]
    assert Turn.objects.get(pk=turn.pk).state == Turn.State.SKIPPED


def test_next_in_place_puts_the_new_address_into_the_browser(browser: Client, serve: Serve, course: Course) -> None:
    turn = serve("add-small")
    answer(browser, turn, "5")
    came = browser.post(reverse("next", args=[course.slug]), headers=HTMX)
    newest = Turn.objects.filter(session=turn.session).latest("pk")
    assert came.headers["HX-Push-Url"] == f"/practice/{newest.token}/"


def test_a_finished_course_says_so_and_praises_nobody_who_has_not_learned_it(browser: Client, course: Course) -> None:
    shown = browser.get(reverse("finished", args=[course.slug])).content.decode()
    assert "Nothing more to practise in “Arithmetic” for now" in shown
    assert "worked through" not in shown


def test_the_chosen_text_size_is_on_every_page(browser: Client, serve: Serve, student: User) -> None:
    Preference.objects.create(student=student, text_size=Preference.TextSize.LARGEST)
    assert 'data-text-size="largest"' in page(browser, serve("add-small"))


def test_pages_run_nothing_inline(browser: Client, serve: Serve) -> None:
    turn = serve("add-small")
    for address in ("/", reverse("practice", args=[turn.token]), "/progress/arithmetic/", "/preferences/"):
        shown = browser.get(address).content.decode()
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=", shown), address


def test_answering_and_going_on_stay_within_their_queries(
    browser: Client, serve: Serve, course: Course, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    turn = serve("add-small")
    page(browser, turn)
    for exercise in course.exercises.all():
        catalog.exercise(exercise.pk, exercise.revision)  # as in a process that has served the course for a while
    with django_assert_max_num_queries(15):
        answer(browser, turn, "5", headers=HTMX)
    with django_assert_max_num_queries(15):
        browser.post(reverse("next", args=[course.slug]), headers=HTMX)
    with django_assert_max_num_queries(4):
        page(browser, turn)
