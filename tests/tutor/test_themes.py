"""What a student likes decides what stories are about, and what was served stays as it was."""

from datetime import datetime
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content import importing
from content.models import Course
from content.package import Concept, CoursePackage, Exercise, Misconception, Rewriting, Step, WrongAnswer
from students.models import Attempt, Preference, User
from tests.tutor.playing import answer
from tutor import turns
from tutor.models import Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Course:
    """A course of one exercise: a story in two themes, with choices that a rule makes."""
    wrong = WrongAnswer(
        response="", feedback="Both are multiplied.", misconception="first", applied_to="@{a}*(x + @{b})"
    )
    step = Step(
        key="told",
        concepts=("brackets",),
        answer={"kind": "one_choice", "distractors": True, "right": "$@{a}x+@{a*b}$"},
        wrong_answers=(wrong,),
    )
    exercise = Exercise(
        key="told",
        prompt="@{a} @{what} of x + @{b}",
        steps=(step,),
        variables={
            "draw": {"a": {"from": 2, "to": 9}, "b": {"from": 1, "to": 9}},
            "themes": {"sport": {"what": "laps"}, "music": {"what": "songs"}},
        },
    )
    rule = Misconception(key="first", title="First only", rewritings=(Rewriting(before="a*(b + c)", after="a*b + c"),))
    report = importing.import_package(
        CoursePackage(
            slug="told",
            title="Told",
            language="en",
            concepts=(Concept(key="brackets", title="Brackets"),),
            exercises=(exercise,),
            misconceptions=(rule,),
        )
    )
    assert report.course_id
    return Course.objects.get(pk=report.course_id)


@pytest.mark.parametrize(("liked", "word"), [("music", "songs"), ("sport", "laps")])
def test_the_story_is_about_what_the_student_likes(
    student: User, told: Course, now: datetime, liked: str, word: str
) -> None:
    Preference.objects.create(student=student, interests=["travel", liked])
    view = turns.next_turn(student, told, now=now, rng=Random(3))
    assert Turn.objects.get(token=view.token).theme == liked
    assert word in view.prompt
    Preference.objects.filter(student=student).update(interests=[])
    assert turns.view(turn_token=view.token, student=student).prompt == view.prompt


def test_a_choice_made_by_a_rule_is_recognised_and_kept_with_its_theme(
    student: User, told: Course, now: datetime
) -> None:
    Preference.objects.create(student=student, interests=["music"])
    view = turns.next_turn(student, told, now=now, rng=Random(3))
    assert view.current is not None
    assert view.current.field is not None
    step = turns.concrete_of(view).steps[0]
    assert {option.id for option in view.current.field.inputs[0].options} == set(step.answer["choices"])
    outcome = answer(student, view, str(step.wrong_answers[0].response), now=now)
    attempt = Attempt.objects.get(student=student)
    assert (attempt.theme, attempt.correct) == ("music", False)
    assert attempt.misconception is not None
    assert attempt.misconception.key == "first"
    assert "Both are multiplied." in str(outcome.feedback)


def test_showing_a_turn_again_asks_nothing_about_rules(student: User, told: Course, now: datetime) -> None:
    view = turns.next_turn(student, told, now=now, rng=Random(3))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        turns.view(turn_token=view.token, student=student)
    assert not [query for query in asked.captured_queries if "misconception" in query["sql"]]
