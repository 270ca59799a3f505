"""How good predictions are, and how they are put right: figures of P(right) against what came of it. Plain numpy."""

from typing import Any

import numpy as np
from scipy.special import expit

CALIBRATION = 50.0  # curvature of the prior: as much as some 300 answers of middling chance tell


def calibrated(odds: Any, right: Any, *, held_to: tuple[float, float] = (1.0, 0.0)) -> tuple[float, float]:
    """Slope and shift of log odds [n] that fit what came of them best, drawn to `held_to` with the weight CALIBRATION.

    Platt (1999), with a normal prior; by Newton's method, whose steps are halved where they overshoot.
    """
    inputs = np.stack([np.asarray(odds, float), np.ones(len(odds))], 1)
    prior = np.array(held_to)
    found = prior.copy()

    def cost(at: Any) -> float:
        raised = inputs @ at
        return float((np.logaddexp(0, raised) - right * raised).sum() + CALIBRATION / 2 * ((at - prior) ** 2).sum())

    for _ in range(50):
        p = expit(inputs @ found)
        gradient = inputs.T @ (right - p) - CALIBRATION * (found - prior)
        curve = (inputs * (p * (1 - p))[:, None]).T @ inputs + CALIBRATION * np.eye(2)
        move = np.linalg.solve(curve, gradient)
        while cost(found + move) > cost(found) and np.abs(move).max() > 1e-9:
            move /= 2
        found = found + move
    return float(found[0]), float(found[1])


def metrics(right: Any, p: Any) -> dict[str, Any]:
    """AUC, log loss, accuracy, RMSE and calibration error (ECE, ten equal bins) of P(right) [n] against right [n].

    AUC counts ties half and is None where only one outcome occurs; all but n are None where n is 0.
    """
    right, p = np.asarray(right, float), np.asarray(p, float)
    if not len(right):
        return {"n": 0, "auc": None, "logloss": None, "accuracy": None, "rmse": None, "ece": None}
    safe = np.clip(p, 1e-6, 1 - 1e-6)
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = np.bincount(bins, weights=right - p, minlength=10)
    return {
        "n": len(right),
        "auc": auc(right, p),
        "logloss": float(-(right * np.log(safe) + (1 - right) * np.log(1 - safe)).mean()),
        "accuracy": float(((p >= 0.5) == (right == 1)).mean()),
        "rmse": float(np.sqrt(((p - right) ** 2).mean())),
        "ece": float(np.abs(gaps).sum() / len(right)),
    }


def auc(right: Any, p: Any) -> float | None:
    """Area under the ROC curve by ranks, ties half; None where only one outcome occurs."""
    positives = int(np.sum(right))
    negatives = len(right) - positives
    if not positives or not negatives:
        return None
    _, place, repeats = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(repeats) - (repeats - 1) / 2)[place]
    return float((ranks[np.asarray(right) == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))
