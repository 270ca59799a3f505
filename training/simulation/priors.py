"""How courses and the people in them may differ: every number of a simulated course, drawn from broad priors.

The ranges were chosen so that what is known of public logs (share of right answers, learning curves, spread between
students and between steps, how much one answer tells of the next) lies well inside what is drawn; nothing is copied.
"""

import math
from dataclasses import dataclass

import numpy as np

MOST_CONCEPTS, MOST_ITEMS, FEWEST_ITEMS = 200, 5000, 5
MOST_MEMBERS = 4  # concepts of one step
FEWEST_ANSWERS, MOST_ANSWERS = 5, 1500  # of one student

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a course is, and how much of it a student does."""

    concepts: int
    items: int
    items_are_concepts: bool  # one step a concept, asked in ever new numbers
    steps: int  # an exercise
    members: int  # most concepts a step
    more_members: float  # chance of each further concept of a step
    popularity: float  # exponent of Zipf's law over the steps
    length: float  # median answers a student
    length_spread: float  # of its logarithm
    length_ability: float  # how much longer the able (or, negative, the others) go on
    everything: bool  # a test: everybody answers every step once


@dataclass(frozen=True, kw_only=True)
class Answering:
    """How people answer and learn. Levels and gains are logits."""

    target: float  # share of right answers, which the difficulties are shifted to
    two_state: float  # share of students who know a concept or do not, beside those who grow
    ability_spread: float
    own_spread: float  # of one student between concepts
    item_own_spread: float  # and between steps
    exercise_spread: float  # of one student between exercises, at one sitting
    concept_spread: float  # of difficulty
    item_spread: float
    discrimination_spread: float
    gain: float  # of an opportunity, for those who grow
    gain_spread: float
    wrong_gain: float  # a wrong answer's share of it
    ceiling: float
    jump: float  # from not knowing to knowing
    learns: float  # chance of it at an opportunity
    known: float  # share of concepts known beforehand
    item_gain: float  # for the very step, from a try
    item_wrong_gain: float  # a wrong try's share of it
    forgetting: float  # exponent of the power law, per day
    fatigue: float  # per answer of one sitting, after the first ten
    growth: float  # of all concepts together, per 100 answers
    drift: float  # standard deviation of that, per answer
    lapse: float  # chance to stop trying for a while, per answer
    recovery: float  # chance to try again
    lapse_depth: float
    guess: float  # level of guessing, beside what the kind of step gives away
    slip: float
    carelessness: float  # spread of both between students (logarithm)
    readiness: float  # lost where no prerequisite is known
    weakest: float  # how much the weakest concept of a step counts, beside their mean


@dataclass(frozen=True, kw_only=True)
class Practice:
    """Who is asked what, when."""

    listed: bool  # steps in a fixed order; else concept by concept
    versions: int  # of the order: classes, assignments
    disorder: float  # how far orders leave that of the prerequisites; 1 is random
    mixed: bool  # lists that mix the concepts
    skipping: float
    spread_start: float  # share of the course over which students begin
    streak: int  # right in a row that end a concept; 0: none
    cap: int  # steps that end a concept
    leaving: float  # chance to leave a concept after a step
    looking_back: float  # chance of a step from an earlier concept
    anywhere: float  # chance of a step from anywhere
    in_sequence: bool  # steps of a concept in order, else by popularity
    adaptive: float  # chance that the nearer of two steps to the student's level is taken
    retries: float  # chance to try again after a wrong answer
    tries: int
    hints: float  # liking for hints
    hint_is_wrong: bool
    pace: float  # median seconds an answer
    sitting: float  # answers
    gap: float  # median days between sittings


@dataclass(frozen=True, kw_only=True)
class Log:
    """What the record tells of it."""

    all_labels: bool  # every try counts as a plain answer; hints are not told
    timed: bool
    kinds: bool
    graph: bool
    mistagged: float  # share of steps under a wrong concept
    merged: int  # concepts that share one name


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything about one course but its draws."""

    size: Size
    answering: Answering
    practice: Practice
    other: Practice  # what a share of the students do instead
    others: float
    log: Log


def draw_settings(rng: Rng, *, answers: int) -> Settings:
    """The settings of a course in which about `answers` answers are given."""
    test = rng.random() < 0.12
    size = _draw_size(rng, answers=answers, test=test)
    return Settings(
        size=size,
        answering=_draw_answering(rng, test=test, items_are_concepts=size.items_are_concepts),
        practice=_draw_practice(rng, size=size),
        other=_draw_practice(rng, size=size),
        others=0.0 if test else _sometimes(rng, 0.4, 0.05, 0.5),
        log=_draw_log(rng),
    )


def _draw_size(rng: Rng, *, answers: int, test: bool) -> Size:
    students = _log_uniform(rng, 20, max(40, answers / 8))
    each = answers / students
    length = float(np.clip(each, FEWEST_ANSWERS + 1, MOST_ANSWERS / 2))
    per_item = _log_uniform(rng, 2, max(8, answers / 10))  # answers a step
    items = int(np.clip(answers / per_item, FEWEST_ITEMS, MOST_ITEMS))
    if test:
        items = int(np.clip(length, FEWEST_ITEMS, 200))
    concepts = int(np.clip(_log_uniform(rng, 1, 250), 1, min(MOST_CONCEPTS, items)))
    items_are_concepts = not test and rng.random() < 0.15
    if items_are_concepts:
        items = concepts = max(FEWEST_ITEMS, concepts)
    more = _sometimes(rng, 0.5, 0.05, 0.7) if not items_are_concepts else 0.0
    return Size(
        concepts=concepts,
        items=items,
        items_are_concepts=items_are_concepts,
        steps=1 if items_are_concepts or rng.random() < 0.6 else int(rng.integers(2, 9)),
        members=min(int(rng.integers(2, MOST_MEMBERS + 1)), concepts) if more else 1,
        more_members=more,
        popularity=_sometimes(rng, 0.7, 0.2, 1.4),
        length=length,
        length_spread=0.0 if test else rng.uniform(0.1, 1.3),
        length_ability=0.0 if test else rng.normal(0, 0.3),
        everything=test,
    )


