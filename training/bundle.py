"""The bundle folder: what a run leaves behind and what serves. Written whole or not at all.

Writes: model.safetensors, config.json, residuals.safetensors, ids.json, report.json (with the hash of each), and
MODEL_CARD.md.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training import population, seal
from training.config import FinetuneConfig
from training.dataset import Snapshot, Split
from training.objectives import tracing
from training.population import Others


class NotFinite(ValueError):
    """The weights are no numbers; such a bundle is not written."""


@dataclass(frozen=True)
class Trained:
    """The best weights of a run, and how it went."""

    model: tracing.Tracer
    table: tracing.ResidualTable
    others: Others
    epochs: int
    seconds: float
    history: list[dict[str, float]]  # epoch, loss, valid_loss
    sets: tuple[str, ...] = ()  # names of what a base for everybody was trained on


def write_bundle(
    folder: Path, trained: Trained, *, snapshot: Snapshot, split: Split, config: FinetuneConfig, base: Path | None
) -> Path:
    """Write a bundle beside its place and rename it, so that there is a whole one or none. Returns its folder."""
    for module in (trained.model, trained.table):
        if not all(bool(torch.isfinite(rows).all()) for rows in module.state_dict().values()):
            raise NotFinite("the best weights are not finite")
    side = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(side, ignore_errors=True)
    side.mkdir(parents=True)
    tracing.save(side, model=trained.model, table=trained.table)
    population.save(side, trained.others)
    report = {
        "objective": "tracing",
        "settings": config.to_dict(),
        "base": base.name if base else None,
        "epochs": trained.epochs,
        "seconds": round(trained.seconds, 1),
        "history": trained.history,
        "students": len(snapshot.students),
        "trained_on": int(split.train.sum()),
        "parameters": sum(
            weights.numel() for module in (trained.model, trained.table) for weights in module.parameters()
        ),
        "simulated": snapshot.simulated,
        "trained_on_sets": trained.sets,
    }
    seal.close(side, report)
    (side / "MODEL_CARD.md").write_text(model_card(report), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    side.rename(folder)
    return folder


def model_card(report: dict[str, Any]) -> str:
    """What the bundle is, for people."""
    last = report["history"][-1] if report["history"] else {"loss": float("nan"), "valid_loss": float("nan")}
    best = min((row["valid_loss"] for row in report["history"]), default=float("nan"))
    students = "students (simulated ones among them)" if report["simulated"] else "students"
    return f"""# Tracer

Gives P(right first try without a hint) of any exercise step for a student, from the student's answers so far.
How it works and what it must not be used for: docs/models/tracing.md of the project.

| | |
| --- | --- |
| trained on | {report["trained_on"]} first tries of {report["students"]} {students} |
| started from | {report["base"] or "random weights"} |
| numbers learned | {report["parameters"]} |
| epochs | {report["epochs"]}, in {report["seconds"]} s |
| log loss, training · later answers | {last["loss"]:.4f} · {best:.4f} |

The figures on answers that it never saw are in report.json: later answers, of the same students and courses for the
most part. It was not tested on other schools, other courses or other ages. Settings, all of them:

```json
{json.dumps(report["settings"], indent=1)}
```
"""
