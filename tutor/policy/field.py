"""A situation with what follows from it: exercises by concept, gates, worth and scores. Plain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from students.knowledge import Standing
from tutor.policy.situation import ExerciseNode, Served, Situation

STRUGGLE = 2  # first tries wrong in a row that leave a concept …
STRUGGLE_REST = 2  # … for this many exercises
SKIP_REST = 3
STUCK = 10  # tries without mastery, as in students/records.py, after which more of the same is not the way on: …
STUCK_REST = 10  # … it comes back only after this many exercises
NEARLY = 0.78  # mastery: two right answers from nothing, more after wrong ones
ENOUGH_OPEN = 2  # concepts nearly mastered, which are then finished before anything else: enough to mix
READY_AT = 0.80  # mastery at which a prerequisite holds nothing back
GATE_FLOOR = 0.2  # what is left of the score when a prerequisite is not known at all
GATE_POWER = 2
SLOW_AFTER = 4  # tries without mastery, after which more of the same is expected to teach less
WORTH_LEVELS = 4  # how far up the graph worth is counted; each level halves it
PROBE_BOOST = 2.0


class Field:
    """A situation with what follows from it: exercises by concept, gates, worth and scores."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.nodes = {node.id: node for node in situation.course.concepts}
        self.exercises: Mapping[int, Sequence[ExerciseNode]] = situation.course.exercises_on
        self.latest = {one.exercise_id: place for place, one in enumerate(situation.served)}
        self.worth = self._worth()
        self.gates = {concept: self._gate(node.requires) for concept, node in self.nodes.items()}
        self.left = self._left()
        self.scores = {concept: self._score(concept) for concept in self.nodes}

    def in_order(self, concept: int) -> Iterator[ExerciseNode]:
        """The exercises of a concept: those never served in the course's order, then the one served longest ago first.

        Lazy, for a concept may have thousands of them, and few are looked at.
        """
        yield from (one for one in self.exercises[concept] if one.id not in self.latest)
        known = {one.id: one for one in self.exercises[concept] if one.id in self.latest}
        yield from sorted(known.values(), key=lambda one: self.latest[one.id])

    def learnable(self, concept: int) -> bool:
        """Whether there is something to gain: exercises, and mastery missing or faded."""
        missing = not self.situation.held[concept].mastered or self.due(concept)
        return missing and concept in self.exercises

    def due(self, concept: int) -> bool:
        """Whether it was mastered and has faded."""
        return self.situation.held[concept].standing == Standing.FADING

    def resting(self) -> set[int]:
        """Concepts that are left alone for now: after two wrong answers in a row, «not this now», or when stuck."""
        served = self.situation.served
        resting = {one.concept_id for one in served[-SKIP_REST:] if one.skipped and one.in_session}
        resting |= {one.concept_id for one in served[-STUCK_REST:] if self.stuck(one.concept_id)}
        for one in served[-STRUGGLE_REST:]:
            if self.struggled(one):
                resting.add(one.concept_id)
        return resting

    def stuck(self, concept: int) -> bool:
        """Whether many tries have not led to mastery."""
        held = self.situation.held.get(concept)
        return held is not None and not held.mastered and held.tries >= STUCK

    def nearly(self, concepts: Iterable[int]) -> list[int]:
        """Those of the concepts that were begun and are nearly mastered, at most ENOUGH_OPEN, the most practised."""
        held = self.situation.held
        found = [one for one in concepts if held[one].tries and not held[one].mastered and held[one].value >= NEARLY]
        return sorted(found, key=lambda one: -held[one].tries)[:ENOUGH_OPEN]

    def struggled(self, one: Served) -> bool:
        """Whether the last answers on what was served were wrong in a row."""
        held = self.situation.held.get(one.concept_id)
        return held is not None and not one.skipped and held.wrong_in_a_row >= STRUGGLE

    def _left(self) -> int | None:
        """The concept that the student has just had to leave."""
        last = self.situation.served[-1:]
        return next((one.concept_id for one in last if self.struggled(one)), None)

    def _worth(self) -> dict[int, float]:
        """One, plus half the worth of what it unlocks, as far as that is still missing. Cycles do no harm."""
        missing = {concept: 1 - self.situation.held[concept].value for concept in self.nodes}
        worth = dict.fromkeys(self.nodes, 1.0)
        for _ in range(WORTH_LEVELS):
            worth = {
                concept: 1 + sum(missing[one] * worth[one] for one in node.unlocks) / 2
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
