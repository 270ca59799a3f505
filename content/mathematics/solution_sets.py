"""The numbers that an inequality in one variable allows, as a union of intervals: `|x - 1| > 2` is (-∞, -1) ∪ (3, ∞).

Polynomials, fractions of polynomials and absolute values of these are solved: their signs can change only at roots of
numerators and denominators, which are isolated exactly and refined to 40 digits; between and at them the inequality is
tried. Intervals, unions, sets, `x ∈ …`, «and» and «or» are read as what they say.
"""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from content.mathematics import factors, limits, numerics, polynomials, symbolic, trees
from content.mathematics.equivalence import plain
from content.mathematics.normal_forms import normal_form
from content.mathematics.numerics import Value, close
from content.mathematics.polynomials import Meter, OutOfBounds, Terms


@dataclass(frozen=True)
class SolutionSet:
    """A set of numbers: `marks` are those at which belonging to it may change, in order; `inside` says, in turn, for
    the stretch before the first mark, the first mark itself, the stretch between the first and the second …
    """

    marks: tuple[Value, ...]
    inside: tuple[bool, ...]

    def __contains__(self, number: Value) -> bool:
        """Whether a number belongs to it."""
        before = bisect_left(self.marks, number)
        for place in (before, before - 1):
            if 0 <= place < len(self.marks) and close(number, self.marks[place]):
                return self.inside[2 * place + 1]
        return self.inside[2 * before]

    def equals(self, other: "SolutionSet") -> bool:
        """Whether both hold the same numbers, ends to 32 digits."""
        return not any(_among((self, other), lambda one: len(set(one)) > 1).inside)


def same_solutions(left: trees.Node, right: trees.Node) -> bool:
    """Whether two inequalities, intervals or unions allow the same numbers. Raises OutOfBounds where not decided.

    With a comma between, `x > 1, x < 5` is read as «and», and `x < 1, x > 5` as «or», whichever fits.
    """
    if len(left.names | right.names) > 1:
        raise OutOfBounds
    return any(one.equals(other) for one in _readings(left) for other in _readings(right))


def solution_set(node: trees.Node) -> SolutionSet:
    """The numbers that a statement in one variable allows; a comma is read as «or». Raises OutOfBounds."""
    if len(node.names) > 1:
        raise OutOfBounds
    return _of(plain(node), "or", Meter(limits.SOLVE_WORK))


def _readings(node: trees.Node) -> list[SolutionSet]:
    opened = plain(node)
    commas = isinstance(opened, trees.Listing) and opened.joined == ","
    return [_of(opened, each, Meter(limits.SOLVE_WORK)) for each in (("or", "and") if commas else ("or",))]


def _of(node: trees.Node, comma: str, meter: Meter) -> SolutionSet:
    match node:
        case trees.Listing(joined=joined, items=items):
            both = (comma if joined == "," else joined) == "and"
            return _among([_of(plain(item), comma, meter) for item in items], all if both else any)
        case trees.Relation(signs=("in",), sides=(_, inside)):
            return _of(plain(inside), comma, meter)
        case trees.Relation():
            return _of_relation(node, meter)
        case trees.Interval(low=low, high=high, brackets=brackets):
            return _interval(low, high, brackets)
        case trees.Point(items=(low, high)):
            return _interval(low, high, "()")
        case trees.Constant(name="emptyset"):
            return SolutionSet((), (False,))
    if node.names:
        raise OutOfBounds
    return SolutionSet((_number(node),), (False, True, False))


def _interval(low: trees.Node, high: trees.Node, brackets: str) -> SolutionSet:
    if low.names or high.names:
        raise OutOfBounds
    lower, upper = _infinite(low), _infinite(high)
    if lower > 0 or upper < 0 or (lower and brackets[0] == "[") or (upper and brackets[1] == "]"):
        raise OutOfBounds
    if not lower and not upper and _number(low) >= _number(high):
        raise OutOfBounds
    start = SolutionSet((), (True,)) if lower else SolutionSet((_number(low),), (False, brackets[0] == "[", True))
    end = SolutionSet((), (True,)) if upper else SolutionSet((_number(high),), (True, brackets[1] == "]", False))
    return _among((start, end), all)


def _infinite(node: trees.Node) -> int:
    if isinstance(node, trees.Negative):
        return -_infinite(node.of)
    return int(isinstance(node, trees.Constant) and node.name == "infinity")


def _number(node: trees.Node) -> Value:
    try:
        return numerics.value_at(node, {})
    except numerics.NoValue:
        raise OutOfBounds from None


