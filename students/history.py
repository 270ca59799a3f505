"""What a student did and what we believe about it: one source for every page. Reads: ConceptState, Attempt, Consent.

Mastery is shown as it stands at a moment `now`: stored estimates fade, as the plain belief behind them does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from content.models import Concept, Misconception
from students import knowledge
from students.knowledge import Belief, Estimate, Standing
from students.models import Attempt, Classroom, ConceptState, Consent, Correction, Enrolment, PopulationCount, User

FAILING_IN_A_ROW = 3
AWAY = timedelta(days=7)
HINTS_WINDOW = timedelta(days=14)
HINTS_FROM_TRIES = 8  # fewer say nothing
HINTS_SHARE = 0.5
SWITCH_TOLD = timedelta(days=7)

Counts = dict[int, tuple[int, int]]  # (right, tries) by id


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Another way of estimating took over lately: mastery by the earlier one and by the new one at that moment."""

    at: datetime
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class ConceptEstimate:
    """What a student is believed to be able to do with a concept, now. Probabilities from 0 to 1, 80 % interval."""

    concept_id: int
    value: float
    low: float
    high: float
    source: str  # a ConceptState.Source
    version: str
    tries: int  # steps tried
    right: int  # of these right at once and without a hint
    wrong_in_a_row: int
    standing: Standing
    mastered: bool  # reached once, by the rule then in force; `standing` tells when it has faded
    last_attempt_at: datetime | None
    switch: Switch | None = None  # for SWITCH_TOLD, where it moved the number

    @property
    def fading(self) -> bool:
        """Whether it was mastered and a review is due."""
        return self.standing == Standing.FADING


class Worry(StrEnum):
    """Why a teacher should look at a student, most pressing first."""

    FAILING = "failing"  # several first tries wrong in a row, this week
    STUCK = "stuck"  # many tries at a concept and never mastered
    HINTS = "hints"  # hints on most exercises lately
    AWAY = "away"  # nothing for a week


@dataclass(frozen=True, kw_only=True)
class Concern:
    """A name to act on: why, about which concept (None: about no single one), since when, and the figures."""

    student_id: int
    worry: Worry
    concept_id: int | None
    since: datetime
    figures: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class StudentRow:
    """One student of a class: an estimate of every concept, and what they did."""

    student_id: int
    name: str
    is_simulated: bool
    estimates: Mapping[int, ConceptEstimate]
    known: int  # concepts that they likely know
    attempts: int
    last_attempt_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ClassOverview:
    """A class as its teacher sees it: names to act on first, then students by concepts."""

    classroom: Classroom
    concepts: tuple[tuple[int, str], ...]  # id and title, in teaching order
    students: tuple[StudentRow, ...]  # by name
    concerns: tuple[Concern, ...]


@dataclass(frozen=True, kw_only=True)
class WrongResponse:
    """One wrong response to a step: how often, by how many students, and when last."""

    response: str | list[str] | None  # None: gave up
    revision: int  # of the exercise that it answers
    seed: int  # the variant
    theme: str
    misconception: str  # title, or empty
    count: int
    students: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class WrongStep:
    """The wrong answers to one step, the most frequent first, then the latest."""

    step_id: int
    exercise_id: int
    tries: int
    wrong: int
    responses: tuple[WrongResponse, ...]


def estimates(student_id: int, course_id: int, *, now: datetime) -> dict[int, ConceptEstimate]:
    """Return the estimate of every concept in use of a course, by concept id, in teaching order. Two queries."""
    found: dict[int, ConceptEstimate] = {}
    concepts = Concept.objects.filter(course=course_id, retired=False).order_by("position", "id")
    for concept in concepts.values_list("id", flat=True):
        found[concept] = concept_estimate(concept, None, now=now)
    states = ConceptState.objects.filter(student=student_id, concept__in=found)
    found |= {state.concept_id: concept_estimate(state.concept_id, state, now=now) for state in states}
    return found


def shown_estimate(state: ConceptState, *, now: datetime) -> Estimate:
    """Return what people see of a stored state at the time `now`."""
    belief = Belief.from_json(state.belief)
    if state.source == ConceptState.Source.KNOWLEDGE:
        return knowledge.estimate(belief, now=now)
    return knowledge.follow(
        Estimate(value=state.value, low=state.low, high=state.high),
        before=knowledge.estimate(belief, now=state.estimated_at),
        after=knowledge.estimate(belief, now=max(now, state.estimated_at)),
    )


def concept_estimate(concept_id: int, state: ConceptState | None, *, now: datetime) -> ConceptEstimate:
    """Return the estimate that a state stands for; without one, what is assumed of anybody."""
    if state is None:
        state = ConceptState(concept_id=concept_id, source=ConceptState.Source.KNOWLEDGE)
    shown = shown_estimate(state, now=now)
    mastered = state.mastered_at is not None
    return ConceptEstimate(
        concept_id=concept_id,
        value=shown.value,
        low=shown.low,
        high=shown.high,
        source=state.source,
        version=state.version,
        tries=state.tries,
        right=state.right,
        wrong_in_a_row=state.wrong_in_a_row,
        standing=knowledge.standing(shown, tries=state.tries, was_mastered=mastered),
        mastered=mastered,
        last_attempt_at=state.last_attempt_at,
        switch=_lately_switched(state, now=now),
    )


