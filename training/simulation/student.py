"""Simulated students of several kinds, who answer, forget, tire and learn: one at a time, as through the site.

The parts are those of the usual psychometric models, with broad priors so that no fixed parameters can be guessed:
ability and difficulty on one logit scale with guessing and slipping (Birnbaum's 4PL model), one skill per concept that
grows with each opportunity towards a ceiling (Corbett & Anderson 1994 give it as a chance to learn; here it is a
gain), growth that needs the prerequisites (Käser et al. 2017), and forgetting by a power of time (Wickelgren 1974).
What it does not model: reading, motivation, collaboration, cheating.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from training.simulation.draws import integer_of, normal_of

SITTING_GAP = 3600.0  # seconds without an answer after which a student is fresh again
DAY = 86_400.0
MOST_HINTS = 3
HINT_HELPS = 0.7  # logits a hint
SAME_STEP_HELPS = 0.5  # logits for each earlier try of the same step
READINESS_WEIGHT = 1.2  # logits lost on a concept of which no prerequisite is known


class Kind(StrEnum):
    """Kinds of students; every student of a kind is drawn anew within its ranges."""

    STEADY = "steady"
    QUICK = "quick"
    STRUGGLING = "struggling"
    FORGETFUL = "forgetful"
    GUESSER = "guesser"
    HINT_SEEKER = "hint_seeker"
    CARELESS = "careless"
    TIRING = "tiring"


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What stays the same in one student. Ability and gains are logits, times are seconds."""

    ability: float  # of a concept never seen
    spread: float  # standard deviation of that between concepts
    gain: float  # a right answer's, at full readiness; a wrong one's is smaller
    ceiling: float  # of what can be learned on top of the start
    guess: float
    slip: float
    forgetting: float  # exponent of the power law, per day
    fatigue: float  # lost per answer of one sitting, after the first ten
    hint_liking: float  # chance of a hint when quite unsure
    gives_up: float  # chance after a wrong answer
    pace: float  # median seconds an answer


@dataclass(frozen=True, kw_only=True)
class SimulatedResponse:
    """What one try came to."""

    correct: bool
    hints: int
    seconds: float
    gives_up: bool


@dataclass(kw_only=True)
class _Skill:
    start: float
    gained: float = 0.0
    practised: int = 0
    last_at: float | None = None


@dataclass(kw_only=True)
class SimulatedStudent:
    """One student with a hidden state. The same seed and the same questions give the same answers."""

    kind: Kind
    traits: Traits
    seed: int
    _rng: Random = field(repr=False)
    _skills: dict[str, _Skill] = field(default_factory=dict, repr=False)
    _tries: dict[str, int] = field(default_factory=dict, repr=False)
    _last_at: float = field(default=-math.inf, repr=False)
    _in_sitting: int = field(default=0, repr=False)

    def mastery(
        self, *, concept: str, requires: Mapping[str, Sequence[str]], at: float, difficulty: float = 0.0
    ) -> float:
        """The hidden truth: P(right first try without a hint) on a step of that difficulty, rested. `at` in seconds."""
        return self._chance(self._level(concept, requires, at) - difficulty)

    def respond(
        self,
        *,
        item: str,
        concepts: Sequence[str],
        difficulty: float,
        requires: Mapping[str, Sequence[str]],
        at: float,
    ) -> SimulatedResponse:
        """Try the step once, and learn from it.

        `difficulty` is in logits (see `difficulty`); `requires` names the direct prerequisites of each concept;
        `at` is the time in seconds, never earlier than the last one.
        """
        self._in_sitting = 0 if at - self._last_at > SITTING_GAP else self._in_sitting + 1
        levels = [self._level(concept, requires, at) for concept in concepts] or [self.traits.ability]
        level = (min(levels) + sum(levels) / len(levels)) / 2 - difficulty  # the weakest concept counts most
        level -= self.traits.fatigue * max(0, self._in_sitting - 10)
        level += SAME_STEP_HELPS * min(4, self._tries.get(item, 0))
        hints = self._hints(level)
        chance = self._chance(level + HINT_HELPS * hints)
        correct = self._rng.random() < chance
        seconds = self.traits.pace * math.exp(self._rng.gauss(0, 0.5)) * (1.3 - 0.6 * chance) + 8.0 * hints
        gives_up = not correct and self._rng.random() < self.traits.gives_up
        self._learn(concepts, requires=requires, at=at, correct=correct)
        self._tries[item] = self._tries.get(item, 0) + 1
        self._last_at = at
        return SimulatedResponse(correct=correct, hints=hints, seconds=round(seconds, 1), gives_up=gives_up)

    def _chance(self, logit: float) -> float:
        return self.traits.guess + (1 - self.traits.guess - self.traits.slip) * _sigmoid(logit)

    def _hints(self, level: float) -> int:
        hints = 0
        liking = self.traits.hint_liking * (1 - _sigmoid(level))
        while hints < MOST_HINTS and self._rng.random() < liking:
            hints += 1
        return hints

    def _skill(self, concept: str) -> _Skill:
        """Drawn when first needed, from the concept's name: the order of questions cannot change it."""
        if concept not in self._skills:
            start = self.traits.ability + self.traits.spread * normal_of(f"{self.seed}:{concept}")
            self._skills[concept] = _Skill(start=start)
        return self._skills[concept]

    def _own_level(self, concept: str, at: float) -> float:
        skill = self._skill(concept)
        if skill.last_at is None:
            return skill.start
        days = max(0.0, at - skill.last_at) / DAY
        # Practice slows forgetting down: the exponent shrinks with the number of opportunities.
        kept: float = (1 + days) ** (-self.traits.forgetting / (1 + 0.15 * skill.practised))
        return skill.start + skill.gained * kept

    def _readiness(self, concept: str, requires: Mapping[str, Sequence[str]], at: float) -> float:
        needed = requires.get(concept, ())
        return sum(_sigmoid(self._own_level(name, at)) for name in needed) / len(needed) if needed else 1.0

    def _level(self, concept: str, requires: Mapping[str, Sequence[str]], at: float) -> float:
        return self._own_level(concept, at) - READINESS_WEIGHT * (1 - self._readiness(concept, requires, at))

    def _learn(
        self, concepts: Sequence[str], *, requires: Mapping[str, Sequence[str]], at: float, correct: bool
    ) -> None:
        for concept in concepts:
            skill = self._skill(concept)
            level = self._own_level(concept, at)
            skill.gained = level - skill.start  # what was forgotten is gone, but relearned at the usual speed
            room = max(0.0, 1 - skill.gained / self.traits.ceiling)
            part = (1.0 if correct else 0.6) * (0.25 + 0.75 * self._readiness(concept, requires, at))
            skill.gained += self.traits.gain * part * room / max(1, len(concepts)) ** 0.5
            skill.practised += 1
            skill.last_at = at


