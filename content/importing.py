"""Writes: a course package into rows, in one transaction; and the revisions that every change to a course raises.

An import compares fingerprints, so a second one writes nothing. What is gone from the package is retired, not deleted,
because attempts point at it. An exercise edited by hand keeps the edit until the package itself changes that exercise.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from content import package, schema
from content.models import (
    Concept,
    Course,
    Exercise,
    Figure,
    Hint,
    Misconception,
    Prerequisite,
    Step,
    WrongAnswer,
)

BATCH = 1000
changed = Signal()  # sent with `course_id` once a change to a course stands, for apps above: nothing here depends on it


class Refused(ValueError):
    """A package that cannot be written; `defects` says why, all of it. Nothing has been written."""

    def __init__(self, defects: Sequence[package.Defect]) -> None:
        super().__init__(f"{len(defects)} defects: " + "; ".join(f"{d.place}: {d.problem}" for d in defects[:3]))
        self.defects = tuple(defects)


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. Counts are of exercises but for `steps`; `changed` includes those that are new."""

    course_id: int | None  # none after a dry run of a course that does not exist yet
    exercises: int
    steps: int
    kept: int
    changed: int
    created: int
    retired: int
    dropped: int  # parts of the source that could not be used
    defects: tuple[package.Defect, ...]


def import_package(
    course_package: package.CoursePackage, *, defects: Sequence[package.Defect] = (), dry_run: bool = False
) -> ImportReport:
    """Write a package. `defects` are those its format reported; they are passed on. Raises Refused."""
    if found := schema.check_structure(course_package):
        raise Refused(found)
    with transaction.atomic():
        writing = _Writing(course_package, stores_files=not dry_run)
        writing.run()
        if dry_run:
            transaction.set_rollback(True)
    existed = not dry_run or writing.existed
    return ImportReport(
        course_id=writing.course.pk if existed else None,
        exercises=len(course_package.exercises),
        steps=sum(len(exercise.steps) for exercise in course_package.exercises),
        kept=len(course_package.exercises) - len(writing.changed),
        changed=len(writing.changed),
        created=writing.created,
        retired=writing.retired,
        dropped=sum(defect.dropped for defect in defects),
        defects=tuple(defects),
    )


def touch(*, course_ids: Iterable[int] = (), exercise_ids: Iterable[int] = (), deleted: bool = False) -> None:
    """Raise the revisions of exercises, and of their courses and others: whoever changes a course's rows calls this.

    After a deletion the next import compares everything again, so that it brings back what its package still holds.
    """
    exercise_ids = list(exercise_ids)
    courses = {*course_ids, *Exercise.objects.filter(pk__in=exercise_ids).values_list("course", flat=True)}
    Exercise.objects.filter(pk__in=exercise_ids).update(revision=F("revision") + 1)
    rows = Course.objects.filter(pk__in=courses)
    rows.update(revision=F("revision") + 1)
    if deleted:
        rows.update(fingerprint="")
    for course_id in courses:
        _tell(course_id)


def _tell(course_id: int) -> None:
    transaction.on_commit(partial(changed.send, sender=None, course_id=course_id), robust=True)


