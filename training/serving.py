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

from training import dataset, features, histories, population, seal, texts
from training.dataset import Answers, Floats, Ints, Snapshot, Steps
from training.histories import Asked
from training.objectives import tracing
from training.population import Counts, Others

Z80 = 1.2815515655446004  # the normal quantile that leaves 10 % above it
SPREAD = 0.8  # of abilities around what the network expects, in logits, for a bundle that was not evaluated
SHOWN = 3  # answers of evidence for an estimate
LOOKED_THROUGH = 12  # latest answers to a concept, for them
REMEMBERED = 60  # answers to a concept beyond which older ones move nothing
WEAK = 0.05  # log odds below which an answer is no evidence to speak of
CONCEPT = "\0concept\0"  # begins the names of the steps that stand for whole concepts


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """One step: its concepts (ids), its kind (content.package.StepKind), its course (id)."""

    concepts: tuple[str, ...]
    kind: str = ""
    course: str = ""
    text: Floats | None = None  # its embedding, centred with all of its course's (training/texts)
    shift: float = 0.0  # logits by which the texts of the course move what is expected of it


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
class Evidence:
    """A past answer and by how much it moved an estimate."""

    place: int  # in the history of the query
    effect: float  # in log odds; above 0: upwards


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """P(right first try without a hint, now) by candidate, and mastery by concept with its 80 % interval.

    A right answer never lowers the mastery of a concept of its step, and a wrong one never raises it.
    """

    probabilities: Floats  # [candidates]
    concept_values: Mapping[str, float]
    concept_lows: Mapping[str, float]
    concept_highs: Mapping[str, float]
    evidence: Mapping[str, Sequence[Evidence]]  # by concept: what mattered most for its mastery, strongest first


class Predictor:
    """A bundle in memory."""

    def __init__(self, bundle: Path) -> None:
        self.model, self.table = tracing.load(bundle)
        self.learned = population.load(bundle)
        report = json.loads((bundle / "report.json").read_text(encoding="utf-8"))
        self.spread = float(report.get("spread", SPREAD))

    def predict(self, query: StudentQuery) -> Predicted:
        """Answer a query. Raises KeyError where a step of history or candidates is not described."""
        with torch.inference_mode():
            return self._predict(query)

    def _predict(self, query: StudentQuery) -> Predicted:
        record, place = _record_of(query)
        steps, answers, size = record.steps, record.answers, len(query.candidates)
        own = population.count(steps, item=answers.item[answers.label], right=answers.correct[answers.label])
        others = Others(_counts_of(query, steps).without(own), *self.learned)
        concepts = [place[CONCEPT + name] for name in query.concepts]
        asked = _asked_now([*(place[name] for name in query.candidates), *concepts], record, query.now)
        first = max(0, len(answers) - self.model.config.max_history)
        past = histories.asked_at(record, np.arange(first, len(answers)))
        items = np.array([place[name] for name in query.candidates] + concepts, np.int32)  # asked.item has no concepts
        known, _ = features.facts(steps, others.counts, np.concatenate([items, past.item]))
        self._stand_for_concepts(known[size : len(asked)], query, steps, others.counts)
        whole = histories.joined(asked, past)
        described = torch.from_numpy(features.describe(record, whole, others, known=known))
        odds = self._ask(described, histories.chosen(asked, slice(size)), past, record)
        mastery = self.model.mastery(self.model.scaled(described[size : len(asked)]))
        values = dict(zip(query.concepts, torch.sigmoid(mastery).tolist(), strict=True))
        ends = {name: self.interval(value) for name, value in values.items()}
        return Predicted(
            probabilities=torch.sigmoid(odds).numpy(),
            concept_values=values,
            concept_lows={name: low for name, (low, _) in ends.items()},
            concept_highs={name: high for name, (_, high) in ends.items()},
            evidence=self._evidence(query.concepts, described[size : len(asked)], record, query.now),
        )

    def _ask(self, described: Tensor, asked: Asked, past: Asked, record: Snapshot) -> Tensor:
        """Log odds [asked] of the first rows of `described` [at least asked + past], of which the last are past."""
        model, steps = self.model, record.steps
        residual = self._residual(steps, np.concatenate([asked.item, past.item]))
        size = len(asked)
        to_ask = model.describe(described[None, :size], residual[:, :size])
        behind = model.describe(described[None, len(described) - len(past) :], residual[:, size:])
        tail = record.answers.part(slice(len(record.answers) - len(past), None))
        encoded = model.encode(behind, residual[:, size:], torch.from_numpy(features.responses(tail))[None])
        code = features.relations(steps, asked, past, most=model.config.max_history)
        odds, _ = model.ask(to_ask, residual[:, :size], encoded, torch.from_numpy(code)[None])
        return odds[0]

    def _residual(self, steps: Steps, items: Ints) -> Tensor:
        """[1, items, V] residual vectors under the ids of these steps."""
        rows, concepts = self.table.places([steps.items[i] for i in items], steps.concepts)
        members = steps.set_concepts[steps.item_set[items]]
        members = np.where(members >= 0, features.take(concepts, members), -1)
        found: Tensor = self.table(torch.from_numpy(rows.astype(np.int64)), torch.from_numpy(members.astype(np.int64)))
        return found[None]

    def _stand_for_concepts(self, known: Floats, query: StudentQuery, steps: Steps, counts: Counts) -> None:
        """Give the steps that stand for concepts the median difficulty and count of the concept's steps, in place."""
        described, _ = features.facts(steps, counts, np.arange(len(steps.items), dtype=np.int32))
        logit, tries = features.FACTS.index("item_logit"), features.FACTS.index("item_count")
        over, concept = features.FACTS.index("item_over_concept"), features.FACTS.index("concept_logit")
        of_concept: dict[str, list[int]] = {}
        for i, name in enumerate(steps.items):
            if not name.startswith(CONCEPT):
                for member in query.steps[name].concepts:
                    of_concept.setdefault(member, []).append(i)
        for row, name in zip(known, query.concepts, strict=True):
            others = of_concept.get(name)
            if others:
                row[logit], row[tries] = np.median(described[others][:, [logit, tries]], axis=0)
                row[over] = row[logit] - row[concept]

    def _evidence(
        self, concepts: Sequence[str], described: Tensor, record: Snapshot, now: float | None
    ) -> dict[str, list[Evidence]]:
        """By how much the last answers to concepts, `described` [concepts, F], moved their mastery."""
        trails = histories.Own(record).concepts
        number = {name: i for i, name in enumerate(record.steps.concepts)}
        wanted = np.array([number[name] for name in concepts], np.int64)
        kept, left_out = histories.one_left_out(trails, wanted, latest=LOOKED_THROUGH, most=REMEMBERED)
        if not len(left_out):
            return {}
        moment = np.full(len(left_out), math.nan if now is None else now)
        ends = kept.last(np.arange(len(left_out)), np.zeros(len(left_out), np.int64), len(record.answers))
        right = histories.Own(record).outcome.astype(np.float32)
        recalled = features.remembered(kept, right, record.answers.seconds, ends, moment)
        rows = described[torch.from_numpy(left_out[:, 0])].float()
        columns = [features.NAMES.index(f"concept_right_{decay}") for decay in features.DECAYS]
        rows[:, columns] = torch.from_numpy(recalled)
        odds = self.model.mastery(self.model.scaled(rows)).numpy()
        whole = {int(concept): float(odds[i]) for i, (concept, row) in enumerate(left_out) if row < 0}
        found: dict[str, list[Evidence]] = {}
        for value, (concept, row) in zip(odds.tolist(), left_out.tolist(), strict=True):
            effect = whole[concept] - value
            if row >= 0 and abs(effect) >= WEAK:
                found.setdefault(concepts[concept], []).append(Evidence(place=row, effect=effect))
        return {
            name: sorted(some, key=lambda one: (-abs(one.effect), -one.place))[:SHOWN] for name, some in found.items()
        }

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
        texts=texts.aligned([*(step.text for step in query.steps.values()), *(None for _ in query.concepts)]),
    )
    return steps, {name: i for i, name in enumerate(names)}


