"""Regradings carried out and undone. Writes: Correction, StateChange, Regrading, ConceptState, PopulationCount.

What attempts count as is decided above; here it is written down, with everything that follows from it. Attempts stay
as they are. Everything runs in the caller's transaction: a regrading is there whole, or not at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from content.models import Step
from students import knowledge, records
from students.history import shown_estimate
from students.knowledge import Belief, Estimate
from students.models import Attempt, ConceptState, Correction, PopulationCount, Regrading, StateChange
from students.records import MOVED, Judged

PORTION = 2000  # rows in a statement
STUDENTS_AT_ONCE = 200  # whose states are worked out together
SAME = 1e-9  # logits

Key = tuple[int, int]  # student and concept


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an attempt is to count as. `counted` is False where an earlier try is right, so that it is not asked."""

    attempt_id: int
    student_id: int
    correct: bool
    score: float
    misconception_id: int | None = None
    counted: bool = True


class NotTheLatest(Exception):
    """A later regrading of the same step is in force: that one has to be undone first."""


class NotInForce(Exception):
    """The regrading was not carried out yet, or is undone already."""


def apply(regrading: Regrading, verdicts: Sequence[Verdict], *, now: datetime) -> None:
    """Write what attempts count as from now on, and everything that follows from it.

    The caller holds the locks of all these students (records.lock_students), and of the regrading.
    """
    before = _right(verdicts)
    Correction.objects.bulk_create(
        (
            Correction(
                regrading=regrading,
                attempt_id=one.attempt_id,
                student_id=one.student_id,
                correct=one.correct,
                score=one.score,
                misconception_id=one.misconception_id,
                counted=one.counted,
            )
            for one in verdicts
        ),
        batch_size=PORTION,
    )
    concepts = _concepts(regrading.step_id)
    for students in _portions({one.student_id for one in verdicts}):
        _move_states(regrading, students, concepts, now=now)
    regrading.moved = _move_counts(regrading.step_id, concepts, by=_right(verdicts) - before)
    regrading.state, regrading.done_at = Regrading.State.DONE, now
    regrading.save(update_fields=["moved", "state", "done_at", "figures"])


def undo(regrading: Regrading, *, by: int, now: datetime) -> list[int]:
    """Take a regrading back and return the ids of its students. The caller holds the lock of the regrading.

    States that nothing has moved since are put back as they were, to the last digit; others are worked out again from
    the record. Raises NotInForce and NotTheLatest.
    """
    if regrading.undone_at is not None or regrading.state != Regrading.State.DONE:
        raise NotInForce
    later = Regrading.objects.filter(step=regrading.step_id, pk__gt=regrading.pk, undone_at=None)
    if later.filter(key__isnull=regrading.key is None).exists() and _overlaps(regrading, later):
        raise NotTheLatest
    students = sorted(regrading.corrections.order_by().values_list("student", flat=True).distinct())
    records.lock_students(students)
    regrading.undone_at, regrading.undone_by_id = now, by
    regrading.save(update_fields=["undone_at", "undone_by"])
    for portion in _portions(students):
        _restore_states(regrading, portion, now=now)
    moved: Mapping[str, int] = regrading.moved
    _move_rows("step", {regrading.step_id: -int(moved.get("step", 0))})
    _move_rows("concept", {int(pk): -int(moved[pk]) for pk in moved if pk != "step"})
    return students


def effects(step_id: int, verdicts: Iterable[Verdict], *, now: datetime) -> dict[Key, tuple[Estimate, Estimate]]:
    """Return how verdicts would move what is shown of their students' states, before and after. Nothing is written."""
    by_id = {one.attempt_id: Judged(correct=one.correct, counted=one.counted) for one in verdicts}
    students = sorted({one.student_id for one in verdicts})
    concepts = _concepts(step_id)
    held = _held(students, concepts)
    made = records.replay(students, concept_ids=concepts, instead=by_id)
    found = {}
    for key, state in made.items():
        if key in held:
            moved = _moved(held[key], state)
            found[key] = (shown_estimate(held[key], now=now), shown_estimate(moved, now=now))
    return found


def _overlaps(regrading: Regrading, later: Any) -> bool:
    """Whether a later regrading speaks about the same attempts, or about whatever there was when it was made."""
    if regrading.key is not None:
        return True
    attempts = regrading.corrections.values("attempt")
    return Correction.objects.filter(regrading__in=later, attempt__in=attempts).exists()


