"""What others did: how often and how well steps, concepts and whole situations were answered, over a population.

Beside the counts of items, concepts and courses there are *contexts*: the item right after a certain other one, the
concept set at its third opportunity, after two wrong answers, and so on; and what was *usual* when an item was asked.
Contexts and usual values are kept under hashes of stable ids, so that they travel in a bundle from site numbering to
site numbering, and cost nothing where nothing is known.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from training import texts
from training.dataset import Bools, Floats, Ints, Snapshot, Steps
from training.histories import Asked, Own, asked_at, at

Hashes = npt.NDArray[np.uint64]

FOLDS = 10  # shares of the students, to train and to judge
MOST_OPPORTUNITIES = 15
LONGEST_STREAK = 5
CONTEXTS = (
    "item_after_item",
    "item_after_two",
    "item_again",
    "set_after_set",
    "set_opportunity",
    "set_streak",
    "set_after_two",
)
USUAL = ("place", "run", "tries", "rate", "concept_rate", "again")  # of the moment at which an item was asked
PRIOR_TRIES = 10.0  # weight of the level above: all -> course -> concept
PRIOR = 0.65  # share of right answers before anything is known; tells little once there are counts
NEVER = np.uint64(0)  # the key of a context that cannot be


@dataclass(frozen=True)
class Counts:
    """First tries without a hint, and how many of them were right, over a population. By number in `Steps`."""

    item_tries: Floats
    item_right: Floats
    concept_tries: Floats
    concept_right: Floats
    course_tries: Floats
    course_right: Floats
    item_shift: Floats  # logits by which the texts of other items move what is expected of an item

    def without(self, own: "Counts") -> "Counts":
        """These counts less `own`, never below zero."""
        mine, other = vars(self), vars(own)
        return replace(self, **{name: np.maximum(mine[name] - other[name], 0) for name in mine if name != "item_shift"})


@dataclass(frozen=True)
class Table:
    """Sums under sorted hashes: sums [keys, k], the first column being the number of first tries."""

    keys: Hashes
    sums: Floats

    def look(self, keys: Hashes) -> Floats:
        """[n, k], zeros where a key is not known."""
        if not len(self.keys):
            return np.zeros((len(keys), self.sums.shape[1]), np.float32)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((self.keys[place] == keys)[:, None], self.sums[place], np.float32(0))


@dataclass(frozen=True)
class Others:
    """The population as one student sees it: everybody else. `counts` are of this record's numbering."""

    counts: Counts
    contexts: tuple[Table, ...]  # (tries, right), one a name of CONTEXTS
    usual: Table  # (tries, one sum a name of USUAL), by item


def nobody() -> tuple[tuple[Table, ...], Table]:
    """Contexts and usual values of which nothing is known."""
    none = np.zeros(0, np.uint64)
    return tuple(Table(none, np.zeros((0, 2), np.float32)) for _ in CONTEXTS), Table(
        none, np.zeros((0, 1 + len(USUAL)), np.float32)
    )


def count(steps: Steps, *, item: Any, right: Any) -> Counts:
    """Count first tries [n] by item, concept and course."""
    members = steps.set_concepts[steps.item_set[item]]
    real = members >= 0
    right = np.asarray(right, np.float32)
    places = (item, members[real], steps.item_course[item])
    goods = (right, np.broadcast_to(right[:, None], members.shape)[real], right)
    sizes = (len(steps.items), len(steps.concepts), len(steps.courses))
    tallies = []
    for place, good, size in zip(places, goods, sizes, strict=True):
        tallies += [np.bincount(place, minlength=size), np.bincount(place, weights=good, minlength=size)]
    shift = np.zeros(len(steps.items), np.float32)
    return Counts(*[*(tally.astype(np.float32) for tally in tallies), shift])


@dataclass(frozen=True)
class Expected:
    """P(right) before an item's own answers count, by what is above it. All [items]."""

    course: Floats
    concept: Floats  # the mean of its concepts
    lowest: Floats  # of its concepts


def from_above(steps: Steps, counts: Counts, items: Ints) -> Expected:
    """What is expected of items whose own answers are not looked at; each rate is shrunk towards the one above."""
    rates = (counts.course_right + PRIOR_TRIES * PRIOR) / (counts.course_tries + PRIOR_TRIES)
    course = rates[steps.item_course[items]]
    members = steps.set_concepts[steps.item_set[items]]  # [items, most]
    real = members >= 0
    tries, right = (at(of, members.astype(np.int64), 0) for of in (counts.concept_tries, counts.concept_right))
    of_concepts = (right + PRIOR_TRIES * course[:, None]) / (tries + PRIOR_TRIES)  # [items, most]
    mean = (of_concepts * real).sum(1) / np.maximum(real.sum(1), 1)
    some = real.any(1)
    lowest = np.where(real, of_concepts, 1.0).min(1)
    return Expected(course, np.where(some, mean, course), np.where(some, lowest, course))


