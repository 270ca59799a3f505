"""Fine-tuning: a snapshot in, a bundle out. The one loop, top to bottom.

Reads: a snapshot folder, a base bundle. Writes: a bundle folder, whole or not at all, and out/checkpoint after every
epoch, from which a run that was stopped goes on exactly.

    python -m training.finetune --snapshot var/snapshots/7 --out var/runs/7 [--base var/bundles/6]
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import batches, dataset, features, scores
from training.batches import Material
from training.bundle import Trained, write_bundle
from training.config import FinetuneConfig
from training.dataset import Snapshot, Split
from training.objectives import tracing
from training.population import FOLDS, Population
from training.state import Phase, State
from training.team import Team

ROWS = 1024  # single rows a step, at most
LEAST_SLOPE = 0.1  # of mastery, which must not turn round whatever a few answers say
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
    speed: int | None = None  # answers learned from, a second
    message: str = ""


def silent(_: Progress) -> None:
    """No word of how far a run is."""


def finetune(
    *,
    snapshot: Path,
    out: Path,
    base: Path | None = None,
    config: FinetuneConfig | None = None,
    progress: Callable[[Progress], None] = silent,
) -> Path:
    """Train on a snapshot folder and return the bundle folder, `out`/bundle.

    Goes on from `out`/checkpoint where one is there. Raises TrainingFailed, or dataset.BadSnapshot.
    """
    config = config or FinetuneConfig()
    team = Team.join()
    progress = progress if team.first else silent
    progress(Progress("reading", 0.0))
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=config.split, seed=config.seed)
    result = train(record, split, out=out, base=base, config=config, progress=progress)
    progress(Progress("writing", 1.0, message=f"{result.epochs} epochs"))
    if team.first:
        write_bundle(out / BUNDLE, result, snapshot=record, split=split, config=config, base=base)
    return out / BUNDLE


def train(
    record: Snapshot,
    split: Split,
    *,
    out: Path | None,
    base: Path | None,
    config: FinetuneConfig,
    progress: Callable[[Progress], None] = silent,
) -> Trained:
    """The loop. Without `out` there are no checkpoints. Raises TrainingFailed.

    First the trunk learns from single rows, which is quick; then everything learns from windows of histories.
    """
    began = time.monotonic()
    if not split.train.any():
        raise TrainingFailed("no answer to train on: none is a first try without a hint before the cut-off")
    team = Team.join()
    progress = progress if team.first else silent
    state, population, material = prepare(record, split, base=base, config=config, device=team.device)
    if out is not None:
        state.read(out / "checkpoint")
    run = Run(state, material, split, config, team, began)
    while (phase := state.phase(config)) is not None:
        if not state.in_phase:
            found = run.judge(phase, math.inf)
            state.begin(found["valid_loss"], found.get("mastery_loss", math.inf))
        loss, speed = run.epoch(phase, progress)
        found = run.judge(phase, loss)
        progress(Progress("training", run.fraction(phase, 1.0), state.epoch, loss, found["valid_loss"], speed))
        state.note(loss=loss, late=run.spent(phase) > 1, **found)
        if out is not None and team.first:
            state.write(out / "checkpoint")
    model, table = state.best()
    if split.valid.any():
        calibrate(model, table, material, mastery=base is None)
    return Trained(model, table, population.others(), state.epoch, time.monotonic() - began, state.history)


@dataclass(frozen=True)
class Run:
    """What stays the same from epoch to epoch, and what changes (`state`)."""

    state: State
    material: "Prepared"
    split: Split
    config: FinetuneConfig
    team: Team
    began: float  # by the monotonic clock

    def epoch(self, phase: Phase, progress: Callable[[Progress], None]) -> tuple[float, int]:
        """Learn from everything once, or until time is up: the mean loss, and answers a second."""
        state, config, team = self.state, self.config, self.team
        # Seeded anew, so that a run that was stopped goes on with the same draws.
        torch.manual_seed((config.seed * 1000 + state.epoch) * team.size + team.rank)
        learning = self.material.learning
        groups = list(plan(learning, self.split, phase=phase, config=config, seed=(config.seed, state.epoch)))
        started = time.monotonic()
        losses: list[float] = []
        for group in groups:
            spent = self.spent(phase)
            if spent > 1 and losses:
                break
            done = max((state.in_phase + len(losses) / len(groups)) / phase.epochs, spent)
            state.set_rate(phase.rates, schedule(done, warmup=config.warmup))
            losses.append(step(state, learning, group, phase=phase, config=config, team=team))
            if not math.isfinite(losses[-1]):
                raise TrainingFailed(f"the loss is no number any more (epoch {state.epoch + 1}, step {len(losses)})")
            if len(losses) % 10 == 0:
                fraction = self.fraction(phase, len(losses) / len(groups))
                progress(Progress("training", fraction, state.epoch, float(np.mean(losses[-50:]))))
        answers = sum(map(phase.size_of, groups[: len(losses)]))
        return float(np.mean(losses)), round(answers / (time.monotonic() - started))

    def judge(self, phase: Phase, loss: float) -> dict[str, Any]:
        """The averaged weights on the answers to stop by; where there are none, `loss` has to do."""
        if not self.split.valid.any():
            return {"valid_loss": loss}
        found = phase.judge(*self.state.mean, self.material.stopping)
        losses = {name: self.team.agreed(value) for name, value in found.items() if name.endswith("_loss")}
        return {**found, **losses}

    def spent(self, phase: Phase) -> float:
        """Share of the time for the phase that is over, where there is a limit."""
        return self.team.agreed((time.monotonic() - self.began) / 60) / phase.minutes if phase.minutes else 0.0

    def fraction(self, phase: Phase, part: float) -> float:
        """How much of the run is over, with a part of this epoch."""
        before = self.config.row_epochs if phase.windows else 0
        return (before + self.state.in_phase + part) / (self.config.row_epochs + self.config.epochs)


def calibrate(model: tracing.Tracer, table: tracing.ResidualTable, prepared: "Prepared", *, mastery: bool) -> None:
    """Set slope and shift of the log odds by answers that nothing was learned from; few leave those of the base.

    Those of `mastery`, a small function that cannot learn answers by heart, by what was learned from.
    """
    learning, stopping = prepared.learning, prepared.stopping
    slope, shift = model.calibration.tolist()
    model.calibration.copy_(torch.tensor([1.0, 0.0]))
    material = Material(stopping.snapshot, table=table, described=stopping.described, predicted=stopping.predicted)
    p = batches.predict(model, table, material)[stopping.predicted].astype(float)
    right = stopping.snapshot.answers.correct[stopping.predicted]
    model.calibration.copy_(torch.tensor(scores.calibrated(features.logit(p), right, held_to=(slope, shift))))
    if not mastery:
        return
    material = Material(learning.snapshot, table=table, described=learning.described, predicted=learning.predicted)
    p = batches.expect(model, table, material, mastery=True)[learning.predicted].astype(float)
    right = learning.snapshot.answers.correct[learning.predicted]
    slope, shift = scores.calibrated(features.logit(p), right)
    model.mastery.recalibrate(max(slope, LEAST_SLOPE), shift)


@dataclass(frozen=True)
class Prepared:
    """The answers to learn from and those to stop by."""

    learning: Material
    stopping: Material


def prepare(
    record: Snapshot, split: Split, *, base: Path | None, config: FinetuneConfig, device: torch.device
) -> tuple[State, Population, Prepared]:
    """Network, table and optimiser as a run begins; the population; the answers to train on and those to stop by."""
    torch.manual_seed(config.seed)
    model, table = start(record, base=base, config=config)
    population = Population(record, split.counted, folds=FOLDS, seed=config.seed)
    students = np.zeros(len(record.students), bool)
    students[record.student_of_row[split.train | split.valid]] = True
    described = features.tabulate(record, population, rows=students[record.student_of_row], thin=config.thin)
    if base is None:
        rows = np.flatnonzero(split.train)
        rows = rows[:: -(-len(rows) // tracing.REGRESSION_ROWS)]
        model.begin_as_regression(described[rows].astype(np.float32), record.answers.correct[rows])
    materials = (
        Material(record, table=table, described=described, predicted=rows, device=device)
        for rows in (split.train, split.valid)
    )
    model.to(device)  # type: ignore[arg-type]  # transformers' wrapper hides the module's own signature
    base_for = None if base is None else int(split.train.sum())
    state = State(model, table.to(device), config=config, base_for=base_for)
    return state, population, Prepared(*materials)


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
    network = tracing.TracingConfig(**asdict(config.network), dropout=config.dropout, max_history=config.max_history)
    table = tracing.ResidualTable(items=items, concepts=concepts, width=network.residual_width)
    return tracing.Tracer(network), table


def plan(
    material: Material, split: Split, *, phase: Phase, config: FinetuneConfig, seed: tuple[int, int]
) -> Iterator[Any]:
    """What each step of an epoch learns from: places of rows, or windows."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(split.train)
    if phase.windows:
        size = config.batch_size or dataset.default_batch_size(len(rows))
        found = dataset.windows(material.snapshot, predicted=split.train, history=config.max_history)
        yield from dataset.batches(found, size=size, rng=rng)
    else:
        size = min(ROWS, config.batch_size or dataset.default_batch_size(len(rows)))
        yield from np.array_split(rng.permutation(rows), math.ceil(len(rows) / size))


