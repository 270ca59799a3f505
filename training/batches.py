"""Records as tensors: rows that lie anywhere, or windows of many students side by side; to train on and to judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from training import dataset, features
from training.dataset import Bools, Floats, Snapshot, Window
from training.features import Halves
from training.histories import asked_at, chosen
from training.objectives import tracing


class Batch(Protocol):
    """Something to be answered."""

    @property
    def right(self) -> Tensor:
        """What came of it."""

    @property
    def label(self) -> Tensor:
        """1 where the answer is predicted."""

    def ask(self, model: tracing.Tracer, table: tracing.ResidualTable, *, drop: float = 0.0) -> Tensor:
        """Log odds [..., *right.shape]; a share `drop` of items and concepts goes without residual vectors."""


@dataclass(frozen=True)
class Rows:
    """Answers [N] that are seen apart from the student's others: what the trunk alone makes of them."""

    features: Tensor  # [N, F]
    item: Tensor  # [N] row of the residual table, -1 unknown
    members: Tensor  # [N, most]
    right: Tensor  # [N]
    label: Tensor  # [N]

    def ask(self, model: tracing.Tracer, table: tracing.ResidualTable, *, drop: float = 0.0) -> Tensor:
        """Log odds [2, N]: what the trunk expects, and mastery, which has the same to foretell."""
        described = model.describe(self.features, table(self.item, self.members, drop=drop))
        return torch.stack([described.odds, described.mastery])


@dataclass(frozen=True)
class Windows:
    """Windows side by side, filled up at the end. B windows, T the longest, Q rows at its end that are asked."""

    features: Tensor  # [B, T, F]
    responses: Tensor  # [B, T, RESPONSES]
    item: Tensor  # [B, T] row of the residual table, -1 unknown
    members: Tensor  # [B, T, most]
    code: Tensor  # [B, Q, T]
    right: Tensor  # [B, Q]
    label: Tensor  # [B, Q]

    def ask(self, model: tracing.Tracer, table: tracing.ResidualTable, *, drop: float = 0.0) -> Tensor:
        """Log odds [B, Q]."""
        residual = table(self.item, self.members, drop=drop)
        odds: Tensor = model(features=self.features, responses=self.responses, residual=residual, code=self.code)
        return odds


class Material:
    """A snapshot made ready: features of its answers, as single rows and as windows, on a device."""

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        table: tracing.ResidualTable,
        described: Halves,
        predicted: Bools,
        device: torch.device | None = None,
    ) -> None:
        self.snapshot, self.described, self.predicted = snapshot, described, predicted
        self.device = device or torch.device("cpu")
        steps = snapshot.steps
        self.item, concept = table.places(steps.items, steps.concepts)
        self.members = np.where(steps.set_concepts >= 0, features.take(concept, steps.set_concepts), -1)

    def rows(self, places: Any) -> Rows:
        """Answers at these places."""
        answers = self.snapshot.answers
        return Rows(
            *self._tensors(
                self.described[places],
                *self._ids(answers.item[places]),
                answers.correct[places].astype(np.float32),
                self.predicted[places].astype(np.float32),
            )
        )

    def windows(self, group: Sequence[Window], *, history: int) -> Windows:
        """These windows, of which the same number of rows is past to all: see dataset.windows."""
        answers, steps = self.snapshot.answers, self.snapshot.steps
        start, first, stop = (np.array([getattr(window, name) for window in group]) for name in Window.__slots__)
        past = int((first - start).max())
        place = start[:, None] + np.arange(int((stop - start).max()))
        inside = place < stop[:, None]
        place = np.minimum(place, (stop - 1)[:, None])  # filled up with the last answer; nobody looks there
        here = asked_at(self.snapshot, place)
        asked = chosen(here, np.s_[:, past:])
        code = features.relations(steps, asked, here, most=history)
        part = answers.part(place)
        predicted = self.predicted[place] & inside & (place >= first[:, None])
        return Windows(
            *self._tensors(
                self.described[place],
                features.responses(part),
                *self._ids(part.item),
                code,
                part.correct[:, past:].astype(np.float32),
                predicted[:, past:].astype(np.float32),
            )
        )

    def _ids(self, item: Any) -> tuple[Any, Any]:
        members = self.members[self.snapshot.steps.item_set[item]]
        return self.item[item].astype(np.int64), members.astype(np.int64)

    def _tensors(self, *arrays: Any) -> list[Tensor]:
        return [torch.from_numpy(np.ascontiguousarray(array)).to(self.device) for array in arrays]


@torch.inference_mode()
def predict(model: tracing.Tracer, table: tracing.ResidualTable, material: Material) -> Floats:
    """P(right) [answers] of the rows to be predicted, NaN elsewhere; both networks must be in eval mode."""
    p = np.full(len(material.described), np.nan, np.float32)
    history = model.config.max_history
    found = dataset.windows(material.snapshot, predicted=material.predicted, history=history)
    for group in dataset.batches(found, size=dataset.ANSWERS):
        batch = material.windows(group, history=history)
        rows = batch.ask(model, table).sigmoid().float().cpu().numpy()
        label = batch.label.cpu().numpy() > 0
        first = max(window.first - window.start for window in group)
        start = np.array([window.start for window in group])
        place = start[:, None] + first + np.arange(rows.shape[1])
        p[place[label]] = rows[label]
    return p


@torch.inference_mode()
def expect(model: tracing.Tracer, table: tracing.ResidualTable, material: Material, *, mastery: bool = False) -> Floats:
    """P(right) [answers] by the trunk alone, or by mastery alone, likewise."""
    p = np.full(len(material.described), np.nan, np.float32)
    places = np.flatnonzero(material.predicted)
    for start in range(0, len(places), dataset.ANSWERS):
        some = places[start : start + dataset.ANSWERS]
        p[some] = material.rows(some).ask(model, table)[int(mastery)].sigmoid().float().cpu().numpy()
    return p
