"""Formulas, equations, inequalities, points and lists of solutions: equivalent to the key, and in the form wanted.

Where the author names no form, content/grading/finishing says what is left to do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.finishing import statements, unfinished
from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import LONGEST, READ_OTHERWISE, KeyReader, readings
from content.grading.kind import Field, Input, Kind, Option, Part, Reads, Shape, Widget, gettext_noop
from content.grading.responses import one_text
from content.grading.restating import is_restated
from content.mathematics import numerics, trees
from content.mathematics.forms import Form, bare, has_form
from content.package import Json, StepKind, WrongAnswer

# Forms that are never asked for by name.
BRACKETS = "brackets"  # a point or an interval in its brackets
NAMES = "names"  # which value belongs to which variable
FORMS = {
    Form.ANY: gettext_noop("any way of writing it"),
    Form.EXPANDED: gettext_noop("multiplied out"),
    Form.FACTORED: gettext_noop("factored"),
    Form.SIMPLIFIED: gettext_noop("simplified"),
    Form.SOLVED: gettext_noop("solved for the variable"),
    Form.STATEMENT: gettext_noop("the equation or inequality itself"),
    Form.FRACTION: gettext_noop("as one fraction"),
    Form.SLOPE_INTERCEPT: gettext_noop("in the form y = mx + b"),
    Form.STANDARD: gettext_noop("in standard form"),
    Form.SCIENTIFIC: gettext_noop("in scientific notation"),
    Form.EXACT: gettext_noop("exactly as the key is written"),
}
_INDEX = re.compile(r"(?<![A-Za-z\\])([A-Za-z])(\d{1,2})(?![\d.])")
_NUMBERED = re.compile(r"(?<![A-Za-z\\])[A-Za-z][12]\s*=")


@dataclass(frozen=True, kw_only=True)
class ExpressionKey:
    """A formula, equation, list …; all readings of the value and of what else is accepted.

    form: the one asked for, or None where the author says nothing (see content/grading/finishing.py). domain: where
    formulas are compared, or None for wherever both have a value.
    """

    kind: ClassVar[StepKind] = StepKind.EXPRESSION
    readings: tuple[trees.Node, ...]
    form: Form | None = None
    domain: mathematics.Domain | None = None


class Expression(Kind[ExpressionKey]):
    """One formula, typed with a keyboard for mathematics."""

    name = StepKind.EXPRESSION
    title = gettext_noop("Expression")
    reads = Reads.LATEX
    form = (
        Part(name="value", shape=Shape.LINE, label=gettext_noop("Right answer"), needed=True),
        Part(name="accept", shape=Shape.LINES, label=gettext_noop("Also right")),
        Part(
            name="form",
            shape=Shape.PICK,
            label=gettext_noop("Form asked for"),
            options=tuple(Option(id=form.value, text=text) for form, text in FORMS.items()),
        ),
        Part(name="domain", shape=Shape.LINE, label=gettext_noop("Compared only for")),
    )
    example: Json = {"kind": "expression", "value": "2x + 6"}

    def parse(self, answer: Json) -> ExpressionKey:
        """Read value, accept, form and domain."""
        reader = KeyReader(answer)
        reader.only("value", "accept", "form", "domain")
        found = reader.formulas("value", [reader.text("value")])
        found += reader.formulas("accept", reader.texts("accept", needed=False))
        form, domain = reader.form(Form), _domain(reader)
        reader.finish()
        return ExpressionKey(readings=tuple(found), form=form, domain=domain)

    def grade(self, key: ExpressionKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade one formula. Raises Unreadable."""
        return grade_expression(key, one_text(response), wrong_answers)

    def read_as(self, key: ExpressionKey, response: Response) -> str:
        """The formula, as LaTeX. Raises Unreadable."""
        return mathematics.latex(mathematics.parse(one_text(response)))

    def field(self, answer: Json, seed: int) -> Field:
        """A line for mathematics."""
        return Field(
            label=gettext_noop("Your answer: an expression or equation"),
            inputs=(Input(widget=Widget.MATH),),
            reads=self.reads,
        )

    def right_response(self, answer: Json) -> Response:
        """The value as the author wrote it."""
        return str(answer["value"])

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Numbers."""
        yield from (str(rng.randint(2, 99)), "0")

    def restates(self, key: ExpressionKey, response: Response, given: Sequence[str]) -> bool:
        """Whether it is a formula of the prompts."""
        return is_restated(key.readings, readings(one_text(response)), given)


def _domain(reader: KeyReader) -> mathematics.Domain | None:
    if not (text := reader.text("domain")):
        return None
    try:
        found = mathematics.read_domain(text)
    except mathematics.Unreadable as problem:
        reader.problems.append(f"domain: no condition such as x > 0: {text[:LONGEST]}: {problem}")
        return None
    if not numerics.has_points(found):
        reader.problems.append(f"domain: hardly anything is left to compare at: {text[:LONGEST]}")
    return found


def grade_expression(key: ExpressionKey, response: str, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    """Grade one formula. Raises Unreadable."""
    given = _named(key, tuple(_as_the_key(key, reading) for reading in _readings(key, response)))
    matched = _matches(key.readings, given, key.domain)
    if matched is None:
        read_as, recognised = mathematics.latex(given[0]), _recognised(key, wrong_answers, given)
        if recognised is None and _matches(key.readings, _bracketed(given), key.domain):
            return partial(Reason.FORM, read_as, form=BRACKETS)
        if recognised is None and _matches(key.readings, _assigned(key, given), key.domain):
            return partial(Reason.FORM, read_as, form=NAMES)
        return wrong(read_as, wrong_answer=recognised)
    reading, wanted = matched
    read_as = mathematics.latex(reading)
    lacking = _lacking_form(key, reading, wanted)
    if not lacking:
        return right(read_as)
    written = _recognised(key, wrong_answers, (reading,), exactly=True)
    return partial(Reason.FORM, read_as, form=lacking) if written is None else wrong(read_as, wrong_answer=written)


def _named(key: ExpressionKey, given: tuple[trees.Node, ...]) -> tuple[trees.Node, ...]:
    """Where `y = …` is asked for, the right side alone is given that name: prompts end in «y = …»."""
    solved = key.readings[0]
    if key.form != Form.SOLVED or not isinstance(solved, trees.Relation) or solved.signs != ("=",):
        return given
    name = solved.sides[0]
    return tuple(
        reading if isinstance(reading, trees.COLLECTIONS) else trees.Relation((name, reading), ("=",))
        for reading in given
    )


def _readings(key: ExpressionKey, response: str) -> tuple[trees.Node, ...]:
    """All readings; with `x1` as x₁ where the key has indices, or where solutions are numbered so."""
    found = readings(response)
    has_indices = any("_" in name for name in key.readings[0].names)
    if len(response) <= READ_OTHERWISE and _INDEX.search(response) and (has_indices or _NUMBERED.search(response)):
        found += readings(_INDEX.sub(r"\1_\2", response))
    return found


def _as_the_key(key: ExpressionKey, reading: trees.Node) -> trees.Node:
    """A reading in the key's letters, and its solutions and names as the key has them."""
    found = _in_letters_of(key, reading)
    if isinstance(found, trees.Listing):
        return _without_numbers(key, found)
    if not isinstance(found, trees.Relation) or len(found.sides) != 2:
        return found
    left, right = found.sides
    if found.signs == ("in",) and isinstance(left, trees.Name) and isinstance(right, trees.Listing):
        return trees.Listing(tuple(trees.Relation((left, item), ("=",)) for item in right.items), "or")
    return _unnamed(key, found)


