"""Numbers: exact or within a tolerance, in any unit of the same quantity, in the form wanted."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from content import mathematics
from content.grading.expressions import is_finished, unfinished
from content.grading.grades import Grade, Reason, partial, right, wrong
from content.grading.keys import NumberForm, NumberKey
from content.grading.units import CURRENCIES, factor_between, split_unit
from content.mathematics import Code, Unreadable, numerics, trees
from content.mathematics.forms import Form, has_form
from content.package import WrongAnswer

COARSEST = Fraction(1, 20)  # a rounded value is at most this far off, in parts of the right one
_UNKNOWN_UNIT = re.compile(r"[\d.,/\s]*\d\s*([A-Za-z\u4e00-\u9fff]{2,}|[\u4e00-\u9fff])\s*\Z")


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
    number, found = split_unit(text, expected=unit)
    if not found and (unknown := _UNKNOWN_UNIT.match(text)) and unknown[1] not in ("pi", "sqrt"):
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
    return "" if fits else key.form.value


def _digits(node: trees.Node) -> str:
    return " ".join(part.text for part in trees.walk(node) if isinstance(part, trees.Number))


def _recognised(key: NumberKey, given: Quantity, factor: Fraction, wrong_answers: Sequence[WrongAnswer]) -> int | None:
    """The index of the foreseen wrong answer of the same value."""
    for index, foreseen in enumerate(wrong_answers):
        if not isinstance(foreseen.response, str):
            continue
        try:
            expected = read_quantity(foreseen.response, unit=key.unit)
        except Unreadable:
            continue
        scale = factor_between(expected.unit, key.unit) if expected.unit and key.unit else Fraction(1)
        if scale and _is_near(key, given, factor / scale, expected.node):
            return index
    return None


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
