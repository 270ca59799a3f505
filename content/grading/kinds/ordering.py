"""Items that are put in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Layout, Option, Part, Shape, Widget, gettext_noop, shuffled
from content.grading.places import same_texts
from content.grading.responses import texts
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer


@dataclass(frozen=True, kw_only=True)
class OrderingKey:
    """Items by their ids, and the ids in the right order."""

    kind: ClassVar[StepKind] = StepKind.ORDERING
    items: Mapping[str, str]
    correct: tuple[str, ...]


class Ordering(Kind[OrderingKey]):
    """A list that is sorted by buttons, by dragging or by numbers. The response is the ids in order."""

    name = StepKind.ORDERING
    title = gettext_noop("Ordering")
    form = (
        Part(name="items", shape=Shape.CHOICES, label=gettext_noop("Items"), needed=True),
        Part(name="correct", shape=Shape.ORDER_OF, of="items", label=gettext_noop("The right order"), needed=True),
    )
    example: Json = {
        "kind": "ordering",
        "items": {"a": "$\\frac{1}{2}$", "b": "$0.3$", "c": "$\\frac{3}{4}$"},
        "correct": ["b", "a", "c"],
    }

    def parse(self, answer: Json) -> OrderingKey:
        """Read items and correct."""
        reader = KeyReader(answer)
        reader.only("items", "correct")
        items, correct = reader.mapping("items", least=2), reader.texts("correct")
        if sorted(correct) != sorted(items):
            reader.problems.append("correct: the id of every item is needed once")
        reader.finish()
        return OrderingKey(items=items, correct=correct)

    def grade(self, key: OrderingKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade by how many pairs of items stand the right way round. Raises Unreadable."""
        given, read_as = _read(key, response), ", ".join(_read(key, response))
        wanted = [key.items[one] for one in key.correct]
        found = [key.items[one] for one in given]
        if found == wanted:
            return right(read_as)
        if (recognised := same_texts(wrong_answers, given)) is not None:
            return wrong(read_as, wrong_answer=recognised)
        score = _score(key, given)
        if not score:
            return wrong(read_as)
        hits = sum(one == other for one, other in zip(found, wanted, strict=True))
        return partial(Reason.ORDER, read_as, score=score, right=str(hits), total=str(len(wanted)))

    def read_as(self, key: OrderingKey, response: Response) -> str:
        """The ids."""
        return ", ".join(_read(key, response))

    def field(self, answer: Json, seed: int) -> Field:
        """The items, shuffled so that they are not in order."""
        key = self.parse(answer)
        options = shuffled([Option(id=one, text=text) for one, text in key.items.items()], seed)
        if [option.id for option in options] == list(key.correct):
            options = (*options[1:], options[0])
        return Field(
            label=gettext_noop("Put these in order"),
            inputs=(Input(widget=Widget.ORDER, options=options),),
            layout=Layout.SORTABLE,
            is_list=True,
        )

    def right_response(self, answer: Json) -> Response:
        """The ids in order."""
        return [str(one) for one in answer["correct"]]

    def told(self, answer: Json, response: Response) -> str:
        """The items in this order."""
        key = self.parse(answer)
        return "\n".join(f"{number}. {key.items[one]}" for number, one in enumerate(_read(key, response), 1))

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """The right order turned round."""
        yield [str(one) for one in reversed(answer["correct"])]


def _read(key: OrderingKey, response: Response) -> list[str]:
    given = texts(response, len(key.items))
    for one in given:
        if one not in key.items:
            raise Unreadable(Code.UNKNOWN_CHOICE, one)
        if given.count(one) > 1:
            raise Unreadable(Code.REPEATED, one)
    return given


def _score(key: OrderingKey, given: Sequence[str]) -> float:
    """Twice the share of pairs that stand the right way round, less 1: 0 by chance and below, 1 where all do.

    That is Kendall's rank correlation without ties.
    """
    place = {one: number for number, one in enumerate(key.correct)}
    pairs = [(one, other) for index, one in enumerate(given) for other in given[index + 1 :]]
    share = sum(place[one] < place[other] for one, other in pairs) / len(pairs)
    return max(0.0, 2 * share - 1)


KIND = Ordering()
