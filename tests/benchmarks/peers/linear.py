"""Logistic regressions over ids and logs of tallies: PFA (Pavlik et al. 2009) and Best-LR (Gervet et al. 2020)."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training import evaluate
from training.dataset import Snapshot, Split
from training.evaluate import Predictions


def pfa(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """Performance factors: each concept has an ease, and a weight for the log of earlier right and wrong answers to it.

    Logs in place of the plain tallies, as in Best-LR: they fit better.
    """
    return _regress(pfa_inputs(record), record, split)


def best_lr(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """Items, concepts, and logs of earlier right and wrong answers: all, on the concepts, on the item."""
    return _regress(evaluate.best_lr_inputs(record), record, split)


def pfa_inputs(record: Snapshot) -> Any:
    """[answers, 3 x concepts] sparse: the concept, logs of right and of wrong answers to it before."""
    answers, steps = record.answers, record.steps
    members = steps.set_concepts[steps.item_set[answers.item]]  # [answers, most]
    row, slot = np.nonzero(members >= 0)
    concept = members[row, slot].astype(np.int64)
    size = max(len(steps.concepts), 1)
    key = record.student_of_row[row] * size + concept
    right = answers.correct[row]
    tallies = [tally_before(key, right), tally_before(key, ~right)]
    shape = (len(answers), size)
    parts = [np.ones(len(row)), *(np.log1p(tally) for tally in tallies)]
    return sparse.hstack([sparse.csr_matrix((part, (row, concept)), shape) for part in parts]).tocsr()


def tally_before(key: Any, weights: Any) -> Any:
    """Sum of the weights of earlier rows with the same key, for every row."""
    order = np.argsort(key, kind="stable")
    ordered = weights[order].astype(float)
    before = np.cumsum(ordered) - ordered
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0]) if len(key) else np.zeros(0, int)
    length = np.diff(np.r_[starts, len(key)])
    found = np.empty(len(key))
    found[order] = before - np.repeat(before[starts], length)
    return found


def _regress(inputs: Any, record: Snapshot, split: Split) -> Predictions:
    known, asked = np.flatnonzero(split.train | split.valid), np.flatnonzero(split.test)
    right = record.answers.correct[known]
    if len(np.unique(right)) < 2:
        return np.full(len(asked), right.mean() if len(right) else 0.5)
    fitted = LogisticRegression(C=1.0, max_iter=1000, tol=1e-4).fit(inputs[known], right)
    p: Predictions = fitted.predict_proba(inputs[asked])[:, 1]
    return p
