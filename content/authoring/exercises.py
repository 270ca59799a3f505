"""Writes: exercises as authors go on with them: drafts, publishing, copies, order, and what is done to many at once.

A draft never changes what students see; publishing goes through content/importing, which keeps every version.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from content import catalog, importing, package, schema, search, variants
from content.authoring import drafts
from content.authoring.drafts import Draft
from content.models import Concept, Course, Exercise, ExerciseVersion, Figure, Step
from content.schema import Finding

MOST_AT_ONCE = 1000  # exercises that one press of a button changes

# In their order, ties by age, with whole numbers. Only rows that are not in their place are written.
_RENUMBER = """
    UPDATE content_exercise AS moved SET position = placed.place
    FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS place
          FROM content_exercise WHERE course_id = %s) AS placed
    WHERE moved.id = placed.id AND moved.position <> placed.place
"""


class Overtaken(Exception):
    """Somebody has saved since what was `seen`: who, and when. Nothing was written."""

    def __init__(self, author: Any, at: datetime | None, *, seen: str) -> None:
        super().__init__()
        self.author = author
        self.at = at
        self.seen = seen


class Unfit(ValueError):
    """A draft that cannot be published; `findings` says everything that is wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = tuple(findings)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What came of publishing: the row as it is now, and whether an answer key that was in use has changed."""

    exercise: Exercise
    rekeyed: bool


def stamp(exercise: Exercise) -> str:
    """What an exercise's state was when somebody saw it: another one means that somebody has saved since."""
    return f"{exercise.revision}-{exercise.draft_at.isoformat() if exercise.draft_at else ''}"


def draft_of(exercise: Exercise) -> Draft:
    """What an author goes on with: the draft, or the published exercise as one."""
    if exercise.draft is not None:
        return dict(exercise.draft)
    return drafts.of_exercise(catalog.exercise(exercise.pk, exercise.revision))


def new_exercise(course: Course, answer: package.Json, *, author_id: int, now: datetime) -> Exercise:
    """An exercise that is only a draft of one step, at the end of its course."""
    key = drafts.fresh_key("e")
    last = Exercise.objects.filter(course=course).aggregate(last=Max("position"))["last"]
    first = Concept.objects.filter(course=course, retired=False).order_by("position", "pk").first()
    return Exercise.objects.create(
        course=course,
        key=key,
        position=0 if last is None else last + 1,
        published=False,
        draft=drafts.blank(key, answer, [first.key] if first else []),
        draft_by_id=author_id,
        draft_at=now,
    )


def save_draft(exercise_id: int, draft: Draft, *, author_id: int, seen: str, now: datetime) -> Exercise:
    """Store a draft, unless somebody has saved since it was seen. Raises Overtaken."""
    with transaction.atomic():
        row = _locked(exercise_id)
        if seen != stamp(row):
            raise Overtaken(*_last_hand(row), seen=seen)
        row.draft, row.draft_by_id, row.draft_at = draft, author_id, now
        fields = ["draft", "draft_by", "draft_at"]
        if not row.published:  # nothing of it is in use: lists and searches find it by what it will be
            for name, value in drafts.found_by(draft).items():
                setattr(row, name, value)
                fields.append(name)
        row.save(update_fields=fields)
        if not row.published:
            search.index(exercises=[row.pk])
    return row


def discard_draft(exercise_id: int) -> None:
    """Drop the changes of a published exercise that are not published yet."""
    Exercise.objects.filter(pk=exercise_id, published=True).update(draft=None, draft_by=None, draft_at=None)


def findings(exercise: Exercise, draft: Draft) -> list[Finding]:
    """Everything that is wrong with a draft: what publishing would refuse."""
    made = drafts.to_exercise(draft, exercise.key)
    if made.findings:
        return list(made.findings)
    figures = Figure.objects.filter(course=exercise.course_id).values_list("name", flat=True)
    found = schema.check_exercise(
        made.exercise, figures=set(figures), misconceptions=catalog.misconceptions(exercise.course_id)
    )
    found += [
        Finding(step=step.key, part="concepts", problem="choose the concept that it practises")
        for step in made.exercise.steps
        if not step.concepts
    ]
    if not made.exercise.steps:
        found.append(Finding(step="", part="steps", problem="there is no step yet"))
    return list(dict.fromkeys(found))


