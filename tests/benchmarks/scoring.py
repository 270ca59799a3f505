"""Scores of next-answer predictions, in all the cells that peers are compared in. AUC is over pooled answers."""

from typing import Any

import numpy as np

from tests.benchmarks.peers.linear import tally_before
from training import scores
from training.dataset import Snapshot, Split
from training.evaluate import Predictions

FIRST_ANSWERS = 10
RARE = 5  # answers to learn from, below which an item is a rare one


def score(record: Snapshot, split: Split, p: Predictions) -> dict[str, dict[str, Any]]:
    """Figures (n, auc, logloss, accuracy, rmse, ece) by cell, of P(right) [test rows].

    A student's first answer is in no cell. The cell «all» also has `within_student`, the mean over students of the
    AUC within their answers, of those with a right and a wrong one.
    """
    answers, student = record.answers, record.student_of_row
    place = np.arange(len(answers)) - record.offsets[student]
    known = np.bincount(answers.item[split.train | split.valid], minlength=len(record.steps.items))
    tries = tally_before(student * len(record.steps.items) + answers.item, np.ones(len(answers)))
    asked = place[split.test] >= 1
    cells = {
        "all": asked,
        "first_ten": asked & (place[split.test] < FIRST_ANSWERS),
        "rare_items": asked & (known[answers.item[split.test]] < RARE),
        "first_tries": asked & (tries[split.test] == 0),
        "repeats": asked & (tries[split.test] > 0),
    }
    right = answers.correct[split.test]
    found = {name: scores.metrics(right[cell], p[cell]) for name, cell in cells.items()}
    found["all"]["within_student"] = within_student(student[split.test][asked], right[asked], p[asked])
    return found


def within_student(student: Any, right: Any, p: Any) -> float | None:
    """Mean AUC within the students who have both a right and a wrong answer; None where nobody has."""
    cuts = np.flatnonzero(np.diff(student)) + 1
    found = [scores.auc(*pair) for pair in zip(np.split(right, cuts), np.split(p, cuts), strict=True)]
    told = [value for value in found if value is not None]
    return float(np.mean(told)) if told else None
