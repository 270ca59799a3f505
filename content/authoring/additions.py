"""Writes: exercises of a file as drafts of a course that has its own; nothing that is there is changed.

An exercise is known again by the short name of its source and its key there, whatever has become of it: the same file a
second time adds nothing. Concepts that the course does not have give way to one that the author chose.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import PurePath

from django.db import transaction
from django.db.models import Max

from content import importing, package, search
from content.authoring import courses, drafts
from content.authoring.copies import fitted
from content.authoring.drafts import Draft
from content.models import Concept, Course, Exercise, Figure, Misconception

PORTION = 500


@dataclass(frozen=True, kw_only=True)
class Added:
    """How many exercises a file added to a course, or would, and how many of it were there already."""

    created: int
    kept: int


def add_exercises(
    source: package.CoursePackage, concept: Concept, *, author_id: int, now: datetime, dry_run: bool = False
) -> Added:
    """Add the exercises of a package to the course of a concept, at its end, as drafts that practise the concept."""
    with transaction.atomic():
        course = Course.objects.select_for_update().get(pk=concept.course_id)
        figures = _figures(course, source.files, dry_run=dry_run)
        concepts = set(Concept.objects.filter(course=course, retired=False).values_list("key", flat=True))
        misconceptions = set(Misconception.objects.filter(course=course).values_list("key", flat=True))
        last = Exercise.objects.filter(course=course).aggregate(last=Max("position"))["last"] or 0
        created, seen = 0, set[str]()
        for portion in _portions(source.exercises):
            named = {_key(source.slug, exercise.key): exercise for exercise in portion}
            known = Exercise.objects.filter(course=course, key__in=named).values_list("key", flat=True)
            fresh = {key: named[key] for key in named if key not in {*known, *seen}}
            seen |= fresh.keys()
            if not dry_run:
                rows = [
                    _row(course, key, fitted(_draft(exercise, source, key, figures), concepts, misconceptions, concept))
                    for key, exercise in fresh.items()
                ]
                for place, row in enumerate(rows, start=1):
                    row.position, row.draft_by_id, row.draft_at = last + created + place, author_id, now
                search.index(exercises=[row.pk for row in Exercise.objects.bulk_create(rows)])
            created += len(fresh)
    return Added(created=created, kept=len(source.exercises) - created)


def _key(source: str, key: str) -> str:
    return f"i-{hashlib.sha256(f'{source}/{key}'.encode()).hexdigest()[:16]}"


def _portions(exercises: Iterable[package.Exercise]) -> Iterator[list[package.Exercise]]:
    rest = iter(exercises)
    while portion := list(islice(rest, PORTION)):
        yield portion


def _draft(exercise: package.Exercise, source: package.CoursePackage, key: str, figures: Mapping[str, str]) -> Draft:
    draft = drafts.with_new_keys(drafts.of_exercise(exercise), key)
    draft["licence"] = draft["licence"] or source.licence
    draft["attribution"] = draft["attribution"] or source.attribution
    if not figures:
        return draft
    text = json.dumps(draft, ensure_ascii=False)
    for name, other in figures.items():
        text = text.replace(f"figures/{name}", f"figures/{other}")
    made: Draft = json.loads(text)
    return made


def _row(course: Course, key: str, draft: Draft) -> Exercise:
    return Exercise(course=course, key=key, published=False, draft=draft, **drafts.found_by(draft))


def _figures(course: Course, files: Mapping[str, bytes], *, dry_run: bool) -> dict[str, str]:
    """Store the pictures; returns the other names of those whose own name is another picture's here."""
    known = dict(Figure.objects.filter(course=course).values_list("name", "file"))
    renamed: dict[str, str] = {}
    for name, data in () if dry_run else files.items():
        stored = importing.stored_name(name, data)
        if known.get(name, stored) != stored:
            renamed[name] = f"{hashlib.sha256(data).hexdigest()[:8]}-{PurePath(name).name}"
        courses.save_figure(course.pk, renamed.get(name, name), data)
    return renamed
