"""Bayesian knowledge tracing (Corbett & Anderson 1994): a hidden «knows it or not» per concept set, no forgetting.

The four parameters of each concept set are fitted by expectation maximisation, all sets at once: the answers of one
student to one set are a sequence, sequences lie side by side, longest first, and are walked in step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.dataset import Bools, Snapshot, Split
from training.evaluate import Predictions

ROUNDS = 40
PRIOR = 5.0  # imagined answers behind each usual value, which also keep rare sets sane
KNOWN, LEARN, GUESS, SLIP = 0.4, 0.1, 0.25, 0.1  # the usual values
MOST_GUESS, MOST_SLIP = 0.5, 0.4  # beyond these «knows it» would mean something else
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Parameters:
    """One value a concept set, in all arrays."""

    known: Numbers  # before the first answer
    learn: Numbers  # after each answer
    guess: Numbers
    slip: Numbers


@dataclass(frozen=True)
class Sequences:
    """Answers of one student to one concept set in a row each. `steps[t]` are the rows of all t-th answers.

    Sequences are sorted by length, so those with a t-th answer are the first len(steps[t]) of them.
    """

    set: Places  # [sequences]
    steps: tuple[Places, ...]

    @property
    def longest(self) -> int:
        """The most answers of a student to a set."""
        return len(self.steps)


def predict(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """P(right) [test rows]; concept sets without an answer to learn from have the usual values."""
    known = split.train | split.valid
    correct = record.answers.correct.astype(np.float64)
    fitted = fit(sequences(record, known), correct, sets=len(record.steps.set_concepts))
    p = np.empty(len(correct))
    asked = sequences(record, split.test)
    for rows, _, state, at in _walk(asked, correct, fitted):
        p[rows] = state * (1 - fitted.slip[at]) + (1 - state) * fitted.guess[at]
    return p[split.test]


def sequences(record: Snapshot, wanted: Bools) -> Sequences:
    """The wanted rows as sequences."""
    rows = np.flatnonzero(wanted)
    group = record.steps.item_set[record.answers.item[rows]].astype(np.int64)
    key = record.student_of_row[rows] * len(record.steps.set_concepts) + group
    _, sequence, length = np.unique(key, return_inverse=True, return_counts=True)
    rank = np.empty(len(length), np.int64)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(length))
    sequence = rank[sequence]
    order = np.argsort(sequence, kind="stable")  # rows are in time already
    size = np.sort(length)[::-1]
    starts = np.cumsum(size) - size
    place = np.arange(len(rows)) - starts[sequence[order]]
    by_place = np.argsort(place, kind="stable")
    steps = np.split(rows[order][by_place], np.cumsum(np.bincount(place))[:-1]) if len(rows) else []
    return Sequences(group[order][starts], tuple(steps))


def fit(found: Sequences, correct: Numbers, *, sets: int) -> Parameters:
    """Parameters of all concept sets."""
    fitted = Parameters(*(np.full(sets, usual) for usual in (KNOWN, LEARN, GUESS, SLIP)))
    for _ in range(ROUNDS if found.longest else 0):
        fitted = _improve(found, correct, fitted)
    return fitted


def _walk(found: Sequences, correct: Numbers, fitted: Parameters) -> Any:
    """Yields for each place: rows, their results, P(known) before the answer, concept sets; moves the states on."""
    state = fitted.known[found.set]
    for rows in found.steps:
        at = found.set[: len(rows)]
        before = state[: len(rows)].copy()
        right = correct[rows]
        yield rows, right, before, at
        after = _after_answer(before, right, at, fitted)
        state[: len(rows)] = after + (1 - after) * fitted.learn[at]


def _after_answer(before: Numbers, right: Numbers, at: Places, fitted: Parameters) -> Numbers:
    """P(known) once the answer was seen, before anything is learned from it."""
    if_known = np.where(right > 0, 1 - fitted.slip[at], fitted.slip[at])
    if_not = np.where(right > 0, fitted.guess[at], 1 - fitted.guess[at])
    found: Numbers = before * if_known / (before * if_known + (1 - before) * if_not)
    return found


def _improve(found: Sequences, correct: Numbers, fitted: Parameters) -> Parameters:
    """One round: what the states probably were, then the parameters that this makes most likely."""
    filtered = [_after_answer(before, right, at, fitted) for _, right, before, at in _walk(found, correct, fitted)]
    size = len(fitted.known)
    totals = {name: np.zeros(size) for name in ("known", "not", "learned", "could", "guessed", "slipped")}

    def add(name: str, at: Places, values: Numbers) -> None:
        totals[name] += np.bincount(at, weights=values, minlength=size)

    later = np.zeros(0)  # P(known) at the next place given everything, of the sequences that have one
    for place in range(found.longest - 1, -1, -1):
        rows, now = found.steps[place], filtered[place]
        at, right, going_on = found.set[: len(rows)], correct[rows], len(later)
        # Nothing is forgotten, so who knows it now knows it later: P(now | all) = P(later | all)·P(now | later).
        moved, next_at = now[:going_on], at[:going_on]
        predicted = moved + (1 - moved) * fitted.learn[next_at]
        smoothed = now.copy()
        smoothed[:going_on] = later * moved / predicted
        add("could", next_at, 1 - smoothed[:going_on])
        add("learned", next_at, later * (1 - moved) * fitted.learn[next_at] / predicted)
        add("known", at, smoothed)
        add("not", at, 1 - smoothed)
        add("guessed", at, (1 - smoothed) * right)
        add("slipped", at, smoothed * (1 - right))
        later = smoothed
    first = np.bincount(found.set, weights=later, minlength=size)
    begun = np.bincount(found.set, minlength=size)
    return Parameters(
        known=(first + PRIOR * KNOWN) / (begun + PRIOR),
        learn=(totals["learned"] + PRIOR * LEARN) / (totals["could"] + PRIOR),
        guess=np.minimum((totals["guessed"] + PRIOR * GUESS) / (totals["not"] + PRIOR), MOST_GUESS),
        slip=np.minimum((totals["slipped"] + PRIOR * SLIP) / (totals["known"] + PRIOR), MOST_SLIP),
    )
