"""Mastery from attempts: hand-worked numbers, and what must hold for every history."""

import json
import math
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from students import knowledge
from students.knowledge import DAY, Belief, Estimate, Parameters, Standing

TRACING = Path(__file__).resolve().parents[3] / "shared" / "data" / "tracing"

SECOND = (1.453429, 1.164934, 14.4)
THIRD = (0.732507, 1.038151, 14.4)

answers = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 4), st.floats(0, 90 * DAY)), max_size=25)


def after(*outcomes: bool, at: float = 0.0, start: Belief | None = None) -> Belief:
    """The belief after first tries without a hint, all at one moment."""
    belief = start or knowledge.prior()
    for correct in outcomes:
        belief = knowledge.update(belief, correct=correct, at=at)
    return belief


def value(belief: Belief, days: float = 0.0) -> float:
    return knowledge.estimate(belief, now=days * DAY).value


def replay(history: list[tuple[bool, int, int, float]]) -> tuple[Belief, float]:
    belief, now = knowledge.prior(), 0.0
    for correct, hints, number, pause in history:
        now += pause
        belief = knowledge.update(belief, correct=correct, hints_used=hints, try_number=number, at=now)
    return belief, now


def test_right_right_wrong_gives_the_numbers_worked_by_hand() -> None:
    # Prior: mean 0.5, variance 2; p = 0.622459.
    # Right: 1/v = 1/2 + p(1-p) = 0.735004, v = 1.360537; mean = 0.5 + v(1-p) + 0.08; variance = v + 0.05.
    # Again: p = 0.749070, v = 1.114934. Wrong: p = 0.810526, v = 0.988151, mean falls by v·p - 0.08.
    first = after(True)
    assert (first.mean, first.variance, first.half_life) == pytest.approx((1.093658, 1.410537, 12.0), abs=1e-5)
    second = after(True, start=first)
    assert (second.mean, second.variance, second.half_life) == pytest.approx(SECOND, abs=1e-5)
    third = after(False, start=second)
    assert (third.mean, third.variance, third.half_life) == pytest.approx(THIRD, abs=1e-5)
    assert value(third) == pytest.approx(1 / (1 + math.exp(-THIRD[0])), abs=1e-5)


def test_a_right_second_try_after_one_hint_moves_by_the_hand_worked_little() -> None:
    # Weight 0.4² = 0.16: 1/v = 0.5 + 0.16 · 0.235004 = 0.537601; mean = 0.5 + 0.16 · (v · 0.377541 + 0.08).
    weak = knowledge.update(knowledge.prior(), correct=True, hints_used=1, try_number=2, at=0.0)
    assert (weak.mean, weak.variance) == pytest.approx((0.625163, 1.910116), abs=1e-5)


def test_after_one_half_life_half_of_what_was_gained_is_left() -> None:
    # mean: 0.5 + 0.593658 / 2; deviation: sqrt(2 - (2 - 1.410537) / 4) = 1.361132.
    faded = knowledge.estimate(after(True), now=12 * DAY)
    assert faded.value == pytest.approx(1 / (1 + math.exp(-0.796829)), abs=1e-5)
    assert faded.low == pytest.approx(1 / (1 + math.exp(-(0.796829 - 1.281552 * 1.361132))), abs=1e-5)


@given(history=answers, hints=st.integers(0, 3), number=st.integers(1, 4), later=st.floats(0, 400 * DAY))
def test_a_right_answer_never_lowers_and_a_wrong_one_never_raises(
    history: list[tuple[bool, int, int, float]], hints: int, number: int, later: float
) -> None:
    belief, now = replay(history)
    right, wrong = (
        knowledge.update(belief, correct=correct, hints_used=hints, try_number=number, at=now)
        for correct in (True, False)
    )
    for moment in (now, now + later):
        without = knowledge.estimate(belief, now=moment).value
        assert knowledge.estimate(right, now=moment).value >= without - 1e-12
        assert knowledge.estimate(wrong, now=moment).value <= without + 1e-12


