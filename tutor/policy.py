"""What a student practises next, and why: one concept, then one exercise of it. Plain.

Stage one scores every concept that is not mastered by

    (1 - mastery) · how fast it is learned · readiness of its prerequisites · (goal + half the worth of what it unlocks)

and takes the highest; at most every third exercise is a review of something mastered that has faded. The gate of the
prerequisites is soft, because the graph may be wrong. Two first tries wrong in a row leave a concept for two
exercises, «not this now» for three. With probability EXPLORATION a concept is drawn evenly from those that are ready
instead, so that policies can be compared from the log; the propensity of what was chosen is exact.

Stage two takes an exercise that was not served yet and whose predicted chance of being right is nearest to a target.
A target as the goal itself would drill what is known; inside a concept it only spares idle and hopeless exercises.

What it does not do: maximise a neural model's predicted gain, which may fall after a right answer
(Yeung & Yeung 2018, doi:10.1145/3231644.3231647).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Protocol

from students import knowledge
from students.knowledge import Estimate, Standing

NAME = "expected-learning/1"  # stored with every turn

EXPLORATION = 0.1
STRUGGLE = 2  # first tries wrong in a row that leave a concept …
STRUGGLE_REST = 2  # … for this many exercises
SKIP_REST = 3
REVIEW_EVERY = 3  # at most one exercise in this many is a review
READY_AT = 0.80  # mastery at which a prerequisite holds nothing back
GATE_FLOOR = 0.2  # what is left of the score when a prerequisite is not known at all
GATE_POWER = 2
READY = 0.5  # of the gate: below it a concept is not explored
SLOW_AFTER = 5  # tries without mastery, after which more of the same is expected to teach less
WORTH_LEVELS = 4  # how far up the graph worth is counted; each level halves it
PROBE_BOOST = 2.0
TARGET = 0.75
TARGET_BY_PACE = {"calm": 0.80, "usual": 0.75, "brisk": 0.68}
TOLERANCE = 0.03  # exercises this near to the best chance are as good
MOST_PREDICTIONS = 500
NEVER = -1  # before the first place in the order of what was served
FIRST_LOOK = 40  # exercises a concept is given before the next concept has its turn


class ConceptNode(Protocol):
    """A concept of a course map."""

    @property
    def id(self) -> int: ...
    @property
    def requires(self) -> Sequence[int]: ...
    @property
    def unlocks(self) -> Sequence[int]: ...


class ExerciseNode(Protocol):
    """An exercise of a course map: its steps, and the concepts of each."""

    @property
    def id(self) -> int: ...
    @property
    def step_ids(self) -> Sequence[int]: ...
    @property
    def concept_ids(self) -> Sequence[Sequence[int]]: ...


class Course(Protocol):
    """What there is to choose from; content.catalog.CourseMap is one."""

    @property
    def concepts(self) -> Sequence[ConceptNode]: ...
    @property
    def exercises(self) -> Sequence[ExerciseNode]: ...


class Held(Protocol):
    """What is believed about a student and a concept, now; students.history.ConceptEstimate is one."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def tries(self) -> int: ...
    @property
    def wrong_in_a_row(self) -> int: ...
    @property
    def mastered(self) -> bool: ...
    @property
    def standing(self) -> Standing: ...
    @property
    def last_attempt_at(self) -> datetime | None: ...


class Strategy(StrEnum):
    """How an exercise is served."""

    PRACTICE = "practice"
    REVIEW = "review"
    WORKED_EXAMPLE = "worked_example"  # the concept's example first


class Reason(StrEnum):
    """Why it was chosen; each with `concept`, its id, and the values named."""

    NEW_READY = "new_ready"
    PRACTISE_WEAK = "practise_weak"
    REVIEW_DUE = "review_due"  # days since the last attempt
    AFTER_STRUGGLE = "after_struggle"  # left: the concept that is left alone for a while
    PROBE_PREREQUISITE = "probe_prerequisite"  # for: the concept that needs it
    EXPLORE = "explore"


