"""What was read, as a tree that keeps how it was written: `2/4` and `1/2` are different trees of the same value.

A node that is a rational number knows it exactly, in `value`, from the moment it is made. That is where sizes are
bounded: no node can be made whose value would be huge, so nothing later has to guard against `9^9^9^9`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from content.mathematics import limits


class TooLarge(ValueError):
    """A value would have more bits than limits.BITS, or an exponent is above limits.EXPONENT."""


class DividedByZero(ValueError):
    """A constant denominator is 0."""


@dataclass(frozen=True)
class Node:
    """A part of a formula; `value` is its exact value where it is a rational number, else None."""

    value: Fraction | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        value = self._exact()
        if value is not None:
            object.__setattr__(self, "value", bounded(value))

    def _exact(self) -> Fraction | None:
        return None

    @cached_property
    def children(self) -> tuple["Node", ...]:
        """The parts of this part, in reading order."""
        found: list[Node] = []
        for each in fields(self):
            part = getattr(self, each.name)
            found.extend([part] if isinstance(part, Node) else _nodes(part) if isinstance(part, tuple) else ())
        return tuple(found)

    @cached_property
    def height(self) -> int:
        """How many parts are inside of each other, this one included."""
        return 1 + max((child.height for child in self.children), default=0)

    @cached_property
    def names(self) -> frozenset[str]:
        """The variables in it."""
        return frozenset(part.name for part in walk(self) if isinstance(part, Name))


def _nodes(parts: tuple[object, ...]) -> Iterator[Node]:
    return (part for part in parts if isinstance(part, Node))


@dataclass(frozen=True)
class Number(Node):
    """A number as written, without thousands separators: `37`, `3.50`, `3.7e4`, or `1/2` for the sign ½."""

    text: str

    def _exact(self) -> Fraction:
        return Fraction(self.text.replace(".e", "e").removesuffix("."))

    @property
    def places(self) -> int:
        """How many digits stand after the point."""
        return len(self.text.partition("e")[0].partition(".")[2])


@dataclass(frozen=True)
class Mixed(Node):
    """A mixed number such as 2 3/4."""

    whole: Node
    part: Node

    def _exact(self) -> Fraction | None:
        return None if self.whole.value is None or self.part.value is None else self.whole.value + self.part.value


@dataclass(frozen=True)
class Name(Node):
    """A variable: a letter, the name of a Greek letter, possibly with an index as in `x_1`."""

    name: str


@dataclass(frozen=True)
class Constant(Node):
    """pi, e, i, infinity or emptyset."""

    name: str


@dataclass(frozen=True)
class Negative(Node):
    """A minus sign before something."""

    of: Node

    def _exact(self) -> Fraction | None:
        return None if self.of.value is None else -self.of.value


@dataclass(frozen=True)
class Sum(Node):
    """Terms added; a subtracted term is a Negative."""

    terms: tuple[Node, ...]

    def _exact(self) -> Fraction | None:
        return _fold(self.terms, lambda left, right: left + right)


@dataclass(frozen=True)
class Product(Node):
    """Factors multiplied, with or without a sign between them."""

    factors: tuple[Node, ...]

    def _exact(self) -> Fraction | None:
        return _fold(self.factors, lambda left, right: left * right)


@dataclass(frozen=True)
class Quotient(Node):
    """A fraction or a division."""

    top: Node
    bottom: Node

    def _exact(self) -> Fraction | None:
        if self.bottom.value == 0:
            raise DividedByZero
        return None if self.top.value is None or self.bottom.value is None else self.top.value / self.bottom.value


@dataclass(frozen=True)
class Power(Node):
    """A base raised to an exponent."""

    base: Node
    exponent: Node

    def _exact(self) -> Fraction | None:
        exponent = self.exponent.value
        if exponent is None:
            return None
        if abs(exponent) > limits.EXPONENT:
            raise TooLarge
        return None if self.base.value is None else _power(self.base.value, exponent)


@dataclass(frozen=True)
class Root(Node):
    """The root of an index (2 for the square root)."""

    radicand: Node
    index: Node

    def _exact(self) -> Fraction | None:
        index = self.index.value
        if index == 0:
            raise DividedByZero
        if index is not None and abs(index) > limits.EXPONENT:
            raise TooLarge
        return None if index is None or self.radicand.value is None else _power(self.radicand.value, 1 / index)


@dataclass(frozen=True)
class Call(Node):
    """A function of its arguments: sin, log (argument, base), abs, factorial, percent, degrees …"""

    function: str
    arguments: tuple[Node, ...]

    def _exact(self) -> Fraction | None:
        values = [argument.value for argument in self.arguments if argument.value is not None]
        compute = EXACT_FUNCTIONS.get(self.function)
        return compute(*values) if compute and values and len(values) == len(self.arguments) else None


@dataclass(frozen=True)
class PlusMinus(Node):
    """Two values written as one; `upper` is "+" for ± and "-" for ∓. Without a left side it is a sign."""

    left: Node | None
    right: Node
    upper: str


@dataclass(frozen=True)
class Relation(Node):
    """Sides with one of = != < <= > >= between each two: `2 < x <= 5` has three."""

    sides: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Point(Node):
    """An ordered tuple such as (0, 3); with two items also the open interval, which is written alike."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Interval(Node):
    """From low to high, with the brackets as written: `[2, 5)`."""

    low: Node
    high: Node
    brackets: str