@given(mean=st.floats(-8, 8), variance=st.floats(0.05, 2), number=st.integers(1, 4), correct=st.booleans())
def test_that_holds_for_any_belief_however_sure_and_however_low(
    mean: float, variance: float, number: int, correct: bool
) -> None:
    belief = Belief(mean=mean, variance=variance, half_life=10.0, at=0.0)
    moved = knowledge.update(belief, correct=correct, try_number=number, at=0.0)
    assert moved.mean >= mean - 1e-12 if correct else moved.mean <= mean + 1e-12


@given(history=answers, sooner=st.floats(0, 100 * DAY), longer=st.floats(0, 300 * DAY))
def test_time_never_raises_mastery_and_never_narrows_the_belief(
    history: list[tuple[bool, int, int, float]], sooner: float, longer: float
) -> None:
    belief, now = replay(history)
    early = knowledge.estimate(belief, now=now + sooner)
    late = knowledge.estimate(belief, now=now + sooner + longer)
    assert late.value <= early.value + 1e-12
    assert _width(late) >= _width(early) - 1e-9


def _width(estimate: Estimate) -> float:
    return knowledge.logit(estimate.high) - knowledge.logit(estimate.low)


def test_hints_and_later_tries_count_for_less() -> None:
    plain, hinted, again = (
        value(knowledge.update(knowledge.prior(), correct=True, hints_used=hints, try_number=number, at=0.0))
        for hints, number in ((0, 1), (1, 1), (2, 2))
    )
    assert value(knowledge.prior()) < again < hinted < plain


@pytest.mark.parametrize(
    ("before", "needed"), [("", 5), ("0", 7), ("000", 9), ("100110", 7)], ids=["new", "slip", "weak", "mixed"]
)
def test_mastery_is_reached_by_a_few_right_answers_in_a_row(before: str, needed: int) -> None:
    belief = after(*(letter == "1" for letter in before))
    tries = len(before)
    for count in range(1, 13):
        belief, tries = after(True, start=belief), tries + 1
        if knowledge.is_mastered(knowledge.estimate(belief, now=0.0), tries):
            assert count == needed
            return
    pytest.fail("never mastered")


def test_one_slip_after_mastery_is_not_fading_but_three_are() -> None:
    mastered = after(*[True] * 5)

    def standing(belief: Belief) -> Standing:
        return knowledge.standing(knowledge.estimate(belief, now=0.0), tries=8, was_mastered=True)

    assert standing(after(False, start=mastered)) is Standing.LIKELY_KNOWS
    assert standing(after(False, False, False, start=mastered)) is Standing.FADING


def test_two_right_answers_are_not_mastery_however_sure() -> None:
    sure = Estimate(value=0.99, low=0.98, high=1.0)
    assert not knowledge.is_mastered(sure, 2)
    assert knowledge.is_mastered(sure, 3)
    assert not knowledge.is_mastered(Estimate(value=0.9, low=0.70, high=0.95), 3)


def test_what_was_mastered_fades_and_each_spaced_review_lasts_longer() -> None:
    belief, now, lasted = after(*[True] * 5), 0.0, []
    for _ in range(3):
        days = next(days for days in range(1, 400) if value(belief, now + days) < knowledge.REVIEW_BELOW)
        lasted.append(days)
        now += days
        belief = after(True, at=now * DAY, start=belief)
    assert 7 <= lasted[0] <= 40
    assert lasted[0] < lasted[1] < lasted[2]


def test_standings_are_told_apart() -> None:
    low, high = Estimate(value=0.5, low=0.3, high=0.7), Estimate(value=0.9, low=0.6, high=0.95)
    assert knowledge.standing(None, tries=0, was_mastered=False) is Standing.NOT_SEEN
    assert knowledge.standing(high, tries=0, was_mastered=False) is Standing.NOT_SEEN
    assert knowledge.standing(low, tries=2, was_mastered=False) is Standing.LEARNING
    assert knowledge.standing(high, tries=2, was_mastered=False) is Standing.LIKELY_KNOWS
    assert knowledge.standing(low, tries=9, was_mastered=True) is Standing.FADING


