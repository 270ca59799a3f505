"""Benchmarks: a public data file in, predictions and figures out.

Reads: a parquet of answers and a split of its students. Writes: predictions as CSV; the last line printed is JSON.

    python -m training.benchmark tracing DATA.parquet SPLIT.json --out PRED.csv [--base BUNDLE] [--zero-shot]
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from training import batches, dataset, features, finetune, scores
from training.batches import Material
from training.config import FinetuneConfig
from training.dataset import Answers, Bools, Floats, Snapshot, Split
from training.features import Halves
from training.objectives import tracing
from training.population import Population

NEEDED = ("student", "index", "item", "concepts", "correct")
PARTS = ("train", "valid", "test")
SHIPPED = Path(__file__).resolve().parent / "base"


class BadRequest(ValueError):
    """The files or options given do not make a benchmark; the message says where and why."""


@dataclass(frozen=True)
class Trial:
    """What was predicted, each P(right) [answers] with NaN where not asked, and what it took."""

    whole: Floats
    core: Floats  # of the same network without residual vectors
    without_counts: Floats | None  # likewise, of one who knows nobody else's answers; only where nothing was trained
    train_seconds: float
    answers_per_s: float  # predicted
    parameters: int
    core_parameters: int


def benchmark(
    *, data: Path, split: Path, out: Path, base: Path | None, zero_shot: bool, config: FinetuneConfig
) -> dict[str, Any]:
    """Train (unless `zero_shot`), predict every answer of every test student into `out`, and return the figures."""
    began = time.monotonic()
    if zero_shot and base is None:
        base = SHIPPED
    if base is not None:
        refuse_seen(base, name=data.stem)
    record = read_answers(data)
    parts = read_split(split, record)
    tried = attempt(record, parts, base=base, zero_shot=zero_shot, config=config)
    write_predictions(out, record, tried.whole, rows=parts.test)
    found: dict[str, Any] = {
        **figures(record, parts, tried.whole),
        "core": figures(record, parts, tried.core),
        "train_seconds": round(tried.train_seconds, 1),
        "total_seconds": round(time.monotonic() - began, 1),
        "answers_per_s": round(tried.answers_per_s),
        "parameters": tried.parameters,
        "core_parameters": tried.core_parameters,
    }
    if tried.without_counts is not None:
        found["without_counts"] = figures(record, parts, tried.without_counts)
    return found


def attempt(record: Snapshot, parts: Split, *, base: Path | None, zero_shot: bool, config: FinetuneConfig) -> Trial:
    """Train on the train part (unless `zero_shot`: the base as it is) and predict the test part.

    Population counts are made of the train and valid parts, all that was there to learn from.
    """
    began = time.monotonic()
    if zero_shot:
        if base is None:
            raise BadRequest("without training there must be a base")
        model, table = tracing.load(base)
        if not config.residuals:
            table = _empty(table)
    else:
        trained = finetune.train(record, parts, out=None, base=base, config=config, progress=finetune.show)
        model, table = trained.model, trained.table
    trained_at = time.monotonic()
    known = parts.train | parts.valid
    described = describe(record, counted=known, asked=parts.test)
    whole = predict(model, table, record, described=described, asked=parts.test)
    predicted_at = time.monotonic()
    core = predict(model, _empty(table), record, described=described, asked=parts.test)
    alone: Floats | None = None
    if zero_shot:
        described = describe(record, counted=np.zeros_like(known), asked=parts.test)
        alone = predict(model, table, record, described=described, asked=parts.test)
    return Trial(
        whole=whole,
        core=core,
        without_counts=alone,
        train_seconds=trained_at - began,
        answers_per_s=float(parts.test.sum() / (predicted_at - trained_at)),
        parameters=sum(weights.numel() for module in (model, table) for weights in module.parameters()),
        core_parameters=sum(weights.numel() for weights in model.parameters()),
    )


def describe(record: Snapshot, *, counted: Bools, asked: Bools) -> Halves:
    """The features of all answers of the students who are `asked`, with a population made of the rows `counted`."""
    students = np.zeros(len(record.students), bool)
    students[record.student_of_row[asked]] = True
    population = Population(record, counted, folds=0)
    return features.tabulate(record, population, rows=students[record.student_of_row])


def predict(
    model: tracing.Tracer, table: tracing.ResidualTable, record: Snapshot, *, described: Halves, asked: Bools
) -> Floats:
    """P(right) [answers] of the rows `asked`."""
    material = Material(record, table=table, described=described, predicted=asked, device=model.device)
    return batches.predict(model, table, material)


def figures(record: Snapshot, parts: Split, p: Floats) -> dict[str, Any]:
    """AUC, log loss, ECE, accuracy, RMSE and number of the test answers, but for each student's first."""
    place = np.arange(len(record.answers)) - record.offsets[record.student_of_row]
    scored = parts.test & (place >= 1)
    found = scores.metrics(record.answers.correct[scored], p[scored])
    return {name: found[name] for name in ("auc", "logloss", "ece", "accuracy", "rmse", "n")}