def _without_numbers(key: ExpressionKey, given: trees.Listing) -> trees.Node:
    """`x_1 = 3, x_2 = -3` as x = 3, x = -3, where the key has no indices; `x = 2 and y = 3` with a comma."""
    solved = [one for one in given.items if isinstance(one, trees.Relation) and isinstance(one.sides[0], trees.Name)]
    names = [one.sides[0].name for one in solved if isinstance(one.sides[0], trees.Name)]
    if len(solved) < len(given.items):
        return given
    if given.joined == "and" and len(set(names)) == len(names):
        given = trees.Listing(given.items, ",")
    bare_names = {name: name.partition("_")[0] for name in names if "_" in name}
    wanted = key.readings[0].names or {min(bare_names.values(), default="")}
    if len(bare_names) < len(names) or len(bare_names) < 2 or not wanted >= set(bare_names.values()):
        return given
    found: trees.Node = trees.renamed(given, bare_names)
    return found


def _unnamed(key: ExpressionKey, given: trees.Relation) -> trees.Node:
    """`f(x) = 2x` or `A = 2x` as 2x where an expression is asked for, as y = 2x where the key is solved for y."""
    (left, right), wanted = given.sides, key.readings[0]
    name, *arguments = left.factors if isinstance(left, trees.Product) else (left,)
    if given.signs != ("=",) or not isinstance(name, trees.Name) or name.name in wanted.names | right.names:
        return given
    if len(arguments) > 1 or not all(isinstance(one, trees.Name) for one in arguments):
        return given
    letters = {letter for one in arguments for letter in one.names}
    if not isinstance(wanted, trees.COLLECTIONS):
        return right if wanted.names and letters <= wanted.names else given
    if not arguments or not isinstance(wanted, trees.Relation) or wanted.signs != ("=",):
        return given
    solved, value = wanted.sides
    return (
        trees.Relation((solved, right), ("=",)) if isinstance(solved, trees.Name) and letters <= value.names else given
    )


