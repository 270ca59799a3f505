"""The base that ships: made of records told apart, and knows no item and no concept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import TINY, write_record
from training import dataset, population, pretrain
from training.dataset import Snapshot
from training.objectives import tracing

CONFIG = replace(TINY, residuals=False, thin=True, row_epochs=1, epochs=1, batch_size=256)


@pytest.fixture
def records(tmp_path: Path) -> list[Snapshot]:
    return [dataset.read_snapshot(write_record(tmp_path / str(seed), seed=seed)) for seed in (1, 2)]


def test_records_are_joined_and_their_ids_told_apart(records: list[Snapshot]) -> None:
    first, second = records
    both = pretrain.joined(records)
    assert len(both.answers) == len(first.answers) + len(second.answers)
    assert len(set(both.students)) == len(first.students) + len(second.students)
    assert len(set(both.steps.items)) == len(first.steps.items) + len(second.steps.items)
    assert len(both.steps.requires) == len(first.steps.requires) + len(second.steps.requires)
    later = both.answers.part(slice(len(first.answers), None))
    named = [both.steps.items[item].removeprefix("1/") for item in later.item]
    assert named == [second.steps.items[item] for item in second.answers.item]
    assert (later.correct == second.answers.correct).all()
    concepts = {
        both.steps.concepts[i] for i in both.steps.set_concepts[both.steps.item_set[later.item]].ravel() if i >= 0
    }
    assert all(name.startswith("1/") for name in concepts)
    assert np.diff(both.offsets).tolist() == [*np.diff(first.offsets), *np.diff(second.offsets)]


def test_a_base_knows_no_item_and_says_what_it_was_trained_on(tmp_path: Path) -> None:
    made = pretrain.pretrain(out=tmp_path / "base", logs=(), simulated=3000, courses=3, config=CONFIG)
    _, table = tracing.load(made)
    contexts, usual = population.load(made)
    assert (table.item_ids, table.concept_ids) == ((), ())
    assert [len(one.keys) for one in (*contexts, usual)] == [0] * (len(contexts) + 1)
    report = json.loads((made / "report.json").read_text())
    assert (report["trained_on_sets"], report["simulated"]) == (["simulated"], True)
    assert len(report["history"]) == 2


def test_a_base_is_the_same_when_it_is_made_again(tmp_path: Path) -> None:
    first, again = (
        pretrain.pretrain(out=tmp_path / name, logs=(), simulated=1000, courses=1, config=CONFIG) for name in "ab"
    )
    assert (first / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


def test_a_log_that_is_left_out_is_not_even_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left to train on, so it fails; but not for want of the file."""
    gone = str(tmp_path / "assist.parquet")
    given = ["--out", str(tmp_path / "base"), "--log", gone, "--answers", "0"]
    assert pretrain.main([*given, "--leave-out", "assist"]) == 2
    assert "neither a log" in capsys.readouterr().err
    assert pretrain.main(given) == 2
    assert "assist" in capsys.readouterr().err
