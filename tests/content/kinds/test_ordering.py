"""Putting in order."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems, verdict

KEY: dict[str, Any] = {
    "kind": "ordering",
    "items": {"a": "one", "b": "two", "c": "three", "d": "four"},
    "correct": ["a", "b", "c", "d"],
}


@pytest.mark.parametrize(
    ("response", "reason", "score"),
    [
        (["a", "b", "c", "d"], "right", 1.0),
        (["b", "a", "c", "d"], "order", 2 / 3),
        (["d", "c", "b", "a"], "wrong", 0.0),
        (["d", "a", "b", "c"], "wrong", 0.0),
        (["a", "b", "d", "c"], "order", 2 / 3),
    ],
)
def test_what_counts_are_the_pairs_that_stand_the_right_way_round(response: Any, reason: str, score: float) -> None:
    grade = graded(KEY, response)
    assert grade.reason == reason
    assert grade.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (["a", "a", "c", "d"], "unreadable: repeated"),
        (["a", "b", "c"], "unreadable: wrong_shape"),
        (["a", "b", "c", "x"], "unreadable: unknown_choice"),
        ("abcd", "unreadable: wrong_shape"),
    ],
)
def test_each_item_stands_in_one_place(response: Any, reason: str) -> None:
    assert verdict(KEY, response) == reason


def test_items_that_read_alike_may_change_places() -> None:
    assert verdict({**KEY, "items": {"a": "x", "b": "x", "c": "y", "d": "z"}}, ["b", "a", "c", "d"]) == "right"


def test_the_items_are_never_shown_in_order() -> None:
    for seed in range(60):
        assert [option.id for option in grading.field(KEY, seed).inputs[0].options] != KEY["correct"]


def test_a_foreseen_wrong_order_is_recognised() -> None:
    assert graded(KEY, ["d", "c", "b", "a"], ("d", "c", "b", "a")).wrong_answer == 0


@pytest.mark.parametrize("correct", [[], ["a"], ["a", "b", "c", "c"], ["a", "b", "c", "x"], "abcd"])
def test_a_key_names_every_item_once(correct: Any) -> None:
    assert problems({**KEY, "correct": correct})
