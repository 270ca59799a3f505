"""One small simulated course, and students of all kinds who practise in it, as a snapshot with the truth beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from training.simulation.draws import integer_of
from training.simulation.student import DAY, MOST_HINTS, SimulatedStudent, difficulty, draw_students
from training.snapshot import Columns, SnapshotWriter

FIRST_DAY = datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp()
SNAPSHOT_TIME = datetime(2027, 1, 5, 8, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class SimulatedCourse:
    """Concepts with direct prerequisites, and steps with their concepts and difficulties (logits)."""

    name: str
    requires: Mapping[str, tuple[str, ...]]
    steps: Mapping[str, tuple[str, ...]]
    difficulties: Mapping[str, float]


def draw_course(*, concepts: int, items: int, seed: int) -> SimulatedCourse:
    """A course drawn at random. Its ids carry the seed, so that snapshots of several courses can be joined."""
    rng = Random(integer_of(f"course:{seed}"))  # noqa: S311
    names = [f"{seed}-c{number}" for number in range(concepts)]
    requires = {
        name: tuple(rng.sample(names[max(0, place - 5) : place], k=min(place, rng.choice((0, 1, 1, 2)))))
        for place, name in enumerate(names)
    }
    steps: dict[str, tuple[str, ...]] = {}
    for number in range(items):
        main = number * concepts // items
        others = [name for name in requires[names[main]] if rng.random() < 0.2]
        steps[f"{seed}-i{number}"] = (names[main], *others)
    shift = rng.gauss(-0.2, 0.5)
    spread = rng.uniform(0.5, 1.3)
    difficulties = {item: shift + difficulty(item, spread=spread) for item in steps}
    return SimulatedCourse(name=f"simulated-{seed}", requires=requires, steps=steps, difficulties=difficulties)


def write_snapshot(folder: Path, *, students: int, answers_each: int, concepts: int, items: int, seed: int) -> None:
    """Write a snapshot of `students` who each give about `answers_each` answers in a course drawn at random.

    Beside the usual tables, `latent.parquet` holds the hidden truth after the last answer: student, concept, mastery.
    """
    course = draw_course(concepts=concepts, items=items, seed=seed)
    truth: dict[str, list[str | float]] = {"student": [], "concept": [], "mastery": []}
    with SnapshotWriter(folder, objective="tracing", now=SNAPSHOT_TIME) as writer:
        writer.write("steps", _step_columns(course))
        pairs = [(name, needed) for name, all_needed in course.requires.items() for needed in all_needed]
        writer.write("prerequisites", {"concept": [a for a, _ in pairs], "requires": [b for _, b in pairs]})
        for place, student in enumerate(draw_students(students, seed=seed)):
            name = f"{seed}-s{place}"
            rows, last_at = _practise(student, course, name=name, answers=answers_each)
            writer.write("attempts", rows)
            for concept in course.requires:
                truth["student"].append(name)
                truth["concept"].append(concept)
                truth["mastery"].append(student.mastery(concept=concept, requires=course.requires, at=last_at))
    pq.write_table(pa.table(truth), folder / "latent.parquet")


def _step_columns(course: SimulatedCourse) -> Columns:
    rng = Random(course.name)  # noqa: S311
    return {
        "item": list(course.steps),
        "concepts": [";".join(concepts) for concepts in course.steps.values()],
        "kind": [rng.choice(("one_choice", "number", "number", "expression")) for _ in course.steps],
        "course": [course.name] * len(course.steps),
        "exercise": list(course.steps),
    }


def _practise(student: SimulatedStudent, course: SimulatedCourse, *, name: str, answers: int) -> tuple[Columns, float]:
    """One student's way through the course: concept by concept with looks back, in sittings, trying again at times."""
    rng = Random(integer_of(f"way:{student.seed}"))  # noqa: S311
    by_concept: dict[str, list[str]] = {concept: [] for concept in course.requires}
    for item, concepts in course.steps.items():
        by_concept[concepts[0]].append(item)
    order = [concept for concept, steps in by_concept.items() if steps]
    way = _Way(at=FIRST_DAY + rng.uniform(0, 10 * DAY), rows={key: [] for key in _ROW})
    sitting = rng.randint(8, 40)
    place = rng.randrange(len(order)) // 3
    while len(way.rows["correct"]) < answers:
        concept = order[place] if rng.random() < 0.8 else order[rng.randrange(place + 1)]
        _work_on(student, rng.choice(by_concept[concept]), course=course, way=way, rng=rng)
        if rng.random() < 0.12:
            place = (place + 1) % len(order)
        if len(way.rows["correct"]) % sitting == 0:
            way.at += rng.choice((0.5, 1, 1, 2, 4, 9)) * DAY
    count = len(way.rows["correct"])
    rows: Columns = {**way.rows, "student": [name] * count, "index": list(range(count)), "simulated": [True] * count}
    return rows, way.at


_ROW = ("item", "correct", "label", "try_number", "hints", "timestamp")


@dataclass(kw_only=True)
class _Way:
    at: float
    rows: dict[str, list[str | float | bool]]


def _work_on(student: SimulatedStudent, item: str, *, course: SimulatedCourse, way: _Way, rng: Random) -> None:
    """Up to three tries at one step."""
    hints = 0
    for try_number in range(1, 4):
        response = student.respond(
            item=item,
            concepts=course.steps[item],
            difficulty=course.difficulties[item],
            requires=course.requires,
            at=way.at,
        )
        hints = min(MOST_HINTS, hints + response.hints)
        label = try_number == 1 and hints == 0
        values: tuple[str | float | bool, ...] = (item, response.correct, label, try_number, hints, way.at)
        for key, value in zip(_ROW, values, strict=True):
            way.rows[key].append(value)
        way.at += response.seconds
        if response.correct or response.gives_up or rng.random() < 0.4:
            return
