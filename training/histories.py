"""What each student's own answers come to, for many students at once: where a moment stands in a record.

A *trail* is the answers of one student to one thing (an item, a concept, a concept set, anything), in order. What is
known after each answer of a trail is worked out for all trails together, one rank at a time; what was known at some
moment is then looked up. Nothing at or after the moment is ever looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from training.dataset import Answers, Bools, Floats, Ints, Seconds, Snapshot

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """Steps to describe, each at a moment. All arrays [asked].

    `item` is -1 for a step that stands for a whole concept: then only `set` and the facts describe it.
    """

    student: Ints  # number in the record
    item: Ints
    set: Ints
    kind: Ints
    seen: Ints  # number of the student's answers before it
    seconds: Seconds  # the moment; NaN where not known

    def __len__(self) -> int:
        return len(self.item)


def as_asked(record: Snapshot) -> Asked:
    """Each answer of a record as the step that was asked at that moment."""
    return asked_at(record, np.arange(len(record.answers)))


def asked_at(record: Snapshot, rows: Any) -> Asked:
    """The answers at these rows [...] of a record likewise."""
    steps, item, student = record.steps, record.answers.item[rows], record.student_of_row[rows]
    seen = (rows - record.offsets[student]).astype(np.int32)
    return Asked(student, item, steps.item_set[item], steps.item_kind[item], seen, record.answers.seconds[rows])


def chosen(asked: Asked, rows: Any) -> Asked:
    """These rows of what is asked."""
    return Asked(*(column[rows] for column in vars(asked).values()))


class Trails:
    """The events of many trails: trail by trail, in the order of time."""

    def __init__(self, *, student: Any, thing: Any, things: int, row: Any, place: Any) -> None:
        """Events [n]: whose, on what (below `things`), which row of the record it is, its place in the student's."""
        trail = np.asarray(student, np.int64) * max(things, 1) + thing
        order = np.argsort(trail, kind="stable")
        self.things = max(things, 1)
        self.trail, self.row, self.place = trail[order], np.asarray(row)[order], np.asarray(place, np.int64)[order]
        self.span = int(self.place.max(initial=0)) + 2
        first = np.ones(len(order), bool)
        first[1:] = self.trail[1:] != self.trail[:-1]
        self.start = np.flatnonzero(first)
        self.length = np.diff(np.append(self.start, len(order)))
        self.begins = np.repeat(self.start, self.length)  # [n] where the event's trail begins
        self.rank = np.arange(len(order)) - self.begins

    def last(self, student: Any, thing: Any, seen: Any) -> Places:
        """[asked] the trail's latest event before a moment, -1 where there is none (or no such thing: -1)."""
        trail = np.asarray(student, np.int64) * self.things + thing
        seen = np.minimum(seen, self.span - 1)  # later than all is late enough, and still of this trail
        found = np.searchsorted(self.trail * self.span + self.place, trail * self.span + seen) - 1
        there = (found >= 0) & (np.asarray(thing) >= 0)
        if len(self.trail):
            there &= self.trail[found] == trail
        return np.where(there, found, -1)

    def totals(self, values: Floats) -> Floats:
        """[n, k] sums over the trail up to and with each event, of values [n, k] in the trails' order."""
        summed = np.cumsum(values, axis=0, dtype=np.float64)
        before = np.concatenate([np.zeros((1, values.shape[1])), summed])[self.begins]
        totals: Floats = (summed - before).astype(np.float32)
        return totals

    def averages(self, values: Floats, decays: Sequence[float], kept: Floats | None = None) -> Floats:
        """[n, k, decays] exponential averages of values [n, k] after each event; a trail begins at 0.

        Before an event, what was there is multiplied with `kept` [n, decays], for what was forgotten meanwhile.
        """
        gain = 1 - np.array(decays, np.float32)
        found = np.empty((*values.shape, len(decays)), np.float32)
        if kept is None:  # over all trails in one go, less what the trails before left behind
            for place, decay in enumerate(decays):
                flow = lfilter([1 - decay], [1, -decay], values.astype(np.float64), axis=0)
                left = np.concatenate([np.zeros((1, values.shape[1])), flow])[self.begins]
                found[:, :, place] = flow - left * (decay ** (self.rank + 1.0))[:, None]
            return found
        by_length = np.argsort(-self.length, kind="stable")
        start, length = self.start[by_length], self.length[by_length]
        longest = int(length.max(initial=0))
        alive = np.searchsorted(-length, -np.arange(longest), side="left")  # trails longer than each rank
        state = np.zeros((len(start), values.shape[1], len(decays)), np.float32)
        for rank in range(longest):
            now = state[: alive[rank]]
            events = start[: alive[rank]] + rank
            now *= kept[events][:, None]
            now += gain * (values[events][:, :, None] - now)
            found[events] = now
        return found

    def streaks(self, right: Bools) -> Floats:
        """[n] signed log length of the run of equal results that ends with each event."""
        length = self._run(right[1:] != right[:-1])
        return (np.log1p(length) * np.where(right, 1, -1)).astype(np.float32)

    def _run(self, changes: Bools) -> Ints:
        begins = np.ones(len(self.trail), bool)
        begins[1:] = changes
        begins[self.start] = True
        here = np.arange(len(begins))
        return (here - np.maximum.accumulate(np.where(begins, here, 0)) + 1).astype(np.int32)

    def runs(self, values: Any) -> Ints:
        """[n] how many events in a row, up to each, had the same value."""
        return self._run(values[1:] != values[:-1])


