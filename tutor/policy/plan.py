"""The distribution that a choice is drawn from, and the reason of each choice. Plain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from students import knowledge
from students.knowledge import Estimate
from tutor.policy.field import ENOUGH_OPEN, STRUGGLE, Field
from tutor.policy.situation import ExerciseNode, Reason, Situation, Strategy

EXPLORATION = 0.1
REVIEW_EVERY = 3  # at most one exercise in this many is a review
READY = 0.5  # of the gate: below it a concept is not explored
EXPLORED = 20  # concepts, the best of those that are ready: in a long book, chance does not leap to its end
TARGET = 0.75
TARGET_BY_PACE = {"calm": 0.80, "usual": 0.75, "brisk": 0.68}
TOLERANCE = 0.03  # exercises this near to the best chance are as good
COMPARED = 200  # exercises of a concept at most, the first ones that were not served yet


@dataclass(kw_only=True)
class Plan:
    """The distribution that a choice is drawn from: the best concepts evenly, mixed with the pool evenly."""

    view: Field
    best: list[int]
    pool: list[int]
    avoided: Collection[int]  # exercises
    known_chances: dict[tuple[object, ...], float] = field(default_factory=dict)
    known_picks: dict[int, list[ExerciseNode]] = field(default_factory=dict)

    def picks(self, concept: int) -> list[ExerciseNode]:
        """The exercises of a concept that are equally good now; one of them is drawn evenly."""
        if concept not in self.known_picks:
            latest = self.view.latest
            candidates = (one for one in self.view.in_order(concept) if one.id not in self.avoided)
            first = next(candidates)
            as_long_ago = takewhile(lambda one: latest.get(one.id) == latest.get(first.id), candidates)
            fresh = [first, *islice(as_long_ago, COMPARED - 1)]
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


def make_plan(situation: Situation) -> Plan | None:
    view = Field(situation)
    learnable = [concept for concept in view.nodes if view.learnable(concept)]
    if not learnable:
        return None
    offered, avoided = _offered(view, learnable)
    due = [concept for concept in offered if view.due(concept)]
    reviewed = any(one.strategy == Strategy.REVIEW for one in situation.served[1 - REVIEW_EVERY :])
    new = _unfinished(view, [concept for concept in offered if concept not in due])
    if due and not (reviewed and new):
        faded = min(situation.held[concept].value for concept in due)
        best = [concept for concept in due if situation.held[concept].value == faded]
    else:
        highest = max(view.scores[concept] for concept in new)
        best = [concept for concept in new if view.scores[concept] == highest]
    ready = [concept for concept in (*new, *due) if view.gates[concept] >= READY]
    pool = sorted(ready, key=lambda one: -view.scores[one])[:EXPLORED]
    return Plan(view=view, best=best, pool=pool, avoided=avoided)


def _unfinished(view: Field, offered: list[int]) -> list[int]:
    """Of the concepts that are not mastered those to go on with: when enough are nearly there, only these."""
    nearly = view.nearly(offered)
    if len(nearly) < ENOUGH_OPEN:
        return offered
    return nearly + [concept for concept in offered if view.probes(concept) and concept not in nearly]


def _offered(view: Field, learnable: list[int]) -> tuple[list[int], set[int]]:
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
