"""Reads: courses out of their rows, for practice. Kept in the process by id and revision, which every change raises.

An exercise under a revision is the version that was published so, whatever it has become. Of exercises that were there
before versions were kept, the nearest content that is known is given.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.db.models import Prefetch, Q, QuerySet

from content import package, packed, variants
from content.models import (
    Concept,
    Course,
    Exercise,
    ExerciseVersion,
    Figure,
    Hint,
    Misconception,
    Prerequisite,
    Resource,
    Step,
    WrongAnswer,
)

EXERCISES_KEPT = 4096
VARIANTS_KEPT = 512
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

    @cached_property
    def titles(self) -> Mapping[int, str]:
        """The titles of the concepts, by id."""
        return {entry.id: entry.title for entry in self.concepts}

    @cached_property
    def exercise_of(self) -> Mapping[int, ExerciseEntry]:
        """The exercises by id."""
        return {entry.id: entry for entry in self.exercises}

    @cached_property
    def step_ids(self) -> frozenset[int]:
        """The ids of all steps."""
        return frozenset(step for entry in self.exercises for step in entry.step_ids)

    @cached_property
    def exercises_on(self) -> Mapping[int, tuple[ExerciseEntry, ...]]:
        """The exercises with a step on a concept, by the concept's id, in the course's order."""
        found: dict[int, list[ExerciseEntry]] = defaultdict(list)
        for entry in self.exercises:
            for concept in dict.fromkeys(concept for step in entry.concept_ids for concept in step):
                found[concept].append(entry)
        return {concept: tuple(entries) for concept, entries in found.items()}


@lru_cache(maxsize=EXERCISES_KEPT)
def exercise(exercise_id: int, revision: int) -> package.Exercise:
    """Return an exercise as it was published under a revision, as a template. Raises Exercise.DoesNotExist.

    One query where it is a version, and it always is but for old rows.
    """
    versions = ExerciseVersion.objects.filter(exercise=exercise_id)
    content = versions.filter(number=revision).values_list("content", flat=True).first()
    if content is not None:
        return packed.from_json(content)
    row = with_parts().get(pk=exercise_id)
    later = versions.filter(number__gt=revision).order_by("number").values_list("content", flat=True)
    content = later.first() if revision < row.revision else None
    return as_package(row) if content is None else packed.from_json(content)


@lru_cache(maxsize=VARIANTS_KEPT)
def variant(exercise_id: int, revision: int, seed: int, theme: str = "") -> package.Exercise:
    """Return an exercise as it was served: everything drawn, computed and filled in. Warm, no query.

    Raises Exercise.DoesNotExist and content.variants.VariantProblem.
    """
    template = exercise(exercise_id, revision)
    misconceptions = _ruling(exercise_id, revision) if variants.needs_rules(template) else ()
    return variants.instantiate(template, seed, theme, misconceptions)


@lru_cache(maxsize=EXERCISES_KEPT)
def _ruling(exercise_id: int, revision: int) -> tuple[package.Misconception, ...]:
    """The misconceptions by whose rules an exercise was published under a revision, or, where none are kept, is now."""
    versions = ExerciseVersion.objects.filter(exercise=exercise_id, number=revision)
    rules = (versions.values_list("content", flat=True).first() or {}).get("rules")
    if rules is None:
        rows = Misconception.objects.filter(course__exercises=exercise_id).exclude(rewritings=[])
        rules = dict(rows.values_list("key", "rewritings"))
    return tuple(
        package.Misconception(
            key=key,
            title=key,
            rewritings=tuple(package.Rewriting(before=before, after=after) for before, after in rewritings),
        )
        for key, rewritings in rules.items()
    )


def step_ids(exercise_id: int, key: str) -> tuple[int, tuple[int, ...]]:
    """Return the id of a step, in use or not, and those of its concepts in use. Raises Step.DoesNotExist."""
    step = Step.objects.get(exercise=exercise_id, key=key)
    return step.pk, tuple(_live_concepts().filter(steps=step).values_list("pk", flat=True))


@dataclass
class _Held:
    """The newest map of a course that this process has read, under its revision."""

    newest: tuple[int, CourseMap] | None = None


@lru_cache(maxsize=COURSES_KEPT)
def _held(course_id: int) -> _Held:
    return _Held()


def course_map(course_id: int, revision: int) -> CourseMap:
    """Return the concepts and exercises in use of a course, in their order. Five queries when cold, warm none.

    After a change only the exercises with another revision are read anew: the largest courses have a hundred thousand.
    """
    held = _held(course_id)
    number, known = held.newest or (-1, None)
    if known is not None and number == revision:
        return known
    made = _read_map(course_id, known)
    if revision > number:  # a request that began before the last change does not bring an old map back
        held.newest = revision, made
    return made


def _read_map(course_id: int, known: CourseMap | None) -> CourseMap:
    concepts = _concept_entries(course_id)
    in_order = [concept.id for concept in concepts]
    kept = known.exercise_of if known and in_order == [concept.id for concept in known.concepts] else {}
    rows = Exercise.objects.filter(course=course_id, retired=False, published=True).order_by("position", "pk")
    revisions = list(rows.values_list("pk", "revision"))
    entries = {pk: kept[pk] for pk, revision in revisions if pk in kept and kept[pk].revision == revision}
    if fresh := [pk for pk, _ in revisions if pk not in entries]:
        rows = rows.filter(pk__in=fresh) if entries else rows  # a long list of ids costs more than a whole course
        entries |= _entries(rows.order_by(), in_order)
    exercises = tuple(entries[pk] for pk, _ in revisions if pk in entries)
    return CourseMap(id=course_id, concepts=concepts, exercises=exercises)


def _entries(rows: QuerySet[Exercise], concepts: Sequence[int]) -> dict[int, ExerciseEntry]:
    """Exercises as a map has them, by id; those without a step are left out. Read as plain values, which is quick."""
    places = {pk: place for place, pk in enumerate(concepts)}
    ids = rows.values("pk")
    practised: dict[int, list[int]] = defaultdict(list)
    for step, concept in Step.concepts.through.objects.filter(step__exercise__in=ids).values_list("step", "concept"):
        if concept in places:
            practised[step].append(concept)
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    live_steps = Step.objects.filter(retired=False, exercise__in=ids)
    for exercise_id, position, pk in live_steps.values_list("exercise", "position", "pk"):
        steps[exercise_id].append((position, pk))
    entries = {}
    varying = rows.annotate(is_template=~Q(variables={}))
    for pk, key, revision, is_template in varying.values_list("pk", "key", "revision", "is_template"):
        if pk in steps:
            step_ids = tuple(step for _, step in sorted(steps[pk]))
            entries[pk] = ExerciseEntry(
                id=pk,
                key=key,
                revision=revision,
                step_ids=step_ids,
                concept_ids=tuple(tuple(sorted(practised[step], key=places.__getitem__)) for step in step_ids),
                is_template=is_template,
            )
    return entries


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
    concepts = Concept.objects.filter(course=course, retired=False).prefetch_related("prerequisites__requires", "rules")
    exercises = with_parts().filter(course=course, retired=False, published=True).order_by("position", "pk")
    return package.CoursePackage(
        slug=course.slug,
        title=course.title,
        language=course.language,
        description=course.description,
        licence=course.licence,
        attribution=course.attribution,
        concepts=tuple(_concept(row) for row in concepts.order_by("position", "pk")),
        misconceptions=misconceptions(course.pk),
        resources=resources(course.pk),
        exercises=tuple(as_package(row) for row in exercises),
        files={figure.name: _content(figure) for figure in Figure.objects.filter(course=course)},
    )


def misconceptions(course_id: int) -> tuple[package.Misconception, ...]:
    """Return the misconceptions of a course, the oldest first. Two queries."""
    rows = Misconception.objects.filter(course=course_id).order_by("pk")
    return tuple(
        package.Misconception(
            key=row.key,
            title=row.title,
            explanation=row.explanation,
            shows=row.shows,
            concepts=tuple(concept.key for concept in row.concepts.all()),
            rewritings=tuple(package.Rewriting(before=before, after=after) for before, after in row.rewritings),
        )
        for row in rows.prefetch_related(Prefetch("concepts", _live_concepts()))
    )


def resources(course_id: int) -> tuple[package.Resource, ...]:
    """Return the resources in use of a course, in their order. Two queries."""
    rows = Resource.objects.filter(course=course_id, retired=False).order_by("position", "pk")
    return tuple(
        package.Resource(
            key=row.key,
            title=row.title,
            kind=package.ResourceKind(row.kind),
            text=row.text,
            url=row.url,
            concepts=tuple(concept.key for concept in row.concepts.all()),
            minutes=row.minutes,
            licence=row.licence,
            attribution=row.attribution,
        )
        for row in rows.prefetch_related(Prefetch("concepts", _live_concepts()))
    )


def _live_concepts() -> QuerySet[Concept]:
    return Concept.objects.filter(retired=False).order_by("position", "pk")


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
        tags=tuple(row.tags),
        difficulty="" if row.difficulty is None else str(row.difficulty).removesuffix(".0"),
        variables=row.variables,
        steps=tuple(_step(step) for step in row.steps.all()),
    )


def _live_steps() -> QuerySet[Step]:
    return Step.objects.filter(retired=False).order_by("position", "pk")


def with_parts() -> QuerySet[Exercise]:
    """Exercises with everything that `as_package` reads. Five queries, however many they are."""
    steps = _live_steps().prefetch_related(
        Prefetch("concepts", _live_concepts()),
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
        applied_to=row.applied_to,
        credit=row.credit,
    )


def _concept(row: Concept) -> package.Concept:
    edges = sorted(row.prerequisites.all(), key=lambda edge: (edge.requires.position, edge.requires.pk))
    return package.Concept(
        key=row.key,
        title=row.title,
        summary=row.summary,
        example=row.example,
        requires=tuple(edge.requires.key for edge in edges if not edge.requires.retired),
        rules=tuple(
            package.Rule(key=rule.key, statement=rule.statement, when=rule.when, example=rule.example)
            for rule in row.rules.all()
        ),
    )


def _concept_entries(course_id: int) -> tuple[ConceptEntry, ...]:
    """The concepts in use of a course, in their order, with their edges to one another."""
    rows = Concept.objects.filter(course=course_id, retired=False).order_by("position", "pk")
    entries = rows.values_list("pk", "key", "title", "position")
    requires: dict[int, list[int]] = defaultdict(list)
    unlocks: dict[int, list[int]] = defaultdict(list)
    edges = Prerequisite.objects.filter(concept__course=course_id, concept__retired=False, requires__retired=False)
    for concept, needed in edges.order_by("pk").values_list("concept", "requires"):
        requires[concept].append(needed)
        unlocks[needed].append(concept)
    return tuple(
        ConceptEntry(
            id=pk,
            key=key,
            title=title,
            requires=tuple(requires[pk]),
            unlocks=tuple(unlocks[pk]),
            position=position,
        )
        for pk, key, title, position in entries
    )
