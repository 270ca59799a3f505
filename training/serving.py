"""Serving: a bundle in, predictions of one student out. A bundle is read once per process and place.

Reads: a bundle folder. One thread, no gradients; a student's history is encoded once and all candidates are asked of
it in one go, in the time of a few rows of attention.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import dataset, features, seal
from training.dataset import Answers, Floats, Ints, Steps
from training.features import Asked, Counts
from training.objectives import tracing

Z80 = 1.2815515655446004  # the normal quantile that leaves 10 % above it
SPREAD = 0.8  # of abilities around what the network expects, in logits, for a bundle that was not evaluated
CONCEPT = "\0concept\0"  # begins the names of the steps that stand for whole concepts


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """One step: its concepts (ids), its kind (content.package.StepKind), its course (id)."""

    concepts: tuple[str, ...]
    kind: str = ""
    course: str = ""


@dataclass(frozen=True, kw_only=True)
class PastAnswer:
    """One answer of the student, as a snapshot would hold it."""

    step: str
    correct: bool
    label: bool  # a first try without a hint
    hints: int = 0
    try_number: int = 1
    seconds: float | None = None  # since 1970


@dataclass(frozen=True, kw_only=True)
class StudentQuery:
    """A student and what to ask about. All ids are texts, as in snapshots: str(database id).

    `history` is complete and oldest first (the network attends to the last `max_history` answers; totals and counts
    use all). `steps` describes every step of history and candidates, and for `concepts` also the other steps that
    their median difficulty is to be taken over. Counts are (first tries without a hint, of these right) over the
    whole population, the student included: the student's own are taken off here. A course without counts of its own
    is taken as the sum over the steps given.
    """

    history: Sequence[PastAnswer]
    candidates: Sequence[str]
    steps: Mapping[str, StepFacts]
    concepts: Sequence[str] = ()
    requires: Sequence[tuple[str, str]] = ()  # concept, what it builds on
    item_counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    concept_counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    course_counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    now: float | None = None  # seconds since 1970


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """P(right first try without a hint, now) by candidate, and mastery by concept with its 80 % interval.

    The last first try never moves a concept of its step the wrong way: where the network would have it so, mastery
    stays what it would be, now, without that answer.
    """

    probabilities: Floats  # [candidates]
    concept_values: Mapping[str, float]
    concept_lows: Mapping[str, float]
    concept_highs: Mapping[str, float]


class Predictor:
    """A bundle in memory."""

    def __init__(self, bundle: Path) -> None:
        self.model, self.table = tracing.load(bundle)
        report = json.loads((bundle / "report.json").read_text(encoding="utf-8"))
        self.spread = float(report.get("spread", SPREAD))

    def predict(self, query: StudentQuery) -> Predicted:
        """Answer a query. Raises KeyError where a step of history or candidates is not described."""
        with torch.inference_mode():
            return self._predict(query)

    def _predict(self, query: StudentQuery) -> Predicted:
        steps, place = _steps_of(query)
        history = _answers_of(query, place)
        counts = features.without_own(steps, _counts_of(query, steps), history, history.label)
        last, moved = _last_first_try(query)
        concepts = [place[CONCEPT + name] for name in (*query.concepts, *moved)]
        asked_items = np.array([*(place[name] for name in query.candidates), *concepts], np.int32)
        known, _ = features.facts(steps, counts, asked_items)
        self._stand_for_concepts(known[len(query.candidates) :], (*query.concepts, *moved), query, steps, counts)
        seen = np.full(len(asked_items), len(history), np.int32)
        seen[len(seen) - len(moved) :] = last
        moment = np.full(len(asked_items), math.nan if query.now is None else query.now)
        asked = Asked(asked_items, steps.item_set[asked_items], steps.item_kind[asked_items], seen, moment)
        p = 1 / (1 + np.exp(-self.ask(steps, history, counts, asked=asked, known=known).astype(float)))
        end = len(query.candidates) + len(query.concepts)
        values = dict(zip(query.concepts, map(float, p[len(query.candidates) : end]), strict=True))
        for name, before in zip(moved, p[end:].tolist(), strict=True):
            values[name] = (max if history.correct[last] else min)(values[name], before)
        ends = {name: self.interval(value) for name, value in values.items()}
        return Predicted(
            probabilities=p[: len(query.candidates)].astype(np.float32),
            concept_values=values,
            concept_lows={name: low for name, (low, _) in ends.items()},
            concept_highs={name: high for name, (_, high) in ends.items()},
        )

    def ask(self, steps: Steps, history: Answers, counts: Counts, *, asked: Asked, known: Floats) -> Floats:
        """Log odds [asked] of steps, each after the first `seen` answers of the history; `known` are their facts."""
        model = self.model
        first = max(0, len(history) - model.config.max_history)
        tail = history.part(slice(first, len(history)))
        before, expected = features.facts(steps, counts, history.item)
        described = features.describe(steps, history, asked, known=known, expected=expected)
        then = features.as_asked(steps, history)
        then = Asked(*(getattr(then, name)[first:] for name in ("item", "set", "kind", "seen", "seconds")))
        past = features.describe(steps, history, then, known=before[first:], expected=expected)

        scaled_past = model.scaled(torch.from_numpy(past)[None])
        scaled = model.scaled(torch.from_numpy(described)[None])
        residual_past, residual = self._residual(steps, tail.item), self._residual(steps, asked.item)
        responses = torch.from_numpy(features.responses(tail))[None]
        place = torch.arange(first, len(history))
        gap = place[:, None] - place
        encoded = model.encode(
            model.describe(scaled_past, residual_past), responses, _relations(steps, tail, then, gap=gap, least=0)
        )
        gap = torch.from_numpy(asked.seen)[:, None] - place
        to_past = _relations(steps, tail, asked, gap=gap, least=1)
        states, _ = model.ask(model.describe(scaled, residual), encoded, to_past)
        odds: Floats = model.head(states, scaled, residual)[0].numpy()
        return odds

    def _residual(self, steps: Steps, items: Ints) -> Tensor:
        """[1, items, V] residual vectors under the ids of these steps."""
        names = [steps.items[i] for i in items]
        rows, concepts = self.table.places(names, steps.concepts)
        members = steps.set_concepts[steps.item_set[items]]
        members = np.where(members >= 0, features.take(concepts, members), -1)
        found: Tensor = self.table(torch.from_numpy(rows.astype(np.int64)), torch.from_numpy(members.astype(np.int64)))
        return found[None]

    def _stand_for_concepts(
        self, known: Floats, names: Sequence[str], query: StudentQuery, steps: Steps, counts: Counts
    ) -> None:
        """Give the steps that stand for concepts the median difficulty and count of the concept's steps, in place."""
        described, _ = features.facts(steps, counts, np.arange(len(steps.items), dtype=np.int32))
        logit, tries = features.FACTS.index("item_logit"), features.FACTS.index("item_count")
        over, concept = features.FACTS.index("item_over_concept"), features.FACTS.index("concept_logit")
        of_concept: dict[str, list[int]] = {}
        for i, name in enumerate(steps.items):
            if not name.startswith(CONCEPT):
                for member in query.steps[name].concepts:
                    of_concept.setdefault(member, []).append(i)
        for row, name in zip(known, names, strict=True):
            others = of_concept.get(name)
            if others:
                row[logit], row[tries] = np.median(described[others][:, [logit, tries]], axis=0)
                row[over] = row[logit] - row[concept]

    def interval(self, value: float) -> tuple[float, float]:
        """The 80 % interval of mastery: normal on the logit scale around the value, with the spread of this bundle."""
        middle, half = float(features.logit(value)), Z80 * self.spread
        low, high = (1 / (1 + math.exp(-end)) for end in (middle - half, middle + half))
        return min(low, value), max(high, value)


