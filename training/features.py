"""Histories and population counts as arrays: the one definition that training, benchmark and serving share.

Every number exists for any step: how others (never the student) answered it and its concepts, how this student has
answered so far, how each past answer is related to the step asked. After `seen` answers, only these are looked at.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from training.dataset import KINDS, Answers, Bools, Floats, Ints, Seconds, Snapshot, Steps

PRIOR = 0.65  # share of right answers before anything is known; tells little once there are counts
PRIOR_TRIES = 10.0  # weight of the level above: all -> course -> concept
ITEM_PRIOR_TRIES = 6.0  # and concept -> item
DECAYS = (0.5, 0.8, 0.95)  # of the exponential averages, per answer
LOOKBACK = 600  # past answers that are looked through for an item or concept; totals count all
BLOCK = 256  # steps described at once, which bounds memory at BLOCK x (BLOCK + LOOKBACK)

FACTS = (
    "item_logit",
    "concept_logit",
    "concept_lowest_logit",
    "course_logit",
    "item_over_concept",
    "item_count",
    "concept_count",
    "concepts",
)
RUNNING = (
    "answers",
    "rate",
    *(f"right_{decay}" for decay in DECAYS),
    *(f"over_{decay}" for decay in DECAYS),
    "over_mean",
    "hinted",
    "last",
    "last_but_one",
    "last_but_two",
    "streak",
    "pause",
    "pause_known",
)
RELATED = (
    "tries",
    "rate",
    "over_mean",
    *(f"right_{d}" for d in DECAYS),
    *(f"over_{d}" for d in DECAYS),
    "since",
    "hinted",
)
CONCEPT = tuple(f"concept_{name}" for name in RELATED)
ITEM = ("item_seen", "item_rate", "item_since", "item_last", "item_last_try", "item_unsolved")
OTHER = ("builds_on_tries", "builds_on_over", "set_run", "set_last", "concept_pause", "never_seen")
NAMES = FACTS + RUNNING + CONCEPT + ITEM + OTHER + tuple(f"kind_{kind}" for kind in KINDS[1:])
WIDTH = len(NAMES)

RELATIONS = ("same_item", "shared", "builds_on", "built_on", "same_set", "pause", "pause_known")  # of attention biases


@dataclass(frozen=True)
class Counts:
    """First tries without a hint, and how many of them were right, over a population."""

    item_tries: Floats
    item_right: Floats
    concept_tries: Floats
    concept_right: Floats
    course_tries: Floats
    course_right: Floats

    def without(self, own: "Counts") -> "Counts":
        """These counts less `own`, never below zero."""
        mine, other = vars(self), vars(own)
        return Counts(**{name: np.maximum(mine[name] - other[name], 0) for name in mine})


@dataclass(frozen=True)
class Asked:
    """Steps to describe, each at a moment. All arrays [asked].

    `item` is -1 for a step that stands for a whole concept: then only `set` and the facts describe it.
    """

    item: Ints
    set: Ints
    kind: Ints
    seen: Ints  # number of the student's answers before it
    seconds: Seconds  # the moment; NaN where not known


@dataclass(frozen=True)
class Related:
    """How asked steps (rows) and past answers (columns) are related. Each [asked, answers] of bool."""

    same_item: Bools
    shared: Bools
    builds_on: Bools  # the step builds on a concept of the past answer
    built_on: Bools
    same_set: Bools


def count(steps: Steps, answers: Answers, counted: Bools) -> Counts:
    """Count the rows `counted` by item, concept and course."""
    item, right = answers.item[counted], answers.correct[counted].astype(np.float32)
    members = steps.set_concepts[steps.item_set[item]]
    real = members >= 0
    concept, concept_right = members[real], np.broadcast_to(right[:, None], members.shape)[real]
    course = steps.item_course[item]
    sizes = (len(steps.items), len(steps.concepts), len(steps.courses))
    tallies = []
    for place, good, size in zip((item, concept, course), (right, concept_right, right), sizes, strict=True):
        tallies += [np.bincount(place, minlength=size), np.bincount(place, weights=good, minlength=size)]
    return Counts(*(tally.astype(np.float32) for tally in tallies))


def facts(steps: Steps, counts: Counts, items: Ints) -> tuple[Floats, Floats]:
    """What others' answers say of the items: the columns FACTS [items, FACTS], and P(right) [items] from them alone."""
    course = steps.item_course[items]
    course_rate = (counts.course_right + PRIOR_TRIES * PRIOR) / (counts.course_tries + PRIOR_TRIES)
    above = course_rate[course]
    members = steps.set_concepts[steps.item_set[items]]  # [items, most]
    real = members >= 0
    has = real.any(1)
    tries = np.where(real, take(counts.concept_tries, members), 0)
    right = np.where(real, take(counts.concept_right, members), 0)
    rates = (right + PRIOR_TRIES * above[:, None]) / (tries + PRIOR_TRIES)  # [items, most]
    number = np.maximum(real.sum(1), 1)
    concept = np.where(has, (rates * real).sum(1) / number, above)
    lowest = np.where(has, np.where(real, rates, 1.0).min(1), above)
    item_tries = counts.item_tries[items]
    item = (counts.item_right[items] + ITEM_PRIOR_TRIES * concept) / (item_tries + ITEM_PRIOR_TRIES)
    columns = (
        logit(item),
        logit(concept),
        logit(lowest),
        logit(above),
        logit(item) - logit(concept),
        np.log1p(item_tries),
        np.log1p((tries * real).sum(1) / number),
        np.log1p(real.sum(1)),
    )
    return np.stack(columns, 1).astype(np.float32), item.astype(np.float32)


