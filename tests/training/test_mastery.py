"""Mastery by the tracer, beside the truth of simulated students: the spread, the interval, the verdict."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
import pytest

from students import knowledge
from students.knowledge import Estimate
from tests.training.records import TINY, query_at
from training import dataset, evaluate, features, finetune, simulation
from training.dataset import Snapshot, Split
from training.population import Others, Population
from training.serving import Predictor
from training.simulation import DAY, SimulatedStudent
from training.snapshot import SnapshotWriter

STUDENTS, ANSWERS, CONCEPTS, STEPS = 80, 50, 8, 400
REQUIRES: dict[str, tuple[str, ...]] = {str(number): () for number in range(CONCEPTS)}
DIFFICULTIES = {f"{number}": simulation.difficulty(f"step {number}") - 1.0 for number in range(STEPS)}


def concept_of(item: str) -> str:
    return str(int(item) % CONCEPTS)


MEDIANS = {name: median(d for item, d in DIFFICULTIES.items() if concept_of(item) == name) for name in REQUIRES}


def moment(place: int) -> float:
    """One answer every three hours: nobody is tired."""
    return simulation.FIRST_DAY + place * DAY / 8


def write_class(folder: Path) -> list[SimulatedStudent]:
    """Students of every kind answer fresh steps, drawn from all of the course; returns them as they are afterwards."""
    students = simulation.draw_students(STUDENTS, seed=21)
    with SnapshotWriter(folder, objective="tracing", now=simulation.SNAPSHOT_TIME) as writer:
        names = list(DIFFICULTIES)
        steps = {"item": names, "concepts": [concept_of(item) for item in names], "exercise": names}
        writer.write("steps", {**steps, "kind": ["number"] * STEPS, "course": ["1"] * STEPS})
        for number, student in enumerate(students):
            items = Random(number).sample(names, ANSWERS)
            given = [
                student.respond(
                    item=item,
                    concepts=[concept_of(item)],
                    difficulty=DIFFICULTIES[item],
                    requires=REQUIRES,
                    at=moment(place),
                )
                for place, item in enumerate(items)
            ]
            writer.write(
                "attempts",
                {
                    "student": [f"{number:03}"] * ANSWERS,
                    "index": list(range(ANSWERS)),
                    "item": items,
                    "correct": [one.correct for one in given],
                    "label": [not one.hints for one in given],
                    "try_number": [1] * ANSWERS,
                    "hints": [one.hints for one in given],
                    "timestamp": [moment(place) for place in range(ANSWERS)],
                    "simulated": [True] * ANSWERS,
                },
            )
    return students


class School:
    """The class, its answers, and a bundle that was trained on the earlier ones."""

    def __init__(self, folder: Path) -> None:
        self.students = write_class(folder / "snapshot")
        config = replace(TINY, row_epochs=20, epochs=2, batch_size=256)
        self.bundle = finetune.finetune(snapshot=folder / "snapshot", out=folder, config=config)
        self.report = evaluate.evaluate(bundle=self.bundle, snapshot=folder / "snapshot")
        self.predictor = Predictor(self.bundle)
        self.snapshot = folder / "snapshot"

    def read(self) -> tuple[Snapshot, Split, Others]:
        """The answers, to be changed as one likes."""
        record = dataset.read_snapshot(self.snapshot)
        split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
        return record, split, Population(record, split.counted, folds=0).others()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("school"))


def test_the_spread_is_found_that_held_out_answers_have(school: School) -> None:
    """Held-out answers are drawn anew, from what the network expects and an ability that is off by so much."""
    record, split, others = school.read()
    found = []
    for spread in (0.0, 0.8, 1.6):
        rng = np.random.default_rng(1)
        for rows, p in list(evaluate.expected_at_once(school.bundle, record, others, split)):
            off = rng.normal(0, spread, CONCEPTS)
            odds = features.logit(p) + off[record.steps.item_set[record.answers.item[rows]]]
            record.answers.correct[rows] = rng.random(len(rows)) < 1 / (1 + np.exp(-odds))
        found.append(evaluate.fitted_spread(school.bundle, record, others, split))
    assert found[0] < 0.65
    assert 0.6 < found[1] < 1.0
    assert found[2] > 1.0


def test_what_is_expected_at_once_sees_none_of_the_answers(school: School) -> None:
    record, split, others = school.read()
    before = dict(enumerate(evaluate.expected_at_once(school.bundle, record, others, split)))
    held = split.valid | split.test
    record.answers.correct[held] = ~record.answers.correct[held]
    after = dict(enumerate(evaluate.expected_at_once(school.bundle, record, others, split)))
    assert len(before) == len(after) > 10
    for number, (rows, p) in before.items():
        np.testing.assert_array_equal(rows, after[number][0])
        np.testing.assert_array_equal(p, after[number][1])


def test_of_steps_answered_at_some_mastery_as_many_are_right(school: School) -> None:
    """Served before each held-out answer; the steps of a concept are as hard as its median on average."""
    record, split, _ = school.read()
    held = np.flatnonzero(split.valid | split.test)[::3]
    said, right = np.zeros(len(held)), record.answers.correct[held]
    for place, row in enumerate(held.tolist()):
        student = int(record.student_of_row[row])
        concept = concept_of(record.steps.items[record.answers.item[row]])
        query = replace(
            query_at(record, student, row - int(record.offsets[student]), known=split.counted), concepts=[concept]
        )
        said[place] = school.predictor.predict(replace(query, candidates=[])).concept_values[concept]
    for bottom, top, bound in ((0.0, 0.7, 0.12), (0.7, 0.9, 0.07), (0.8, 1.0, 0.07)):
        here = (bottom <= said) & (said < top)
        assert here.sum() > 40, (bottom, top)
        assert abs(right[here].mean() - said[here].mean()) < bound, (bottom, top)


def test_estimates_hold_what_they_say_of_students_whose_mastery_is_known(school: School) -> None:
    """Eight in ten intervals hold the truth, .8 means .8, and hardly anybody called mastered is far from it."""
    value, low, high, true, tries = np.array(list(estimates_beside_truth(school))).T
    assert school.predictor.spread == school.report["spread"] != 0.8
    assert 0.75 < ((low <= true) & (true <= high)).mean() < 0.97
    for bottom, top in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 1.0)):
        here = (bottom <= value) & (value < top)
        assert here.sum() > 20
        assert abs(true[here].mean() - value[here].mean()) < 0.08
    called = [
        knowledge.is_mastered(Estimate(value=one, low=least, high=most), int(number))
        for one, least, most, number in zip(value, low, high, tries, strict=True)
    ]
    assert sum(called) > 0
    for best in (called, value >= np.quantile(value, 0.9)):
        assert (true[best] < knowledge.MASTERY_LOW).mean() < 0.1
        assert true[best].mean() > knowledge.MASTERY


def estimates_beside_truth(school: School) -> Iterator[tuple[float, float, float, float, int]]:
    """Of every concept that a student tried: value, low, high, the truth, and the number of first tries."""
    record, split, _ = school.read()
    now = moment(ANSWERS)
    for number, student in enumerate(school.students):
        query = query_at(record, number, ANSWERS, known=split.counted)
        tries = Counter(concept_of(one.step) for one in query.history)
        found = school.predictor.predict(replace(query, concepts=sorted(tries), now=now))
        for concept, value in found.concept_values.items():
            truth = student.mastery(concept=concept, requires=REQUIRES, at=now, difficulty=MEDIANS[concept])
            yield value, found.concept_lows[concept], found.concept_highs[concept], truth, tries[concept]
