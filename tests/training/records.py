"""Small records of simulated students, and settings of networks small enough for tests."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from training import dataset, population, seal, simulation
from training.config import FinetuneConfig, NetworkConfig
from training.dataset import Answers, Bools, Floats, Snapshot, Steps
from training.objectives import tracing
from training.population import Counts, Others, Population
from training.serving import PastAnswer, StepFacts, StudentQuery

TINY = FinetuneConfig(
    network=NetworkConfig(width=16, trunk=24, layers=2, heads=2, residual_width=4),
    row_epochs=2,
    epochs=2,
    batch_size=64,
    max_history=16,
    learning_rate=5e-3,
)
STILL = replace(TINY, dropout=0.0, residual_dropout=0.0)  # nothing is left to chance


def write_record(folder: Path, *, students: int = 16, answers: int = 30, seed: int = 1) -> Path:
    """A snapshot folder of simulated students in a course of five concepts and twenty items."""
    simulation.write_snapshot(folder, students=students, answers_each=answers, concepts=5, items=20, seed=seed)
    return folder


def small_steps() -> Steps:
    """Three items: «a» and «b» share the concept x, «c» is of y, which builds on x."""
    return dataset.build_steps(
        items=["a", "b", "c"],
        concepts=["x", "z;x", "y"],
        kinds=["number", "text", ""],
        courses=["1", "1", "1"],
        requires=[("y", "x"), ("y", "elsewhere")],
    )


def answers_to(items: list[int], correct: list[int], *, minutes: list[float] | None = None) -> Answers:
    """First tries without a hint, at these minutes or at no known time."""
    size = len(items)
    seconds = np.full(size, np.nan) if minutes is None else np.array(minutes, float) * 60
    return Answers(
        item=np.array(items, np.int32),
        correct=np.array(correct, bool),
        label=np.ones(size, bool),
        try_number=np.ones(size, np.int32),
        hints=np.zeros(size, np.int32),
        seconds=seconds,
    )


def with_flipped(record: Snapshot, row: int) -> Snapshot:
    """The record with one answer the other way round."""
    correct = record.answers.correct.copy()
    correct[row] = ~correct[row]
    return replace(record, answers=replace(record.answers, correct=correct))


def many_steps() -> Steps:
    """Six items of one, of two and of no concept; y builds on x, and two of them share all their concepts."""
    return dataset.build_steps(
        items=["a", "b", "c", "d", "e", "f"],
        concepts=["x", "x;z", "y", "", "x", "y;z"],
        kinds=["number", "text", "", "number", "one_choice", "number"],
        courses=["1", "1", "1", "1", "2", "1"],
        requires=[("y", "x")],
    )


def record_of(answers: Sequence[tuple[int, int, bool, int, int, float]], *, timed: bool) -> Snapshot:
    """A record by rows of student, item, correct, try, hints and minutes since the answer before; in `many_steps`."""
    rows = np.array(sorted(answers, key=lambda row: row[0]), float).reshape(-1, 6)
    student, item, correct, tried, hints = rows[:, :5].astype(np.int32).T
    many = int(student.max(initial=0)) + 1
    seconds = 1e9 + np.cumsum(rows[:, 5]) * 60
    columns = Answers(
        item=item,
        correct=correct > 0,
        label=(tried <= 1) & (hints == 0),
        try_number=tried,
        hints=hints,
        seconds=seconds if timed else np.full(len(rows), np.nan),
    )
    offsets = np.searchsorted(student, np.arange(many + 1)).astype(np.int64)
    return Snapshot(tuple(str(number) for number in range(many)), offsets, columns, many_steps(), simulated=True)


def random_record(seed: int, *, students: int, answers: int, timed: bool = True) -> Snapshot:
    """Answers of every sort: hinted, tried again, of several concepts and of none, minutes to weeks apart."""
    rng = np.random.default_rng(seed)
    skill = rng.uniform(0.2, 0.9, students)
    rows = [
        (
            student,
            int(rng.integers(6)),
            bool(rng.random() < skill[student]),
            int(rng.choice([1, 1, 1, 2, 3])),
            int(rng.choice([0, 0, 0, 1])),
            float(10 ** rng.uniform(-1, 4.3)),
        )
        for student in range(students)
        for _ in range(answers)
    ]
    return record_of(rows, timed=timed)


def random_network(steps: Steps, *, max_history: int = 16) -> tuple[tracing.Tracer, tracing.ResidualTable]:
    """A network with every weight drawn at random, so that nothing is silent because it is zero."""
    torch.manual_seed(0)
    config = tracing.TracingConfig(width=16, trunk=24, layers=2, heads=2, residual_width=4, max_history=max_history)
    model = tracing.Tracer(config)
    table = tracing.ResidualTable(items=steps.items, concepts=steps.concepts, width=4)
    with torch.no_grad():
        for weights in (*model.parameters(), *table.parameters()):
            weights.copy_(torch.randn_like(weights) * 0.3)
        model.mastery.out.sub_(1.5)  # whose outputs are all positive: else everything is mastered
        model.mastery.direct.bias.sub_(3.0)
    model.train(False)
    return model, table.eval()


def everybody(record: Snapshot) -> Others:
    """What all students of a record did."""
    return Population(record, record.answers.label, folds=0).others()


def write_bundle(folder: Path, model: tracing.Tracer, table: tracing.ResidualTable, others: Others) -> Path:
    """As much of a bundle as serving reads."""
    folder.mkdir()
    tracing.save(folder, model=model, table=table)
    population.save(folder, others)
    seal.close(folder, {"spread": 0.8})
    return folder


def facts_of(steps: Steps) -> dict[str, StepFacts]:
    """The steps of a record as a query describes them."""
    return {
        name: StepFacts(
            concepts=tuple(steps.concepts[i] for i in steps.set_concepts[steps.item_set[item]] if i >= 0),
            kind=dataset.KINDS[steps.item_kind[item]],
            course=steps.courses[steps.item_course[item]],
        )
        for item, name in enumerate(steps.items)
    }


def past_of(answers: Answers, steps: Steps) -> list[PastAnswer]:
    """Answers as a query tells them."""
    return [
        PastAnswer(
            step=steps.items[answers.item[row]],
            correct=bool(answers.correct[row]),
            label=bool(answers.label[row]),
            hints=int(answers.hints[row]),
            try_number=int(answers.try_number[row]),
            seconds=None if math.isnan(answers.seconds[row]) else float(answers.seconds[row]),
        )
        for row in range(len(answers))
    ]


def query_at(record: Snapshot, student: int, place: int, *, known: Bools | None = None) -> StudentQuery:
    """The student after `place` answers; counts of everybody (of answers `known`), of the own only these answers."""
    start, stop = (int(offset) for offset in record.offsets[student : student + 2])
    answers, steps = record.answers, record.steps
    counted = answers.label & known if known is not None else answers.label.copy()
    counted[start : start + place] = answers.label[start : start + place]
    counted[start + place : stop] = False
    next_row = start + place if start + place < stop else stop - 1
    now = float(answers.seconds[next_row])
    return StudentQuery(
        history=past_of(answers.part(slice(start, start + place)), steps),
        candidates=[steps.items[answers.item[row]] for row in range(start + place, stop)[:1]],
        steps=facts_of(steps),
        concepts=(),
        requires=[(steps.concepts[a], steps.concepts[b]) for a, b in steps.requires],
        **counts_by_name(steps, population.count(steps, item=answers.item[counted], right=answers.correct[counted])),
        now=None if math.isnan(now) else now,
    )


def counts_by_name(steps: Steps, counts: Counts) -> dict[str, dict[str, tuple[int, int]]]:
    """Counts as a query gives them."""

    def pairs(names: tuple[str, ...], tries: Floats, right: Floats) -> dict[str, tuple[int, int]]:
        return {name: (int(a), int(b)) for name, a, b in zip(names, tries, right, strict=True)}

    return {
        "item_counts": pairs(steps.items, counts.item_tries, counts.item_right),
        "concept_counts": pairs(steps.concepts, counts.concept_tries, counts.concept_right),
        "course_counts": pairs(steps.courses, counts.course_tries, counts.course_right),
    }
