"""Writes: what a course is made of beside its exercises: itself, its concepts and graph, misconceptions, resources,
pictures. Every change raises the course's revision, which caches are keyed by.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from content import graph, importing, package, search
from content.models import Concept, Course, Figure, Misconception, Prerequisite, Resource, Rule, Step, WrongAnswer

KEY_LENGTH = 60  # of a key made from a title, well below what the table takes


class InUse(ValueError):
    """A concept that exercises still practise cannot be taken out; `steps` says how many steps there are."""

    def __init__(self, steps: int) -> None:
        super().__init__(f"{steps} steps practise it")
        self.steps = steps


class Circular(ValueError):
    """An edge that would close a circle; `titles` walks round it and ends where it began."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(" → ".join(titles))
        self.titles = tuple(titles)


def make_course(course: Course, *, author_id: int) -> Course:
    """Store a new course, unpublished, with its first author. Its short name is made from its title."""
    with transaction.atomic():
        course.slug = _fresh_slug(course.title)
        course.published = False
        course.save()
        course.authors.add(author_id)
    return course


def save_course(course: Course) -> None:
    """Store a course's own fields."""
    with transaction.atomic():
        course.save()
        importing.touch(course_ids=[course.pk])


def set_published(course: Course, published: bool) -> None:
    """Let students take a course, or keep it from them; what they have answered stays."""
    with transaction.atomic():
        Course.objects.filter(pk=course.pk).update(published=published)
        importing.touch(course_ids=[course.pk])


def save_concept(concept: Concept, rules: Sequence[package.Rule]) -> Concept:
    """Store a concept, new or not, with its rules in their order. A rule without a key gets one."""
    with transaction.atomic():
        if concept.pk is None:
            concept.key = _fresh_key(Concept, concept.course_id, concept.title, "concept")
            concept.position = _next_position(Concept, concept.course_id)
        concept.save()
        Rule.objects.filter(concept=concept).delete()
        Rule.objects.bulk_create(
            Rule(
                concept=concept,
                key=rule.key or f"r-{secrets.token_hex(3)}",
                position=position,
                statement=rule.statement,
                when=rule.when,
                example=rule.example,
            )
            for position, rule in enumerate(rules)
        )
        importing.touch(course_ids=[concept.course_id])
    return concept


def retire_concept(concept: Concept) -> None:
    """Take a concept out of its course; attempts still point at it. Raises InUse while exercises practise it."""
    with transaction.atomic():
        steps = Step.objects.filter(concepts=concept, retired=False, exercise__retired=False).count()
        if steps:
            raise InUse(steps)
        Prerequisite.objects.filter(concept=concept).delete()
        Prerequisite.objects.filter(requires=concept).delete()
        Concept.objects.filter(pk=concept.pk).update(retired=True)
        importing.touch(course_ids=[concept.course_id])


def link(concept: Concept, requires: Concept) -> None:
    """Say that a concept builds on another of the same course. Raises Circular. Said twice, it is said once."""
    with transaction.atomic():
        # Two authors at once could each add half of a circle: the course's row is the lock.
        Course.objects.select_for_update().get(pk=concept.course_id)
        needs: dict[int, list[int]] = {concept.pk: [requires.pk]}
        for one, needed in Prerequisite.objects.filter(
            concept__course=concept.course_id, concept__retired=False, requires__retired=False
        ).values_list("concept", "requires"):
            needs.setdefault(one, []).append(needed)
        if cycle := graph.find_cycle(needs):
            titles = dict(Concept.objects.filter(pk__in=cycle).values_list("pk", "title"))
            raise Circular([titles[pk] for pk in cycle])
        Prerequisite.objects.get_or_create(concept=concept, requires=requires)
        importing.touch(course_ids=[concept.course_id])


def unlink(concept: Concept, requires: Concept) -> None:
    """Say that a concept does not build on another."""
    with transaction.atomic():
        Prerequisite.objects.filter(concept=concept, requires=requires).delete()
        importing.touch(course_ids=[concept.course_id])


