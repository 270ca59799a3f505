"""The network: what it sees, what it must not see, and its metrics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from tests.training.records import random_network, random_record, with_flipped
from training import batches, dataset, features, scores
from training.batches import Material
from training.dataset import Bools, Snapshot
from training.objectives import tracing
from training.objectives.tracing import Bias, Tracer, TracingConfig
from training.population import Population


@pytest.fixture(scope="module")
def record() -> Snapshot:
    return random_record(7, students=8, answers=40)


def material(record: Snapshot, table: tracing.ResidualTable, *, predicted: Bools | None = None) -> Material:
    everything = np.ones(len(record.answers), bool)
    people = Population(record, record.answers.label, folds=4)
    described = features.tabulate(record, people, rows=everything)
    return Material(record, table=table, described=described, predicted=everything if predicted is None else predicted)


def test_an_answer_changes_no_prediction_of_its_own_or_of_an_earlier_step(record: Snapshot) -> None:
    model, table = random_network(record.steps)
    start, stop = record.offsets[2], record.offsets[3]
    before = batches.predict(model, table, material(record, table))
    for row in (int(start + 3), int(start + 16), int(start + 25)):
        after = batches.predict(model, table, material(with_flipped(record, row), table))
        np.testing.assert_allclose(before[start : row + 1], after[start : row + 1], atol=1e-7)
        assert np.abs(before - after)[row + 1 : stop].max() > 1e-6


def test_later_answers_shuffled_and_to_other_steps_change_no_earlier_prediction(record: Snapshot) -> None:
    model, table = random_network(record.steps)
    start, stop = (int(offset) for offset in record.offsets[4:6])
    before = batches.predict(model, table, material(record, table))
    row = start + 18
    order = np.arange(len(record.answers))
    order[row:stop] = order[row:stop][::-1]
    after = batches.predict(model, table, material(replace(record, answers=record.answers.part(order)), table))
    np.testing.assert_allclose(before[start:row], after[start:row], atol=1e-7)
    assert (before[row:stop] != after[row:stop]).any()


def test_a_students_predictions_do_not_depend_on_the_company(record: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    model, table = random_network(record.steps)
    together = batches.predict(model, table, material(record, table))
    for student in (0, 5):
        mine = record.student_of_row == student
        alone = batches.predict(model, table, material(record, table, predicted=mine))
        np.testing.assert_allclose(together[mine], alone[mine], atol=1e-6)
        assert np.isnan(alone[~mine]).all()
    monkeypatch.setattr(dataset, "ANSWERS", 50)
    np.testing.assert_allclose(batches.predict(model, table, material(record, table)), together, atol=1e-6)


def test_windows_with_past_say_what_one_long_window_says(record: Snapshot) -> None:
    """A history of 16, in windows of 16, beside a window over everything with what lies further back hidden."""
    model, table = random_network(record.steps, max_history=16)
    ready = material(record, table)
    pieces = batches.predict(model, table, ready)
    (window,) = dataset.windows(record, predicted=record.student_of_row == 3, history=100)
    batch = ready.windows([window], history=16)
    with torch.inference_mode():
        whole = batch.ask(model, table).sigmoid()[0].numpy()
    assert len(whole) == 40
    np.testing.assert_allclose(pieces[record.student_of_row == 3], whole, atol=1e-6)
    further = ready.windows([window], history=100)
    with torch.inference_mode():
        more = further.ask(model, table).sigmoid()[0].numpy()
    assert np.abs(more - whole)[:17].max() < 1e-6 < np.median(np.abs(more - whole)[17:])


def test_past_answers_matter_through_attention(record: Snapshot) -> None:
    model, table = random_network(record.steps)
    batch = material(record, table).windows([dataset.Window(0, 0, 12)], history=16)
    other = replace(batch, responses=batch.responses.clone())
    other.responses[0, 4] += 1
    with torch.inference_mode():
        moved = (batch.ask(model, table) - other.ask(model, table)).abs()[0]
    assert (moved[:5] == 0).all()
    assert (moved[5:] > 1e-6).all()


def test_relations_reach_the_attention(record: Snapshot) -> None:
    model, table = random_network(record.steps)
    batch = material(record, table).windows([dataset.Window(0, 0, 12)], history=16)
    for code in (1 * features.DISTANCES * features.PAUSES, 4 * features.PAUSES, 5):
        other = replace(batch, code=batch.code.clone())
        other.code[0, 8, 3] = code
        with torch.inference_mode():
            moved = (batch.ask(model, table) - other.ask(model, table)).abs()[0]
        assert moved[8] > 1e-7
        assert (moved[:8] == 0).all()


def test_the_gradient_of_looked_up_biases_is_that_of_indexing() -> None:
    generator = torch.Generator().manual_seed(0)
    code = torch.randint(0, 7, (2, 3, 5), generator=generator)
    weight = torch.randn(2, 4, 3, 5, generator=generator)
    gradients: list[Any] = []
    for look in (Bias.apply, lambda table, code: table[:, code].transpose(0, 1)):
        table = torch.randn(4, 7, generator=torch.Generator().manual_seed(1)).requires_grad_()
        found = look(table, code)  # type: ignore[no-untyped-call]
        (found * weight).sum().backward()
        gradients.append((found.detach(), table.grad))
    assert torch.equal(gradients[0][0], gradients[1][0])
    torch.testing.assert_close(gradients[0][1], gradients[1][1])


def test_mastery_rises_with_evidence_whatever_the_weights() -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        network = tracing.Mastery()
        with torch.no_grad():
            for weights in network.parameters():
                weights.copy_(torch.randn_like(weights) * 2)
        low = torch.randn(200, features.WIDTH)
        for place, name in enumerate(features.NAMES):
            high = low.clone()
            high[:, place] += 0.5
            with torch.no_grad():
                moved = network(high) - network(low)
            if name in features.EVIDENCE:
                assert moved.min() >= -1e-4  # what rounding does
                assert moved.max() > 1e-3
            elif name not in features.STANDING:
                assert not moved.any(), name


def test_a_network_begins_as_the_regression_over_its_features() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(2, 3, (2000, features.WIDTH)).astype(np.float32)
    right = rng.random(2000) < 1 / (1 + np.exp(-(rows[:, 3] - 2)))
    model = Tracer(TracingConfig(width=8, trunk=8, heads=2))
    model.begin_as_regression(rows, right)
    model.train(False)
    odds = model.describe(torch.from_numpy(rows), torch.zeros(2000, model.config.residual_width)).odds
    assert float(np.corrcoef(odds.detach().numpy(), rows[:, 3])[0, 1]) > 0.9
    assert scores.metrics(right, odds.sigmoid().detach().numpy())["ece"] < 0.08


def test_calibration_finds_slope_and_shift_and_is_held_with_few_answers() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 50_000)
    right = rng.random(50_000) < 1 / (1 + np.exp(-(0.5 * odds + 0.3)))
    assert scores.calibrated(odds, right) == pytest.approx((0.5, 0.3), abs=0.03)
    slope, shift = scores.calibrated(odds[:5], right[:5])
    assert slope == pytest.approx(1, abs=0.3)
    assert shift == pytest.approx(0, abs=0.1)


def test_what_is_saved_predicts_the_same(record: Snapshot, tmp_path: Path) -> None:
    model, table = random_network(record.steps)
    model.calibration.copy_(torch.tensor([0.7, 0.2]))
    tracing.save(tmp_path / "bundle", model=model, table=table)
    again, table_again = tracing.load(tmp_path / "bundle")
    ready = material(record, table)
    first = batches.predict(model, table, ready)
    np.testing.assert_array_equal(first, batches.predict(again, table_again, ready))


def test_a_bundle_of_other_features_is_refused(tmp_path: Path) -> None:
    model = Tracer(TracingConfig(width=8, trunk=8, heads=2, features=3))
    tracing.save(tmp_path, model=model, table=tracing.ResidualTable(items=(), concepts=(), width=16))
    with pytest.raises(ValueError, match="other features"):
        tracing.load(tmp_path)


def test_unknown_items_and_concepts_have_no_residual_vector() -> None:
    table = tracing.ResidualTable(items=["a"], concepts=["x"], width=3)
    with torch.no_grad():
        table.items.fill_(1)
        table.concepts.fill_(2)
    items, _ = table.places(["b", "a"], ["y", "x"])
    assert items.tolist() == [-1, 0]
    found = table(torch.tensor([-1, 0, 0]), torch.tensor([[-1, -1], [-1, -1], [0, -1]]))
    assert found.tolist() == [[0] * 3, [1] * 3, [3] * 3]
    assert (table(torch.tensor([0]), torch.tensor([[0]]), drop=1.0) == 0).all()


def test_a_table_is_extended_without_forgetting() -> None:
    table = tracing.ResidualTable(items=["a"], concepts=["x"], width=2)
    with torch.no_grad():
        table.items.fill_(1)
    more = table.extended(items=["b", "a"], concepts=["y"])
    assert more.item_ids == ("a", "b")
    assert more.concept_ids == ("x", "y")
    assert more.items.tolist() == [[1, 1], [0, 0]]


def test_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    p = np.round(rng.random(500), 2)  # with ties
    right = rng.random(500) < p
    found = scores.metrics(right, p)
    assert found["auc"] == pytest.approx(reference.roc_auc_score(right, p))
    assert found["logloss"] == pytest.approx(reference.log_loss(right, np.clip(p, 1e-6, 1 - 1e-6)))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(right, p >= 0.5))
    assert found["rmse"] == pytest.approx(np.sqrt(reference.brier_score_loss(right, p)))
    assert scores.metrics(np.ones(3), np.full(3, 0.8))["ece"] == pytest.approx(0.2)


def test_metrics_of_nothing_or_of_one_outcome_are_none() -> None:
    assert scores.metrics([], []) == {"n": 0, **dict.fromkeys(("auc", "logloss", "accuracy", "rmse", "ece"))}
    assert scores.metrics([1, 1], [0.5, 0.6])["auc"] is None


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="shared"):
        TracingConfig(width=10, heads=4)
