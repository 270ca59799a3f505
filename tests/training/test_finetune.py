"""The loop: two phases, a pull towards the base, and a whole bundle or none."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.records import STILL, TINY, write_record
from training import batches, dataset, features, finetune, scores
from training.batches import Material
from training.bundle import NotFinite, Trained
from training.config import FinetuneConfig
from training.dataset import Bools, Snapshot, Split
from training.finetune import Progress, TrainingFailed
from training.objectives import tracing
from training.population import Population
from training.state import State
from training.team import Team


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("tracer") / "snapshot")


@pytest.fixture(scope="module")
def record(snapshot: Path) -> Snapshot:
    return dataset.read_snapshot(snapshot)


@pytest.fixture(scope="module")
def base(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finetune.finetune(snapshot=snapshot, out=tmp_path_factory.mktemp("base"), config=TINY)


def in_time(record: Snapshot) -> Split:
    return dataset.split_by_time(record, config=TINY.split, seed=0)


def trained(
    record: Snapshot, config: FinetuneConfig, *, base: Path | None = None, split: Split | None = None
) -> Trained:
    return finetune.train(record, split or in_time(record), out=None, base=base, config=config)


def weights_of(bundle: Path | Trained) -> dict[str, torch.Tensor]:
    model, table = tracing.load(bundle) if isinstance(bundle, Path) else (bundle.model, bundle.table)
    return {**model.state_dict(), **{f"table.{name}": rows for name, rows in table.state_dict().items()}}


def test_a_run_leaves_a_whole_bundle(snapshot: Path, tmp_path: Path) -> None:
    bundle = finetune.finetune(snapshot=snapshot, out=tmp_path, config=TINY)
    names = {path.name for path in bundle.iterdir()}
    assert names == {
        "model.safetensors",
        "config.json",
        "residuals.safetensors",
        "population.safetensors",
        "ids.json",
        "report.json",
        "MODEL_CARD.md",
    }
    report = json.loads((bundle / "report.json").read_text())
    assert FinetuneConfig.from_options(report["settings"]) == TINY
    assert not list(tmp_path.glob("*.new"))


def test_progress_goes_from_nothing_to_everything(snapshot: Path, tmp_path: Path) -> None:
    reports: list[Progress] = []
    finetune.finetune(snapshot=snapshot, out=tmp_path, config=replace(TINY, batch_size=8), progress=reports.append)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-2], fractions[-1]) == (0, 1, 1)
    ends = [report for report in reports if report.valid_loss is not None]
    assert [report.epoch for report in ends] == [0, 1, 2, 3]
    assert all(report.speed for report in ends)
    assert len(reports) > len(ends) + 2


# --- the two phases --------------------------------------------------------------------------------------------------


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])} - {"calibration"}


def test_rows_teach_the_trunk_and_windows_the_rest_too(record: Snapshot) -> None:
    config, split = replace(TINY, row_epochs=1, epochs=1), in_time(record)
    state, _, material = finetune.prepare(record, split, base=None, config=config, device=torch.device("cpu"))
    seen = []
    while (phase := state.phase(config)) is not None:
        start = {name: rows.clone() for name, rows in state.model.state_dict().items()}
        group = next(finetune.plan(material.learning, split, phase=phase, config=config, seed=(0, 0)))
        state.set_rate(phase.rates, 1.0)
        finetune.step(state, material.learning, group, phase=phase, config=config, team=Team.join())
        seen.append((phase.windows, {name.split(".")[0] for name in moved(start, state.model.state_dict())}))
        state.begin(math.inf)
        state.note(loss=1.0, valid_loss=1.0, late=False)
    assert [windows for windows, _ in seen] == [False, True]
    assert seen[0][1] == {"trunk", "mastery"}
    assert {"trunk", "head"} <= seen[1][1]


def test_the_second_phase_goes_on_from_the_best_of_the_first(record: Snapshot) -> None:
    """Rows are learned from far too fast, so that the first epoch or none is the best of many."""
    config = replace(STILL, row_epochs=12, row_learning_rate=0.3, patience=3, epochs=1, learning_rate=1e-9)
    found = trained(record, config)
    *rows, windows = found.history
    assert len(rows) < 12  # stopped early
    assert rows[-1]["valid_loss"] > min(row["valid_loss"] for row in rows) + 0.01
    assert windows["valid_loss"] <= min(row["valid_loss"] for row in rows) + 1e-3


@pytest.mark.parametrize("phases", [{"row_epochs": 40, "row_learning_rate": 0.1}, {"epochs": 40, "learning_rate": 0.1}])
def test_training_stops_when_later_answers_are_predicted_worse(record: Snapshot, phases: dict[str, float]) -> None:
    config = replace(STILL, **{"row_epochs": 0, "epochs": 1, "patience": 2, **phases})  # type: ignore[arg-type]
    losses = [row["valid_loss"] for row in trained(record, config).history]
    if "row_epochs" in phases:
        losses.pop()
    assert len(losses) < 40
    since = len(losses) - 1 - int(np.argmin(losses))
    assert since == 2 or len(losses) == 2  # none was better than what it began with


@pytest.mark.parametrize(("rows", "windows"), [(0, 1), (0, 3), (2, 1)])
def test_each_phase_is_as_long_as_it_is_told_to_be(record: Snapshot, rows: int, windows: int) -> None:
    found = trained(record, replace(TINY, row_epochs=rows, epochs=windows))
    assert [row["epoch"] for row in found.history] == list(range(rows + windows))
    assert found.epochs == rows + windows


def test_a_run_that_learns_nothing_good_ends_as_it_began(record: Snapshot, base: Path) -> None:
    """Not after the least bad of its epochs."""
    found = trained(record, replace(TINY, base_learning_rate=5.0, pull=0.0), base=base)
    assert moved(weights_of(base), weights_of(found)) == set()


def test_weights_and_curve_are_those_of_the_seed(record: Snapshot) -> None:
    first, again, other = (trained(record, replace(TINY, seed=seed)) for seed in (1, 1, 2))
    assert first.history == again.history != other.history
    assert moved(weights_of(first), weights_of(again)) == set()
    assert moved(weights_of(first), weights_of(other))


# --- a base ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [0, 1])
def test_only_the_last_layers_and_the_head_are_trained(record: Snapshot, base: Path, layers: int) -> None:
    split = replace(in_time(record), valid=np.zeros(len(record.answers), bool))  # the last epoch is kept
    bundle = trained(record, replace(TINY, trainable_layers=layers), base=base, split=split)
    allowed = ("head.", "head_norm.", "layers.1.") if layers else ("head.", "head_norm.")
    changed = moved(weights_of(base), weights_of(bundle))
    assert changed
    assert all(name.startswith(allowed) for name in changed)
    assert any(name.startswith(allowed[-1]) for name in changed)


def test_a_run_from_a_base_keeps_what_the_base_knows_of_other_items(base: Path, tmp_path: Path) -> None:
    other = write_record(tmp_path / "other", seed=2)
    bundle = finetune.finetune(snapshot=other, out=tmp_path / "next", base=base, config=TINY)
    _, before = tracing.load(base)
    _, after = tracing.load(bundle)
    assert after.item_ids[: len(before.item_ids)] == before.item_ids
    assert set(after.item_ids) > set(before.item_ids)
    assert json.loads((bundle / "report.json").read_text())["base"] == base.name


@pytest.fixture(scope="module")
def good_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from more students than the thin week has."""
    folder = tmp_path_factory.mktemp("good")
    write_record(folder / "snapshot", students=60, answers=40, seed=5)
    config = replace(TINY, batch_size=128, row_epochs=8)
    return finetune.finetune(snapshot=folder / "snapshot", out=folder, config=config)


