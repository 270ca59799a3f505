"""Simulated students who practise through the real code path, over past days. Writes: User, Classroom.

Everything they leave is marked as simulated. The same seed gives the same students, days and answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from content import catalog, grading
from content.models import Course
from students import records
from students.models import Classroom, Enrolment, User
from training import simulation
from tutor import turns
from tutor.management import responses

CALENDAR = timedelta(days=28)
MOST_TRIES = 3
EASE = 2.0  # logits: a course is written for its class, so that most first tries go right
SITTING = (8, 16)  # answers in one sitting, fewest and most


@dataclass(frozen=True, kw_only=True)
class Practised:
    """What a simulated student left behind."""

    answers: int
    right: int
    turns: int
    finished: bool  # had nothing left to practise


@dataclass(kw_only=True)
class Clock:
    """The time in the life of one student: seconds pass with answers, days between sittings."""

    now: datetime
    end: datetime
    rng: Random
    left_in_sitting: int = 0

    def pass_seconds(self, seconds: float) -> datetime:
        """Time goes on, but never beyond the end."""
        self.now = min(self.now + timedelta(seconds=seconds), self.end)
        return self.now

    def sit_down(self, sittings_left: int) -> None:
        """Start a sitting when the last one is over; the days that are left are shared by the sittings that are."""
        if self.left_in_sitting == 0:
            share = (self.end - self.now).total_seconds() / (sittings_left + 1)
            self.pass_seconds(share * self.rng.uniform(0.6, 1.2))
            self.left_in_sitting = self.rng.randint(*SITTING)


def make_class(
    *, course: Course, students: int, seed: int, classroom: Classroom | None, now: datetime
) -> list[tuple[User, simulation.SimulatedStudent]]:
    """Make simulated students and enrol them, in a class of their own where none is given.

    Raises ValueError where students of this seed have practised this course already.
    """
    prefix = f"sim-{course.slug}-{seed}-"
    if User.objects.filter(username__startswith=prefix).exists():
        raise ValueError(prefix)
    drawn = simulation.draw_students(students, seed=seed)
    nobody = make_password(None)
    with transaction.atomic():
        if classroom is None:
            classroom = Classroom.objects.create(
                name=f"Simulated class {seed}",
                course=course,
                join_code=records.new_join_code(),
                consents_to_tuning=True,
                is_simulated=True,
            )
        users = User.objects.bulk_create(
            User(
                username=f"{prefix}{number:03}",
                display_name=f"Sim {number:02} · {student.kind.replace('_', ' ')}",
                language=course.language,
                password=nobody,
                is_simulated=True,
                date_joined=now - CALENDAR,
            )
            for number, student in enumerate(drawn, start=1)
        )
        Enrolment.objects.bulk_create(Enrolment(classroom=classroom, student=user) for user in users)
    return list(zip(users, drawn, strict=True))


def practise(
    *,
    course: Course,
    members: Sequence[tuple[User, simulation.SimulatedStudent]],
    answers: int,
    seed: int,
    now: datetime,
    progress: Callable[[int], None],
) -> Iterator[Practised]:
    """Let each member give about `answers` answers in the weeks before `now`.

    Unless the caller holds a transaction, each act is one of its own, as anybody's: people who practise meanwhile wait
    for none but the last answer, for everybody's answers are counted in the same rows. `progress` is told how many
    answers each student gave.
    """
    requires = prerequisites(course)
    for number, (user, simulated) in enumerate(members):
        rng = Random(f"{seed}:{number}")  # noqa: S311 (has to come out the same again)
        clock = Clock(now=now - CALENDAR, end=now, rng=rng)
        with turns.without_refresh():
            done = _live(Life(user=user, simulated=simulated, course=course, requires=requires, clock=clock), answers)
        progress(done.answers)
        yield done


@dataclass(frozen=True, kw_only=True)
class Life:
    """A simulated student at work on a course."""

    user: User
    simulated: simulation.SimulatedStudent
    course: Course
    requires: dict[str, tuple[str, ...]]
    clock: Clock


def _live(life: Life, answers: int) -> Practised:
    given = right = served = 0
    while given < answers:
        life.clock.sit_down((answers - given) // SITTING[0])
        try:
            view = turns.next_turn(life.user, life.course, now=life.clock.pass_seconds(3), rng=life.clock.rng)
        except turns.CourseFinished:
            return Practised(answers=given, right=right, turns=served, finished=True)
        served += 1
        while view.current:
            outcome = answer_once(life, view, view.current)
            given, right = given + 1, right + bool(outcome.feedback and outcome.feedback.correct)
            life.clock.left_in_sitting = max(0, life.clock.left_in_sitting - 1)
            view = outcome.view
    return Practised(answers=given, right=right, turns=served, finished=False)


def answer_once(life: Life, view: turns.TurnView, step: turns.StepView) -> turns.Outcome:
    """One try at the step in hand: the simulated mind decides how it goes, the real grader what it comes to."""
    concrete = next(one for one in turns.concrete_of(view).steps if one.key == step.key)
    reply = life.simulated.respond(
        item=step.key,
        concepts=[f"{life.course.slug}:{key}" for key in concrete.concepts],
        difficulty=simulation.difficulty(step.key) - EASE,
        requires=life.requires,
        at=life.clock.now.timestamp(),
    )
    mine: dict[str, Any] = {"turn_token": view.token, "student": life.user, "step_key": step.key}
    for after in range(len(step.hints), min(len(step.hints) + reply.hints, step.hints_total)):
        turns.ask_hint(**mine, after=after)
    now = life.clock.pass_seconds(reply.seconds)
    has_enough = step.tries >= MOST_TRIES or (reply.gives_up and step.tries > 0)
    if has_enough and not reply.correct:
        return turns.give_up(**mine, now=now)
    for response in responses.likely(concrete, right=reply.correct, rng=life.clock.rng):
        try:
            submission = UUID(int=life.clock.rng.getrandbits(128), version=4)
            outcome = turns.submit_answer(**mine, response=response, submission_id=submission, now=now)
        except grading.Unreadable:
            continue
        if outcome.counted:
            return outcome
    return turns.give_up(**mine, now=now)


def prerequisites(course: Course) -> dict[str, tuple[str, ...]]:
    """The prerequisites of each concept, by names that stay the same on another site."""
    entries = catalog.course_map(course.pk, course.revision).concepts
    names = {entry.id: f"{course.slug}:{entry.key}" for entry in entries}
    return {names[entry.id]: tuple(names[needed] for needed in entry.requires) for entry in entries}
