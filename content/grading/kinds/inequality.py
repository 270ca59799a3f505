"""An inequality in one variable, an interval, a union of these: the numbers that it allows, and how it is written.

Set-builder notation, `U` for the union, «all real numbers» and «no solution» are read in English and Chinese.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.finishing import forward, is_finished, said, statements
from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Reads, Shape, Widget, gettext_noop
from content.grading.responses import one_text, says_none
from content.grading.restating import is_restated
from content.mathematics import Code, OutOfBounds, SolutionSet, Unreadable, trees
from content.mathematics.numerics import close
from content.package import Json, StepKind, WrongAnswer

_BUILT = re.compile(
    r"\A\s*\\?\{\s*([A-Za-z])\s*(?:\\in\s*\\mathbb\s*\{?R\}?\s*|∈\s*[Rℝ]\s*)?(?:\\mid|\\vert|[|:∣])(.*?)\\?\}\s*\Z",
    re.S,
)
_UNION = re.compile(r"(?<=[\])])\s*(?:∪|\\cup|[Uu∪并])\s*(?=[\[(]|\\left)")
_ALL = re.compile(
    r"\A\s*(?:[Rℝ]|\\mathbb\s*\{?R\}?|all\s+(?:real\s+)?numbers|all\s+reals|全体实数|任意实数|所有实数)\s*\Z", re.I
)
_INFINITY = re.compile(r"(?<![A-Za-z\\])(?:infinity|inf|oo)(?![A-Za-z])|无穷")
_TURNED_BRACKETS = re.compile(r"([\[(\]])([^\[\]()|]*[,;；，][^\[\]()|]*)([\])\[])")
_SIGNS = ("<", "<=", ">", ">=", "!=", "in")


class InequalityForm(StrEnum):
    """How the numbers are to be written down."""

    ANY = "any"
    INTERVAL = "interval"
    INEQUALITY = "inequality"


FORMS = {
    InequalityForm.ANY: gettext_noop("any way of writing it"),
    InequalityForm.INTERVAL: gettext_noop("as an interval"),
    InequalityForm.INEQUALITY: gettext_noop("as an inequality"),
}


@dataclass(frozen=True, kw_only=True)
class InequalityKey:
    """The numbers that are allowed, and the tree that says so."""

    kind: ClassVar[StepKind] = StepKind.INEQUALITY
    value: trees.Node
    allowed: SolutionSet
    variable: str
    form: InequalityForm = InequalityForm.ANY


class Inequality(Kind[InequalityKey]):
    """An inequality or interval, typed with a keyboard for mathematics."""

    name = StepKind.INEQUALITY
    title = gettext_noop("Inequality or interval")
    reads = Reads.LATEX
    form = (
        Part(
            name="value",
            shape=Shape.LINE,
            label=gettext_noop("Right answer"),
            help=gettext_noop("Such as x > 3, (3, inf), 2 <= x < 5, x < 1 or x > 4."),
            needed=True,
        ),
        Part(name="variable", shape=Shape.LINE, label=gettext_noop("Variable")),
        Part(
            name="form",
            shape=Shape.PICK,
            label=gettext_noop("Form asked for"),
            options=tuple(Option(id=form.value, text=text) for form, text in FORMS.items()),
        ),
    )
    example: Json = {"kind": "inequality", "value": "x < 1 or x >= 4"}

    def parse(self, answer: Json) -> InequalityKey:
        """Read value, variable and form."""
        reader = KeyReader(answer)
        reader.only("value", "variable", "form")
        form, variable, text = reader.form(InequalityForm), reader.text("variable"), reader.text("value")
        value, allowed = _everything(), mathematics.solution_set(_everything())
        try:
            value = read(text)
            allowed = _allowed(value)[0]
        except Unreadable as problem:
            reader.problems.append(f"value: no inequality or interval: {text[:80]}: {problem}")
        letters = value.names or {variable or "x"}
        if len(letters) > 1 or (variable and variable not in letters):
            reader.problems.append("variable: not the one letter of the value")
        reader.finish()
        return InequalityKey(value=value, allowed=allowed, variable=min(letters), form=form or InequalityForm.ANY)

    def grade(self, key: InequalityKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade what is allowed, then how it is written. Raises Unreadable."""
        given = _in_letter(read(one_text(response)), key.variable)
        read_as, found = mathematics.latex(given), _allowed(given)
        if any(one.equals(key.allowed) for one in found):
            lacking = _lacking_form(key, given)
            return partial(Reason.FORM, read_as, form=lacking) if lacking else right(read_as)
        if (recognised := _recognised(wrong_answers, found)) is not None:
            return wrong(read_as, wrong_answer=recognised)
        return next((grade for one in found if (grade := _nearly(key.allowed, one, read_as))), wrong(read_as))

    def read_as(self, key: InequalityKey, response: Response) -> str:
        """What was read, as LaTeX. Raises Unreadable."""
        given = _in_letter(read(one_text(response)), key.variable)
        _allowed(given)
        return mathematics.latex(given)

    def field(self, answer: Json, seed: int) -> Field:
        """A line for mathematics."""
        return Field(
            label=gettext_noop("Your answer: an inequality or interval"),
            inputs=(Input(widget=Widget.MATH),),
            reads=self.reads,
        )

    def right_response(self, answer: Json) -> Response:
        """The value, in the form that is asked for."""
        return str(answer["value"])

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Another bound."""
        yield f"{self.parse(answer).variable} > {rng.randint(100, 999)}"

    def restates(self, key: InequalityKey, response: Response, given: Sequence[str]) -> bool:
        """Whether it is a formula of the prompts."""
        return is_restated((key.value,), (read(one_text(response)),), given)


def read(text: str) -> trees.Node:
    """An inequality, interval, union or set as a tree. Raises Unreadable."""
    if _ALL.match(text):
        return _everything()
    if says_none(text):
        return trees.Constant("emptyset")
    built = _BUILT.match(text)
    plain = _TURNED_BRACKETS.sub(_turned_back, _INFINITY.sub("∞", built[2] if built else text))
    return mathematics.parse(_UNION.sub(" or ", plain))


def _turned_back(found: re.Match[str]) -> str:
    """`]2, 5[` with round brackets."""
    return f"{'(' if found[1] == ']' else found[1]}{found[2]}{')' if found[3] == '[' else found[3]}"


def _everything() -> trees.Node:
    infinite = trees.Constant("infinity")
    return trees.Interval(trees.Negative(infinite), infinite, "()")


def _allowed(node: trees.Node) -> list[SolutionSet]:
    """The numbers that it allows; with a comma between, by both readings. Raises Unreadable."""
    parts = statements(node)
    if not any(_says_range(part) for part in parts):
        raise Unreadable(Code.INEQUALITY_EXPECTED, mathematics.latex(node))
    readings = [node]
    if isinstance(node, trees.Listing) and node.joined == ",":
        readings = [trees.Listing(node.items, joined) for joined in ("or", "and")]
    try:
        return [mathematics.solution_set(each) for each in readings]
    except OutOfBounds:
        raise Unreadable(Code.INEQUALITY_EXPECTED, mathematics.latex(node)) from None


def _says_range(part: trees.Node) -> bool:
    if isinstance(part, trees.Relation):
        return set(part.signs) <= set(_SIGNS)
    return isinstance(part, trees.Interval | trees.Point) or part == trees.Constant("emptyset")


def _in_letter(node: trees.Node, variable: str) -> trees.Node:
    """The tree with `X` as `x` where that is the variable. Raises Unreadable for another letter."""
    for name in sorted(node.names - {variable}):
        if name.swapcase() != variable:
            raise Unreadable(Code.OTHER_LETTER, name)
    found: trees.Node = trees.renamed(node, {variable.swapcase(): variable})
    return found


def _lacking_form(key: InequalityKey, given: trees.Node) -> str:
    parts = statements(given)
    ranges = [part for part in parts if isinstance(part, trees.Interval | trees.Point)]
    relations = [part for part in parts if isinstance(part, trees.Relation)]
    if key.form == InequalityForm.INTERVAL and relations:
        return key.form.value
    if key.form == InequalityForm.INEQUALITY and ranges:
        return key.form.value
    return "" if all(map(_is_solved, relations)) else "solved_inequality"


def _is_solved(relation: trees.Relation) -> bool:
    """`x > 3`, `3 < x`, `1 < x <= 5`: the variable alone, and bounds with nothing left to compute but roots and π."""
    if relation.signs == ("in",):
        return True
    sides = forward(relation).sides if len(relation.sides) == 2 else relation.sides  # type: ignore[attr-defined]
    alone = [side for side in sides if isinstance(side, trees.Name)]
    bounds = [side for side in sides if not side.names]
    return (
        len(alone) == 1
        and len(bounds) == len(sides) - 1
        and all(is_finished(said(one)) or one.value is None for one in bounds)
    )


def _nearly(wanted: SolutionSet, given: SolutionSet, read_as: str) -> Grade | None:
    """What is said of the right bounds with something else wrong."""
    ours, theirs = list(wanted.marks), list(given.marks)
    if (
        not ours
        or len(ours) != len(theirs)
        or not all(close(one, other) for one, other in zip(ours, theirs, strict=True))
    ):
        return None
    if wanted.inside[::2] == given.inside[::2]:
        return partial(Reason.ENDS, read_as)
    if len(ours) == 1 and wanted.inside[0] != given.inside[0]:
        return partial(Reason.DIRECTION, read_as, score=0.25)
    return None


def _recognised(wrong_answers: Sequence[WrongAnswer], found: Sequence[SolutionSet]) -> int | None:
    for index, foreseen in enumerate(wrong_answers):
        try:
            expected = _allowed(read(foreseen.response)) if isinstance(foreseen.response, str) else []
        except Unreadable:
            continue
        if any(one.equals(other) for one in expected for other in found):
            return index
    return None


KIND = Inequality()
