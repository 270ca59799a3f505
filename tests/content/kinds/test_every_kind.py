"""What holds for every kind of step: its example, its field, its bounds."""

import time
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from content import grading
from content.grading import KINDS, Reason, Unreadable, Widget
from content.package import StepKind, WrongAnswer

EXAMPLES = {kind.name: dict(kind.example) for kind in KINDS.values()}
every_kind = pytest.mark.parametrize("answer", EXAMPLES.values(), ids=list(EXAMPLES))


def test_every_name_of_a_kind_has_its_module() -> None:
    assert set(KINDS) == set(StepKind)


@every_kind
def test_the_right_response_of_a_key_is_graded_right(answer: dict[str, Any]) -> None:
    grade = grading.grade(grading.parse_key(answer), grading.right_response(answer))
    assert grade.correct or grade.is_waiting
    assert grading.right_answer(answer)
    assert grading.told(answer, grading.right_response(answer))


@every_kind
def test_guesses_can_be_read_and_are_not_right(answer: dict[str, Any]) -> None:
    key = grading.parse_key(answer)
    for guess in grading.guesses(answer, Random(3)):
        assert not grading.grade(key, guess).correct, guess


@every_kind
def test_a_key_asks_for_nothing_that_its_form_does_not_have(answer: dict[str, Any]) -> None:
    kind = grading.kind_of(answer)
    names = {part.name for part in kind.form}
    assert set(answer) - {"kind"} <= names
    assert {name for part in kind.form for name in (part.of, part.to) if name} <= names
    assert all(part.name in answer for part in kind.form if part.needed)


@every_kind
def test_a_key_with_an_unknown_part_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(grading.KeyProblem, match="unknown field: nonsense"):
        grading.parse_key({**answer, "nonsense": "1"})


@every_kind
@pytest.mark.parametrize("junk", [None, "", [], {}, 7, True, ["x"], {"a": 1}, "((("])
def test_junk_in_any_part_of_a_key_is_a_problem_and_no_crash(answer: dict[str, Any], junk: object) -> None:
    for name in set(answer) - {"kind"}:
        try:
            key = grading.parse_key({**answer, name: junk})
        except grading.KeyProblem:
            continue
        grading.field({**answer, name: junk})
        assert key.kind == answer["kind"]


@every_kind
def test_the_field_has_a_place_for_every_text_of_a_response(answer: dict[str, Any]) -> None:
    field, response = grading.field(answer, seed=5), grading.right_response(answer)
    assert field.is_list == isinstance(response, list)
    assert [each.place for each in field.inputs] == list(range(len(field.inputs)))
    if isinstance(response, list) and field.inputs[0].widget not in (Widget.CHOICES, Widget.ORDER):
        assert len(field.inputs) == len(response)


@every_kind
def test_the_field_is_the_same_whatever_the_answer_is(answer: dict[str, Any]) -> None:
    others: dict[str, dict[str, Any]] = {
        "one_choice": {"correct": "c"},
        "several_choices": {"correct": ["c", "d"]},
        "true_false": {"correct": False},
        "number": {"value": "-77"},
        "expression": {"value": "9/x"},
        "equation": {"value": "y = 9"},
        "inequality": {"value": "x > 77"},
        "list": {"items": ["9"]},
        "matrix": {"rows": [["7", "7"], ["7", "7"]]},
        "text": {"accept": ["something else"]},
        "matching": {"pairs": {"a": "s", "b": "p", "c": "q"}},
        "ordering": {},  # its items are never shown in order: see test_ordering.py
        "cloze": {"gaps": {"1": {"kind": "text", "accept": ["six"]}, "2": {"kind": "number", "value": "77"}}},
        "table": {"cells": [["1", "3"], ["2", "[77]"], ["[88]", "7"]]},
        "long_text": {"sample": "Quite another thing was done here."},
    }
    for seed in range(6):
        assert grading.field(answer, seed) == grading.field({**answer, **others[answer["kind"]]}, seed)


@every_kind
@pytest.mark.parametrize(
    "response",
    [
        *("", " ", "\0", "x" * 501, "9" * 400, "(" * 499, "{" * 499, "1,1;" * 120, "x^9^9^9", "a|b" * 160, "∞" * 500),
        *([], [""], ["\0"], ["x" * 501], ["1"] * 101, ["9" * 400] * 2, ["(" * 499] * 4),
    ],
    ids=range(18),
)
def test_no_response_takes_long_or_crashes(answer: dict[str, Any], response: str | list[str]) -> None:
    key = grading.parse_key(answer)
    grading.grade(key, grading.right_response(answer))  # whatever is computed once
    start = time.perf_counter()
    with suppress(Unreadable):
        assert not grading.grade(key, response).correct
    assert time.perf_counter() - start < 0.2


@every_kind
def test_the_author_may_give_credit_for_a_foreseen_wrong_answer(answer: dict[str, Any]) -> None:
    if answer["kind"] == StepKind.LONG_TEXT:
        return
    guess = next(grading.guesses(answer, Random(3)))
    foreseen = WrongAnswer(response=guess if isinstance(guess, str) else tuple(guess), feedback="Nearly.", credit="0.4")
    grade = grading.grade(grading.parse_key(answer), guess, wrong_answers=[foreseen])
    assert (grade.reason, grade.wrong_answer, grade.score) == (Reason.MISCONCEPTION, 0, 0.4)


@pytest.mark.parametrize(
    ("name", "response", "read"),
    [
        ("cloze", ["", "9"], "(1) … (2) $9$"),
        ("table", ["10/2", " "], r"(1) $\frac{10}{2}$ (2) …"),
        ("matrix", ["1", "", "0", "-1"], r"\begin{bmatrix} 1 & … \\ 0 & -1 \end{bmatrix}"),
    ],
)
def test_what_is_filled_so_far_is_read_back_and_not_graded_yet(name: str, response: list[str], read: str) -> None:
    key = grading.parse_key(grading.KINDS[StepKind(name)].example)
    assert grading.read_as(key, response) == read
    with pytest.raises(grading.Unreadable) as unreadable:
        grading.grade(key, response)
    assert unreadable.value.code == grading.Code.EMPTY_PLACE
    with pytest.raises(grading.Unreadable) as nothing:
        grading.read_as(key, [" "] * len(response))
    assert nothing.value.code == grading.Code.EMPTY
