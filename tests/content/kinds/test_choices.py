"""Credit and order of choices; what else there is to them is in tests/content/test_grading.py."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems

CHOICES = {"a": "1", "b": "2", "c": "3", "d": "4"}
ONE: dict[str, Any] = {"kind": "one_choice", "choices": CHOICES, "correct": "a", "credit": {"b": "0.5"}}
SEVERAL: dict[str, Any] = {
    "kind": "several_choices",
    "choices": CHOICES,
    "correct": ["a", "b"],
    "credit": {"a": "0.75", "b": "0.25", "c": "-0.5"},
}


def test_a_choice_that_is_not_quite_wrong_is_worth_its_share() -> None:
    assert [graded(ONE, one).score for one in "abc"] == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("chosen", "score"),
    [(["a", "b"], 1.0), (["a"], 0.75), (["b"], 0.25), (["a", "c"], 0.25), (["c"], 0.0), (["a", "b", "d"], 0.99)],
)
def test_each_of_several_choices_is_worth_what_the_author_says(chosen: list[str], score: float) -> None:
    assert graded(SEVERAL, chosen).score == pytest.approx(score)


def test_choices_are_shuffled_only_where_that_is_asked_for() -> None:
    def orders(answer: dict[str, Any]) -> set[tuple[str, ...]]:
        return {tuple(option.id for option in grading.field(answer, seed).inputs[0].options) for seed in range(12)}

    assert orders(ONE) == {tuple(CHOICES)}
    assert len(orders({**ONE, "shuffle": "yes"})) > 4


@pytest.mark.parametrize("credit", [{"z": "0.5"}, {"b": "2"}, {"b": "-1"}, {"b": "half"}, {"b": "nan"}])
def test_a_credit_is_a_share_of_a_choice(credit: dict[str, str]) -> None:
    assert problems({**ONE, "credit": credit})