def thin_week(tmp_path: Path) -> tuple[Snapshot, Split]:
    """Noise: 40 answers to train on and 8 to stop by that are a coin's; and 800 of real students to judge by."""
    record = dataset.read_snapshot(write_record(tmp_path / "week", students=30, answers=40, seed=6))
    rows = np.arange(len(record.answers))
    train, valid, test = rows < 40, (rows >= 40) & (rows < 48), rows >= 400
    correct = np.where(rows < 48, np.random.default_rng(3).random(len(rows)) < 0.5, record.answers.correct)
    noisy = replace(record, answers=replace(record.answers, correct=correct, label=np.ones(len(rows), bool)))
    return noisy, Split(train, valid, test, np.zeros(len(rows), bool))


def loss_of(record: Snapshot, model: tracing.Tracer, table: tracing.ResidualTable, rows: Bools) -> float:
    population = Population(record, np.zeros(len(rows), bool), folds=0)
    described = features.tabulate(record, population, rows=np.ones(len(rows), bool))
    material = Material(record, table=table, described=described, predicted=rows)
    p = batches.predict(model, table, material)[rows]
    return float(scores.metrics(record.answers.correct[rows], p)["logloss"])


def distance(base: Path, after: Trained) -> float:
    before = weights_of(base)
    here = weights_of(after)
    return float(
        sum((here[name][: len(rows)] - rows).square().sum() for name, rows in before.items() if name != "calibration")
    )