@dataclass(frozen=True, kw_only=True)
class Served:
    """An exercise that was served before."""

    exercise_id: int
    concept_id: int
    strategy: str = Strategy.PRACTICE
    skipped: bool = False  # «not this now»
    in_session: bool = True  # in the sitting that still goes on


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything a choice depends on."""

    course: Course
    held: Mapping[int, Held]  # of every concept
    now: datetime
    served: Sequence[Served] = ()  # in the order of time, as far back as is known
    predictions: Mapping[int, float] | None = None  # fresh P(correct) by step id; None: there are none
    step_counts: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # (right, tries) of everybody
    concept_counts: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    goals: Collection[int] = ()  # concept ids; empty: all of them
    examples: Collection[int] = ()  # concepts that have a worked example
    example_first: bool = False
    pace: str = "usual"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to serve. `propensity` is the probability with which this exercise was chosen in this situation."""

    exercise_id: int
    concept_id: int
    strategy: Strategy
    reason: Mapping[str, str | int]
    propensity: float
    explored: bool
    chance: float  # P(correct) of the first step, predicted or by the plain estimate


def choose(situation: Situation, *, rng: Random) -> Choice | None:
    """Choose the next exercise, or None when everything worth learning here is mastered and no review is due."""
    plan = _plan(situation)
    if plan is None:
        return None
    explored = bool(plan.pool) and rng.random() < EXPLORATION
    concept = rng.choice(plan.pool if explored else plan.best)
    exercise = rng.choice(plan.picks(concept))
    return Choice(
        exercise_id=exercise.id,
        concept_id=concept,
        strategy=plan.strategy(concept),
        reason=plan.reason(concept, explored=explored),
        propensity=plan.propensity(exercise),
        explored=explored,
        chance=plan.step_chance(exercise.step_ids[0], exercise.concept_ids[0]),
    )


def propensities(situation: Situation) -> dict[int, float]:
    """Return the probability of every exercise that may be chosen, by exercise id. They sum to 1, or there are none."""
    plan = _plan(situation)
    if plan is None:
        return {}
    exercises = {one.id: one for concept in {*plan.best, *plan.pool} for one in plan.picks(concept)}
    return {key: plan.propensity(one) for key, one in exercises.items()}


def steps_to_predict(situation: Situation, *, limit: int = MOST_PREDICTIONS) -> list[int]:
    """Return at most `limit` ids of steps whose predictions may be needed after one more answer, likeliest first."""
    view = _Field(situation)
    learnable = [concept for concept in view.nodes if view.learnable(concept)]
    ranked = sorted(learnable, key=lambda one: (not view.due(one), -view.scores[one]))
    queues = [sorted(view.exercises[concept], key=lambda one: view.latest.get(one.id, NEVER)) for concept in ranked]
    order = [one for queue in queues for one in queue[:FIRST_LOOK]]
    order += [one for queue in queues for one in queue[FIRST_LOOK:]]
    return list(dict.fromkeys(step for one in order for step in one.step_ids))[:limit]


