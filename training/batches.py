"""Records as tensors: windows of many students side by side, for training and for judging."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training import dataset, features
from training.dataset import Bools, Floats, Snapshot, Window
from training.objectives import tracing


@dataclass(frozen=True)
class Batch:
    """Windows side by side, filled up at the end. B windows, T the longest."""

    features: Tensor  # [B, T, F]
    responses: Tensor  # [B, T, RESPONSES]
    item: Tensor  # [B, T] row of the residual table, -1 unknown
    members: Tensor  # [B, T, most]
    kinds: Tensor  # [B, T, T, R]
    right: Tensor  # [B, T]
    label: Tensor  # [B, T] 1 where the answer is predicted

    def ask(self, model: tracing.Tracer, table: tracing.ResidualTable, *, drop: float = 0.0) -> Tensor:
        """Log odds [B, T] of every answer; a share `drop` of items and concepts goes without residual vectors."""
        residual = table(self.item, self.members, drop=drop)
        odds: Tensor = model(features=self.features, responses=self.responses, residual=residual, kinds=self.kinds)
        return odds


class Material:
    """A snapshot made ready: features of every answer, and its windows as batches."""

    def __init__(
        self, snapshot: Snapshot, *, table: tracing.ResidualTable, described: Floats, predicted: Bools
    ) -> None:
        self.snapshot = snapshot
        self.described = described
        self.predicted = predicted
        self.responses = features.responses(snapshot.answers)
        steps = snapshot.steps
        self.item, concept = table.places(steps.items, steps.concepts)
        self.members = np.where(steps.set_concepts >= 0, features.take(concept, steps.set_concepts), -1)

    def batch(self, group: Sequence[Window]) -> Batch:
        """These windows as tensors."""
        answers, steps = self.snapshot.answers, self.snapshot.steps
        longest = max(window.stop - window.start for window in group)
        shape = (len(group), longest)
        described = np.zeros((*shape, features.WIDTH), np.float32)
        responses = np.zeros((*shape, tracing.RESPONSES), np.float32)
        item = np.full(shape, -1, np.int64)
        members = np.full((*shape, self.members.shape[1]), -1, np.int64)
        kinds = np.zeros((*shape, longest, len(features.RELATIONS)), np.float32)
        right, label = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for place, window in enumerate(group):
            rows, size = slice(window.start, window.stop), window.stop - window.start
            part = answers.part(rows)
            described[place, :size] = self.described[rows]
            responses[place, :size] = self.responses[rows]
            item[place, :size] = self.item[part.item]
            members[place, :size] = self.members[steps.item_set[part.item]]
            kinds[place, :size, :size] = features.relations(steps, part, features.as_asked(steps, part))
            right[place, :size] = part.correct
            first = window.first - window.start
            label[place, first:size] = self.predicted[window.first : window.stop]
        arrays = (described, responses, item, members, kinds, right, label)
        return Batch(*(torch.from_numpy(array) for array in arrays))


@torch.inference_mode()
def predict(model: tracing.Tracer, table: tracing.ResidualTable, material: Material, *, size: int = 16) -> Floats:
    """P(right) [answers] of the rows to be predicted, NaN elsewhere; both networks must be in eval mode."""
    p = np.full(len(material.described), np.nan, np.float32)
    found = dataset.windows(material.snapshot, predicted=material.predicted, history=model.config.max_history)
    for group in dataset.batches(found, size=size):
        batch = material.batch(group)
        rows = batch.ask(model, table).sigmoid().numpy()
        for place, window in enumerate(group):
            p[window.first : window.stop] = rows[place, window.first - window.start : window.stop - window.start]
    p[~material.predicted] = np.nan
    return p
