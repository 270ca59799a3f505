"""Peers of the tracer, short versions of our own. Each is fitted on what there is to learn from, then predicts.

Every peer is called with a record, its split and a seed. It may learn from all answers of the train and valid parts,
and gives P(right) [test rows], each from the student's earlier answers and the ids of the current question.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from tests.benchmarks.peers import bkt, boosting, linear, recurrent
from training.dataset import Snapshot, Split
from training.evaluate import Predictions


class Peer(Protocol):
    """Fit on the train and valid parts, predict the test part."""

    def __call__(self, record: Snapshot, split: Split, *, seed: int) -> Predictions:
        """P(right) [test rows]."""


def base_rate(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """The share of right answers, for everybody and everything."""
    known = record.answers.correct[split.train | split.valid]
    return np.full(int(split.test.sum()), known.mean() if len(known) else 0.5)


PEERS: Mapping[str, Peer] = {
    "base rate": base_rate,
    "BKT": bkt.predict,
    "PFA": linear.pfa,
    "Best-LR": linear.best_lr,
    "DKT": recurrent.dkt,
    "GRU with counts": recurrent.gru_with_counts,
    "boosting on counts": boosting.predict,
}
