"""The question that is put to the tracer about one student. Reads: attempts, counts, courses, embeddings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import log1p
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Max, Sum, Value

from content.models import Course, Prerequisite, Step
from students.history import size_of_record
from students.models import Attempt, PopulationCount
from training import dataset, population, texts
from training.dataset import Floats
from training.models import Embedding
from training.population import Counts
from training.serving import PastAnswer, StepFacts, StudentQuery

LONGEST_HISTORY = 2000  # answers; longer ago than that says nothing new, and the work grows with it
COURSES_KEPT = 16
GROWTH = 10  # what texts tell is worked out anew each time a course's answers have grown by a tenth


@dataclass(frozen=True, kw_only=True)
class Question:
    """The query, the attempts that its history is made of, and how much of the student's record it knows of."""

    query: StudentQuery
    attempt_ids: Sequence[int]
    attempts_seen: int


class _Row(NamedTuple):
    """What is needed of an attempt."""

    pk: int
    step: int
    correct: bool
    hints: int
    try_number: int
    at: datetime
    course: int


@dataclass(frozen=True, kw_only=True)
class _CourseFacts:
    steps: Mapping[str, StepFacts]  # retired ones too: there may be answers to them
    by_concept: Mapping[str, tuple[str, ...]]  # the steps in use
    requires: tuple[tuple[str, str], ...]


def about(student_id: int, *, course_id: int, step_ids: Sequence[int], now: datetime) -> Question:
    """What the student did so far, these steps as candidates, and the concepts tried so far. Seven queries.

    Steps that are not of the course are left out. Concepts are asked about in all courses that the student answered in,
    so that one look brings everything up to date that is shown about them.
    """
    history, seen = _history(student_id)
    revisions = dict(
        Course.objects.filter(pk__in={course_id, *(row.course for row in history)}).values_list("pk", "revision")
    )
    totals, embedded = _course_counts(revisions), _embedded(revisions)
    grown = {pk: int(GROWTH * log1p(totals.get(str(pk), (0, 0))[0])) for pk in revisions}
    courses = {
        pk: _course_facts(pk, revision, embedded.get(pk), grown[pk] if pk in embedded else 0)
        for pk, revision in revisions.items()
    }
    course = courses.get(course_id, _CourseFacts(steps={}, by_concept={}, requires=()))
    candidates = [str(step) for step in step_ids if str(step) in course.steps]
    tried = {str(row.step): courses[row.course].steps[str(row.step)] for row in history}
    concepts = sorted({name for facts in tried.values() for name in facts.concepts})
    steps = {name: course.steps[name] for name in candidates}
    for facts in courses.values():
        steps |= {name: facts.steps[name] for concept in concepts for name in facts.by_concept.get(concept, ())}
    steps |= tried
    query = StudentQuery(
        history=[_past_answer(row) for row in history],
        candidates=candidates,
        steps=steps,
        concepts=concepts,
        requires=[pair for facts in courses.values() for pair in facts.requires],
        item_counts=_counts("step_id", steps),
        concept_counts=_counts("concept_id", {name for facts in steps.values() for name in facts.concepts}),
        course_counts=totals,
        now=now.timestamp(),
    )
    return Question(query=query, attempt_ids=[row.pk for row in history], attempts_seen=seen)


def _history(student_id: int) -> tuple[list[_Row], int]:
    """The latest answers, oldest first, and the size of the whole record."""
    attempts = Attempt.objects.judged().filter(student_id=student_id).order_by("-created_at", "-pk")
    sized = attempts.annotate(size=size_of_record(Value(student_id)))  # in the same look, so that neither is older
    columns = ("pk", "step_id", "verdict", "hints_used", "try_number", "created_at", "step__exercise__course_id")
    rows = list(sized.values_list(*columns, "size")[:LONGEST_HISTORY])
    return [_Row(*row[:-1]) for row in reversed(rows)], rows[0][-1] if rows else 0


def _past_answer(row: _Row) -> PastAnswer:
    return PastAnswer(
        step=str(row.step),
        correct=row.correct,
        label=row.try_number == 1 and row.hints == 0,
        hints=row.hints,
        try_number=row.try_number,
        seconds=row.at.timestamp(),
    )