@given(history=answers)
def test_a_belief_survives_its_stored_form(history: list[tuple[bool, int, int, float]]) -> None:
    belief, _ = replay(history)
    assert Belief.from_json(json.loads(json.dumps(belief.to_json()))) == belief
    assert Belief.from_json({}) == knowledge.prior()


def test_every_bad_parameter_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"prior_variance = -1 .*; discount = 2 .*; half_life = nan"):
        Parameters(prior_variance=-1, discount=2, half_life=math.nan)
    with pytest.raises(ValueError, match=r"mean is not finite; variance is not positive; half_life is not positive"):
        Belief(mean=math.inf, variance=0.0, half_life=-1.0)
    with pytest.raises(ValueError, match="counts start at"):
        knowledge.update(knowledge.prior(), correct=True, try_number=0, at=0.0)
    with pytest.raises(ValueError, match="without a zone"):
        knowledge.estimate(knowledge.prior(), now=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="not an estimate"):
        Estimate(value=0.5, low=0.6, high=0.7)


def test_an_answer_that_comes_late_counts_as_if_it_came_last() -> None:
    newest = after(True, at=10 * DAY)
    late = knowledge.update(newest, correct=False, at=datetime(1970, 1, 5, tzinfo=UTC))
    assert late == after(False, at=10 * DAY, start=newest)


def test_following_the_plain_estimate_itself_gives_it_back() -> None:
    before, later = (knowledge.estimate(after(*outcomes), now=0.0) for outcomes in ([True], [True, False]))
    followed = knowledge.follow(before, before=before, after=later)
    assert (followed.value, followed.low, followed.high) == pytest.approx((later.value, later.low, later.high))


@given(low=st.floats(0, 1), value=st.floats(0, 1), high=st.floats(0, 1), correct=st.booleans())
def test_another_models_estimate_follows_in_the_same_direction(
    low: float, value: float, high: float, correct: bool
) -> None:
    low, value, high = sorted((low, value, high))
    shown = Estimate(value=value, low=low, high=high)
    before, moved = (knowledge.estimate(after(*outcomes), now=0.0) for outcomes in ([], [correct]))
    for by_answer in (True, False):
        followed = knowledge.follow(shown, before=before, after=moved, by_answer=by_answer)
        rounding = 1e-9
        bound = min(value, 1 - 1e-5) - rounding if correct else max(value, 1e-5) + rounding
        assert followed.value >= bound if correct else followed.value <= bound


def test_an_answer_moves_an_estimate_less_that_is_surer_than_the_plain_one() -> None:
    before, later = (knowledge.estimate(after(*outcomes), now=0.0) for outcomes in ([], [True]))
    half_as_wide = _around(0.7, (knowledge.logit(before.high) - knowledge.logit(before.low)) / 4)
    followed = knowledge.follow(half_as_wide, before=before, after=later, by_answer=True)
    plain = knowledge.logit(later.value) - knowledge.logit(before.value)
    assert knowledge.logit(followed.value) - knowledge.logit(0.7) == pytest.approx(plain / 4)


def _around(value: float, half: float) -> Estimate:
    low, high = (knowledge.logistic(knowledge.logit(value) + side) for side in (-half, half))
    return Estimate(value=value, low=low, high=high)


