"""Writes: a copy of an exercise in another course, as a draft."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Max

from content import catalog
from content.authoring import drafts
from content.authoring.drafts import Draft
from content.models import Concept, Course, Exercise, Figure, Misconception


def copy_into(course: Course, exercise_id: int, *, author_id: int, now: datetime) -> Exercise:
    """A draft of an exercise of another course, at the end of this one, with its licence, attribution and figures.

    Concepts and misconceptions that this course does not have are left for the author to choose.
    """
    source = Exercise.objects.select_related("course").get(pk=exercise_id)
    key = drafts.fresh_key("e")
    draft = drafts.with_new_keys(drafts.of_exercise(catalog.exercise(source.pk, source.revision)), key)
    draft["licence"] = draft["licence"] or source.course.licence
    draft["attribution"] = draft["attribution"] or source.course.attribution
    concepts = set(Concept.objects.filter(course=course, retired=False).values_list("key", flat=True))
    misconceptions = set(Misconception.objects.filter(course=course).values_list("key", flat=True))
    fitted(draft, concepts, misconceptions)
    _copy_figures(source.course_id, course, str(draft))
    last = Exercise.objects.filter(course=course).aggregate(last=Max("position"))["last"]
    return Exercise.objects.create(
        course=course,
        key=key,
        **drafts.found_by(draft),
        position=0 if last is None else last + 1,
        published=False,
        draft=draft,
        draft_by_id=author_id,
        draft_at=now,
    )


def fitted(
    draft: Draft, concepts: Collection[str], misconceptions: Collection[str], otherwise: Concept | None = None
) -> Draft:
    """A draft, changed in place, without the concepts and misconceptions that its course does not have.

    A step that is left without a concept practises the one that is named, if one is.
    """
    for step in draft["steps"]:
        kept = [name for name in step["concepts"] if name in concepts]
        step["concepts"] = kept or ([otherwise.key] if otherwise else [])
        for wrong in step["wrong_answers"]:
            wrong["misconception"] = wrong["misconception"] if wrong["misconception"] in misconceptions else ""
    return draft


def _copy_figures(source_id: int, course: Course, texts: str) -> None:
    """The figures that the texts speak of, unless the course has one of that name."""
    wanted = [one for one in Figure.objects.filter(course=source_id) if f"figures/{one.name}" in texts]
    Figure.objects.bulk_create(
        (Figure(course=course, name=one.name, file=one.file.name, content_type=one.content_type) for one in wanted),
        ignore_conflicts=True,
    )
