"""What students do and what it says about them. Writes: Attempt, ConceptState, PopulationCount, Consent.

Everything that moves a student's states first takes the lock on the student's row, so that two of it for one student
never overlap; population counts, which all students share, are touched last and in the order of their ids.
"""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from content.models import Step
from students import knowledge
from students.history import record_size, shown_estimate
from students.knowledge import Belief, Estimate
from students.models import Attempt, Classroom, ConceptState, Consent, PopulationCount, User

# After this many answers that no model has looked at, its estimate is given up for the plain one.
TRACER_HOLDS = 5
# No mastery within this many tries: more of the same will mostly not help (Beck & Gong 2013,
# doi:10.1007/978-3-642-39112-5_44).
STUCK_TRIES = 10
SWITCH_WORTH_SAYING = 0.05  # what mastery moves, at least, when another way of estimating takes over, to be explained

JOIN_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
PORTION = 5000  # rows in memory or in a statement at a time

SHOWN = ("value", "low", "high", "source", "version", "estimated_at", "answers_since_tracer")
MASTERED = ("mastered_at", "mastery_rule", "stuck_since")
SWITCHED = ("switched_at", "switched_from", "switched_to")
MOVED = (*SHOWN, *MASTERED, *SWITCHED, "belief", "tries", "right", "wrong_in_a_row", "wrong_since", "last_attempt_at")


@dataclass(frozen=True, kw_only=True)
class NewAttempt:
    """One try at one step, as it is to be recorded. `response` is None when the student gave up."""

    student_id: int
    step_id: int
    concept_ids: tuple[int, ...]
    correct: bool
    score: float
    response: str | list[str] | None = None
    hints_used: int = 0
    try_number: int = 1
    seconds: float | None = None
    submission_id: uuid.UUID = field(default_factory=uuid.uuid4)
    revision: int = 1  # of the exercise, as it was served
    seed: int = 0
    theme: str = ""
    misconception_id: int | None = None
    is_simulated: bool = False
    source: str = Attempt.Source.SITE


class Judged(NamedTuple):
    """What an attempt counts as, if it does: one that is set aside moves nothing."""

    correct: bool
    counted: bool


@dataclass(frozen=True, kw_only=True)
class MasteryChange:
    """How the shown mastery of a concept moved, both ends 0 to 1."""

    concept_id: int
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The stored attempt and what it moved, by concept id."""

    attempt: Attempt
    changes: tuple[MasteryChange, ...]


def record_attempt(new: NewAttempt, *, now: datetime) -> Recorded:
    """Store one attempt and move the state of every concept of its step, in the caller's transaction. Six queries.

    Raises django.db.IntegrityError for a submission id that the student has used before, and
    TransactionManagementError outside a transaction.
    """
    lock_student(new.student_id)
    attempt = as_row(new, at=now)
    attempt.save(force_insert=True)
    states = _states(new.student_id, new.concept_ids, now=now)
    changes = tuple(advance(states[concept_id], attempt, correct=attempt.correct) for concept_id in sorted(states))
    save_states(states.values(), fields=MOVED)
    if attempt.is_label:
        add_counts({new.step_id: (1, int(new.correct))}, dict.fromkeys(new.concept_ids, (1, int(new.correct))))
    return Recorded(attempt=attempt, changes=changes)


def as_row(new: NewAttempt, *, at: datetime) -> Attempt:
    """The attempt as a row that is not stored yet."""
    return Attempt(
        student_id=new.student_id,
        step_id=new.step_id,
        response=new.response,
        correct=new.correct,
        score=new.score,
        hints_used=new.hints_used,
        try_number=new.try_number,
        seconds=new.seconds,
        submission_id=new.submission_id,
        revision=new.revision,
        seed=new.seed,
        theme=new.theme,
        misconception_id=new.misconception_id,
        is_simulated=new.is_simulated,
        source=new.source,
        created_at=at,
    )


def lock_student(student_id: int) -> None:
    """Hold everything else that moves this student's states until the transaction ends."""
    # No-key: rows that point to the student, of other requests, need not wait.
    User.objects.select_for_update(no_key=True).values("id").get(pk=student_id)


def new_state(student_id: int, concept_id: int, *, now: datetime) -> ConceptState:
    """The state of somebody of whom nothing is known, not stored yet."""
    belief = knowledge.prior()
    state = ConceptState(student_id=student_id, concept_id=concept_id, belief=belief.to_json())
    _show(state, knowledge.estimate(belief, now=now), at=now)
    return state


