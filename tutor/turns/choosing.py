"""What comes next: the open turn, or a new one by the policy. Writes: Session, Turn.

The choice is made from what is there: course map, estimates, a fresh prediction or none. No student waits for a model.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction

from content import catalog, variants
from content.models import Concept, Course
from students import history
from students.models import ConceptState, Preference, User
from training import predictions
from training.predictions import Mattered
from tutor import policy
from tutor.models import Session, Turn
from tutor.turns.progress import Progress
from tutor.turns.shown import SHOWN, TurnView, concrete, find, show

SITTING_GAP = timedelta(hours=1)  # a longer break ends the session
SERVED_KNOWN = 1000  # turns that the policy remembers, for repeats and skips
SEEDS = 2**31


class CourseFinished(Exception):
    """There is nothing left in the course that this student should practise now."""

    def __init__(self, course: Course) -> None:
        """`course` is the one."""
        super().__init__(course.slug)
        self.course = course


class _Row(NamedTuple):
    """What is needed of a turn that was served before."""

    pk: int
    exercise_id: int
    concept_id: int
    strategy: str
    state: str
    session_id: int
    number: int
    finished_at: datetime | None


def next_turn(student: User, course: Course, *, now: datetime, rng: Random) -> TurnView:
    """The open turn of the student in the course, or a new one. Asked twice, it is one turn.

    Raises CourseFinished.
    """
    with transaction.atomic():
        session = _locked(student, course, now=now)
        served = _served(student, course)
        open_one = next((row for row in served if row.state == Turn.State.OPEN), None)
        turn = Turn.objects.select_related(*SHOWN).get(pk=open_one.pk) if open_one else None
        if turn and turn.exercise.retired:
            _close(turn, now=now)
            turn = None
        if turn is None:
            session = _sitting(session, served, now=now)
            turn = _choose(session, served, now=now, rng=rng)
    # Outside, so that a finished course does not undo what was closed.
    if turn is None:
        raise CourseFinished(course)
    return show(turn)


def skip(*, turn_token: UUID | str, student: User, now: datetime, rng: Random) -> TurnView:
    """«Not this now»: put the turn aside and return the next one. Raises NotYours and CourseFinished."""
    with transaction.atomic():
        turn = find(turn_token=turn_token, student=student, lock=True)
        if turn.state == Turn.State.OPEN:
            _close(turn, now=now)
    return next_turn(student, turn.session.course, now=now, rng=rng)


def steps_wanted(student: User, course: Course, *, now: datetime) -> list[int]:
    """The ids of the steps whose predictions the student's next choice in the course may need, likeliest first."""
    session = Session(student=student, course=course)
    # All steps of a small course are predicted, so there is nothing to rank by what was served.
    is_small = len(catalog.course_map(course.pk, course.revision).step_ids) <= policy.MOST_PREDICTIONS
    served = () if is_small else _served(student, course)
    return policy.steps_to_predict(_situation(session, served, now=now))


def _close(turn: Turn, *, now: datetime) -> None:
    turn.state, turn.finished_at = Turn.State.SKIPPED, now
    turn.save(update_fields=["state", "finished_at"])


def _locked(student: User, course: Course, *, now: datetime) -> Session:
    """The student's open session in the course, made if there is none, and locked against other tabs."""
    sessions = Session.objects.select_related("student__preference", "course").select_for_update(of=("self",))
    open_ones = sessions.filter(student=student, course=course, ended_at=None)
    session = open_ones.first()
    if session is not None:
        return session
    try:
        with transaction.atomic():
            return Session.objects.create(student=student, course=course, started_at=now)
    except IntegrityError:  # another tab was faster
        return open_ones.get()


def _sitting(session: Session, served: Sequence[_Row], *, now: datetime) -> Session:
    """The session, or after a long break a new one. An open turn keeps its session, however long the break was."""
    last = served[-1] if served and served[-1].session_id == session.pk else None
    if last is None or last.finished_at is None or now - last.finished_at <= SITTING_GAP:
        return session
    session.ended_at = last.finished_at
    session.save(update_fields=["ended_at"])
    return Session.objects.create(student=session.student, course=session.course, started_at=now)


def _served(student: User, course: Course) -> list[_Row]:
    """The student's turns in the course, oldest first, as far as the policy needs them."""
    rows = Turn.objects.filter(session__student=student, session__course=course).order_by("-id")
    return [_Row(*row) for row in rows.values_list(*_Row._fields)[:SERVED_KNOWN]][::-1]


