"""Inequalities, intervals, unions and sets: what they allow, and how near a wrong one is."""

from typing import Any

import pytest

from tests.content.kinds.cases import graded, problems, verdict


def key(value: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "inequality", "value": value, **fields}


@pytest.mark.parametrize(
    ("value", "response"),
    [
        *(
            ("x > 3", each)
            for each in ("x > 3", "3 < x", "(3, inf)", r"\left(3,\infty\right)", "{x | x > 3}", "X>3", "ｘ＞３")
        ),
        *(
            ("x > 3", each)
            for each in ("(3, ∞)", "x ∈ (3, ∞)", r"\{x \mid x > 3\}", "{x : x > 3}", "(3, +∞)", "（3，＋∞）")
        ),
        *(("2 <= x < 5", each) for each in ("[2, 5)", "x >= 2 and x < 5", "x < 5, x >= 2", "5 > x >= 2", "2 ≤ x < 5")),
        *(("x < 1 or x > 4", each) for each in ("(-inf, 1) U (4, inf)", "x>4 or x<1", "x < 1, x > 4")),
        ("x < 1 or x > 4", r"(-\infty,1)\cup(4,\infty)"),
        *(("(-inf, inf)", each) for each in ("R", "ℝ", "all real numbers", "全体实数", r"\mathbb{R}", "(-∞, ∞)")),
        *(("∅", each) for each in ("no solution", "无解", r"\emptyset", "{}", "空集")),
        ("x != 2", "x < 2 or x > 2"),
        ("x > 1/2", "x > 0.5"),
        ("x > sqrt(2)", "(sqrt(2), inf)"),
    ],
)
def test_what_allows_the_same_numbers_is_right(value: str, response: str) -> None:
    assert verdict(key(value), response) == "right"


@pytest.mark.parametrize(
    ("value", "response", "reason"),
    [
        ("x > 3", "x >= 3", "ends"),
        ("2 <= x < 5", "(2, 5)", "ends"),
        ("2 <= x < 5", "(2, 5]", "ends"),
        ("x > 3", "x < 3", "direction"),
        ("x > 3", "x < -3", "wrong"),
        ("x > 3", "x > 4", "wrong"),
        ("x < 1 or x > 4", "1 < x < 4", "wrong"),
        ("x > 3", "2x > 6", "form"),
        ("x > 3", "x + 1 > 4", "form"),
        ("x > 3", "3", "unreadable: inequality_expected"),
        ("x > 3", "x = 3", "unreadable: inequality_expected"),
        ("x > 3", "y > 3", "unreadable: other_letter"),
        ("x > 3", "", "unreadable: empty"),
        ("x > 3", "x > ", "unreadable: missing_operand"),
    ],
)
def test_other_ranges_are_told_what_is_right_in_them(value: str, response: str, reason: str) -> None:
    assert verdict(key(value), response) == reason


def test_the_form_asked_for_is_a_message() -> None:
    assert graded(key("x > 3", form="interval"), "x > 3").details["form"] == "interval"
    assert graded(key("x > 3", form="inequality"), "(3, inf)").details["form"] == "inequality"
    assert graded(key("x > 3", form="interval"), "(3, inf)").correct


def test_a_foreseen_wrong_range_is_recognised_in_any_writing() -> None:
    grade = graded(key("x > 3"), "(-inf, 3)", "x < 3")
    assert (grade.reason, grade.wrong_answer) == ("misconception", 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "7"},
        {"value": "x > y"},
        {"value": ""},
        {"value": "x > 3", "variable": "t"},
        {"value": "x > 3", "form": "solved"},
    ],
)
def test_a_key_needs_a_range_of_one_letter(fields: dict[str, Any]) -> None:
    assert problems({"kind": "inequality", **fields})
