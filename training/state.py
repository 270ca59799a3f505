"""What changes during a run, its phases, and its checkpoint."""

import copy
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import batches, scores
from training.batches import Batch, Material
from training.bundle import NotFinite
from training.config import FinetuneConfig
from training.objectives import tracing

ROW_MINUTES = 0.4  # of the minutes that a run is given
PULLED = 300_000  # answers at which a base pulls as strongly as set; as with a prior, fewer are pulled the more


@dataclass(frozen=True)
class Phase:
    """A part of a run: single rows, which teach the trunk, or windows, which teach everything."""

    windows: bool
    epochs: int
    rates: tuple[float, float]  # highest learning rates: of the trunk, of everything else
    minutes: float | None  # of the run, at whose end the phase ends

    def batch(self, material: Material, group: Sequence[Any], *, history: int) -> Batch:
        """A group as tensors."""
        return material.windows(group, history=history) if self.windows else material.rows(group)

    def labels_of(self, material: Material, group: Sequence[Any]) -> Iterator[int]:
        """How many answers of the group are predicted."""
        if not self.windows:
            yield len(group)
            return
        for window in group:
            yield int(material.predicted[window.first : window.stop].sum())

    def size_of(self, group: Sequence[Any]) -> int:
        """How many answers a group asks for."""
        return sum(window.stop - window.first for window in group) if self.windows else len(group)

    def judge(self, model: tracing.Tracer, table: tracing.ResidualTable, material: Material) -> dict[str, float]:
        """Mean cross-entropy and AUC over the rows to be predicted, and what mastery alone makes of them (with rows).

        Raises NotFinite where they are no numbers.
        """
        ask = batches.predict if self.windows else batches.expect
        p = ask(model, table, material)[material.predicted]
        if not np.isfinite(p).all():
            raise NotFinite("what the network expects of later answers is no number")
        right = material.snapshot.answers.correct[material.predicted]
        found = scores.metrics(right, p)
        judged = {"valid_loss": found["logloss"], "valid_auc": found["auc"]}
        if not self.windows:
            mastery = batches.expect(model, table, material, mastery=True)[material.predicted]
            judged["mastery_loss"] = scores.metrics(right, mastery)["logloss"]
        return judged


