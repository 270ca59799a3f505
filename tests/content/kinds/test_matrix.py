"""Matrices and vectors, in a grid or as text."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems, verdict

GRID: dict[str, Any] = {"kind": "matrix", "rows": [["1", "2"], ["0", "-1"]]}
TEXT: dict[str, Any] = {**GRID, "size_shown": False}
VECTOR: dict[str, Any] = {"kind": "matrix", "rows": [["3"], ["1/2"]], "size_shown": "no"}


@pytest.mark.parametrize(
    "response",
    [
        "1 2; 0 -1",
        "1, 2; 0, -1",
        "[[1, 2], [0, -1]]",
        "1 2\n0 -1",
        "1\t2\n0\t-1",
        "[[ 1  2]\n [ 0 -1]]",
        "１，２；０，－１",
        r"\begin{pmatrix}1&2\\0&-1\end{pmatrix}",
        "[1, 2; 0, -1]",
    ],
)
def test_a_matrix_can_be_written_in_many_ways(response: str) -> None:
    assert verdict(TEXT, response) == "right"


def test_a_grid_is_filled_row_by_row() -> None:
    assert verdict(GRID, ["1", "2", "0", "-1"]) == "right"
    assert verdict(GRID, ["1.0", "4/2", "0", "-1"]) == "right"
    assert grading.field(GRID).brackets


def test_entries_are_judged_one_by_one() -> None:
    grade = graded(GRID, ["1", "2", "0", "1"])
    assert (grade.reason, grade.score, grade.details["wrong"], grade.details["right"]) == ("parts", 0.75, "4", "3")


@pytest.mark.parametrize(
    ("answer", "response", "reason"),
    [
        (TEXT, "1 0; 2 -1", "transposed"),
        (TEXT, "1 2 3; 4 5 6", "size"),
        (VECTOR, "3, 0.5", "transposed"),
        (VECTOR, "3; 0.5", "right"),
        (TEXT, "1 2; 3", "unreadable: size_expected"),
        (TEXT, "", "unreadable: empty"),
        (GRID, ["1", "", "0", "-1"], "unreadable: empty_place"),
        (GRID, ["1", "2", "0"], "unreadable: wrong_shape"),
        (GRID, ["1", "2", "0", "(("], "unreadable: missing_close"),
    ],
)
def test_other_sizes_and_what_cannot_be_read_are_told_so(answer: Any, response: Any, reason: str) -> None:
    assert verdict(answer, response) == reason


def test_the_place_that_cannot_be_read_is_named() -> None:
    with pytest.raises(grading.Unreadable) as caught:
        graded(GRID, ["1", "2", "+*", "-1"])
    assert caught.value.place == 3


def test_a_foreseen_wrong_matrix_is_recognised() -> None:
    assert graded(GRID, ["1", "2", "0", "1.0"], ("1", "2", "0", "1")).wrong_answer == 0
    assert graded(TEXT, "1 2; 0 1", "1, 2; 0, 1").wrong_answer == 0


def test_numbers_may_be_off_by_the_tolerance() -> None:
    assert verdict({**GRID, "tolerance": "0.1"}, ["1.05", "2", "0", "-1"]) == "right"


@pytest.mark.parametrize("rows", [None, "1 2", [], [["1", "2"], ["3"]], [["(("]], [[]], [["1"] * 7]])
def test_a_key_needs_rows_of_equal_length(rows: object) -> None:
    assert problems({"kind": "matrix", "rows": rows})
