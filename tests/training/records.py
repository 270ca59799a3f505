"""Small records of simulated students, and settings of networks small enough for tests."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from training import dataset, simulation
from training.config import FinetuneConfig, NetworkConfig
from training.dataset import Answers, Snapshot, Steps

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
    seconds = np.full(size, np.nan) if minutes is None else np.array(minutes) * 60
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
