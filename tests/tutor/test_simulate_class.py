"""Simulated students practise through the real code path, are marked as simulated, and come out the same again."""

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from content.models import Course
from students.models import Attempt, Classroom, ConceptState, PopulationCount, User
from tutor.models import Turn

pytestmark = pytest.mark.django_db


def simulate(course: Course, now: datetime, **options: Any) -> dict[str, Any]:
    """Run the command; returns its last line."""
    out = StringIO()
    chosen = {"students": 3, "answers": 12, "seed": 5, "now": now.isoformat()} | options
    call_command("simulate_class", course=course.slug, stdout=out, stderr=StringIO(), **chosen)
    figures: dict[str, Any] = json.loads(out.getvalue().strip().splitlines()[-1])
    return figures


def story() -> list[tuple[Any, ...]]:
    """What every simulated student answered, when, and how it went."""
    rows = Attempt.objects.order_by("student__username", "id")
    return list(rows.values_list("student__username", "step__key", "response", "correct", "hints_used", "created_at"))


def test_they_answer_in_turns_over_past_days_and_are_marked(course: Course, now: datetime) -> None:
    figures = simulate(course, now)
    assert figures["students"] == 3
    assert figures["answers"] == Attempt.objects.count() >= 36
    assert Turn.objects.count() == figures["turns"]
    assert not Attempt.objects.filter(in_turn=None).exists()
    assert not Attempt.objects.filter(is_simulated=False).exists()
    assert not User.objects.filter(is_simulated=False).exists()
    assert not Attempt.objects.filter(created_at__gt=now).exists()
    assert len(set(Attempt.objects.dates("created_at", "day"))) > 2
    assert 0.2 < Attempt.objects.filter(correct=True).count() / figures["answers"] < 0.95
    assert ConceptState.objects.filter(tries__gt=0).exists()
    classroom = Classroom.objects.get(pk=figures["classroom"])
    assert (classroom.is_simulated, classroom.consents_to_tuning) == (True, True)


def test_wrong_answers_are_often_ones_that_are_recognised(course: Course, now: datetime) -> None:
    simulate(course, now)
    assert Attempt.objects.filter(misconception__isnull=False).exists()


def test_the_same_seed_gives_the_same_story(course: Course, now: datetime) -> None:
    simulate(course, now)
    first = story()
    User.objects.filter(is_simulated=True).delete()
    Classroom.objects.all().delete()
    PopulationCount.objects.all().delete()
    simulate(course, now)
    assert story() == first


def test_a_seed_is_used_once_in_a_course(course: Course, now: datetime) -> None:
    simulate(course, now, students=1, answers=2)
    before = Attempt.objects.count()
    with pytest.raises(CommandError, match="Seed 5"):
        simulate(course, now, students=1, answers=2)
    assert Attempt.objects.count() == before


def test_they_can_join_a_class_that_exists(course: Course, classroom: Classroom, now: datetime) -> None:
    figures = simulate(course, now, students=2, answers=2, classroom=classroom.pk)
    assert figures["classroom"] == classroom.pk
    assert classroom.enrolments.filter(student__is_simulated=True).count() == 2


@pytest.mark.parametrize("options", [{"students": 0}, {"answers": 0}, {"classroom": 999}, {"answers": -3}])
def test_what_cannot_be_done_is_said_in_one_line(course: Course, now: datetime, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        simulate(course, now, **options)
    assert not User.objects.filter(is_simulated=True).exists()


def test_an_unknown_course_is_refused(db: None, now: datetime) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("simulate_class", course="nowhere", students=1, seed=1)
