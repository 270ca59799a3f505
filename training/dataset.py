"""Answers in memory: a snapshot folder as arrays, its splits, its windows and batches of windows.

Reads: a snapshot folder (attempts, steps and prerequisites as parquet, manifest.json).
Everything is in numpy; the rows of one student lie together, oldest first. Texts become numbers once, here.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy import sparse

from training import texts
from training.config import SplitConfig
from training.seal import file_hash
from training.snapshot import FORMAT, read_manifest

KINDS = ("", "one_choice", "several_choices", "number", "expression", "text")  # order is stored in models: append only

ANSWERS = 4096  # a step or a batch, at most
PORTION = 65_536  # answers read at a time
COLUMNS: Mapping[str, type] = {
    "student": np.int32,
    "index": np.int32,
    "item": np.int32,
    "correct": np.bool_,
    "label": np.bool_,
    "try_number": np.int32,
    "hints": np.int32,
    "timestamp": np.float64,
}

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Seconds = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


class BadSnapshot(ValueError):
    """The snapshot cannot be trained on; the message says which part and why."""


@dataclass(frozen=True)
class Steps:
    """What can be answered. A concept set is the set of concepts of a step; equal sets share one number."""

    items: tuple[str, ...]
    concepts: tuple[str, ...]
    courses: tuple[str, ...]
    item_set: Ints  # [items] number of the item's concept set
    item_kind: Ints  # [items] place in KINDS, 0 for anything else
    item_course: Ints  # [items]
    set_concepts: Ints  # [sets, most] concept numbers, filled up with -1
    requires: Ints  # [pairs, 2] concept, what it builds on
    texts: Floats  # [items, dimensions] centred embeddings (training/texts), zero where there is none

    @cached_property
    def item_hashes(self) -> Hashes:
        """[items] of the stable ids; never 0."""
        return _hashed(self.items)

    @cached_property
    def set_hashes(self) -> Hashes:
        """[sets] of the stable ids of their concepts; never 0."""
        return _hashed([";".join(self.concepts[i] for i in row if i >= 0) for row in self.set_concepts.tolist()])

    @cached_property
    def incidence(self) -> Any:
        """[sets, concepts] sparse, 1 where the set holds the concept."""
        rows, columns = np.nonzero(self.set_concepts >= 0)
        shape = (len(self.set_concepts), max(len(self.concepts), 1))
        ones = np.ones(len(rows), np.float32)
        return sparse.csr_matrix((ones, (rows, self.set_concepts[rows, columns])), shape)

    @cached_property
    def needs(self) -> Any:
        """[sets, concepts] sparse, positive where a concept of the set builds on the concept."""
        size = max(len(self.concepts), 1)
        ones = np.ones(len(self.requires), np.float32)
        pairs = sparse.csr_matrix((ones, (self.requires[:, 0], self.requires[:, 1])), (size, size))
        return self.incidence @ pairs

    def relations_of(self, sets: Any) -> tuple[Bools, Bools]:
        """[sets, sets] of these concept sets: shares a concept, builds on."""
        rows, across = self.incidence[sets], self.incidence[sets].T
        return (rows @ across).toarray() > 0, (self.needs[sets] @ across).toarray() > 0


@dataclass(frozen=True)
class Answers:
    """Answers of one or many students, in order. All arrays [answers]."""

    item: Ints
    correct: Bools
    label: Bools  # a first try without a hint: what is predicted
    try_number: Ints
    hints: Ints
    seconds: Seconds  # NaN where the time is not known

    def __len__(self) -> int:
        return len(self.item)

    def part(self, rows: slice | npt.NDArray[Any]) -> "Answers":
        """These rows only."""
        return Answers(
            self.item[rows],
            self.correct[rows],
            self.label[rows],
            self.try_number[rows],
            self.hints[rows],
            self.seconds[rows],
        )


@dataclass(frozen=True)
class Snapshot:
    """A record of answers: `offsets[s]:offsets[s + 1]` are the rows of student number s."""

    students: tuple[str, ...]
    offsets: npt.NDArray[np.int64]  # [students + 1]
    answers: Answers
    steps: Steps
    simulated: bool  # some or all of it

    @cached_property
    def student_of_row(self) -> Ints:
        """[answers] number of the student."""
        return np.repeat(np.arange(len(self.students), dtype=np.int32), np.diff(self.offsets))


@dataclass(frozen=True)
class Split:
    """Rows to train on, to stop by, to judge by; never overlapping. Labels only. All [answers] of bool."""

    train: Bools
    valid: Bools
    test: Bools
    counted: Bools  # rows that the population counts may be made of


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `start:stop` of one student, of which those from `first` on are predicted; the rest is history."""

    start: int
    first: int
    stop: int


