"""Short ways for tests to put a student in front of an exercise and to answer it."""

import uuid
from datetime import datetime

from content.grading import right_response
from content.models import Concept, Course, Exercise
from students.models import User
from tutor import turns
from tutor.models import Session, Turn
from tutor.turns import TurnView


def serve(student: User, course: Course, key: str, *, now: datetime, seed: int = 0) -> TurnView:
    """Put one exercise in front of a student, as if the policy had chosen it."""
    session, _new = Session.objects.get_or_create(
        student=student, course=course, ended_at=None, defaults={"started_at": now}
    )
    session.turns.filter(state=Turn.State.OPEN).update(state=Turn.State.SKIPPED, finished_at=now)
    exercise = Exercise.objects.get(course=course, key=key)
    concept = Concept.objects.filter(steps__exercise=exercise).order_by("steps__position", "position")[0]
    turn = Turn.objects.create(
        session=session,
        exercise=exercise,
        concept=concept,
        revision=exercise.revision,
        seed=seed,
        policy="test",
        strategy="practice",
        reason={"code": "practice"},
        propensity=1.0,
        served_at=now,
        waiting_since=now,
    )
    return turns.view(turn_token=turn.token, student=student)


def answer(
    student: User,
    view: TurnView,
    response: str | list[str],
    *,
    now: datetime,
    submission: uuid.UUID | None = None,
) -> turns.Outcome:
    """Answer the step in hand of a view, or its first step where none is."""
    step = view.current or view.steps[0]
    return turns.submit_answer(
        turn_token=view.token,
        student=student,
        step_key=step.key,
        response=response,
        submission_id=submission or uuid.uuid4(),
        now=now,
    )


def right_answer_of(view: TurnView) -> str | list[str]:
    """The right answer of the step in hand."""
    assert view.current is not None
    return right_response(next(step for step in turns.concrete_of(view).steps if step.key == view.current.key).answer)


def wrong_answer_of(view: TurnView) -> str:
    """A number that is not the right answer of the step in hand."""
    return str(int(str(right_answer_of(view))) + 1000)
