"""34 counts of every answer before it is given: how others did, and how the student has done so far.

All walks through time go in step over all students (or students' concepts, or items): see `averages_before`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.benchmarks.peers.linear import tally_before
from training.dataset import Bools, Floats, Snapshot, Split

FOLDS = 10
SHRINK = 6.0  # imagined answers of the level above
DECAYS = (0.5, 0.8, 0.95)
NAMES = (
    *("item_ease", "set_ease", "item_answers", "set_answers", "item_ease_first"),
    *("answers", "rate", *(f"right_{d}" for d in DECAYS), *(f"over_{d}" for d in DECAYS), "over_mean"),
    *("concept_answers", "concept_rate", *(f"concept_right_{d}" for d in DECAYS)),
    *(*(f"concept_over_{d}" for d in DECAYS), "concept_since"),
    *("item_tries", "item_right", "item_since", "item_last"),
    *("last", "last_but_one", "last_but_two", "streak", "set_run", "concepts", "set_last"),
)
Numbers = npt.NDArray[np.float64]


def describe(record: Snapshot, split: Split, *, seed: int) -> Floats:
    """[answers, 34]. A student to learn from is described with the answers of other tenths of the students only."""
    answers, steps = record.answers, record.steps
    student = record.student_of_row
    right = answers.correct.astype(np.float64)
    group = steps.item_set[answers.item].astype(np.int64)
    by_item = student * len(steps.items) + answers.item
    by_set = student * len(steps.set_concepts) + group
    others = _others(record, split, first=tally_before(by_item, np.ones(len(right))) == 0, seed=seed)
    over = right - others[:, 0]
    signals = np.stack([right, over], 1)
    total = np.arange(len(right)) - record.offsets[student]
    columns = [
        *others.T,
        np.log1p(total),
        (tally_before(student, right) + 1) / (total + 2),
        *averages_before(student, signals).T,
        tally_before(student, over) / (total + 2),
        *_of_concepts(record, signals).T,
        tally_before(by_item, np.ones(len(right))),
        tally_before(by_item, right),
        *_last_of(by_item, right),
        *_latest(record, right, group),
        (steps.set_concepts >= 0).sum(1)[group],
        _last_of(by_set, right)[1],
    ]
    return np.stack(columns, 1).astype(np.float32)


def _others(record: Snapshot, split: Split, *, first: Bools, seed: int) -> Numbers:
    """[answers, 5] ease of item and concept set by others' answers, logs of their counts, ease at first meetings."""
    answers, steps = record.answers, record.steps
    known = split.train | split.valid
    fold = (np.random.default_rng(seed).permutation(len(record.students)) % FOLDS)[record.student_of_row]
    apart = np.where(known, fold, FOLDS)  # nobody's answers are left out for those to be predicted
    group = steps.item_set[answers.item]
    right = answers.correct.astype(float)

    def rate(place: Any, counted: Bools, above: Any) -> tuple[Any, Any]:
        """[answers] of the rate of answers `counted` by others to the same place, shrunk, and their number."""
        size = int(place.max()) + 1
        cell = fold[counted] * size + place[counted]
        tallies = []
        for weights in (np.ones(int(counted.sum())), right[counted]):
            table = np.bincount(cell, weights=weights, minlength=FOLDS * size).reshape(FOLDS, size)
            table = np.concatenate([table.sum(0) - table, table.sum(0, keepdims=True)])
            tallies.append(table[apart, place])
        return (tallies[1] + SHRINK * above) / (tallies[0] + SHRINK), tallies[0]

    mean = np.full(len(right), right[known].mean())
    set_ease, set_count = rate(group, known, mean)
    ease, count = rate(answers.item, known, set_ease)
    ease_first, _ = rate(answers.item, known & first, set_ease)
    return np.stack([ease, set_ease, np.log1p(count), np.log1p(set_count), ease_first], 1)


def averages_before(key: Any, signals: Numbers) -> Numbers:
    """[rows, signals x DECAYS] exponential averages over the earlier rows with the same key, from 0."""
    _, group, length = np.unique(key, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    place = np.arange(len(key)) - np.repeat(np.cumsum(length) - length, length)
    by_place = order[np.argsort(place, kind="stable")]
    state = np.zeros((len(length), signals.shape[1], len(DECAYS)))
    found = np.empty((len(key), *state.shape[1:]))
    keep = np.array(DECAYS)
    for rows in np.split(by_place, np.cumsum(np.bincount(place))[:-1]):
        at = group[rows]
        found[rows] = state[at]
        state[at] = keep * state[at] + (1 - keep) * signals[rows, :, None]
    return found.reshape(len(key), -1)


def _of_concepts(record: Snapshot, signals: Numbers) -> Numbers:
    """[answers, 9]: mean over the concepts of answers, rate and averages; answers since any of them was asked."""
    steps, size = record.steps, len(signals)
    members = steps.set_concepts[steps.item_set[record.answers.item]]
    row, slot = np.nonzero(members >= 0)
    key = record.student_of_row[row] * max(len(steps.concepts), 1) + members[row, slot]
    tries = tally_before(key, np.ones(len(row)))
    rate = (tally_before(key, signals[row, 0]) + 1) / (tries + 2)
    each = np.concatenate([np.log1p(tries)[:, None], rate[:, None], averages_before(key, signals[row])], 1)
    number = np.maximum(np.bincount(row, minlength=size), 1)
    means = [np.bincount(row, weights=column, minlength=size) / number for column in each.T]
    since = np.full(size, np.inf)
    np.minimum.at(since, row, row - _previous(key, row))
    return np.stack([*means, np.where(np.isfinite(since), np.log1p(since), -1)], 1)


def _previous(key: Any, row: Any) -> Numbers:
    """Row of the earlier entry with the same key, -inf where there is none."""
    order = np.argsort(key, kind="stable")
    found = np.full(len(key), -np.inf)
    same = key[order][1:] == key[order][:-1]
    found[order[1:][same]] = row[order[:-1][same]]
    return found


def _last_of(key: Any, right: Numbers) -> tuple[Numbers, Numbers]:
    """Log of answers since the same key, -1 if never; what that answer was, 1 or -1, 0 if never."""
    rows = np.arange(len(key))
    before = _previous(key, rows)
    met = np.isfinite(before)
    place = np.where(met, before, 0).astype(np.int64)
    return np.where(met, np.log1p(rows - place), -1), np.where(met, 2 * right[place] - 1, 0)


def _latest(record: Snapshot, right: Numbers, group: Any) -> list[Numbers]:
    """The last three results, the run of equal results and the run on this concept set that lead here."""
    place = np.arange(len(right)) - record.offsets[record.student_of_row]
    signs = 2 * right - 1
    last = [np.where(place >= back, np.roll(signs, back), 0) for back in (1, 2, 3)]
    streak = np.where(place >= 1, np.roll(_run(place, signs) * signs, 1), 0)
    same = (place >= 1) & (np.roll(group, 1) == group)
    return [*last, streak, np.where(same, np.roll(_run(place, group), 1), 0)]


def _run(place: Any, values: Any) -> Any:
    """Length of the run of equal values of a student that ends at each row."""
    rows = np.arange(len(values))
    begins = (place == 0) | np.r_[True, values[1:] != values[:-1]]
    return rows - np.maximum.accumulate(np.where(begins, rows, 0)) + 1
