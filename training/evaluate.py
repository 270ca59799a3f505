"""Evaluation: a bundle on later answers than it was trained on, beside baselines and the version that serves.

Reads: a bundle folder, a snapshot folder, the serving bundle. Writes: the bundle's report.json.
Everybody is judged on the same rows, the first tries without a hint after the last cut-off of the bundle's own split.
Classes and languages are read here and nowhere else: no model ever sees them.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from students import knowledge
from training import batches, comparison, dataset, features, scores, seal, serving
from training.batches import Material
from training.config import FinetuneConfig
from training.dataset import Answers, Bools, Snapshot, Split
from training.features import Halves
from training.histories import asked_at
from training.objectives import tracing
from training.population import FOLDS, Counts, Others, Population, count

FIRST_ANSWERS = 10
RARE = 5  # first tries in the training part, below which an item is rarely answered
AHEAD = 20  # held-out answers of a student, expected all at once, that tell of the spread
MOST_STUDENTS = 1000  # that are looked at for it
SPREAD_WEIGHT = 20.0  # of the spread assumed beforehand: as much as about a thousand pairs of answers tell
LEAST_SPREAD = 0.3
Predictions = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer[Any]]


def evaluate(*, bundle: Path, snapshot: Path, rival: Path | None = None, after: float | None = None) -> dict[str, Any]:
    """Judge `bundle`, and the bundle that serves, on the held-out part of `snapshot`; the report goes into the bundle.

    `after`: seconds since 1970 up to which what they started from may have seen answers; only later ones are judged.
    Report: answers (number of rows judged), candidate, serving (or None), baselines (base_rate,
    knowledge, best_lr), each with the figures of scores.metrics; gain over the rival (the serving version, else
    knowledge) with its interval; subgroups (by name: answers, students, the figures of each, loss against the rival
    and its standard error); calibration; spread; seen_until; beside what the run itself wrote.
    Raises dataset.BadSnapshot, seal.BadBundle, and OSError or ValueError where a bundle cannot be read.
    """
    for folder in filter(None, (bundle, rival)):
        seal.verify(folder)
    report = seal.read_report(bundle)
    config = FinetuneConfig.from_options(report["settings"])
    record = dataset.read_snapshot(snapshot)
    split = dataset.split_by_time(record, config=config.split, seed=config.seed)
    seen = seen_until(record, split, after=after)
    if after is not None:
        split = replace(split, test=split.test & ~(record.answers.seconds <= after))
    population = Population(record, split.counted, folds=FOLDS, seed=config.seed)
    counts = population.others().counts
    judged = np.zeros(len(record.students), bool)
    judged[record.student_of_row[split.test]] = True
    described = features.tabulate(record, population, rows=judged[record.student_of_row])

    predicted = {"candidate": predict(bundle, record, described, rows=split.test)}
    if rival is not None:
        predicted["serving"] = predict(rival, record, described, rows=split.test)
    predicted["knowledge"] = plain_estimates(record, counts, split)
    others = {
        "base_rate": np.full(int(split.test.sum()), record.answers.correct[split.train].mean()),
        "knowledge": predicted["knowledge"],
        "best_lr": best_lr(record, split),
    }
    right = record.answers.correct[split.test]
    figures = {name: scores.metrics(right, p) for name, p in predicted.items()}
    groups = subgroups(record, counts, split.test, snapshot=snapshot)
    return seal.amend(
        bundle,
        {
            "answers": len(right),
            "spread": fitted_spread(bundle, record, population.others(), split),
            "seen_until": seen,
            "candidate": figures["candidate"],
            "serving": figures.get("serving"),
            "baselines": {name: scores.metrics(right, p) for name, p in others.items()},
            **compared(right, predicted, student=record.student_of_row[split.test], groups=groups, seed=config.seed),
            "calibration": {name: comparison.calibration(right, p) for name, p in predicted.items()},
        },
    )


def seen_until(record: Snapshot, split: Split, *, after: float | None) -> float | None:
    """The time up to which the model has seen answers: those of this run and, up to `after`, of what it started from.

    None where times are not known.
    """
    times = record.answers.seconds[split.train | split.valid]
    own = float(times.max()) if len(times) and np.isfinite(times).all() else None
    return max((moment for moment in (own, after) if moment is not None), default=None)


def compared(
    right: Bools, predicted: dict[str, Predictions], *, student: Any, groups: dict[str, Any], seed: int
) -> dict[str, Any]:
    """The candidate beside its rival on the same answers, over all and in each group."""
    rival = "serving" if "serving" in predicted else "knowledge"
    lost = {name: comparison.losses(right, p) for name, p in predicted.items()}
    if not len(right):
        return {"gain": None, "subgroups": {}}
    worse = lost["candidate"] - lost[rival]
    return {
        "gain": {"over": rival, **comparison.gain(lost["candidate"], lost[rival], student=student, seed=seed)},
        "subgroups": {
            name: {
                "answers": len(rows),
                "students": len(np.unique(student[rows])),
                "loss": float(worse[rows].mean()),
                "error": comparison.standard_error(worse[rows], student=student[rows]),
                **{who: scores.metrics(right[rows], p[rows]) for who, p in predicted.items()},
            }
            for name, rows in groups.items()
        },
    }


def predict(bundle: Path, record: Snapshot, described: Halves, *, rows: Bools) -> Predictions:
    """P(right) [rows] of a bundle."""
    model, table = tracing.load(bundle)
    material = Material(record, table=table, described=described, predicted=rows)
    return batches.predict(model, table, material)[rows].astype(np.float64)


def fitted_spread(bundle: Path, record: Snapshot, others: Others, split: Split) -> float:
    """The standard deviation, in logits, of abilities in a concept around what the network takes for mastery.

    A student's next held-out answers are expected all at once, from what came before the first of them. An ability
    that is higher than expected shows in all answers to a concept, so that what two of them are off by, r, goes
    together: E[r1·r2] = w1·w2·spread², with w = p(1 - p), to first order. Two answers to one step tell of the step and
    are left out. With few pairs the result stays near serving.SPREAD.
    """
    together = alone = 0.0
    for rows, p in expected_at_once(bundle, record, others, split):
        item = record.answers.item[rows]
        group = record.steps.item_set[item]
        pairs = np.triu((group[:, None] == group) & (item[:, None] != item), 1)
        off, weight = record.answers.correct[rows] - p, p * (1 - p)
        together += float(off @ pairs @ off)
        alone += float(weight @ pairs @ weight)
    variance = (together + SPREAD_WEIGHT * serving.SPREAD**2) / (alone + SPREAD_WEIGHT)
    return float(np.sqrt(max(variance, LEAST_SPREAD**2)))


def expected_at_once(bundle: Path, record: Snapshot, others: Others, split: Split) -> Iterator[tuple[Any, Predictions]]:
    """By student, the first held-out answers and mastery as of their steps, all from what came before the first."""
    model, _ = tracing.load(bundle)
    held = split.valid | split.test
    groups: list[Any] = []
    for start, stop in zip(record.offsets[:-1].tolist(), record.offsets[1:].tolist(), strict=True):
        rows = start + np.flatnonzero(held[start:stop])[:AHEAD]
        if len(rows) > 1 and len(groups) < MOST_STUDENTS:
            groups.append(rows)
    if not groups:
        return
    first = asked_at(record, np.repeat([rows[0] for rows in groups], [len(rows) for rows in groups]))
    asked = replace(asked_at(record, np.concatenate(groups)), seen=first.seen, seconds=first.seconds)
    with torch.inference_mode():
        described = torch.from_numpy(features.describe(record, asked, others))
        p = torch.sigmoid(model.mastery(model.scaled(described))).numpy().astype(np.float64)
    yield from zip(groups, np.split(p, np.cumsum([len(rows) for rows in groups])[:-1]), strict=True)


def subgroups(record: Snapshot, counts: Counts, judged: Bools, *, snapshot: Path) -> dict[str, Places]:
    """Groups of the judged rows, each the places of its rows among them; empty ones are left out."""
    item = record.answers.item[judged]
    place = (np.arange(len(judged)) - record.offsets[record.student_of_row])[judged]
    groups = {"first_ten_answers": place < FIRST_ANSWERS, "rarely_answered_items": counts.item_tries[item] < RARE}
    course = record.steps.item_course[item]
    for number, name in enumerate(record.steps.courses):
        groups[f"course_{name}"] = course == number
    language_of = {row[0]: row[1] for row in _rows(snapshot / "courses.parquet", "course", "language")}
    language = np.array([language_of.get(name, "") for name in record.steps.courses])[course]
    for name in sorted(set(language_of.values())):
        groups[f"language_{name}"] = language == name
    found: dict[str, Places] = {name: np.flatnonzero(rows) for name, rows in groups.items()}
    found |= _classes(record, snapshot / "classes.parquet", student=record.student_of_row[judged], course=course)
    return {name: rows for name, rows in found.items() if len(rows)}


def _classes(record: Snapshot, file: Path, *, student: Places, course: Places) -> dict[str, Places]:
    """The judged rows of each class: answers of its students in its course. Rows of a student lie together."""
    students = {name: number for number, name in enumerate(record.students)}
    courses = {name: number for number, name in enumerate(record.steps.courses)}
    found: dict[str, list[Places]] = {}
    for name, member, taken in _rows(file, "class", "student", "course"):
        number = students.get(member, -1)
        rows = np.arange(*np.searchsorted(student, [number, number + 1]))
        found.setdefault(f"class_{name}", []).append(rows[course[rows] == courses.get(taken, -1)])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _rows(file: Path, *columns: str) -> Iterator[tuple[str, ...]]:
    """The rows of a table of the snapshot; none where it has no such table, as one of a public log."""
    if file.is_file():
        table = pq.read_table(file, columns=list(columns))
        yield from zip(*(table.column(name).to_pylist() for name in columns), strict=True)


def plain_estimates(record: Snapshot, counts: Counts, split: Split) -> Predictions:
    """P(right) [test rows] by students/knowledge, as the site would give it without a model.

    Answers without a time count as if they had come at one moment.
    """
    p = np.empty(len(record.answers))
    for start, stop in zip(record.offsets[:-1].tolist(), record.offsets[1:].tolist(), strict=True):
        rows = slice(start, stop)
        if split.test[rows].any():
            answers = record.answers.part(rows)
            mine = answers.part(split.counted[rows])
            others = counts.without(count(record.steps, item=mine.item, right=mine.correct))
            p[rows] = _plain_estimates_of(record, others, answers, wanted=split.test[rows])
    return p[split.test]


def _plain_estimates_of(record: Snapshot, counts: Counts, answers: Answers, *, wanted: Bools) -> Predictions:
    """One student's P(right) [answers], where wanted."""
    beliefs: dict[int, knowledge.Belief] = {}
    start = knowledge.prior()
    p = np.full(len(answers), np.nan)
    times = np.where(np.isfinite(answers.seconds), answers.seconds, 0.0).tolist()
    steps = record.steps
    for row, (item, at) in enumerate(zip(answers.item.tolist(), times, strict=True)):
        concepts = [number for number in steps.set_concepts[steps.item_set[item]].tolist() if number >= 0]
        if wanted[row]:
            p[row] = knowledge.probability_right(
                [knowledge.estimate(beliefs.get(number, start), now=at) for number in concepts],
                step_right=int(counts.item_right[item]),
                step_tries=int(counts.item_tries[item]),
                concept_right=int(counts.concept_right[concepts].sum()),
                concept_tries=int(counts.concept_tries[concepts].sum()),
            )
        for number in concepts:
            beliefs[number] = knowledge.update(
                beliefs.get(number, start),
                correct=bool(answers.correct[row]),
                hints_used=int(answers.hints[row]),
                try_number=max(1, int(answers.try_number[row])),
                at=at,
            )
    return p


