"""The benchmark's command line, on a small slice made here."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.records import TINY, write_record
from training import benchmark, finetune


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """answers.parquet and split.json of twelve students with integer ids, as the public files are."""
    folder = tmp_path_factory.mktemp("benchmark")
    rng = np.random.default_rng(0)
    students = np.repeat(np.arange(100, 112), 20)
    skill = rng.normal(size=12)[np.repeat(np.arange(12), 20)]
    items = rng.integers(0, 8, len(students))
    table = {
        "student": students.astype(np.int32),
        "index": np.tile(np.arange(20), 12).astype(np.int32),
        "item": items.astype(np.int32),
        "concepts": [f"{item % 3};{item % 2}" for item in items],
        "correct": (rng.random(len(students)) < 1 / (1 + np.exp(-skill))).astype(np.int8),
        "timestamp": pa.nulls(len(students), pa.int64()),
    }
    pq.write_table(pa.table(table), folder / "answers.parquet")
    split = {"train": list(range(100, 108)), "valid": [108, 109], "test": [110, 111]}
    (folder / "split.json").write_text(json.dumps({"seed": 1, **split}))
    return folder


def arguments(place: Path, *more: str) -> list[str]:
    files = [str(place / "answers.parquet"), str(place / "split.json"), "--out", str(place / "p.csv")]
    return ["tracing", *files, *more]


def test_every_answer_of_every_test_student_is_predicted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(arguments(place, "--minutes", "0.05")) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"auc", "logloss", "ece", "train_seconds", "answers_per_s", "parameters"} <= set(figures)
    with (place / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["student"]), int(row["index"])) for row in rows] == [(s, i) for s in (110, 111) for i in range(20)]
    assert all(0 < float(row["p"]) < 1 for row in rows)
    assert figures["n"] == 38  # the first answer of a student is predicted, but not scored


def test_zero_shot_without_a_base_is_a_clear_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(arguments(place, "--zero-shot")) == 2
    assert "--base" in capsys.readouterr().err


def test_zero_shot_uses_the_base_as_it_is(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = finetune.finetune(snapshot=write_record(tmp_path / "snapshot"), out=tmp_path, config=TINY)
    assert benchmark.main(arguments(place, "--zero-shot", "--core-only", "--base", str(base))) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["parameters"] == figures["core_parameters"]
    assert benchmark.main(arguments(place, "--zero-shot", "--base", str(tmp_path))) == 2
    assert "error:" in capsys.readouterr().err


def test_files_that_make_no_benchmark_are_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = place / "overlap.json"
    split.write_text(json.dumps({"train": [100], "valid": [100], "test": [101]}))
    asked = ["tracing", str(place / "answers.parquet"), str(split), "--out", str(place / "p.csv")]
    assert benchmark.main(asked) == 2
    assert "two parts" in capsys.readouterr().err
    split.write_text("{}")
    assert benchmark.main(asked) == 2
    pq.write_table(pa.table({"student": [1]}), place / "short.parquet")
    assert benchmark.main([asked[0], str(place / "short.parquet"), *asked[2:]]) == 2
    assert "lacks the columns" in capsys.readouterr().err
