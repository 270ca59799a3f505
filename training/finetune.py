"""Fine-tuning: a snapshot in, a bundle out. The one loop, top to bottom.

Reads: a snapshot folder, a base bundle. Writes: a bundle folder, whole or not at all, and out/checkpoint after every
epoch, from which a run that was stopped goes on exactly.

    python -m training.finetune --snapshot var/snapshots/7 --out var/runs/7 [--base var/bundles/6]
"""

import argparse
import copy
import io
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import dataset, features
from training.batches import Material, predict
from training.bundle import Trained, write_bundle
from training.config import FinetuneConfig
from training.dataset import Snapshot, Split, Window
from training.objectives import tracing

FOLDS = 10
BUNDLE = "bundle"  # its name inside `out`


class TrainingFailed(Exception):
    """The run cannot end in a bundle; the message says why. Nothing was written where a bundle would be."""


@dataclass(frozen=True)
class Progress:
    """How far a run is. `loss` and `valid_loss` are mean cross-entropies in nats."""

    stage: str  # reading, training, writing
    fraction: float  # of the whole run, 0 to 1
    epoch: int = 0
    loss: float | None = None
    valid_loss: float | None = None
    message: str = ""


def finetune(
    *,
    snapshot: Path,
    out: Path,
    base: Path | None = None,
    config: FinetuneConfig | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Path:
    """Train on a snapshot folder and return the bundle folder, `out`/bundle.

    Goes on from `out`/checkpoint where one is there. Raises TrainingFailed, or dataset.BadSnapshot.
    """
    config = config or FinetuneConfig()
    progress(Progress("reading", 0.0))
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=config.split, seed=config.seed)
    result = train(record, split, out=out, base=base, config=config, progress=progress)
    progress(Progress("writing", 1.0, message=f"{result.epochs} epochs"))
    return write_bundle(out / BUNDLE, result, snapshot=record, split=split, config=config, base=base)