class _Field:
    """A situation with what follows from it: exercises by concept, gates, worth and scores."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.nodes = {node.id: node for node in situation.course.concepts}
        self.exercises: dict[int, list[ExerciseNode]] = defaultdict(list)
        for exercise in situation.course.exercises:
            for concept in dict.fromkeys(concept for step in exercise.concept_ids for concept in step):
                self.exercises[concept].append(exercise)
        self.latest = {one.exercise_id: place for place, one in enumerate(situation.served)}
        self.worth = self._worth()
        self.gates = {concept: self._gate(node.requires) for concept, node in self.nodes.items()}
        self.left = self._left()
        self.scores = {concept: self._score(concept) for concept in self.nodes}

    def learnable(self, concept: int) -> bool:
        """Whether there is something to gain: exercises, a goal behind it, and mastery missing or faded."""
        missing = not self.situation.held[concept].mastered or self.due(concept)
        return missing and concept in self.exercises and self.worth[concept] > 0

    def due(self, concept: int) -> bool:
        """Whether it was mastered and has faded."""
        return self.situation.held[concept].standing == Standing.FADING

    def resting(self) -> set[int]:
        """Concepts that are left alone for now, after two wrong answers in a row or «not this now»."""
        served = self.situation.served
        resting = {one.concept_id for one in served[-SKIP_REST:] if one.skipped and one.in_session}
        for one in served[-STRUGGLE_REST:]:
            if self.struggled(one):
                resting.add(one.concept_id)
        return resting

    def struggled(self, one: Served) -> bool:
        """Whether the last answers on what was served were wrong in a row."""
        held = self.situation.held.get(one.concept_id)
        return held is not None and not one.skipped and held.wrong_in_a_row >= STRUGGLE

    def _left(self) -> int | None:
        """The concept that the student has just had to leave."""
        last = self.situation.served[-1:]
        return next((one.concept_id for one in last if self.struggled(one)), None)

    def _worth(self) -> dict[int, float]:
        """Goal, plus half the worth of what it unlocks, as far as that is still missing. Cycles do no harm."""
        goals = {concept: float(concept in self.situation.goals or not self.situation.goals) for concept in self.nodes}
        missing = {concept: 1 - self.situation.held[concept].value for concept in self.nodes}
        worth = goals
        for _ in range(WORTH_LEVELS):
            worth = {
                concept: goals[concept] + sum(missing[one] * worth[one] for one in node.unlocks) / 2
                for concept, node in self.nodes.items()
            }
        return worth

    def _gate(self, requires: Iterable[int]) -> float:
        gate = 1.0
        for needed in requires:
            held = self.situation.held[needed]
            # Nobody can be held back by what was mastered, or by what has nothing to practise.
            if not held.mastered and needed in self.exercises:
                gate *= GATE_FLOOR + (1 - GATE_FLOOR) * min(1.0, held.value / READY_AT) ** GATE_POWER
        return gate

    def _score(self, concept: int) -> float:
        held = self.situation.held[concept]
        speed = 1 / (1 + max(0, held.tries - SLOW_AFTER) / SLOW_AFTER)
        boost = PROBE_BOOST if self.probes(concept) else 1.0
        return (1 - held.value) * speed * self.gates[concept] * self.worth[concept] * boost

    def probes(self, concept: int) -> bool:
        """Whether it is a prerequisite, not known yet, of what the student has just had to leave."""
        if self.left not in self.nodes:
            return False
        return concept in self.nodes[self.left].requires and not self.situation.held[concept].mastered


@dataclass(kw_only=True)
class _Plan:
    """The distribution that a choice is drawn from: the best concepts evenly, mixed with the pool evenly."""

    view: _Field
    best: list[int]
    pool: list[int]
    avoided: Collection[int]  # exercises
    known_chances: dict[tuple[object, ...], float] = field(default_factory=dict)
    known_picks: dict[int, list[ExerciseNode]] = field(default_factory=dict)

    def picks(self, concept: int) -> list[ExerciseNode]:
        """The exercises of a concept that are equally good now; one of them is drawn evenly."""
        if concept not in self.known_picks:
            candidates = [one for one in self.view.exercises[concept] if one.id not in self.avoided]
            longest_ago = min(self.view.latest.get(one.id, NEVER) for one in candidates)
            fresh = [one for one in candidates if self.view.latest.get(one.id, NEVER) == longest_ago]
            target = TARGET_BY_PACE.get(self.view.situation.pace, TARGET)
            distances = [abs(self.chance(one) - target) for one in fresh]
            nearest = min(distances) + TOLERANCE
            self.known_picks[concept] = [
                one for one, distance in zip(fresh, distances, strict=True) if distance <= nearest
            ]
        return self.known_picks[concept]

    def propensity(self, exercise: ExerciseNode) -> float:
        """The probability of an exercise, through whichever of its concepts."""
        explore = EXPLORATION if self.pool else 0.0
        total = 0.0
        for concept in {concept for step in exercise.concept_ids for concept in step}:
            share = (1 - explore) * (concept in self.best) / len(self.best)
            share += explore * (concept in self.pool) / max(1, len(self.pool))
            if share and exercise in self.picks(concept):
                total += share / len(self.picks(concept))
        return total

    def chance(self, exercise: ExerciseNode) -> float:
        """P(correct) of its steps, their geometric mean: a long exercise is not a hard one."""
        product = 1.0
        for step, concepts in zip(exercise.step_ids, exercise.concept_ids, strict=True):
            product *= self.step_chance(step, concepts)
        return float(product ** (1 / len(exercise.step_ids)))

    def step_chance(self, step: int, concepts: Sequence[int]) -> float:
        """The model's prediction, or the plain estimate where there is none."""
        situation = self.view.situation
        if situation.predictions is not None and step in situation.predictions:
            return situation.predictions[step]
        counts = situation.step_counts.get(step, (0, 0))
        key = (tuple(concepts), counts)
        if key not in self.known_chances:
            of_concepts = [situation.concept_counts.get(concept, (0, 0)) for concept in concepts]
            held = [situation.held[concept] for concept in concepts]
            self.known_chances[key] = knowledge.probability_right(
                [Estimate(value=one.value, low=one.low, high=one.high) for one in held],
                step_right=counts[0],
                step_tries=counts[1],
                concept_right=sum(right for right, _tries in of_concepts),
                concept_tries=sum(tries for _right, tries in of_concepts),
            )
        return self.known_chances[key]

    def strategy(self, concept: int) -> Strategy:
        """A review of what has faded; the example first where it was asked for, or where trying did not help."""
        situation, held = self.view.situation, self.view.situation.held[concept]
        if self.view.due(concept):
            return Strategy.REVIEW
        wanted = (situation.example_first and held.tries == 0) or held.wrong_in_a_row >= STRUGGLE
        return Strategy.WORKED_EXAMPLE if wanted and concept in situation.examples else Strategy.PRACTICE

    def reason(self, concept: int, *, explored: bool) -> dict[str, str | int]:
        """Why this concept, as a code and its values."""
        held, left = self.view.situation.held[concept], self.view.left
        values: dict[str, str | int] = {}
        if explored:
            code = Reason.EXPLORE
        elif self.view.due(concept):
            code = Reason.REVIEW_DUE
            if held.last_attempt_at is not None:
                values["days"] = (self.view.situation.now - held.last_attempt_at).days
        elif left is not None and self.view.probes(concept):
            code, values["for"] = Reason.PROBE_PREREQUISITE, left
        elif left is not None and left != concept:
            code, values["left"] = Reason.AFTER_STRUGGLE, left
        else:
            code = Reason.NEW_READY if held.tries == 0 else Reason.PRACTISE_WEAK
        return {"code": code.value, "concept": concept, **values}


