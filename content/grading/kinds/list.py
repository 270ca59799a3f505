"""Several numbers or formulas: a set, where neither order nor repetition matters, or a list in a given order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.finishing import statements
from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader, readings
from content.grading.kind import Field, Input, Kind, Part, Reads, Shape, Widget, gettext_noop
from content.grading.responses import one_text, says_none
from content.grading.restating import is_restated
from content.mathematics import Code, Unreadable, numerics, trees
from content.mathematics.equivalence import plain
from content.package import Json, StepKind, WrongAnswer

MOST_ITEMS = 30
EMPTY = "∅"
_NOTHING = trees.Constant("emptyset")


@dataclass(frozen=True, kw_only=True)
class ListKey:
    """The items, whether their order matters, and by how much a number may be off."""

    kind: ClassVar[StepKind] = StepKind.LIST
    items: tuple[trees.Node, ...]
    ordered: bool = False
    tolerance: Fraction = Fraction(0)


class List(Kind[ListKey]):
    """A line for mathematics, with commas between the items."""

    name = StepKind.LIST
    title = gettext_noop("List or set")
    reads = Reads.LATEX
    form = (
        Part(
            name="items",
            shape=Shape.LINES,
            label=gettext_noop("Items"),
            help=gettext_noop("None for the empty set."),
            needed=True,
        ),
        Part(name="ordered", shape=Shape.SWITCH, label=gettext_noop("The order matters")),
        Part(name="tolerance", shape=Shape.LINE, label=gettext_noop("Numbers may be off by")),
    )
    example: Json = {"kind": "list", "items": ["-3", "2"]}

    def parse(self, answer: Json) -> ListKey:
        """Read items, ordered and tolerance."""
        reader = KeyReader(answer)
        reader.only("items", "ordered", "tolerance")
        texts = () if answer.get("items") == [] else reader.texts("items")
        if len(texts) > MOST_ITEMS:
            reader.problems.append(f"items: too many: at most {MOST_ITEMS}")
        items = tuple(reader.formulas("items", texts, all_readings=False))
        ordered, tolerance = reader.switch("ordered"), reader.size("tolerance")
        reader.finish()
        return ListKey(items=items, ordered=ordered, tolerance=tolerance)

    def grade(self, key: ListKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade the items by the reading that comes off best: `1,234` is one number or two. Raises Unreadable."""
        found = [(items, _grade(key, items, node)) for items, node in _read(one_text(response))]
        items, best = max(found, key=lambda pair: pair[1].score)
        if not best.correct and (recognised := _recognised(key, wrong_answers, items)) is not None:
            return wrong(best.read_as, wrong_answer=recognised)
        return best

    def read_as(self, key: ListKey, response: Response) -> str:
        """The list, as LaTeX. Raises Unreadable."""
        found = _read(one_text(response))
        return mathematics.latex(found[-1 if len(key.items) > 1 else 0][1])

    def field(self, answer: Json, seed: int) -> Field:
        """A line for mathematics; how many items there are is not said."""
        label = (
            gettext_noop("Your answer: in order, with commas between")
            if KeyReader(answer).switch("ordered")
            else gettext_noop("Your answer: with commas between, in any order")
        )
        return Field(label=label, inputs=(Input(widget=Widget.MATH),), reads=self.reads)

    def right_response(self, answer: Json) -> Response:
        """The items with signs between that are no part of a number."""
        return "; ".join(map(str, answer["items"])) or EMPTY

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """One item too few, and other numbers."""
        items = list(map(str, answer["items"]))
        yield from ("; ".join(items[1:]) or "0", f"{rng.randint(100, 999)}; 0")

    def restates(self, key: ListKey, response: Response, given: Sequence[str]) -> bool:
        """Whether it is a formula of the prompts."""
        return is_restated((trees.Listing(key.items, ","), *key.items), readings(one_text(response)), given)


def _read(text: str) -> list[tuple[tuple[trees.Node, ...], trees.Node]]:
    """The items of every reading, with the tree. Raises Unreadable."""
    if says_none(text):
        return [((), _NOTHING)]
    found = []
    for node in readings(text):
        opened = plain(node)
        items = node.items if isinstance(node, trees.Point) else statements(opened)
        if len(items) > MOST_ITEMS:
            raise Unreadable(Code.TOO_LONG, text)
        found.append((items, node))
    return found


def _grade(key: ListKey, items: tuple[trees.Node, ...], node: trees.Node) -> Grade:
    read_as = mathematics.latex(node)
    if key.ordered:
        return _grade_ordered(key, items, read_as)
    missing = [one for one in key.items if not any(_same(key, item, one) for item in items)]
    extra = [item for item in items if not any(_same(key, item, one) for one in key.items)]
    if not missing and not extra:
        return right(read_as)
    hits, total = len(key.items) - len(missing), len(key.items)
    score = max(0.0, (hits - len(extra)) / total) if total else 0.0
    if not hits:
        return wrong(read_as)
    counts = {"right": str(hits), "total": str(total), "missing": str(len(missing)), "extra": str(len(extra))}
    return partial(Reason.ITEMS, read_as, score=min(score, 0.99), **counts)


def _grade_ordered(key: ListKey, items: tuple[trees.Node, ...], read_as: str) -> Grade:
    hits = sum(_same(key, item, one) for item, one in zip(items, key.items, strict=False))
    if hits == len(items) == len(key.items):
        return right(read_as)
    total, length = len(key.items), len(items)
    if length == total and _are_exchanged(key, items):
        return partial(Reason.ORDER, read_as, score=0.5 * hits / total + 0.25, right=str(hits), total=str(total))
    if not hits:
        return wrong(read_as)
    missing, extra = total - hits, max(0, length - total)
    counts = {"right": str(hits), "total": str(total), "missing": str(missing), "extra": str(extra)}
    return partial(Reason.ITEMS, read_as, score=max(0.0, min((hits - extra) / total, 0.99)), **counts)


def _are_exchanged(key: ListKey, items: tuple[trees.Node, ...]) -> bool:
    left = list(key.items)
    for item in items:
        place = next((place for place, one in enumerate(left) if _same(key, item, one)), None)
        if place is None:
            return False
        del left[place]
    return True


def _same(key: ListKey, item: trees.Node, wanted: trees.Node) -> bool:
    if mathematics.is_equivalent(item, wanted):
        return True
    if not key.tolerance:
        return False
    number = item.sides[1] if isinstance(item, trees.Relation) and item.signs == ("=",) else item
    try:
        return bool(numerics.distance(number, wanted) <= key.tolerance)
    except (numerics.NoValue, KeyError):
        return False


def _recognised(key: ListKey, wrong_answers: Sequence[WrongAnswer], items: tuple[trees.Node, ...]) -> int | None:
    for index, foreseen in enumerate(wrong_answers):
        if not isinstance(foreseen.response, str):
            continue
        try:
            expected = [
                ListKey(items=found, ordered=key.ordered, tolerance=key.tolerance)
                for found, _ in _read(foreseen.response)
            ]
        except Unreadable:
            continue
        if any(_grade(each, items, _NOTHING).correct for each in expected):
            return index
    return None


KIND = List()