def build_steps(
    *,
    items: Sequence[str],
    concepts: Sequence[str],
    kinds: Sequence[str],
    courses: Sequence[str],
    requires: Sequence[tuple[str, str]] = (),
    texts: Floats | None = None,
) -> Steps:
    """Number items, concepts and concept sets. `concepts` has one text an item, joined by «;»; `texts` are centred.

    Prerequisite pairs that name concepts of no item are left out: no answer can bear on them.
    """
    sets_of_items = [tuple(sorted(set(filter(None, text.split(";"))))) for text in concepts]
    names = sorted({name for names in sets_of_items for name in names})
    number = {name: i for i, name in enumerate(names)}
    sets = sorted(set(sets_of_items))
    set_number = {names: i for i, names in enumerate(sets)}
    course_names = sorted(set(courses))
    course_number = {name: i for i, name in enumerate(course_names)}
    kind_number = {name: i for i, name in enumerate(KINDS)}
    table = np.full((len(sets), max((len(names) for names in sets), default=1) or 1), -1, np.int32)
    for row, members in enumerate(sets):
        table[row, : len(members)] = [number[name] for name in members]
    pairs = [(number[a], number[b]) for a, b in requires if a in number and b in number]
    return Steps(
        items=tuple(items),
        concepts=tuple(names),
        courses=tuple(course_names),
        item_set=np.array([set_number[names] for names in sets_of_items], np.int32),
        item_kind=np.array([kind_number.get(kind, 0) for kind in kinds], np.int32),
        item_course=np.array([course_number[course] for course in courses], np.int32),
        set_concepts=table,
        requires=np.array(pairs, np.int32).reshape(-1, 2),
        texts=np.zeros((len(items), 0), np.float32) if texts is None else texts,
    )


def read_snapshot(folder: Path, *, verify: bool = True) -> Snapshot:
    """Read a snapshot folder. Raises BadSnapshot where it is incomplete, altered (if to `verify`) or empty.

    Memory holds 30 bytes an answer and one portion: ids become numbers portion by portion. Students come in the order
    in which the file names them.
    """
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError) as error:
        raise BadSnapshot(f"{folder}: no readable manifest.json") from error
    if manifest.get("format") != FORMAT:
        raise BadSnapshot(f"{folder}: format {manifest.get('format')!r}, expected {FORMAT}")
    if verify:
        _verify(folder, manifest.get("sha256", {}))
    try:
        table = pq.read_table(folder / "steps.parquet", columns=["item", "concepts", "kind", "course", "embedding"])
        steps = table.drop_columns("embedding").to_pydict()
        requires = pq.read_table(folder / "prerequisites.parquet").to_pydict()
        catalogue = build_steps(
            items=steps["item"],
            concepts=[text or "" for text in steps["concepts"]],
            kinds=[text or "" for text in steps["kind"]],
            courses=[text or "" for text in steps["course"]],
            requires=list(zip(requires["concept"], requires["requires"], strict=True)),
            texts=texts.centred([one.values for one in table["embedding"]], steps["course"]),
        )
        return _read_attempts(folder / "attempts.parquet", catalogue)
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise BadSnapshot(f"{folder} cannot be read: {error}") from error


def _read_attempts(path: Path, steps: Steps) -> Snapshot:
    """The answers of a file, of which any number fits in: they are read in portions, and texts are not kept."""
    with pq.ParquetFile(path, read_dictionary=["student", "item"]) as file:
        size = file.metadata.num_rows
        if not size:
            raise BadSnapshot(f"{path.parent}: no answers")
        columns = {name: np.empty(size, kind) for name, kind in COLUMNS.items()}
        known = {item: number for number, item in enumerate(steps.items)}
        students: dict[str, int] = {}
        simulated, start = False, 0
        for batch in file.iter_batches(PORTION, columns=[*COLUMNS, "simulated"]):
            part = slice(start, start + batch.num_rows)
            start = part.stop
            for name in COLUMNS:
                if name != "timestamp" and batch.column(name).null_count:
                    raise BadSnapshot(f"{path.parent}: an answer has no {name}")
            texts = {name: batch.column(name).dictionary.to_pylist() for name in ("student", "item")}
            unknown = next((item for item in texts["item"] if item not in known), None)
            if unknown is not None:
                raise BadSnapshot(f"answers to the unknown item {unknown!r}")
            numbers = {
                "student": [students.setdefault(name, len(students)) for name in texts["student"]],
                "item": [known[name] for name in texts["item"]],
            }
            for name, values in columns.items():
                column = batch.column(name)
                read = (column.indices if name in numbers else column).to_numpy(zero_copy_only=False)
                values[part] = np.array(numbers[name], np.int32)[read] if name in numbers else read
            simulated |= pc.any(batch.column("simulated")).as_py() is True
    return assemble(steps=steps, students=tuple(students), columns=columns, simulated=simulated)


