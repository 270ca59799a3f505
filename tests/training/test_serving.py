"""Serving: one student and many candidates, exactly as trained."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import everybody, query_at, random_network, random_record, write_bundle
from training import batches, features, population, serving
from training.batches import Material
from training.dataset import Snapshot
from training.histories import as_asked
from training.objectives import tracing
from training.population import Others, count
from training.serving import PastAnswer, Predictor, StepFacts, StudentQuery

LONG = 301  # answers of a student; the network attends to the last 128


@pytest.fixture(scope="module")
def record() -> Snapshot:
    return random_record(11, students=3, answers=LONG)


@pytest.fixture(scope="module")
def bundle(record: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, table = random_network(record.steps, max_history=128)
    model.calibration.copy_(model.calibration.new_tensor([0.8, 0.1]))
    return write_bundle(tmp_path_factory.mktemp("served") / "bundle", model, table, everybody(record))


@pytest.mark.parametrize("place", [0, 1, 7, 130, 300])
def test_serving_gives_what_training_gives(bundle: Path, record: Snapshot, place: int) -> None:
    model, table = tracing.load(bundle)
    learned = population.load(bundle)
    for student in range(3):
        row = int(record.offsets[student]) + place
        counted = record.answers.label & (record.student_of_row != student)
        counts = count(record.steps, item=record.answers.item[counted], right=record.answers.correct[counted])
        described = features.describe(record, as_asked(record), Others(counts, *learned))
        asked = np.arange(len(counted)) == row
        trained = batches.predict(model, table, Material(record, table=table, described=described, predicted=asked))
        served = serving.predictor(bundle).predict(query_at(record, student, place))
        np.testing.assert_allclose(served.probabilities, trained[asked], atol=1e-6)


def test_the_students_own_answers_are_taken_off_the_counts(bundle: Path, record: Snapshot) -> None:
    """With counts of the own answers alone, it is as if there were none at all; those of others move what is said."""
    lone = replace(record, offsets=np.array([0, LONG]), students=("",), answers=record.answers.part(slice(0, LONG)))
    alone = query_at(lone, 0, 60)
    predictor = serving.predictor(bundle)
    none = replace(alone, item_counts={}, concept_counts={}, course_counts={})
    assert any(tries for tries, _ in alone.item_counts.values())
    assert predictor.predict(alone).probabilities == predictor.predict(none).probabilities
    assert predictor.predict(query_at(record, 0, 60)).probabilities != predictor.predict(none).probabilities


def test_candidates_do_not_see_each_other(bundle: Path, record: Snapshot) -> None:
    query = query_at(record, 1, 12)
    names = list(query.steps)
    predictor = serving.predictor(bundle)
    together = predictor.predict(replace(query, candidates=names * 25)).probabilities
    assert together.shape == (len(names) * 25,)
    alone = [predictor.predict(replace(query, candidates=[name])).probabilities[0] for name in names]
    np.testing.assert_allclose(together[: len(names)], alone, atol=1e-6)


def test_concepts_do_not_see_each_other(bundle: Path, record: Snapshot) -> None:
    query = query_at(record, 1, 12)
    predictor = serving.predictor(bundle)
    together = predictor.predict(replace(query, concepts=["x", "y", "z"])).concept_values
    for name, value in together.items():
        assert predictor.predict(replace(query, concepts=[name])).concept_values[name] == pytest.approx(value, abs=1e-6)


def test_a_new_course_and_a_new_student_are_answered(bundle: Path) -> None:
    steps = {"new": StepFacts(concepts=("n1", "n2"), kind="number", course="new"), "bare": StepFacts(concepts=())}
    query = StudentQuery(history=[], candidates=["new", "bare"], steps=steps, concepts=["n1", "n3"])
    found = serving.predictor(bundle).predict(query)
    assert ((found.probabilities > 0) & (found.probabilities < 1)).all()
    assert set(found.concept_values) == {"n1", "n3"}
    assert found.evidence == {}


def test_nothing_asked_is_nothing_answered(bundle: Path) -> None:
    found = serving.predictor(bundle).predict(StudentQuery(history=[], candidates=[], steps={}))
    assert found.probabilities.shape == (0,)


def test_a_step_that_nobody_described_is_an_error(bundle: Path) -> None:
    with pytest.raises(KeyError, match="unknown"):
        serving.predictor(bundle).predict(StudentQuery(history=[], candidates=["unknown"], steps={}))


def test_the_interval_holds_the_value_and_is_as_wide_as_the_report_of_the_bundle_says(
    bundle: Path, record: Snapshot, tmp_path: Path
) -> None:
    query = replace(query_at(record, 1, 30), concepts=list(record.steps.concepts))
    widths = {}
    for spread in (0.4, 1.0):
        other = shutil.copytree(bundle, tmp_path / str(spread))
        (other / "report.json").write_text(json.dumps({"spread": spread}))
        found = Predictor(other).predict(query)
        for name in query.concepts:
            low, value, high = found.concept_lows[name], found.concept_values[name], found.concept_highs[name]
            assert 0 < low < value < high < 1
            widths[spread] = float(features.logit(high) - features.logit(low))
    assert widths[0.4] == pytest.approx(0.4 * 2 * serving.Z80, rel=1e-3)
    assert widths[1.0] == pytest.approx(2 * serving.Z80, rel=1e-3)


def test_evidence_is_what_leaving_an_answer_out_of_its_concepts_does(bundle: Path, record: Snapshot) -> None:
    """Beside a query in which the answer, all else the same, was given to a step of no concept."""
    predictor = serving.predictor(bundle)
    checked = 0
    for student in range(3):
        query = replace(query_at(record, student, 40), concepts=["x", "y", "z"])
        found = predictor.predict(query)
        for concept, evidence in found.evidence.items():
            effects = [abs(one.effect) for one in evidence]
            assert effects == sorted(effects, reverse=True)
            assert len(effects) <= serving.SHOWN
            for one in evidence:
                answer = query.history[one.place]
                assert concept in query.steps[answer.step].concepts
                assert (one.effect > 0) == answer.correct
                assert answer.try_number == 1
                without = predictor.predict(elsewhere(query, one.place))
                odds = [features.logit(said.concept_values[concept]) for said in (found, without)]
                assert one.effect == pytest.approx(odds[0] - odds[1], abs=5e-3)
                checked += 1
    assert checked > 8


def elsewhere(query: StudentQuery, place: int) -> StudentQuery:
    """The query with one answer of its history given to a step of no concept, and the counts of others as they were."""
    answer = query.history[place]
    history: list[PastAnswer] = list(query.history)
    history[place] = replace(answer, step="bare")
    own = (1, int(answer.correct)) if answer.label else (0, 0)

    def less(counts: dict[str, tuple[int, int]], names: tuple[str, ...]) -> dict[str, tuple[int, int]]:
        return {name: (a - own[0], b - own[1]) if name in names else (a, b) for name, (a, b) in counts.items()}

    facts = query.steps[answer.step]
    return replace(
        query,
        history=history,
        steps={**query.steps, "bare": StepFacts(concepts=(), course=facts.course)},
        item_counts={**less(dict(query.item_counts), (answer.step,)), "bare": own},
        concept_counts=less(dict(query.concept_counts), facts.concepts),
    )


def test_answers_that_are_no_evidence_are_never_shown_as_such(bundle: Path, record: Snapshot) -> None:
    query = replace(query_at(record, 0, 40), concepts=["x", "y", "z"])
    shown = {one.place for some in serving.predictor(bundle).predict(query).evidence.values() for one in some}
    told = {
        place
        for place, answer in enumerate(query.history)
        if answer.try_number == 1 and not (answer.correct and answer.hints) and query.steps[answer.step].concepts
    }
    assert shown
    assert shown <= told


def test_a_bundle_is_loaded_once(bundle: Path) -> None:
    assert serving.predictor(bundle) is serving.predictor(bundle)