def schedule(done: float, *, warmup: float) -> float:
    """Share of the learning rate after a share `done` of a phase: up in a line, then down a cosine to a fiftieth."""
    if done < warmup:
        return max(done / warmup, 0.01)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warmup) / (1 - warmup))))


def step(
    state: State, material: Material, group: Sequence[Any], *, phase: Phase, config: FinetuneConfig, team: Team
) -> float:
    """One step of the optimiser over a group; the mean loss, before the step.

    The group is worked through in parts, to save memory, and parts are shared out among processes.
    """
    state.model.train()
    state.table.train()
    state.optimiser.zero_grad(set_to_none=True)
    labels = sum(phase.labels_of(material, group))
    parts = min(config.accumulate * team.size, len(group))
    total = torch.zeros(())
    for part in range(team.rank, parts, team.size):
        batch = phase.batch(material, group[part::parts], history=state.model.config.max_history)
        with torch.autocast(team.device.type, torch.bfloat16, enabled=team.device.type == "cuda"):
            odds = batch.ask(state.model, state.table, drop=config.residual_dropout)
        value = tracing.loss(odds.float(), batch.right, batch.label) / labels
        value.backward()  # type: ignore[no-untyped-call]
        total += (
            tracing.loss(odds.detach().reshape(-1, *batch.right.shape)[0].float(), batch.right, batch.label) / labels
        ).cpu()
    team.add_up(state.trained, total)
    state.advance(clip=config.clip)
    return total.item()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 2 where the run fails. The last line printed is JSON."""
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description="Fine-tune the tracer.")
    parser.add_argument("--snapshot", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the bundle")
    parser.add_argument("--base", type=Path, help="bundle to start from")
    for name, kind in (
        ("row-epochs", int),
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
    team = Team.join()
    try:
        config = FinetuneConfig.from_options({name: value for name, value in given.items() if value is not None})
        bundle = finetune(snapshot=snapshot, out=out, base=base, config=config, progress=show)
    except (TrainingFailed, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    team.leave()
    if team.first:
        print(json.dumps({"bundle": str(bundle)}))  # noqa: T201
    return 0


def show(progress: Progress) -> None:
    """A line an epoch on standard error."""
    if progress.valid_loss is not None:
        line = (
            f"epoch {progress.epoch + 1}: loss {progress.loss:.4f}, valid {progress.valid_loss:.4f}, "
            f"{progress.speed} answers/s"
        )
        print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