def train(
    record: Snapshot,
    split: Split,
    *,
    out: Path | None,
    base: Path | None,
    config: FinetuneConfig,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Trained:
    """The loop. Without `out` there are no checkpoints. Raises TrainingFailed."""
    began = time.monotonic()
    if not split.train.any():
        raise TrainingFailed("no answer to train on: none is a first try without a hint before the cut-off")
    state, learning, stopping = prepare(record, split, base=base, config=config)
    found = dataset.windows(record, predicted=split.train, history=config.max_history)
    size = config.batch_size or dataset.default_batch_size(len(found))
    steps = config.epochs * math.ceil(len(found) / size)
    if out is not None:
        state.read(out / "checkpoint")

    while state.epoch < config.epochs and state.stale < config.patience:
        torch.manual_seed(
            config.seed * 1000 + state.epoch
        )  # so that a run that was stopped goes on with the same draws
        groups = list(dataset.batches(found, size=size, rng=np.random.default_rng((config.seed, state.epoch))))
        losses: list[float] = []
        for group in groups:
            spent = (time.monotonic() - began) / 60 / config.minutes if config.minutes else 0.0
            if spent >= 1 and losses:
                break
            state.set_rate(schedule(max(state.step / steps, spent), warmup=config.warmup))
            losses.append(step(state, learning, group, config=config))
            if not math.isfinite(losses[-1]):
                raise TrainingFailed(f"the loss is no number any more (epoch {state.epoch + 1}, step {state.step})")
            if state.step % 10 == 0:
                progress(Progress("training", state.step / steps, state.epoch, float(np.mean(losses[-50:]))))
        loss = float(np.mean(losses))
        valid = mean_loss(*state.mean, stopping) if split.valid.any() else loss
        progress(Progress("training", state.step / steps, state.epoch, loss, valid))
        state.note(loss, valid)
        if out is not None:
            state.write(out / "checkpoint")
        if config.minutes and time.monotonic() - began > config.minutes * 60:
            break
    model, table = state.best()
    return Trained(model, table, state.epoch, time.monotonic() - began, state.history)


def prepare(
    record: Snapshot, split: Split, *, base: Path | None, config: FinetuneConfig
) -> tuple["State", Material, Material]:
    """Network, table and optimiser as a run begins; the answers to train on and those to stop by."""
    torch.manual_seed(config.seed)
    model, table = start(record, base=base, config=config)
    counts = features.count(record.steps, record.answers, split.counted)
    apart = features.tabulate(record, counts=counts, counted=split.counted, folds=FOLDS, seed=config.seed)
    as_served = features.tabulate(record, counts=counts, counted=split.counted)
    learning = Material(record, table=table, described=apart, predicted=split.train)
    stopping = Material(record, table=table, described=as_served, predicted=split.valid)
    if base is None:
        model.begin_as_regression(apart[split.train], record.answers.correct[split.train])
    return (
        State(model, table, make_optimiser(model, table, config=config, from_base=base is not None), config.average),
        learning,
        stopping,
    )


def start(
    record: Snapshot, *, base: Path | None, config: FinetuneConfig
) -> tuple[tracing.Tracer, tracing.ResidualTable]:
    """The network and the table a run begins with. Raises TrainingFailed where the base cannot be read."""
    steps = record.steps
    items, concepts = (steps.items, steps.concepts) if config.residuals else ((), ())
    if base is not None:
        try:
            model, table = tracing.load(base)
        except (OSError, ValueError, RuntimeError) as error:
            raise TrainingFailed(f"the base {base} cannot be read: {error}") from error
        model.set_dropout(config.dropout)
        return model, table.extended(items=items, concepts=concepts)
    shape = config.network
    network = tracing.TracingConfig(
        width=shape.width,
        layers=shape.layers,
        heads=shape.heads,
        residual_width=shape.residual_width,
        dropout=config.dropout,
        max_history=config.max_history,
    )
    return tracing.Tracer(network), tracing.ResidualTable(items=items, concepts=concepts, width=shape.residual_width)


def make_optimiser(
    model: tracing.Tracer, table: tracing.ResidualTable, *, config: FinetuneConfig, from_base: bool
) -> torch.optim.AdamW:
    """AdamW over what is to be trained: weight decay on matrices, none on biases and norms, its own on the table.

    With `trainable_layers`, everything else is frozen: no gradient is even computed for it, the table included.
    """
    if config.trainable_layers is not None:
        for frozen in (model, table):
            frozen.requires_grad_(False)
        model.head.requires_grad_(True)
        kept = len(model.layers) - min(config.trainable_layers, len(model.layers))
        for layer in list(model.layers)[kept:]:
            layer.requires_grad_(True)
    rate = config.base_learning_rate if from_base else config.learning_rate
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    groups = [
        {"params": [w for w in trained if w.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [w for w in trained if w.ndim <= 1], "weight_decay": 0.0},
        {"params": [w for w in table.parameters() if w.requires_grad], "weight_decay": config.residual_weight_decay},
    ]
    return torch.optim.AdamW(
        [{**group, "rate": rate} for group in groups if group["params"]], lr=rate, betas=(0.9, 0.98)
    )


def schedule(done: float, *, warmup: float) -> float:
    """Share of the learning rate after a share `done` of the run: up in a line, then down a cosine to a fiftieth."""
    if done < warmup:
        return max(done / warmup, 0.01)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warmup) / (1 - warmup))))


def step(state: "State", material: Material, group: Sequence[Window], *, config: FinetuneConfig) -> float:
    """One step of the optimiser over a group of windows, in `accumulate` parts; the mean loss, before the step."""
    state.model.train()
    state.table.train()
    state.optimiser.zero_grad(set_to_none=True)
    labels = sum(int(material.predicted[window.first : window.stop].sum()) for window in group)
    size = math.ceil(len(group) / config.accumulate)
    total = 0.0
    for i in range(0, len(group), size):
        batch = material.batch(group[i : i + size])
        odds = batch.ask(state.model, state.table, drop=config.residual_dropout)
        value = tracing.loss(odds, batch.right, batch.label) / labels
        value.backward()  # type: ignore[no-untyped-call]
        total += value.item()
    trained = [weights for part in state.optimiser.param_groups for weights in part["params"]]
    torch.nn.utils.clip_grad_norm_(trained, config.clip)
    state.optimiser.step()
    state.follow()
    state.step += 1
    return total


