"""The benchmark's command line, on a small slice made here."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.records import TINY, write_record
from training import benchmark, finetune

STUDENTS = range(100, 112)
SPLIT: dict[str, list[int]] = {"train": list(range(100, 108)), "valid": [108, 109], "test": [110, 111]}


def columns() -> dict[str, Any]:
    """Twelve students with integer ids, as the public files have, of twenty answers each."""
    rng = np.random.default_rng(0)
    students = np.repeat(np.array(STUDENTS), 20)
    skill = rng.normal(size=12)[np.repeat(np.arange(12), 20)]
    items = rng.integers(0, 8, len(students))
    return {
        "student": students.astype(np.int32),
        "index": np.tile(np.arange(20), 12).astype(np.int32),
        "item": items.astype(np.int32),
        "concepts": [f"{item % 3};{item % 2}" for item in items],
        "correct": (rng.random(len(students)) < 1 / (1 + np.exp(-skill))).astype(np.int8),
        "timestamp": pa.nulls(len(students), pa.int64()),
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with answers.parquet and split.json."""
    pq.write_table(pa.table(columns()), tmp_path / "answers.parquet")
    (tmp_path / "split.json").write_text(json.dumps({"seed": 1, **SPLIT}))
    return tmp_path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bundle trained on simulated students."""
    folder = tmp_path_factory.mktemp("base")
    return finetune.finetune(snapshot=write_record(folder / "snapshot"), out=folder, config=TINY)


def arguments(place: Path, *more: str, out: str = "p.csv") -> list[str]:
    files = [str(place / "answers.parquet"), str(place / "split.json"), "--out", str(place / out)]
    return ["tracing", *files, *more]


def run(capsys: pytest.CaptureFixture[str], asked: list[str]) -> dict[str, Any]:
    """The figures of a run that ends well."""
    assert benchmark.main(asked) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def refusal(capsys: pytest.CaptureFixture[str], asked: list[str]) -> str:
    """What is said of a request that makes no sense."""
    assert benchmark.main(asked) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    return said.err


def test_every_answer_of_every_test_student_is_predicted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(capsys, arguments(place))
    assert {"auc", "logloss", "ece", "train_seconds", "total_seconds", "answers_per_s", "parameters"} <= set(figures)
    with (place / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["student"]), int(row["index"])) for row in rows] == [(s, i) for s in (110, 111) for i in range(20)]
    assert all(0 < float(row["p"]) < 1 for row in rows)
    assert figures["n"] == 38  # the first answer of a student is predicted, but not scored
    assert figures["core"]["n"] == 38
    assert figures["total_seconds"] >= figures["train_seconds"]


def test_a_seed_gives_the_same_predictions_whatever_the_order_of_the_rows(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, arguments(place, out="once.csv"))
    table = pq.read_table(place / "answers.parquet")
    pq.write_table(table.take(np.random.default_rng(1).permutation(table.num_rows)), place / "answers.parquet")
    run(capsys, arguments(place, out="again.csv"))
    run(capsys, arguments(place, "--seed", "1", out="other.csv"))
    once, again, other = ((place / f"{name}.csv").read_bytes() for name in ("once", "again", "other"))
    assert once == again
    assert once != other


def test_no_prediction_comes_from_a_test_students_later_answers_or_from_other_test_students(
    place: Path, base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def predicted(out: str) -> list[float]:
        run(capsys, arguments(place, "--zero-shot", "--base", str(base), out=out))
        with (place / out).open() as file:
            return [float(row["p"]) for row in csv.DictReader(file)]

    before = predicted("before.csv")
    table = columns()
    turned = table["correct"].copy()
    rows = (table["student"] == 110) & (table["index"] >= 12)
    turned[rows] ^= 1
    pq.write_table(pa.table({**table, "correct": turned}), place / "answers.parquet")
    after = predicted("after.csv")
    assert after[:13] == before[:13]
    assert after[13:20] != before[13:20]
    assert after[20:] == before[20:]  # of student 111


def test_zero_shot_without_a_base_is_the_one_that_ships(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shipped = run(capsys, arguments(place, "--zero-shot"))
    named = run(capsys, arguments(place, "--zero-shot", "--base", str(benchmark.SHIPPED)))
    assert shipped["logloss"] == named["logloss"]
    assert shipped["n"] == 38


def test_zero_shot_uses_the_base_as_it_is_with_and_without_counts(
    place: Path, base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = (base / "model.safetensors").read_bytes()
    figures = run(capsys, arguments(place, "--zero-shot", "--base", str(base)))
    assert (base / "model.safetensors").read_bytes() == weights
    assert figures["without_counts"]["n"] == figures["n"]
    assert figures["without_counts"]["logloss"] != figures["logloss"]
    # Without counts the training students are as good as not there: turning their answers round changes nothing.
    table = columns()
    turned = np.where(table["student"] < 110, 1 - table["correct"], table["correct"])
    pq.write_table(pa.table({**table, "correct": turned}), place / "answers.parquet")
    others = run(capsys, arguments(place, "--zero-shot", "--base", str(base)))
    assert others["without_counts"] == figures["without_counts"]
    assert others["logloss"] != figures["logloss"]


def test_the_core_alone_has_no_residual_vectors(place: Path, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(capsys, arguments(place, "--zero-shot", "--core-only", "--base", str(base)))
    assert figures["parameters"] == figures["core_parameters"]
    trained = run(capsys, arguments(place, "--core-only"))
    assert trained["parameters"] == trained["core_parameters"]
    assert trained["core"]["auc"] == trained["auc"]
    assert run(capsys, arguments(place))["parameters"] > trained["parameters"]


def test_a_base_that_has_seen_the_data_set_is_refused(
    place: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    for file in base.iterdir():
        (seen / file.name).write_bytes(file.read_bytes())
    report = json.loads((seen / "report.json").read_text())
    (seen / "report.json").write_text(json.dumps({**report, "trained_on_sets": ["elsewhere", "answers"]}))
    for more in (["--zero-shot"], []):
        said = refusal(capsys, arguments(place, *more, "--base", str(seen)))
        assert f"{seen} was trained on answers" in said
    assert "report.json" in refusal(capsys, arguments(place, "--base", str(tmp_path)))


def _with(name: str, row: int, value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(table: dict[str, Any]) -> dict[str, Any]:
        values = list(table[name])
        values[row] = value
        return {**table, name: values}

    return change


def _without_row(row: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda table: {name: [*values[:row], *values[row + 1 :]] for name, values in table.items()}


@pytest.mark.parametrize(
    ("change", "place_named"),
    [
        (lambda table: {"student": table["student"]}, "lacks the columns index, item, concepts, correct"),
        (lambda table: {name: list(values)[:0] for name, values in table.items()}, "no answer"),
        (_with("item", 7, None), "row 7: no item"),
        (_with("student", 8, None), "row 8: no student"),
        (_with("correct", 9, None), "row 9: no correct"),
        (_with("correct", 5, 2), "row 5: correct is 2, expected 0 or 1"),
        (_with("correct", 5, 0.5), "correct holds what is no whole number"),
        (_with("index", 25, 4), "student 101: index 4 is there twice"),
        (_without_row(25), "student 101: index 6 where 5 was expected"),
        (_without_row(20), "student 101: index 1 where 0 was expected"),
        (lambda table: {**table, "timestamp": ["noon"] * 240}, "timestamp holds what is no number of seconds"),
    ],
)
def test_answers_that_make_no_record_are_refused_with_their_place(
    change: Callable[[dict[str, Any]], dict[str, Any]],
    place_named: str,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pq.write_table(pa.table(change(columns())), place / "answers.parquet")
    said = refusal(capsys, arguments(place))
    assert place_named in said
    assert "answers.parquet" in said
    assert not (place / "p.csv").exists()


@pytest.mark.parametrize(
    ("split", "place_named"),
    [
        ({"valid": [108], "test": [110]}, "train"),
        ({**SPLIT, "train": 5}, "expected JSON"),
        ({**SPLIT, "valid": [107, 108]}, "the student 107 is in two parts, train and valid"),
        ({**SPLIT, "test": [109]}, "the student 109 is in two parts, valid and test"),
        ({**SPLIT, "test": []}, "test names no student"),
        ({**SPLIT, "train": []}, "train names no student"),
        ({**SPLIT, "test": [111, 7]}, "test names the student 7, who has no answer in the data"),
    ],
)
def test_splits_that_make_no_benchmark_are_refused_with_their_place(
    split: dict[str, Any], place_named: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "split.json").write_text(json.dumps(split))
    said = refusal(capsys, arguments(place))
    assert place_named in said
    assert "split.json" in said


def test_files_that_are_not_there_or_not_what_they_should_be_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "split.json").write_text("{")
    assert "split.json: expected JSON" in refusal(capsys, arguments(place))
    (place / "answers.parquet").write_text("student,index")
    assert "answers.parquet cannot be read" in refusal(capsys, arguments(place))
    (place / "answers.parquet").unlink()
    assert "answers.parquet" in refusal(capsys, arguments(place))


def test_students_and_items_may_be_texts_numbers_and_answers_booleans(place: Path) -> None:
    table = columns()
    numbers = benchmark.read_answers(place / "answers.parquet")
    texts = {"student": [f"s{s}" for s in table["student"]], "item": [f"i{i}" for i in table["item"]]}
    loose = {"correct": table["correct"].astype(bool), "index": table["index"].astype(float), "timestamp": [1.5] * 240}
    pq.write_table(pa.table({**table, **texts, **loose}), place / "texts.parquet")
    record = benchmark.read_answers(place / "texts.parquet")
    assert record.students[0] == "s100"
    assert record.steps.items[0] == "i0"
    assert (record.answers.correct == numbers.answers.correct).all()
    assert (record.answers.item == numbers.answers.item).all()
    assert (record.answers.seconds == 1.5).all()
    assert np.isnan(numbers.answers.seconds).all()


def test_a_concept_that_is_not_known_is_none(place: Path) -> None:
    table = columns()
    pq.write_table(pa.table({**table, "concepts": [None] * 240}), place / "answers.parquet")
    assert benchmark.read_answers(place / "answers.parquet").steps.concepts == ()