def _choose(session: Session, served: Sequence[_Row], *, now: datetime, rng: Random) -> Turn | None:
    """Ask the policy, and write down what it chose and why. None when the course is finished."""
    student, course = session.student, session.course
    fresh = predictions.fresh(student.pk, attempts_seen=history.record_size(student.pk))
    situation = _situation(session, served, now=now)
    if fresh:
        situation = replace(situation, predictions=fresh.probabilities)
    else:
        steps, concepts = history.population_counts(course.pk, policy.steps_to_predict(situation))
        situation = replace(situation, step_counts=steps, concept_counts=concepts)
    choice = policy.choose(situation, rng=rng)
    if choice is None:
        return None
    entry = catalog.course_map(course.pk, course.revision).exercise_of[choice.exercise_id]
    in_session = [row.number for row in served if row.session_id == session.pk]
    is_predicted = fresh is not None and entry.step_ids[0] in fresh.probabilities
    seed = rng.randrange(SEEDS) if entry.is_template else 0
    turn = Turn.objects.create(
        session=session,
        exercise_id=entry.id,
        concept_id=choice.concept_id,
        number=max(in_session, default=0) + 1,
        revision=entry.revision,
        seed=seed,
        theme=_theme(student, entry, seed) if entry.is_template else "",
        policy=policy.NAME,
        strategy=choice.strategy,
        reason=dict(choice.reason),
        propensity=choice.propensity,
        explored=choice.explored,
        version_id=fresh.version_id if fresh and is_predicted else None,
        probability=choice.chance,
        evidence=Mattered.to_json(fresh.grounds.get(choice.concept_id, ())) if fresh else [],
        served_at=now,
        waiting_since=now,
        first_hint_at_once=_wants_first_hint(student, choice.concept_id),
    )
    if turn.first_hint_at_once:
        exercise = concrete(turn)
        turn.progress = Progress().with_first_hint(exercise.steps[0]).to_json()
        turn.save(update_fields=["progress"])
    made = Turn.objects.select_related("exercise", "concept").get(pk=turn.pk)
    made.session = session  # which was read with the rest of what is shown
    return made


def _theme(student: User, entry: catalog.ExerciseEntry, seed: int) -> str:
    """What the story is about: something that the student likes, where the exercise can be told so."""
    interests = student.preference.interests if hasattr(student, "preference") else ()
    return variants.theme_of(catalog.exercise(entry.id, entry.revision), seed, interests)


def _situation(session: Session, served: Sequence[_Row], *, now: datetime) -> policy.Situation:
    """What the policy sees, but for predictions and counts."""
    student, course = session.student, session.course
    preference = student.preference if hasattr(student, "preference") else Preference()
    return policy.Situation(
        course=catalog.course_map(course.pk, course.revision),
        held=_held(student.pk, course, now=now),
        now=now,
        served=[
            policy.Served(
                exercise_id=row.exercise_id,
                concept_id=row.concept_id,
                strategy=row.strategy,
                skipped=row.state == Turn.State.SKIPPED,
                in_session=row.session_id == session.pk,
            )
            for row in served
        ],
        examples=_examples(course.pk, course.revision),
        example_first=preference.order == Preference.Order.EXAMPLE_FIRST,
        pace=preference.pace,
    )


def _held(student_id: int, course: Course, *, now: datetime) -> dict[int, history.ConceptEstimate]:
    """The estimates of students/history for every concept of the course map, in one query."""
    concepts = catalog.course_map(course.pk, course.revision).titles
    rows = ConceptState.objects.filter(student=student_id, concept__course=course.pk)
    states = {row.concept_id: row for row in rows}
    nobody = history.concept_estimate(0, None, now=now)  # what is assumed of anybody, made once for all unseen ones
    return {
        concept: history.concept_estimate(concept, states[concept], now=now) if concept in states else nobody
        for concept in concepts
    }


@lru_cache(maxsize=64)
def _examples(course_id: int, revision: int) -> frozenset[int]:
    """The concepts that have a worked example, read once for each revision of the course."""
    return frozenset(Concept.objects.filter(course=course_id).exclude(example="").values_list("pk", flat=True))


def _wants_first_hint(student: User, concept_id: int) -> bool:
    """Whether the first hint is shown at once: asked for, and not after an exercise of the concept that went well.

    A first try without a hint is what mastery rests on, so help that never faded would put it out of reach.
    """
    if not hasattr(student, "preference") or student.preference.help != Preference.Help.MUCH:
        return False
    of_concept = Turn.objects.filter(session__student=student, concept=concept_id, state=Turn.State.DONE)
    last = of_concept.order_by("-id").values_list("progress", flat=True).first()
    return last is None or not Progress.from_json(last).all_right_at_first_try