def assemble(
    *, steps: Steps, students: tuple[str, ...], columns: Mapping[str, npt.NDArray[Any]], simulated: bool
) -> Snapshot:
    """Put answers (see COLUMNS; students and items by their numbers) in order, unless they are.

    Raises BadSnapshot where an answer is there twice.
    """
    student, index = columns["student"], columns["index"]
    same = student[1:] == student[:-1]
    if not ((student[1:] > student[:-1]) | (same & (index[1:] > index[:-1]))).all():
        order = np.lexsort((index, student))
        columns = {name: values[order] for name, values in columns.items()}
        student, index = columns["student"], columns["index"]
        if ((student[1:] == student[:-1]) & (index[1:] == index[:-1])).any():
            raise BadSnapshot("an answer is there twice (same student, same index)")
    answers = Answers(
        item=columns["item"],
        correct=columns["correct"],
        label=columns["label"],
        try_number=columns["try_number"],
        hints=columns["hints"],
        seconds=columns["timestamp"],
    )
    offsets = np.searchsorted(student, np.arange(len(students) + 1)).astype(np.int64)
    return Snapshot(students, offsets, answers, steps, simulated)


def split_by_time(snapshot: Snapshot, *, config: SplitConfig, seed: int) -> Split:
    """Cut all students' answers at two moments, so that everything judged is later than everything trained on.

    Where times are not known, the place within the student's own answers stands for them (0 first, 1 last).
    """
    answers = snapshot.answers
    moment = answers.seconds
    if not np.isfinite(moment).all():
        place = np.arange(len(answers)) - snapshot.offsets[snapshot.student_of_row]
        moment = (place + 0.5) / np.diff(snapshot.offsets)[snapshot.student_of_row]
    label = answers.label
    times = moment[label] if label.any() else moment
    first = np.quantile(times, 1 - config.valid - config.test)
    second = np.quantile(times, 1 - config.test)
    early, late = moment < first, moment >= second
    order = np.random.default_rng(seed).permutation(len(snapshot.students))
    held = np.zeros(len(snapshot.students), np.int8)
    half = round(len(order) * config.new_students / 2)
    held[order[:half]], held[order[half : 2 * half]] = 1, 2
    group = held[snapshot.student_of_row]
    return Split(
        train=label & early & (group == 0),
        valid=label & (((group == 0) & ~early & ~late) | (group == 1)),
        test=label & (((group == 0) & late) | (group == 2)),
        counted=label & early & (group == 0),
    )


def split_by_student(snapshot: Snapshot, *, valid: set[str], test: set[str]) -> Split:
    """All answers of the named students are held out. Counts are made of the others'."""
    group = np.array([2 if name in test else 1 if name in valid else 0 for name in snapshot.students], np.int8)
    group = group[snapshot.student_of_row]
    label = snapshot.answers.label
    return Split(label & (group == 0), label & (group == 1), label & (group == 2), label & (group == 0))


def windows(snapshot: Snapshot, *, predicted: Bools, history: int) -> list[Window]:
    """Cover the rows `predicted`: each window holds `history` rows of past (a student's first: none) and then up to
    `history` asked ones.
    """
    found = []
    for start, stop in zip(snapshot.offsets[:-1].tolist(), snapshot.offsets[1:].tolist(), strict=True):
        rows = np.flatnonzero(predicted[start:stop])
        for first in range(0, stop - start, history) if len(rows) else ():
            inside = rows[(rows >= first) & (rows < first + history)]
            if len(inside):
                found.append(Window(start + max(0, first - history), start + first, start + int(inside[-1]) + 1))
    return found


def default_batch_size(rows: int) -> int:
    """Answers a step: about fifty steps an epoch, within bounds."""
    return min(ANSWERS, max(128, rows // 50))


def batches(found: Sequence[Window], *, size: int, rng: np.random.Generator | None = None) -> Iterator[list[Window]]:
    """Windows of similar length together, about `size` answers to a batch; with `rng` in random order.

    Windows with and without past never share a batch, so that as many rows are past to all of one.
    """
    lengths = np.array([window.stop - window.start for window in found], float)
    later = np.array([window.first > window.start for window in found], bool)
    if rng is not None:
        lengths = lengths * rng.uniform(0.85, 1.15, len(lengths))  # other company every epoch
    order = np.lexsort((-lengths, later))
    groups: list[list[Window]] = []
    room = longest = 0
    for place in order.tolist():
        window = found[place]
        length = window.stop - window.start
        longest = max(longest, length)
        if room < longest or (window.first > window.start) != (groups[-1][0].first > groups[-1][0].start):
            groups.append([])
            room, longest = size, length
        groups[-1].append(window)
        room -= longest
    for group in rng.permutation(len(groups)) if rng is not None else range(len(groups)):
        yield groups[group]


def _hashed(names: Sequence[str]) -> Hashes:
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.maximum(np.frombuffer(b"".join(digests), np.uint64), 1)


def _verify(folder: Path, hashes: Mapping[str, str]) -> None:
    for name, expected in hashes.items():
        try:
            found = file_hash(folder / name)
        except OSError as error:
            raise BadSnapshot(f"{folder}: {name} is missing") from error
        if found != expected:
            raise BadSnapshot(f"{folder}: {name} was altered since it was written")