def _of_relation(relation: trees.Relation, meter: Meter) -> SolutionSet:
    if relation.signs[0] not in numerics.HOLDING or len(relation.names) > 1:
        raise OutOfBounds
    name = next(iter(relation.names), "")
    try:
        difference = trees.Sum((relation.sides[0], trees.Negative(relation.sides[1])))
    except trees.TooLarge:
        raise OutOfBounds from None
    marks = _distinct(sorted(root for branch in _branches(difference) for root in _roots(branch, name, meter)))
    return SolutionSet(tuple(marks), tuple(numerics.holds(relation, {name: place}) for place in _places(marks)))


def _branches(node: trees.Node) -> Iterator[trees.Node]:
    """The formula with each absolute value as what is inside and as its opposite, and what is inside by itself."""
    absolutes = list(dict.fromkeys(part for part in trees.walk(node) if _is_absolute(part)))
    if len(absolutes) > limits.BRANCHES:
        raise OutOfBounds
    for absolute in absolutes:
        if any(_is_absolute(part) for part in trees.walk(absolute.children[0])):
            raise OutOfBounds
        yield absolute.children[0]
    for turned in itertools.product((False, True), repeat=len(absolutes)):
        signs = {
            absolute: trees.Negative(absolute.children[0]) if negative else absolute.children[0]
            for absolute, negative in zip(absolutes, turned, strict=True)
        }
        yield trees.replaced(node, signs)


def _is_absolute(node: trees.Node) -> bool:
    return isinstance(node, trees.Call) and node.function == "abs" and bool(node.names)


def _roots(node: trees.Node, name: str, meter: Meter) -> Iterator[Value]:
    """The real roots of the numerator and of the denominator, to 40 digits, and where parts of it have no value."""
    for part in trees.walk(node):
        if isinstance(part, trees.Quotient) and part.bottom.names:
            yield from _zeros(part.bottom, name, meter)
    yield from _zeros(node, name, meter)


def _zeros(node: trees.Node, name: str, meter: Meter) -> Iterator[Value]:
    normal = normal_form(node)
    if not normal.is_rational:
        yield from _irrational_zeros(normal.ratio.top, name)
        return
    for found in symbolic.fraction_of(node):
        meter.spend(max(1, int(found.total_degree())))
        for root in factors.roots(found):
            yield numerics.number(root)


def _irrational_zeros(terms: Terms, name: str) -> Iterator[Value]:
    """The root of a linear polynomial with irrational coefficients, such as x - √2. Raises OutOfBounds for others."""
    if not all(kernel in (name, "pi", "e") or kernel[0] == "#" for kernel in polynomials.kernels_of(terms)):
        raise OutOfBounds
    rest: Terms = {}
    steep: Terms = {}
    for monomial, size in terms.items():
        exponent = dict(monomial).get(name, 0)
        if exponent not in (0, 1):
            raise OutOfBounds
        if exponent:
            steep = {**steep, tuple(pair for pair in monomial if pair[0] != name): size}
        else:
            rest = {**rest, monomial: size}
    if steep:
        yield -_constant(rest) / _constant(steep)


def _constant(terms: Terms) -> Value:
    """The value of a polynomial over roots of primes, π and e."""
    total = numerics.number(Fraction(0))
    for monomial, size in terms.items():
        value = numerics.number(size)
        for kernel, exponent in monomial:
            base = trees.Number(kernel[1:]) if kernel[0] == "#" else trees.Constant(kernel)
            value *= _number(base) ** numerics.number(Fraction(exponent))
        total += value
    return total


def _distinct(numbers: Iterable[Value]) -> list[Value]:
    found: list[Value] = []
    for number in numbers:
        if not found or not close(found[-1], number):
            found.append(number)
    return found


def _places(marks: list[Value]) -> Iterator[Value]:
    """A number of the stretch before the first mark, the first mark, a number between it and the second …"""
    if not marks:
        yield numerics.number(Fraction(1, 3))
        return
    yield marks[0] - 1
    for mark, following in itertools.zip_longest(marks, marks[1:]):
        yield mark
        yield mark + 1 if following is None else (mark + following) / 2


def _among(sets: Sequence[SolutionSet], join: Callable[[list[bool]], bool]) -> SolutionSet:
    """The numbers for which `join` says so, told for each set whether they are in it."""
    marks = _distinct(sorted(mark for each in sets for mark in each.marks))
    return SolutionSet(tuple(marks), tuple(join([place in each for each in sets]) for place in _places(marks)))