def refuse_seen(base: Path, *, name: str) -> None:
    """Raise BadRequest where the base was trained on the data set `name`, or does not say on what."""
    try:
        report = json.loads((base / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{base}: no readable report.json that says on what it was trained") from error
    if name in report.get("trained_on_sets", ()):
        raise BadRequest(f"{base} was trained on {name}: nothing that it says of {name} would count")


def _empty(table: tracing.ResidualTable) -> tracing.ResidualTable:
    none = tracing.ResidualTable(items=(), concepts=(), width=table.items.shape[1])
    return none.to(table.items.device)


# --- files -----------------------------------------------------------------------------------------------------------


def read_answers(data: Path) -> Snapshot:
    """A table (student, index, item, concepts, correct[, timestamp]) as a record in which every answer is a label.

    Raises BadRequest, which names the row, where something is missing, doubled or no such value.
    """
    table = _read_table(data)
    names, student = _numbered(table.column("student"))
    index, correct = _whole_numbers(data, table, "index"), _whole_numbers(data, table, "correct")
    wrong = np.flatnonzero((correct != 0) & (correct != 1))
    if len(wrong):
        raise BadRequest(f"{data}: row {wrong[0]}: correct is {correct[wrong[0]]}, expected 0 or 1")
    order = np.lexsort((index, student))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(student, minlength=len(names)))]).astype(np.int64)
    _check_order(data, names, student[order], index[order], offsets)
    items, item = _numbered(table.column("item"))
    _, first = np.unique(item, return_index=True)
    concepts = pc.fill_null(table.column("concepts").cast(pa.string()), "").take(pa.array(first)).to_pylist()
    nothing = [""] * len(items)
    size = len(order)
    answers = Answers(
        item=item[order].astype(np.int32),
        correct=correct[order] == 1,
        label=np.ones(size, bool),
        try_number=np.ones(size, np.int32),
        hints=np.zeros(size, np.int32),
        seconds=_seconds(data, table)[order],
    )
    steps = dataset.build_steps(items=items, concepts=concepts, kinds=nothing, courses=nothing)
    return Snapshot(tuple(names), offsets, answers, steps, simulated=False)


def _read_table(data: Path) -> pa.Table:
    """The file, with all columns and no hole where there must be none. Rows are numbered from 0 in what is said."""
    try:
        table = pq.read_table(data)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadRequest(f"{data} cannot be read: {error}") from error
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise BadRequest(f"{data} lacks the columns {', '.join(missing)}")
    if not table.num_rows:
        raise BadRequest(f"{data} holds no answer")
    for name in ("student", "index", "item", "correct"):
        holes = np.flatnonzero(table.column(name).is_null(nan_is_null=True).to_numpy())
        if len(holes):
            raise BadRequest(f"{data}: row {holes[0]}: no {name}")
    return table


def _numbered(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The different values as texts, in order, and the number of each row's value."""
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.cast(pa.string()).to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(names)
    number = np.empty(len(names), np.int64)
    number[order] = np.arange(len(names))
    return names[order].tolist(), number[encoded.indices.to_numpy()]


def _whole_numbers(data: Path, table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    try:
        found: npt.NDArray[np.int64] = table.column(name).cast(pa.int64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadRequest(f"{data}: {name} holds what is no whole number: {error}") from error
    return found


def _seconds(data: Path, table: pa.Table) -> npt.NDArray[np.float64]:
    """Moments of the answers, NaN where there is none."""
    if "timestamp" not in table.column_names:
        return np.full(table.num_rows, np.nan)
    try:
        found: npt.NDArray[np.float64] = table.column("timestamp").cast(pa.float64()).to_numpy().astype(np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadRequest(f"{data}: timestamp holds what is no number of seconds: {error}") from error
    return found


def _check_order(data: Path, names: list[str], student: Any, index: Any, offsets: Any) -> None:
    """Every student's answers are numbered 0, 1, 2 …; all arrays [answers], in order."""
    off = np.flatnonzero(index != np.arange(len(index)) - offsets[student])
    if not len(off):
        return
    row = off[0]
    expected = row - offsets[student[row]]
    why = "is there twice" if expected and index[row] == index[row - 1] else f"where {expected} was expected"
    raise BadRequest(f"{data}: student {names[student[row]]}: index {index[row]} {why}")


def read_split(path: Path, record: Snapshot) -> Split:
    """Student ids of train, valid and test; answers of students in no part are left alone.

    Raises BadRequest where a part is empty, parts overlap, or a student is not in the record.
    """
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        named = {part: {str(student) for student in listed[part]} for part in PARTS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRequest(f"{path}: expected JSON with the student ids of train, valid and test ({error!r})") from error
    known = set(record.students)
    for place, (part, students) in enumerate(named.items()):
        if not students:
            raise BadRequest(f"{path}: {part} names no student")
        strangers = students - known
        if strangers:
            raise BadRequest(f"{path}: {part} names the student {min(strangers)}, who has no answer in the data")
        for other in PARTS[:place]:
            both = students & named[other]
            if both:
                raise BadRequest(f"{path}: the student {min(both)} is in two parts, {other} and {part}")
    split = dataset.split_by_student(record, valid=named["valid"], test=named["test"])
    in_train = np.array([name in named["train"] for name in record.students])[record.student_of_row]
    return replace(split, train=split.train & in_train, counted=split.counted & in_train)


def write_predictions(out: Path, record: Snapshot, p: Floats, *, rows: Bools) -> None:
    """Write student, index, p of the rows as CSV."""
    student = record.student_of_row[rows]
    table = pa.table(
        {
            "student": np.array(record.students)[student],
            "index": np.flatnonzero(rows) - record.offsets[student],
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
    asked.add_argument("--base", type=Path, help="bundle to start from, that has not seen the data set")
    asked.add_argument(
        "--zero-shot", action="store_true", help="do not train: the base, or else the one that ships, as it is"
    )
    asked.add_argument("--core-only", action="store_true", help="without residual vectors")
    asked.add_argument("--minutes", type=float, default=8.0, help="end training by then (8)")
    asked.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    config = replace(FinetuneConfig(), minutes=given.minutes, seed=given.seed, residuals=not given.core_only)
    try:
        found = benchmark(
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
    print(json.dumps(found))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
