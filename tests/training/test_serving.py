"""Serving: one student and many candidates, exactly as trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.records import TINY, write_record
from training import batches, dataset, features, finetune, serving
from training.dataset import Floats, Snapshot
from training.objectives import tracing
from training.serving import PastAnswer, StepFacts, StudentQuery

CONFIG = replace(TINY, max_history=64)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracer")
    write_record(folder / "snapshot", answers=40)
    finetune.finetune(snapshot=folder / "snapshot", out=folder, config=CONFIG)
    return folder


@pytest.fixture(scope="module")
def record(place: Path) -> Snapshot:
    return dataset.read_snapshot(place / "snapshot")


def facts_of(record: Snapshot) -> dict[str, StepFacts]:
    steps = record.steps
    return {
        name: StepFacts(
            concepts=tuple(steps.concepts[i] for i in steps.set_concepts[steps.item_set[item]] if i >= 0),
            kind=dataset.KINDS[steps.item_kind[item]],
            course=steps.courses[steps.item_course[item]],
        )
        for item, name in enumerate(steps.items)
    }


def query_at(record: Snapshot, student: int, place: int) -> StudentQuery:
    """The student after `place` answers; counts of everybody, of the student's own only these answers."""
    start, stop = (int(offset) for offset in record.offsets[student : student + 2])
    answers, steps = record.answers, record.steps
    counted = answers.label.copy()
    counted[start + place : stop] = False
    counts = features.count(steps, answers, counted)
    return StudentQuery(
        history=[
            PastAnswer(
                step=steps.items[answers.item[row]],
                correct=bool(answers.correct[row]),
                label=bool(answers.label[row]),
                hints=int(answers.hints[row]),
                try_number=int(answers.try_number[row]),
                seconds=float(answers.seconds[row]),
            )
            for row in range(start, start + place)
        ],
        candidates=[steps.items[answers.item[start + place]]],
        steps=facts_of(record),
        requires=[(steps.concepts[a], steps.concepts[b]) for a, b in steps.requires],
        item_counts=pairs(steps.items, counts.item_tries, counts.item_right),
        concept_counts=pairs(steps.concepts, counts.concept_tries, counts.concept_right),
        course_counts=pairs(steps.courses, counts.course_tries, counts.course_right),
        now=float(answers.seconds[start + place]),
    )


def pairs(names: tuple[str, ...], tries: Floats, right: Floats) -> dict[str, tuple[int, int]]:
    return {name: (int(a), int(b)) for name, a, b in zip(names, tries, right, strict=True)}


@pytest.mark.parametrize("place_in_record", [0, 1, 7, 35])
def test_serving_gives_what_training_gives(place: Path, record: Snapshot, place_in_record: int) -> None:
    model, table = tracing.load(place / "bundle")
    for student in (0, 3, 5):
        start = int(record.offsets[student])
        counted = record.answers.label.copy()
        counted[start + place_in_record : record.offsets[student + 1]] = False
        counts = features.count(record.steps, record.answers, counted)
        described = features.tabulate(record, counts=counts, counted=counted)
        asked = np.zeros(len(counted), bool)
        asked[start + place_in_record] = True
        material = batches.Material(record, table=table, described=described, predicted=asked)
        trained = batches.predict(model, table, material)[asked]
        served = serving.predictor(place / "bundle").predict(query_at(record, student, place_in_record))
        np.testing.assert_allclose(served.probabilities, trained, atol=1e-5)


def test_the_students_own_answers_are_taken_off_the_counts(place: Path, record: Snapshot) -> None:
    query = query_at(record, 2, 20)
    own_item = {answer.step for answer in query.history if answer.label}
    doubled = {name: (2 * tries, 2 * right) for name, (tries, right) in query.item_counts.items()}
    predictor = serving.predictor(place / "bundle")
    alone = replace(query, item_counts={}, concept_counts={}, course_counts={})
    assert own_item
    assert np.isfinite(predictor.predict(alone).probabilities).all()
    assert (
        predictor.predict(query).probabilities != predictor.predict(replace(query, item_counts=doubled)).probabilities
    )


def test_candidates_do_not_see_each_other(place: Path, record: Snapshot) -> None:
    query = query_at(record, 1, 12)
    names = list(query.steps)
    predictor = serving.predictor(place / "bundle")
    together = predictor.predict(replace(query, candidates=names * 25)).probabilities
    assert together.shape == (len(names) * 25,)
    alone = [predictor.predict(replace(query, candidates=[name])).probabilities[0] for name in names]
    np.testing.assert_allclose(together[: len(names)], alone, atol=1e-5)


def test_a_new_course_and_a_new_student_are_answered(place: Path) -> None:
    steps = {"new": StepFacts(concepts=("n1", "n2"), kind="number", course="new"), "bare": StepFacts(concepts=())}
    query = StudentQuery(history=[], candidates=["new", "bare"], steps=steps, concepts=["n1", "n3"])
    found = serving.predictor(place / "bundle").predict(query)
    assert ((found.probabilities > 0) & (found.probabilities < 1)).all()
    assert set(found.concept_values) == {"n1", "n3"}


def test_nothing_asked_is_nothing_answered(place: Path) -> None:
    found = serving.predictor(place / "bundle").predict(StudentQuery(history=[], candidates=[], steps={}))
    assert found.probabilities.shape == (0,)


def test_a_step_that_nobody_described_is_an_error(place: Path) -> None:
    with pytest.raises(KeyError, match="unknown"):
        serving.predictor(place / "bundle").predict(StudentQuery(history=[], candidates=["unknown"], steps={}))


def test_the_interval_holds_the_value_and_narrows_with_answers(place: Path, record: Snapshot) -> None:
    predictor = serving.predictor(place / "bundle")
    concepts = list(record.steps.concepts)
    early, late = (predictor.predict(replace(query_at(record, 1, n), concepts=concepts)) for n in (0, 38))
    for found in (early, late):
        for name in concepts:
            low, value, high = found.concept_lows[name], found.concept_values[name], found.concept_highs[name]
            assert 0 < low < value < high < 1
    practised = [name for name in concepts if logit_width(late, name) < logit_width(early, name)]
    assert practised


def logit_width(found: serving.Predicted, name: str) -> float:
    return float(features.logit(found.concept_highs[name]) - features.logit(found.concept_lows[name]))


def test_mastery_can_be_reached(place: Path) -> None:
    low, high = serving.predictor(place / "bundle").interval(0.93, tries=3)
    assert low > 0.70
    assert high < 1


def test_a_bundle_is_loaded_once(place: Path) -> None:
    assert serving.predictor(place / "bundle") is serving.predictor(place / "bundle")
