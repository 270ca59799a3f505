"""Long texts: handed in, and waiting for a person."""

from typing import Any

import pytest

from content import grading
from tests.content.kinds.cases import graded, problems, verdict

KEY: dict[str, Any] = {"kind": "long_text", "words_least": "3", "words_most": "6"}


@pytest.mark.parametrize("response", ["One two three", "先除以二", "两边 same 除以", "a b c d e f"])
def test_a_text_of_the_right_length_waits(response: str) -> None:
    grade = graded(KEY, response)
    assert (grade.is_waiting, grade.correct, grade.read_as) == (True, False, response)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("one two", "unreadable: too_few_words"),
        ("除二", "unreadable: too_few_words"),
        ("a b c d e f g", "unreadable: too_many_words"),
        ("", "unreadable: empty"),
        ("x" * 20_001, "unreadable: too_long"),
        (["a", "b", "c"], "unreadable: wrong_shape"),
    ],
)
def test_another_length_is_not_handed_in(response: Any, reason: str) -> None:
    assert verdict(KEY, response) == reason


def test_markdown_in_a_text_is_shown_as_it_was_typed() -> None:
    assert grading.told(KEY, "<b> *one* two") == r"\<b\> \*one\* two"


@pytest.mark.parametrize("fields", [{"words_least": "7"}, {"words_least": "0"}, {"words_most": "many"}])
def test_a_key_has_bounds_that_can_be_met(fields: dict[str, Any]) -> None:
    assert problems({**KEY, **fields})