def foretold(steps: Steps, counts: Counts) -> Counts:
    """The counts, with what the texts tell of each item's difficulty."""
    if not steps.texts.size:
        return counts
    prior = from_above(steps, counts, np.arange(len(steps.items), dtype=np.int32)).concept
    tallies = {"tries": counts.item_tries, "right": counts.item_right, "prior": prior}
    return replace(counts, item_shift=texts.prior_shift(steps.texts, steps.item_course, **tallies))


class Population:
    """All that is counted in a record, and how to see it without a share of the students.

    In training a student is described by what the students outside of his share did. With only one's own answers
    left out, one's result could be read off the last digit of a rate that many share, which a network learns to do.
    """

    def __init__(self, record: Snapshot, counted: Bools, *, folds: int, seed: int = 0) -> None:
        """`counted` [answers]: the first tries that count. With `folds` 0 there are no shares."""
        self.steps, self.folds = record.steps, folds
        students = len(record.students)
        self.fold = np.random.default_rng(seed).permutation(students) % folds if folds else np.zeros(students, int)
        rows = np.flatnonzero(counted)
        self.fold_of_row = self.fold[record.student_of_row[rows]].astype(np.int8)
        self.item, self.right = record.answers.item[rows], record.answers.correct[rows].astype(np.float32)
        keys, usual = [], []
        for part, asked, _ in portions(record, rows):
            moments = Moments(Own(part), asked)
            keys.append(moments.keys())
            usual.append(moments.usual())
        self.keys: list[Hashes] = []
        self.code: list[npt.NDArray[np.int32]] = []  # of each row and context
        for name in range(len(CONTEXTS)):
            column = np.concatenate([part[:, name] for part in keys] or [np.zeros(0, np.uint64)])
            found, code = np.unique(column, return_inverse=True)
            self.keys.append(found)
            self.code.append(code.astype(np.int32))
        self.usual = np.concatenate(usual or [np.zeros((0, len(USUAL)), np.float32)])

    def shown(self, fold: int, *, thin: bool = False) -> Sequence[int]:
        """The shares that a student of one is described by: all others, or with `thin` also few or none.

        Thin populations teach a network what to make of a course's first days.
        """
        others = [(fold + step) % self.folds for step in range(1, self.folds)]
        return others[: (0, 1, 2, 4, None)[fold % 5]] if thin else others

    def others(self, shown: Sequence[int] | None = None) -> Others:
        """What the students of these shares did; everybody without."""
        here = np.ones(len(self.item), bool) if shown is None else np.isin(self.fold_of_row, list(shown))
        item, right = self.item[here], self.right[here]
        contexts = []
        for keys, code in zip(self.keys, self.code, strict=True):
            tallies = [np.bincount(code[here], weights=of, minlength=len(keys)) for of in (None, right)]
            contexts.append(Table(keys, np.stack(tallies, 1).astype(np.float32)))
        names = self.steps.item_hashes
        sums = [np.bincount(item, weights=column, minlength=len(names)) for column in self.usual[here].T]
        tries = np.bincount(item, minlength=len(names))
        order = np.argsort(names)
        usual = Table(names[order], np.stack([tries, *sums], 1).astype(np.float32)[order])
        return Others(foretold(self.steps, count(self.steps, item=item, right=right)), tuple(contexts), usual)


