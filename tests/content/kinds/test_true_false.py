"""Statements that are true or false."""

import pytest

from tests.content.kinds.cases import graded, problems, verdict


@pytest.mark.parametrize("written", [True, "yes", "true"])
def test_a_true_statement_is_answered_by_true(written: object) -> None:
    assert verdict({"kind": "true_false", "correct": written}, "true") == "right"
    assert verdict({"kind": "true_false", "correct": written}, "false") == "wrong"


@pytest.mark.parametrize("written", [False, "no", "false"])
def test_a_false_statement_is_answered_by_false(written: object) -> None:
    assert verdict({"kind": "true_false", "correct": written}, "false") == "right"


def test_a_foreseen_wrong_answer_is_recognised() -> None:
    assert graded({"kind": "true_false", "correct": True}, "false", "false").wrong_answer == 0


@pytest.mark.parametrize("response", ["maybe", "", ["true"]])
def test_anything_else_is_not_an_answer(response: str | list[str]) -> None:
    assert verdict({"kind": "true_false", "correct": True}, response).startswith("unreadable")


@pytest.mark.parametrize("written", [None, "", "maybe", 3])
def test_a_key_says_yes_or_no(written: object) -> None:
    assert problems({"kind": "true_false", "correct": written})
