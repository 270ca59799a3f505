"""Numbers: exact or within a tolerance, in any unit of the same quantity, in the form wanted."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from content import mathematics
from content.grading import units
from content.grading.finishing import is_finished, unfinished
from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Reads, Shape, Widget, gettext_noop
from content.grading.responses import one_text
from content.grading.restating import is_restated
from content.grading.units import CURRENCIES, factor_between, split_unit
from content.mathematics import Code, Unreadable, numerics, trees
from content.mathematics.forms import Form, has_form
from content.mathematics.vocabulary import PLAIN
from content.package import Json, StepKind, WrongAnswer

MOST_FIGURES = 15
COARSEST = Fraction(1, 20)  # a rounded value is at most this far off, in parts of the right one
_UNKNOWN_UNIT = re.compile(r"[\d.,/\s]*\d\s*([A-Za-z\u4e00-\u9fff]{2,}|[\u4e00-\u9fff])\s*\Z")
_TIMES_TEN = re.compile(r"(?<=\d)\s*[xXｘ]\s*(?=10\s*(?:\^|\*\*|[⁰¹²³⁴-⁹⁻]))")  # 3 x 10^5
_APOSTROPHES = re.compile(r"(?<=\d)['’](?=\d{3}(?!\d))")
_DECIMAL_COMMA = re.compile(
    r"\s*([-+]?)\s*(\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?: \d{3})+),(\d+)\s*((?:\*|\\cdot|\\times)\s*10\s*\^.*)?\s*",
    re.ASCII,
)
_POINTED_THOUSANDS = re.compile(r"\s*[-+]?\s*[1-9]\d{0,2}(?:\.\d{3}){2,}\s*", re.ASCII)


class NumberForm(StrEnum):
    """How a number is to be written."""

    ANY = "any"  # any calculation that gives the value
    INTEGER = "integer"
    DECIMAL = "decimal"
    FRACTION = "fraction"
    SIMPLEST = "simplest"  # a fraction in lowest terms, or an integer
    SCIENTIFIC = "scientific"  # c·10ⁿ with 1 ≤ c < 10


FORMS = {
    NumberForm.ANY: gettext_noop("any calculation that gives it"),
    NumberForm.INTEGER: gettext_noop("a whole number"),
    NumberForm.DECIMAL: gettext_noop("a decimal number"),
    NumberForm.FRACTION: gettext_noop("a fraction"),
    NumberForm.SIMPLEST: gettext_noop("a fraction in lowest terms"),
    NumberForm.SCIENTIFIC: gettext_noop("in scientific notation"),
}


@dataclass(frozen=True, kw_only=True)
class NumberKey:
    """A value in `unit`, with a tolerance: the larger of the absolute and the relative one.

    figures: how many significant figures it is asked for with, or None.
    form: the one asked for, or None where the author says nothing (see content/grading/finishing.py).
    """

    kind: ClassVar[StepKind] = StepKind.NUMBER
    value: trees.Node
    tolerance: Fraction = Fraction(0)
    unit: str = ""
    unit_required: bool = False
    form: NumberForm | None = None
    figures: int | None = None


class Number(Kind[NumberKey]):
    """One number, with or without a unit."""

    name = StepKind.NUMBER
    title = gettext_noop("Number")
    reads = Reads.LATEX
    form = (
        Part(name="value", shape=Shape.LINE, label=gettext_noop("Right answer"), needed=True),
        Part(name="tolerance", shape=Shape.LINE, label=gettext_noop("May be off by")),
        Part(
            name="relative_tolerance",
            shape=Shape.LINE,
            label=gettext_noop("May be off by a share of the value"),
            help=gettext_noop("Such as 0.02 for 2 %."),
        ),
        Part(name="significant_figures", shape=Shape.LINE, label=gettext_noop("Significant figures asked for")),
        Part(name="unit", shape=Shape.LINE, label=gettext_noop("Unit")),
        Part(name="unit_required", shape=Shape.SWITCH, label=gettext_noop("The unit is part of the answer")),
        Part(
            name="form",
            shape=Shape.PICK,
            label=gettext_noop("Form asked for"),
            options=tuple(Option(id=form.value, text=text) for form, text in FORMS.items()),
        ),
    )
    example: Json = {"kind": "number", "value": "12"}

    def parse(self, answer: Json) -> NumberKey:
        """Read the parts of the key."""
        reader = KeyReader(answer)
        reader.only("value", "tolerance", "relative_tolerance", "significant_figures", "unit", "unit_required", "form")
        value, form, figures = reader.constant("value"), reader.form(NumberForm), reader.count("significant_figures")
        tolerance = max(reader.size("tolerance"), reader.size("relative_tolerance") * _size(value))
        if figures is not None and figures > MOST_FIGURES:
            reader.problems.append(f"significant_figures: too many: at most {MOST_FIGURES}")
        elif figures is not None:
            tolerance = max(tolerance, _step(_size(value), figures) / 2)
        unit, unit_required = units.normalise(reader.text("unit")), reader.switch("unit_required")
        if unit_required and not unit:
            reader.problems.append("unit_required: there is no unit")
        reader.finish()
        return NumberKey(
            value=value, tolerance=tolerance, unit=unit, unit_required=unit_required, form=form, figures=figures
        )

    def grade(self, key: NumberKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade one number. Raises Unreadable."""
        return grade_number(key, one_text(response), wrong_answers)

    def read_as(self, key: NumberKey, response: Response) -> str:
        """The number and its unit, as LaTeX. Raises Unreadable."""
        return read_quantity(one_text(response), unit=key.unit).latex

    def field(self, answer: Json, seed: int) -> Field:
        """A line for a number, with the unit beside it where it is not part of the answer."""
        unit = "" if KeyReader(answer).switch("unit_required") else str(answer.get("unit") or "")
        return Field(
            label=gettext_noop("Your answer: a number"),
            inputs=(Input(widget=Widget.NUMBER, unit=unit),),
            reads=self.reads,
        )

    def right_response(self, answer: Json) -> Response:
        """The value with its unit, rounded where so many figures are asked for."""
        key = self.parse(answer)
        value = str(answer["value"]) if key.figures is None else _rounded(_size(key.value), key.figures)
        sign = "-" if key.figures is not None and _is_negative(key.value) else ""
        return f"{sign}{value} {answer.get('unit') or ''}".strip()

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Other numbers."""
        yield from (str(rng.randint(2, 99)), "0")

    def restates(self, key: NumberKey, response: Response, given: Sequence[str]) -> bool:
        """Whether it is a formula of the prompts."""
        return is_restated((key.value,), (read_quantity(one_text(response), unit=key.unit).node,), given)


@dataclass(frozen=True)
class Quantity:
    """A number as it was read, with its unit or ""."""

    node: trees.Node
    unit: str

    @property
    def latex(self) -> str:
        """The quantity as LaTeX."""
        shown = mathematics.latex(self.node)
        if not self.unit:
            return shown
        if self.unit in CURRENCIES:
            return rf"\text{{{self.unit}}}{shown}" if self.unit != "$" else rf"\${shown}"
        if self.unit in ("%", "°"):
            return shown + {"%": r"\%", "°": r"^{\circ}"}[self.unit]
        return rf"{shown}\,\text{{{self.unit}}}"


def read_quantity(text: str, *, unit: str) -> Quantity:
    """Read a number with or without a unit; `x = 5` is 5. Raises Unreadable."""
    number, found = split_unit(_TIMES_TEN.sub("*", text), expected=unit)
    number = _with_point(number)
    if not found and (unknown := _UNKNOWN_UNIT.match(text)) and unknown[1].lower() not in ("pi", "sqrt"):
        raise Unreadable(Code.UNKNOWN_UNIT, unknown[1], unknown.start(1))
    node = mathematics.parse(number)
    if isinstance(node, trees.Relation) and node.signs == ("=",) and isinstance(node.sides[0], trees.Name):
        node = node.sides[1]
    if variables := node.names:
        letter = min(variables, key=number.find)
        raise Unreadable(Code.NUMBER_EXPECTED, letter, max(0, number.find(letter)))
    if _amount(node) is None:
        raise Unreadable(Code.NUMBER_EXPECTED, number.strip(), 0)
    return Quantity(node, found)


def _with_point(text: str) -> str:
    """`3,5` and `1.000,5` as 3.5 and 1000.5, where one number is asked for; `1,000` is a thousand."""
    plain = _APOSTROPHES.sub("", text.translate(PLAIN))
    if found := _DECIMAL_COMMA.fullmatch(plain):
        sign, whole, places, power = found.groups("")
        is_thousands = whole.isdigit() and len(places) == 3 and len(whole) < 4 and whole[0] != "0"
        return text if is_thousands else f"{sign}{re.sub(r'[. ]', '', whole)}.{places}{power}"
    return plain.replace(".", "") if _POINTED_THOUSANDS.fullmatch(plain) else plain


def grade_number(key: NumberKey, response: str, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    """Grade one number. Raises Unreadable."""
    given = read_quantity(response, unit=key.unit)
    factor = factor_between(given.unit, key.unit) if given.unit and key.unit else Fraction(1)
    if _is_right(key, given, factor or Fraction(1)):
        return _grade_right_value(key, given, factor)
    recognised = _recognised(key, given, factor or Fraction(1), wrong_answers)
    if recognised is None and (places := _rounded_places(key, given, factor)) is not None:
        return partial(Reason.ROUNDING, given.latex, places=str(places))
    return wrong(given.latex, wrong_answer=recognised)


def _grade_right_value(key: NumberKey, given: Quantity, factor: Fraction | None) -> Grade:
    if factor is None:
        return partial(Reason.UNIT, given.latex, unit=key.unit, given=given.unit)
    if key.unit_required and not given.unit:
        return partial(Reason.MISSING_UNIT, given.latex, unit=key.unit)
    if lacking := _lacking_form(key, given.node):
        return partial(Reason.FORM, given.latex, form=lacking)
    if key.figures is not None and key.figures not in _figures(given.node):
        return partial(Reason.FORM, given.latex, figures=str(key.figures))
    return right(given.latex)


def _amount(node: trees.Node) -> Any:
    """The value: a Fraction where it is rational, else a real number of 40 digits, or None."""
    if node.value is not None:
        return node.value
    try:
        return numerics.value_at(node, {})
    except numerics.NoValue:
        return None


def _is_right(key: NumberKey, given: Quantity, factor: Fraction) -> bool:
    return _is_near(key, given, factor, key.value)


def _is_near(key: NumberKey, given: Quantity, factor: Fraction, value: trees.Node) -> bool:
    """Whether the given quantity, in the key's unit, is within the key's tolerance of a value."""
    if key.tolerance == 0 and factor == 1:
        return mathematics.is_equivalent(given.node, value)
    return bool(numerics.distance(given.node, value, factor=factor) <= key.tolerance)


def _lacking_form(key: NumberKey, node: trees.Node) -> str:
    """The form that a right value should have and has not, or nothing."""
    size = node.of if isinstance(node, trees.Negative) else node
    is_integer = isinstance(size, trees.Number) and size.text.isdigit()
    match key.form:
        case None:
            if key.figures is not None:
                return ""
            # Within a tolerance, the exact √2 or 25π is as good as its decimals.
            return "" if key.tolerance and node.value is None else unfinished(node, key.value)
        case NumberForm.ANY:
            return ""
        case NumberForm.INTEGER:
            fits = is_integer
        case NumberForm.DECIMAL:
            fits = isinstance(size, trees.Number) and "/" not in size.text
        case NumberForm.FRACTION:
            fits = is_integer or (isinstance(size, trees.Quotient) and is_finished(node) and "." not in _digits(size))
        case NumberForm.SIMPLEST:
            fits = "." not in _digits(size) and has_form(node, Form.SIMPLIFIED, key=node)
        case NumberForm.SCIENTIFIC:
            fits = has_form(node, Form.SCIENTIFIC, key=node)
    return "" if fits else key.form.value


def _digits(node: trees.Node) -> str:
    return " ".join(part.text for part in trees.walk(node) if isinstance(part, trees.Number))


def _size(value: trees.Node) -> Fraction:
    """The absolute value of a constant; 0 for one that has none."""
    amount = _amount(value)
    if isinstance(amount, Fraction):
        return abs(amount)
    return Fraction(0) if amount is None or not numerics.is_real(amount) else abs(Fraction(str(amount)))


def _is_negative(value: trees.Node) -> bool:
    amount = _amount(value)
    return (
        bool(amount is not None and numerics.is_real(amount) and amount < 0)
        if not isinstance(amount, Fraction)
        else amount < 0
    )


def _step(size: Fraction, figures: int) -> Fraction:
    """What one is worth in the last of so many significant figures."""
    if not size:
        return Fraction(0)
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    exponent -= Fraction(10) ** exponent > size
    return Fraction(10) ** (exponent - figures + 1)


def _rounded(size: Fraction, figures: int) -> str:
    """A positive number with so many significant figures, in scientific notation where its zeros would be unclear."""
    step = _step(size, figures)
    digits = str(math.floor(size / step + Fraction(1, 2))) if step else "0"
    if len(digits) > figures:  # 9.99 is 10
        digits, step = digits[:figures], step * 10
    places = len(str(step.denominator)) - 1
    if step > 1:
        power = len(digits) - 1 + len(str(step.numerator)) - 1
        return f"{digits[0]}.{digits[1:]}*10^{power}" if len(digits) > 1 else f"{digits}*10^{power}"
    return f"{digits.zfill(places + 1)[:-places]}.{digits.zfill(places + 1)[-places:]}" if places else digits


def _figures(node: trees.Node) -> range:
    """How many significant figures a number is written with; final zeros without a point may count or not."""
    size = node.of if isinstance(node, trees.Negative) else node
    if isinstance(size, trees.Product):
        size = size.factors[0]
    if not isinstance(size, trees.Number) or "/" in size.text:
        return range(0)
    mantissa = size.text.partition("e")[0]
    digits = mantissa.replace(".", "").lstrip("0")
    return range(len(digits) if "." in mantissa else len(digits.rstrip("0")), len(digits) + 1)


def _recognised(key: NumberKey, given: Quantity, factor: Fraction, wrong_answers: Sequence[WrongAnswer]) -> int | None:
    """The index of the foreseen wrong answer of the same value."""
    for index, foreseen in enumerate(wrong_answers):
        if not isinstance(foreseen.response, str):
            continue
        if ".." in foreseen.response:
            if _is_between(foreseen.response, given, factor):
                return index
            continue
        try:
            expected = read_quantity(foreseen.response, unit=key.unit)
        except Unreadable:
            continue
        scale = factor_between(expected.unit, key.unit) if expected.unit and key.unit else Fraction(1)
        if scale and _is_near(key, given, factor / scale, expected.node):
            return index
    return None


def _is_between(ends: str, given: Quantity, factor: Fraction) -> bool:
    """Whether a number is within `1820..1824`, in the key's unit."""
    low, _, high = ends.partition("..")
    try:
        bounds = [mathematics.parse(low).value, mathematics.parse(high).value]
    except Unreadable:
        return False
    value = _amount(given.node)
    if not isinstance(value, Fraction):
        value = Fraction(str(value)) if numerics.is_real(value) else None
    if value is None or bounds[0] is None or bounds[1] is None:
        return False
    return bool(bounds[0] <= value * factor <= bounds[1])


def _rounded_places(key: NumberKey, given: Quantity, factor: Fraction | None) -> int | None:
    """To how many places the right value was rounded or cut off, if that is all that is wrong."""
    size = given.node.of if isinstance(given.node, trees.Negative) else given.node
    value, wanted = given.node.value, _amount(key.value)
    if not isinstance(size, trees.Number) or "/" in size.text or value is None or not value or factor != 1:
        return None
    exact = wanted if isinstance(wanted, Fraction) else Fraction(str(wanted))
    step = Fraction(1, 10**size.places)
    cut = math.trunc(exact / step) * step
    rounded = math.floor(abs(exact) / step + Fraction(1, 2)) * step * (1 if exact > 0 else -1)
    if value not in (cut, rounded) or abs(value - exact) > COARSEST * abs(exact):
        return None
    return size.places


KIND = Number()
