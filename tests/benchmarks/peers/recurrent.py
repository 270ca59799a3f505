"""Recurrent networks over ids: DKT (Piech et al. 2015) and a GRU over items and concept sets with the 34 counts.

Both walk a student's answers with a state and learn an embedding per id. Records are cut into stretches to train on,
and predicted whole.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.benchmarks.peers import counts
from training.dataset import Bools, Floats, Ints, Snapshot, Split
from training.evaluate import Predictions

STRETCH = 200  # answers trained on in a row
EPOCHS = 30
PATIENCE = 2  # epochs without a better loss on the valid part
HIDDEN = 0.8  # share of items that the GRU is shown without their embedding, else it learns the rare ones by heart


@dataclass(frozen=True)
class Inputs:
    """What networks may see of answers side by side. All [B, T]; filled up at the end."""

    item: Tensor
    set: Tensor
    right: Tensor
    counts: Tensor  # [B, T, 34], or no column


class Dkt(nn.Module):
    """An LSTM over concept sets with results, an output per concept set."""

    def __init__(self, *, sets: int, width: int = 128) -> None:
        super().__init__()
        self.given = nn.Embedding(2 * sets, width)
        self.state = nn.LSTM(width, width, batch_first=True)
        self.out = nn.Linear(width, sets)

    def forward(self, seen: Inputs) -> Tensor:
        """Log odds [B, T], each from the answers before."""
        given = functional.dropout(self.given(2 * seen.set + seen.right.long()), 0.4, self.training)
        states, _ = self.state(given)
        states = functional.dropout(_shifted(states), 0.5, self.training)
        odds: Tensor = (states * self.out.weight[seen.set]).sum(-1) + self.out.bias[seen.set]
        return odds


class CountedGru(nn.Module):
    """A GRU over items, concept sets and results; a small network looks at its state, the question and the counts."""

    def __init__(self, *, items: int, sets: int, width: int = 64) -> None:
        super().__init__()
        self.item = nn.Embedding(items, width)
        self.set = nn.Embedding(sets, width)
        self.right = nn.Embedding(2, width)
        self.state = nn.GRU(width, width, batch_first=True)
        self.counts = nn.BatchNorm1d(len(counts.NAMES), affine=False)
        self.head = nn.Sequential(
            nn.Linear(2 * width + len(counts.NAMES), 2 * width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(2 * width, 1)
        )
        for table in (self.item, self.set):
            nn.init.normal_(table.weight, std=0.05)

    def forward(self, seen: Inputs) -> Tensor:
        """Log odds [B, T], each from the answers before."""
        met = torch.rand(seen.item.shape) >= HIDDEN if self.training else torch.ones(seen.item.shape)
        question = self.item(seen.item) * met.unsqueeze(-1) + self.set(seen.set)
        question = functional.dropout(question, 0.3, self.training)
        states, _ = self.state(question + self.right(seen.right.long()))
        tallied = self.counts(seen.counts.flatten(0, 1)).reshape(seen.counts.shape)
        odds: Tensor = self.head(torch.cat([_shifted(states), question, tallied], -1)).squeeze(-1)
        return odds


def dkt(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """P(right) [test rows] by DKT."""
    nothing = np.zeros((len(record.answers), 0), np.float32)
    return _trained(lambda: Dkt(sets=len(record.steps.set_concepts)), record, split, described=nothing, seed=seed)


def gru_with_counts(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """P(right) [test rows] by the GRU."""
    steps = record.steps
    return _trained(
        lambda: CountedGru(items=len(steps.items), sets=len(steps.set_concepts)),
        record,
        split,
        described=counts.describe(record, split, seed=seed),
        seed=seed,
    )


def _shifted(states: Tensor) -> Tensor:
    """States before each answer."""
    return functional.pad(states, (0, 0, 1, 0))[:, :-1]


def _trained(
    make: Callable[[], nn.Module], record: Snapshot, split: Split, *, described: Floats, seed: int
) -> Predictions:
    """Train until the valid part gets no better; predict the test part."""
    torch.manual_seed(seed)
    network = make()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    best, best_loss, stale = copy.deepcopy(network), np.inf, 0
    right = record.answers.correct
    rng = np.random.default_rng(seed)
    for _ in range(EPOCHS if split.train.any() else 0):
        network.train()
        for rows in _side_by_side(record, split.train, most=STRETCH, size=32, rng=rng):
            optimiser.zero_grad()
            seen = _inputs(record, rows, described)
            each = functional.binary_cross_entropy_with_logits(network(seen), seen.right, reduction="none")
            asked = torch.from_numpy((rows >= 0) & split.train[rows])
            (each * asked).sum().div(asked.sum().clamp(min=1)).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        p = _predicted(network, record, split.valid, described)
        loss = -np.log(np.clip(np.where(right[split.valid], p, 1 - p), 1e-7, 1)).mean() if len(p) else 0.0
        stale += 1
        if loss < best_loss or not len(p):
            best, best_loss, stale = copy.deepcopy(network), loss, 0
        if stale == PATIENCE:
            break
    return _predicted(best, record, split.test, described)


@torch.inference_mode()
def _predicted(network: nn.Module, record: Snapshot, asked: Bools, described: Floats) -> Predictions:
    """P(right) [asked rows]; whole records are asked."""
    network.train(False)
    p = np.zeros(len(record.answers))
    for rows in _side_by_side(record, asked, most=len(p), size=16):
        odds = network(_inputs(record, rows, described))
        p[rows[rows >= 0]] = odds.sigmoid().numpy()[rows >= 0]
    return p[asked]


def _inputs(record: Snapshot, rows: Ints, described: Floats) -> Inputs:
    """The rows [B, T] as tensors; -1 is filled up with what the first row holds."""
    at = np.maximum(rows, 0)
    item = record.answers.item[at]
    group = record.steps.item_set[item]
    right = record.answers.correct[at].astype(np.float32)
    arrays: tuple[Any, ...] = (item.astype(np.int64), group.astype(np.int64), right, described[at])
    return Inputs(*(torch.from_numpy(array) for array in arrays))


def _side_by_side(
    record: Snapshot, wanted: Bools, *, most: int, size: int, rng: np.random.Generator | None = None
) -> Iterator[Ints]:
    """Stretches of up to `most` rows that lead to wanted ones, alike in length side by side: [B, T], -1 at the end."""
    until = np.full(len(record.students), 0)
    rows_wanted = np.flatnonzero(wanted)
    until[record.student_of_row[rows_wanted]] = rows_wanted + 1  # the last one counts
    stretches = [
        (first, min(first + most, stop))
        for start, stop in zip(record.offsets[:-1].tolist(), until.tolist(), strict=True)
        for first in range(start, stop, most)
    ]
    length = np.array([stop - start for start, stop in stretches], float)
    order = np.argsort(length * (rng.uniform(0.8, 1.2, len(length)) if rng is not None else 1))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    for number in rng.permutation(len(groups)) if rng is not None else range(len(groups)):
        chosen = [stretches[i] for i in groups[number]]
        rows = np.full((len(chosen), max(stop - start for start, stop in chosen)), -1, np.int32)
        for place, (start, stop) in enumerate(chosen):
            rows[place, : stop - start] = np.arange(start, stop)
        yield rows
