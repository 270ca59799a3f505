"""Clicks and tabs at the same moment, each in a thread with a database connection of its own, through the pages."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from content.models import Course, Exercise
from students.models import Attempt, Classroom, ConceptState, Consent, Enrolment, PopulationCount, Preference, User
from tests.conftest import PASSWORD, make_course
from tutor.models import Session, Turn

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[Client], Any]
MATE = "mate"


@pytest.fixture
def course() -> Course:
    return make_course()


@pytest.fixture
def student() -> User:
    return User.objects.create_user("racer")


def at_once(student: User, acts: Sequence[Act]) -> list[int]:
    """Do all acts at the same moment, each in a tab of the student's own; their HTTP statuses, in the order of acts."""
    start = Barrier(len(acts))

    def do(act: Act) -> int:
        try:
            tab = Client()
            tab.force_login(student)
            start.wait(30)
            return int(act(tab).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as tabs:
        return list(tabs.map(do, acts))


def served(student: User, course: Course, key: str) -> Turn:
    """The open turn of a student, with the exercise of a test in it."""
    browser = Client()
    browser.force_login(student)
    browser.post(reverse("next", args=[course.slug]))
    turn = Turn.objects.get(session__student=student, session__course=course, state=Turn.State.OPEN)
    turn.exercise = Exercise.objects.get(course=course, key=key)
    turn.save()
    return turn


def answering(turn: Turn, response: str, *, submission: uuid.UUID | None = None, step: str = "") -> Act:
    data = {"step": step or turn.exercise.key, "response": response, "submission": str(submission or uuid.uuid4())}
    return lambda tab: tab.post(reverse("answer", args=[turn.token]), data)


def acting(turn: Turn, name: str, **data: str) -> Act:
    return lambda tab: tab.post(reverse(name, args=[turn.token]), {"step": turn.exercise.key, **data})


def test_a_double_click_is_one_attempt(student: User, course: Course) -> None:
    turn, submission = served(student, course, "add-small"), uuid.uuid4()
    assert at_once(student, [answering(turn, "6", submission=submission)] * 4) == [302] * 4
    assert Attempt.objects.count() == 1
    assert ConceptState.objects.get().tries == 1
    assert {count.tries for count in PopulationCount.objects.all()} == {1}


def test_right_answers_of_two_tabs_are_one_attempt(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    assert at_once(student, [answering(turn, "5") for _tab in range(4)]) == [302] * 4
    assert Attempt.objects.count() == 1
    turn.refresh_from_db()
    assert turn.state == Turn.State.DONE


def test_wrong_answers_of_two_tabs_are_tries_one_after_the_other(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    at_once(student, [answering(turn, "6"), answering(turn, "7")])
    assert sorted(Attempt.objects.values_list("try_number", flat=True)) == [1, 2]
    assert ConceptState.objects.get().tries == 1


def test_one_submission_for_two_turns_counts_in_one_of_them(student: User, course: Course) -> None:
    other = make_course("more-arithmetic")
    turns = [served(student, course, "add-small"), served(student, other, "add-small")]
    submission = uuid.uuid4()
    assert at_once(student, [answering(turn, "5", submission=submission) for turn in turns]) == [302, 302]
    assert Attempt.objects.count() == 1
    assert Turn.objects.filter(state=Turn.State.DONE).count() == 1


def test_the_same_submission_id_of_two_students_counts_for_both(student: User, course: Course) -> None:
    mate, submission = User.objects.create_user(MATE), uuid.uuid4()
    mine, theirs = served(student, course, "add-small"), served(mate, course, "add-small")
    for who, turn in ((student, mine), (mate, theirs)):
        assert at_once(who, [answering(turn, "5", submission=submission)]) == [302]
    assert Attempt.objects.count() == 2


def test_answering_and_giving_up_at_once_is_one_end(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    assert at_once(student, [answering(turn, "5"), acting(turn, "give_up")] * 2) == [302] * 4
    assert Attempt.objects.count() == 1


def test_giving_up_twice_is_one_attempt(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    at_once(student, [acting(turn, "give_up")] * 3)
    assert Attempt.objects.count() == 1


def test_a_hint_asked_for_twice_is_one_hint(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    at_once(student, [acting(turn, "hint", after="0")] * 4)
    turn.refresh_from_db()
    assert turn.progress["add-small"]["hints"] == 1


def test_putting_aside_twice_is_one_turn_aside(student: User, course: Course) -> None:
    turn = served(student, course, "add-small")
    assert at_once(student, [acting(turn, "skip")] * 4) == [302] * 4
    assert Turn.objects.filter(state=Turn.State.SKIPPED).count() == 1
    assert Turn.objects.filter(state=Turn.State.OPEN).count() == 1


def test_answering_in_one_tab_and_putting_aside_in_the_other_leaves_one_open_turn(
    student: User, course: Course
) -> None:
    turn = served(student, course, "add-small")
    assert at_once(student, [answering(turn, "5"), acting(turn, "skip")] * 2) == [302] * 4
    assert Turn.objects.filter(state=Turn.State.OPEN).count() == 1
    assert Attempt.objects.count() <= 1


def test_starting_in_many_tabs_is_one_turn(student: User, course: Course) -> None:
    def start(tab: Client) -> Any:
        return tab.post(reverse("next", args=[course.slug]))

    assert at_once(student, [start] * 4) == [302] * 4
    assert (Session.objects.count(), Turn.objects.count()) == (1, 1)


def test_a_whole_class_that_answers_at_once_is_counted_whole(course: Course) -> None:
    pupils = [User.objects.create_user(f"pupil{number}") for number in range(6)]
    turns = [served(pupil, course, "solve-steps") for pupil in pupils]
    start = Barrier(len(pupils))

    def do(place: int) -> int:
        try:
            tab = Client()
            tab.force_login(pupils[place])
            start.wait(30)
            answering(turns[place], "3x=15", step="solve-steps:1")(tab)
            return int(answering(turns[place], "5", step="solve-steps:2")(tab).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(pupils)) as tabs:
        assert list(tabs.map(do, range(len(pupils)))) == [302] * len(pupils)
    assert Attempt.objects.count() == 2 * len(pupils)
    assert {(count.tries, count.right) for count in PopulationCount.objects.all()} == {(6, 6)}


def test_signing_up_by_a_double_click_is_one_account_and_no_fault(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]  # as slow as on a site
    form = {"username": "lena", "password1": PASSWORD, "language": "en", "consent": "on"}
    start = Barrier(3)

    def do(_place: int) -> tuple[int, bool]:
        try:
            start.wait(30)
            browser = Client(raise_request_exception=False)
            came = browser.post(reverse("account_signup"), form)
            return came.status_code, "_auth_user_id" in browser.session
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as clicks:
        assert list(clicks.map(do, range(3))) == [(302, True)] * 3
    assert User.objects.filter(username="lena").count() == 1
    assert Consent.objects.count() == 1


def test_saving_preferences_and_joining_by_a_double_click_is_done_once(student: User, course: Course) -> None:
    classroom = Classroom.objects.create(name="Class", course=course, join_code="RACECODE")
    wishes = {"order": "problem_first", "help": "usual", "pace": "usual", "text_size": "usual", "language": "en"}

    def save(tab: Client) -> Any:
        return tab.post(reverse("preferences"), wishes)

    def join(tab: Client) -> Any:
        return tab.post(reverse("join"), {"code": classroom.join_code})

    assert at_once(student, [save, join] * 3) == [302] * 6
    assert Preference.objects.count() == 1
    assert Enrolment.objects.count() == 1


def test_two_authors_who_move_exercises_at_once_leave_each_in_a_place_of_its_own(course: Course, student: User) -> None:
    User.objects.filter(pk=student.pk).update(is_teacher=True)
    course.authors.add(student)
    first, second = Exercise.objects.filter(course=course).order_by("position", "pk")[:2]

    def press(row: Exercise, act: str) -> Act:
        address = reverse("author_exercise_act", args=[course.pk, row.pk])
        return lambda tab: tab.post(address, {"act": act})

    # All of them are put between the same two.
    acts = [press(first, "duplicate")] * 5 + [press(second, "down"), press(second, "up")]
    assert at_once(student, acts) == [302] * 7
    places = list(Exercise.objects.filter(course=course).values_list("position", flat=True))
    assert len(set(places)) == len(places)