def _counts(column: str, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    # Written out because the ids go as one array: as hundreds of parameters they take longer than the query itself.
    table = PopulationCount._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {column}, tries, "right" FROM {table} WHERE {column} = ANY(%s)',  # noqa: S608
            [[int(name) for name in names]],
        )
        return {str(key): (tries, right) for key, tries, right in cursor.fetchall()}


def _course_counts(course_ids: Iterable[int]) -> dict[str, tuple[int, int]]:
    """Over all steps of each course, so that an estimate does not depend on which of them are asked about."""
    rows = (
        PopulationCount.objects.filter(step__exercise__course_id__in=list(course_ids))
        .values_list("step__exercise__course_id")
        .annotate(Sum("tries"), Sum("right"))
    )
    return {str(course): (tries, right) for course, tries, right in rows}


def _embedded(course_ids: Iterable[int]) -> dict[int, datetime]:
    """When an embedding of each course was last made."""
    rows = Embedding.objects.filter(step__exercise__course_id__in=list(course_ids))
    return dict(rows.values_list("step__exercise__course_id").annotate(Max("made_at")))


@lru_cache(maxsize=COURSES_KEPT)
def _course_facts(course_id: int, revision: int, embedded: datetime | None, grown: int) -> _CourseFacts:
    """The steps of a course as the tracer sees them; `revision` changes with anything in the course.

    `embedded` and `grown` change when what the texts tell has to be worked out anew.
    """
    steps: dict[str, StepFacts] = {}
    by_concept: dict[str, list[str]] = {}
    rows = (
        Step.objects.filter(exercise__course_id=course_id)
        .select_related("exercise")
        .only("kind", "retired", "exercise__retired")
    )
    for step in rows.order_by("pk").prefetch_related("concepts"):
        concepts = tuple(sorted(str(concept.pk) for concept in step.concepts.all()))
        steps[str(step.pk)] = StepFacts(concepts=concepts, kind=step.kind, course=str(course_id))
        for name in () if step.retired or step.exercise.retired else concepts:
            by_concept.setdefault(name, []).append(str(step.pk))
    if embedded:
        steps = _with_texts(course_id, steps)
    pairs = Prerequisite.objects.filter(concept__course_id=course_id).values_list("concept_id", "requires_id")
    return _CourseFacts(
        steps=steps,
        by_concept={name: tuple(members) for name, members in by_concept.items()},
        requires=tuple((str(concept), str(needed)) for concept, needed in pairs),
    )


def _with_texts(course_id: int, steps: Mapping[str, StepFacts]) -> dict[str, StepFacts]:
    """The steps of a course, with what their texts tell by the counts of now: the same as in training."""
    rows = Embedding.objects.filter(step__exercise__course_id=course_id, vector__isnull=False)
    vectors = {str(step): np.array(vector, np.float16) for step, vector in rows.values_list("step_id", "vector")}
    catalogue = dataset.build_steps(
        items=list(steps),
        concepts=[";".join(step.concepts) for step in steps.values()],
        kinds=[step.kind for step in steps.values()],
        courses=[step.course for step in steps.values()],
        texts=texts.centred([vectors.get(name) for name in steps], [course_id] * len(steps)),
    )
    items = _columns(catalogue.items, _counts("step_id", catalogue.items))
    concepts = _columns(catalogue.concepts, _counts("concept_id", catalogue.concepts))
    course = (column.sum(keepdims=True) for column in items)
    counts = Counts(*[*items, *concepts, *course, np.zeros(len(steps), np.float32)])
    shifts = population.foretold(catalogue, counts).item_shift.tolist()
    return {
        name: replace(step, text=catalogue.texts[place] if name in vectors else None, shift=shifts[place])
        for place, (name, step) in enumerate(steps.items())
    }


def _columns(names: Sequence[str], found: Mapping[str, tuple[int, int]]) -> list[Floats]:
    """First tries and right ones, by name."""
    return list(np.array([found.get(name, (0, 0)) for name in names], np.float32).reshape(-1, 2).T)