def fingerprint(part: Any) -> str:
    """Return a hash of a part of a package that does not depend on the order of names or of concepts."""
    return hashlib.sha256(json.dumps(asdict(part), sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else dict(value)


def _exercise_fingerprint(exercise: package.Exercise) -> str:
    steps = tuple(replace(step, concepts=tuple(sorted(step.concepts))) for step in exercise.steps)
    return fingerprint(replace(exercise, steps=steps))


def _course_fingerprint(course_package: package.CoursePackage) -> str:
    """Of everything, exercises by their own fingerprints and files by their hashes."""
    whole = replace(
        course_package,
        exercises=(),
        files={},
        concepts=tuple(
            replace(concept, requires=tuple(sorted(concept.requires))) for concept in course_package.concepts
        ),
    )
    parts = [fingerprint(whole), *(_exercise_fingerprint(exercise) for exercise in course_package.exercises)]
    parts += [f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in sorted(course_package.files.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _Writing:
    """One import, in the caller's transaction."""

    def __init__(self, course_package: package.CoursePackage, *, stores_files: bool) -> None:
        self.package = course_package
        self.stores_files = stores_files
        self.changed: list[package.Exercise] = []
        self.created = 0
        self.retired = 0
        self.existed = False
        self.course: Course

    def run(self) -> None:
        mark = _course_fingerprint(self.package)
        fields = {
            name: getattr(self.package, name) for name in ("title", "language", "description", "licence", "attribution")
        }
        self.course, created = Course.objects.select_for_update().get_or_create(slug=self.package.slug, defaults=fields)
        self.existed = not created
        if self.course.fingerprint == mark:
            return
        self.figures()
        concepts = self.concepts()
        misconceptions = self.misconceptions()
        self.exercises(concepts, misconceptions)
        for name, value in fields.items():
            setattr(self.course, name, value)
        self.course.fingerprint = mark
        self.course.revision += not created
        self.course.save()
        _tell(self.course.pk)

    def figures(self) -> None:
        """Store the figures under their hashes. Files of those that are gone stay: another course may share them."""
        known = {figure.name: figure for figure in Figure.objects.filter(course=self.course)}
        wanted = {name: _stored_name(name, data) for name, data in self.package.files.items()}
        for name, data in self.package.files.items() if self.stores_files else ():
            if not default_storage.exists(wanted[name]):
                default_storage.save(wanted[name], ContentFile(data))
        rows = [
            Figure(course=self.course, name=name, file=stored, content_type=_content_type(name))
            for name, stored in wanted.items()
            if name not in known or known[name].file.name != stored
        ]
        changed = {row.name for row in rows}
        Figure.objects.filter(
            course=self.course, name__in=[n for n in known if n in changed or n not in wanted]
        ).delete()
        Figure.objects.bulk_create(rows, batch_size=BATCH)

    def concepts(self) -> dict[str, Concept]:
        """Write the concepts and their edges; return the rows by key."""
        rows = [
            Concept(
                course=self.course,
                key=concept.key,
                title=concept.title,
                summary=concept.summary,
                example=concept.example,
                position=position,
            )
            for position, concept in enumerate(self.package.concepts)
        ]
        Concept.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["course", "key"],
            update_fields=["title", "summary", "example", "position", "retired"],
        )
        named = {row.key: row for row in Concept.objects.filter(course=self.course)}
        gone = [row.pk for key, row in named.items() if key not in {concept.key for concept in self.package.concepts}]
        Concept.objects.filter(pk__in=gone).update(retired=True)
        Prerequisite.objects.filter(concept__course=self.course).delete()
        Prerequisite.objects.bulk_create(
            (
                Prerequisite(concept=named[concept.key], requires=named[key])
                for concept in self.package.concepts
                for key in concept.requires
            ),
            batch_size=BATCH,
        )
        return named

    def misconceptions(self) -> dict[str, Misconception]:
        """Write the misconceptions; attempts point at them, so none is deleted."""
        Misconception.objects.bulk_create(
            [
                Misconception(course=self.course, key=one.key, title=one.title, explanation=one.explanation)
                for one in self.package.misconceptions
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["course", "key"],
            update_fields=["title", "explanation"],
        )
        return {row.key: row for row in Misconception.objects.filter(course=self.course)}

    def exercises(self, concepts: Mapping[str, Concept], misconceptions: Mapping[str, Misconception]) -> None:
        """Write the exercises that changed, with all their parts; put all in order; retire the rest."""
        known = {row.key: row for row in Exercise.objects.filter(course=self.course)}
        moved: list[Exercise] = []
        for position, exercise in enumerate(self.package.exercises):
            row, mark = known.get(exercise.key), _exercise_fingerprint(exercise)
            if row is None or row.retired or row.fingerprint != mark:
                self.changed.append(exercise)
                self.created += row is None
                known[exercise.key] = self._exercise_row(exercise, row, position=position, mark=mark)
            elif row.position != position:
                row.position = position
                moved.append(row)
        fresh = [known[exercise.key] for exercise in self.changed if known[exercise.key].pk is None]
        rewritten = [known[exercise.key] for exercise in self.changed if known[exercise.key].pk is not None]
        Exercise.objects.bulk_create(fresh, batch_size=BATCH)
        Exercise.objects.bulk_update(rewritten, _EXERCISE_FIELDS, batch_size=BATCH)
        Exercise.objects.bulk_update(moved, ["position"], batch_size=BATCH)
        keys = {exercise.key for exercise in self.package.exercises}
        gone = Exercise.objects.filter(course=self.course, retired=False).exclude(key__in=keys)
        self.retired = gone.update(retired=True, revision=F("revision") + 1)
        self._steps([(exercise, known[exercise.key]) for exercise in self.changed], concepts, misconceptions)

    def _exercise_row(self, exercise: package.Exercise, row: Exercise | None, *, position: int, mark: str) -> Exercise:
        row = row or Exercise(course=self.course, key=exercise.key, revision=0)
        for name in ("title", "prompt", "lesson", "licence", "attribution"):
            setattr(row, name, getattr(exercise, name))
        row.variables = dict(exercise.variables)
        row.position, row.fingerprint, row.retired = position, mark, False
        row.revision += 1
        return row

    def _steps(
        self,
        exercises: Sequence[tuple[package.Exercise, Exercise]],
        concepts: Mapping[str, Concept],
        misconceptions: Mapping[str, Misconception],
    ) -> None:
        """Write the steps of changed exercises. A step keeps its row and id; its hints and wrong answers are new."""
        owners = [row.pk for _, row in exercises]
        Step.objects.filter(exercise__in=owners).update(retired=True)
        wanted = [
            (step, row.pk, position) for exercise, row in exercises for position, step in enumerate(exercise.steps)
        ]
        Step.objects.bulk_create(
            [
                Step(
                    exercise_id=owner,
                    key=step.key,
                    position=position,
                    kind=step.answer["kind"],
                    prompt=step.prompt,
                    answer=dict(step.answer),
                    solution=step.solution,
                    retired=False,
                )
                for step, owner, position in wanted
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["exercise", "key"],
            update_fields=["position", "kind", "prompt", "answer", "solution", "retired"],
        )
        ids = {
            (owner, key): pk
            for pk, owner, key in Step.objects.filter(exercise__in=owners).values_list("pk", "exercise_id", "key")
        }
        self._parts([(step, ids[owner, step.key]) for step, owner, _ in wanted], concepts, misconceptions)

    def _parts(
        self,
        steps: Sequence[tuple[package.Step, int]],
        concepts: Mapping[str, Concept],
        misconceptions: Mapping[str, Misconception],
    ) -> None:
        step_ids = [pk for _, pk in steps]
        practise = Step.concepts.through
        for model in (practise, Hint, WrongAnswer):
            model._default_manager.filter(step__in=step_ids).delete()
        practise._default_manager.bulk_create(
            [practise(step_id=pk, concept_id=concepts[key].pk) for step, pk in steps for key in step.concepts],
            batch_size=BATCH,
        )
        Hint.objects.bulk_create(
            [_hint(hint, pk, position) for step, pk in steps for position, hint in enumerate(step.hints)],
            batch_size=BATCH,
        )
        WrongAnswer.objects.bulk_create(
            [
                WrongAnswer(
                    step_id=pk,
                    position=position,
                    response=list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response,
                    feedback=wrong.feedback,
                    misconception=misconceptions[wrong.misconception] if wrong.misconception else None,
                )
                for step, pk in steps
                for position, wrong in enumerate(step.wrong_answers)
            ],
            batch_size=BATCH,
        )


_EXERCISE_FIELDS = [
    *("title", "prompt", "lesson", "licence", "attribution", "variables"),
    *("position", "fingerprint", "retired", "revision"),
]


def _hint(hint: package.Hint, step_id: int, position: int) -> Hint:
    return Hint(
        step_id=step_id,
        key=hint.key,
        position=position,
        kind=hint.kind.value,
        title=hint.title,
        text=hint.text,
        answer=dict(hint.answer) if hint.answer else None,
    )


def _stored_name(name: str, data: bytes) -> str:
    """Where a figure is stored: by its content, so that equal pictures are stored once and never overwritten."""
    return f"figures/{hashlib.sha256(data).hexdigest()}.{name.rpartition('.')[2].lower()}"


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