def _in_letters_of(key: ExpressionKey, reading: trees.Node) -> trees.Node:
    """`X = 4` as `x = 4` where the key has no X: phones write the first letter large."""
    wanted = key.readings[0].names
    names = {
        name: name.swapcase()
        for name in reading.names - wanted
        if name.swapcase() in wanted and name.swapcase() not in reading.names
    }
    found: trees.Node = trees.renamed(reading, names) if names else reading
    return found


def _bracketed(given: Sequence[trees.Node]) -> tuple[trees.Node, ...]:
    """The points that `2, -3` may be meant to be."""
    return tuple(
        trees.Point(reading.items) for reading in given if isinstance(reading, trees.Listing) and reading.joined == ","
    )


def _assigned(key: ExpressionKey, given: Sequence[trees.Node]) -> tuple[trees.Node, ...]:
    """What `3, 5` or `(3, 5)` may be meant to be where `x = 3, y = 5` is asked for: values in the key's order."""
    solved = statements(key.readings[0])
    if not all(isinstance(one, trees.Relation) and isinstance(one.sides[0], trees.Name) for one in solved):
        return ()
    names = [one.sides[0] for one in solved if isinstance(one, trees.Relation)]
    return tuple(
        trees.Listing(
            tuple(trees.Relation((name, value), ("=",)) for name, value in zip(names, reading.items, strict=True)), ","
        )
        for reading in given
        if isinstance(reading, trees.Listing | trees.Point) and len(reading.items) == len(names) > 1
    )


def _matches(
    keys: Sequence[trees.Node], given: Sequence[trees.Node], domain: mathematics.Domain | None
) -> tuple[trees.Node, trees.Node] | None:
    """The first reading of the answer that is equivalent to a key, with that key."""
    pairs = ((reading, key) for key in keys for reading in given)
    return next((pair for pair in pairs if mathematics.is_equivalent(*pair, domain=domain)), None)


def _lacking_form(key: ExpressionKey, reading: trees.Node, wanted: trees.Node) -> str:
    """The form that the answer should have and has not, or nothing."""
    if key.form is not None:
        return "" if has_form(reading, key.form, key=wanted) else key.form.value
    return unfinished(reading, wanted)


def _recognised(
    key: ExpressionKey, wrong_answers: Sequence[WrongAnswer], given: Sequence[trees.Node], *, exactly: bool = False
) -> int | None:
    """The index of the foreseen wrong answer that this is; exactly: only if it is written the same way."""
    for index, foreseen in enumerate(wrong_answers):
        if not isinstance(foreseen.response, str):
            continue
        try:
            expected = _named(key, readings(foreseen.response))
        except mathematics.Unreadable:
            continue
        if exactly:
            if any(bare(reading) == bare(other) for reading in given for other in expected):
                return index
        elif _matches(expected, given, key.domain):
            return index
    return None


KIND = Expression()
