"""What the serving model expects of a student, kept until it is out of date. Reads and writes: predictions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from students.models import Attempt, User
from training.models import ModelVersion, Objective, Prediction

MATTERED_KEPT = 3  # answers of one estimate


@dataclass(frozen=True, kw_only=True)
class Mattered:
    """A past answer that mattered for an estimate, and by how much it moved its log odds; above 0, upwards."""

    attempt_id: int
    effect: float

    @classmethod
    def from_json(cls, stored: Iterable[tuple[int, float]]) -> "tuple[Mattered, ...]":
        """The reverse of to_json."""
        return tuple(cls(attempt_id=attempt, effect=effect) for attempt, effect in stored)

    @staticmethod
    def to_json(mattered: "Sequence[Mattered]") -> list[tuple[int, float]]:
        """As they are stored: the strongest first, and only a few."""
        strongest = sorted(mattered, key=lambda one: -abs(one.effect))[:MATTERED_KEPT]
        return [(one.attempt_id, round(one.effect, 3)) for one in strongest]


Grounds = Mapping[int, Sequence[Mattered]]  # for the mastery of each concept, by its id


@dataclass(frozen=True, kw_only=True)
class FreshPrediction:
    """P(correct) by step id, by the version that serves now, from all the student's answers so far.

    `grounds` are the answers that mattered most for the mastery of concepts.
    """

    version_id: int
    probabilities: Mapping[int, float]
    grounds: Grounds = field(default_factory=dict)


def fresh(student_id: int, *, attempts_seen: int) -> FreshPrediction | None:
    """The student's prediction if it saw a record of exactly that size and its version still serves. One query."""
    row = (
        Prediction.objects.filter(
            student_id=student_id,
            attempts_seen=attempts_seen,
            version__objective=Objective.TRACING,
            version__state=ModelVersion.State.SERVING,
        )
        .values_list("version_id", "probabilities", "evidence")
        .first()
    )
    if row is None:
        return None
    version_id, probabilities, evidence = row
    return FreshPrediction(
        version_id=version_id,
        probabilities={int(step): p for step, p in probabilities.items()},
        grounds={int(concept): Mattered.from_json(mattered) for concept, mattered in evidence.items()},
    )


def behind(version: ModelVersion, *, limit: int) -> list[tuple[int, int]]:
    """Some students with answers whom a version has not looked at yet, each with the course of the last one. One query.

    In no order, so that one who cannot be predicted does not hold up the others.
    """
    attempts = Attempt.objects.filter(student=OuterRef("pk")).order_by("-created_at", "-pk")
    looked_at = Prediction.objects.filter(student=OuterRef("pk"), version=version)
    students = User.objects.filter(~Exists(looked_at), Exists(attempts)).order_by("?")
    last_course = Subquery(attempts.values("step__exercise__course")[:1])
    return list(students.values_list("pk", last_course)[:limit])


def store(
    *,
    student_id: int,
    version: ModelVersion,
    attempts_seen: int,
    probabilities: Mapping[int, float],
    grounds: Grounds,
    now: datetime,
) -> bool:
    """Keep the prediction, unless the version no longer serves or one that saw more is kept already.

    Returns whether it was kept. Two workers may call this at once; the later knowledge wins.
    """
    values = {
        "version": version,
        "attempts_seen": attempts_seen,
        "probabilities": {str(step): round(p, 6) for step, p in probabilities.items()},
        "evidence": {str(concept): Mattered.to_json(mattered) for concept, mattered in grounds.items()},
        "made_at": now,
    }
    if not ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.SERVING).exists():
        return False
    older = Q(attempts_seen__lte=attempts_seen) | ~Q(version=version)
    if Prediction.objects.filter(older, student_id=student_id).update(**values):
        return True
    try:
        with transaction.atomic():
            Prediction.objects.create(student_id=student_id, **values)
    except IntegrityError:  # a newer one is there, or the student is gone
        return False
    return True


def forget(student_ids: Iterable[int]) -> None:
    """Drop what is expected of these students, as what it rested on counts otherwise now: `behind` names them again."""
    Prediction.objects.filter(student__in=list(student_ids)).delete()
