"""A great many simulated students, side by side, do what the settings of their course say."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from training.simulation import corpus, priors
from training.simulation.corpus import Group, Rows
from training.simulation.priors import Settings
from training.simulation.terrain import Terrain, draw_ground

QUIET = Settings(  # nobody learns, forgets, tires or guesses; concepts are asked in turn
    size=priors.Size(
        concepts=6,
        items=60,
        items_are_concepts=False,
        steps=1,
        members=1,
        more_members=0.0,
        popularity=0.0,
        length=30.0,
        length_spread=0.0,
        length_ability=0.0,
        everything=False,
    ),
    answering=priors.Answering(
        **dict.fromkeys(priors.Answering.__dataclass_fields__, 0.0)
        | {"ceiling": 3.0, "jump": 4.0, "known": 0.5, "recovery": 1.0, "wrong_gain": 1.0, "item_wrong_gain": 1.0}
    ),
    practice=priors.Practice(
        listed=False,
        versions=1,
        disorder=0.0,
        mixed=False,
        skipping=0.0,
        spread_start=0.0,
        streak=0,
        cap=10,
        leaving=0.0,
        looking_back=0.0,
        anywhere=0.0,
        in_sequence=True,
        adaptive=0.0,
        retries=0.0,
        tries=9,
        hints=0.0,
        hint_is_wrong=False,
        pace=30.0,
        sitting=20.0,
        gap=1.0,
    ),
    other=None,  # type: ignore[arg-type] # nobody does
    others=0.0,
    log=priors.Log(all_labels=False, timed=True, kinds=True, graph=True, mistagged=0.0, merged=1),
)


def quiet(**changes: Any) -> Settings:
    """The quiet course with some settings changed, each by its name."""
    groups = {
        group: replace(
            getattr(QUIET, group),
            **{name: value for name, value in changes.items() if hasattr(getattr(QUIET, group), name)},
        )
        for group in ("size", "answering", "practice")
    }
    return replace(QUIET, **groups, other=groups["practice"])


@dataclass(frozen=True)
class Practised:
    """Answers of students [students, answers] to a course without guessing and slipping."""

    item: npt.NDArray[np.int64]
    concept: npt.NDArray[np.int32]
    right: npt.NDArray[np.bool_]
    tries: npt.NDArray[np.int32]
    hints: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]


def practise(settings: Settings, *, answers: int = 30, students: int = 400, chain: bool = False) -> Practised:
    """Let them practise; in a `chain` every concept builds on the one before."""
    rng = np.random.default_rng(1)
    ground = draw_ground(settings, rng)
    still = np.zeros(settings.size.items, np.float32)
    before = np.full_like(ground.requires, -1)
    if chain:
        before[1:, 0] = np.arange(len(before) - 1)
    ground = replace(ground, guess=still, slip=still, requires=before)
    terrain = Terrain(settings=(settings,), grounds=(ground,), shift=np.zeros(1, np.float32))
    group = Group(
        course=np.zeros(students, np.int64),
        number=np.arange(students),
        talent=rng.standard_normal(students, np.float32),
        length=np.full(students, answers),
    )
    rows: Rows = corpus.simulate(terrain, group, rng)
    shape = (students, answers)
    return Practised(
        item=rows.item.reshape(shape),
        concept=ground.members[rows.item, 0].reshape(shape),
        right=rows.correct.reshape(shape),
        tries=rows.try_number.reshape(shape),
        hints=rows.hints.reshape(shape),
        seconds=rows.seconds.reshape(shape),
    )


@cache
def rate(**changes: float) -> float:
    """Share of right answers."""
    return float(practise(quiet(**changes)).right.mean())


def test_nobody_learns_where_nothing_is_gained_and_everybody_where_something_is() -> None:
    assert abs(rate() - 0.5) < 0.02
    for two_state in (0.0, 1.0):
        gained = practise(quiet(gain=0.3, learns=0.3, two_state=two_state)).right
        assert gained[:, 8].mean() > gained[:, 0].mean() + 0.15


def test_who_knows_a_concept_or_does_not_answers_it_one_way() -> None:
    two = practise(quiet(two_state=1.0, jump=12.0)).right[:, :10]
    assert (two.all(1) | ~two.any(1)).mean() > 0.9
    assert 0.4 < two.all(1).mean() < 0.6


def test_time_takes_away_what_was_learned() -> None:
    slow = {"cap": 1, "gain": 0.6, "learns": 0.6, "sitting": 5.0, "gap": 10.0}
    for two_state in (0.0, 1.0):
        kept = practise(quiet(**slow, two_state=two_state)).right[:, -6:].mean()
        assert kept > practise(quiet(**slow, two_state=two_state, forgetting=0.6)).right[:, -6:].mean() + 0.1


def test_long_sittings_tire_and_lapses_cost() -> None:
    tired = practise(quiet(fatigue=0.1, sitting=1e9)).right
    assert tired[:, -10:].mean() < tired[:, :10].mean() - 0.15
    assert rate(lapse=0.2, recovery=0.2, lapse_depth=3.0) < rate() - 0.15


def test_what_builds_on_the_unknown_is_harder() -> None:
    in_order = practise(quiet(readiness=2.0, gain=0.5), chain=True)
    untaught = practise(quiet(readiness=2.0, gain=0.0), chain=True)
    second = in_order.concept[0] == 1
    assert in_order.right[:, second][:, 0].mean() > untaught.right[:, second][:, 0].mean() + 0.1


def test_the_same_step_again_is_easier_for_having_been_tried() -> None:
    again = quiet(retries=1.0, item_gain=2.0)
    tried = practise(again)
    assert tried.right[tried.tries == 2].mean() > tried.right[tried.tries == 1].mean() + 0.2


def test_until_right_means_until_right_and_never_means_never() -> None:
    tried = practise(quiet(retries=1.0, tries=99))
    wrong = ~tried.right[:, :-1]
    assert (tried.item[:, 1:][wrong] == tried.item[:, :-1][wrong]).all()
    assert (tried.tries[:, 1:][wrong] == tried.tries[:, :-1][wrong] + 1).all()
    assert (tried.tries[:, 1:][~wrong] == 1).all()
    assert practise(quiet(retries=1.0, tries=3)).tries.max() == 3
    assert practise(quiet()).tries.max() == 1


def test_three_right_in_a_row_end_a_concept_and_nothing_else() -> None:
    loop = practise(quiet(streak=3, cap=10**6))
    moved = loop.concept[:, 1:] != loop.concept[:, :-1]
    run = np.zeros(len(loop.right), int)
    for place in range(loop.right.shape[1] - 1):
        run = np.where(loop.right[:, place], run + 1, 0)
        assert (moved[:, place] == (run == 3)).all()
        run[moved[:, place]] = 0


def test_orders_are_blocked_interleaved_free_adapted_or_the_same_for_all() -> None:
    blocked = practise(quiet(cap=10)).concept
    assert (blocked == np.arange(30) // 10).all()
    assert (practise(quiet(cap=1)).concept == np.arange(30) % 6).all()
    free = practise(quiet(anywhere=1.0)).concept
    assert 0.1 < (free[:, 1:] == free[:, :-1]).mean() < 0.25
    back = practise(quiet(looking_back=0.5)).concept
    assert 0.1 < (back < blocked).mean() < 0.4
    test = practise(quiet(listed=True, mixed=True)).item
    assert (test == test[0]).all()
    assert len(set(test[0])) == 30
    classes = practise(quiet(listed=True, mixed=True, versions=5)).item
    assert len(np.unique(classes, axis=0)) == 5
    apart = {"item_spread": 2.0, "ability_spread": 2.0, "anywhere": 1.0, "in_sequence": False}
    adapted, drawn = (practise(quiet(**apart, adaptive=share)).right.mean(1).std() for share in (1.0, 0.0))
    assert adapted < drawn - 0.01


def test_hints_are_taken_by_the_unsure_and_can_count_as_wrong() -> None:
    hinted = practise(quiet(hints=0.8, ability_spread=2.0))
    assert hinted.hints.max() == 3
    ability = hinted.right.mean(1)
    weak, strong = hinted.hints[ability < 0.4], hinted.hints[ability > 0.8]
    assert weak.mean() > 2 * strong.mean()
    strict = practise(quiet(hints=0.8, hint_is_wrong=True))
    assert not strict.right[strict.hints > 0].any()
