"""Made-up schools in which each part of the tracer that must not get lost is worth much.

What students answer is drawn, in shares, from three kinds of exercises:

- Of eight concepts. A student is good at some and bad at others. The earlier of these answers are second tries, which
  no count of what a student knows is made of: only the attention sees them, and only the relations tell it which of
  them are of the concept asked about.
- Common, of one concept, that everybody meets. Some take ability and some are a toss-up for everybody; all are equally
  hard, so that only what is known of single exercises (the table) tells them apart.
- Rare, that three students in all meet. They take ability alone: one's own answer, were it among the counts, would
  tell in training what it does not tell later.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training import benchmark
from training.dataset import Snapshot, Split

STUDENTS = 300
HELD = 60  # each of valid and test
ANSWERS = 80  # a student
CONCEPTS = 8
TURN = 48  # answers of a student, up to which those to concepts are second tries
OF_A_CONCEPT = 4  # exercises
COMMON = 20  # exercises that everybody meets
RARE_MET = 3  # students who meet a rare exercise
SKILL = 2.5  # logits, spread between a student's concepts
SLOPE = 5.0  # logits, what ability is worth where it counts
CONCEPT, ORDINARY, RARE = range(3)  # kinds of exercises


def columns(shares: Sequence[float], *, seed: int) -> dict[str, Any]:
    """student, index, item, concepts, correct, and kind, of every answer."""
    rng = np.random.default_rng(seed)
    shape = (STUDENTS, ANSWERS)
    concept = rng.integers(0, CONCEPTS, shape)
    skill = rng.normal(0, SKILL, (STUDENTS, CONCEPTS))
    ability = SLOPE * np.broadcast_to(rng.normal(size=(STUDENTS, 1)), shape)
    kind = rng.choice(3, shape, p=shares)
    common = rng.integers(0, COMMON, shape)
    few = CONCEPTS * OF_A_CONCEPT
    item = np.choose(kind, [concept * OF_A_CONCEPT + rng.integers(0, OF_A_CONCEPT, shape), few + common, 0])
    met = int((kind == RARE).sum())
    item[kind == RARE] = few + COMMON + rng.permutation(np.arange(met) // RARE_MET)
    level = np.choose(kind, [np.take_along_axis(skill, concept, 1), ability * (common % 2), ability])
    names = np.array([*(f"c{number}" for number in range(CONCEPTS)), "common", "rare"])
    return {
        "student": np.repeat(np.arange(STUDENTS), ANSWERS),
        "index": np.tile(np.arange(ANSWERS), STUDENTS),
        "item": item.ravel(),
        "concepts": names[np.choose(kind, [concept, CONCEPTS, CONCEPTS + 1])].ravel(),
        "correct": (rng.random(shape) < 1 / (1 + np.exp(-level))).astype(np.int8).ravel(),
        "kind": kind.ravel(),
    }


def write(folder: Path, shares: Sequence[float] = (0.4, 0.3, 0.3), *, seed: int) -> tuple[Path, Path]:
    """Write the answers as a data file, which has no place for second tries, and their split. Returns both files."""
    data, split = folder / "made_school.parquet", folder / "made_school.json"
    pq.write_table(pa.table(columns(shares, seed=seed)).drop_columns(["kind"]), data)
    students = np.random.default_rng(seed).permutation(STUDENTS).tolist()
    parts = {"test": students[:HELD], "valid": students[HELD : 2 * HELD], "train": students[2 * HELD :]}
    split.write_text(json.dumps(parts), encoding="utf-8")
    return data, split


def school(folder: Path, shares: Sequence[float], *, seed: int) -> tuple[Snapshot, Split, Any]:
    """The record with its second tries, its split, and the kind of each answer, by way of files in the folder."""
    data, split = write(folder, shares, seed=seed)
    record = benchmark.read_answers(data)
    order = [int(student) for student in record.students]
    kind = columns(shares, seed=seed)["kind"].reshape(STUDENTS, ANSWERS)[order]
    again = ((kind == CONCEPT) & (np.arange(ANSWERS) < TURN)).ravel()
    answers = replace(record.answers, label=~again, try_number=np.where(again, 2, 1).astype(np.int32))
    record = replace(record, answers=answers)
    return record, benchmark.read_split(split, record), kind.ravel()