def draw_students(count: int, *, seed: int) -> list[SimulatedStudent]:
    """`count` students, every kind among them when there are at least as many as kinds."""
    kinds = list(Kind)
    return [_draw_student(kinds[place % len(kinds)], seed=integer_of(f"{seed}:{place}")) for place in range(count)]


def difficulty(item: str, *, spread: float = 1.0) -> float:
    """How hard a step is, in logits around 0: the same for everybody and on every machine, from its id alone."""
    return spread * normal_of(f"difficulty:{item}")


def _draw_student(kind: Kind, *, seed: int) -> SimulatedStudent:
    rng = Random(seed)  # noqa: S311
    usual = Traits(
        ability=rng.gauss(-0.2, 0.7),
        spread=rng.uniform(0.3, 0.9),
        gain=rng.uniform(0.2, 0.5),
        ceiling=rng.uniform(2.0, 4.0),
        guess=rng.uniform(0.02, 0.2),
        slip=rng.uniform(0.01, 0.1),
        forgetting=rng.uniform(0.05, 0.2),
        fatigue=rng.uniform(0.0, 0.01),
        hint_liking=rng.uniform(0.05, 0.3),
        gives_up=rng.uniform(0.02, 0.1),
        pace=rng.uniform(20, 60),
    )
    traits = Traits(**{**vars(usual), **_marks_of(kind, rng)})
    return SimulatedStudent(kind=kind, traits=traits, seed=seed, _rng=rng)


def _marks_of(kind: Kind, rng: Random) -> dict[str, float]:
    """In what a kind differs from the usual."""
    match kind:
        case Kind.STEADY:
            return {"fatigue": 0.0}
        case Kind.QUICK:
            return {"ability": rng.gauss(0.7, 0.5), "gain": rng.uniform(0.5, 0.9), "pace": rng.uniform(8, 25)}
        case Kind.STRUGGLING:
            return {"ability": rng.gauss(-1.3, 0.5), "gain": rng.uniform(0.08, 0.2), "gives_up": rng.uniform(0.1, 0.3)}
        case Kind.FORGETFUL:
            return {"forgetting": rng.uniform(0.4, 0.9)}
        case Kind.GUESSER:
            return {"guess": rng.uniform(0.2, 0.35), "pace": rng.uniform(3, 10), "gain": rng.uniform(0.05, 0.2)}
        case Kind.HINT_SEEKER:
            return {"hint_liking": rng.uniform(0.7, 1.0)}
        case Kind.CARELESS:
            return {"slip": rng.uniform(0.12, 0.25), "ability": rng.gauss(0.3, 0.5)}
        case Kind.TIRING:
            return {"fatigue": rng.uniform(0.03, 0.08)}


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
