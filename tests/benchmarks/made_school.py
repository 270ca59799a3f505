"""A made-up school in which each part of the tracer that must not get lost is worth something, and by how much.

A third of the answers each:

- To exercises of two concepts each, a few per pair. Students are good or bad at pairs, not at concepts: what bears on
  the next answer are the past ones to the same pair, which the relations of the attention tell from all others.
- To exercises of one concept that everybody meets. Some depend on ability and some are a toss-up for everybody; all
  are equally hard, so that only what is known of single exercises (the table of residuals) tells them apart.
- To exercises that three students in all meet. They depend on ability alone: one's own answer, were it among the
  counts, would tell in training what it does not tell later.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STUDENTS = 400
HELD = 60  # each of valid and test
ANSWERS = 90  # a student
CONCEPTS = 8  # of pairs; one more for all else
PAIRED = 2  # exercises of each pair
COMMON = 30  # exercises that everybody meets
RARE_MET = 3  # students who meet a rare exercise
SKILL = 2.5  # logits, spread between a student's pairs
SLOPE = 3.0  # logits, what ability is worth where it counts


def write(folder: Path, *, seed: int) -> tuple[Path, Path]:
    """Write answers.parquet and split.json into the folder. Returns them."""
    rng = np.random.default_rng(seed)
    shape = (STUDENTS, ANSWERS)
    first, second = np.triu_indices(CONCEPTS, 1)
    pairs = len(first)
    pair = rng.integers(0, pairs, shape)
    skill = rng.normal(0, SKILL, (STUDENTS, pairs))
    ability = SLOPE * rng.normal(size=(STUDENTS, 1)) * np.ones(shape)
    sort = rng.integers(0, 3, shape)
    number = int((sort == 2).sum())
    rare = rng.permutation(np.repeat(np.arange(-(-number // RARE_MET)), RARE_MET))[:number]
    common = rng.integers(0, COMMON, shape)
    item = np.choose(sort, [pair * PAIRED + rng.integers(0, PAIRED, shape), pairs * PAIRED + common, 0])
    item[sort == 2] = pairs * PAIRED + COMMON + rare
    level = np.choose(sort, [skill[np.arange(STUDENTS)[:, None], pair], ability * (common % 2), ability])
    names = np.array([*(f"{a};{b}" for a, b in zip(first, second, strict=True)), "common", "rare"])
    table = {
        "student": np.repeat(np.arange(STUDENTS), ANSWERS),
        "index": np.tile(np.arange(ANSWERS), STUDENTS),
        "item": item.ravel(),
        "concepts": names[np.choose(sort, [pair, pairs, pairs + 1])].ravel(),
        "correct": (rng.random(shape) < 1 / (1 + np.exp(-level))).astype(np.int8).ravel(),
    }
    data, split = folder / "made_school.parquet", folder / "made_school.json"
    pq.write_table(pa.table(table), data)
    students = rng.permutation(STUDENTS).tolist()
    parts = {"test": students[:HELD], "valid": students[HELD : 2 * HELD], "train": students[2 * HELD :]}
    split.write_text(json.dumps(parts), encoding="utf-8")
    return data, split
