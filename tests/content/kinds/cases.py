"""How the tests of a kind are written: a key, a response, and what is to come of it."""

from collections.abc import Sequence
from typing import Any

from content import grading
from content.grading import Grade, Response
from content.package import WrongAnswer


def graded(answer: dict[str, Any], response: Response, *foreseen: str | tuple[str, ...]) -> Grade:
    """The grade of a response, with foreseen wrong answers."""
    wrong_answers = [WrongAnswer(response=each, feedback="because") for each in foreseen]
    return grading.grade(grading.parse_key(answer), response, wrong_answers=wrong_answers)


def verdict(answer: dict[str, Any], response: Response) -> str:
    """The reason of a grade, or why it could not be read."""
    try:
        return str(graded(answer, response).reason)
    except grading.Unreadable as problem:
        return f"unreadable: {problem.code}"


def problems(answer: dict[str, Any]) -> Sequence[str]:
    """What is wrong with a key."""
    try:
        grading.parse_key(answer)
    except grading.KeyProblem as problem:
        return problem.problems
    return ()
