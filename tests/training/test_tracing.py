"""The network: what it sees, what it must not see, and its metrics."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from tests.training.records import with_flipped, write_record
from training import batches, dataset, features
from training.dataset import Snapshot, Window
from training.objectives import tracing


@pytest.fixture
def record(tmp_path: Path) -> Snapshot:
    return dataset.read_snapshot(write_record(tmp_path / "snapshot"))


def network(record: Snapshot) -> tuple[tracing.Tracer, tracing.ResidualTable]:
    """A network with every weight drawn at random, so that nothing is silent because it is zero."""
    torch.manual_seed(0)
    config = tracing.TracingConfig(width=16, layers=2, heads=2, residual_width=4, max_history=16)
    model = tracing.Tracer(config)
    table = tracing.ResidualTable(items=record.steps.items, concepts=record.steps.concepts, width=4)
    with torch.no_grad():
        for weights in (*model.parameters(), *table.parameters()):
            weights.copy_(torch.randn_like(weights) * 0.3)
    model.train(False)
    return model, table.eval()


def material(record: Snapshot, table: tracing.ResidualTable) -> batches.Material:
    counted = record.answers.label
    described = features.tabulate(record, counts=features.count(record.steps, record.answers, counted), counted=counted)
    return batches.Material(record, table=table, described=described, predicted=np.ones(len(counted), bool))


def test_an_answer_changes_no_prediction_of_its_own_or_of_an_earlier_step(record: Snapshot) -> None:
    model, table = network(record)
    start, stop = record.offsets[2], record.offsets[3]
    row = int(start + 10)
    before = batches.predict(model, table, material(record, table))
    after = batches.predict(model, table, material(with_flipped(record, row), table))
    np.testing.assert_array_equal(before[start : row + 1], after[start : row + 1])
    assert (np.abs(before - after)[row + 1 : stop] > 1e-6).all()


def test_a_students_predictions_do_not_depend_on_the_company(record: Snapshot) -> None:
    model, table = network(record)
    ready = material(record, table)
    together = batches.predict(model, table, ready, size=16)
    alone = batches.predict(model, table, ready, size=1)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_past_answers_matter_through_attention_alone(record: Snapshot) -> None:
    model, table = network(record)
    batch = material(record, table).batch([Window(0, 0, 12)])
    other = replace(batch, responses=batch.responses.clone())
    other.responses[0, 4] += 1
    with torch.inference_mode():
        moved = (batch.ask(model, table) - other.ask(model, table)).abs()[0]
    assert (moved[:5] == 0).all()
    assert (moved[5:] > 1e-6).all()


def test_relations_reach_the_attention(record: Snapshot) -> None:
    model, table = network(record)
    batch = material(record, table).batch([Window(0, 0, 12)])
    for place, name in enumerate(features.RELATIONS):
        other = replace(batch, kinds=batch.kinds.clone())
        other.kinds[0, 8, 3, place] += 1
        with torch.inference_mode():
            moved = (batch.ask(model, table) - other.ask(model, table)).abs()[0]
        assert moved[8] > 1e-7, name
        assert (moved[:8] == 0).all(), name


def test_what_is_saved_predicts_the_same(record: Snapshot, tmp_path: Path) -> None:
    model, table = network(record)
    tracing.save(tmp_path / "bundle", model=model, table=table)
    again, table_again = tracing.load(tmp_path / "bundle")
    first = batches.predict(model, table, material(record, table))
    np.testing.assert_array_equal(first, batches.predict(again, table_again, material(record, table_again)))


def test_a_bundle_of_other_features_is_refused(tmp_path: Path) -> None:
    model = tracing.Tracer(tracing.TracingConfig(width=8, heads=2, features=3))
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


def test_buckets_of_distance_grow_and_end() -> None:
    found = tracing.bucket(torch.tensor([0, 1, 15, 16, 20, 100, 255, 10_000])).tolist()
    assert found == sorted(found)
    assert found[:4] == [0, 1, 15, 16]
    assert found[-1] == tracing.DISTANCES - 1


def test_metrics_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    p = np.round(rng.random(500), 2)  # with ties
    right = rng.random(500) < p
    found = tracing.metrics(right, p)
    assert found["auc"] == pytest.approx(reference.roc_auc_score(right, p))
    assert found["logloss"] == pytest.approx(reference.log_loss(right, np.clip(p, 1e-6, 1 - 1e-6)))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(right, p >= 0.5))
    assert found["rmse"] == pytest.approx(np.sqrt(reference.brier_score_loss(right, p)))
    assert tracing.metrics(np.ones(3), np.full(3, 0.8))["ece"] == pytest.approx(0.2)


def test_metrics_of_nothing_or_of_one_outcome_are_none() -> None:
    assert tracing.metrics([], []) == {"n": 0, **dict.fromkeys(("auc", "logloss", "accuracy", "rmse", "ece"))}
    assert tracing.metrics([1, 1], [0.5, 0.6])["auc"] is None


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="shared"):
        tracing.TracingConfig(width=10, heads=4)
