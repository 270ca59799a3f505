"""Scores are those of the scorer that goes with the public data; tables show them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import bench_tracing, made_school, tables
from tests.benchmarks.peers import PEERS
from tests.benchmarks.scoring import score, within_student
from training import benchmark
from training.dataset import Floats

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SCORER = SHARED / "bench" / "evaluate_tracing.py"
THEIRS = {
    "all": "main",
    "first_ten": "early_index_1_to_9",
    "rare_items": "cold_item_under_5_train_answers",
    "first_tries": "first_time_on_item",
    "repeats": "repeat_of_item",
}


@pytest.mark.skipif(not SCORER.exists(), reason="the scorer of the public data is not here")
def test_every_cell_agrees_with_the_public_scorer_to_four_digits(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    data, split = made_school.write(tmp_path, seed=0)
    record = benchmark.read_answers(data)
    parts = benchmark.read_split(split, record)
    p = np.round(np.random.default_rng(0).uniform(0.01, 0.99, len(record.answers)), 2)  # with ties
    guessed: Floats = np.clip(p + 0.1 * (record.answers.correct - 0.5), 0, 1).astype(np.float32)
    benchmark.write_predictions(tmp_path / "p.csv", record, guessed, rows=parts.test)
    asked = [sys.executable, str(SCORER), str(data), str(split), str(tmp_path / "p.csv"), "--json"]
    theirs = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    ours = score(record, parts, guessed[parts.test].astype(float))
    for cell, name in THEIRS.items():
        assert ours[cell]["n"] == theirs[name]["n"]
        for figure in ("auc", "rmse", "logloss", "ece"):
            assert ours[cell][figure] == pytest.approx(theirs[name][figure], abs=5.1e-5), (cell, figure)
        assert ours[cell]["accuracy"] == pytest.approx(theirs[name]["acc"], abs=5.1e-5)
    assert ours["all"]["within_student"] == pytest.approx(theirs["per_student_auc"], abs=5.1e-5)


def test_within_student_is_the_mean_over_students_who_can_be_ranked() -> None:
    student = np.array([0, 0, 0, 1, 1, 2])
    right = np.array([1, 0, 1, 0, 1, 1])
    p = np.array([0.9, 0.5, 0.4, 0.1, 0.2, 0.5])
    assert within_student(student, right, p) == pytest.approx((0.5 + 1) / 2)
    assert within_student(student[5:], right[5:], p[5:]) is None


def _row(auc: float, *, n: int = 900, ece: float = 0.01) -> dict[str, object]:
    cell = {"n": n, "auc": auc, "rmse": 0.4, "logloss": 0.5, "ece": ece, "accuracy": 0.7}
    return {"cells": {name: {**cell, "within_student": auc} for name in THEIRS}, "seconds": 3.2}


def test_tables_mark_the_best_of_each_column_and_leave_small_cells_out() -> None:
    few = _row(0.8)
    few["cells"]["rare_items"]["n"] = 399  # type: ignore[index]
    text = tables.comparison({"tracer": few, "BKT": _row(0.7, ece=0.005)})
    head, _, tracer, bkt = text.splitlines()
    place = [title.strip() for title in head.split("|")].index("rare items")
    assert tracer.split("|")[place].strip() == "–"
    assert bkt.split("|")[place].strip() == "**.7000**"
    assert tracer.startswith("| tracer | **.8000** | **.4000** | **.5000** | .0100 |")
    assert bkt.startswith("| BKT | .7000 | **.4000** | **.5000** | **.0050** |")
    draws = {"a": [{"auc": 0.7}, {"auc": 0.9}], "b": [{"auc": 0.7}]}
    curve = tables.learning_curve({"0": {"a": [{"auc": 0.5}], "b": [{"auc": 0.6}]}, "1000": draws})
    assert curve.splitlines()[2:] == ["| 0 | .5000 | **.6000** |", "| 1,000 | **.8000** | .7000 |"]


def test_the_command_keeps_what_earlier_runs_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, split = made_school.write(tmp_path, seed=0)
    (tmp_path / "splits").mkdir()
    split.rename(tmp_path / "splits" / "made_school.json")
    out = tmp_path / "results.json"
    for who in ("PFA", "base rate"):
        assert bench_tracing.main([str(data), "--out", str(out), "--only", who]) == 0
    found = json.loads(out.read_text())["made_school"]
    assert set(found) == {"PFA", "base rate"}
    assert found["PFA"]["cells"]["all"]["auc"] > 0.6
    assert "| PFA | **" in out.with_suffix(".md").read_text()
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"results": str(out)}
    assert set(found) <= set(PEERS)