def record_size(student_id: int) -> int:
    """Return how much is in a student's record, in all courses: what «fresh» is measured by. One query.

    It grows with every attempt, every correction and every correction undone.
    """
    return int(
        User.objects.filter(pk=student_id).values_list(size_of_record(Value(student_id)), flat=True).first() or 0
    )


def size_of_record(student: OuterRef | Value) -> Combinable:
    """The same as part of a query about a student, or about rows of one."""
    attempts = Attempt.objects.filter(student=student).order_by().values("student").annotate(n=Count("pk"))
    corrections = Correction.objects.filter(student=student).order_by().values("student")
    corrections = corrections.annotate(n=Count("pk") + Count("regrading__undone_at"))
    return Coalesce(Subquery(attempts.values("n")), 0) + Coalesce(Subquery(corrections.values("n")), 0)


def class_overview(classroom_id: int, *, now: datetime) -> ClassOverview:
    """Return a class with all its students and concepts. Five queries, whatever its size.

    Raises Classroom.DoesNotExist.
    """
    classroom = Classroom.objects.select_related("course").get(pk=classroom_id)
    concepts = Concept.objects.filter(course=classroom.course_id, retired=False).order_by("position", "id")
    titles = tuple(concepts.values_list("id", "title"))
    enrolments = list(classroom.enrolments.select_related("student"))
    states: dict[int, dict[int, ConceptState]] = defaultdict(dict)
    of_class = ConceptState.objects.filter(student__enrolments__classroom=classroom_id, concept__in=dict(titles))
    for state in of_class:
        states[state.student_id][state.concept_id] = state
    activity = _activity(classroom, now=now)
    rows: list[StudentRow] = []
    concerns: list[Concern] = []
    for enrolment in enrolments:
        did = activity.get(enrolment.student_id, {})
        row = _student_row(enrolment.student, titles, states[enrolment.student_id], did, now=now)
        rows.append(row)
        concerns += _concept_concerns(row, states[enrolment.student_id], now=now)
        concerns += _habit_concerns(enrolment, did, now=now)
    order = list(Worry)
    return ClassOverview(
        classroom=classroom,
        concepts=titles,
        students=tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.student_id))),
        concerns=tuple(sorted(concerns, key=lambda one: (order.index(one.worry), one.since, one.student_id))),
    )


def wrong_answers(
    classroom_id: int, *, concept_id: int | None = None, student_id: int | None = None, limit: int = 20
) -> tuple[WrongStep, ...]:
    """Return the steps of a class's course with the most wrong answers, and these answers. Two queries.

    `concept_id` and `student_id` narrow it; `limit` counts steps. Second and later tries are counted too.
    """
    attempts = Attempt.objects.judged().filter(
        student__enrolments__classroom=classroom_id, step__exercise__course__classrooms=classroom_id
    )
    if concept_id is not None:
        attempts = attempts.filter(step__concepts=concept_id)
    if student_id is not None:
        attempts = attempts.filter(student=student_id)
    worst = attempts.values("step_id", "step__exercise_id").annotate(
        tries=Count("id"), wrong=Count("id", filter=Q(verdict=False)), last=Max("created_at")
    )
    steps = list(worst.filter(wrong__gt=0).order_by("-wrong", "-last", "step_id")[:limit])
    responses: dict[int, list[WrongResponse]] = defaultdict(list)
    wrong = attempts.filter(verdict=False, step__in=[step["step_id"] for step in steps])
    for row in _grouped(wrong):
        responses[row["step_id"]].append(
            WrongResponse(
                response=row["response"],
                revision=row["revision"],
                seed=row["seed"],
                theme=row["theme"],
                misconception=row["title"] or "",
                count=row["count"],
                students=row["students"],
                last_at=row["last"],
            )
        )
    return tuple(
        WrongStep(
            step_id=step["step_id"],
            exercise_id=step["step__exercise_id"],
            tries=step["tries"],
            wrong=step["wrong"],
            responses=tuple(responses[step["step_id"]]),
        )
        for step in steps
    )


def population_counts(course_id: int, step_ids: Collection[int]) -> tuple[Counts, Counts]:
    """Return (right, tries) of everybody's first tries without a hint, by step id and by concept id. One query.

    Of these steps, for a course may have a hundred thousand, and of all concepts of the course.
    """
    steps: Counts = {}
    concepts: Counts = {}
    rows = PopulationCount.objects.values_list("step_id", "concept_id", "right", "tries")
    of_steps, of_concepts = rows.filter(step__in=step_ids), rows.filter(concept__course=course_id)
    for step, concept, right, tries in of_steps.union(of_concepts, all=True):
        if step is not None:
            steps[step] = (right, tries)
        elif concept is not None:
            concepts[concept] = (right, tries)
    return steps, concepts