class State:
    """Networks, optimiser and where the run stands.

    Weights decay towards where they began: zero, or the base, so that a thin week cannot carry a run far from it.
    `base_for` is the number of answers that a base is to learn from, None without a base.
    """

    def __init__(
        self, model: tracing.Tracer, table: tracing.ResidualTable, *, config: FinetuneConfig, base_for: int | None
    ) -> None:
        self.model, self.table = model, table
        self.average, self.from_base = config.average, base_for is not None
        self.mean = (copy.deepcopy(model), copy.deepcopy(table))
        for module in self.mean:
            module.train(False)
        freeze(model, table, trainable_layers=config.trainable_layers)
        self.pulls: list[tuple[nn.Parameter, Tensor | None, float]] = []  # weight, where it is pulled to, how much
        groups: list[dict[str, Any]] = []
        for slow, owner in ((0, model.trunk), (1, model), (1, table)):
            known = {id(weight) for group in groups for weight in group["params"]}
            params = [w for w in owner.parameters() if w.requires_grad and id(w) not in known]
            groups.append({"params": params, "which": slow, "weight_decay": 0.0})
            for weight in params:
                decay = config.residual_weight_decay if owner is table else config.weight_decay * (weight.ndim > 1)
                if base_for is not None:
                    pull = config.pull * PULLED / base_for + decay * (owner is table)
                    self.pulls.append((weight, weight.detach().clone(), pull))
                elif decay:
                    self.pulls.append((weight, None, decay))
        self.optimiser = torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.98))
        self.best_weights: dict[str, Tensor] | None = None
        self.best_loss = self.best_mastery = math.inf
        self.epoch = self.step = self.stale = 0
        self.phase_began: int | None = None  # epoch at which the second phase began; None before
        self.history: list[dict[str, float]] = []

    @property
    def trained(self) -> list[Tensor]:
        """What is trained, in order."""
        return [weights for part in self.optimiser.param_groups for weights in part["params"]]

    @property
    def in_phase(self) -> int:
        """Epochs of this phase that are over."""
        return self.epoch - (self.phase_began or 0)

    def phase(self, config: FinetuneConfig) -> Phase | None:
        """What comes next, None at the end. The second phase goes on from the best of the first.

        With `trainable_layers` it is the only one: single rows teach the trunk alone.
        """
        over = self.stale >= config.patience
        if self.phase_began is None:
            rates = (config.base_learning_rate,) * 2 if self.from_base else (config.row_learning_rate,) * 2
            if self.epoch < config.row_epochs and not over and config.trainable_layers is None:
                return Phase(False, config.row_epochs, rates, config.minutes and config.minutes * ROW_MINUTES)
            self.phase_began, self.stale, over = self.epoch, 0, False
            if self.best_weights is not None:
                for pair in ((self.model, self.table), self.mean):
                    self._load(pair, self.best_weights)
        if self.in_phase >= config.epochs or over:
            return None
        rate = config.base_learning_rate if self.from_base else config.learning_rate
        return Phase(True, config.epochs, (rate * config.trunk_rate, rate), config.minutes)

    def set_rate(self, rates: tuple[float, float], share: float) -> None:
        """Set this share of the highest learning rates."""
        for part in self.optimiser.param_groups:
            part["lr"] = rates[part["which"]] * share

    def advance(self, *, clip: float) -> None:
        """One step of the optimiser, the pull, and the averaged weights after it."""
        torch.nn.utils.clip_grad_norm_(self.trained, clip)
        self.optimiser.step()
        rate = {id(w): part["lr"] for part in self.optimiser.param_groups for w in part["params"]}
        self.step += 1
        keep = min(self.average, self.step / (9 + self.step))  # early on the average is short
        with torch.no_grad():
            for weight, anchor, strength in self.pulls:
                if weight.grad is not None:
                    share = min(1.0, rate[id(weight)] * strength)
                    weight.mul_(1 - share) if anchor is None else weight.lerp_(anchor, share)
            for mean, now in zip(self.mean, (self.model, self.table), strict=True):
                for ours, theirs in zip(mean.parameters(), now.parameters(), strict=True):
                    if theirs.requires_grad:
                        ours.lerp_(theirs, 1 - keep)

    def begin(self, valid_loss: float, mastery_loss: float = math.inf) -> None:
        """A phase begins; what it begins with is the first that its epochs have to be better than."""
        self.best_loss, self.best_mastery = valid_loss, mastery_loss
        self.best_weights = {name: rows.clone() for name, rows in self._named(self.mean)}

    def note(self, *, late: bool, **figures: Any) -> None:
        """An epoch has ended; remember its weights if it was the best. `late`: there is no time for another."""
        self.history.append({"epoch": self.epoch, **figures})
        self.epoch += 1
        self.stale += 1
        mastery_loss = figures.get("mastery_loss", figures["valid_loss"])
        if figures["valid_loss"] < self.best_loss:
            self.best_loss, self.stale = figures["valid_loss"], 0
            self._keep(mastery=False)
        if mastery_loss < self.best_mastery:  # it shares no weight with all else, and has a best of its own
            self.best_mastery = mastery_loss
            self._keep(mastery=True)
        if late:
            self.stale = 10**6

    def best(self) -> tuple[tracing.Tracer, tracing.ResidualTable]:
        """Network and table as they were after the best epoch, on the processor."""
        if self.best_weights is not None:
            self._load(self.mean, self.best_weights)
        return self.mean[0].cpu(), self.mean[1].cpu()

    def write(self, folder: Path) -> None:
        """Store everything, so that a run that reads it goes on as if it had not stopped."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "now": dict(self._named((self.model, self.table))),
            "mean": dict(self._named(self.mean)),
            "best": self.best_weights,
            "optimiser": self.optimiser.state_dict(),
            "numbers": [self.best_loss, self.best_mastery, self.epoch, self.step, self.stale, self.phase_began],
            "history": self.history,
        }
        whole = io.BytesIO()
        torch.save(state, whole)  # not into the file: there it hides a full disk behind an error of its own
        (folder / "state.new").write_bytes(whole.getbuffer())
        (folder / "state.new").replace(folder / "state.pt")

    def read(self, folder: Path) -> None:
        """Go on from a checkpoint, if there is one."""
        if not (folder / "state.pt").exists():
            return
        state = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
        self._load((self.model, self.table), state["now"])
        self._load(self.mean, state["mean"])
        self.best_weights = state["best"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.best_loss, self.best_mastery, self.epoch, self.step, self.stale, self.phase_began = state["numbers"]
        self.history = state["history"]

    def _keep(self, *, mastery: bool) -> None:
        """Remember the averaged weights of mastery, or of all else, as the best."""
        now = self._named(self.mean)
        kept = {name: rows.clone() for name, rows in now if name.startswith("model.mastery.") == mastery}
        self.best_weights = {**(self.best_weights or {}), **kept}

    @staticmethod
    def _named(pair: tuple[tracing.Tracer, tracing.ResidualTable]) -> Iterator[tuple[str, Tensor]]:
        for prefix, module in zip(("model", "table"), pair, strict=True):
            for name, rows in module.state_dict().items():
                yield f"{prefix}.{name}", rows

    @classmethod
    def _load(cls, pair: tuple[tracing.Tracer, tracing.ResidualTable], weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, rows in cls._named(pair):
                rows.copy_(weights[name])


def freeze(model: tracing.Tracer, table: tracing.ResidualTable, *, trainable_layers: int | None) -> None:
    """With `trainable_layers` N, let nothing be trained but the last N layers and what stands after them."""
    if trainable_layers is None:
        return
    for frozen in (model, table):
        frozen.requires_grad_(False)
    kept = len(model.layers) - min(trainable_layers, len(model.layers))
    for part in (model.head_norm, model.head, *list(model.layers)[kept:]):
        part.requires_grad_(True)
