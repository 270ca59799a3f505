"""Tables of which some cells are asked for."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems, verdict

KEY: dict[str, Any] = {
    "kind": "table",
    "columns": ["$x$", "$y$"],
    "rows": ["first", "second"],
    "cells": [["1", "[5]"], ["[3]", "1/2"]],
}


def test_cells_are_judged_one_by_one() -> None:
    assert verdict(KEY, ["5", "3"]) == "right"
    assert verdict(KEY, ["１０/2", "3.0"]) == "right"
    grade = graded(KEY, ["5", "4"])
    assert (grade.reason, grade.score, grade.details["part"], grade.details["wrong"]) == ("parts", 0.5, "cell", "2")


def test_numbers_may_be_off_by_the_tolerance() -> None:
    assert verdict({**KEY, "tolerance": "0.1"}, ["5.05", "3"]) == "right"
    assert verdict({**KEY, "tolerance": "0.01"}, ["5.05", "3"]) == "parts"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (["5", ""], "unreadable: empty_place"),
        (["5"], "unreadable: wrong_shape"),
        (["5", "+"], "unreadable: missing_operand"),
    ],
)
def test_an_answer_that_is_not_finished_is_not_counted(response: Any, reason: str) -> None:
    assert verdict(KEY, response) == reason


def test_a_foreseen_wrong_cell_is_recognised_whatever_the_others_are() -> None:
    assert graded(KEY, ["5", "4.0"], ("", "4")).wrong_answer == 0


def test_what_is_shown_and_what_is_asked_for() -> None:
    field = grading.field(KEY)
    assert [row.header for row in field.rows] == ["first", "second"]
    assert (field.rows[0].cells[0], field.rows[1].cells[1]) == ("1", "1/2")
    assert (field.rows[0].cells[1], field.rows[1].cells[0]) == field.inputs
    assert "**$5$**" in grading.right_answer(KEY)


@pytest.mark.parametrize(
    "fields",
    [
        {"cells": [["1", "2"], ["3", "4"]]},
        {"cells": [["1"], ["[3]", "4"]]},
        {"cells": []},
        {"cells": [["[((]", "1"], ["2", "3"]]},
        {"columns": ["x"]},
        {"rows": ["one"]},
    ],
)
def test_a_key_needs_a_whole_table_and_a_cell_that_is_asked_for(fields: dict[str, Any]) -> None:
    assert problems({**KEY, **fields})
