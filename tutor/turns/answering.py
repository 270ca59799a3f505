"""What a student does inside a turn: answer, ask for a hint, answer a scaffold, give up. Writes: Turn, TurnAttempt.

Each is one transaction that locks the turn, looks again, and only then acts, so that a double click, a retried POST
and two tabs come to one act.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import IntegrityError, transaction

from content import catalog, grading, package
from content.models import Misconception
from students import records, writings
from students.models import Preference, User, Writing
from tutor import feedback
from tutor.feedback import Feedback
from tutor.models import Turn, TurnAttempt
from tutor.turns.keys import formulas, in_force, judge
from tutor.turns.progress import Progress, Response, StepProgress
from tutor.turns.refreshing import queue_refresh
from tutor.turns.shown import TurnView, concrete, find, show


class AlreadyMoved(Exception):
    """The step is no longer the one in hand: answered in another tab, given up, or the turn is over."""

    def __init__(self, view: TurnView) -> None:
        """`view` is how the turn stands."""
        super().__init__()
        self.view = view


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of an act.

    repeated: this submission had come before, and is told the same again. counted: not so for an answer that is right
    but in another form than is asked for; the student is told, and nothing else happens.
    """

    view: TurnView
    feedback: Feedback | None = None
    repeated: bool = False
    counted: bool = True


@dataclass(frozen=True, kw_only=True)
class _Submission:
    """An answer as it came in; `response` is None for a step given up."""

    response: Response | None
    submission_id: UUID
    now: datetime


@dataclass(frozen=True, kw_only=True)
class _Hand:
    """A locked turn with everything that acting on its step in hand needs."""

    turn: Turn
    exercise: package.Exercise
    progress: Progress
    student: User

    def step(self, key: str) -> package.Step:
        """The step in hand, which must be the one named. Raises AlreadyMoved."""
        can_go_on = self.turn.state == Turn.State.OPEN and not self.turn.exercise.retired
        step = self.progress.current(self.exercise.steps) if can_go_on else None
        if step is None or step.key != key:
            raise AlreadyMoved(self.view())
        return step

    def map(self) -> catalog.CourseMap:
        """The map of the turn's course."""
        course = self.turn.session.course
        return catalog.course_map(course.pk, course.revision)

    def place_of(self, step: package.Step) -> tuple[int, tuple[int, ...]]:
        """The id of a step and those of its concepts; warm, no query unless the exercise was edited since."""
        entry = self.map().exercise_of.get(self.turn.exercise_id)
        if entry is None or entry.revision != self.turn.revision:
            return catalog.step_ids(self.turn.exercise_id, step.key)
        place = [one.key for one in self.exercise.steps].index(step.key)
        return entry.step_ids[place], entry.concept_ids[place]

    def view(self) -> TurnView:
        """How the turn stands."""
        return show(self.turn)


def submit_answer(
    *, turn_token: UUID | str, student: User, step_key: str, response: Response, submission_id: UUID, now: datetime
) -> Outcome:
    """Grade an answer on the step in hand, record it, and say what came of it.

    Raises NotYours, AlreadyMoved, and content.grading.Unreadable, after which nothing was counted.
    """
    try:
        with transaction.atomic():
            hand = _take(turn_token, student)
            if handed_in := hand.progress.handed_in_by(submission_id):
                return Outcome(view=hand.view(), feedback=_told(handed_in), repeated=True)
            if hand.progress.has_counted(submission_id):
                return _again(student, submission_id)
            step = in_force(hand.turn, hand.step(step_key))
            grade = judge(hand.exercise, step, response)
            if grade.is_message:
                told = feedback.mark(grade, step=step.key, offer=feedback.Offer.TRY_AGAIN)
                return Outcome(view=hand.view(), feedback=feedback.words(told), counted=False)
            came = _Submission(response=response, submission_id=submission_id, now=now)
            if grade.is_waiting:
                return _hand_in(hand, step, grade, came)
            return _record(hand, step, grade, came)
    except IntegrityError:
        if Writing.objects.filter(student=student, submission_id=submission_id).exists():
            return Outcome(view=show(find(turn_token=turn_token, student=student)), repeated=True)
        # The same submission id in another turn of this student: that one counts.
        if not TurnAttempt.objects.filter(attempt__student=student, attempt__submission_id=submission_id).exists():
            raise
        return _again(student, submission_id)


