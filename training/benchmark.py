"""Benchmarks: a public data file in, predictions and figures out.

Reads: a parquet of answers and a split of its students. Writes: predictions as CSV; the last line printed is JSON.

    python -m training.benchmark tracing DATA.parquet SPLIT.json --out PRED.csv [--base BUNDLE] [--zero-shot]
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from training import batches, dataset, features, finetune
from training.config import FinetuneConfig
from training.dataset import Snapshot, Split
from training.objectives import tracing


class BadRequest(ValueError):
    """The files or options given do not make a benchmark; the message says why."""


def read_answers(data: Path) -> Snapshot:
    """A table (student, index, item, concepts, correct[, timestamp]) as a record in which every answer is a label."""
    try:
        table = pq.read_table(data)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadRequest(f"{data} cannot be read: {error}") from error
    missing = {"student", "index", "item", "concepts", "correct"} - set(table.column_names)
    if missing:
        raise BadRequest(f"{data} lacks the columns {', '.join(sorted(missing))}")
    columns = {name: table.column(name).to_numpy() for name in ("student", "index", "item", "correct")}
    if "timestamp" in table.column_names:
        columns["timestamp"] = table.column("timestamp").cast(pa.float64()).to_numpy()
    names = table.column("item").cast(pa.string()).to_pylist()
    concepts = dict(zip(names, table.column("concepts").cast(pa.string()).to_pylist(), strict=True))
    nothing = [""] * len(concepts)
    steps = dataset.build_steps(
        items=list(concepts), concepts=[text or "" for text in concepts.values()], kinds=nothing, courses=nothing
    )
    return dataset.assemble(steps=steps, columns=columns)


def read_split(path: Path, record: Snapshot) -> Split:
    """Student ids of train, valid and test. Raises BadRequest where they overlap or name nobody."""
    try:
        listed = json.loads(path.read_text())
        train, valid, test = ({str(student) for student in listed[part]} for part in ("train", "valid", "test"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"{path}: expected JSON with the student ids of train, valid and test ({error})") from error
    if train & valid or train & test or valid & test:
        raise BadRequest(f"{path}: a student is in two parts")
    split = dataset.split_by_student(record, valid=valid, test=test)
    in_train = np.array([name in train for name in record.students])[record.student_of_row]
    return replace(split, train=split.train & in_train, counted=split.counted & in_train)


def benchmark(
    *, data: Path, split: Path, out: Path, base: Path | None, zero_shot: bool, config: FinetuneConfig
) -> dict[str, Any]:
    """Train (unless `zero_shot`), predict every answer of every test student into `out`, and return the figures."""
    record = read_answers(data)
    parts = read_split(split, record)
    began = time.monotonic()
    if zero_shot:
        if base is None:
            raise BadRequest("--zero-shot needs a trained bundle: name one with --base")
        model, table = tracing.load(base)
        if not config.residuals:
            table = tracing.ResidualTable(items=(), concepts=(), width=model.config.residual_width)
    else:
        trained = finetune.train(record, parts, out=None, base=base, config=config, progress=finetune.show)
        model, table = trained.model, trained.table
    seconds = time.monotonic() - began
    began = time.monotonic()
    counted = parts.train | parts.valid  # all that was there to learn from; test students are in no count
    counts = features.count(record.steps, record.answers, counted)
    described = features.tabulate(record, counts=counts, counted=counted)
    p = batches.predict(model, table, batches.Material(record, table=table, described=described, predicted=parts.test))
    speed = parts.test.sum() / (time.monotonic() - began)
    place = np.arange(len(record.answers)) - record.offsets[record.student_of_row]
    write_predictions(out, record, p, rows=parts.test, data=data)
    scored = parts.test & (place >= 1)
    figures = tracing.metrics(record.answers.correct[scored], p[scored])
    sizes = sum(weights.numel() for module in (model, table) for weights in module.parameters())
    return {
        **{name: figures[name] for name in ("auc", "logloss", "ece", "accuracy", "rmse", "n")},
        "train_seconds": round(seconds, 1),
        "answers_per_s": round(float(speed)),
        "parameters": sizes,
        "core_parameters": sum(weights.numel() for weights in model.parameters()),
    }


def write_predictions(out: Path, record: Snapshot, p: Any, *, rows: Any, data: Path) -> None:
    """Write student, index, p of the rows as CSV, with the indices of the data file."""
    index = pq.read_table(data, columns=["student", "index"])
    students, student = np.unique(index.column("student").to_numpy().astype(str), return_inverse=True)
    order = np.lexsort((index.column("index").to_numpy(), student))
    table = pa.table(
        {
            "student": students[student[order]][rows],
            "index": index.column("index").to_numpy()[order][rows],
            "p": p[rows].astype(float),
        }
    )
    pcsv.write_csv(table, out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 2 where the request makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description=__doc__.splitlines()[0])
    objectives = parser.add_subparsers(dest="objective", required=True)
    asked = objectives.add_parser("tracing", help="P(right) of every answer of the test students")
    asked.add_argument("data", type=Path)
    asked.add_argument("split", type=Path)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--base", type=Path, help="bundle to start from")
    asked.add_argument("--zero-shot", action="store_true", help="do not train: the base as it is")
    asked.add_argument("--core-only", action="store_true", help="without residual vectors")
    asked.add_argument("--minutes", type=float, default=8.0, help="end training by then (8)")
    asked.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    config = replace(FinetuneConfig(), minutes=given.minutes, seed=given.seed, residuals=not given.core_only)
    try:
        figures = benchmark(
            data=given.data,
            split=given.split,
            out=given.out,
            base=given.base,
            zero_shot=given.zero_shot,
            config=config,
        )
    except (OSError, ValueError, finetune.TrainingFailed) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps(figures))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