def mean_loss(model: tracing.Tracer, table: tracing.ResidualTable, material: Material) -> float:
    """Mean cross-entropy over the rows to be predicted."""
    p = predict(model, table, material)[material.predicted].astype(float)
    right = material.snapshot.answers.correct[material.predicted]
    return float(-np.log(np.clip(np.where(right, p, 1 - p), 1e-7, 1)).mean())


class State:
    """What changes during a run, and its checkpoint."""

    def __init__(
        self, model: tracing.Tracer, table: tracing.ResidualTable, optimiser: torch.optim.AdamW, average: float
    ) -> None:
        self.model, self.table, self.optimiser = model, table, optimiser
        self.average = average
        self.mean = (copy.deepcopy(model), copy.deepcopy(table))
        for module in self.mean:
            module.train(False)
        self.best_weights: dict[str, Tensor] | None = None
        self.best_loss = math.inf
        self.epoch = self.step = self.stale = 0
        self.history: list[dict[str, float]] = []

    def set_rate(self, share: float) -> None:
        """Set this share of each group's learning rate."""
        for part in self.optimiser.param_groups:
            part["lr"] = part["rate"] * share

    def follow(self) -> None:
        """Move the averaged weights after a step; early on the average is short."""
        keep = min(self.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.mean, (self.model, self.table), strict=True):
                for ours, theirs in zip(mean.parameters(), now.parameters(), strict=True):
                    if theirs.requires_grad:
                        ours.lerp_(theirs, 1 - keep)

    def note(self, loss: float, valid: float) -> None:
        """An epoch has ended; remember its weights if it was the best."""
        self.history.append({"epoch": self.epoch, "loss": loss, "valid_loss": valid})
        self.epoch += 1
        self.stale += 1
        if valid < self.best_loss:
            self.best_loss, self.stale = valid, 0
            self.best_weights = {name: rows.clone() for name, rows in self._named(self.mean)}

    def best(self) -> tuple[tracing.Tracer, tracing.ResidualTable]:
        """Network and table as they were after the best epoch."""
        if self.best_weights is not None:
            self._load(self.mean, self.best_weights)
        return self.mean

    def write(self, folder: Path) -> None:
        """Store everything, so that a run that reads it goes on as if it had not stopped."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "now": dict(self._named((self.model, self.table))),
            "mean": dict(self._named(self.mean)),
            "best": self.best_weights,
            "optimiser": self.optimiser.state_dict(),
            "numbers": [self.best_loss, self.epoch, self.step, self.stale],
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
        state = torch.load(folder / "state.pt", weights_only=True)
        self._load((self.model, self.table), state["now"])
        self._load(self.mean, state["mean"])
        self.best_weights = state["best"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.best_loss, self.epoch, self.step, self.stale = state["numbers"]
        self.history = state["history"]

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 2 where the run fails. The last line printed is JSON."""
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description="Fine-tune the tracer.")
    parser.add_argument("--snapshot", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the bundle")
    parser.add_argument("--base", type=Path, help="bundle to start from")
    for name, kind in (
        ("epochs", int),
        ("trainable-layers", int),
        ("seed", int),
        ("batch-size", int),
        ("patience", int),
    ):
        parser.add_argument(f"--{name}", type=kind)
    for name in ("dropout", "weight-decay", "learning-rate", "base-learning-rate", "minutes"):
        parser.add_argument(f"--{name}", type=float)
    given = vars(parser.parse_args(arguments))
    snapshot, out, base = given.pop("snapshot"), given.pop("out"), given.pop("base")
    try:
        config = FinetuneConfig.from_options({name: value for name, value in given.items() if value is not None})
        bundle = finetune(snapshot=snapshot, out=out, base=base, config=config, progress=show)
    except (TrainingFailed, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps({"bundle": str(bundle)}))  # noqa: T201
    return 0


def show(progress: Progress) -> None:
    """A line an epoch on standard error."""
    if progress.valid_loss is not None:
        line = f"epoch {progress.epoch + 1}: loss {progress.loss:.4f}, valid {progress.valid_loss:.4f}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