def relate(steps: Steps, *, asked_item: Ints, asked_set: Ints, item: Ints, concept_set: Ints) -> Related:
    """Relations between asked steps and answered ones; concept sets are compared once each."""
    if steps.set_relations is not None:
        shared, builds_on = steps.set_relations
        shared_here = shared[np.ix_(asked_set, concept_set)]
        builds_on_here = builds_on[np.ix_(asked_set, concept_set)]
        built_on_here = builds_on[np.ix_(concept_set, asked_set)].T
    else:
        ours, our_place = np.unique(asked_set, return_inverse=True)
        past, past_place = np.unique(concept_set, return_inverse=True)
        a, b = steps.incidence[ours], steps.incidence[past]
        place = np.ix_(our_place, past_place)
        shared_here = ((a @ b.T).toarray() > 0)[place]
        builds_on_here = ((steps.needs[ours] @ b.T).toarray() > 0)[place]
        built_on_here = ((a @ steps.needs[past].T).toarray() > 0)[place]
    return Related(
        same_item=asked_item[:, None] == item[None, :],
        shared=shared_here,
        builds_on=builds_on_here,
        built_on=built_on_here,
        same_set=asked_set[:, None] == concept_set[None, :],
    )


def relations(steps: Steps, history: Answers, asked: Asked) -> Floats:
    """[asked, answers, RELATIONS] for the attention biases. The caller hides what comes later."""
    sets = steps.item_set[history.item]
    related = relate(steps, asked_item=asked.item, asked_set=asked.set, item=history.item, concept_set=sets)
    found = np.zeros((len(asked.item), len(history), len(RELATIONS)), np.float32)
    for place, name in enumerate(RELATIONS[:5]):
        found[:, :, place] = getattr(related, name)
    if np.isfinite(history.seconds).any():
        found[:, :, 5:] = _pause(asked.seconds[:, None], history.seconds[None, :])
    return found


def describe(steps: Steps, history: Answers, asked: Asked, *, known: Floats, expected: Floats) -> Floats:
    """The features [asked, WIDTH] of asked steps.

    `known` [asked, FACTS] are their facts, `expected` [answers] P(right) of the past answers by others' answers alone.
    """
    evidence = (history.try_number <= 1).astype(np.float32)  # later tries are no new evidence of what is known
    outcome = (history.correct & history.label).astype(np.float32)
    over = outcome - expected
    signals = np.stack([outcome, over, (history.hints > 0).astype(np.float32)], 1) * evidence[:, None]  # [answers, 3]
    running = _running(history, signals, evidence)
    parts = []
    for start in range(0, len(asked.item), BLOCK):
        rows = slice(start, start + BLOCK)
        block = Asked(*(getattr(asked, name)[rows] for name in ("item", "set", "kind", "seen", "seconds")))
        past = slice(max(0, int(block.seen.min()) - LOOKBACK), int(block.seen.max()))
        parts.append(_describe_block(steps, history, block, past=past, signals=signals, evidence=evidence))
    pause = _pause(asked.seconds, np.concatenate([[np.nan], history.seconds])[asked.seen])
    kinds = np.eye(len(KINDS), dtype=np.float32)[asked.kind][:, 1:]
    rest = np.concatenate(parts) if parts else np.zeros((0, len(CONCEPT + ITEM + OTHER)), np.float32)
    columns = (known, running[asked.seen], pause, rest, kinds)
    return np.concatenate(columns, 1).astype(np.float32)


