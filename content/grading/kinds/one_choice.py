"""One choice of several is right; others may be worth a share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Shape, Widget, gettext_noop, shuffled
from content.grading.responses import one_text
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer


@dataclass(frozen=True, kw_only=True)
class OneChoiceKey:
    """Choices by their ids, the id of the right one, and what wrong ones are worth."""

    kind: ClassVar[StepKind] = StepKind.ONE_CHOICE
    choices: Mapping[str, str]
    correct: str
    credit: Mapping[str, float] = field(default_factory=dict)


class OneChoice(Kind[OneChoiceKey]):
    """Radio buttons. The response is the id."""

    name = StepKind.ONE_CHOICE
    title = gettext_noop("One choice")
    form = (
        Part(name="choices", shape=Shape.CHOICES, label=gettext_noop("Choices"), needed=True),
        Part(name="correct", shape=Shape.ONE_OF, of="choices", label=gettext_noop("The right one"), needed=True),
        Part(
            name="credit",
            shape=Shape.SHARES_OF,
            of="choices",
            label=gettext_noop("Part of the credit"),
            help=gettext_noop("From 0 to 1, for a choice that is not quite wrong."),
        ),
        Part(name="shuffle", shape=Shape.SWITCH, label=gettext_noop("In another order for every student")),
    )
    example: Json = {"kind": "one_choice", "choices": {"a": "$8$", "b": "$9$", "c": "$6$"}, "correct": "b"}

    def parse(self, answer: Json) -> OneChoiceKey:
        """Read choices, correct, credit and shuffle."""
        reader = KeyReader(answer)
        reader.only("choices", "correct", "credit", "shuffle")
        reader.switch("shuffle")
        choices, correct = reader.mapping("choices", least=2), reader.text("correct")
        if choices and correct not in choices:
            reader.problems.append(f"correct: not the id of a choice: {correct}")
        credit = reader.shares("credit", of=choices, least=0)
        reader.finish()
        return OneChoiceKey(choices=choices, correct=correct, credit=credit)

    def grade(self, key: OneChoiceKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade the id of one choice. Raises Unreadable for an id that the step does not have."""
        chosen = _known(key, response)
        if chosen == key.correct:
            return right(chosen)
        recognised = recognised_choices(wrong_answers, {chosen})
        share = key.credit.get(chosen, 0.0)
        if recognised is None and 0 < share < 1:
            return partial(Reason.WRONG, chosen, score=share)
        return wrong(chosen, wrong_answer=recognised)

    def read_as(self, key: OneChoiceKey, response: Response) -> str:
        """The id."""
        return _known(key, response)

    def field(self, answer: Json, seed: int) -> Field:
        """The choices below each other."""
        return Field(
            label=gettext_noop("Choose one"),
            inputs=(Input(widget=Widget.CHOICE, options=choice_options(answer, seed)),),
        )

    def right_response(self, answer: Json) -> Response:
        """The right id."""
        return str(answer["correct"])

    def told(self, answer: Json, response: Response) -> str:
        """The text of the choice."""
        key = self.parse(answer)
        return key.choices[_known(key, response)]

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """The other choices."""
        others = [str(choice) for choice in answer["choices"] if str(choice) != str(answer["correct"])]
        yield from rng.sample(others, len(others))


def _known(key: OneChoiceKey, response: Response) -> str:
    chosen = one_text(response)
    if chosen not in key.choices:
        raise Unreadable(Code.UNKNOWN_CHOICE, chosen)
    return chosen


def choice_options(answer: Json, seed: int) -> tuple[Option, ...]:
    """The choices of a key, in the author's order or shuffled."""
    options = tuple(Option(id=str(choice), text=str(text)) for choice, text in answer["choices"].items())
    return shuffled(options, seed) if KeyReader(answer).switch("shuffle") else options


def recognised_choices(wrong_answers: Sequence[WrongAnswer], chosen: set[str]) -> int | None:
    """The index of the foreseen wrong answer that chose the same."""
    for index, foreseen in enumerate(wrong_answers):
        expected = {foreseen.response} if isinstance(foreseen.response, str) else set(foreseen.response)
        if expected == chosen:
            return index
    return None


KIND = OneChoice()
