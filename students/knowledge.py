"""Mastery of a concept, its uncertainty and its forgetting, from attempts alone: no network and no tables.

A belief is a normal distribution over a student's ability in one concept, on the logit scale, where 0 means an even
chance on a step of the concept's median difficulty. Mastery is the probability of a right first try without a hint on
such a step, now: the logistic function of the ability.

- An answer moves the belief by one step of an extended Kalman filter, as Glicko does for games (Glickman 1999,
  doi:10.1111/1467-9876.00159, with the opponent's strength known; for teaching: Pelánek 2016,
  doi:10.1016/j.compedu.2016.03.017): with p = logistic(mean) and weight w,
  1/variance' = 1/variance + w·p·(1-p)   and   mean' = mean + w·variance'·(right - p).
  Practice also teaches a little (`gain`) and makes ability less certain (`drift`).
- A hint or an earlier try makes an answer weaker evidence: w = discount^(hints + earlier tries).
- Between answers the ability falls back to where an unpractised student stands and the belief widens to the prior, as
  an Ornstein-Uhlenbeck process does: with r = 2^(-days/half-life), mean' = prior + (mean - prior)·r and
  variance' = prior variance + (variance - prior variance)·r². A mean below the prior stays. The half-life grows with
  every right answer, most after much was forgotten (half-lives: Settles & Meeder 2016, doi:10.18653/v1/P16-1174).

A right answer never lowers mastery and a wrong one never raises it, at that moment or later. What this does not model:
guessing, the difficulty of the step answered, and transfer between concepts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

DAY = 86_400.0  # seconds
Z80 = 1.2815515655446004  # the normal quantile that leaves 10 % above it
CERTAIN = 1e-6  # estimates of 0 and 1 are taken as this far away from them on the logit scale
LONGEST_HALF_LIFE = 730.0  # days

MASTERY = 0.85
MASTERY_LOW = 0.70
MASTERY_TRIES = 3
REVIEW_BELOW = 0.80  # lower than MASTERY, so that one slip costs nothing that was reached
RULE = f"value >= {MASTERY}, 80 % interval above {MASTERY_LOW:.2f}, at least {MASTERY_TRIES} tries"

# How many answers' worth of the wider average a rate is shrunk by.
STEP_SHRINKAGE = 5.0
CONCEPT_SHRINKAGE = 20.0

BOUNDS: Mapping[str, tuple[float, float]] = {
    "prior_mean": (-4, 4),
    "prior_variance": (0.1, 10),
    "gain": (0, 1),
    "drift": (0, 1),
    "discount": (0, 1),
    "half_life": (0.5, LONGEST_HALF_LIFE),
    "massed_growth": (0, 2),
    "spaced_growth": (0, 5),
}


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What the model assumes of every student and concept; logits, except where days are said.

    The defaults were chosen on ASSISTments 2009 (docs/student-model.md). Raises ValueError that names every value
    out of bounds.
    """

    prior_mean: float = 0.5
    prior_variance: float = 2.0
    gain: float = 0.08  # what one answer teaches
    drift: float = 0.05  # variance that one answer adds
    discount: float = 0.4
    half_life: float = 10.0  # days, before any practice
    massed_growth: float = 0.2  # of the half-life, by a right answer at once after the last
    spaced_growth: float = 2.0  # more of it, by a right answer after everything was forgotten

    def __post_init__(self) -> None:
        problems = [
            f"{name} = {getattr(self, name)} is not from {low} to {high}"
            for name, (low, high) in BOUNDS.items()
            if not low <= getattr(self, name) <= high
        ]
        if problems:
            raise ValueError("; ".join(problems))