@lru_cache(maxsize=2)
def predictor(bundle: Path) -> Predictor:
    """The predictor of a bundle folder, checked and loaded once per process.

    Raises seal.BadBundle where a file is missing or altered, OSError or ValueError where it is no bundle.
    """
    seal.verify(bundle)
    return Predictor(bundle)


def _steps_of(query: StudentQuery) -> tuple[Steps, dict[str, int]]:
    """The steps of a query, and after them one for each concept asked for; and their numbers by name."""
    kinds: dict[str, Counter[str]] = {name: Counter() for name in query.concepts}
    courses = dict.fromkeys(query.concepts, "")
    for step in query.steps.values():
        for name in step.concepts:
            if name in kinds:
                kinds[name][step.kind] += 1
                courses[name] = step.course
    names = [*query.steps, *(CONCEPT + name for name in query.concepts)]
    steps = dataset.build_steps(
        items=names,
        concepts=[";".join(step.concepts) for step in query.steps.values()] + list(query.concepts),
        kinds=[step.kind for step in query.steps.values()]
        + [kinds[name].most_common(1)[0][0] if kinds[name] else "" for name in query.concepts],
        courses=[step.course for step in query.steps.values()] + [courses[name] for name in query.concepts],
        requires=query.requires,
    )
    return steps, {name: i for i, name in enumerate(names)}


def _answers_of(query: StudentQuery, place: Mapping[str, int]) -> Answers:
    past = query.history
    return Answers(
        item=np.array([place[answer.step] for answer in past], np.int32),
        correct=np.array([answer.correct for answer in past], bool),
        label=np.array([answer.label for answer in past], bool),
        try_number=np.array([answer.try_number for answer in past], np.int32),
        hints=np.array([answer.hints for answer in past], np.int32),
        seconds=np.array([math.nan if answer.seconds is None else answer.seconds for answer in past], np.float64),
    )


def _counts_of(query: StudentQuery, steps: Steps) -> Counts:
    def columns(names: Sequence[str], given: Mapping[str, tuple[int, int]]) -> tuple[Floats, Floats]:
        pairs = np.array([given.get(name, (0, 0)) for name in names], np.float32).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    items = columns(steps.items, query.item_counts)
    sums = [np.bincount(steps.item_course, weights=column, minlength=len(steps.courses)) for column in items]
    of_steps = {name: (tries, right) for name, tries, right in zip(steps.courses, *sums, strict=True)}
    courses = columns(steps.courses, {**of_steps, **query.course_counts})
    return Counts(*items, *columns(steps.concepts, query.concept_counts), *courses)


def _last_first_try(query: StudentQuery) -> tuple[int, list[str]]:
    """The place of the last first try, and the concepts asked for that it tells of: none if it was hinted."""
    for place in range(len(query.history) - 1, -1, -1):
        answer = query.history[place]
        if answer.try_number <= 1:
            about = query.steps[answer.step].concepts if answer.label else ()
            return place, [name for name in query.concepts if name in about]
    return 0, []


def _relations(steps: Steps, past: Answers, asked: Asked, *, gap: Tensor, least: int) -> tracing.Relations:
    """How asked steps stand to past answers, `gap` [asked, answers] answers ago; those less than `least` are hidden."""
    kinds = torch.from_numpy(features.relations(steps, past, asked))[None]
    hidden = gap < least
    return tracing.Relations(kinds, tracing.bucket(gap), hidden.unsqueeze(0) if hidden.any() else None)
