"""Answers for tests, written the way the site writes them."""

from datetime import datetime

from django.db import transaction

from content.models import Course, Step
from students.models import User
from students.records import NewAttempt, Recorded, record_attempt


def step(course: Course, key: str) -> Step:
    return Step.objects.get(exercise__course=course, key=key)


def new_attempt(student: User, of: Step, *, correct: bool, **extra: object) -> NewAttempt:
    """An attempt at a step with all of its concepts."""
    concepts = tuple(of.concepts.order_by("pk").values_list("pk", flat=True))
    return NewAttempt(
        student_id=student.pk,
        step_id=of.pk,
        concept_ids=concepts,
        correct=correct,
        score=float(correct),
        **{"response": "7", **extra},  # type: ignore[arg-type]
    )


def answer(student: User, of: Step, *, correct: bool, now: datetime, **extra: object) -> Recorded:
    """Record one answer in a transaction of its own."""
    with transaction.atomic():
        return record_attempt(new_attempt(student, of, correct=correct, **extra), now=now)