class Moments:
    """What the contexts and the usual values of asked steps are; from the student's own answers alone."""

    def __init__(self, own: Own, asked: Asked) -> None:
        self.own, self.asked = own, asked
        self.before = own.first_tries.last(asked.student, np.zeros(len(asked), np.int64), asked.seen)
        self.on_set = own.sets.last(asked.student, asked.set, asked.seen)
        self.on_item = own.items.last(asked.student, asked.item, asked.seen)

    def keys(self) -> Hashes:
        """[asked, CONTEXTS] hashes of the situations."""
        own, asked, tries = self.own, self.asked, self.own.first_tries
        item_names, set_names = own.record.steps.item_hashes, own.record.steps.set_hashes
        item = np.where(asked.item >= 0, item_names[asked.item], NEVER)
        concept_set = set_names[asked.set]
        earlier = np.where(at(tries.rank, self.before, 0) > 0, self.before - 1, -1)
        result, result_before = (self._result(tries.row, place) for place in (self.before, earlier))
        row = at(tries.row, self.before, -1).astype(np.int64)
        last_item = at(own.answers.item, row, 0).astype(np.int64)
        nothing = np.uint64(7)
        item_before = np.where(row >= 0, item_names[last_item], nothing)
        set_before = np.where(row >= 0, set_names[own.record.steps.item_set[last_item]], nothing)
        on_set, on_item = self._result(own.sets.row, self.on_set), self._result(own.items.row, self.on_item)
        opportunity = np.minimum(at(own.sets.rank, self.on_set, -1).astype(np.int64) + 1, MOST_OPPORTUNITIES)
        two = 3 * result + result_before
        return np.stack(
            [
                mixed(1, item, item_before, result),
                mixed(2, item, item_before, two),
                mixed(3, item, on_item),
                mixed(4, concept_set, set_before, result),
                mixed(5, concept_set, opportunity),
                mixed(6, concept_set, self.streak()),
                mixed(7, concept_set, 3 * two + on_set),
            ],
            1,
        )

    def streak(self) -> Any:
        """[asked] equal results in a row on the concept set, at most LONGEST_STREAK, negative for wrong ones."""
        signed = at(self._streaks, self.on_set, 0)
        return np.clip(np.sign(signed) * np.round(np.expm1(np.abs(signed))), -LONGEST_STREAK, LONGEST_STREAK)

    @property
    def _streaks(self) -> Floats:
        return self.own.sets.streaks(self.own.outcome[self.own.sets.row])

    def usual(self) -> Floats:
        """[asked, USUAL] what the moment is like."""
        own, asked = self.own, self.asked
        tries, sets, items = own.first_tries, own.sets, own.items
        size = len(tries.row)
        right = tries.totals(own.outcome[tries.row][:, None].astype(np.float32))
        answered = at(tries.rank + 1.0, self.before, 0)
        rate = (at(right, self.before, 0)[:, 0] + 2 * PRIOR) / (answered + 2)
        set_right = sets.totals(own.outcome[sets.row][:, None].astype(np.float32))
        set_tries = at(sets.rank + 1.0, self.on_set, 0)
        set_rate = (at(set_right, self.on_set, 0)[:, 0] + 2 * PRIOR) / (set_tries + 2)
        of_event = own.record.steps.item_set[own.answers.item[tries.row]]
        runs = tries.runs(of_event) if size else np.zeros(0, np.int32)
        same = at(of_event, self.before, -1) == asked.set
        run = np.where(same, at(runs, self.before, 0), 0)
        again = at(items.rank + 1.0, self.on_item, 0)
        columns = (np.log1p(answered), np.log1p(run), np.log1p(set_tries), rate, set_rate, np.log1p(again))
        return np.stack(columns, 1).astype(np.float32)

    def _result(self, rows: Any, place: Any) -> Any:
        """0 nothing, 1 wrong, 2 right."""
        return np.where(place >= 0, at(self.own.outcome[rows].astype(np.int64), place, 0) + 1, 0)


PORTION = 100_000  # answers that are looked at together


def portions(record: Snapshot, rows: Any) -> Any:
    """The record in parts of whole students, each with those of `rows` (sorted) in it: asked steps, places."""
    cuts = [0]
    for student, stop in enumerate(record.offsets[1:].tolist(), 1):
        if stop - record.offsets[cuts[-1]] >= PORTION or student == len(record.students):
            cuts.append(student)
    for first, last in itertools.pairwise(cuts):
        start, stop = int(record.offsets[first]), int(record.offsets[last])
        inside = rows[np.searchsorted(rows, start) : np.searchsorted(rows, stop)] - start
        if len(inside):
            part = part_of(record, first, last)
            yield part, asked_at(part, inside), inside + start


def part_of(record: Snapshot, first: int, last: int) -> Snapshot:
    """The students `first:last` of a record."""
    start, stop = int(record.offsets[first]), int(record.offsets[last])
    return Snapshot(
        record.students[first:last],
        record.offsets[first : last + 1] - start,
        record.answers.part(slice(start, stop)),
        record.steps,
        record.simulated,
    )


def mixed(tag: int, what: Hashes, *more: Any) -> Hashes:
    """One hash of several, by the finaliser of splitmix64 (Steele et al. 2014); NEVER where `what` is."""
    state = what + np.uint64(tag)
    for part in more:
        state = state * np.uint64(0x9E3779B97F4A7C15) + np.asarray(part).astype(np.int64).view(np.uint64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.where(what == NEVER, NEVER, state)


FILE = "population.safetensors"


def save(folder: Path, others: Others) -> None:
    """Write contexts and usual values into a bundle; counts are the site's own, always of today."""
    tables = {**dict(zip(CONTEXTS, others.contexts, strict=True)), "usual": others.usual}
    arrays: dict[str, Any] = {}
    for name, table in tables.items():
        kept = table.sums[:, 0] > 0
        arrays[f"{name}.keys"] = table.keys[kept].view(np.int64)
        arrays[f"{name}.sums"] = table.sums[kept]
    save_file(arrays, folder / FILE)


def load(folder: Path) -> tuple[tuple[Table, ...], Table]:
    """Read them back. Raises OSError or ValueError where the file is none."""
    arrays = load_file(folder / FILE)
    tables = {
        name: Table(arrays[f"{name}.keys"].view(np.uint64), arrays[f"{name}.sums"]) for name in (*CONTEXTS, "usual")
    }
    return tuple(tables[name] for name in CONTEXTS), tables["usual"]