def ask_hint(*, turn_token: UUID | str, student: User, step_key: str, after: int) -> Outcome:
    """Show one more hint of the step in hand, the one after `after` shown hints; asked twice, it is one hint.

    Raises NotYours and AlreadyMoved.
    """
    with transaction.atomic():
        hand = _take(turn_token, student)
        step = hand.step(step_key)
        shown = hand.progress.of(step.key).hints
        if after == shown and shown < len(step.hints):
            _store(hand, hand.progress.moved(step.key, hints=shown + 1))
        return Outcome(view=hand.view())


def answer_scaffold(
    *, turn_token: UUID | str, student: User, step_key: str, hint_key: str, response: Response
) -> Outcome:
    """Grade the answer to a scaffold that has been shown. It is help, not an attempt: no estimate moves.

    Raises NotYours, AlreadyMoved (also where no such scaffold is shown), and content.grading.Unreadable.
    """
    with transaction.atomic():
        hand = _take(turn_token, student)
        step = hand.step(step_key)
        own = hand.progress.of(step.key)
        hint = next((hint for hint in step.hints[: own.hints] if hint.key == hint_key), None)
        if hint is None or hint.answer is None:
            raise AlreadyMoved(hand.view())
        grade = grading.grade(grading.parse_key(hint.answer), response, given=formulas(hint.text))
        offer = feedback.Offer.NEXT if grade.correct else feedback.Offer.TRY_AGAIN
        marking = feedback.mark(grade, step=step.key, offer=offer)
        answer = {"response": response, "correct": grade.correct, "marking": marking.to_json()}
        _store(hand, hand.progress.moved(step.key, asked={**own.asked, hint.key: answer}))
        return Outcome(view=hand.view(), feedback=feedback.words(marking))


def give_up(*, turn_token: UUID | str, student: User, step_key: str, now: datetime) -> Outcome:
    """Show the worked solution of the step in hand and go on. It is recorded as an attempt without a response.

    Raises NotYours and AlreadyMoved.
    """
    with transaction.atomic():
        hand = _take(turn_token, student)
        step = hand.step(step_key)
        # Whatever is clicked, only once: afterwards the step is no longer in hand.
        return _record(hand, step, None, _Submission(response=None, submission_id=uuid.uuid4(), now=now))


def _take(turn_token: UUID | str, student: User) -> _Hand:
    turn = find(turn_token=turn_token, student=student, lock=True)
    return _Hand(
        turn=turn, exercise=concrete(turn), progress=Progress.from_json(turn.progress), student=turn.session.student
    )


def _again(student: User, submission_id: UUID) -> Outcome:
    """What this submission was told when it counted."""
    made = TurnAttempt.objects.select_related("turn").get(
        attempt__student=student, attempt__submission_id=submission_id
    )
    view = show(find(turn_token=made.turn.token, student=student))
    return Outcome(view=view, feedback=feedback.words(feedback.Marking.from_json(made.feedback)), repeated=True)


def _record(hand: _Hand, step: package.Step, grade: grading.Grade | None, came: _Submission) -> Outcome:
    """Write the attempt, what it moved and what is said about it; `grade` is None for a step given up."""
    marking, misconception = _marking(hand, step, grade)
    recorded = records.record_attempt(_attempt(hand, step, marking, misconception, came), now=came.now)
    titles = hand.map().titles
    changes = tuple(
        feedback.Change(
            concept_id=change.concept_id,
            title=titles.get(change.concept_id, ""),
            before=change.before,
            after=change.after,
        )
        for change in recorded.changes
    )
    marking = replace(marking, changes=changes)
    stored = marking.to_json()
    TurnAttempt.objects.create(turn=hand.turn, attempt=recorded.attempt, feedback=stored)
    progress = hand.progress.moved(
        step.key,
        tries=marking.try_number,
        right=marking.correct,
        gave_up=grade is None,
        response=came.response if grade else hand.progress.of(step.key).response,
        marking=stored,
        submissions=[*hand.progress.of(step.key).submissions, str(came.submission_id)],
    )
    _store(hand, progress, now=came.now)
    if hand.turn.state == Turn.State.DONE:  # before that no choice is due, and one more answer would outdate it
        queue_refresh(student_id=hand.student.pk, course_id=hand.turn.session.course_id, now=came.now)
    return Outcome(view=hand.view(), feedback=feedback.words(marking))


