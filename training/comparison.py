"""Two models on the same answers: by how much one is better, how sure that is, and how well a model is calibrated.

Answers of one student hang together, so it is students who are drawn again and again, not answers.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

CONFIDENCE = 0.95
RESAMPLES = 2000
AT_ONCE = 4_000_000  # draws of students held in memory
BINS = 10
Values = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.integer[Any]]


def losses(right: npt.NDArray[Any], p: Values) -> Values:
    """Log loss of each answer in nats, as scores.metrics has it in the mean."""
    safe = np.clip(p, 1e-6, 1 - 1e-6)
    return -np.log(np.where(right, safe, 1 - safe))


def gain(ours: Values, theirs: Values, *, student: Numbers, seed: int) -> dict[str, Any]:
    """By how much the mean of our losses [answers] is lower than theirs, with its interval; None where it has none.

    A paired bootstrap over students. Its quantiles are those that make up for the few there are (the expanded
    percentile interval, Hesterberg 2015, «What teachers should know about the bootstrap», section 5.3).
    """
    differences, sizes = _by_student(theirs - ours, student)
    students = len(sizes)
    found: dict[str, Any] = {"confidence": CONFIDENCE, "resamples": RESAMPLES, "students": students}
    found |= {"mean": float((theirs - ours).mean()), "low": None, "high": None}
    if students < 2:
        return found
    rng = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    portion = max(1, AT_ONCE // students)
    for start in range(0, RESAMPLES, portion):
        drawn = rng.integers(0, students, (min(portion, RESAMPLES - start), students))
        means[start : start + portion] = differences[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    tail = ndtr(np.sqrt(students / (students - 1)) * stdtrit(students - 1, (1 - CONFIDENCE) / 2))
    low, high = np.quantile(means, [tail, 1 - tail])
    return found | {"low": float(low), "high": float(high)}


def standard_error(differences: Values, *, student: Numbers) -> float | None:
    """Of the mean difference [answers], with students as the units; None for a single student."""
    sums, sizes = _by_student(differences, student)
    students = len(sizes)
    if students < 2:
        return None
    off = sums - sizes * differences.mean()
    return float(np.sqrt(students / (students - 1) * (off**2).sum()) / len(differences))


def calibration(right: npt.NDArray[Any], p: Values) -> list[dict[str, Any]]:
    """Ten equal bins of P(right), empty ones left out: how many answers, what was expected, what share was right."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    sizes = np.bincount(place, minlength=BINS)
    expected, correct = (np.bincount(place, weights=column, minlength=BINS) for column in (p, right.astype(float)))
    return [
        {"answers": int(sizes[i]), "expected": float(expected[i] / sizes[i]), "right": float(correct[i] / sizes[i])}
        for i in np.flatnonzero(sizes)
    ]


def _by_student(values: Values, student: Numbers) -> tuple[Values, Values]:
    """Sums [students] of the values and numbers [students] of answers, for the students who are there."""
    _, number = np.unique(student, return_inverse=True)
    return np.bincount(number, weights=values).astype(np.float64), np.bincount(number).astype(np.float64)