def tabulate(snapshot: Snapshot, *, counts: Counts, counted: Bools, folds: int = 0, seed: int = 0) -> Floats:
    """The features [answers, WIDTH] of every answer of a snapshot, as it was asked.

    A student is described with the counts less the student's own answers; with `folds`, less those of a whole random
    share of the students. To train on, the latter: one's own answers could else be read off the last digit of a rate
    that many students share, which a network learns to do (boosting falls from .79 to .71 AUC by it).
    """
    steps = snapshot.steps
    table = np.empty((len(snapshot.answers), WIDTH), np.float32)
    fold = np.random.default_rng(seed).permutation(len(snapshot.students)) % max(folds, 1)
    fold_of_row = fold[snapshot.student_of_row]
    shared = [counts.without(count(steps, snapshot.answers, counted & (fold_of_row == i))) for i in range(folds)]
    for student, (start, stop) in enumerate(zip(snapshot.offsets[:-1], snapshot.offsets[1:], strict=True)):
        answers = snapshot.answers.part(slice(start, stop))
        others = shared[fold[student]] if folds else without_own(steps, counts, answers, counted[start:stop])
        known, expected = facts(steps, others, answers.item)
        table[start:stop] = describe(steps, answers, as_asked(steps, answers), known=known, expected=expected)
    return table


def without_own(steps: Steps, counts: Counts, answers: Answers, counted: Bools) -> Counts:
    """The counts less one student's answers, of which those `counted` are in them."""
    return counts.without(count(steps, answers, counted)) if counted.any() else counts


def as_asked(steps: Steps, answers: Answers) -> Asked:
    """Each answer of one student as the step that was asked at that moment."""
    places = np.arange(len(answers), dtype=np.int32)
    return Asked(answers.item, steps.item_set[answers.item], steps.item_kind[answers.item], places, answers.seconds)


def responses(answers: Answers) -> Floats:
    """What is known of each past answer itself: [answers, 5]."""
    first = answers.try_number <= 1
    columns = (
        answers.correct,
        answers.correct & answers.label,
        ~first,
        np.log1p(answers.hints),
        np.log1p(answers.try_number),
    )
    return np.stack(columns, 1).astype(np.float32)


