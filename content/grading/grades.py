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
    FORM = "form"  # right, but in another form than is asked for: a message, not counted; details: form, the one wanted
    UNIT = "unit"  # right number, wrong unit; details: unit, given
    MISSING_UNIT = "missing_unit"  # right number, no unit though one is asked for; details: unit
    ROUNDING = "rounding"  # the right value, rounded more coarsely than is asked for; details: places
    RESTATED = "restated"  # the question itself, written again: a formula of the prompt, and not the one asked for
    PARTLY = "partly"  # some of several choices; details: missing, extra (how many)
    PARTS = "parts"  # some of several parts; details: part (what one is called), right, total, wrong (their numbers)
    ITEMS = "items"  # some of a list's items; details: right, total, missing, extra (how many)
    ORDER = "order"  # everything is there, in another order; details: right, total (in their places)
    ENDS = "ends"  # the right bounds of a range, but for whether an end belongs to it
    DIRECTION = "direction"  # the right bound, and the other side of it
    SIZE = "size"  # another number of rows or columns; details: rows, columns, the right ones
    TRANSPOSED = "transposed"  # rows for columns
    WAITING = "waiting"  # handed in; a person says what it is worth


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

    @property
    def is_waiting(self) -> bool:
        """Whether it says only that a person has to look: `correct` and `score` mean nothing yet."""
        return self.reason == Reason.WAITING

    @property
    def is_message(self) -> bool:
        """Whether the answer is right but for its form: the student is told, and the try is not counted."""
        return self.reason == Reason.FORM


def right(read_as: str) -> Grade:
    """The grade of a right answer."""
    return Grade(correct=True, score=1.0, reason=Reason.RIGHT, read_as=read_as)


def wrong(read_as: str, *, wrong_answer: int | None = None) -> Grade:
    """The grade of a wrong answer, recognised or not."""
    reason = Reason.WRONG if wrong_answer is None else Reason.MISCONCEPTION
    return Grade(correct=False, score=0.0, reason=reason, read_as=read_as, wrong_answer=wrong_answer)


def partial(reason: Reason, read_as: str, *, score: float = PARTIAL, **details: str) -> Grade:
    """The grade of an answer that is right in part, or but for one thing."""
    return Grade(correct=False, score=score, reason=reason, read_as=read_as, details=details)


def waiting(read_as: str) -> Grade:
    """The grade of an answer that a person has to look at."""
    return Grade(correct=False, score=0.0, reason=Reason.WAITING, read_as=read_as)
