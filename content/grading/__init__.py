"""Whether a closed answer is right: the only grader of closed answers, the same in practice, import and training.

An answer that cannot be read is not wrong: it raises Unreadable, with the part that could not be read. Open answers
(sentences, essays) are not judged here. Keys are described in docs/content.md.
"""

from collections.abc import Sequence

from content.grading.choices import grade_one_choice, grade_several_choices
from content.grading.expressions import grade_expression, read_expression
from content.grading.grades import Grade, Reason, Response, right, wrong
from content.grading.keys import (
    AnswerKey,
    ExpressionKey,
    KeyProblem,
    NumberKey,
    OneChoiceKey,
    SeveralChoicesKey,
    TextKey,
    parse_key,
)
from content.grading.numbers import grade_number, read_quantity
from content.grading.restating import is_restated
from content.grading.texts import normalise
from content.mathematics import Code, Unreadable
from content.package import WrongAnswer

__all__ = [
    "AnswerKey", "Code", "ExpressionKey", "Grade", "KeyProblem", "NumberKey", "OneChoiceKey", "Reason", "Response",
    "SeveralChoicesKey", "TextKey", "Unreadable", "grade", "parse_key", "read_as",
]  # fmt: skip

MAX_TEXT = 500  # characters
MAX_CHOICES = 100


def grade(
    key: AnswerKey, response: Response, *, wrong_answers: Sequence[WrongAnswer] = (), given: Sequence[str] = ()
) -> Grade:
    """Judge a response: a text for numbers, expressions and texts, an id for one choice, ids for several.

    wrong_answers: those that the author foresaw; a wrong response that is one of them is recognised. given: the
    formulas of the prompts, as LaTeX (content/markup.formulas); one of them handed back is no answer, except where
    the key itself is written so. Raises Unreadable for a response that cannot be read, which is not to be counted.
    """
    if isinstance(key, SeveralChoicesKey):
        return grade_several_choices(key, _several(response), wrong_answers)
    text = _single(response)
    match key:
        case OneChoiceKey():
            return grade_one_choice(key, text, wrong_answers)
        case TextKey():
            return _grade_text(key, text, wrong_answers)
        case NumberKey():
            found = grade_number(key, text, wrong_answers)
        case ExpressionKey():
            found = grade_expression(key, text, wrong_answers)
    if found.correct and given and is_restated(key, text, given):
        return Grade(correct=False, score=0.0, reason=Reason.RESTATED, read_as=found.read_as)
    return found


def read_as(key: AnswerKey, response: Response) -> str:
    """How a response is understood, shown while it is typed: LaTeX for numbers and expressions, else the text.

    Raises Unreadable.
    """
    if isinstance(key, SeveralChoicesKey):
        return ", ".join(_several(response))
    given = _single(response)
    if isinstance(key, NumberKey):
        return read_quantity(given, unit=key.unit).latex
    return read_expression(given) if isinstance(key, ExpressionKey) else given.strip()


def _single(response: Response) -> str:
    if not isinstance(response, str):
        raise Unreadable(Code.WRONG_SHAPE)
    if not response.strip():
        raise Unreadable(Code.EMPTY)
    if len(response) > MAX_TEXT:
        raise Unreadable(Code.TOO_LONG, response, MAX_TEXT)
    if "\0" in response:  # no sign at all, and nothing that a database keeps
        raise Unreadable(Code.UNKNOWN_SIGN, "\\0", response.index("\0"))
    return response


def _several(response: Response) -> list[str]:
    if isinstance(response, str):
        raise Unreadable(Code.WRONG_SHAPE, response)
    if not response:
        raise Unreadable(Code.EMPTY)
    if len(response) > MAX_CHOICES:
        raise Unreadable(Code.TOO_LONG, response[0], MAX_CHOICES)
    return response


def _grade_text(key: TextKey, response: str, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    given = normalise(response, case=key.case)
    if given in key.accept:
        return right(response.strip())
    foreseen = [
        normalise(each.response, case=key.case) if isinstance(each.response, str) else "" for each in wrong_answers
    ]
    return wrong(response.strip(), wrong_answer=foreseen.index(given) if given in foreseen else None)
