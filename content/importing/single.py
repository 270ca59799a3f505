"""Writes: one exercise of an author, as students get it from now on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from content import catalog, package, packed, schema
from content.importing import rows
from content.importing.revisions import tell
from content.importing.whole import Refused
from content.models import Concept, Course, Exercise, Misconception, Step
from content.package import Defect


def write_exercise(
    course: Course, exercise: package.Exercise, *, author: Any, note: str = "", row: Exercise | None = None
) -> Exercise:
    """Publish an exercise under a new revision: in `row`, or in the course's row of its key, or in a new one.

    A row keeps its key, whatever the exercise says. What is the same as before only loses its draft. Raises Refused
    for what could not be served: unknown concepts, steps of other exercises, keys that refuse their own answer.
    """
    with transaction.atomic():
        course = Course.objects.select_for_update().get(pk=course.pk)
        row = _row(course, exercise, row)
        exercise = replace(exercise, key=row.key)
        concepts = {one.key: one for one in Concept.objects.filter(course=course, retired=False)}
        misconceptions = {one.key: one for one in Misconception.objects.filter(course=course)}
        if found := list(_defects(course, exercise, row, concepts=set(concepts), misconceptions=set(misconceptions))):
            raise Refused(found)
        if row.pk and row.published and not row.retired and _is_same(exercise, row):
            Exercise.objects.filter(pk=row.pk).update(draft=None, draft_by=None, draft_at=None)
            return row
        rows.fill(row, exercise)
        row.save()
        rows.write_parts([(exercise, row)], concepts, misconceptions, author=author, note=note)
        Course.objects.filter(pk=course.pk).update(revision=F("revision") + 1)
        tell(course.pk)
    return row


def _row(course: Course, exercise: package.Exercise, row: Exercise | None) -> Exercise:
    of_course = Exercise.objects.select_for_update().filter(course=course)
    found = of_course.get(pk=row.pk) if row else of_course.filter(key=exercise.key).first()
    if found:
        return found
    last = Exercise.objects.filter(course=course).aggregate(last=Max("position"))["last"]
    return Exercise(course=course, key=exercise.key, revision=0, position=0 if last is None else last + 1)


def _is_same(exercise: package.Exercise, row: Exercise) -> bool:
    """Whether a row has this content already; the order of choices counts, so the texts are compared."""
    held = catalog.as_package(catalog.with_parts().get(pk=row.pk))
    return repr(packed.to_json(held)) == repr(packed.to_json(exercise))


def _defects(
    course: Course, exercise: package.Exercise, row: Exercise, *, concepts: set[str], misconceptions: set[str]
) -> Iterator[Defect]:
    yield from schema.check_one(exercise, concepts=concepts, misconceptions=misconceptions)
    elsewhere = Step.objects.filter(exercise__course=course, key__in=[step.key for step in exercise.steps])
    for key in elsewhere.exclude(exercise=row.pk).values_list("key", flat=True):
        yield Defect(place=f"step {key}", problem="this key is used in another exercise")
    for found in schema.check_exercise(exercise, texts=False, misconceptions=catalog.misconceptions(course.pk)):
        place = f"step {found.step}" if found.step else f"exercise {exercise.key}"
        yield Defect(place=f"{place}, {found.part}" if found.part else place, problem=found.problem)