def _plan(situation: Situation) -> _Plan | None:
    view = _Field(situation)
    learnable = [concept for concept in view.nodes if view.learnable(concept)]
    if not learnable:
        return None
    open_, avoided = _open(view, learnable)
    due = [concept for concept in open_ if view.due(concept)]
    reviewed = any(one.strategy == Strategy.REVIEW for one in situation.served[1 - REVIEW_EVERY :])
    new = [concept for concept in open_ if concept not in due]
    if due and not (reviewed and new):
        faded = min(situation.held[concept].value for concept in due)
        best = [concept for concept in due if situation.held[concept].value == faded]
    else:
        highest = max(view.scores[concept] for concept in new)
        best = [concept for concept in new if view.scores[concept] == highest]
    pool = [concept for concept in open_ if view.gates[concept] >= READY]
    return _Plan(view=view, best=best, pool=pool, avoided=avoided)


def _open(view: _Field, learnable: list[int]) -> tuple[list[int], set[int]]:
    """The concepts that may be chosen, and the exercises that may not; both wishes give way when nothing is left."""
    served = view.situation.served
    skipped = {one.exercise_id for one in served if one.skipped and one.in_session}
    last = {one.exercise_id for one in served[-1:]}
    resting = view.resting()
    for avoided in (skipped | last, skipped, set[int]()):
        offered = [one for one in learnable if any(each.id not in avoided for each in view.exercises[one])]
        awake = [concept for concept in offered if concept not in resting]
        if awake or offered:
            return awake or offered, avoided
    raise AssertionError("a learnable concept has exercises")