def _draw_answering(rng: Rng, *, test: bool, items_are_concepts: bool) -> Answering:
    memory = not items_are_concepts
    return Answering(
        target=rng.uniform(0.35, 0.92) if rng.random() < 0.4 else rng.normal(0.67, 0.09),
        two_state=float(np.clip(rng.uniform(-0.8, 1.5), 0, 1)),
        ability_spread=_log_uniform(rng, 1.5, 5.0) if test else _log_uniform(rng, 0.25, 3.5),
        own_spread=_log_uniform(rng, 0.1, 1.5),
        item_own_spread=_sometimes(rng, 0.5, 0.1, 1.8) * memory,
        exercise_spread=_sometimes(rng, 0.4, 0.2, 1.5) * memory,
        concept_spread=_log_uniform(rng, 0.4, 2.2),
        item_spread=_log_uniform(rng, 0.3, 2.5) * memory,
        discrimination_spread=rng.uniform(0, 0.5),
        gain=0.0 if test else _sometimes(rng, 0.9, 0.02, 0.5),
        gain_spread=rng.uniform(0.1, 0.9),
        wrong_gain=rng.uniform(0.2, 1.3),
        ceiling=rng.uniform(0.8, 4.5),
        jump=rng.uniform(1.5, 6.0),
        learns=0.0 if test else _log_uniform(rng, 0.02, 0.6),
        known=rng.uniform(0.05, 0.8),
        item_gain=_sometimes(rng, 0.7, 0.1, 3.5) * memory,
        item_wrong_gain=rng.uniform(0.2, 1.5),
        forgetting=_sometimes(rng, 0.7, 0.02, 0.6),
        fatigue=_sometimes(rng, 0.5, 0.001, 0.04),
        growth=rng.normal(0.1, 0.25),
        drift=_sometimes(rng, 0.5, 0.01, 0.12),
        lapse=_sometimes(rng, 0.6, 0.001, 0.04),
        recovery=_log_uniform(rng, 0.04, 0.5),
        lapse_depth=rng.uniform(0.8, 4.0),
        guess=_log_uniform(rng, 0.005, 0.15),
        slip=_log_uniform(rng, 0.01, 0.15),
        carelessness=rng.uniform(0, 0.9),
        readiness=_sometimes(rng, 0.6, 0.3, 2.5),
        weakest=rng.uniform(0, 1),
    )


def _draw_practice(rng: Rng, *, size: Size) -> Practice:
    test = size.everything
    by_streak = rng.random() < 0.45
    free = rng.random() < 0.2
    return Practice(
        listed=test or rng.random() < 0.3,
        versions=1 if test else int(_log_uniform(rng, 1, 25)),
        disorder=_sometimes(rng, 0.6, 0.0, 1.0),
        mixed=rng.random() < (0.7 if test else 0.3),
        skipping=0.0 if test else _sometimes(rng, 0.4, 0.01, 0.6),
        spread_start=0.0 if test else _sometimes(rng, 0.6, 0.1, 1.0),
        streak=int(rng.integers(2, 6)) if by_streak else 0,
        cap=int(_log_uniform(rng, 8, 60)) if by_streak else int(_log_uniform(rng, 1, 30)),
        leaving=_sometimes(rng, 0.5, 0.01, 0.4),
        looking_back=_sometimes(rng, 0.5, 0.02, 0.5),
        anywhere=1.0 if free else _sometimes(rng, 0.3, 0.02, 0.4),
        in_sequence=rng.random() < (0.5 if size.steps == 1 else 0.9),
        adaptive=_sometimes(rng, 0.35, 0.2, 1.0),
        retries=0.0 if test else _sometimes(rng, 0.55, 0.2, 1.0),
        tries=int(rng.integers(2, 10)),
        hints=_sometimes(rng, 0.4, 0.05, 0.8),
        hint_is_wrong=bool(rng.random() < 0.5),
        pace=_log_uniform(rng, 8, 120),
        sitting=_log_uniform(rng, 8, 150),
        gap=0.0 if test else _log_uniform(rng, 0.3, 14),
    )


def _draw_log(rng: Rng) -> Log:
    all_labels = bool(rng.random() < 0.5)
    return Log(
        all_labels=all_labels,
        timed=bool(rng.random() < 0.5),
        kinds=bool(rng.random() < (0.2 if all_labels else 0.9)),
        graph=bool(rng.random() < (0.3 if all_labels else 0.9)),
        mistagged=_sometimes(rng, 0.4, 0.01, 0.25),
        merged=int(rng.choice((1, 1, 1, 2, 4))),
    )


def _sometimes(rng: Rng, share: float, low: float, high: float) -> float:
    """Evenly between the bounds in a share of all cases, else 0."""
    value = rng.uniform(low, high)
    return float(value) if rng.random() < share else 0.0


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))
