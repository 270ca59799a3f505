"""Texts with gaps."""

from typing import Any

import pytest

from content import grading
from content.grading import Widget
from tests.content.kinds.cases import graded, problems, verdict

GAPS: dict[str, Any] = {
    "1": {"kind": "number", "value": "3/4", "form": "simplest"},
    "2": {"kind": "text", "accept": ["red", "红色"]},
    "3": {"kind": "expression", "value": "2x"},
    "4": {"kind": "one_choice", "choices": {"a": "up", "b": "down"}, "correct": "a"},
}
KEY: dict[str, Any] = {"kind": "cloze", "text": "It is [[1]] and [[2]], so $y$ is [[3]] and goes [[4]].", "gaps": GAPS}


def test_every_gap_is_graded_as_its_kind() -> None:
    assert verdict(KEY, ["3/4", "Red", "x*2", "a"]) == "right"
    assert verdict(KEY, [r"\frac{3}{4}", "红色。", "x+x", "a"]) == "right"


def test_some_gaps_are_part_of_it_and_are_named() -> None:
    grade = graded(KEY, ["3/4", "blue", "3x", "a"])
    assert (grade.reason, grade.score, grade.details["wrong"]) == ("parts", 0.5, "2 3")


def test_weights_say_what_a_gap_is_worth() -> None:
    grade = graded({**KEY, "weights": {"1": "5"}}, ["3/4", "blue", "3x", "b"])
    assert grade.score == pytest.approx(5 / 8)


def test_a_right_value_in_another_form_is_a_message_where_all_else_is_right() -> None:
    grade = graded(KEY, ["6/8", "red", "2x", "a"])
    assert (grade.is_message, grade.details["form"], grade.details["place"]) == (True, "simplest", "1")
    assert graded(KEY, ["6/8", "blue", "2x", "a"]).details["wrong"] == "1 2"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (["3/4", "", "2x", "a"], "unreadable: empty_place"),
        (["", "", "", ""], "unreadable: empty"),
        (["3/4", "red"], "unreadable: wrong_shape"),
        (["3/4", "red", "((", "a"], "unreadable: missing_close"),
        (["3/4", "red", "2x", "z"], "unreadable: unknown_choice"),
    ],
)
def test_gaps_that_are_empty_or_cannot_be_read_are_not_counted(response: Any, reason: str) -> None:
    assert verdict(KEY, response) == reason


def test_a_foreseen_wrong_answer_may_say_what_stands_in_one_gap_only() -> None:
    assert graded(KEY, ["3/4", "blue", "4x/2 + x", "a"], ("", "", "3x", "")).wrong_answer == 0


def test_the_text_is_shown_with_numbered_gaps_and_no_answer() -> None:
    field = grading.field({**KEY, "text": "[[2]] [[1]] [[4]] [[3]]"})
    assert field.text == "[[1]] [[2]] [[3]] [[4]]"
    assert [each.widget for each in field.inputs] == [Widget.TEXT, Widget.NUMBER, Widget.SELECT, Widget.MATH]
    assert grading.right_response({**KEY, "text": "[[2]] [[1]] [[4]] [[3]]"}) == ["red", "3/4", "a", "2x"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "no gap"},
        {"text": "[[1]] [[1]] [[2]] [[3]] [[4]]"},
        {"text": "[[1]]"},
        {"text": "$x = [[1]]$ [[2]] [[3]] [[4]]"},
        {"gaps": {}},
        {"gaps": {**GAPS, "1": {"kind": "cloze"}}},
        {"gaps": {**GAPS, "1": {"kind": "number", "value": "x"}}},
        {"weights": {"9": "1"}},
        {"weights": {"1": "0"}},
    ],
)
def test_a_key_has_a_key_for_every_gap(fields: dict[str, Any]) -> None:
    assert problems({**KEY, **fields})