def publish(exercise_id: int, *, author: Any, note: str = "") -> Published:
    """Let students have what is in the draft, as a new version. Raises Unfit."""
    with transaction.atomic():
        row = _locked(exercise_id)
        if row.draft is None:
            return Published(exercise=row, rekeyed=False)
        if found := findings(row, row.draft):
            raise Unfit(found)
        before = dict(Step.objects.filter(exercise=row, retired=False).values_list("key", "answer"))
        made = drafts.to_exercise(row.draft, row.key).exercise
        try:
            written = importing.write_exercise(row.course, made, author=author, note=note, row=row)
        except importing.Refused as refused:
            raise Unfit([Finding(step="", part=one.place, problem=one.problem) for one in refused.defects]) from None
        after = dict(Step.objects.filter(exercise=row, retired=False).values_list("key", "answer"))
        Exercise.objects.filter(pk=row.pk).update(draft=None, draft_by=None, draft_at=None)
    written.refresh_from_db()
    return Published(exercise=written, rekeyed=any(after.get(key) != answer for key, answer in before.items()))


def restore(exercise_id: int, number: int, *, author_id: int, now: datetime) -> Exercise:
    """Make an old version the draft, to be looked at and published again. Raises ExerciseVersion.DoesNotExist."""
    with transaction.atomic():
        row = _locked(exercise_id)
        ExerciseVersion.objects.get(exercise=row, number=number)
        row.draft = drafts.of_exercise(catalog.exercise(row.pk, number))
        row.draft_by_id, row.draft_at = author_id, now
        row.save(update_fields=["draft", "draft_by", "draft_at"])
    return row


def duplicate(exercise_id: int, *, author_id: int, now: datetime) -> Exercise:
    """A copy as a draft of its own, right after the original."""
    with transaction.atomic():
        row = Exercise.objects.get(pk=exercise_id)
        Course.objects.select_for_update().get(pk=row.course_id)
        key = drafts.fresh_key("e")
        draft = drafts.with_new_keys(draft_of(row), key)
        return Exercise.objects.create(
            course_id=row.course_id,
            key=key,
            **drafts.found_by(draft),
            position=_place_beside(row.pk, after=True),
            published=False,
            draft=draft,
            draft_by_id=author_id,
            draft_at=now,
        )


def step_by(exercise_id: int, by: int, *, among: QuerySet[Exercise]) -> None:
    """Put an exercise one place before (-1) or behind (+1) among some of its course; the others stay where they are."""
    with transaction.atomic():
        row = Exercise.objects.get(pk=exercise_id)
        # Two authors at once could each find the same room: the course's row is the lock.
        Course.objects.select_for_update().get(pk=row.course_id)
        row.refresh_from_db(fields=["position"])
        other = _next_to(row, among, after=by > 0)
        if other is not None:
            Exercise.objects.filter(pk=row.pk).update(position=_place_beside(other.pk, after=by > 0))
            importing.touch(course_ids=[row.course_id])


def _place_beside(exercise_id: int, *, after: bool) -> float:
    """A place right before or behind an exercise, halfway to the next; the course's row is locked."""
    for _ in range(2):
        row = Exercise.objects.only("course", "position").get(pk=exercise_id)
        other = _next_to(row, Exercise.objects.filter(course=row.course_id), after=after)
        if other is None:
            return row.position + (1 if after else -1)
        middle = (row.position + other.position) / 2
        if min(row.position, other.position) < middle < max(row.position, other.position):
            break
        with connection.cursor() as cursor:  # two in one place, or no room left between them
            cursor.execute(_RENUMBER, [row.course_id])
    return middle


def _next_to(row: Exercise, among: QuerySet[Exercise], *, after: bool) -> Exercise | None:
    """The next one in a course's order, or the one before."""
    if after:
        beyond = Q(position__gt=row.position) | Q(position=row.position, pk__gt=row.pk)
        return among.filter(beyond).only("course", "position").order_by("position", "pk").first()
    beyond = Q(position__lt=row.position) | Q(position=row.position, pk__lt=row.pk)
    return among.filter(beyond).only("course", "position").order_by("-position", "-pk").first()


