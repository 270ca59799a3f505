"""Values of a tree at points, to 40 digits: the quick test of whether two formulas can be equal at all.

Real arithmetic first, in which √ of a negative number has no value and odd roots of negative numbers are real, as in
school. Complex arithmetic (principal values) where real arithmetic finds no value, or where i is written. Nothing
here can grow: mpmath's numbers have a fixed precision, and what could take long to compute has no value.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath  # type: ignore[import-untyped]

from content.mathematics import limits, trees
from content.mathematics.domains import Domain

# A context of our own, of fixed precision: mpmath's global one is shared by all threads.
_REALS = mpmath.MPContext()
_REALS.dps = limits.PRECISION
_TOLERANCE = _REALS.mpf(10) ** -limits.AGREEMENT
Value = Any  # mpf or mpc of _REALS
Point = Mapping[str, Value]


class NoValue(ArithmeticError):
    """The formula has no value at this point."""


def value_at(node: trees.Node, point: Point, *, real: bool = True) -> Value:
    """Return the value at a point. Raises NoValue."""
    try:
        return _Evaluator(point, real).value(node)
    except (ArithmeticError, ValueError):
        raise NoValue from None


def close(left: Value, right: Value) -> bool:
    """Whether two values agree to about 32 digits."""
    return bool(abs(left - right) <= _TOLERANCE * max(1, abs(left), abs(right)))


def sample(nodes: Sequence[trees.Node], domain: Domain | None = None) -> list[tuple[Value, ...]]:
    """Return the values of several formulas at common points, the same points at every call.

    Empty where they have too few common points to say anything.
    """
    for real in _modes(nodes, domain):
        found = [values for values in _values(nodes, real, domain) if None not in values]
        if _is_enough(found, nodes):
            return found
    return []


def agree(left: trees.Node, right: trees.Node, domain: Domain | None = None) -> bool:
    """Whether two formulas have equal values at every common point that was tried; stops at the first difference.

    On a domain, a point at which only one has a value is a difference too.
    """
    nodes = (left, right)
    for real in _modes(nodes, domain):
        found = []
        for pair in _values(nodes, real, domain):
            if None in pair:
                if domain is not None and pair != (None, None):
                    return False
                continue
            if not close(*pair):
                return False
            found.append(pair)
        if _is_enough(found, nodes):
            return True
    return False


def _modes(nodes: Sequence[trees.Node], domain: Domain | None) -> tuple[bool, ...]:
    """Real arithmetic, then complex; complex only, where i is written; real only, on a domain."""
    imaginary = any(part == trees.Constant("i") for node in nodes for part in trees.walk(node))
    return (False,) if imaginary else (True,) if domain is not None else (True, False)


def _is_enough(found: Sequence[tuple[Value, ...]], nodes: Sequence[trees.Node]) -> bool:
    return len(found) >= (limits.ENOUGH_POINTS if any(node.names for node in nodes) else 1)


def _values(nodes: Sequence[trees.Node], real: bool, domain: Domain | None) -> Iterator[tuple[Value | None, ...]]:
    """The values at points until every formula has had one at limits.POINTS of them; None where there is none."""
    reach = _reach(nodes)
    formulas = [_values_of(node, real, domain, reach) for node in nodes]
    names = frozenset().union(*(node.names for node in nodes))
    tries = min(each.tries for each in formulas) if names else 1
    found = 0
    for index in range(tries):
        if domain is not None and not _is_within(domain, names, reach, index):
            continue
        values = tuple(each.value(index) for each in formulas)
        yield values
        found += None not in values
        if found == limits.POINTS:
            return


class _Values:
    """The values of one formula at the points, each computed once, when it is first asked for."""

    def __init__(self, node: trees.Node, real: bool, domain: Domain | None, reach: int) -> None:
        self.node = node
        self.reach = reach
        self.real = real
        self.domain = domain
        sizes = sum(1 for _ in trees.walk(node))
        self.tries = max(limits.FEWEST_TRIES, min(limits.MOST_TRIES, limits.NODE_TRIES // sizes))
        self.known: dict[int, Value | None] = {}

    def value(self, index: int) -> Value | None:
        """The value at a point, or None where there is none."""
        if index not in self.known:
            point = _point(self.node.names, self.domain, self.reach, index)
            try:
                self.known[index] = value_at(self.node, point, real=self.real)
            except NoValue:
                self.known[index] = None
        return self.known[index]


@lru_cache(maxsize=256)
def _values_of(node: trees.Node, real: bool, domain: Domain | None, reach: int) -> _Values:
    """One answer is compared with the key and with every wrong answer that was foreseen."""
    return _Values(node, real, domain, reach)


def _reach(nodes: Iterable[trees.Node]) -> int:
    """A power of ten above the numbers of the formulas: what changes at x = 50 is seen at points beyond."""
    sizes = [part.value for node in nodes for part in trees.walk(node) if isinstance(part, trees.Number) and part.value]
    largest = min(max(sizes, default=Fraction(0)), Fraction(limits.REACH))
    return int("1" + "0" * max(2, len(str(int(largest)))))


def _point(names: Iterable[str], domain: Domain | None, reach: int, index: int) -> Point:
    bounds = {} if domain is None else domain.bounds
    return {name: _coordinates(name, *bounds.get(name, (None, None)), reach)[index] for name in names}


@lru_cache(maxsize=256)
def _coordinates(name: str, low: Fraction | None, high: Fraction | None, reach: int) -> tuple[Value, ...]:
    """What a variable is at each point: small, negative, middling and large values in turn, the same at every call.

    Within bounds: spread between the two, or at such distances from the one.
    """
    rng = random.Random(name)  # noqa: S311 (points, not secrets)
    ranges = (*_RANGES, (-reach, -reach / 5), (reach / 5, reach), (-reach / 5, reach / 5))
    turns = itertools.islice(itertools.cycle(ranges), limits.MOST_TRIES)
    drawn = [_REALS.mpf(rng.uniform(*each)) for each in turns]
    if low is not None and high is not None:
        return tuple(number(low) + number(high - low) * rng.uniform(0.01, 0.99) for _ in drawn)
    if low is not None:
        return tuple(number(low) + abs(value) for value in drawn)
    return tuple(drawn if high is None else (number(high) - abs(value) for value in drawn))


_RANGES = ((0.2, 3), (-3, -0.2), (2, 12), (-12, -2), (0.05, 0.95), (-0.95, -0.05), (3, 30))


def number(value: Fraction) -> Value:
    """A fraction to 40 digits."""
    return _REALS.mpf(value.numerator) / value.denominator


@lru_cache(maxsize=512)
def _is_within(domain: Domain, names: frozenset[str], reach: int, index: int) -> bool:
    """Whether the conditions hold at a point; those on other variables are left aside."""
    return all(
        holds(relation, _point(relation.names, domain, reach, index))
        for relation in domain.relations
        if relation.names <= names
    )


def has_points(domain: Domain) -> bool:
    """Whether formulas can be compared on a domain: enough of the points that are tried lie in it."""
    names = frozenset().union(*(relation.names for relation in domain.relations))
    reach = _reach(domain.relations)
    within = sum(_is_within(domain, names, reach, index) for index in range(limits.MOST_TRIES))
    return within >= limits.ENOUGH_POINTS


def holds(relation: trees.Relation, point: Point) -> bool:
    """Whether a relation of two sides holds at a point; not where a side has no value."""
    try:
        difference = value_at(relation.sides[0], point) - value_at(relation.sides[1], point)
    except NoValue:
        return False
    size = 0 if close(difference, 0) else 1 if difference > 0 else -1
    return size in HOLDING[relation.signs[0]]


# Which signs of the difference of its sides make a relation hold.
HOLDING = {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}


class _Evaluator:
    def __init__(self, point: Point, real: bool) -> None:
        self.point = point
        self.real = real

    def value(self, node: trees.Node) -> Value:
        if node.value is not None:
            return _REALS.mpf(node.value.numerator) / node.value.denominator
        match node:
            case trees.Name(name=name):
                return self.point[name]
            case trees.Constant(name=name):
                return self.constant(name)
            case trees.Power():
                return self.power(node)
            case trees.Root():
                return self.root(node)
            case trees.Call():
                return self.call(node)
        return self.joined(node)

    def joined(self, node: trees.Node) -> Value:
        match node:
            case trees.Negative():
                return -self.value(node.of)
            case trees.Sum():
                return _REALS.fsum(map(self.value, node.terms))
            case trees.Product():
                return _REALS.fprod(map(self.value, node.factors))
            case trees.Quotient():
                return self.value(node.top) / self.value(node.bottom)
        raise NoValue

    def constant(self, name: str) -> Value:
        if name == "i" and not self.real:
            return _REALS.mpc(0, 1)
        if name in ("pi", "e"):
            return +getattr(_REALS, name)
        raise NoValue

    def power(self, node: trees.Power) -> Value:
        base = self.value(node.base)
        exponent = node.exponent.value
        if exponent is not None and exponent.denominator == 1:
            return base ** int(exponent)
        if exponent is not None and self.real and base < 0:
            if exponent.denominator % 2 == 0:
                raise NoValue
            size = (-base) ** (_REALS.mpf(exponent.numerator) / exponent.denominator)
            return -size if exponent.numerator % 2 else size
        return self.raised(base, self.value(node.exponent))

    def raised(self, base: Value, exponent: Value) -> Value:
        if base == 0:
            if self.real and exponent > 0:
                return base
            raise NoValue
        if self.real and base < 0:
            raise NoValue
        if abs(exponent * _REALS.log(base)) > limits.POWER_SIZE:
            raise NoValue
        return base**exponent

    def root(self, node: trees.Root) -> Value:
        radicand = self.value(node.radicand)
        index = node.index.value
        if index is None:
            return self.raised(radicand, 1 / self.value(node.index))
        if self.real and radicand < 0:
            if index.denominator != 1 or index.numerator % 2 == 0:
                raise NoValue
            return -((-radicand) ** (1 / _REALS.mpf(int(index))))
        if radicand == 0:
            return radicand
        return radicand ** (_REALS.mpf(index.denominator) / index.numerator)

    def call(self, node: trees.Call) -> Value:
        values = [self.value(argument) for argument in node.arguments]
        if node.function == "log":
            return self.logarithm(values[0]) / self.logarithm(values[1])
        if node.function == "ln":
            return self.logarithm(values[0])
        function = _FUNCTIONS.get(node.function)
        if function is None or len(values) != 1 or abs(values[0]) > limits.ANGLE:
            raise NoValue
        found = function(values[0])
        if self.real and isinstance(found, _REALS.mpc):
            raise NoValue
        return found

    def logarithm(self, of: Value) -> Value:
        if of == 0 or (self.real and of < 0):
            raise NoValue
        return _REALS.log(of)


_FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "abs": abs,
    "percent": lambda of: of / 100,
    "degrees": lambda of: of * _REALS.pi / 180,
    **{name: getattr(_REALS, name) for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh")},
    **{f"arc{name}": getattr(_REALS, f"a{name}") for name in ("sin", "cos", "tan")},
}


def is_real(value: Value) -> bool:
    """Whether a value has no imaginary part."""
    return isinstance(value, _REALS.mpf)


def distance(left: trees.Node, right: trees.Node, *, factor: Fraction = Fraction(1)) -> Fraction:
    """How far factor·left is from right, exactly where both are rational. Raises NoValue."""
    if left.value is not None and right.value is not None:
        return abs(left.value * factor - right.value)
    scale = _REALS.mpf(factor.numerator) / factor.denominator
    found = abs(value_at(left, {}) * scale - value_at(right, {}))
    return Fraction(0) if found < _TOLERANCE else Fraction(_REALS.nstr(found, 30))
