"""Parts of a record to learn from: a few answers of students drawn at random, the test students as they are."""

from dataclasses import replace

import numpy as np

from training.dataset import Bools, Snapshot, Split

HELD_BACK = 0.2  # of the drawn answers, to stop by


def drawn(record: Snapshot, split: Split, *, answers: int, seed: int) -> tuple[Snapshot, Split]:
    """The record of the test students and of students drawn until they have so many answers; the last is cut short."""
    rng = np.random.default_rng(seed)
    known = split.train | split.valid
    student = record.student_of_row
    pool = rng.permutation(np.unique(student[known]))
    size = np.diff(record.offsets)
    enough = int(np.searchsorted(np.cumsum(size[pool]), answers)) + 1 if answers else 0
    order = np.concatenate([np.arange(*record.offsets[[one, one + 1]]) for one in pool[:enough]] or [np.zeros(0, int)])
    learned = np.zeros(len(student), bool)
    learned[order[:answers]] = True
    held = np.zeros_like(learned)
    held[order[:answers][round(answers * (1 - HELD_BACK)) :]] = True
    parts = Split(train=learned & ~held, valid=held, test=split.test, counted=learned & ~held)
    return only(record, parts, rows=learned | split.test)


def only(record: Snapshot, parts: Split, *, rows: Bools) -> tuple[Snapshot, Split]:
    """The record and its parts without the other rows, and without students who then have none."""
    size = np.bincount(record.student_of_row[rows], minlength=len(record.students))
    kept = np.flatnonzero(size)
    fewer = replace(
        record,
        students=tuple(record.students[one] for one in kept),
        offsets=np.concatenate([[0], np.cumsum(size[kept])]).astype(np.int64),
        answers=record.answers.part(rows),
    )
    return fewer, Split(*(part[rows] for part in (parts.train, parts.valid, parts.test, parts.counted)))