@dataclass(frozen=True)
class Listing(Node):
    """Several things whose order does not matter; `joined` is how: ",", "or", "and", or "{}" for a set."""

    items: tuple[Node, ...]
    joined: str


@dataclass(frozen=True)
class Matrix(Node):
    """Rows of equal length."""

    rows: tuple[tuple[Node, ...], ...]

    @cached_property
    def children(self) -> tuple[Node, ...]:
        """The entries, row by row."""
        return tuple(entry for row in self.rows for entry in row)


COLLECTIONS = (Relation, Point, Interval, Listing, Matrix)  # what cannot be added or multiplied


def renamed(part: Any, names: Mapping[str, str]) -> Any:
    """A node with other names for its variables."""
    match part:
        case Name():
            return Name(names.get(part.name, part.name))
        case Node():
            changed = {each.name: renamed(getattr(part, each.name), names) for each in fields(part) if each.init}
            return replace(part, **changed)
        case tuple():
            return tuple(renamed(each, names) for each in part)
    return part


def replaced(part: Any, others: Mapping[Node, Node]) -> Any:
    """A node with others in the place of some of its parts."""
    match part:
        case Node() if part in others:
            return others[part]
        case Node():
            changed = {each.name: replaced(getattr(part, each.name), others) for each in fields(part) if each.init}
            return replace(part, **changed)
        case tuple():
            return tuple(replaced(each, others) for each in part)
    return part


def is_mixed(node: Node) -> bool:
    """Whether equations, points, sets or matrices are computed with in it, as in `2(x=1)` and `(1,2)^2`."""
    if isinstance(node, COLLECTIONS) and not (isinstance(node, Relation) and node.signs != ("in",)):
        return False
    return any(isinstance(child, COLLECTIONS) for child in node.children)


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, from the top down."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def bounded(value: Fraction) -> Fraction:
    """Return the value. Raises TooLarge where it has too many digits."""
    if value.numerator.bit_length() > limits.BITS or value.denominator.bit_length() > limits.BITS:
        raise TooLarge
    return value


def _fold(parts: tuple[Node, ...], join: Callable[[Fraction, Fraction], Fraction]) -> Fraction | None:
    total: Fraction | None = None
    for part in parts:
        if part.value is None:
            return None
        total = part.value if total is None else bounded(join(total, part.value))
    return total


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """The power where it is rational: integer exponents, and roots that come out even."""
    if base == 0 and exponent <= 0:
        raise DividedByZero
    if exponent.denominator != 1:
        root = _root(base, exponent.denominator)
        return None if root is None else _power(root, Fraction(exponent.numerator))
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (bits if abs(base) != 1 else 1) * abs(exponent.numerator) > limits.BITS and base not in (0, 1, -1):
        raise TooLarge
    return base**exponent.numerator


def _root(base: Fraction, index: int) -> Fraction | None:
    """The real root where it is rational. Negative numbers have one where the index is odd."""
    if base < 0:
        root = _root(-base, index) if index % 2 else None
        return None if root is None else -root
    top, bottom = _integer_root(base.numerator, index), _integer_root(base.denominator, index)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _integer_root(number: int, index: int) -> int | None:
    """The root of an integer that is not negative, where it is an integer; by Newton's method, from above."""
    if number < 2:
        return number
    if index >= number.bit_length():  # the root would be below 2
        return None
    root = 1 << -(-number.bit_length() // index)
    while (lower := ((index - 1) * root + number // root ** (index - 1)) // index) < root:
        root = lower
    return root if root**index == number else None


def _factorial(of: Fraction) -> Fraction | None:
    if of.denominator != 1 or of < 0:
        return None
    if of > limits.FACTORIAL:
        raise TooLarge
    return Fraction(math.factorial(of.numerator))


def _modulo(number: Fraction, by: Fraction) -> Fraction:
    if by == 0:
        raise DividedByZero
    return number % by


def _common(*of: Fraction) -> Fraction | None:
    return Fraction(math.gcd(*(each.numerator for each in of))) if all(each.denominator == 1 for each in of) else None


EXACT_FUNCTIONS: dict[str, Callable[..., Fraction | None]] = {
    "abs": abs,
    "percent": lambda of: of / 100,
    "factorial": _factorial,
    "gcd": _common,
    "min": lambda *of: min(of),
    "max": lambda *of: max(of),
    "mod": _modulo,
}