def advance(state: ConceptState, attempt: Attempt, *, correct: bool) -> MasteryChange:
    """Move a state, in memory, by an attempt at one of its concept's steps, at the attempt's time.

    `correct` is what the attempt counts as, which a correction may have changed since.

    A model's estimate moves along with the plain one, so that the number does not jump twice at every answer; it
    is given up when the model has not looked at the last TRACER_HOLDS answers. The change that is told is then the
    plain estimate's, so that it is the answer's own and not that of the switch, which is noted apart.
    """
    at = max(attempt.created_at, state.estimated_at)
    before = shown_estimate(state, now=at)
    held = Belief.from_json(state.belief)
    belief = knowledge.update(
        held, correct=correct, hints_used=attempt.hints_used, try_number=attempt.try_number, at=at
    )
    plain, after = knowledge.estimate(held, now=at), knowledge.estimate(belief, now=at)
    if state.source == ConceptState.Source.TRACER:
        followed = knowledge.follow(before, before=plain, after=after, by_answer=True)
        if state.answers_since_tracer < TRACER_HOLDS:
            state.answers_since_tracer += 1
            after = followed
        else:
            _take_over(state, ConceptState.Source.KNOWLEDGE, before=followed, after=after, at=at)
            before = plain
    state.belief = belief.to_json()
    _show(state, after, at=at)
    _count(state, attempt, correct=correct)
    _judge(state, at=at)
    return MasteryChange(concept_id=state.concept_id, before=before.value, after=after.value)


def save_states(states: Iterable[ConceptState], *, fields: Sequence[str] = MOVED) -> None:
    """Insert or update states in one statement for each thousand, in the order of student and concept."""
    ConceptState.objects.bulk_create(
        sorted(states, key=lambda state: (state.student_id, state.concept_id)),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=("student", "concept"),
        update_fields=fields,
    )


def add_counts(steps: Mapping[int, tuple[int, int]], concepts: Mapping[int, tuple[int, int]]) -> None:
    """Add (tries, right) of first tries without a hint to the population counts, by step id and by concept id."""
    for column, counts in (("step_id", steps), ("concept_id", concepts)):
        if counts:
            _upsert_counts(column, counts)


def store_estimates(
    student_id: int,
    estimates: Mapping[int, Estimate],
    *,
    version: str,
    now: datetime,
    attempts_seen: int | None = None,
) -> bool:
    """Show a model's estimates, by concept id, until the student answers again; the plain beliefs go on underneath.

    Nothing is stored, and False returned, when the student has answered or was regraded since the model looked, that
    is when the size of their record is no longer `attempts_seen`.
    """
    with transaction.atomic():
        lock_student(student_id)
        if attempts_seen is not None and record_size(student_id) != attempts_seen:
            return False
        states = _states(student_id, estimates, now=now)
        for concept_id, state in states.items():
            before, after = shown_estimate(state, now=now), estimates[concept_id]
            _take_over(state, ConceptState.Source.TRACER, version, before=before, after=after, at=now)
            _show(state, after, at=max(now, state.estimated_at))
            _judge(state, at=now)
        save_states(states.values(), fields=(*SHOWN, *MASTERED, *SWITCHED))
    return True


def show_plain(*, students: int, now: datetime) -> int:
    """Show the plain estimates of so many students again, as no model serves any more. Returns how many they were."""
    tracer = ConceptState.Source.TRACER
    with transaction.atomic():
        shown = ConceptState.objects.filter(source=tracer)
        some = sorted(shown.order_by().values_list("student", flat=True).distinct()[:students])
        list(User.objects.select_for_update(no_key=True).filter(pk__in=some).order_by("pk").values("pk"))
        states = list(shown.filter(student__in=some))
        for state in states:
            at = max(now, state.estimated_at)
            after = knowledge.estimate(Belief.from_json(state.belief), now=at)
            before = shown_estimate(state, now=at)
            _take_over(state, ConceptState.Source.KNOWLEDGE, before=before, after=after, at=at)
            _show(state, after, at=at)
            _judge(state, at=at)
        save_states(states, fields=(*SHOWN, *MASTERED, *SWITCHED))
    return len(states)


