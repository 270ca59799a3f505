"""What the serving model expects of a student, kept until it is out of date. Reads and writes: predictions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from training.models import ModelVersion, Objective, Prediction


@dataclass(frozen=True, kw_only=True)
class FreshPrediction:
    """P(correct) by step id, by the version that serves now, from all the student's answers so far."""

    version_id: int
    probabilities: Mapping[int, float]


def fresh(student_id: int, *, attempts_seen: int) -> FreshPrediction | None:
    """The student's prediction if it saw exactly `attempts_seen` attempts and its version still serves. One query."""
    row = (
        Prediction.objects.filter(
            student_id=student_id,
            attempts_seen=attempts_seen,
            version__objective=Objective.TRACING,
            version__state=ModelVersion.State.SERVING,
        )
        .values_list("version_id", "probabilities")
        .first()
    )
    if row is None:
        return None
    return FreshPrediction(version_id=row[0], probabilities={int(step): p for step, p in row[1].items()})


def store(
    *, student_id: int, version: ModelVersion, attempts_seen: int, probabilities: Mapping[int, float], now: datetime
) -> bool:
    """Keep the prediction, unless the version no longer serves or one that saw more is kept already.

    Returns whether it was kept. Two workers may call this at once; the later knowledge wins.
    """
    values = {
        "version": version,
        "attempts_seen": attempts_seen,
        "probabilities": {str(step): round(p, 6) for step, p in probabilities.items()},
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
