"""Past answers as evidence of what a student can do: what was asked, what came of it, and what counts otherwise since.

Reads: Attempt, Correction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from content import catalog, package, variants
from students import knowledge
from students.models import Attempt, Correction

TOLD = timedelta(days=14)  # how long people are told of a corrected key


@dataclass(frozen=True, kw_only=True)
class PastAnswer:
    """One answer. What it was an answer to is put into words only where it is asked for."""

    attempt_id: int
    step_id: int
    exercise_id: int
    language: str  # of the course
    exercise: str  # its title, or its key
    template: package.Exercise  # as it was served, with the one step that was answered
    seed: int
    theme: str
    at: datetime
    correct: bool
    corrected: bool  # it was said to be the other way then
    gave_up: bool
    hints_used: int
    try_number: int

    @cached_property
    def asked(self) -> str:
        """What was asked, as Markdown: the exercise and its step in the variant that the student had."""
        asked = variants.instantiate(self.template, self.seed, self.theme)
        return " ".join(part for part in (asked.prompt, asked.steps[0].prompt) if part) or self.exercise


@dataclass(frozen=True, kw_only=True)
class Evidence(PastAnswer):
    """An answer behind an estimate of a concept, and how the plain estimate moved by it."""

    before: float
    after: float

    @property
    def effect(self) -> float:
        """By how much it moved the log odds."""
        return knowledge.logit(self.after) - knowledge.logit(self.before)


@dataclass(frozen=True, kw_only=True)
class CorrectedKey:
    """A key that was corrected: what it means for a class, counted as corrected_lately counts it."""

    exercise: str  # its title, or its key
    at: datetime
    answers: int
    students: int


def on_concept(student_id: int, concept_id: int, *, limit: int = 20) -> tuple[Evidence, ...]:
    """Return the latest attempts at steps of a concept, newest first, each with what it changed. One query.

    The changes are those of the plain estimate, worked out again from the first attempt on.
    """
    belief = knowledge.prior()
    moves: list[tuple[Any, float, float]] = []  # attempts with the verdicts in force
    for attempt in _attempts(student_id).filter(step__concepts=concept_id).order_by("created_at", "id"):
        at = attempt.created_at
        moved = knowledge.update(
            belief, correct=attempt.verdict, hints_used=attempt.hints_used, try_number=attempt.try_number, at=at
        )
        before, after = (knowledge.estimate(one, now=at).value for one in (belief, moved))
        moves.append((attempt, before, after))
        belief = moved
    return tuple(
        Evidence(**_facts(attempt), before=before, after=after) for attempt, before, after in reversed(moves[-limit:])
    )


def latest(student_id: int, concept_id: int, *, until: datetime, limit: int) -> tuple[PastAnswer, ...]:
    """Return the last attempts at steps of a concept before a moment, newest first. One query."""
    attempts = _attempts(student_id).filter(step__concepts=concept_id, created_at__lt=until)
    return tuple(PastAnswer(**_facts(attempt)) for attempt in attempts.order_by("-created_at", "-id")[:limit])


def answers(student_id: int, attempt_ids: Iterable[int]) -> dict[int, PastAnswer]:
    """Return these of the student's attempts by id; those of others are left out. One query."""
    attempts = _attempts(student_id).filter(pk__in=list(attempt_ids))
    return {attempt.pk: PastAnswer(**_facts(attempt)) for attempt in attempts}


def corrected_lately(student_id: int, *, now: datetime) -> list[Correction]:
    """Return what counts otherwise since keys were corrected in the last two weeks, newest first. One query.

    Only what turned right or not right; not what is not asked any more.
    """
    rows = _corrections(now=now).filter(student=student_id)
    return list(rows.select_related("attempt__step__exercise__course").order_by("-pk"))


def corrected_in_class(classroom_id: int, *, now: datetime) -> list[CorrectedKey]:
    """Return the keys corrected in the last two weeks, newest first, with what that meant for a class. One query."""
    rows = _corrections(now=now).filter(
        student__enrolments__classroom=classroom_id, attempt__step__exercise__course__classrooms=classroom_id
    )
    of_key = rows.order_by().values("regrading", done_at=F("regrading__done_at"))
    title = Coalesce(NullIf(F("regrading__step__exercise__title"), Value("")), F("regrading__step__exercise__key"))
    counted = of_key.annotate(exercise=title, answers=Count("pk"), students=Count("student", distinct=True))
    return [
        CorrectedKey(exercise=row["exercise"], at=row["done_at"], answers=row["answers"], students=row["students"])
        for row in counted.order_by("-regrading")
    ]


def _corrections(*, now: datetime) -> QuerySet[Correction]:
    """The corrections of keys that are in force and let answers count the other way, each attempt's last one."""
    rows = Correction.objects.filter(regrading__undone_at=None, regrading__key__isnull=False)
    later = rows.filter(attempt=OuterRef("attempt"), pk__gt=OuterRef("pk"))
    lately = rows.filter(~Exists(later), regrading__done_at__gt=now - TOLD)
    return lately.filter(counted=True).exclude(correct=F("attempt__correct"))


def _attempts(student_id: int) -> QuerySet[Any]:
    return Attempt.objects.judged().filter(student=student_id).select_related("step__exercise__course")


def _facts(attempt: Any) -> dict[str, Any]:
    step, exercise = attempt.step, attempt.step.exercise
    return {
        "attempt_id": attempt.pk,
        "step_id": step.pk,
        "exercise_id": exercise.pk,
        "language": exercise.course.language,
        "exercise": str(exercise),
        "template": _template(attempt),
        "seed": attempt.seed,
        "theme": attempt.theme,
        "at": attempt.created_at,
        "correct": attempt.verdict,
        "corrected": attempt.verdict != attempt.correct,
        "gave_up": attempt.response is None and attempt.source == Attempt.Source.SITE,
        "hints_used": attempt.hints_used,
        "try_number": attempt.try_number,
    }


def _template(attempt: Attempt) -> package.Exercise:
    """What was served, as far as its texts need it: from the rows at hand, or as it was before it was edited."""
    step, exercise = attempt.step, attempt.step.exercise
    prompt, variables, asked = exercise.prompt, exercise.variables, step.prompt
    if attempt.revision != exercise.revision:
        served = catalog.exercise(exercise.pk, attempt.revision)
        prompt, variables = served.prompt, served.variables
        asked = next((one.prompt for one in served.steps if one.key == step.key), asked)
    only = package.Step(key=step.key, prompt=asked, answer={"kind": step.kind})
    return package.Exercise(key=exercise.key, prompt=prompt, variables=variables, steps=(only,))