def test_probability_right_uses_what_others_did_and_fills_in_for_the_unknown() -> None:
    unknown = knowledge.estimate(knowledge.prior(), now=0.0)
    known = knowledge.estimate(after(*[True] * 8), now=0.0)
    typical = knowledge.probability_right([unknown])
    assert typical == pytest.approx(0.60, abs=0.03)
    hard = knowledge.probability_right([unknown], step_right=10, step_tries=50, concept_right=600, concept_tries=1000)
    assert hard < 0.35 < typical
    assert knowledge.probability_right([unknown], concept_right=200, concept_tries=1000) < 0.35
    # The more is known about the student, the less the rate of others counts.
    assert knowledge.probability_right([known], concept_right=200, concept_tries=1000) > 0.7
    both = knowledge.probability_right([known, unknown])
    assert typical < both < knowledge.probability_right([known])
    assert 0 < knowledge.probability_right([]) < 1
    assert knowledge.probability_right([Estimate(value=1.0, low=1.0, high=1.0)]) < 1


def test_estimates_of_simulated_students_are_calibrated_and_tell_who_knows() -> None:
    """Students whose ability walks as practice goes on, from normal abilities: not the model, but near it."""
    rng = Random(7)
    inside, expected, was = 0, 0.0, 0
    cases = 3000
    for _ in range(cases):
        ability, belief = rng.gauss(0.5, 1.4), knowledge.prior()
        for _ in range(8):
            belief = after(rng.random() < knowledge.logistic(ability), start=belief)
            ability += 0.08 + rng.gauss(0, 0.22)
        estimate = knowledge.estimate(belief, now=0.0)
        inside += estimate.low <= knowledge.logistic(ability) <= estimate.high
        expected += knowledge.probability_right([estimate])
        was += rng.random() < knowledge.logistic(ability)
    assert inside / cases == pytest.approx(0.8, abs=0.06)
    assert expected / cases == pytest.approx(was / cases, abs=0.03)


@pytest.mark.slow
@pytest.mark.skipif(not (TRACING / "assist2009.parquet").exists(), reason="the public log is not here")
def test_the_defaults_rank_and_calibrate_on_a_public_log() -> None:
    """ASSISTments 2009, its split by student: what docs/student-model.md reports."""
    auc, error = _on_public_log(TRACING / "assist2009.parquet", TRACING / "splits" / "assist2009.json")
    assert auc > 0.75
    assert error < 0.02


def _on_public_log(log: Path, split: Path) -> tuple[float, float]:
    """AUC and expected calibration error of `probability_right` over the test students, from their second answer on."""
    import pandas as pd  # heavy, and only needed here
    from sklearn.metrics import roc_auc_score

    rows = pd.read_parquet(log).sort_values(["student", "index"])
    students = json.loads(split.read_text())
    others = rows[rows.student.isin(set(students["train"]))]
    steps, concepts = Counter[str](), Counter[str]()
    right_steps, right_concepts = Counter[str](), Counter[str]()
    for item, names, right in zip(others.item, others.concepts, others.correct, strict=True):
        steps[item] += 1
        right_steps[item] += right
        concepts.update(names.split(";"))
        right_concepts.update(names.split(";") if right else [])
    beliefs: dict[tuple[int, str], Belief] = {}
    chances, outcomes = [], []
    tested = rows[rows.student.isin(set(students["test"]))]
    for who, index, item, names, right in zip(
        tested.student, tested["index"], tested.item, tested.concepts, tested.correct, strict=True
    ):
        held = {name: beliefs.get((who, name), knowledge.prior()) for name in names.split(";")}
        if index:
            outcomes.append(right)
            chances.append(
                knowledge.probability_right(
                    [knowledge.estimate(belief, now=0.0) for belief in held.values()],
                    step_right=right_steps[item],
                    step_tries=steps[item],
                    concept_right=sum(right_concepts[name] for name in held),
                    concept_tries=sum(concepts[name] for name in held),
                )
            )
        for name, belief in held.items():
            beliefs[who, name] = knowledge.update(belief, correct=bool(right), at=0.0)
    table = pd.DataFrame({"p": chances, "y": outcomes})
    gaps = table.groupby((table.p * 10).astype(int)).apply(lambda part: abs(part.p.mean() - part.y.mean()) * len(part))
    return float(roc_auc_score(table.y, table.p)), float(gaps.sum() / len(table))
