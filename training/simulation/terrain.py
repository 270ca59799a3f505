"""What simulated courses consist of, as flat arrays: concepts, their prerequisites, steps, and orders of them.

Steps are numbered along their main concepts, so that the steps of a concept lie together. Several courses can be
joined into one terrain, in which a great many students of all of them practise side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from training.simulation.priors import MOST_MEMBERS, Rng, Settings

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
KINDS = ("one_choice", "several_choices", "number", "expression", "text")
NEEDS = 2  # most direct prerequisites
OPTIONS = 5  # most of a choice


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One course. Concepts and steps are numbered from 0 within it."""

    requires: Ints  # [concepts, NEEDS], filled up with -1
    concept_learning: Floats  # [concepts] factor of gains
    first_item: Ints  # [concepts + 1] where the steps of each begin
    members: Ints  # [items, MOST_MEMBERS] concepts, the main one first, filled up with -1
    difficulty: Floats  # [items] before the shift that gives the wanted share of right answers
    discrimination: Floats
    guess: Floats
    slip: Floats
    kind: Ints  # [items] place in KINDS
    exercise: Ints  # [items]
    weight: Floats  # [items] popularity
    paths: Ints  # [versions, concepts]
    lists: Ints  # [versions, items]


def draw_ground(settings: Settings, rng: Rng) -> Ground:
    """Draw the course."""
    size, answering = settings.size, settings.answering
    requires = _draw_requires(size.concepts, rng)
    first = _draw_first_items(size.concepts, size.items, rng)
    members = _draw_members(settings, first, requires, rng)
    paths = np.stack([_draw_path(size.concepts, settings.practice.disorder, rng) for _ in _versions(settings)])
    hardness = answering.concept_spread * rng.normal(size=size.concepts)
    kind = rng.choice(len(KINDS), size=size.items, p=rng.dirichlet(np.full(len(KINDS), 0.5))).astype(np.int32)
    given_away = np.array((1 / rng.integers(2, OPTIONS + 1), 0.1 * rng.random(), 0, 0, 0))
    spoiled = np.exp(0.6 * rng.normal(size=(2, size.items)))
    return Ground(
        requires=requires,
        concept_learning=np.exp(0.4 * rng.normal(size=size.concepts)).astype(np.float32),
        first_item=first,
        members=members,
        difficulty=(hardness[members[:, 0]] + answering.item_spread * rng.normal(size=size.items)).astype(np.float32),
        discrimination=np.exp(answering.discrimination_spread * rng.normal(size=size.items)).astype(np.float32),
        guess=np.clip(given_away[kind] + answering.guess * spoiled[0], 0, 0.6).astype(np.float32),
        slip=np.clip(answering.slip * spoiled[1], 0, 0.35).astype(np.float32),
        kind=kind,
        exercise=_draw_exercises(first, size.steps),
        weight=rng.permutation((1.0 + np.arange(size.items)) ** -size.popularity).astype(np.float32),
        paths=paths,
        lists=np.stack([_draw_list(path, first, settings.practice.mixed, rng) for path in paths]),
    )


def _versions(settings: Settings) -> range:
    return range(settings.practice.versions)


def _draw_requires(concepts: int, rng: Rng) -> Ints:
    """Each concept builds on up to NEEDS earlier ones, near ones if the graph is deep; a third of courses has none."""
    requires = np.full((concepts, NEEDS), -1, np.int32)
    share = rng.choice((0.0, 0.3, 0.6, 0.9)) if rng.random() < 0.67 else 0.0
    reach = int(rng.choice((1, 3, 10, concepts)))
    for concept in range(1, concepts):
        needed = rng.permutation(np.arange(max(0, concept - reach), concept))[:NEEDS]
        kept = needed[rng.random(len(needed)) < share]
        requires[concept, : len(kept)] = kept
    return requires


def _draw_first_items(concepts: int, items: int, rng: Rng) -> Ints:
    """Every concept has one step at least, the rest as it falls."""
    share = rng.dirichlet(np.full(concepts, rng.choice((0.5, 2.0, 50.0))))
    counts = 1 + rng.multinomial(items - concepts, share)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _draw_members(settings: Settings, first: Ints, requires: Ints, rng: Rng) -> Ints:
    """Further concepts are prerequisites of the main one, or any."""
    size = settings.size
    members = np.full((size.items, MOST_MEMBERS), -1, np.int32)
    members[:, 0] = np.repeat(np.arange(size.concepts), np.diff(first))
    for place in range(1, size.members):
        drawn = rng.integers(0, size.concepts, size.items)
        near = requires[members[:, 0], place % NEEDS]
        chosen = np.where((near >= 0) & (rng.random(size.items) < 0.7), near, drawn)
        new = (members != chosen[:, None]).all(1) & (rng.random(size.items) < size.more_members)
        members[:, place] = np.where(new & (members[:, place - 1] >= 0), chosen, -1)
    return members


def _draw_exercises(first: Ints, steps: int) -> Ints:
    """Steps that lie together in a concept make up an exercise."""
    counts = np.diff(first)
    place = np.arange(first[-1]) - np.repeat(first[:-1], counts)
    begins = place % steps == 0
    return (np.cumsum(begins) - 1).astype(np.int32)


def _draw_path(concepts: int, disorder: float, rng: Rng) -> Ints:
    return np.argsort(np.arange(concepts) + disorder * concepts * rng.normal(size=concepts)).astype(np.int32)


def _draw_list(path: Ints, first: Ints, mixed: bool, rng: Rng) -> Ints:
    items = np.concatenate([np.arange(first[concept], first[concept + 1]) for concept in path])
    return (rng.permutation(items) if mixed else items).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Terrain:
    """Courses end to end. Numbers of concepts and steps stay those within the course."""

    settings: tuple[Settings, ...]
    grounds: tuple[Ground, ...]
    shift: Floats  # [courses] of difficulty

    @cached_property
    def first_concept(self) -> npt.NDArray[np.int64]:
        """[courses + 1] where the concepts of each course begin."""
        return _ends([len(ground.requires) for ground in self.grounds])

    @cached_property
    def first_item(self) -> npt.NDArray[np.int64]:
        """[courses + 1] where the steps of each course begin."""
        return _ends([len(ground.kind) for ground in self.grounds])

    def item(self, name: str) -> Any:
        """A column of all steps."""
        return np.concatenate([getattr(ground, name) for ground in self.grounds])

    def setting(self, group: str, name: str) -> Any:
        """[courses] a number of a group of settings."""
        return np.array([getattr(getattr(settings, group), name) for settings in self.settings])

    def part(self, courses: npt.NDArray[np.int64]) -> "Terrain":
        """These courses only."""
        return Terrain(
            settings=tuple(self.settings[course] for course in courses),
            grounds=tuple(self.grounds[course] for course in courses),
            shift=self.shift[courses],
        )


def _ends(counts: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