def joined(first: Asked, second: Asked) -> Asked:
    """Both, one after the other."""
    return Asked(*(np.concatenate(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True)))


def one_left_out(trails: Trails, things: Places, *, latest: int, most: int) -> tuple[Trails, Places]:
    """The last `most` events of one student's trails on `things`, whole and without each of their `latest` events.

    Returns them as trails of as many students, and [students, 2]: the place of the thing in `things`, and the row of
    the event that is left out, -1 where none is.
    """
    rows: list[Any] = []
    owners: list[Any] = []
    left_out: list[tuple[int, int]] = []
    for number, thing in enumerate(things.tolist()):
        first, stop = np.searchsorted(trails.trail, [thing, thing + 1])
        events = trails.row[max(first, stop - most) : stop]
        for out in (-1, *events[-latest:].tolist()) if len(events) else ():
            kept = events[events != out]
            owners.append(np.full(len(kept), len(left_out)))
            rows.append(kept)
            left_out.append((number, out))
    row = np.concatenate(rows or [np.zeros(0, np.int64)])
    owner = np.concatenate(owners or [np.zeros(0, np.int64)])
    kept_trails = Trails(student=owner, thing=np.zeros(len(row), np.int64), things=1, row=row, place=row)
    return kept_trails, np.array(left_out, np.int64).reshape(-1, 2)


def at(states: Any, places: Any, nothing: Any) -> Any:
    """states[places], `nothing` where a place is -1."""
    if not len(states):
        return np.broadcast_to(np.asarray(nothing, np.float32), (*np.shape(places), *states.shape[1:]))
    found = states[places]
    found[places < 0] = nothing
    return found


@dataclass(frozen=True)
class Own:
    """A record's trails.

    Evidence are first tries, as later ones tell nothing new of what is known; nor does a right one with help.
    """

    record: Snapshot

    @cached_property
    def answers(self) -> Answers:
        """The answers of the record."""
        return self.record.answers

    @cached_property
    def evidence(self) -> Bools:
        """[answers] first tries, less those that were right with help."""
        first: Bools = (self.answers.try_number <= 1) & (self.answers.label | ~self.answers.correct)
        return first

    @cached_property
    def outcome(self) -> Bools:
        """[answers] right without help."""
        return self.answers.correct & self.answers.label

    @cached_property
    def place(self) -> Places:
        """[answers] number of the student's answers before each."""
        return np.arange(len(self.answers)) - self.record.offsets[self.record.student_of_row]

    @cached_property
    def all_answers(self) -> Trails:
        """Everything a student answered; one thing."""
        rows = np.arange(len(self.answers))
        return self._trails(rows, np.zeros(len(rows), np.int64), 1)

    @cached_property
    def first_tries(self) -> Trails:
        """The evidence of a student; one thing."""
        rows = np.flatnonzero(self.evidence)
        return self._trails(rows, np.zeros(len(rows), np.int64), 1)

    @cached_property
    def items(self) -> Trails:
        """All tries by item."""
        return self._trails(np.arange(len(self.answers)), self.answers.item, len(self.record.steps.items))

    @cached_property
    def sets(self) -> Trails:
        """Evidence by concept set."""
        rows = np.flatnonzero(self.evidence)
        steps = self.record.steps
        return self._trails(rows, steps.item_set[self.answers.item[rows]], len(steps.set_concepts))

    @cached_property
    def concepts(self) -> Trails:
        """Evidence by concept; an answer is in the trails of all its concepts."""
        rows = np.flatnonzero(self.evidence)
        steps = self.record.steps
        members = steps.set_concepts[steps.item_set[self.answers.item[rows]]]
        real = members >= 0
        return self._trails(np.repeat(rows, real.sum(1)), members[real], len(steps.concepts))

    def _trails(self, rows: Any, thing: Any, things: int) -> Trails:
        student = self.record.student_of_row[rows]
        return Trails(student=student, thing=thing, things=things, row=rows, place=self.place[rows])
