"""Texts: case, width, punctuation, wildcards."""

import time
from typing import Any

import pytest

from tests.content.kinds.cases import graded, problems, verdict


def text(*accept: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "text", "accept": list(accept), **fields}


@pytest.mark.parametrize(
    ("answer", "response", "reason"),
    [
        (text("slope"), "Slope.", "right"),
        (text("slope"), "ｓｌｏｐｅ。", "right"),
        (text("斜率"), " 斜率。", "right"),
        (text("3,5"), "３，５", "right"),
        (text("slope", case=True), "Slope", "wrong"),
        (text("Stop.", punctuation=True), "stop。", "right"),
        (text("Stop.", punctuation="yes"), "stop", "wrong"),
        (text("colo*r", wildcards=True), "colour", "right"),
        (text("colo*r", wildcards=True), "color", "right"),
        (text("colo*r", wildcards=True), "colours", "wrong"),
        (text("*one*two*", wildcards=True), "and one then two.", "right"),
        (text("*one*two*", wildcards=True), "two, one", "wrong"),
        (text("a*a", wildcards=True), "a", "wrong"),
        (text("colo*r"), "colour", "wrong"),
    ],
)
def test_what_is_no_part_of_an_answer_does_not_matter(answer: dict[str, Any], response: str, reason: str) -> None:
    assert verdict(answer, response) == reason


def test_a_foreseen_wrong_text_is_recognised_in_any_writing() -> None:
    assert graded(text("slope"), "Height!", "height").wrong_answer == 0


def test_wildcards_take_no_time_whatever_is_typed() -> None:
    start = time.perf_counter()
    assert verdict(text("a*" * 200 + "b", wildcards=True), "a" * 500) == "wrong"
    assert time.perf_counter() - start < 0.1


@pytest.mark.parametrize("fields", [{"accept": []}, {"accept": [" "]}, {"accept": ["*"], "wildcards": True}])
def test_a_key_needs_a_text(fields: dict[str, Any]) -> None:
    assert problems({"kind": "text", **fields})
