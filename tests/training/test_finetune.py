"""The loop: resumes exactly, freezes what it is told to, and leaves a whole bundle or none."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.records import STILL, TINY, write_record
from training import dataset, features, finetune
from training.config import FinetuneConfig
from training.finetune import Progress, TrainingFailed
from training.objectives import tracing


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("tracer") / "snapshot")


def weights_of(bundle: Path) -> dict[str, torch.Tensor]:
    model, table = tracing.load(bundle)
    return {**model.state_dict(), **{f"table.{name}": rows for name, rows in table.state_dict().items()}}


class Stopped(Exception):
    """The process died, as far as the run can tell."""


def stop_at(epoch: int) -> Callable[[Progress], None]:
    def progress(report: Progress) -> None:
        if report.stage == "training" and report.epoch == epoch:
            raise Stopped

    return progress


def test_a_run_leaves_a_whole_bundle(snapshot: Path, tmp_path: Path) -> None:
    bundle = finetune.finetune(snapshot=snapshot, out=tmp_path, config=TINY)
    names = {path.name for path in bundle.iterdir()}
    assert names == {
        "model.safetensors",
        "config.json",
        "residuals.safetensors",
        "ids.json",
        "report.json",
        "MODEL_CARD.md",
    }
    report = json.loads((bundle / "report.json").read_text())
    assert FinetuneConfig.from_options(report["settings"]) == TINY
    assert not list(tmp_path.glob("*.new"))


def test_progress_goes_from_nothing_to_everything(snapshot: Path, tmp_path: Path) -> None:
    reports: list[Progress] = []
    finetune.finetune(snapshot=snapshot, out=tmp_path, config=replace(TINY, batch_size=1), progress=reports.append)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    ends = [report for report in reports if report.valid_loss is not None]
    assert [report.epoch for report in ends] == [0, 1]
    assert len(reports) > len(ends) + 2


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(snapshot: Path, tmp_path: Path) -> None:
    config = replace(TINY, epochs=3)
    whole = finetune.finetune(snapshot=snapshot, out=tmp_path / "whole", config=config)
    with pytest.raises(Stopped):
        finetune.finetune(snapshot=snapshot, out=tmp_path / "parts", config=config, progress=stop_at(1))
    assert not (tmp_path / "parts" / finetune.BUNDLE).exists()
    resumed = finetune.finetune(snapshot=snapshot, out=tmp_path / "parts", config=config)
    first, second = weights_of(whole), weights_of(resumed)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert json.loads((resumed / "report.json").read_text())["epochs"] == 3


@pytest.mark.parametrize("layers", [0, 1])
def test_only_the_last_layers_and_the_head_are_trained(snapshot: Path, tmp_path: Path, layers: int) -> None:
    base = finetune.finetune(snapshot=snapshot, out=tmp_path / "base", config=TINY)
    config = replace(TINY, trainable_layers=layers)
    bundle = finetune.finetune(snapshot=snapshot, out=tmp_path / "next", base=base, config=config)
    before, after = weights_of(base), weights_of(bundle)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    allowed = ("head.", "layers.1.") if layers else ("head.",)
    assert moved
    assert all(name.startswith(allowed) for name in moved)
    model, table = tracing.load(base)
    finetune.make_optimiser(model, table, config=config, from_base=True)
    free = {name for name, weights in model.named_parameters() if weights.requires_grad}
    assert all(name.startswith(allowed) for name in free)
    assert not any(weights.requires_grad for weights in table.parameters())


def test_a_run_from_a_base_keeps_what_the_base_knows_of_other_items(snapshot: Path, tmp_path: Path) -> None:
    base = finetune.finetune(snapshot=snapshot, out=tmp_path / "base", config=TINY)
    other = write_record(tmp_path / "other", seed=2)
    bundle = finetune.finetune(snapshot=other, out=tmp_path / "next", base=base, config=TINY)
    _, before = tracing.load(base)
    _, after = tracing.load(bundle)
    assert after.item_ids[: len(before.item_ids)] == before.item_ids
    assert set(after.item_ids) > set(before.item_ids)
    assert json.loads((bundle / "report.json").read_text())["base"] == base.name


def test_a_loss_that_is_no_number_ends_the_run_without_a_bundle(snapshot: Path, tmp_path: Path) -> None:
    base = finetune.finetune(snapshot=snapshot, out=tmp_path / "base", config=TINY)
    model, table = tracing.load(base)
    with torch.no_grad():
        model.head.out.weight.fill_(float("nan"))
    tracing.save(base, model=model, table=table)
    with pytest.raises(TrainingFailed, match="no number"):
        finetune.finetune(snapshot=snapshot, out=tmp_path / "next", base=base, config=TINY)
    assert not (tmp_path / "next" / finetune.BUNDLE).exists()
    assert not list((tmp_path / "next").glob("*.new"))


def test_a_base_that_is_none_and_a_record_without_labels_fail_clearly(snapshot: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="cannot be read"):
        finetune.finetune(snapshot=snapshot, out=tmp_path, base=tmp_path / "nowhere", config=TINY)
    record = dataset.read_snapshot(snapshot)
    nothing = np.zeros(len(record.answers), bool)
    with pytest.raises(TrainingFailed, match="no answer"):
        finetune.train(record, dataset.Split(nothing, nothing, nothing, nothing), out=None, base=None, config=TINY)


def test_training_stops_when_later_answers_are_predicted_worse(snapshot: Path) -> None:
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=TINY.split, seed=0)
    config = replace(STILL, epochs=40, patience=2, learning_rate=0.05)
    trained = finetune.train(record, split, out=None, base=None, config=config)
    losses = [row["valid_loss"] for row in trained.history]
    assert len(losses) < 40
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


def test_weight_decay_spares_biases_and_norms(snapshot: Path) -> None:
    record = dataset.read_snapshot(snapshot)
    model, table = finetune.start(record, base=None, config=TINY)
    optimiser = finetune.make_optimiser(model, table, config=TINY, from_base=False)
    spared = {id(weights) for part in optimiser.param_groups if not part["weight_decay"] for weights in part["params"]}
    for name, weights in model.named_parameters():
        assert (id(weights) in spared) == (name.endswith("bias") or "norm" in name), name


def test_a_network_starts_as_a_regression_over_its_features(snapshot: Path) -> None:
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=TINY.split, seed=0)
    state, learning, _ = finetune.prepare(record, split, base=None, config=TINY)
    right = record.answers.correct[split.train]
    odds = state.model.head.direct(state.model.scaled(torch.from_numpy(learning.described[split.train])))
    p = odds.sigmoid().detach().numpy()[:, 0]
    assert tracing.metrics(right, p)["logloss"] < tracing.metrics(right, np.full(len(right), right.mean()))["logloss"]
    assert learning.described.shape[1] == features.WIDTH


def test_the_schedule_rises_and_falls() -> None:
    rates = [finetune.schedule(done / 100, warmup=0.1) for done in range(101)]
    top = int(np.argmax(rates))
    assert top == 10
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.05


def test_the_command_line_trains_and_says_where(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--snapshot", str(snapshot), "--out", str(tmp_path / "run"), "--epochs", "1", "--batch-size", "16"]
    assert finetune.main(arguments) == 0
    assert Path(json.loads(capsys.readouterr().out.splitlines()[-1])["bundle"]).is_dir()
    assert finetune.main(["--snapshot", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err