def _record_of(query: StudentQuery) -> tuple[Snapshot, dict[str, int]]:
    """The student's answers as a record of one, and the numbers of steps by name."""
    steps, place = _steps_of(query)
    past = query.history
    answers = Answers(
        item=np.array([place[answer.step] for answer in past], np.int32),
        correct=np.array([answer.correct for answer in past], bool),
        label=np.array([answer.label for answer in past], bool),
        try_number=np.array([answer.try_number for answer in past], np.int32),
        hints=np.array([answer.hints for answer in past], np.int32),
        seconds=np.array([math.nan if answer.seconds is None else answer.seconds for answer in past], np.float64),
    )
    return Snapshot(("",), np.array([0, len(past)]), answers, steps, simulated=False), place


def _asked_now(items: Sequence[int], record: Snapshot, now: float | None) -> Asked:
    """These steps, asked of the record's only student after all answers."""
    steps, item = record.steps, np.array(items, np.int32)
    size = len(item)
    stands = np.array([steps.items[i].startswith(CONCEPT) for i in items], bool)
    return Asked(
        np.zeros(size, np.int32),
        np.where(stands, -1, item).astype(np.int32),
        steps.item_set[item],
        steps.item_kind[item],
        np.full(size, len(record.answers), np.int32),
        np.full(size, math.nan if now is None else now),
    )


def _counts_of(query: StudentQuery, steps: Steps) -> Counts:
    def columns(names: Sequence[str], given: Mapping[str, tuple[int, int]]) -> tuple[Floats, Floats]:
        pairs = np.array([given.get(name, (0, 0)) for name in names], np.float32).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    items = columns(steps.items, query.item_counts)
    sums = [np.bincount(steps.item_course, weights=column, minlength=len(steps.courses)) for column in items]
    of_steps = {name: (tries, right) for name, tries, right in zip(steps.courses, *sums, strict=True)}
    courses = columns(steps.courses, {**of_steps, **query.course_counts})
    shift = np.array([query.steps[name].shift if name in query.steps else 0 for name in steps.items], np.float32)
    return Counts(*[*items, *columns(steps.concepts, query.concept_counts), *courses, shift])
