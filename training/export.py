"""The record as a snapshot folder for training. Reads: consented attempts, courses, classes, embeddings."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import QuerySet

from content.models import Course, Prerequisite, Step
from students.models import Attempt, Enrolment
from training import consented
from training.models import Embedding
from training.pseudonyms import class_hash, student_hash
from training.snapshot import SnapshotWriter, read_manifest

PORTION = 5000  # rows in memory at a time


def write_snapshot(folder: Path, *, objective: str, now: datetime) -> dict[str, Any]:
    """Write all answers that may be used, up to `now`, into `folder`, and return its manifest.

    Students become keyed hashes, which only this site can make again. The folder appears whole or not at all.
    """
    with SnapshotWriter(folder, objective=objective, now=now) as writer, transaction.atomic():
        for rows in _portions(_steps()):
            writer.write("steps", {**_step_columns(rows), "embedding": _embeddings(rows)})
        for pairs in _portions(Prerequisite.objects.order_by("id").values_list("concept_id", "requires_id")):
            columns = {"concept": [str(pair[0]) for pair in pairs], "requires": [str(pair[1]) for pair in pairs]}
            writer.write("prerequisites", columns)
        for named in _portions(Course.objects.order_by("id").values_list("id", "language")):
            writer.write("courses", {"course": [str(row[0]) for row in named], "language": [row[1] for row in named]})
        for members in _portions(_enrolments(now)):
            writer.write("classes", _class_columns(members))
        numbering = _Numbering()
        for rows in _portions(_attempts(now)):
            writer.write("attempts", _attempt_columns(rows, numbering))
    return read_manifest(folder)


def _attempts(now: datetime) -> QuerySet[Attempt, tuple[Any, ...]]:
    columns = ("student_id", "step_id", "verdict", "hints_used", "try_number", "created_at", "is_simulated")
    usable = consented.answers().filter(created_at__lte=now)
    return usable.order_by("student_id", "created_at", "id").values_list(*columns)


def _enrolments(now: datetime) -> QuerySet[Enrolment, tuple[Any, ...]]:
    """Of the students whose answers are written; a class without any would tell nothing and is nobody's business."""
    students = consented.answers().filter(created_at__lte=now).order_by().values("student_id")
    members = Enrolment.objects.filter(student__in=students).order_by("classroom_id", "student_id")
    return members.values_list("classroom_id", "student_id", "classroom__course_id")


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


def _embeddings(steps: list[Step]) -> list[npt.NDArray[np.float16] | None]:
    found = dict(Embedding.objects.filter(step__in=steps, vector__isnull=False).values_list("step_id", "vector"))
    return [np.array(found[step.pk], np.float16) if step.pk in found else None for step in steps]


def _class_columns(rows: list[tuple[Any, ...]]) -> dict[str, list[str]]:
    return {
        "class": [class_hash(classroom) for classroom, _, _ in rows],
        "student": [student_hash(student) for _, student, _ in rows],
        "course": [str(course) for _, _, course in rows],
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
