"""Equations: what they say, the form asked for, what is no equation."""

from typing import Any

import pytest

from tests.content.kinds.cases import graded, problems, verdict


def line(**fields: Any) -> dict[str, Any]:
    return {"kind": "equation", "value": "y = 2x + 3", **fields}


@pytest.mark.parametrize(
    "response",
    [
        "y = 2x + 3",
        "2x + 3 = y",
        "y - 2x = 3",
        "2y = 4x + 6",
        "y=3+2x",
        r"y = 2x+3",
        "ｙ＝２ｘ＋３",
        "-y = -2x - 3",
        "Y = 2X + 3",
    ],
)
def test_an_equation_is_right_however_it_is_written(response: str) -> None:
    assert verdict(line(), response) == "right"


@pytest.mark.parametrize("response", ["y = 2x - 3", "y = 3x + 2", "x = 2y + 3", "y = 2x"])
def test_another_equation_is_wrong(response: str) -> None:
    assert verdict(line(), response) == "wrong"


@pytest.mark.parametrize("response", ["2x + 3", "y > 2x + 3", "5", "y = 2x = 3"])
def test_what_is_no_equation_is_told_so_and_not_counted(response: str) -> None:
    assert verdict(line(), response) == "unreadable: equation_expected"


@pytest.mark.parametrize(
    ("form", "fits", "lacks"),
    [
        ("slope_intercept", "y = 2x + 3", "2x - y = -3"),
        ("standard", "2x - y = -3", "y = 2x + 3"),
        ("solved", "y = 3 + 2x", "y - 3 = 2x"),
        ("exact", "y = 2x + 3", "y = 3 + 2x"),
    ],
)
def test_another_form_is_a_message(form: str, fits: str, lacks: str) -> None:
    assert verdict(line(form=form), fits) == "right"
    grade = graded(line(form=form), lacks)
    assert (grade.is_message, grade.details["form"]) == (True, form)


def test_a_foreseen_wrong_equation_is_recognised_in_any_writing() -> None:
    assert graded(line(), "3x + 2 = y", "y = 3x + 2").wrong_answer == 0


@pytest.mark.parametrize("fields", [{"value": "2x + 3"}, {"value": ""}, {"form": "expanded"}, {"accept": ["x"]}])
def test_a_key_needs_an_equation(fields: dict[str, Any]) -> None:
    assert problems(line(**fields))