DEFAULTS = Parameters()


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is believed of one student and one concept. Raises ValueError that names every impossible value."""

    mean: float  # logits
    variance: float
    half_life: float  # days
    at: float | None = None  # seconds since the epoch of the last answer; None before the first

    def __post_init__(self) -> None:
        problems = [f"{name} is not finite" for name in ("mean", "variance") if not math.isfinite(getattr(self, name))]
        problems += [f"{name} is not positive" for name in ("variance", "half_life") if not getattr(self, name) > 0]
        if problems:
            raise ValueError("; ".join(problems))

    def to_json(self) -> dict[str, float | None]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, float | None]) -> "Belief":
        """The reverse of to_json; an empty mapping is the prior."""
        return cls(**stored) if stored else prior()  # type: ignore[arg-type]  # checked when it is built


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A probability with its 80 % interval."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high <= 1:
            raise ValueError(f"not an estimate: {self.low} ≤ {self.value} ≤ {self.high} within 0 to 1")


class Standing(StrEnum):
    """Where a student stands with a concept, in words that a page can show."""

    NOT_SEEN = "not_seen"
    LEARNING = "learning"
    LIKELY_KNOWS = "likely_knows"
    FADING = "fading"  # was mastered, and has since fallen below REVIEW_BELOW


def prior(*, parameters: Parameters = DEFAULTS) -> Belief:
    """The belief about somebody of whom nothing is known."""
    return Belief(mean=parameters.prior_mean, variance=parameters.prior_variance, half_life=parameters.half_life)


def update(
    belief: Belief,
    *,
    correct: bool,
    hints_used: int = 0,
    try_number: int = 1,
    at: datetime | float,
    parameters: Parameters = DEFAULTS,
) -> Belief:
    """Return the belief after one answer at the time `at` (seconds since the epoch, or a datetime with a zone).

    `hints_used` counts hints shown before it, `try_number` the tries at this step, from 1. An answer older than the
    last one counts as if it had come at the same moment. Raises ValueError for a negative count or a try below 1.
    """
    if hints_used < 0 or try_number < 1:
        raise ValueError(f"hints_used = {hints_used}, try_number = {try_number}: counts start at 0 and 1")
    now = max(_seconds(at), belief.at or -math.inf)
    kept = _kept(belief, now)
    mean, variance = _faded(belief, kept, parameters)
    weight = parameters.discount ** (hints_used + try_number - 1)
    chance = logistic(mean)
    variance = 1 / (1 / variance + weight * chance * (1 - chance))
    moved = weight * (variance * (correct - chance) + parameters.gain)
    growth = parameters.massed_growth + parameters.spaced_growth * (1 - kept)
    return Belief(
        mean=mean + (moved if correct else min(0.0, moved)),
        variance=min(variance + parameters.drift, parameters.prior_variance),
        half_life=min(belief.half_life * (1 + weight * growth * correct), LONGEST_HALF_LIFE),
        at=now,
    )


def estimate(belief: Belief, *, now: datetime | float, parameters: Parameters = DEFAULTS) -> Estimate:
    """Return mastery at the time `now` with its 80 % interval: the median of the belief and its 10 % and 90 % ends."""
    mean, variance = _faded(belief, _kept(belief, _seconds(now)), parameters)
    return _from_logits(mean, Z80 * math.sqrt(variance), Z80 * math.sqrt(variance))


def follow(shown: Estimate, *, before: Estimate, after: Estimate, by_answer: bool = False) -> Estimate:
    """Move another model's estimate as the plain one moved from `before` to `after`, until that model speaks again.

    The shift is added on the logit scale and each side of the interval is scaled. A shift `by_answer` is smaller where
    the other model is surer: the step of the filter is in proportion to the variance it starts from.
    `follow(before, …)` is `after`.
    """
    middle, low, high = (logit(one) for one in (before.value, before.low, before.high))
    to_middle, to_low, to_high = (logit(one) for one in (after.value, after.low, after.high))
    value, share = logit(shown.value), 1.0
    if by_answer:
        share = min(1.0, ((logit(shown.high) - logit(shown.low)) / max(high - low, CERTAIN)) ** 2)
    below = (value - logit(shown.low)) * (to_middle - to_low) / max(middle - low, CERTAIN)
    above = (logit(shown.high) - value) * (to_high - to_middle) / max(high - middle, CERTAIN)
    return _from_logits(value + share * (to_middle - middle), below, above)


def probability_right(
    estimates: Sequence[Estimate],
    *,
    step_right: int = 0,
    step_tries: int = 0,
    concept_right: int = 0,
    concept_tries: int = 0,
    parameters: Parameters = DEFAULTS,
) -> float:
    """Return P(right first try without a hint) on a step, from the student's estimates of the step's concepts.

    The counts are of all students' first tries without a hint, on the step and on its concepts together; rates are
    shrunk, the step's towards the concepts', the concepts' towards the prior. What is not known about the student is
    filled in from the concepts' rate, in proportion to the variance left. Uncertainty pulls towards one half by
    MacKay's approximation (1992, doi:10.1162/neco.1992.4.5.720): logistic(m / sqrt(1 + π·variance / 8)).
    """
    typical = logistic(parameters.prior_mean)
    rate = (concept_right + CONCEPT_SHRINKAGE * typical) / (concept_tries + CONCEPT_SHRINKAGE)
    of_step = (step_right + STEP_SHRINKAGE * rate) / (step_tries + STEP_SHRINKAGE)
    deviations = [(logit(one.high) - logit(one.low)) / (2 * Z80) for one in estimates]
    variances = [min(one**2, parameters.prior_variance) for one in deviations] or [parameters.prior_variance]
    means = [logit(one.value) for one in estimates] or [parameters.prior_mean]
    abilities = [
        mean + variance / parameters.prior_variance * (logit(rate) - parameters.prior_mean)
        for mean, variance in zip(means, variances, strict=True)
    ]
    # A step needs all of its concepts, so that the weakest counts for more than the average does.
    ability = (min(abilities) + sum(abilities) / len(abilities)) / 2
    ability += logit(of_step) - logit(rate)
    return logistic(ability / math.sqrt(1 + math.pi * sum(variances) / len(variances) / 8))


def is_mastered(estimate: Estimate, tries: int) -> bool:
    """Whether an estimate reaches the rule in force, RULE. `tries` counts first tries at steps of the concept."""
    return tries >= MASTERY_TRIES and estimate.value >= MASTERY and estimate.low > MASTERY_LOW


def standing(estimate: Estimate | None, *, tries: int, was_mastered: bool) -> Standing:
    """Where a student stands with a concept. Mastery once reached lasts until it has fallen below REVIEW_BELOW."""
    if estimate is None or tries == 0:
        return Standing.NOT_SEEN
    if was_mastered:
        return Standing.FADING if estimate.value < REVIEW_BELOW else Standing.LIKELY_KNOWS
    return Standing.LIKELY_KNOWS if estimate.value >= MASTERY else Standing.LEARNING


def logistic(x: float) -> float:
    """1 / (1 + e^-x), for any x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def logit(p: float) -> float:
    """The reverse of logistic; 0 and 1 are taken as CERTAIN away from themselves."""
    p = min(max(p, CERTAIN), 1 - CERTAIN)
    return math.log(p / (1 - p))


def _seconds(time: datetime | float) -> float:
    if not isinstance(time, datetime):
        return float(time)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.timestamp()


def _kept(belief: Belief, now: float) -> float:
    """The share that is not forgotten: 2^(-days since the last answer / half-life)."""
    days = 0.0 if belief.at is None else max(0.0, now - belief.at) / DAY
    return float(2 ** (-days / belief.half_life))


def _faded(belief: Belief, kept: float, parameters: Parameters) -> tuple[float, float]:
    """Mean and variance when only `kept` of what was learned is left."""
    gained = belief.mean - parameters.prior_mean
    missing = parameters.prior_variance - belief.variance
    return parameters.prior_mean + gained * (kept if gained > 0 else 1), parameters.prior_variance - missing * kept**2


def _from_logits(middle: float, below: float, above: float) -> Estimate:
    return Estimate(value=logistic(middle), low=logistic(middle - below), high=logistic(middle + above))
