"""Several choices are right, and some of them may be found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Part, Shape, Widget, gettext_noop
from content.grading.kinds.one_choice import choice_options, recognised_choices
from content.grading.responses import ids
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer


@dataclass(frozen=True, kw_only=True)
class SeveralChoicesKey:
    """Choices by their ids, the ids of the right ones, and what each is worth where the author says so."""

    kind: ClassVar[StepKind] = StepKind.SEVERAL_CHOICES
    choices: Mapping[str, str]
    correct: frozenset[str]
    credit: Mapping[str, float] = field(default_factory=dict)


class SeveralChoices(Kind[SeveralChoicesKey]):
    """Boxes to tick. The response is the list of ids."""

    name = StepKind.SEVERAL_CHOICES
    title = gettext_noop("Several choices")
    form = (
        Part(name="choices", shape=Shape.CHOICES, label=gettext_noop("Choices"), needed=True),
        Part(name="correct", shape=Shape.SOME_OF, of="choices", label=gettext_noop("The right ones"), needed=True),
        Part(
            name="credit",
            shape=Shape.SHARES_OF,
            of="choices",
            label=gettext_noop("Worth of each"),
            help=gettext_noop("From -1 to 1; left out, each right one counts the same and a wrong one takes one away."),
        ),
        Part(name="shuffle", shape=Shape.SWITCH, label=gettext_noop("In another order for every student")),
    )
    example: Json = {
        "kind": "several_choices",
        "choices": {"a": "$2$", "b": "$3$", "c": "$4$", "d": "$9$"},
        "correct": ["a", "b"],
    }

    def parse(self, answer: Json) -> SeveralChoicesKey:
        """Read choices, correct, credit and shuffle."""
        reader = KeyReader(answer)
        reader.only("choices", "correct", "credit", "shuffle")
        reader.switch("shuffle")
        choices = reader.mapping("choices", least=2)
        correct = frozenset(reader.texts("correct"))
        reader.problems += [f"correct: not the id of a choice: {each}" for each in sorted(correct - set(choices))]
        credit = reader.shares("credit", of=choices, least=-1)
        reader.finish()
        return SeveralChoicesKey(choices=choices, correct=correct, credit=credit)

    def grade(self, key: SeveralChoicesKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade ids: each right one counts, each wrong one takes one away. Raises Unreadable."""
        chosen = _known(key, response)
        read_as = _listed(key, chosen)
        if chosen == key.correct:
            return right(read_as)
        recognised = recognised_choices(wrong_answers, chosen)
        score = _score(key, chosen)
        if recognised is not None or not score:
            return wrong(read_as, wrong_answer=recognised)
        missing, extra = len(key.correct - chosen), len(chosen - key.correct)
        return partial(Reason.PARTLY, read_as, score=score, missing=str(missing), extra=str(extra))

    def read_as(self, key: SeveralChoicesKey, response: Response) -> str:
        """The ids."""
        return _listed(key, _known(key, response))

    def field(self, answer: Json, seed: int) -> Field:
        """The choices below each other."""
        return Field(
            label=gettext_noop("Choose all that are right"),
            inputs=(Input(widget=Widget.CHOICES, options=choice_options(answer, seed)),),
            is_list=True,
        )

    def right_response(self, answer: Json) -> Response:
        """The right ids."""
        return [str(choice) for choice in answer["correct"]]

    def told(self, answer: Json, response: Response) -> str:
        """The texts of the choices."""
        key = self.parse(answer)
        chosen = _known(key, response)
        return "\n".join(f"- {text}" for choice, text in key.choices.items() if choice in chosen)

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """The wrong ones, with one more or one less."""
        choices, correct = [str(choice) for choice in answer["choices"]], set(map(str, answer["correct"]))
        yield sorted(set(choices) ^ set(rng.sample(choices, 1)) ^ (set(choices) - correct))


def _known(key: SeveralChoicesKey, response: Response) -> set[str]:
    chosen = set(ids(response))
    if unknown := sorted(chosen - set(key.choices)):
        raise Unreadable(Code.UNKNOWN_CHOICE, unknown[0])
    return chosen


def _listed(key: SeveralChoicesKey, chosen: set[str]) -> str:
    return ", ".join(choice for choice in key.choices if choice in chosen)


def _score(key: SeveralChoicesKey, chosen: set[str]) -> float:
    """Below 1: only the right choice is worth that."""
    if key.credit:
        worth = sum(key.credit.get(choice, 0.0) for choice in chosen)
        return min(max(worth, 0.0), 0.99)
    return max(0.0, (len(key.correct & chosen) - len(chosen - key.correct)) / len(key.correct))


KIND = SeveralChoices()