def logit(p: Any) -> Any:
    """Log odds, for shares kept off 0 and 1."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def _running(history: Answers, signals: Floats, evidence: Floats) -> Floats:
    """[answers + 1, RUNNING less the pause]: totals and averages after each number of answers."""
    size = len(history)
    totals = np.zeros((size + 1, 4), np.float32)
    np.cumsum(np.concatenate([signals, evidence[:, None]], 1), axis=0, out=totals[1:])
    right, over, hinted, tries = totals.T
    averages = np.zeros((size + 1, len(DECAYS), 2), np.float32)
    counted = np.flatnonzero(evidence)
    for place, decay in enumerate(DECAYS):
        states = lfilter([1 - decay], [1, -decay], signals[counted, :2], axis=0)
        averages[1:, place] = np.concatenate([np.zeros((1, 2)), states])[np.cumsum(evidence).astype(int)]
    kept = 1 - np.array(DECAYS, np.float32) ** tries[:, None]  # weight that answers, not the empty start, have
    recent = (averages[:, :, 0] + 0.1 * PRIOR) / (kept + 0.1)
    last = np.zeros((size + 1, 3), np.float32)
    signs = np.where(history.correct, 1.0, -1.0).astype(np.float32)
    for back in range(3):
        last[back + 1 :, back] = signs[: size - back]
    columns = (
        np.log1p(tries),
        (right + 2 * PRIOR) / (tries + 2),
        *recent.T,
        *averages[:, :, 1].T,
        over / (tries + 2),
        (hinted + 0.1) / (tries + 1),
        *last.T,
        _streak(history.correct),
    )
    return np.stack(columns, 1).astype(np.float32)


def _streak(correct: Bools) -> Floats:
    """[answers + 1] signed log length of the run of equal results that ends there."""
    size = len(correct)
    starts = np.ones(size, bool)
    starts[1:] = correct[1:] != correct[:-1]
    places = np.arange(size)
    length = places - np.maximum.accumulate(np.where(starts, places, 0)) + 1
    return np.concatenate([[0], np.log1p(length) * np.where(correct, 1, -1)]).astype(np.float32)


def _describe_block(
    steps: Steps, history: Answers, asked: Asked, *, past: slice, signals: Floats, evidence: Floats
) -> Floats:
    """The columns CONCEPT, ITEM and OTHER of a block of asked steps, from the answers in the slice `past`."""
    if past.stop == past.start:
        return np.tile(_nothing_seen(), (len(asked.item), 1))
    seen = asked.seen - past.start
    answers, signals, evidence = history.part(past), signals[past], evidence[past]
    sets = steps.item_set[answers.item]
    related = relate(steps, asked_item=asked.item, asked_set=asked.set, item=answers.item, concept_set=sets)
    ago = seen[:, None] - np.arange(len(answers))[None, :]
    visible = (ago > 0) & (ago <= LOOKBACK)
    concept, concept_last = _related(related.shared & visible, seen, signals, evidence)
    items = related.same_item & visible
    item_last = _last(items)
    found = item_last >= 0
    tries = (items @ evidence, items @ signals[:, 0])
    sign = np.where(answers.correct, 1.0, -1.0)
    set_last = _last(related.same_set & visible)
    before = _last(related.builds_on & visible)
    basis = (related.builds_on & visible).astype(np.float32) @ np.stack([evidence, signals[:, 1]], 1)
    runs = _run_of_set(steps.item_set[history.item])[past]
    run = np.where((set_last >= 0) & (set_last == seen - 1), runs[np.maximum(set_last, 0)], 0)
    when = answers.seconds[np.maximum(concept_last, 0)]
    columns = (
        np.log1p(tries[0]),
        (tries[1] + 2 * PRIOR) / (tries[0] + 2),
        np.where(found, np.log1p(seen - item_last), 0),
        np.where(found, sign[item_last], 0),
        np.where(found, np.log1p(answers.try_number[item_last]), 0),
        np.where(found, 1.0 - answers.correct[item_last], 0),
        np.log1p(basis[:, 0]),
        np.where(before >= 0, basis[:, 1] / (basis[:, 0] + 2), 0),
        np.log1p(run),
        np.where(set_last >= 0, sign[set_last], 0),
        np.where(concept_last >= 0, _pause(asked.seconds, when)[:, 0], 0),
        concept_last < 0,
    )
    return np.concatenate([concept, np.stack(columns, 1)], 1).astype(np.float32)


def _related(mask: Bools, seen: Ints, signals: Floats, evidence: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The columns CONCEPT over the past answers in `mask` [asked, answers]; the place of the last one (-1: none)."""
    weights = mask * evidence  # [asked, answers]
    total = weights @ np.concatenate([signals, np.ones((len(signals), 1), np.float32)], 1)
    right, over, hinted, tries = total.T
    rank = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1].astype(np.int32)  # 1 for the latest
    averages = []
    for decay in DECAYS:
        table = np.concatenate([[0], (1 - decay) * decay ** np.arange(mask.shape[1])]).astype(np.float32)
        averages.append((table[rank] * weights) @ signals[:, :2])
    latest = _last(mask)
    kept = [1 - decay**tries for decay in DECAYS]
    columns = (
        np.log1p(tries),
        (right + 2 * PRIOR) / (tries + 2),
        over / (tries + 2),
        *((average[:, 0] + 0.1 * PRIOR) / (weight + 0.1) for average, weight in zip(averages, kept, strict=True)),
        *(average[:, 1] for average in averages),
        np.where(latest >= 0, np.log1p(seen - latest), 0),
        (hinted + 0.1) / (tries + 1),
    )
    return np.stack(columns, 1).astype(np.float32), latest


def _nothing_seen() -> Floats:
    """The columns CONCEPT, ITEM and OTHER where there is no past; equal to what an empty mask gives."""
    empty, _ = _related(
        np.zeros((1, 1), bool), np.zeros(1, np.int32), np.zeros((1, 3), np.float32), np.zeros(1, np.float32)
    )
    item = np.array([[0, PRIOR, 0, 0, 0, 0]], np.float32)
    other = np.array([[0, 0, 0, 0, 0, 1]], np.float32)
    return np.concatenate([empty, item, other], 1)


def _last(mask: Bools) -> npt.NDArray[np.int64]:
    """[asked] place of the last true column, -1 where there is none."""
    size = mask.shape[1]
    place = size - 1 - np.argmax(mask[:, ::-1], axis=1)
    return np.where(mask[np.arange(len(mask)), place], place, -1)


def _run_of_set(sets: Ints) -> Ints:
    """[answers] how many answers in a row, this one included, were on this very concept set."""
    starts = np.ones(len(sets), bool)
    starts[1:] = sets[1:] != sets[:-1]
    places = np.arange(len(sets))
    return (places - np.maximum.accumulate(np.where(starts, places, 0)) + 1).astype(np.int32)


def _pause(now: Seconds, then: Seconds) -> Floats:
    """[..., 2] log of the minutes between, 0 where not known, and whether it is known."""
    gap = now - then
    known = np.isfinite(gap)
    minutes = np.log1p(np.maximum(np.where(known, gap, 0), 0) / 60)
    return np.stack([minutes, known], -1).astype(np.float32)


def take(values: Any, places: Ints) -> Any:
    """values[places], 0 where there is nothing to take."""
    return values[places] if len(values) else np.zeros(places.shape, np.asarray(values).dtype)