def set_retired(exercises: QuerySet[Exercise], *, retired: bool, author: Any) -> int:
    """Take exercises out of their course, or bring them back; returns how many."""
    ids = _ids(exercises.filter(retired=not retired))
    Exercise.objects.filter(pk__in=ids).update(retired=retired)
    importing.touch(exercise_ids=ids, author=author)
    return len(ids)


def tag(exercises: QuerySet[Exercise], *, add: Iterable[str] = (), remove: Iterable[str] = (), author: Any) -> int:
    """Give exercises tags, and take tags from them; returns how many there were."""
    added, removed = list(add), set(remove)

    def retag(tags: Sequence[str]) -> list[str]:
        return list(dict.fromkeys([one for one in tags if one not in removed] + added))

    def change(row: Exercise) -> list[str]:
        row.tags = retag(row.tags)
        if row.draft is not None:
            row.draft = {**row.draft, "tags": retag(row.draft["tags"])}
        return ["tags", "draft"]

    return _change(exercises, change, author=author)


def set_lesson(exercises: QuerySet[Exercise], lesson: str, *, author: Any) -> int:
    """Move exercises to a lesson; returns how many there were."""

    def change(row: Exercise) -> list[str]:
        row.lesson = lesson
        if row.draft is not None:
            row.draft = {**row.draft, "lesson": lesson}
        return ["lesson", "draft"]

    return _change(exercises, change, author=author)


def set_concept(exercises: QuerySet[Exercise], concept: Concept, *, author: Any) -> int:
    """Let every step of exercises practise one concept; returns how many exercises there were."""
    ids = _ids(exercises)
    through = Step.concepts.through

    def change(row: Exercise) -> list[str]:
        if row.draft is not None:
            row.draft = {**row.draft, "steps": [{**step, "concepts": [concept.key]} for step in row.draft["steps"]]}
        return ["draft"]

    with transaction.atomic():
        steps = list(Step.objects.filter(exercise__in=ids, retired=False).values_list("pk", flat=True))
        through.objects.filter(step__in=steps).delete()
        through.objects.bulk_create(through(step_id=pk, concept_id=concept.pk) for pk in steps)
        return _change(Exercise.objects.filter(pk__in=ids), change, author=author)


def publish_all(exercises: QuerySet[Exercise], *, author: Any, note: str = "") -> tuple[int, list[Exercise]]:
    """Publish every draft among exercises; returns how many were, and those that cannot be yet."""
    done, unfit = 0, []
    for row in list(exercises.filter(draft__isnull=False, retired=False)[:MOST_AT_ONCE]):
        try:
            publish(row.pk, author=author, note=note)
            done += 1
        except Unfit:
            unfit.append(row)
    return done, unfit


def inspection(exercise: Exercise, draft: Draft) -> variants.Inspection:
    """What a draft's variants are like: samples of them, how many there are, what to be warned of."""
    made = drafts.to_exercise(draft, exercise.key).exercise
    return variants.inspect(made, catalog.misconceptions(exercise.course_id))


def _change(exercises: QuerySet[Exercise], change: Callable[[Exercise], list[str]], *, author: Any) -> int:
    with transaction.atomic():
        rows = list(Exercise.objects.select_for_update().filter(pk__in=_ids(exercises)))
        fields: list[str] = []
        for row in rows:
            fields = change(row)
        if rows:
            Exercise.objects.bulk_update(rows, fields, batch_size=500)
            importing.touch(exercise_ids=[row.pk for row in rows if row.published], author=author)
    return len(rows)


def _ids(exercises: QuerySet[Exercise]) -> list[int]:
    return list(exercises.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _locked(exercise_id: int) -> Exercise:
    return Exercise.objects.select_for_update(of=("self",)).select_related("course", "draft_by").get(pk=exercise_id)


def _last_hand(row: Exercise) -> tuple[Any, datetime | None]:
    """Who saved last, and when."""
    if row.draft_at:
        return row.draft_by, row.draft_at
    version = ExerciseVersion.objects.filter(exercise=row).select_related("author").order_by("-number").first()
    return (version.author, version.made_at) if version else (None, None)
