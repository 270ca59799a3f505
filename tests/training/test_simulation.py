"""Simulated students: deterministic, of many kinds, and moved by what moves real ones."""

import json
from pathlib import Path
from statistics import mean

import pyarrow.parquet as pq

from training import dataset, simulation
from training.simulation import DAY, Kind, SimulatedStudent
from training.snapshot import SnapshotWriter

REQUIRES = {"sums": (), "products": ("sums",)}
START = 1_767_600_000.0


def of_kind(kind: Kind, *, count: int = 40) -> list[SimulatedStudent]:
    return [student for student in simulation.draw_students(count * len(Kind), seed=5) if student.kind == kind]


def practise(
    student: SimulatedStudent, *, concept: str = "sums", times: int = 20, at: float = START
) -> list[simulation.SimulatedResponse]:
    return [
        student.respond(
            item=f"{concept}-{number}", concepts=[concept], difficulty=0.0, requires=REQUIRES, at=at + 60 * number
        )
        for number in range(times)
    ]


def mastery(student: SimulatedStudent, *, concept: str = "sums", at: float = START) -> float:
    return student.mastery(concept=concept, requires=REQUIRES, at=at)


def test_the_same_seed_and_questions_give_the_same_answers() -> None:
    first, second = (practise(simulation.draw_students(3, seed=7)[2]) for _ in range(2))
    other = practise(simulation.draw_students(3, seed=8)[2])

    assert first == second
    assert first != other


def test_every_kind_is_among_as_many_students_as_there_are_kinds() -> None:
    assert {student.kind for student in simulation.draw_students(len(Kind), seed=1)} == set(Kind)


def test_a_step_is_as_hard_for_everybody_and_the_draw_looks_normal() -> None:
    draws = [simulation.difficulty(str(number)) for number in range(2000)]

    assert simulation.difficulty("17") == simulation.difficulty("17")
    assert abs(mean(draws)) < 0.1
    assert 0.9 < mean(draw**2 for draw in draws) < 1.1


def test_practice_raises_mastery_and_most_for_the_quick() -> None:
    gains = {}
    for kind in (Kind.QUICK, Kind.STRUGGLING):
        students = of_kind(kind)
        before = mean(mastery(student) for student in students)
        for student in students:
            practise(student, times=4)
        gains[kind] = mean(mastery(student, at=START + 240) for student in students) - before

    assert gains[Kind.STRUGGLING] > 0.02
    assert gains[Kind.QUICK] > gains[Kind.STRUGGLING]


def test_the_forgetful_lose_more_in_a_month_than_the_steady() -> None:
    lost = {}
    for kind in (Kind.FORGETFUL, Kind.STEADY):
        students = of_kind(kind)
        for student in students:
            practise(student)
        end = START + 1200
        lost[kind] = mean(mastery(student, at=end) - mastery(student, at=end + 30 * DAY) for student in students)

    assert lost[Kind.FORGETFUL] > lost[Kind.STEADY] > 0


def test_knowing_the_prerequisite_helps_on_what_builds_on_it() -> None:
    untaught, taught = of_kind(Kind.STEADY), of_kind(Kind.STEADY)
    for student in taught:
        practise(student, times=30)

    assert mean(mastery(student, concept="products") for student in taught) > mean(
        mastery(student, concept="products") for student in untaught
    )


def test_hint_seekers_ask_for_hints_and_guessers_are_fast() -> None:
    steady, seekers, guessers = (
        [response for student in of_kind(kind, count=10) for response in practise(student)]
        for kind in (Kind.STEADY, Kind.HINT_SEEKER, Kind.GUESSER)
    )

    assert mean(response.hints for response in seekers) > 2 * mean(response.hints for response in steady)
    assert mean(response.seconds for response in guessers) < mean(response.seconds for response in steady) / 2


def test_the_tiring_get_worse_within_a_sitting_and_are_fresh_the_next_day() -> None:
    students = of_kind(Kind.TIRING)
    late, rested = [], []
    for student in students:
        late += [response.correct for response in practise(student, times=90)[60:]]
        rested += [response.correct for response in practise(student, times=10, at=START + DAY)]

    assert mean(rested) > mean(late) + 0.05


def test_a_snapshot_is_read_by_the_training_core_and_comes_with_the_truth(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    simulation.write_snapshot(folder, students=12, answers_each=30, concepts=5, items=25, seed=3)

    snapshot = dataset.read_snapshot(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    truth = pq.read_table(folder / "latent.parquet").to_pydict()

    assert len(snapshot.students) == manifest["students"] == 12
    assert len(snapshot.answers) == manifest["answers"] >= 12 * 30
    assert int(snapshot.answers.label.sum()) == manifest["labels"]
    assert len(truth["mastery"]) == 12 * 5
    assert all(0 < value < 1 for value in truth["mastery"])


def test_the_same_seed_writes_the_same_snapshot_and_another_seed_other_ids(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulation.write_snapshot(tmp_path / name, students=4, answers_each=20, concepts=3, items=9, seed=seed)
    manifests = {name: json.loads((tmp_path / name / "manifest.json").read_text()) for name in "abc"}
    items = {name: set(pq.read_table(tmp_path / name / "steps.parquet")["item"].to_pylist()) for name in "ac"}

    assert manifests["a"] == manifests["b"]
    assert not items["a"] & items["c"]


def test_a_snapshot_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    try:
        with SnapshotWriter(folder, objective="tracing", now=simulation.SNAPSHOT_TIME) as writer:
            writer.write("prerequisites", {"concept": ["b"], "requires": ["a"]})
            raise OSError("disk full")
    except OSError:
        pass

    assert list(tmp_path.iterdir()) == []