def test_a_thin_week_of_noise_leaves_a_good_base_good(good_base: Path, tmp_path: Path) -> None:
    record, split = thin_week(tmp_path)
    config = replace(TINY, row_epochs=30, patience=30, base_learning_rate=3e-4)
    after = trained(record, config, base=good_base, split=split)
    before = loss_of(record, *tracing.load(good_base), split.test)
    assert loss_of(record, after.model, after.table, split.test) < before + 0.01


def test_the_pull_keeps_a_run_near_its_base(good_base: Path, tmp_path: Path) -> None:
    """All epochs are kept, whatever they are worth, so that it is the pull alone that holds."""
    record, split = thin_week(tmp_path)
    blind = replace(split, valid=np.zeros(len(record.answers), bool))
    config = replace(TINY, row_epochs=30, patience=99, base_learning_rate=3e-4)
    pulled, free = (
        trained(record, replace(config, pull=pull), base=good_base, split=blind) for pull in (config.pull, 0.0)
    )
    assert 0 < distance(good_base, pulled) < 0.25 * distance(good_base, free)
    before = loss_of(record, *tracing.load(good_base), split.test)
    assert loss_of(record, pulled.model, pulled.table, split.test) < before + 0.02


def test_fewer_answers_are_pulled_the_more(record: Snapshot) -> None:
    strengths = []
    for answers in (100, 1000):
        model, table = finetune.start(record, base=None, config=TINY)
        state = State(model, table, config=TINY, base_for=answers)
        strengths.append({strength for weight, _, strength in state.pulls if weight is model.head.weight})
    assert strengths[0] == {10 * strength for strength in strengths[1]}


def test_weight_decay_spares_biases_and_norms(record: Snapshot) -> None:
    model, table = finetune.start(record, base=None, config=TINY)
    state = State(model, table, config=TINY, base_for=None)
    assert all(part["weight_decay"] == 0 for part in state.optimiser.param_groups)  # AdamW's own, towards zero
    pulled = {id(weight): anchor for weight, anchor, _ in state.pulls}
    assert set(pulled.values()) == {None}
    for name, weights in model.named_parameters():
        spared = name.endswith("bias") or "norm" in name or weights.ndim < 2
        assert (id(weights) not in pulled) == spared, name


# --- what fails, and small data --------------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_ends_the_run_without_a_bundle(snapshot: Path, tmp_path: Path, base: Path) -> None:
    model, table = tracing.load(base)
    with torch.no_grad():
        model.trunk.out.weight.fill_(float("nan"))
    tracing.save(tmp_path / "broken", model=model, table=table)
    with pytest.raises((TrainingFailed, NotFinite), match="no number"):
        finetune.finetune(snapshot=snapshot, out=tmp_path / "next", base=tmp_path / "broken", config=TINY)
    assert not (tmp_path / "next" / finetune.BUNDLE).exists()
    assert not list((tmp_path / "next").glob("*.new"))


def test_a_base_that_is_none_and_a_record_without_labels_fail_clearly(
    snapshot: Path, record: Snapshot, tmp_path: Path
) -> None:
    with pytest.raises(TrainingFailed, match="cannot be read"):
        finetune.finetune(snapshot=snapshot, out=tmp_path, base=tmp_path / "nowhere", config=TINY)
    nothing = np.zeros(len(record.answers), bool)
    with pytest.raises(TrainingFailed, match="no answer"):
        trained(record, TINY, split=Split(nothing, nothing, nothing, nothing))


def few(record: Snapshot, *, answers: int, students: int = 3) -> Snapshot:
    """The first answers of the first students."""
    parts = [np.arange(start, start + answers) for start in record.offsets[:students]]
    offsets = np.arange(students + 1) * answers
    return Snapshot(record.students[:students], offsets, record.answers.part(np.concatenate(parts)), record.steps, True)


def without_concepts(record: Snapshot) -> Snapshot:
    size = len(record.steps.items)
    steps = dataset.build_steps(
        items=record.steps.items, concepts=[""] * size, kinds=["number"] * size, courses=["1"] * size
    )
    return replace(record, steps=steps)


def all_right(record: Snapshot) -> Snapshot:
    return replace(record, answers=replace(record.answers, correct=np.ones(len(record.answers), bool)))


