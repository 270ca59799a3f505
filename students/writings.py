"""Texts that are handed in and judged by people. Writes: Writing, Assessment, and by students/records what follows.

A text moves no estimate until somebody has judged it. Then it becomes an attempt, right from RIGHT_FROM of the points
on, at the time of the judgement; a second judgement is a correction of that attempt.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from students import corrections, records
from students.corrections import Verdict
from students.models import Assessment, Classroom, Regrading, User, Writing

RIGHT_FROM = 0.6  # of the points
TOLD = timedelta(days=14)
_WAITS = ~Exists(Assessment.objects.filter(writing=OuterRef("pk")))


class JudgedMeanwhile(Exception):
    """Somebody else has judged the text since it was shown."""


@dataclass(frozen=True, kw_only=True)
class NewWriting:
    """A text as it is handed in."""

    student_id: int
    step_id: int
    text: str
    revision: int = 1
    seed: int = 0
    theme: str = ""
    hints_used: int = 0
    seconds: float | None = None
    submission_id: uuid.UUID = field(default_factory=uuid.uuid4)


def hand_in(new: NewWriting, *, now: datetime) -> Writing:
    """Store a text. Raises django.db.IntegrityError for a submission id that the student has used before."""
    return Writing.objects.create(
        student_id=new.student_id,
        step_id=new.step_id,
        text=new.text,
        revision=new.revision,
        seed=new.seed,
        theme=new.theme,
        hints_used=new.hints_used,
        seconds=new.seconds,
        submission_id=new.submission_id,
        handed_in_at=now,
    )


def of_class(classroom_id: int) -> QuerySet[Writing]:
    """Return what the students of a class have handed in for its course, oldest first."""
    rows = Writing.objects.filter(
        student__enrolments__classroom=classroom_id, step__exercise__course__classrooms=classroom_id
    )
    return rows.select_related("student", "step__exercise__course").order_by("handed_in_at", "pk")


def waiting(classroom_id: int) -> QuerySet[Writing]:
    """Return those of them that nobody has judged yet."""
    return of_class(classroom_id).filter(_WAITS)


def of_student(student_id: int) -> QuerySet[Writing]:
    """Return what a student has handed in, newest first, with its judgements, of which the first is in force.

    Two queries. `has_reader`: whether the student is in a class, whose teachers can judge it.
    """
    classes = Classroom.objects.filter(enrolments__student=student_id, course=OuterRef("step__exercise__course"))
    rows = Writing.objects.filter(student=student_id).annotate(has_reader=Exists(classes))
    rows = rows.select_related("step__exercise__course").prefetch_related("assessments")
    return rows.order_by("-handed_in_at", "-pk")


def waiting_of(student_id: int) -> QuerySet[Writing]:
    """Return those of them that nobody has judged yet."""
    return of_student(student_id).filter(_WAITS)


def judged_lately(student_id: int, *, now: datetime) -> list[Assessment]:
    """Return the judgements in force on a student's texts of the last two weeks, newest first. One query."""
    later = Assessment.objects.filter(writing=OuterRef("writing"), pk__gt=OuterRef("pk"))
    rows = Assessment.objects.filter(~Exists(later), student=student_id, made_at__gt=now - TOLD)
    return list(rows.select_related("writing__step__exercise__course").order_by("-pk"))


def assess(
    writing: Writing, *, score: float, comment: str, by: User, now: datetime, seen: int | None = None
) -> Assessment:
    """Judge a text. The first judgement records the attempt, later ones correct it.

    `seen` is the judgement that was in force when the text was shown. Raises JudgedMeanwhile.
    """
    correct = score >= RIGHT_FROM
    with transaction.atomic():
        records.lock_student(writing.student_id)
        last = writing.assessments.first()
        if (last.pk if last else None) != seen:
            raise JudgedMeanwhile
        if last is None:
            attempt_id = _record(writing, score=score, correct=correct, now=now)
        else:
            attempt_id = last.attempt_id
            verdict = Verdict(attempt_id=attempt_id, student_id=writing.student_id, correct=correct, score=score)
            again = Regrading.objects.create(
                step=writing.step, revision=writing.revision, made_by=by, made_at=now, state=Regrading.State.DONE
            )
            corrections.apply(again, [verdict], now=now)
        return Assessment.objects.create(
            writing=writing,
            student_id=writing.student_id,
            attempt_id=attempt_id,
            score=score,
            comment=comment,
            made_by=by,
            made_at=now,
        )


def _record(writing: Writing, *, score: float, correct: bool, now: datetime) -> int:
    new = records.NewAttempt(
        student_id=writing.student_id,
        step_id=writing.step_id,
        concept_ids=tuple(writing.step.concepts.order_by("pk").values_list("pk", flat=True)),
        response=writing.text,
        correct=correct,
        score=score,
        hints_used=writing.hints_used,
        seconds=writing.seconds,
        submission_id=writing.submission_id,
        revision=writing.revision,
        seed=writing.seed,
        theme=writing.theme,
        is_simulated=writing.student.is_simulated,
    )
    return records.record_attempt(new, now=now).attempt.pk
