"""Simulated courses by the dozen: what is drawn is broad, and it is written as it is told."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from training import dataset
from training.simulation import __main__ as command
from training.simulation import corpus, priors, write_corpus
from training.simulation.terrain import KINDS

COURSES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty small courses."""
    made = tmp_path_factory.mktemp("corpus") / "snapshot"
    write_corpus(made, answers=150_000, courses=COURSES, seed=1)
    return made


@pytest.fixture(scope="module")
def record(folder: Path) -> dataset.Snapshot:
    return dataset.read_snapshot(folder)


def course_of_row(record: dataset.Snapshot) -> npt.NDArray[np.int32]:
    return record.steps.item_course[record.answers.item]


def by_course(record: dataset.Snapshot, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """[courses] means."""
    course = course_of_row(record)
    return np.bincount(course, weights=values) / np.bincount(course)


# --- what is written -------------------------------------------------------------------------------------------------


def test_the_same_arguments_write_the_same_files_and_another_seed_other_ids(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_corpus(tmp_path / name, answers=4000, courses=3, seed=seed)
    manifests = {name: json.loads((tmp_path / name / "manifest.json").read_text()) for name in "abc"}
    ids = {
        name: {
            *pq.read_table(tmp_path / name / "steps.parquet")["item"].to_pylist(),
            *pq.read_table(tmp_path / name / "steps.parquet")["concepts"].to_pylist(),
            *pq.read_table(tmp_path / name / "attempts.parquet")["student"].to_pylist(),
        }
        for name in "ac"
    }
    assert manifests["a"] == manifests["b"] != manifests["c"]
    assert not ids["a"] & ids["c"]


def test_as_many_answers_are_given_in_as_many_courses_as_were_asked_for(folder: Path, record: dataset.Snapshot) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(record.answers) == manifest["answers"] == 150_000
    assert len(record.students) == manifest["students"]
    assert record.answers.label.sum() == manifest["labels"]
    assert len(record.steps.courses) == COURSES
    assert len(np.unique(course_of_row(record))) == COURSES
    assert record.simulated
    first, last = record.offsets[:-1], record.offsets[1:] - 1
    assert (course_of_row(record)[first] == course_of_row(record)[last]).all()


def test_portions_hold_whole_students_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "PORTION", 700)
    write_corpus(tmp_path / "s", answers=6000, courses=4, seed=2)
    table = pq.read_table(tmp_path / "s" / "attempts.parquet")
    assert pq.ParquetFile(tmp_path / "s" / "attempts.parquet").num_row_groups > 6
    students, index = table["student"].to_numpy(), table["index"].to_numpy()
    begins = np.flatnonzero(np.r_[True, students[1:] != students[:-1]])
    assert len(begins) == len(set(students))
    assert (np.diff(index)[np.diff(index) != 1] < 0).all()
    assert (index[begins] == 0).all()


def test_a_log_tells_tries_hints_times_kinds_and_graph_or_does_not(folder: Path, record: dataset.Snapshot) -> None:
    answers = record.answers
    plain = by_course(record, answers.label) == 1
    later, hinted = answers.try_number > 1, answers.hints > 0
    assert 0.2 < plain.mean() < 0.8
    assert (answers.label == (~later & ~hinted)).all()
    timed = by_course(record, np.isfinite(answers.seconds))
    assert set(timed) == {0, 1}
    assert 0.2 < timed.mean() < 0.8
    gaps = np.diff(answers.seconds)[np.diff(record.student_of_row) == 0]
    assert (gaps[np.isfinite(gaps)] > 0).all()
    kinds = pq.read_table(folder / "steps.parquet", columns=["kind"])["kind"].to_pylist()
    assert set(kinds) == {"", *KINDS} == set(dataset.KINDS)
    building_on = {name.rsplit("-", 1)[0] for name in np.array(record.steps.concepts)[record.steps.requires[:, 0]]}
    assert 0.1 < len(building_on) / COURSES < 0.4  # nearly half of the courses have a graph


# --- how broad it is -------------------------------------------------------------------------------------------------

# What can be counted in six public logs of practice and tests, lowest and highest, each by the functions below.
PUBLIC = {
    "right": (0.53, 0.77),
    "right_at_first_sight": (0.44, 0.77),
    "right_after_right": (0.64, 0.87),
    "right_after_wrong": (0.34, 0.63),
    "after_three_right": (0.74, 0.88),
    "after_three_wrong": (0.39, 0.56),
    "same_concept_again": (0.04, 0.76),
    "step_seen_before": (0.02, 0.86),
    "spread_of_students": (0.11, 0.31),
    "spread_of_steps": (0.15, 0.20),
    "echo": (0.10, 0.45),
    "late_echo": (0.02, 0.19),
}


def test_what_public_logs_look_like_lies_inside_what_is_drawn(tmp_path: Path) -> None:
    """Of a hundred courses, some lie beyond on either side."""
    write_corpus(tmp_path / "s", answers=400_000, courses=100, seed=5)
    record = dataset.read_snapshot(tmp_path / "s")
    course = course_of_row(record)[record.offsets[:-1]]
    drawn = [looks(record, np.flatnonzero(course == number)) for number in range(100)]
    for name, (lowest, highest) in PUBLIC.items():
        values = np.array([one[name] for one in drawn])
        assert (values < lowest).any(), name
        assert (values > highest).any(), name


def looks(record: dataset.Snapshot, students: npt.NDArray[np.int64]) -> dict[str, float]:
    """Simple statistics of a course."""
    rows = slice(record.offsets[students[0]], record.offsets[students[-1] + 1])
    student = record.student_of_row[rows] - students[0]
    item = record.answers.item[rows]
    concept = record.steps.item_set[item]
    right = record.answers.correct[rows].astype(float)
    together = student[1:] == student[:-1]
    same = together & (concept[1:] == concept[:-1])
    new = np.zeros(len(item), bool)
    new[np.unique(student * (item.max() + 1) + item, return_index=True)[1]] = True
    rest = right - mean_of(right, item)[item]
    return {
        "right": right.mean(),
        "right_at_first_sight": right[new].mean(),
        "right_after_right": right[1:][together & (right[:-1] == 1)].mean(),
        "right_after_wrong": right[1:][together & (right[:-1] == 0)].mean(),
        "after_three_right": after(right, student, [1, 1, 1]),
        "after_three_wrong": after(right, student, [0, 0, 0]),
        "same_concept_again": same.mean(),
        "step_seen_before": 1 - new.mean(),
        "spread_of_students": spread(right, student),
        "spread_of_steps": spread(right[new], item[new]),
        "echo": echo(rest, student, 1),
        "late_echo": echo(rest, student, 20),
    }


def mean_of(values: npt.NDArray[Any], group: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.bincount(group, weights=values) / np.maximum(np.bincount(group), 1)


def spread(right: npt.NDArray[Any], group: npt.NDArray[Any]) -> float:
    """Standard deviation of the share of right answers between groups, beyond what chance makes of few answers."""
    count = np.bincount(group)
    enough = count >= 10
    if enough.sum() < 5:
        return float("nan")
    share, count = mean_of(right, group)[enough], count[enough]
    return float(max(0, share.var() - (share * (1 - share) / count).mean()) ** 0.5)


def after(right: npt.NDArray[Any], student: npt.NDArray[Any], pattern: Sequence[int]) -> float:
    """Share of right answers after these last ones."""
    size = len(pattern)
    met = student[size:] == student[:-size]
    for place, value in enumerate(pattern):
        met &= right[place : len(right) - size + place] == value
    return float(right[size:][met].mean()) if met.sum() > 50 else float("nan")


def echo(rest: npt.NDArray[Any], student: npt.NDArray[Any], back: int) -> float:
    """How much what is unexpected comes again so many answers later."""
    together = student[back:] == student[:-back]
    if together.sum() < 100:
        return float("nan")
    return float((rest[back:] * rest[:-back])[together].mean() / rest.var())


def test_a_test_is_answered_whole_by_everybody() -> None:
    seen = 0
    for seed in range(40):
        settings = priors.draw_settings(np.random.default_rng(seed), answers=2000)
        if not settings.size.everything:
            continue
        seen += 1
        practice = settings.practice
        assert practice.listed
        assert (practice.versions, practice.retries, practice.skipping, settings.answering.gain) == (1, 0, 0, 0)
    assert seen


def test_sizes_stay_within_their_bounds() -> None:
    drawn = [priors.draw_settings(np.random.default_rng(seed), answers=300 + 500 * seed).size for seed in range(300)]
    concepts, items = np.array([size.concepts for size in drawn]), np.array([size.items for size in drawn])
    assert concepts.min() == 1
    assert 100 < concepts.max() <= priors.MOST_CONCEPTS
    assert items.min() == priors.FEWEST_ITEMS
    assert 4000 < items.max() <= priors.MOST_ITEMS
    assert (concepts <= items).all()
    assert {size.members for size in drawn} == {1, 2, 3, 4}


# --- the command line ------------------------------------------------------------------------------------------------


def test_a_command_line_writes_a_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s"
    assert command.main([str(out), "--answers", "1000", "--courses", "2", "--seed", "7"]) == 0
    assert "1000 answers" in capsys.readouterr().out
    assert len(dataset.read_snapshot(out).answers) == 1000


@pytest.mark.parametrize("asked", [("--answers", "100"), ("--courses", "0"), ("--seed", "-1")])
def test_a_corpus_that_makes_no_sense_is_refused(
    asked: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(tmp_path / "s"), *asked]) == 2
    assert "error" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
