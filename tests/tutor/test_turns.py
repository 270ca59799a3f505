"""Turns: one exercise from the choice to the last answer, whatever is clicked twice."""

import uuid
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from content.grading import Option, Unreadable
from content.models import Course, Exercise, Hint, Step
from students.models import Attempt, Preference, User
from tests.tutor.playing import answer, right_answer_of, serve, wrong_answer_of
from training import predictions
from training.models import ModelVersion
from tutor import celery_app, turns
from tutor.feedback import Offer
from tutor.models import Session, Turn
from tutor.turns import answering, refreshing, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def rng() -> Random:
    """Chance that comes out the same."""
    return Random(7)


def test_the_first_turn_says_why_and_stores_how_it_was_chosen(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    view = turns.next_turn(student, course, now=now, rng=rng)
    turn = Turn.objects.get(token=view.token)
    assert view.reason.sentence
    assert 0 < turn.propensity <= 1
    assert turn.policy
    assert turn.version is None
    assert turn.probability is not None
    assert turn.session.student == student


def test_the_propensity_stored_with_a_turn_is_how_often_such_a_turn_comes(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    answer(student, serve(student, course, "solve-steps", now=now), "3x=16", now=now)
    times, came, stored = 200, Counter[int](), {}
    for _ in range(times):
        with transaction.atomic():
            Turn.objects.filter(state=Turn.State.OPEN).update(state=Turn.State.DONE, finished_at=now)
            view = turns.next_turn(student, course, now=now, rng=rng)
            came[view.exercise_id] += 1
            stored[view.exercise_id] = Turn.objects.get(token=view.token).propensity
            transaction.set_rollback(True)
    assert 0.9 < sum(stored.values()) < 1.0001  # those that are rare may not have come
    for exercise, probability in stored.items():
        spread = 4 * (probability * (1 - probability) / times) ** 0.5
        assert abs(came[exercise] / times - probability) < spread + 1e-9


def test_reloading_and_a_second_tab_show_the_same_turn(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    first = turns.next_turn(student, course, now=now, rng=rng)
    second = turns.next_turn(student, course, now=now + timedelta(minutes=1), rng=rng)
    assert first.token == second.token
    assert turns.current(student, course) == first
    assert Turn.objects.count() == 1


def test_nothing_in_a_turn_gives_its_answers_away(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    assert view.current is not None
    assert view.current.prompt == "Subtract $4$ on both sides."
    assert view.steps[1].prompt == ""
    for step in view.steps:
        assert (step.solution, step.right_answer, step.hints) == ("", "", ())


def test_the_right_answer_is_shown_with_its_unit() -> None:
    assert shown.right_answer({"kind": "number", "value": "5", "unit": "cm"}) == r"$5\,\text{cm}$"
    assert shown.right_answer({"kind": "number", "value": "5"}) == "$5$"


def test_the_question_handed_back_is_no_right_answer(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    told = answer(student, view, "4+3x=19", now=now).feedback
    assert told is not None
    assert (told.correct, told.score, told.reason) == (False, 0.0, "restated")
    assert told.wrong_part.startswith("That is the question itself")
    went_on = answer(student, view, "3x=15", now=now).feedback
    assert went_on is not None
    assert went_on.correct


def test_a_right_answer_is_recorded_moves_mastery_and_leads_on(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    outcome = answer(student, view, "5", now=now + timedelta(seconds=20))
    attempt = Attempt.objects.get()
    assert (attempt.correct, attempt.try_number, attempt.hints_used, attempt.seconds) == (True, 1, 0, 20.0)
    assert attempt.in_turn.turn.token == view.token
    assert outcome.feedback is not None
    assert outcome.feedback.offer == Offer.NEXT
    assert [change.after > change.before for change in outcome.feedback.changes] == [True]
    assert outcome.view.current is None
    assert outcome.view.steps[0].solution == "One way to see it."
    assert Turn.objects.get().state == Turn.State.DONE


def test_a_wrong_answer_says_what_is_known_about_it_and_may_be_tried_again(
    student: User, course: Course, now: datetime
) -> None:
    view = serve(student, course, "add-small", now=now)
    outcome = answer(student, view, "6", now=now)
    assert outcome.feedback is not None
    assert not outcome.feedback.correct
    assert outcome.feedback.said == "That is another operation."
    assert outcome.feedback.misconception_title == "Another operation"
    assert outcome.feedback.offer == Offer.HINT
    assert outcome.view.current is not None
    again = answer(student, outcome.view, "5", now=now + timedelta(seconds=30))
    assert again.view.current is None
    assert list(Attempt.objects.order_by("id").values_list("try_number", "correct")) == [(1, False), (2, True)]
    assert Attempt.objects.filter(misconception__key="wrong-operation").count() == 1


def test_a_double_click_is_one_attempt(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    submission = uuid.uuid4()
    first = answer(student, view, "6", now=now, submission=submission)
    second = answer(student, view, "6", now=now, submission=submission)
    assert second.repeated
    assert second.feedback == first.feedback
    assert second.view == first.view
    assert Attempt.objects.count() == 1


def test_a_submission_repeated_for_another_turn_is_told_what_came_of_it(
    student: User, course: Course, now: datetime
) -> None:
    submission = uuid.uuid4()
    first = serve(student, course, "add-small", now=now)
    answer(student, first, "5", now=now, submission=submission)
    second = serve(student, course, "add-large", now=now)
    outcome = answer(student, second, "62", now=now, submission=submission)
    assert outcome.repeated
    assert outcome.view.token == first.token
    assert Attempt.objects.count() == 1


def test_a_step_that_is_no_longer_in_hand_is_not_answered_again(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    moved = answer(student, view, "3x=15", now=now).view
    with pytest.raises(turns.AlreadyMoved) as stale:
        answer(student, view, "3x=15", now=now)
    assert stale.value.view == moved
    assert Attempt.objects.count() == 1


def test_a_finished_turn_takes_no_more_answers(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    answer(student, view, "5", now=now)
    with pytest.raises(turns.AlreadyMoved):
        answer(student, view, "6", now=now)
    assert Attempt.objects.count() == 1


def test_an_answer_that_cannot_be_read_counts_for_nothing(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    with pytest.raises(Unreadable):
        answer(student, view, "5 + (", now=now)
    assert not Attempt.objects.exists()
    assert turns.view(turn_token=view.token, student=student) == view


def test_another_students_turn_does_not_exist(student: User, classmate: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    with pytest.raises(turns.NotYours):
        answer(classmate, view, "5", now=now)
    with pytest.raises(turns.NotYours):
        turns.view(turn_token=view.token, student=classmate)
    with pytest.raises(turns.NotYours):
        turns.skip(turn_token=view.token, student=classmate, now=now, rng=Random(1))
    with pytest.raises(turns.NotYours):
        turns.view(turn_token="no token at all", student=student)
    assert turns.current(classmate, course) is None


def test_hints_come_one_at_a_time_and_are_counted_in_the_attempt(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    who: dict[str, Any] = {"turn_token": view.token, "student": student, "step_key": "add-small"}
    assert turns.ask_hint(**who, after=0).view.steps[0].hint_label == "Hint 2 of 2"
    twice = turns.ask_hint(**who, after=0).view
    assert [hint.text for hint in twice.steps[0].hints] == ["Hint 1."]
    all_shown = turns.ask_hint(**who, after=1).view
    assert not all_shown.steps[0].can_ask_hint
    answer(student, all_shown, "5", now=now)
    assert Attempt.objects.get().hints_used == 2


def test_a_scaffold_is_graded_and_is_no_attempt(student: User, course: Course, now: datetime) -> None:
    Hint.objects.create(
        step=Step.objects.get(key="add-small"),
        key="smaller",
        position=9,
        kind="scaffold",
        text="What is $1+1$?",
        answer={"kind": "number", "value": 2},
    )
    Exercise.objects.filter(key="add-small").update(revision=2)
    view = serve(student, course, "add-small", now=now)
    who: dict[str, Any] = {"turn_token": view.token, "student": student, "step_key": "add-small"}
    with pytest.raises(turns.AlreadyMoved):
        turns.answer_scaffold(**who, hint_key="smaller", response="2")
    for after in range(3):
        turns.ask_hint(**who, after=after)
    wrong = turns.answer_scaffold(**who, hint_key="smaller", response="3")
    assert wrong.feedback is not None
    assert not wrong.feedback.correct
    right = turns.answer_scaffold(**who, hint_key="smaller", response="2").view.steps[0].hints[2].scaffold
    assert right is not None
    assert (right.correct, right.response) == (True, "2")
    assert not Attempt.objects.exists()


def test_giving_up_shows_how_it_is_done_and_is_recorded_once(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "add-small", now=now)
    outcome = turns.give_up(turn_token=view.token, student=student, step_key="add-small", now=now)
    assert outcome.view.steps[0].solution == "One way to see it."
    assert outcome.view.steps[0].right_answer == "$5$"
    attempt = Attempt.objects.get()
    assert (attempt.response, attempt.correct, attempt.score) == (None, False, 0.0)
    with pytest.raises(turns.AlreadyMoved):
        turns.give_up(turn_token=view.token, student=student, step_key="add-small", now=now)
    assert Attempt.objects.count() == 1


def test_not_this_now_brings_another_exercise(student: User, course: Course, now: datetime, rng: Random) -> None:
    view = turns.next_turn(student, course, now=now, rng=rng)
    another = turns.skip(turn_token=view.token, student=student, now=now, rng=rng)
    assert another.exercise_id != view.exercise_id
    assert Turn.objects.get(token=view.token).state == Turn.State.SKIPPED
    assert turns.skip(turn_token=view.token, student=student, now=now, rng=rng).token == another.token


def test_two_steps_are_answered_one_after_the_other(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-steps", now=now)
    view = answer(student, view, right_answer_of(view), now=now).view
    assert [step.state for step in view.steps] == ["done", "current"]
    assert view.state == Turn.State.OPEN
    view = answer(student, view, right_answer_of(view), now=now).view
    assert view.state == Turn.State.DONE
    assert [concepts.step.key for concepts in Attempt.objects.order_by("id")] == ["solve-steps:1", "solve-steps:2"]


def test_a_variant_stays_the_same_for_the_whole_turn(student: User, course: Course, now: datetime) -> None:
    view = serve(student, course, "solve-any", now=now, seed=11)
    outcome = answer(student, view, wrong_answer_of(view), now=now)
    assert outcome.view.prompt == view.prompt
    assert "@{" not in view.prompt
    assert answer(student, outcome.view, right_answer_of(view), now=now).feedback.correct  # type: ignore[union-attr]
    assert set(Attempt.objects.values_list("seed", flat=True)) == {11}


@pytest.mark.parametrize("more", [{"distractors": "yes", "right": "$3x+12$"}, {"correct": "b", "shuffle": "yes"}])
def test_choices_have_another_order_in_every_turn_and_one_all_through_it(
    student: User, classmate: User, course: Course, now: datetime, more: dict[str, str]
) -> None:
    key = {"kind": "one_choice", "choices": {"b": "$3x+4$", "c": "$7x$", "d": "$12x$"}, **more}
    Step.objects.filter(key="add-small").update(answer=key, kind="one_choice")
    orders = []
    for who in [student, classmate] * 4:
        view = serve(who, course, "add-small", now=now)
        before = field_of(view)
        wrong = next(option.id for option in before if option.text == "$7x$")
        answered = answer(who, view, wrong, now=now).view
        assert field_of(answered) == before
        orders.append(tuple(option.text for option in before))
    assert len(set(orders)) > 2
    assert len({frozenset(order) for order in orders}) == 1


def field_of(view: turns.TurnView) -> tuple[Option, ...]:
    assert view.current is not None
    assert view.current.field is not None
    return view.current.field.inputs[0].options


def test_who_wants_much_help_sees_the_first_hint_at_once_until_it_goes_well(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    Preference.objects.create(student=student, help=Preference.Help.MUCH)
    student.refresh_from_db()
    view = turns.next_turn(student, course, now=now, rng=rng)
    assert view.current is not None
    assert len(view.current.hints) == 1
    answer(student, view, right_answer_of(view), now=now)
    concept = view.concept_id
    for _ in range(12):
        view = turns.next_turn(student, course, now=now, rng=rng)
        if view.concept_id == concept:
            break
        turns.skip(turn_token=view.token, student=student, now=now, rng=rng)
    assert view.concept_id == concept
    assert view.current is not None
    assert view.current.hints == ()


def test_a_long_break_begins_a_new_session_but_keeps_the_open_turn(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    view = turns.next_turn(student, course, now=now, rng=rng)
    tomorrow = now + timedelta(days=1)
    assert turns.next_turn(student, course, now=tomorrow, rng=rng).token == view.token
    turns.give_up(turn_token=view.token, student=student, step_key=view.current.key, now=now)  # type: ignore[union-attr]
    while (view := turns.view(turn_token=view.token, student=student)).current:
        turns.give_up(turn_token=view.token, student=student, step_key=view.current.key, now=now)
    turns.next_turn(student, course, now=tomorrow, rng=rng)
    assert Session.objects.filter(ended_at=None).count() == 1
    assert Session.objects.count() == 2


def test_an_exercise_withdrawn_from_the_course_is_put_aside(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    view = turns.next_turn(student, course, now=now, rng=rng)
    Exercise.objects.filter(pk=view.exercise_id).update(retired=True)
    Course.objects.filter(pk=course.pk).update(revision=2)
    course.refresh_from_db()
    with pytest.raises(turns.AlreadyMoved):
        answer(student, view, "5", now=now)
    assert turns.next_turn(student, course, now=now, rng=rng).exercise_id != view.exercise_id


def test_a_queue_that_is_down_costs_nobody_an_answer(
    student: User,
    course: Course,
    now: datetime,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def down(_task: str, **_options: Any) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(celery_app, "send_task", down)
    monkeypatch.setattr(refreshing, "_down_until", None)
    view = serve(student, course, "add-small", now=now)
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, view, "6", now=now)
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, view, "5", now=now + timedelta(minutes=1))
    assert Attempt.objects.count() == 2
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_the_answer_that_ends_a_turn_asks_the_worker_for_what_the_next_choice_needs(
    student: User,
    course: Course,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    queued: list[dict[str, Any]] = []
    monkeypatch.setattr(celery_app, "send_task", lambda _task, *, kwargs, **_options: queued.append(kwargs))
    view = serve(student, course, "add-small", now=now)
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, view, "6", now=now)
    assert not queued  # the turn goes on
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, view, "5", now=now)
    assert queued == [{"student_id": student.pk, "course_id": course.pk}]
    with turns.without_refresh(), django_capture_on_commit_callbacks(execute=True):
        answer(student, serve(student, course, "add-large", now=now), "62", now=now)
    assert len(queued) == 1


def test_what_fails_half_way_leaves_nothing_behind(
    student: User, course: Course, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = serve(student, course, "add-small", now=now)
    monkeypatch.setattr(answering, "queue_refresh", lambda **_ids: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        answer(student, view, "5", now=now)
    assert not Attempt.objects.exists()
    assert turns.view(turn_token=view.token, student=student) == view


def test_a_course_with_nothing_left_says_so(student: User, now: datetime, rng: Random) -> None:
    empty = Course.objects.create(slug="empty", title="Empty", language="en")
    with pytest.raises(turns.CourseFinished) as finished:
        turns.next_turn(student, empty, now=now, rng=rng)
    assert finished.value.course == empty


def test_a_fresh_prediction_of_the_serving_model_makes_the_choice_and_is_stored(
    student: User, course: Course, now: datetime, rng: Random
) -> None:
    version = ModelVersion.objects.create(objective="tracing", number=1, state="serving", bundle="b")
    steps = list(Step.objects.values_list("pk", flat=True))
    chances = {step: 0.5 + place / 100 for place, step in enumerate(steps)}
    predictions.store(
        student_id=student.pk, version=version, attempts_seen=0, probabilities=chances, grounds={}, now=now
    )
    view = turns.next_turn(student, course, now=now, rng=rng)
    turn = Turn.objects.get(token=view.token)
    first = turn.exercise.steps.get(key=view.steps[0].key)
    assert turn.version == version
    assert turn.probability == pytest.approx(chances[first.pk])
    answer(student, view, right_answer_of(view), now=now)
    for step in turns.view(turn_token=view.token, student=student).steps[1:]:
        turns.give_up(turn_token=view.token, student=student, step_key=step.key, now=now)
    later = turns.next_turn(student, course, now=now, rng=rng)
    assert Turn.objects.get(token=later.token).version is None  # the prediction has not seen the answer