def has_consent(student_id: int) -> bool:
    """Whether the student's answers may train models, by the rule of consenting_students."""
    return consenting_students().filter(pk=student_id).exists()


def consenting_students() -> QuerySet[User, int]:
    """Return the ids of students whose answers may train models.

    The student's own latest word decides; for those who never said anything, their school's for one of their classes.
    """
    own = Consent.objects.filter(student=OuterRef("pk"), purpose=Consent.Purpose.FINE_TUNING)
    of_school = Enrolment.objects.filter(student=OuterRef("pk"), classroom__consents_to_tuning=True)
    own_word = Subquery(own.order_by("-decided_at", "-id").values("given")[:1])
    return User.objects.filter(Coalesce(own_word, Exists(of_school))).values_list("pk", flat=True)


def _lately_switched(state: ConceptState, *, now: datetime) -> Switch | None:
    at, before, after = state.switched_at, state.switched_from, state.switched_to
    if at is None or before is None or after is None or now - at >= SWITCH_TOLD:
        return None
    return Switch(at=at, before=before, after=after)


def _activity(classroom: Classroom, *, now: datetime) -> dict[int, dict[str, Any]]:
    """What each student of a class did in its course, in one query."""
    lately = Q(try_number=1, created_at__gt=now - HINTS_WINDOW)
    hinted = lately & Q(hints_used__gt=0)
    attempts = Attempt.objects.filter(
        student__enrolments__classroom=classroom.pk, step__exercise__course=classroom.course_id
    )
    figures = (
        attempts.order_by()
        .values("student_id")
        .annotate(
            attempts=Count("id"),
            last=Max("created_at"),
            lately=Count("id", filter=lately),
            hinted=Count("id", filter=hinted),
            first_hinted=Min("created_at", filter=hinted),
        )
    )
    return {row["student_id"]: dict(row) for row in figures}


def _student_row(
    student: User,
    titles: tuple[tuple[int, str], ...],
    states: Mapping[int, ConceptState],
    did: Mapping[str, Any],
    *,
    now: datetime,
) -> StudentRow:
    held = {concept: concept_estimate(concept, states.get(concept), now=now) for concept, _title in titles}
    return StudentRow(
        student_id=student.pk,
        name=str(student),
        is_simulated=student.is_simulated,
        estimates=held,
        known=sum(one.standing == Standing.LIKELY_KNOWS for one in held.values()),
        attempts=did.get("attempts", 0),
        last_attempt_at=did.get("last"),
    )


def _concept_concerns(row: StudentRow, states: Mapping[int, ConceptState], *, now: datetime) -> Iterator[Concern]:
    for state in states.values():
        one = row.estimates[state.concept_id]
        recent = state.last_attempt_at is not None and now - state.last_attempt_at < AWAY
        if recent and state.wrong_since is not None and one.wrong_in_a_row >= FAILING_IN_A_ROW:
            worry, since, more = Worry.FAILING, state.wrong_since, {"wrong_in_a_row": one.wrong_in_a_row}
        elif state.stuck_since is not None:
            worry, since, more = Worry.STUCK, state.stuck_since, {}
        else:
            continue
        figures = {"tries": one.tries, "right": one.right, **more}
        yield Concern(student_id=row.student_id, worry=worry, concept_id=state.concept_id, since=since, figures=figures)


def _habit_concerns(enrolment: Enrolment, did: Mapping[str, Any], *, now: datetime) -> Iterator[Concern]:
    student = enrolment.student_id
    last = did.get("last") or enrolment.joined_at
    if now - last >= AWAY:
        figures = {"days": (now - last).days, "attempts": did.get("attempts", 0)}
        yield Concern(student_id=student, worry=Worry.AWAY, concept_id=None, since=last, figures=figures)
    tries, hinted = did.get("lately", 0), did.get("hinted", 0)
    if tries >= HINTS_FROM_TRIES and hinted >= HINTS_SHARE * tries:
        figures = {"tries": tries, "hinted": hinted}
        since = did["first_hinted"]
        yield Concern(student_id=student, worry=Worry.HINTS, concept_id=None, since=since, figures=figures)


def _grouped(wrong: QuerySet[Attempt]) -> Any:
    """Wrong attempts by what was answered, most frequent first, then latest."""
    title = Misconception.objects.filter(pk=OuterRef("shows")).values("title")
    asked = ("step_id", "revision", "seed", "theme")
    same = wrong.order_by().annotate(title=Subquery(title)).values(*asked, "response", "title")
    counted = same.annotate(count=Count("id"), students=Count("student", distinct=True), last=Max("created_at"))
    return counted.order_by("-count", "-last")