def best_lr(record: Snapshot, split: Split) -> Predictions:
    """P(right) [test rows] by «Best-LR» (Gervet et al. 2020, JEDM 12(3)): a logistic regression over items, concepts
    and the logs of the student's earlier right and wrong answers: all, on the concepts, on the item.
    """
    inputs = best_lr_inputs(record)
    right = record.answers.correct
    if len(np.unique(right[split.train])) < 2 or not split.test.any():
        return np.full(int(split.test.sum()), float(right[split.train].mean()))
    fitted = LogisticRegression(C=1.0, max_iter=300, tol=1e-3, solver="lbfgs").fit(
        inputs[np.flatnonzero(split.train)], right[split.train]
    )
    p: Predictions = fitted.predict_proba(inputs[np.flatnonzero(split.test)])[:, 1]
    return p


def best_lr_inputs(record: Snapshot) -> Any:
    """[answers, items + concepts + 6] sparse: what Best-LR sees of each answer before it is given."""
    answers, steps = record.answers, record.steps
    tallies = np.zeros((len(answers), 6), np.float32)
    for start, stop in zip(record.offsets[:-1].tolist(), record.offsets[1:].tolist(), strict=True):
        tallies[start:stop] = _tallies(record, range(start, stop))
    ones = np.ones(len(answers), np.float32)
    items = sparse.csr_matrix((ones, (np.arange(len(answers)), answers.item)), (len(answers), len(steps.items)))
    concepts = steps.incidence[steps.item_set[answers.item]]
    return sparse.hstack([items, concepts, sparse.csr_matrix(np.log1p(tallies))]).tocsr()


def _tallies(record: Snapshot, rows: range) -> list[list[float]]:
    """Earlier right and wrong answers of one student: all, mean over the concepts, on the item."""
    answers, steps = record.answers, record.steps
    total = [0, 0]
    by_concept: dict[int, list[int]] = {}
    by_item: dict[int, list[int]] = {}
    found = []
    for row in rows:
        item, wrong = int(answers.item[row]), int(not answers.correct[row])
        concepts = [number for number in steps.set_concepts[steps.item_set[item]].tolist() if number >= 0]
        seen: list[list[int]] = [by_concept.setdefault(number, [0, 0]) for number in concepts]
        same = by_item.setdefault(item, [0, 0])
        means = [sum(tally[side] for tally in seen) / max(len(seen), 1) for side in (0, 1)]
        found.append([*map(float, total), *means, *map(float, same)])
        for tally in (total, same, *seen):
            tally[wrong] += 1
    return found
