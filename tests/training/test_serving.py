"""Serving: one student and many candidates, exactly as trained."""

import json
import shutil
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
        candidates=[steps.items[answers.item[row]] for row in range(start + place, stop)[:1]],
        steps=facts_of(record),
        requires=[(steps.concepts[a], steps.concepts[b]) for a, b in steps.requires],
        item_counts=pairs(steps.items, counts.item_tries, counts.item_right),
        concept_counts=pairs(steps.concepts, counts.concept_tries, counts.concept_right),
        course_counts=pairs(steps.courses, counts.course_tries, counts.course_right),
        now=float(answers.seconds[min(start + place, stop - 1)]),
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


def test_the_interval_holds_the_value_and_is_as_wide_as_the_report_of_the_bundle_says(
    place: Path, record: Snapshot, tmp_path: Path
) -> None:
    query = replace(query_at(record, 1, 30), concepts=list(record.steps.concepts))
    widths = {}
    for spread in (0.4, 1.0):
        bundle = shutil.copytree(place / "bundle", tmp_path / str(spread))
        report = json.loads((bundle / "report.json").read_text())
        (bundle / "report.json").write_text(json.dumps({**report, "spread": spread}))
        found = serving.Predictor(bundle).predict(query)
        for name in query.concepts:
            low, value, high = found.concept_lows[name], found.concept_values[name], found.concept_highs[name]
            assert 0 < low < value < high < 1
            widths[spread] = float(features.logit(high) - features.logit(low))
    assert widths[0.4] == pytest.approx(0.4 * 2 * serving.Z80)
    assert widths[1.0] == pytest.approx(2 * serving.Z80)


@pytest.mark.parametrize("correct", [True, False])
def test_the_last_first_try_never_moves_its_concept_the_wrong_way(place: Path, record: Snapshot, correct: bool) -> None:
    """Compared with the same moment, and the same answers of others, without it."""
    predictor = serving.predictor(place / "bundle")
    moves = []
    for student in range(len(record.students)):
        for place_in_record in (6, 18, 30):
            before = query_at(record, student, place_in_record)
            step = before.candidates[0]
            about = before.steps[step].concepts
            # A hinted answer at the end of the past, which moves nothing itself, so that only the one added does.
            past = [*before.history, PastAnswer(step=step, correct=True, label=False, hints=1, seconds=before.now)]
            known = dict.fromkeys((*before.item_counts, *before.concept_counts), (0, 0))
            asked = replace(
                before, history=past, concepts=about, item_counts=known, concept_counts=known, course_counts={}
            )
            added = PastAnswer(step=step, correct=correct, label=True, seconds=before.now)
            after = replace(asked, history=[*past, added])
            values = [predictor.predict(query).concept_values for query in (asked, after)]
            moves += [values[1][name] - values[0][name] for name in about]
    assert min(moves) >= -1e-6 if correct else max(moves) <= 1e-6
    assert len({round(move, 4) for move in moves}) > 5


def test_a_bundle_is_loaded_once(place: Path) -> None:
    assert serving.predictor(place / "bundle") is serving.predictor(place / "bundle")