def lock_students(student_ids: Iterable[int]) -> None:
    """Hold everything else that moves these students' states until the transaction ends."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=list(student_ids))
    list(rows.order_by("pk").values("pk"))


def rebuild(student_ids: Iterable[int]) -> int:
    """Work the states of students out again from all of their attempts, in the order of time, and return how many.

    The plain estimate is shown until a model looks again. Mastery once reached stays reached, under its own rule.
    """
    wanted = sorted(set(student_ids))
    with transaction.atomic():
        lock_students(wanted)
        reached = {
            (state.student_id, state.concept_id): state
            for state in ConceptState.objects.filter(student__in=wanted, mastered_at__isnull=False)
        }
        states = replay(wanted, reached=reached)
        save_states(states.values())
    return len(states)


def replay(
    student_ids: Sequence[int],
    *,
    concept_ids: Iterable[int] | None = None,
    reached: Mapping[tuple[int, int], ConceptState] | None = None,
    instead: Mapping[int, Judged] | None = None,
) -> dict[tuple[int, int], ConceptState]:
    """Return the states of students, of these concepts or all, as their attempts make them, by student and concept.

    Nothing is stored. `reached` are states whose mastery stays; `instead` says what attempts, by id, would count as.
    """
    attempts = Attempt.objects.filter(student__in=student_ids)
    pairs = Step.concepts.through.objects.filter(step__in=attempts.order_by().values("step"))
    if concept_ids is not None:
        pairs = pairs.filter(concept__in=list(concept_ids))
    concepts: dict[int, list[int]] = defaultdict(list)
    for pair in pairs.order_by("concept_id"):
        concepts[pair.step_id].append(pair.concept_id)
    if concept_ids is not None:
        attempts = attempts.filter(step__in=list(concepts))
    states: dict[tuple[int, int], ConceptState] = {}
    in_order = attempts.with_verdicts().order_by("student_id", "created_at", "id").defer("response")
    for attempt in in_order.iterator(chunk_size=PORTION):
        judged = (instead or {}).get(attempt.pk) or Judged(correct=attempt.verdict, counted=attempt.counted)
        for concept_id in concepts[attempt.step_id] if judged.counted else ():
            key = (attempt.student_id, concept_id)
            if key not in states:
                states[key] = _from_the_start(*key, (reached or {}).get(key), now=attempt.created_at)
            advance(states[key], attempt, correct=judged.correct)
    return states


def new_join_code() -> str:
    """A code for a class that nobody has: eight letters and digits that are not mistaken for one another."""
    while True:
        code = "".join(secrets.choice(JOIN_ALPHABET) for _ in range(8))
        if not Classroom.objects.filter(join_code=code).exists():
            return code


def set_consent(student_id: int, given: bool, now: datetime) -> None:
    """Note what a student decided about fine-tuning on their answers. The latest decision is in force."""
    Consent.objects.create(student_id=student_id, purpose=Consent.Purpose.FINE_TUNING, given=given, decided_at=now)


def _states(student_id: int, concept_ids: Iterable[int], *, now: datetime) -> dict[int, ConceptState]:
    """The student's states of these concepts, new ones where there are none. The caller holds the student's lock."""
    wanted = sorted(set(concept_ids))
    held = {state.concept_id: state for state in ConceptState.objects.filter(student=student_id, concept__in=wanted)}
    return {concept_id: held.get(concept_id) or new_state(student_id, concept_id, now=now) for concept_id in wanted}


def _from_the_start(student_id: int, concept_id: int, old: ConceptState | None, *, now: datetime) -> ConceptState:
    state = new_state(student_id, concept_id, now=now)
    if old is not None:
        state.mastered_at, state.mastery_rule = old.mastered_at, old.mastery_rule
    return state


def _show(state: ConceptState, shown: Estimate, *, at: datetime) -> None:
    state.value, state.low, state.high = shown.value, shown.low, shown.high
    state.estimated_at = at


def _take_over(
    state: ConceptState, source: str, version: str = "", *, before: Estimate, after: Estimate, at: datetime
) -> None:
    """Let a way of estimating speak for a state. Where it is another one and moves what is shown, keep both numbers."""
    is_other = (state.source, state.version) != (source, version)
    if is_other and state.tries and abs(after.value - before.value) >= SWITCH_WORTH_SAYING:
        state.switched_at, state.switched_from, state.switched_to = at, before.value, after.value
    state.source, state.version, state.answers_since_tracer = source, version, 0


def _count(state: ConceptState, attempt: Attempt, *, correct: bool) -> None:
    """Tries, rights and wrongs in a row are of first tries: a second try says little about what is known."""
    state.last_attempt_at = max(attempt.created_at, state.last_attempt_at or attempt.created_at)
    if attempt.try_number > 1:
        return
    state.tries += 1
    state.right += correct and attempt.is_label
    state.wrong_in_a_row = 0 if correct else state.wrong_in_a_row + 1
    state.wrong_since = None if correct else state.wrong_since or attempt.created_at


def _judge(state: ConceptState, *, at: datetime) -> None:
    """Note when mastery is first reached, and when a student has tried often without it.

    Only an estimate that its model made itself can say so, not one that has been moved along since.
    """
    shown = Estimate(value=state.value, low=state.low, high=state.high)
    if state.mastered_at is None and state.answers_since_tracer == 0 and knowledge.is_mastered(shown, state.tries):
        state.mastered_at, state.mastery_rule = at, knowledge.RULE
    if state.mastered_at is not None:
        state.stuck_since = None
    elif state.tries >= STUCK_TRIES:
        state.stuck_since = state.stuck_since or at


def _upsert_counts(column: str, counts: Mapping[int, tuple[int, int]]) -> None:
    # Written out because bulk_create can only overwrite on conflict, and these must add. Rows are locked in the
    # order of VALUES, so that two transactions cannot wait for each other.
    values = [(key, *counts[key]) for key in sorted(counts)]
    table = PopulationCount._meta.db_table
    with connection.cursor() as cursor:
        for start in range(0, len(values), 1000):
            part = values[start : start + 1000]
            cursor.execute(
                f'INSERT INTO {table} ({column}, tries, "right") VALUES {", ".join(["(%s, %s, %s)"] * len(part))} '  # noqa: S608
                f"ON CONFLICT ({column}) DO UPDATE SET tries = {table}.tries + EXCLUDED.tries, "
                f'"right" = {table}."right" + EXCLUDED."right"',
                [number for row in part for number in row],
            )