def _portions(students: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(students)
    return (ordered[start : start + STUDENTS_AT_ONCE] for start in range(0, len(ordered), STUDENTS_AT_ONCE))


def _concepts(step_id: int) -> list[int]:
    return sorted(Step.concepts.through.objects.filter(step=step_id).values_list("concept", flat=True))


def _held(students: Sequence[int], concepts: Sequence[int]) -> dict[Key, ConceptState]:
    rows = ConceptState.objects.filter(student__in=students, concept__in=concepts)
    return {(row.student_id, row.concept_id): row for row in rows}


def _move_states(regrading: Regrading, students: Sequence[int], concepts: Sequence[int], *, now: datetime) -> None:
    held = _held(students, concepts)
    moved = {
        key: _moved(held[key], state)
        for key, state in records.replay(students, concept_ids=concepts).items()
        if key in held
    }
    StateChange.objects.bulk_create(
        StateChange(
            regrading=regrading,
            student_id=key[0],
            concept_id=key[1],
            before=_as_json(held[key]),
            after=_as_json(state),
            value_before=shown_estimate(held[key], now=now).value,
            value_after=shown_estimate(state, now=now).value,
        )
        for key, state in moved.items()
    )
    records.save_states(moved.values())


def _restore_states(regrading: Regrading, students: Sequence[int], *, now: datetime) -> None:
    changes = list(StateChange.objects.filter(regrading=regrading, student__in=students))
    held = _held(students, sorted({one.concept_id for one in changes}))
    restored: list[ConceptState] = []
    others: dict[int, list[int]] = defaultdict(list)
    for one in changes:
        state = held[(one.student_id, one.concept_id)]
        if _as_json(state) == one.after:
            restored.append(_from_json(state, one.before))
        else:
            others[one.concept_id].append(one.student_id)
    records.save_states(restored)
    for concept_id, some in others.items():
        again = records.replay(sorted(some), concept_ids=[concept_id])
        records.save_states(_moved(held[key], state) for key, state in again.items() if key in held)


def _moved(held: ConceptState, made: ConceptState) -> ConceptState:
    """The state as it is to be: by the record as it counts now, and as far as possible as it would be shown.

    A model's estimate moves along with the plain one until the model looks again. Mastery goes where the belief fell
    below what it was and the plain estimate alone does not reach the rule; otherwise what was reached stays reached.
    """
    old, new = Belief.from_json(held.belief), Belief.from_json(made.belief)
    state = copy(made)
    state.pk = held.pk
    if held.source == ConceptState.Source.TRACER:
        at = held.estimated_at
        shown = knowledge.follow(
            Estimate(value=held.value, low=held.low, high=held.high),
            before=knowledge.estimate(old, now=at),
            after=knowledge.estimate(new, now=at),
        )
        state.value, state.low, state.high = shown.value, shown.low, shown.high
        state.estimated_at, state.source, state.version = at, held.source, held.version
        state.answers_since_tracer = held.answers_since_tracer
    state.switched_at, state.switched_from, state.switched_to = held.switched_at, held.switched_from, held.switched_to
    fell = new.mean < old.mean - SAME
    if held.mastered_at is not None and (made.mastered_at is not None or not fell):
        state.mastered_at, state.mastery_rule = held.mastered_at, held.mastery_rule
    if state.mastered_at is not None:
        state.stuck_since = None
    return state


def _as_json(state: ConceptState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in MOVED}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _from_json(state: ConceptState, stored: Mapping[str, Any]) -> ConceptState:
    for name in MOVED:
        field: Any = ConceptState._meta.get_field(name)
        setattr(state, name, field.to_python(stored[name]))
    return state


def _right(verdicts: Sequence[Verdict]) -> int:
    """How many of the attempts are first tries without a hint that count as right now."""
    ids = [one.attempt_id for one in verdicts]
    labels = Attempt.objects.judged().filter(try_number=1, hints_used=0, verdict=True)
    return sum(labels.filter(pk__in=ids[at : at + PORTION]).count() for at in range(0, len(ids), PORTION))


def _move_counts(step_id: int, concepts: Sequence[int], *, by: int) -> dict[str, int]:
    """Move the right answers of the step and its concepts, and return by how much, for undoing."""
    step = _move_rows("step", {step_id: by})
    return {
        "step": step[step_id],
        **{str(pk): moved for pk, moved in _move_rows("concept", dict.fromkeys(concepts, by)).items()},
    }


def _move_rows(column: str, by: Mapping[int, int]) -> dict[int, int]:
    """Move counts within their bounds, in the order in which records.add_counts locks them; by how much they moved."""
    moved = {}
    for pk in sorted(by):
        row = PopulationCount.objects.select_for_update(no_key=True).filter(**{column: pk}).first()
        moved[pk] = 0
        if row is not None and by[pk]:
            right = min(row.tries, max(0, row.right + by[pk]))
            moved[pk], row.right = right - row.right, right
            row.save(update_fields=["right"])
    return moved
