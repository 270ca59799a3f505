"""The tracer beside its peers, on data sets given by path: one table a set, and learning curves.

    python -m tests.benchmarks.bench_tracing DATA.parquet … --out RESULTS.json [--base BUNDLE] [--only WHO …]
    python -m tests.benchmarks.bench_tracing DATA.parquet … --out RESULTS.json --learning-curve --base BUNDLE

A set's split is splits/NAME.json beside it. RESULTS.json keeps what earlier runs found of others; RESULTS.md beside it
has all of it as tables. Everything trains on the train part, stops by the valid part and is judged on the test part.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import learning_curve, tables
from tests.benchmarks.peers import PEERS
from tests.benchmarks.scoring import score
from training import benchmark
from training.config import FinetuneConfig
from training.dataset import Snapshot, Split
from training.evaluate import Predictions

TRACER, CORE, ZERO_SHOT = "tracer", "tracer, core alone", "tracer, not trained here"
OURS = (TRACER, CORE, ZERO_SHOT)
CURVE_PEERS = ("PFA", "Best-LR", "DKT")
SIZES = (0, 100, 1_000, 10_000)


def compare(
    record: Snapshot, split: Split, who: str, *, base: Path | None, config: FinetuneConfig
) -> Iterator[tuple[str, Predictions, dict[str, Any]]]:
    """Yields name, P(right) [test rows] and what it took; the tracer's runs give two sets of predictions each."""
    began = time.monotonic()
    if who in PEERS:
        p = PEERS[who](record, split, seed=config.seed)
        yield who, p, {"seconds": round(time.monotonic() - began, 1)}
        return
    config = replace(config, residuals=who != CORE)
    tried = benchmark.attempt(
        record, split, base=base if who == ZERO_SHOT else None, zero_shot=who == ZERO_SHOT, config=config
    )
    took = {"seconds": round(time.monotonic() - began, 1), "parameters": tried.parameters}
    yield who, tried.whole[split.test].astype(float), took
    if who == TRACER:
        yield f"{TRACER}, its table taken away", tried.core[split.test].astype(float), took
    if tried.without_counts is not None:
        yield f"{ZERO_SHOT}, without counts", tried.without_counts[split.test].astype(float), took


def curve(
    record: Snapshot, split: Split, *, base: Path, draws: int, config: FinetuneConfig
) -> dict[str, dict[str, list[dict[str, float]]]]:
    """By number of answers learned from, by name: the figures of each draw."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for answers in SIZES:
        if answers > int((split.train | split.valid).sum()):
            break
        at = found.setdefault(str(answers), {})
        for draw in range(draws if answers else 1):
            fewer, parts = learning_curve.drawn(record, split, answers=answers, seed=config.seed + draw)
            tried = benchmark.attempt(fewer, parts, base=base, zero_shot=not answers, config=config)
            predicted = {TRACER: tried.whole[parts.test].astype(float)}
            for who in CURVE_PEERS:
                predicted[who] = (
                    PEERS[who](fewer, parts, seed=config.seed) if answers else np.full(int(parts.test.sum()), 0.5)
                )
            for who, p in predicted.items():
                figures = score(fewer, parts, p)["all"]
                at.setdefault(who, []).append({name: figures[name] for name in ("auc", "logloss", "ece")})
            tell(f"{answers} answers, draw {draw}: " + json.dumps({who: rows[-1]["auc"] for who, rows in at.items()}))
    return found


def tell(line: str) -> None:
    """A line on standard error."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def keep(out: Path, name: str, key: str, value: Any, command: str) -> None:
    """Write what was found of a data set into the results, and the tables beside them."""
    results = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    results.setdefault(name, {})[key] = {**value, "command": command}
    out.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    out.with_suffix(".md").write_text(tables.pages(results), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the last line printed is where the results are, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_tracing", description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="NAME.parquet, with splits/NAME.json beside it")
    parser.add_argument("--out", type=Path, required=True, help="results as JSON; tables go beside it")
    parser.add_argument("--base", type=Path, help="bundle to judge untrained, and to start a learning curve from")
    parser.add_argument("--only", nargs="+", choices=[*OURS, *PEERS], help="these rows only")
    parser.add_argument("--learning-curve", action="store_true", help="after 0, 100, 1,000 and 10,000 answers")
    parser.add_argument("--draws", type=int, default=3, help="of the answers, for a learning curve (3)")
    parser.add_argument("--minutes", type=float, default=8.0, help="end a training of the tracer by then (8)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.learning_curve and given.base is None:
        parser.error("a learning curve starts from a base: name one with --base")
    command = " ".join(
        ["python -m tests.benchmarks.bench_tracing", *(sys.argv[1:] if arguments is None else arguments)]
    )
    config = replace(FinetuneConfig(), minutes=given.minutes, seed=given.seed)
    for data in given.data:
        if given.base is not None:
            benchmark.refuse_seen(given.base, name=data.stem)
        record = benchmark.read_answers(data)
        split = benchmark.read_split(data.parent / "splits" / f"{data.stem}.json", record)
        if given.learning_curve:
            found = curve(record, split, base=given.base, draws=given.draws, config=config)
            keep(given.out, data.stem, "learning curve", found, command)
            continue
        for who in given.only or [*OURS, *PEERS]:
            if who == ZERO_SHOT and given.base is None:
                continue
            for name, p, took in compare(record, split, who, base=given.base, config=config):
                cells = score(record, split, p)
                tell(f"{data.stem}: {name}: AUC {cells['all']['auc']:.4f}, {took['seconds']} s")
                keep(given.out, data.stem, name, {"cells": cells, **took}, command)
    print(json.dumps({"results": str(given.out)}))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
