"""Many simulated courses and their students, straight into a snapshot folder: what a base is pretrained on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from training.simulation import priors
from training.simulation.course import FIRST_DAY, SNAPSHOT_TIME
from training.simulation.minds import Bools, Minds, Places
from training.simulation.priors import Rng
from training.simulation.terrain import KINDS, Floats, Ground, Ints, Terrain, draw_ground
from training.simulation.ways import Ways
from training.snapshot import SnapshotWriter

PORTION = 400_000  # answers simulated at a time
MOST_SLOTS = 40_000_000  # students times their steps and concepts at a time
PILOT_STUDENTS, PILOT_ANSWERS, PILOTS = 48, 40, 3


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Answers, students one after the other. All [answers]."""

    item: Places  # row in the terrain
    correct: Bools
    try_number: Ints
    hints: Ints
    seconds: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Students of some courses, who practise at the same time. All [students]."""

    course: Places
    number: Places  # within the course
    talent: Floats
    length: Places  # answers


def write_corpus(folder: Path, *, answers: int, courses: int, seed: int) -> None:
    """Write a snapshot of `courses` courses drawn at random, with `answers` answers in all.

    Ids carry the seed, so that several corpora can be joined. The same arguments write the same file.
    """
    weights = np.random.default_rng([seed, 0]).lognormal(sigma=1.0, size=courses)
    shares = np.diff(np.concatenate([[0], np.round(answers * np.cumsum(weights) / weights.sum())])).astype(int)
    terrain = draw_terrain(shares, seed=seed)
    with SnapshotWriter(folder, objective="tracing", now=SNAPSHOT_TIME) as writer:
        for number in range(courses):
            _write_course(writer, terrain, number, seed=seed)
        students = [_draw_students(terrain, number, int(share), seed=seed) for number, share in enumerate(shares)]
        for place, group in enumerate(_groups(terrain, students)):
            rng = np.random.default_rng([seed, 2, place])
            present, course = np.unique(group.course, return_inverse=True)
            part = terrain.part(present)
            rows = simulate(part, replace(group, course=course), rng)
            writer.write("attempts", _attempts(part, rows, group, seed=seed))


def draw_terrain(shares: Ints, *, seed: int) -> Terrain:
    """Courses for so many answers each, as hard as it takes for the shares of right answers that were drawn."""
    rngs = [np.random.default_rng([seed, 1, course]) for course in range(len(shares))]
    settings = tuple(priors.draw_settings(rng, answers=int(share)) for rng, share in zip(rngs, shares, strict=True))
    grounds = tuple(draw_ground(one, rng) for one, rng in zip(settings, rngs, strict=True))
    shift = np.zeros(len(shares), np.float32)
    target = np.clip([one.answering.target for one in settings], 0.3, 0.95)
    for place in range(PILOTS):
        terrain = Terrain(settings=settings, grounds=grounds, shift=shift)
        rate = _pilot(terrain, np.random.default_rng([seed, 4, place]))
        shift = (shift + 1.2 * (_logit(rate) - _logit(target))).astype(np.float32)
    return Terrain(settings=settings, grounds=grounds, shift=shift)


def _pilot(terrain: Terrain, rng: Rng) -> Floats:
    """[courses] share of right answers among a few students."""
    courses = len(terrain.grounds)
    course = np.repeat(np.arange(courses), PILOT_STUDENTS)
    length = np.minimum(terrain.setting("size", "length")[course], PILOT_ANSWERS).astype(np.int64)
    talent = rng.standard_normal(len(course), np.float32)
    rows = simulate(terrain, Group(course=course, number=course, talent=talent, length=length), rng)
    right = np.bincount(np.repeat(course, length), weights=rows.correct, minlength=courses)
    return np.clip(right / np.bincount(np.repeat(course, length), minlength=courses), 0.02, 0.98)


def simulate(terrain: Terrain, group: Group, rng: Rng) -> Rows:
    """Let the students practise side by side: first answers of all, second answers of all who give two, and so on."""
    order = np.argsort(-group.length, kind="stable")
    course, length = group.course[order], group.length[order]
    first_row = (np.cumsum(group.length) - group.length)[order]
    size = int(length.sum())
    rows = Rows(
        item=np.empty(size, np.int64),
        correct=np.empty(size, bool),
        try_number=np.empty(size, np.int32),
        hints=np.empty(size, np.int32),
        seconds=np.empty(size, np.float64),
    )
    minds = Minds(terrain, course, group.talent[order], rng)
    ways = Ways(terrain, course, minds, rng)
    left = np.searchsorted(-length, -np.arange(length[0]), side="left")  # students who still answer at each place
    for place, count in enumerate(left.tolist()):
        row = first_row[:count] + place
        item, before = ways.go_on(count)
        rows.item[row], rows.try_number[row] = terrain.first_item[course[:count]] + item, before + 1
        rows.seconds[row] = minds.clock[:count]
        rows.correct[row], rows.hints[row] = minds.answer(count, item, before)
        ways.note(count, rows.correct[row])
    return rows


def _draw_students(terrain: Terrain, course: int, answers: int, *, seed: int) -> Group:
    """As many as it takes for so many answers."""
    size = terrain.settings[course].size
    rng = np.random.default_rng([seed, 3, course])
    count = 1 + answers // priors.FEWEST_ANSWERS
    talent = rng.standard_normal(count, np.float32)
    spread = size.length_spread * rng.standard_normal(count) + size.length_ability * talent
    least = size.items if size.everything else priors.FEWEST_ANSWERS
    length = np.clip(size.length * np.exp(spread), least, max(least, priors.MOST_ANSWERS)).astype(np.int64)
    if size.everything:
        length[:] = size.items
    count = int(np.searchsorted(np.cumsum(length), answers)) + 1
    length = length[:count]
    length[-1] -= length.sum() - answers
    return Group(course=np.full(count, course), number=np.arange(count), talent=talent[:count], length=length)


def _groups(terrain: Terrain, students: list[Group]) -> Iterator[Group]:
    """Students in the order of courses, so many at a time as memory may hold."""
    course, number, talent, length = (
        np.concatenate([getattr(group, name) for group in students])
        for name in ("course", "number", "talent", "length")
    )
    slots = np.cumsum((np.diff(terrain.first_item) + np.diff(terrain.first_concept))[course])
    answers = np.cumsum(length)
    start = 0
    while start < len(course):
        before = (answers[start - 1], slots[start - 1]) if start else (0, 0)
        stop = min(
            np.searchsorted(answers, before[0] + PORTION, side="right"),
            np.searchsorted(slots, before[1] + MOST_SLOTS, side="right"),
        )
        part = slice(start, max(int(stop), start + 1))
        yield Group(course=course[part], number=number[part], talent=talent[part], length=length[part])
        start = part.stop


def _write_course(writer: SnapshotWriter, terrain: Terrain, course: int, *, seed: int) -> None:
    """The steps and prerequisites as they are told, which need not be as they are."""
    ground, settings = terrain.grounds[course], terrain.settings[course]
    rng = np.random.default_rng([seed, 5, course])
    names = np.array([f"{seed}-{course}-c{concept // settings.log.merged}" for concept in range(len(ground.requires))])
    told = np.where(ground.members >= 0, names[ground.members], "")
    wrong = rng.random(len(told)) < settings.log.mistagged
    told[wrong, 0] = rng.choice(names, int(wrong.sum()))
    items = _item_names(ground, course, seed)
    writer.write(
        "steps",
        {
            "item": items,
            "concepts": [";".join(sorted(set(filter(None, row)))) for row in told.tolist()],
            "kind": np.array(KINDS)[ground.kind] if settings.log.kinds else [""] * len(items),
            "course": [f"simulated-{seed}-{course}"] * len(items),
            "exercise": [f"{seed}-{course}-e{exercise}" for exercise in ground.exercise],
        },
    )
    if settings.log.graph:
        concept, place = np.nonzero(ground.requires >= 0)
        pairs = sorted(set(zip(names[concept].tolist(), names[ground.requires[concept, place]].tolist(), strict=True)))
        pairs = [(one, other) for one, other in pairs if one != other]
        writer.write("prerequisites", {"concept": [a for a, _ in pairs], "requires": [b for _, b in pairs]})


def _item_names(ground: Ground, course: int, seed: int) -> list[str]:
    return [f"{seed}-{course}-i{item}" for item in range(len(ground.kind))]


def _attempts(terrain: Terrain, rows: Rows, group: Group, *, seed: int) -> dict[str, pa.Array]:
    """The columns of the table attempts."""
    present, course = np.unique(group.course, return_inverse=True)
    of_row = np.repeat(course, group.length)
    names = [f"{seed}-{one}-s{number}" for one, number in zip(group.course, group.number, strict=True)]
    items = [
        name for one, ground in zip(present, terrain.grounds, strict=True) for name in _item_names(ground, one, seed)
    ]
    plain = terrain.setting("log", "all_labels")[of_row]
    begins = np.repeat(np.cumsum(group.length) - group.length, group.length)
    return {
        "student": _texts(np.repeat(np.arange(len(names)), group.length), names),
        "index": pa.array((np.arange(len(rows.item)) - begins).astype(np.int32)),
        "item": _texts(rows.item, items),
        "correct": pa.array(rows.correct),
        "label": pa.array(plain | ((rows.try_number == 1) & (rows.hints == 0))),
        "try_number": pa.array(np.where(plain, 1, rows.try_number).astype(np.int16)),
        "hints": pa.array(np.where(plain, 0, rows.hints).astype(np.int16)),
        "timestamp": pa.array(FIRST_DAY + rows.seconds, mask=~terrain.setting("log", "timed")[of_row]),
        "simulated": pa.array(np.ones(len(rows.item), bool)),
    }


def _texts(numbers: Places, names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(names)).cast(pa.string())


def _logit(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.log(share / (1 - share))
