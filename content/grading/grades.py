"""What comes of grading one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PARTIAL = 0.5  # the score of a right value in the wrong form, unit or precision
Response = str | list[str]


class Reason(StrEnum):
    """Why an answer got its score. `Grade.details` has the particulars named here."""

    RIGHT = "right"
    WRONG = "wrong"
    MISCONCEPTION = "misconception"  # a wrong answer that the author foresaw: Grade.wrong_answer
    FORM = "form"  # right value, wrong form; details: form, the one that is wanted
    UNIT = "unit"  # right number, wrong unit; details: unit, given
    MISSING_UNIT = "missing_unit"  # right number, no unit though one is asked for; details: unit
    ROUNDING = "rounding"  # the right value, rounded more coarsely than is asked for; details: places
    RESTATED = "restated"  # the question itself, written again: a formula of the prompt, and not the one asked for
    PARTLY = "partly"  # some of several choices; details: missing, extra (how many)


@dataclass(frozen=True, kw_only=True)
class Grade:
    """The judgement on one answer.

    score: 0 to 1; 1 exactly where correct. read_as: how the answer was understood, LaTeX for numbers and
    expressions, else text. wrong_answer: index of the recognised wrong answer.
    """

    correct: bool
    score: float
    reason: Reason
    read_as: str = ""
    wrong_answer: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def right(read_as: str) -> Grade:
    """The grade of a right answer."""
    return Grade(correct=True, score=1.0, reason=Reason.RIGHT, read_as=read_as)


def wrong(read_as: str, *, wrong_answer: int | None = None) -> Grade:
    """The grade of a wrong answer, recognised or not."""
    reason = Reason.WRONG if wrong_answer is None else Reason.MISCONCEPTION
    return Grade(correct=False, score=0.0, reason=reason, read_as=read_as, wrong_answer=wrong_answer)


def partial(reason: Reason, read_as: str, **details: str) -> Grade:
    """The grade of an answer that is right but for one thing."""
    return Grade(correct=False, score=PARTIAL, reason=reason, read_as=read_as, details=details)
