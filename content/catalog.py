"""Reads: courses out of their rows, for practice. Kept in the process by id and revision, which every change raises.

Rows hold only the latest revision: asked for an older one that is no longer kept, the latest is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Prefetch, QuerySet

from content import package
from content.models import Concept, Course, Exercise, Figure, Hint, Misconception, Step, WrongAnswer

EXERCISES_KEPT = 4096
COURSES_KEPT = 64


@dataclass(frozen=True, kw_only=True)
class ConceptEntry:
    """A concept of a course map; `requires` and `unlocks` are ids."""

    id: int
    key: str
    title: str
    requires: tuple[int, ...]
    unlocks: tuple[int, ...]
    position: int


@dataclass(frozen=True, kw_only=True)
class ExerciseEntry:
    """An exercise of a course map, with the ids of its steps and, for each step, of its concepts."""

    id: int
    key: str
    revision: int
    step_ids: tuple[int, ...]
    concept_ids: tuple[tuple[int, ...], ...]
    is_template: bool


@dataclass(frozen=True, kw_only=True)
class CourseMap:
    """A course without its texts: what a policy chooses from."""

    id: int
    concepts: tuple[ConceptEntry, ...]
    exercises: tuple[ExerciseEntry, ...]


@lru_cache(maxsize=EXERCISES_KEPT)
def exercise(exercise_id: int, revision: int) -> package.Exercise:
    """Return an exercise with its steps, hints and wrong answers, as a template. Raises Exercise.DoesNotExist."""
    return as_package(_with_parts().get(pk=exercise_id))


@lru_cache(maxsize=COURSES_KEPT)
def course_map(course_id: int, revision: int) -> CourseMap:
    """Return the concepts and exercises in use of a course, in their order. Four queries when cold."""
    concepts = Concept.objects.filter(course=course_id, retired=False).prefetch_related("prerequisites", "dependents")
    exercises = (
        Exercise.objects.filter(course=course_id, retired=False)
        .defer("prompt", "attribution")
        .order_by("position", "pk")
        .prefetch_related(Prefetch("steps", _live_steps().prefetch_related("concepts")))
    )
    rows = list(concepts.order_by("position", "pk"))
    live = {row.pk for row in rows}
    return CourseMap(
        id=course_id,
        concepts=tuple(_concept_entry(row, live) for row in rows),
        exercises=tuple(_exercise_entry(row, live) for row in exercises if len(row.steps.all())),
    )


@lru_cache(maxsize=COURSES_KEPT)
def _figures(course_id: int, revision: int) -> Mapping[str, str]:
    names = Figure.objects.filter(course=course_id).values_list("name", flat=True)
    return {name: f"/figures/{course_id}/{name}" for name in names}


def figures(course_id: int, *, revision: int | None = None) -> Mapping[str, str]:
    """Return the addresses of a course's figures by the names that its texts use; with `revision`, warm, no query."""
    if revision is None:
        revision = Course.objects.values_list("revision", flat=True).get(pk=course_id)
    return _figures(course_id, revision)


def course_package(course: Course) -> package.CoursePackage:
    """Return a whole course as a package, files included: what an export writes."""
    concepts = Concept.objects.filter(course=course, retired=False).prefetch_related("prerequisites__requires")
    exercises = _with_parts().filter(course=course, retired=False).order_by("position", "pk")
    return package.CoursePackage(
        slug=course.slug,
        title=course.title,
        language=course.language,
        description=course.description,
        licence=course.licence,
        attribution=course.attribution,
        concepts=tuple(_concept(row) for row in concepts.order_by("position", "pk")),
        misconceptions=tuple(
            package.Misconception(key=row.key, title=row.title, explanation=row.explanation)
            for row in Misconception.objects.filter(course=course).order_by("pk")
        ),
        exercises=tuple(as_package(row) for row in exercises),
        files={figure.name: _content(figure) for figure in Figure.objects.filter(course=course)},
    )


def _content(figure: Figure) -> bytes:
    with figure.file.open("rb") as stored:
        return bytes(stored.read())


def as_package(row: Exercise) -> package.Exercise:
    """Return an exercise's row, read with its parts, as a package's exercise."""
    return package.Exercise(
        key=row.key,
        title=row.title,
        prompt=row.prompt,
        lesson=row.lesson,
        licence=row.licence,
        attribution=row.attribution,
        variables=row.variables,
        steps=tuple(_step(step) for step in row.steps.all()),
    )


def _live_steps() -> QuerySet[Step]:
    return Step.objects.filter(retired=False).order_by("position", "pk")


def _with_parts() -> QuerySet[Exercise]:
    steps = _live_steps().prefetch_related(
        Prefetch("concepts", Concept.objects.filter(retired=False).order_by("position", "pk")),
        Prefetch("hints", Hint.objects.order_by("position")),
        Prefetch("wrong_answers", WrongAnswer.objects.order_by("position", "pk").select_related("misconception")),
    )
    return Exercise.objects.prefetch_related(Prefetch("steps", steps))


def _step(row: Step) -> package.Step:
    return package.Step(
        key=row.key,
        prompt=row.prompt,
        answer=row.answer,
        concepts=tuple(concept.key for concept in row.concepts.all()),
        hints=tuple(
            package.Hint(
                key=hint.key, text=hint.text, kind=package.HintKind(hint.kind), title=hint.title, answer=hint.answer
            )
            for hint in row.hints.all()
        ),
        solution=row.solution,
        wrong_answers=tuple(_wrong_answer(wrong) for wrong in row.wrong_answers.all()),
    )


def _wrong_answer(row: WrongAnswer) -> package.WrongAnswer:
    return package.WrongAnswer(
        response=tuple(row.response) if isinstance(row.response, list) else row.response,
        feedback=row.feedback,
        misconception=row.misconception.key if row.misconception else "",
    )


def _concept(row: Concept) -> package.Concept:
    edges = sorted(row.prerequisites.all(), key=lambda edge: (edge.requires.position, edge.requires.pk))
    return package.Concept(
        key=row.key,
        title=row.title,
        summary=row.summary,
        example=row.example,
        requires=tuple(edge.requires.key for edge in edges if not edge.requires.retired),
    )


def _concept_entry(row: Concept, live: set[int]) -> ConceptEntry:
    return ConceptEntry(
        id=row.pk,
        key=row.key,
        title=row.title,
        requires=tuple(edge.requires_id for edge in row.prerequisites.all() if edge.requires_id in live),
        unlocks=tuple(edge.concept_id for edge in row.dependents.all() if edge.concept_id in live),
        position=row.position,
    )


def _exercise_entry(row: Exercise, live: set[int]) -> ExerciseEntry:
    steps = row.steps.all()
    return ExerciseEntry(
        id=row.pk,
        key=row.key,
        revision=row.revision,
        step_ids=tuple(step.pk for step in steps),
        concept_ids=tuple(tuple(c.pk for c in step.concepts.all() if c.pk in live) for step in steps),
        is_template=bool(row.variables),
    )