def _hand_in(hand: _Hand, step: package.Step, grade: grading.Grade, came: _Submission) -> Outcome:
    """Keep a text for the person who will judge it, and go on. No attempt is made, and no estimate moves."""
    own = hand.progress.of(step.key)
    marking = feedback.mark(
        grade, step=step.key, offer=feedback.Offer.NEXT, hints_used=own.hints, try_number=own.tries + 1
    )
    step_id, _concepts = hand.place_of(step)
    new = writings.NewWriting(
        student_id=hand.student.pk,
        step_id=step_id,
        text=str(came.response),
        revision=hand.turn.revision,
        seed=hand.turn.seed,
        theme=hand.turn.theme,
        hints_used=own.hints,
        seconds=max(0.0, (came.now - hand.turn.waiting_since).total_seconds()),
        submission_id=came.submission_id,
    )
    writings.hand_in(new, now=came.now)
    progress = hand.progress.moved(
        step.key,
        tries=marking.try_number,
        handed_in=True,
        response=came.response,
        marking=marking.to_json(),
        submissions=[*own.submissions, str(came.submission_id)],
    )
    _store(hand, progress, now=came.now)
    return Outcome(view=hand.view(), feedback=feedback.words(marking))


def _told(step: StepProgress) -> Feedback | None:
    return feedback.words(feedback.Marking.from_json(step.marking)) if step.marking else None


def _marking(
    hand: _Hand, step: package.Step, grade: grading.Grade | None
) -> tuple[feedback.Marking, Misconception | None]:
    """What is said of an answer before estimates move, and the misconception that it shows, if any."""
    own = hand.progress.of(step.key)
    try_number = own.tries + 1
    if grade is None:
        return feedback.gave_up(step=step.key, hints_used=own.hints, try_number=try_number), None
    available = feedback.Help(
        hints_left=len(step.hints) - own.hints,
        has_example=bool(hand.turn.concept.example),
        wanted=_wanted_help(hand.student),
    )
    offer = feedback.next_offer(correct=grade.correct, try_number=try_number, available=available)
    marking = feedback.mark(grade, step=step.key, offer=offer, hints_used=own.hints, try_number=try_number)
    if grade.wrong_answer is None:
        return marking, None
    recognised = step.wrong_answers[grade.wrong_answer]
    marking = replace(marking, said=recognised.feedback)
    course = hand.turn.session.course
    misconception = _misconceptions(course.pk, course.revision).get(recognised.misconception)
    if misconception:
        marking = replace(
            marking, misconception_title=misconception.title, misconception_text=misconception.explanation
        )
    return marking, misconception


@lru_cache(maxsize=64)
def _misconceptions(course_id: int, revision: int) -> Mapping[str, Misconception]:
    """The course's misconceptions by key, read once for each revision of the course."""
    return {row.key: row for row in Misconception.objects.filter(course=course_id)}


def _wanted_help(student: User) -> str:
    return student.preference.help if hasattr(student, "preference") else Preference.Help.USUAL


def _attempt(
    hand: _Hand,
    step: package.Step,
    marking: feedback.Marking,
    misconception: Misconception | None,
    came: _Submission,
) -> records.NewAttempt:
    step_id, concept_ids = hand.place_of(step)
    return records.NewAttempt(
        student_id=hand.student.pk,
        step_id=step_id,
        concept_ids=concept_ids,
        response=came.response,
        correct=marking.correct,
        score=marking.score,
        hints_used=marking.hints_used,
        try_number=marking.try_number,
        seconds=max(0.0, (came.now - hand.turn.waiting_since).total_seconds()),
        submission_id=came.submission_id,
        revision=hand.turn.revision,
        seed=hand.turn.seed,
        theme=hand.turn.theme,
        misconception_id=misconception.pk if misconception else None,
        is_simulated=hand.student.is_simulated,
    )


def _store(hand: _Hand, progress: Progress, *, now: datetime | None = None) -> None:
    """Write the progress, and finish the turn when nothing is left in hand; `now` where an attempt was made."""
    turn = hand.turn
    in_hand = progress.current(hand.exercise.steps)
    if in_hand and turn.first_hint_at_once:
        progress = progress.with_first_hint(in_hand)
    turn.progress = progress.to_json()
    if now:
        turn.waiting_since = now
    if in_hand is None:
        turn.state, turn.finished_at = Turn.State.DONE, now
    turn.save(update_fields=["progress", "waiting_since", "state", "finished_at"])
