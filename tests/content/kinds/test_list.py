"""Lists and sets."""

from typing import Any

import pytest

from tests.content.kinds.cases import graded, problems, verdict


def items(*given: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "list", "items": list(given), **fields}


@pytest.mark.parametrize(
    "response",
    [
        "-3, 2",
        "2, -3",
        "{-3, 2}",
        r"\left\{-3,2\right\}",
        "-3; 2",
        "2,2,-3",
        "x = -3 or x = 2",
        "-3，2",
        "｛－3，2｝",
        "4/2, -3",
    ],
)
def test_a_set_is_right_in_any_order_and_writing(response: str) -> None:
    assert verdict(items("-3", "2"), response) == "right"


@pytest.mark.parametrize(
    ("response", "score", "missing", "extra"),
    [("-3", 0.5, "1", "0"), ("-3, 5", 0.0, "1", "1"), ("-3, 2, 5", 0.5, "0", "1")],
)
def test_some_of_the_items_are_part_of_the_answer(response: str, score: float, missing: str, extra: str) -> None:
    grade = graded(items("-3", "2"), response)
    assert (grade.reason, grade.score) == ("items", score)
    assert (grade.details["missing"], grade.details["extra"]) == (missing, extra)


def test_none_of_the_items_is_wrong() -> None:
    assert verdict(items("-3", "2"), "7, 8") == "wrong"


@pytest.mark.parametrize("response", ["∅", "{}", r"\emptyset"])
def test_the_empty_set_can_be_asked_for(response: str) -> None:
    assert verdict(items(), response) == "right"
    assert verdict(items("1"), response) == "wrong"


def test_where_order_matters_another_order_is_told_so() -> None:
    assert verdict(items("1", "3", "5", ordered=True), "1, 3, 5") == "right"
    assert verdict(items("1", "3", "5", ordered=True), "(1, 3, 5)") == "right"
    assert verdict(items("1", "3", "5", ordered="yes"), "1, 5, 3") == "order"
    assert verdict(items("1", "3", "5", ordered=True), "1, 3") == "items"
    assert verdict(items("1", "1", "2", ordered=True), "1, 2") == "items"


def test_numbers_may_be_off_by_the_tolerance() -> None:
    assert verdict(items("1.41", "-1.41", tolerance="0.01"), "1.414, -1.414") == "right"
    assert verdict(items("1.41", "-1.41", tolerance="0.001"), "1.414, -1.414") == "wrong"


def test_a_comma_between_thousands_is_read_either_way() -> None:
    assert verdict(items("1", "234"), "1,234") == "right"
    assert verdict(items("1234"), "1,234") == "right"


def test_formulas_and_points_are_items_too() -> None:
    assert verdict(items("x + 1", "2x"), "x*2, 1 + x") == "right"
    assert verdict(items("(1, 2)", "(3, 4)"), "(3,4), (1,2)") == "right"


def test_a_foreseen_wrong_list_is_recognised_in_any_order() -> None:
    assert graded(items("-3", "2"), "-2, 3", "3, -2").wrong_answer == 0


@pytest.mark.parametrize("given", ["7", ["(("], None])
def test_a_key_needs_items_that_can_be_read(given: object) -> None:
    assert problems({"kind": "list", "items": given})