def move_concept(concept: Concept, by: int) -> None:
    """Move a concept up (-1) or down (+1) in the teaching order."""
    with transaction.atomic():
        rows = list(Concept.objects.filter(course=concept.course_id, retired=False).order_by("position", "pk"))
        place = next(index for index, row in enumerate(rows) if row.pk == concept.pk)
        target = min(max(place + by, 0), len(rows) - 1)
        rows.insert(target, rows.pop(place))
        for position, row in enumerate(rows):
            row.position = position
        Concept.objects.bulk_update(rows, ["position"])
        importing.touch(course_ids=[concept.course_id])


def save_misconception(misconception: Misconception, concepts: Sequence[Concept]) -> Misconception:
    """Store a misconception, new or not, with the concepts it is about."""
    with transaction.atomic():
        if misconception.pk is None:
            misconception.key = _fresh_key(Misconception, misconception.course_id, misconception.title, "misconception")
        misconception.save()
        misconception.concepts.set(concepts)
        # Its rules make wrong answers of variants, and those are remembered by the exercise's revision.
        computed = WrongAnswer.objects.filter(misconception=misconception).exclude(applied_to="")
        exercises = computed.filter(step__retired=False).values_list("step__exercise", flat=True).distinct()
        importing.touch(course_ids=[misconception.course_id], exercise_ids=exercises)
    return misconception


def save_resource(resource: Resource, concepts: Sequence[Concept]) -> Resource:
    """Store a resource, new or not, with the concepts it serves."""
    with transaction.atomic():
        if resource.pk is None:
            resource.key = _fresh_key(Resource, resource.course_id, resource.title, "resource")
            resource.position = _next_position(Resource, resource.course_id)
        resource.save()
        resource.concepts.set(concepts)
        search.index(resources=[resource.pk])
        importing.touch(course_ids=[resource.course_id])
    return resource


def retire_resource(resource: Resource, *, retired: bool) -> None:
    """Take a resource out of its course, or bring it back."""
    with transaction.atomic():
        Resource.objects.filter(pk=resource.pk).update(retired=retired)
        importing.touch(course_ids=[resource.course_id])


def save_figure(course_id: int, name: str, data: bytes) -> Figure:
    """Store a picture under a name; one of the same name is replaced wherever texts show it."""
    with transaction.atomic():
        stored = importing.stored_name(name, data)
        if not default_storage.exists(stored):
            default_storage.save(stored, ContentFile(data))
        figure, _ = Figure.objects.update_or_create(
            course_id=course_id,
            name=name,
            defaults={"file": stored, "content_type": importing.content_type(name)},
        )
        importing.touch(course_ids=[course_id])
    return figure


def delete_figure(figure: Figure) -> None:
    """Take a picture away. Its file stays: versions of exercises and other courses may show it."""
    with transaction.atomic():
        Figure.objects.filter(pk=figure.pk).delete()
        importing.touch(course_ids=[figure.course_id])


def _fresh_slug(title: str) -> str:
    made = slugify(title)[:KEY_LENGTH].strip("-")
    made = "-".join(filter(None, made.replace("_", "-").split("-"))) or f"course-{secrets.token_hex(3)}"
    return made if not Course.objects.filter(slug=made).exists() else f"{made}-{secrets.token_hex(3)}"


def _fresh_key(model: Any, course_id: int, title: str, word: str) -> str:
    """A key that is not taken: from the title where it is in Latin letters, and stable from now on."""
    made = slugify(title)[:KEY_LENGTH].strip("-_") or f"{word}-{secrets.token_hex(3)}"
    taken = model.objects.filter(course=course_id, key=made).exists()
    return f"{made}-{secrets.token_hex(3)}" if taken else made


def _next_position(model: Any, course_id: int) -> int:
    found: Mapping[str, int | None] = model.objects.filter(course=course_id).aggregate(last=Max("position"))
    return 0 if found["last"] is None else found["last"] + 1