@pytest.mark.parametrize("of_base", [False, True])
@pytest.mark.parametrize(
    "case", ["thirty answers", "one answer", "one student", "one outcome", "no concept", "no valid"]
)
def test_small_and_odd_records_are_trained_on(
    record: Snapshot, base: Path, case: str, of_base: bool, tmp_path: Path
) -> None:
    small = {
        "thirty answers": few(record, answers=10),
        "one answer": few(record, answers=1, students=1),
        "one student": few(record, answers=30, students=1),
        "one outcome": all_right(few(record, answers=20)),
        "no concept": without_concepts(few(record, answers=20)),
        "no valid": few(record, answers=20),
    }[case]
    label = np.ones(len(small.answers), bool)
    small = replace(small, answers=replace(small.answers, label=label))
    split = in_time(small)
    if case == "one answer":
        split = Split(label, ~label, ~label, label)
    if case == "no valid":
        split = replace(split, valid=~label)
    found = trained(small, TINY, base=base if of_base else None, split=split)
    assert all(bool(torch.isfinite(rows).all()) for rows in weights_of(found).values())
    assert all(np.isfinite(row["loss"]) for row in found.history)
    json.dumps(found.history, allow_nan=False)


# --- what the loop is made of ----------------------------------------------------------------------------------------


def test_a_network_starts_as_a_regression_over_its_features(record: Snapshot) -> None:
    split = in_time(record)
    state, _, material = finetune.prepare(record, split, base=None, config=TINY, device=torch.device("cpu"))
    learning = material.learning
    right = record.answers.correct[split.train]
    table = learning.described[split.train].astype(np.float32)
    odds = state.model.trunk.direct(state.model.scaled(torch.from_numpy(table)))
    p = odds.sigmoid().detach().numpy()[:, 0]
    assert scores.metrics(right, p)["logloss"] < scores.metrics(right, np.full(len(right), right.mean()))["logloss"]
    found = batches.expect(*state.mean, learning)[split.train]
    assert np.allclose(found, p, atol=1e-5)


def coin(odds: Any, seed: int) -> Bools:
    drawn: Bools = np.random.default_rng(seed).random(len(odds)) < 1 / (1 + np.exp(-odds))
    return drawn


def test_calibration_finds_slope_and_shift() -> None:
    odds = np.random.default_rng(0).normal(0.5, 1.5, 40_000)
    assert scores.calibrated(odds, coin(0.6 * odds + 0.3, 1)) == pytest.approx((0.6, 0.3), abs=0.03)
    assert scores.calibrated(odds, coin(odds, 2)) == pytest.approx((1, 0), abs=0.03)


def test_few_answers_hardly_calibrate() -> None:
    odds = np.random.default_rng(0).normal(0, 1.5, 5)
    assert scores.calibrated(odds, odds < 0) == pytest.approx((1, 0), abs=0.15)  # the opposite of what was expected
    assert scores.calibrated(np.zeros(0), np.zeros(0, bool)) == (1.0, 0.0)
    assert scores.calibrated(odds, odds < 0, held_to=(0.7, 0.2)) == pytest.approx((0.7, 0.2), abs=0.15)


def test_what_is_far_too_sure_of_itself_is_calibrated_too() -> None:
    """Where Newton's steps overshoot, if they are not held back."""
    odds = np.where(np.arange(2000) % 2, 9.2, -9.2)
    assert scores.calibrated(odds, coin(odds * 0.02, 4)) == pytest.approx((0.02, 0), abs=0.12)


def test_a_run_is_calibrated_by_the_answers_it_was_stopped_by(record: Snapshot) -> None:
    """Both outcomes of these turned round: what was expected is to be believed less."""
    split = in_time(record)
    correct = np.where(split.valid, ~record.answers.correct, record.answers.correct)
    turned = replace(record, answers=replace(record.answers, correct=correct))
    slopes = [float(trained(one, TINY, split=split).model.calibration[0]) for one in (record, turned)]
    assert slopes[1] < slopes[0]
    assert slopes[1] < 0.9


def test_the_schedule_rises_and_falls() -> None:
    rates = [finetune.schedule(done / 100, warmup=0.1) for done in range(101)]
    top = int(np.argmax(rates))
    assert top == 10
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.05


def test_a_run_that_is_given_no_time_ends_with_a_step_of_each_phase(snapshot: Path, tmp_path: Path) -> None:
    """Word is given of every tenth step."""
    config = replace(TINY, row_epochs=50, epochs=50, batch_size=8, minutes=1e-9)
    reports: list[Progress] = []
    finetune.finetune(snapshot=snapshot, out=tmp_path, config=config, progress=reports.append)
    assert [report.epoch for report in reports if report.loss is not None] == [0, 1]


def test_the_command_line_trains_and_says_where(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--snapshot", str(snapshot), "--out", str(tmp_path / "run"), "--row-epochs", "1", "--epochs", "1"]
    assert finetune.main(arguments) == 0
    said = capsys.readouterr()
    assert Path(json.loads(said.out.splitlines()[-1])["bundle"]).is_dir()
    assert "answers/s" in said.err
    assert finetune.main(["--snapshot", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err
