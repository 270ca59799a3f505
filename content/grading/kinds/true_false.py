"""A statement that is true or false."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Response, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Shape, Widget, gettext_noop
from content.grading.kinds.one_choice import recognised_choices
from content.grading.responses import one_text
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer

WORDS = {"true": gettext_noop("True"), "false": gettext_noop("False")}


@dataclass(frozen=True, kw_only=True)
class TrueFalseKey:
    """Whether the statement is true."""

    kind: ClassVar[StepKind] = StepKind.TRUE_FALSE
    correct: bool


class TrueFalse(Kind[TrueFalseKey]):
    """Two radio buttons. The response is `true` or `false`."""

    name = StepKind.TRUE_FALSE
    title = gettext_noop("True or false")
    speaks = True
    form = (Part(name="correct", shape=Shape.SWITCH, label=gettext_noop("The statement is true"), needed=True),)
    example: Json = {"kind": "true_false", "correct": True}

    def parse(self, answer: Json) -> TrueFalseKey:
        """Read correct."""
        reader = KeyReader(answer)
        reader.only("correct")
        if answer.get("correct") in (None, ""):
            reader.problems.append("correct: yes or no is needed")
        correct = reader.switch("correct")
        reader.finish()
        return TrueFalseKey(correct=correct)

    def grade(self, key: TrueFalseKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade `true` or `false`. Raises Unreadable."""
        given = _known(response)
        if (given == "true") == key.correct:
            return right(given)
        return wrong(given, wrong_answer=recognised_choices(wrong_answers, {given}))

    def read_as(self, key: TrueFalseKey, response: Response) -> str:
        """As it is."""
        return _known(response)

    def field(self, answer: Json, seed: int) -> Field:
        """True, and false below it."""
        options = tuple(Option(id=one, word=word) for one, word in WORDS.items())
        return Field(label=gettext_noop("Choose one"), inputs=(Input(widget=Widget.CHOICE, options=options),))

    def right_response(self, answer: Json) -> Response:
        """The right one."""
        return "true" if self.parse(answer).correct else "false"

    def told(self, answer: Json, response: Response) -> str:
        """The word."""
        return WORDS[_known(response)]

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """The other one."""
        yield "false" if self.parse(answer).correct else "true"


def _known(response: Response) -> str:
    given = one_text(response)
    if given not in WORDS:
        raise Unreadable(Code.UNKNOWN_CHOICE, given)
    return given


KIND = TrueFalse()
