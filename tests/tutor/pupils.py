"""Simulated pupils who are led through a course by a rule, without a database: what policies are compared with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from students import knowledge
from students.knowledge import Belief, Standing
from training.simulation import SimulatedCourse, SimulatedStudent
from tutor.policy import Served, Situation

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Concept:
    id: int
    requires: tuple[int, ...] = ()
    unlocks: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exercise:
    id: int
    step_ids: tuple[int, ...]
    concept_ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Course:
    concepts: tuple[Concept, ...]
    exercises: tuple[Exercise, ...]

    @cached_property
    def exercises_on(self) -> dict[int, list[Exercise]]:
        found: dict[int, list[Exercise]] = {}
        for exercise in self.exercises:
            for concept in dict.fromkeys(concept for step in exercise.concept_ids for concept in step):
                found.setdefault(concept, []).append(exercise)
        return found


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is believed of one concept; the prior unless told otherwise."""

    value: float = 0.62
    low: float = 0.21
    high: float = 0.91
    tries: int = 0
    wrong_in_a_row: int = 0
    mastered: bool = False
    standing: Standing = Standing.NOT_SEEN
    last_attempt_at: datetime | None = None


def make_course(
    requires: Mapping[int, tuple[int, ...]], exercises: Mapping[int, tuple[tuple[int, ...], ...]]
) -> Course:
    """A course from what each concept requires, and the concepts of each step of each exercise."""
    return Course(
        concepts=tuple(
            Concept(id=one, requires=needed, unlocks=tuple(other for other, its in requires.items() if one in its))
            for one, needed in requires.items()
        ),
        exercises=tuple(
            Exercise(id=one, step_ids=tuple(one * 10 + place for place in range(len(steps))), concept_ids=steps)
            for one, steps in exercises.items()
        ),
    )


def course_of(simulated: SimulatedCourse) -> Course:
    """A simulated course with numbers for names: concepts and steps in their order."""
    number = {name: place for place, name in enumerate(simulated.requires)}
    return make_course(
        {number[name]: tuple(number[one] for one in needed) for name, needed in simulated.requires.items()},
        {
            place: (tuple(number[concept] for concept in concepts),)
            for place, concepts in enumerate(simulated.steps.values())
        },
    )


@dataclass(kw_only=True)
class Pupil:
    """A simulated student, what is believed of them, and what they were served."""

    student: SimulatedStudent
    simulated: SimulatedCourse
    course: Course
    now: datetime = START
    beliefs: dict[int, Belief] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    wrong: dict[int, int] = field(default_factory=dict)
    mastered: set[int] = field(default_factory=set)
    served: list[Served] = field(default_factory=list)

    def held(self) -> dict[int, Held]:
        """What is believed of every concept now."""
        found = {}
        for concept in self.course.concepts:
            belief = self.beliefs.get(concept.id, knowledge.prior())
            estimate = knowledge.estimate(belief, now=self.now)
            tries, mastered = self.tries.get(concept.id, 0), concept.id in self.mastered
            found[concept.id] = Held(
                value=estimate.value,
                low=estimate.low,
                high=estimate.high,
                tries=tries,
                wrong_in_a_row=self.wrong.get(concept.id, 0),
                mastered=mastered,
                standing=knowledge.standing(estimate, tries=tries, was_mastered=mastered),
                last_attempt_at=self.now,
            )
        return found

    def situation(self) -> Situation:
        """What a policy is told."""
        return Situation(course=self.course, held=self.held(), now=self.now, served=tuple(self.served))

    def practise(self, exercise: int, concept: int, strategy: str) -> None:
        """Answer an exercise of one step, learn from it, and be believed accordingly."""
        item = list(self.simulated.steps)[exercise]
        at = self.now.timestamp()
        response = self.student.respond(
            item=item,
            concepts=self.simulated.steps[item],
            difficulty=self.simulated.difficulties[item],
            requires=self.simulated.requires,
            at=at,
        )
        for one in self.course.exercises[exercise].concept_ids[0]:
            belief = self.beliefs.get(one, knowledge.prior())
            belief = knowledge.update(belief, correct=response.correct, hints_used=response.hints, at=at)
            self.beliefs[one] = belief
            self.tries[one] = self.tries.get(one, 0) + 1
            self.wrong[one] = 0 if response.correct else self.wrong.get(one, 0) + 1
            if knowledge.is_mastered(knowledge.estimate(belief, now=at), self.tries[one]):
                self.mastered.add(one)
        self.served.append(Served(exercise_id=exercise, concept_id=concept, strategy=strategy))
        self.now += timedelta(minutes=1) if len(self.served) % 20 else timedelta(days=1)

    def truth(self) -> float:
        """The hidden mastery, averaged over the concepts, a day after the last answer."""
        at = (self.now + timedelta(days=1)).timestamp()
        requires = self.simulated.requires
        return sum(self.student.mastery(concept=name, requires=requires, at=at) for name in requires) / len(requires)


Rule = Callable[[Situation, Random], tuple[int, int, str] | None]


def gained(pupil: Pupil, rule: Rule, *, exercises: int, seed: int) -> float:
    """How much hidden mastery a pupil gains by a number of exercises under a rule."""
    rng, before = Random(seed), pupil.truth()
    for _ in range(exercises):
        chosen = rule(pupil.situation(), rng)
        if chosen is None:
            break
        pupil.practise(*chosen)
    return pupil.truth() - before
