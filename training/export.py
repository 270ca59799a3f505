"""The record as a snapshot folder for training. Reads: attempts with consent, steps, prerequisites."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from content.models import Prerequisite, Step
from students.models import Attempt
from training import consented
from training.snapshot import SnapshotWriter, read_manifest

PORTION = 5000  # rows in memory at a time


def write_snapshot(folder: Path, *, objective: str, now: datetime) -> dict[str, Any]:
    """Write all answers that may be used, up to `now`, into `folder`, and return its manifest.

    Students become keyed hashes, which only this site can make again. The folder appears whole or not at all.
    """
    with SnapshotWriter(folder, objective=objective, now=now) as writer, transaction.atomic():
        for rows in _portions(_steps()):
            writer.write("steps", _step_columns(rows))
        for pairs in _portions(Prerequisite.objects.order_by("id").values_list("concept_id", "requires_id")):
            columns = {"concept": [str(pair[0]) for pair in pairs], "requires": [str(pair[1]) for pair in pairs]}
            writer.write("prerequisites", columns)
        numbering = _Numbering()
        for rows in _portions(_attempts(now)):
            writer.write("attempts", _attempt_columns(rows, numbering))
    return read_manifest(folder)


def student_hash(student_id: int) -> str:
    """What a student is called in snapshots: the same for as long as SECRET_KEY is."""
    return salted_hmac("training.export", str(student_id), algorithm="sha256").hexdigest()[:32]


def _attempts(now: datetime) -> QuerySet[Attempt, tuple[Any, ...]]:
    columns = ("student_id", "step_id", "correct", "hints_used", "try_number", "created_at", "is_simulated")
    usable = consented.answers().filter(created_at__lte=now)
    return usable.order_by("student_id", "created_at", "id").values_list(*columns)


def _steps() -> QuerySet[Step]:
    return Step.objects.order_by("id").select_related("exercise").prefetch_related("concepts").defer("answer", "prompt")


def _portions(rows: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    """Rows in lists, by a cursor on the server: neither side holds them all."""
    stream = rows.iterator(chunk_size=PORTION)
    while portion := list(islice(stream, PORTION)):
        yield portion


class _Numbering:
    """The order of a student's answers, carried over from portion to portion."""

    def __init__(self) -> None:
        self.student: int | None = None
        self.next = 0

    def number(self, student: int) -> int:
        if student != self.student:
            self.student, self.next = student, 0
        self.next += 1
        return self.next - 1


def _step_columns(steps: list[Step]) -> dict[str, list[str]]:
    return {
        "item": [str(step.pk) for step in steps],
        "concepts": [";".join(sorted(str(concept.pk) for concept in step.concepts.all())) for step in steps],
        "kind": [step.kind for step in steps],
        "course": [str(step.exercise.course_id) for step in steps],
        "exercise": [str(step.exercise_id) for step in steps],
    }


def _attempt_columns(rows: list[tuple[Any, ...]], numbering: _Numbering) -> dict[str, list[Any]]:
    students, steps, correct, hints, tries, times, simulated = (list(column) for column in zip(*rows, strict=True))
    hashes = {student: student_hash(student) for student in set(students)}
    return {
        "student": [hashes[student] for student in students],
        "index": [numbering.number(student) for student in students],
        "item": [str(step) for step in steps],
        "correct": correct,
        "label": [number == 1 and not used for number, used in zip(tries, hints, strict=True)],
        "try_number": tries,
        "hints": hints,
        "timestamp": [time.timestamp() for time in times],
        "simulated": simulated,
    }
