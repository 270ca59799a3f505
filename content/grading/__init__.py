"""Whether a closed answer is right: the only grader of closed answers, the same in practice, import and training.

An answer that cannot be read is not wrong: it raises Unreadable, with the part that could not be read. Open answers
(sentences, essays) are handed in, and wait for a person. Keys are described in docs/content.md; each kind of step is
one module of content/grading/kinds, behind the interface of content/grading/kind.
"""

from collections.abc import Iterator, Sequence
from random import Random

from content.grading.grades import Grade, Reason, Response
from content.grading.keys import KeyProblem
from content.grading.kind import AnswerKey, Field, Input, Kind, Layout, Option, Part, Reads, Row, Shape, Widget
from content.grading.kinds import KINDS
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer

__all__ = [
    "KINDS", "AnswerKey", "Code", "Field", "Grade", "Input", "KeyProblem", "Kind", "Layout", "Option", "Part", "Reads",
    "Reason", "Response", "Row", "Shape", "Unreadable", "Widget", "field", "grade", "guesses", "kind_of", "parse_key",
    "read_as", "right_answer", "right_response", "told",
]  # fmt: skip


def kind_of(answer: Json) -> Kind[AnswerKey]:
    """The kind that an answer key names. Raises KeyProblem."""
    name = answer.get("kind")
    if name not in list(StepKind):
        raise KeyProblem(f"kind: this is not known: {name}: possible are: {', '.join(StepKind)}")
    return KINDS[StepKind(name)]


def parse_key(answer: Json) -> AnswerKey:
    """Read an answer key as described in docs/content.md. Raises KeyProblem with every problem at once."""
    return kind_of(answer).parse(answer)


def grade(
    key: AnswerKey, response: Response, *, wrong_answers: Sequence[WrongAnswer] = (), given: Sequence[str] = ()
) -> Grade:
    """Judge a response: one text, or a list of texts, as content/grading/kind.py says.

    wrong_answers: those that the author foresaw; a wrong response that is one of them is recognised. given: the
    formulas of the prompts, as LaTeX (content/markup.formulas); one of them handed back is no answer, except where
    the key itself is written so. Raises Unreadable for a response that cannot be read, which is not to be counted.
    """
    kind = KINDS[key.kind]
    found = kind.grade(key, response, wrong_answers)
    if found.correct and given and kind.restates(key, response, given):
        return Grade(correct=False, score=0.0, reason=Reason.RESTATED, read_as=found.read_as)
    return _credited(found, wrong_answers)


def _credited(found: Grade, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    """The grade with what the author gives for a recognised wrong answer, where the author says so."""
    if found.wrong_answer is None or not (credit := wrong_answers[found.wrong_answer].credit):
        return found
    return Grade(
        correct=False,
        score=min(max(float(credit), 0.0), 1.0),
        reason=found.reason,
        read_as=found.read_as,
        wrong_answer=found.wrong_answer,
        details=found.details,
    )


def read_as(key: AnswerKey, response: Response) -> str:
    """How a response is understood, shown while it is typed, in what the kind `reads`. Raises Unreadable."""
    return KINDS[key.kind].read_as(key, response)


def field(answer: Json, seed: int = 0) -> Field:
    """What is shown to answer with; nothing of the answer is in it."""
    return kind_of(answer).field(answer, seed)


def right_response(answer: Json) -> Response:
    """A response that is graded right."""
    return kind_of(answer).right_response(answer)


def right_answer(answer: Json) -> str:
    """The right answer as it is shown to people, Markdown."""
    return kind_of(answer).right_answer(answer)


def told(answer: Json, response: Response) -> str:
    """A response as it is shown to people, Markdown. Raises Unreadable."""
    return kind_of(answer).told(answer, response)


def guesses(answer: Json, rng: Random) -> Iterator[Response]:
    """Responses that nobody foresaw and that are likely wrong, for simulated students."""
    return kind_of(answer).guesses(answer, rng)
