"""Writes: the revisions that every change raises, and a version of each exercise that changed."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from content import catalog, search, versions
from content.models import Course, Exercise

PORTION = 500
changed = Signal()  # sent with `course_id` once a change to a course stands, for apps above: nothing here depends on it


def touch(
    *,
    course_ids: Iterable[int] = (),
    exercise_ids: Iterable[int] = (),
    author: Any = None,
    note: str = "",
    deleted: bool = False,
) -> None:
    """Raise the revisions of exercises, and of their courses and others: whoever changes a course's rows calls this.

    What each published exercise is now becomes a version, by `author`. After a deletion the next import compares
    everything again, so that it brings back what its package still holds.
    """
    exercise_ids = list(exercise_ids)
    with transaction.atomic():
        courses = {*course_ids, *Exercise.objects.filter(pk__in=exercise_ids).values_list("course", flat=True)}
        Exercise.objects.filter(pk__in=exercise_ids).update(revision=F("revision") + 1)
        for portion in _portions(exercise_ids):
            rows = catalog.with_parts().filter(pk__in=portion, published=True)
            search.index(exercises=portion)
            versions.record([(row, catalog.as_package(row)) for row in rows], author=author, note=note)
        rows_of_courses = Course.objects.filter(pk__in=courses)
        rows_of_courses.update(revision=F("revision") + 1)
        if deleted:
            rows_of_courses.update(fingerprint="")
        for course_id in courses:
            tell(course_id)


def tell(course_id: int) -> None:
    """Send `changed` once the transaction stands."""
    transaction.on_commit(partial(changed.send, sender=None, course_id=course_id), robust=True)


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + PORTION] for start in range(0, len(ids), PORTION))
