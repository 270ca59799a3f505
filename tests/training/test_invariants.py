"""What must hold of training whatever the network looks like."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.records import STILL, TINY, write_record
from training import dataset, evaluate, finetune
from training.bundle import Trained
from training.config import FinetuneConfig


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("tracer") / "snapshot")


def trained(snapshot: Path, config: FinetuneConfig) -> Trained:
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=config.split, seed=config.seed)
    return finetune.train(record, split, out=None, base=None, config=config)


def curve(run: Trained) -> list[float]:
    return [value for row in run.history for value in (row["loss"], row["valid_loss"])]


def test_eight_at_once_is_two_at_a_time_four_times(snapshot: Path) -> None:
    config = replace(STILL, epochs=3, patience=3)
    whole = trained(snapshot, replace(config, batch_size=128, accumulate=1))
    parts = trained(snapshot, replace(config, batch_size=128, accumulate=4))
    np.testing.assert_allclose(curve(whole), curve(parts), rtol=2e-4)
    assert len({round(value, 6) for value in curve(whole)}) > 3


def test_a_seed_gives_the_same_weights_again_and_another_gives_others(snapshot: Path) -> None:
    first, again, other = (trained(snapshot, replace(TINY, seed=seed)) for seed in (1, 1, 2))
    rows = [torch.cat([weights.flatten() for weights in run.model.parameters()]) for run in (first, again, other)]
    assert torch.equal(rows[0], rows[1])
    assert curve(first) == curve(again)
    assert not torch.equal(rows[0], rows[2])


def test_on_simulated_students_a_model_beats_the_base_rate_and_nothing_known(tmp_path: Path) -> None:
    snapshot = write_record(tmp_path / "snapshot", students=60, answers=40, seed=4)
    bundle = finetune.finetune(snapshot=snapshot, out=tmp_path, config=replace(TINY, epochs=4))
    report = evaluate.evaluate(bundle=bundle, snapshot=snapshot)
    assert report["candidate"]["logloss"] < report["baselines"]["base_rate"]["logloss"] - 0.01
    assert report["candidate"]["auc"] > 0.6
