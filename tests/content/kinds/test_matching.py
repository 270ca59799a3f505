"""Matching."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems, verdict

KEY: dict[str, Any] = {
    "kind": "matching",
    "stems": {"a": "2³", "b": "3²", "c": "5⁰"},
    "options": {"p": "1", "q": "8", "r": "9", "s": "6"},
    "pairs": {"a": "q", "b": "r", "c": "p"},
}


def test_all_pairs_are_right_and_some_are_part_of_it() -> None:
    assert verdict(KEY, ["q", "r", "p"]) == "right"
    grade = graded(KEY, ["q", "s", "p"])
    assert (grade.reason, grade.details["right"], grade.details["total"], grade.details["wrong"]) == (
        "parts",
        "2",
        "3",
        "2",
    )
    assert grade.score == pytest.approx(2 / 3)
    assert graded(KEY, ["s", "s", "s"]).score == 0


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (["q", "", "p"], "unreadable: empty_place"),
        (["", "", ""], "unreadable: empty"),
        (["q", "r"], "unreadable: wrong_shape"),
        (["q", "r", "zzz"], "unreadable: unknown_choice"),
        ("q", "unreadable: wrong_shape"),
    ],
)
def test_an_answer_that_is_not_finished_is_not_counted(response: Any, reason: str) -> None:
    assert verdict(KEY, response) == reason


def test_options_that_read_alike_are_the_same() -> None:
    assert verdict({**KEY, "options": {"p": "1", "q": "8", "r": "9", "s": "9"}}, ["q", "s", "p"]) == "right"


def test_a_foreseen_wrong_pair_is_recognised_whatever_the_others_are() -> None:
    assert graded(KEY, ["q", "s", "p"], ("", "s", "")).wrong_answer == 0
    assert graded(KEY, ["q", "p", "p"], ("", "s", "")).wrong_answer is None


def test_options_are_shuffled_by_the_seed() -> None:
    orders = {tuple(option.id for option in grading.field(KEY, seed).inputs[0].options) for seed in range(20)}
    assert len(orders) > 5
    assert grading.field(KEY, 4) == grading.field(KEY, 4)


@pytest.mark.parametrize(
    "fields", [{"pairs": {"a": "q"}}, {"pairs": {"a": "q", "b": "r", "c": "x"}}, {"stems": {}}, {"options": {"q": "8"}}]
)
def test_a_key_pairs_every_stem(fields: dict[str, Any]) -> None:
    assert problems({**KEY, **fields})
