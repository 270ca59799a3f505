"""The one way of writing that all formulas of equal value share: a fraction of polynomials over kernels.

Polynomials and rational functions, roots, absolute values, powers and logarithms of any base, trigonometric and
hyperbolic functions are brought to it, by the relations of kernels.py. Two formulas are equal where the difference of
their normal forms is 0; that is a proof. Where it is not 0, that proves a difference only for polynomials, fractions
of them and the constants; anything else is then looked at numerically (equivalence.py). Caps: limits.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy

from content.mathematics import factors, limits, polynomials, trees
from content.mathematics.domains import Domain
from content.mathematics.kernels import CONSTANTS, Algebra, Ratio
from content.mathematics.polynomials import ONE, Meter, OutOfBounds, Terms

_ONE = Ratio(ONE, ONE)
_I = polynomials.power_of("i")


@dataclass(frozen=True)
class Normal:
    """A formula's normal form; `signs` had to be assumed, `polynomials` are what kernels stand for."""

    ratio: Ratio
    signs: Mapping[str, int]
    polynomials: Mapping[str, Terms]
    variables: frozenset[str]

    @property
    def is_rational(self) -> bool:
        """Whether only variables occur in it, so that its polynomials are polynomials of algebra."""
        return all(polynomials.kernels_of(terms) <= self.variables for terms in self.ratio)


def normal_form(node: trees.Node) -> Normal:
    """The normal form of a formula. Raises OutOfBounds."""
    found = _cached(node)
    if found is None:
        raise OutOfBounds
    return found


@lru_cache(maxsize=512)
def _cached(node: trees.Node) -> Normal | None:
    algebra = Algebra(Meter(limits.WORK))
    try:
        ratio = _Former(algebra).form(node)
    except OutOfBounds:
        return None
    return Normal(ratio, algebra.assumed, algebra.polynomials, node.names)


def proved(left: trees.Node, right: trees.Node, domain: Domain | None = None) -> bool | None:
    """Whether two formulas are equal where both have a value (on a domain), or None where that is not decided here."""
    try:
        difference, _ = _difference(left, right, {} if domain is None else domain.signs)
    except OutOfBounds:
        return None
    if not difference:
        return True
    return False if _is_certain(difference, left.names | right.names) else None


def _difference(left: trees.Node, right: trees.Node, signs: Mapping[str, int]) -> tuple[Terms, Algebra]:
    """What is left above the fraction bar when one is taken from the other. Raises OutOfBounds."""
    ours, theirs = normal_form(left), normal_form(right)
    algebra = _shared(ours, theirs, signs)
    one = algebra.times(ours.ratio.top, theirs.ratio.bottom)
    other = algebra.times(theirs.ratio.top, ours.ratio.bottom)
    return _with_signs(polynomials.added(one, other, -1), algebra.assumed), algebra


def proved_by_stretches(left: trees.Node, right: trees.Node) -> bool | None:
    """Decide what depends on signs in one variable, as |x - 3| does: they are constant between roots.

    None where it is not decided here.
    """
    variables = left.names | right.names
    try:
        difference, algebra = _difference(left, right, {})
    except OutOfBounds:
        return None
    signs = {kernel[1:] for kernel in polynomials.kernels_of(difference) if kernel[0] == "±"}
    known = variables | {f"±{name}" for name in signs}
    if len(variables) != 1 or not signs or not polynomials.kernels_of(difference) <= known:
        return None
    looked_at = {name: algebra.polynomials.get(name) for name in signs | set(algebra.assumed)}
    name = next(iter(variables))
    found = {each: terms or polynomials.power_of(each) for each, terms in looked_at.items()}
    try:
        polys = {each: factors.poly_of(terms, (name,)) for each, terms in found.items()}
        places = factors.between_roots(polys.values())
    except OutOfBounds:
        return None
    for place in (sympy.Rational(each.numerator, each.denominator) for each in places):
        here = {each: 1 if poly.eval(place) > 0 else -1 for each, poly in polys.items()}
        if any(here[each] != sign for each, sign in algebra.assumed.items()):
            continue  # there is no value here
        if _with_signs(difference, here):
            return False
    return True


def proportional(left: trees.Node, right: trees.Node) -> Fraction | None:
    """The constant factor between two formulas, both not 0, where normal forms prove one. Else None."""
    try:
        ours, theirs = normal_form(left), normal_form(right)
        algebra = _shared(ours, theirs, {})
        one = _with_signs(algebra.times(ours.ratio.top, theirs.ratio.bottom), algebra.assumed)
        other = _with_signs(algebra.times(theirs.ratio.top, ours.ratio.bottom), algebra.assumed)
    except OutOfBounds:
        return None
    if not one or one.keys() != other.keys():
        return None
    factor = next(size / other[monomial] for monomial, size in one.items())
    return factor if all(size == factor * other[monomial] for monomial, size in one.items()) else None


def _shared(ours: Normal, theirs: Normal, signs: Mapping[str, int]) -> Algebra:
    algebra = Algebra(Meter(limits.COMPARE_WORK), polynomials={**ours.polynomials, **theirs.polynomials})
    for assumed in (signs, ours.signs, theirs.signs):
        for name, sign in assumed.items():
            algebra.assume(name, sign)
    return algebra


def _with_signs(terms: Terms, signs: Mapping[str, int]) -> Terms:
    """The polynomial where signs are known."""
    found: Terms = {}
    for monomial, size in terms.items():
        kept = []
        for kernel, exponent in monomial:
            if kernel[0] == "±" and kernel[1:] in signs:
                size *= signs[kernel[1:]]
            else:
                kept.append((kernel, exponent))
        found = polynomials.added(found, {tuple(kept): size})
    return found


def _is_certain(difference: Terms, variables: frozenset[str]) -> bool:
    """Whether a difference that is not 0 as it is written cannot be 0 in value."""
    kernels = polynomials.kernels_of(difference)
    return all(kernel in variables or kernel in CONSTANTS or _is_prime(kernel) for kernel in kernels)


def _is_prime(kernel: str) -> bool:
    """Whether it is a prime under a root, and known to be one: roots of different primes have no relations."""
    return kernel[0] == "#" and int(kernel[1:]) < 1_000**2


class _Former:
    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra

    def form(self, node: trees.Node) -> Ratio:
        if node.value is not None:
            return Ratio(polynomials.number(node.value), ONE)
        match node:
            case trees.Name(name=name):
                return Ratio(polynomials.power_of(name), ONE)
            case trees.Constant(name=name) if name in CONSTANTS:
                return Ratio(polynomials.power_of(name), ONE)
            case trees.Negative():
                return self._scaled(self.form(node.of), Fraction(-1))
            case trees.Quotient():
                return self.algebra.quotient(self.form(node.top), self._not_zero(self.form(node.bottom)))
            case trees.Power():
                return self._power(self.form(node.base), node.exponent)
            case trees.Root():
                return self._root(node)
            case trees.Call():
                return self._call(node)
        return self._joined(node)

    def _joined(self, node: trees.Node) -> Ratio:
        match node:
            case trees.Sum():
                found = self.form(node.terms[0])
                for term in node.terms[1:]:
                    found = self.algebra.sum(found, self.form(term))
                return found
            case trees.Product():
                found = self.form(node.factors[0])
                for factor in node.factors[1:]:
                    found = self.algebra.product(found, self.form(factor))
                return found
        raise OutOfBounds

    def _scaled(self, of: Ratio, by: Fraction) -> Ratio:
        return Ratio({monomial: size * by for monomial, size in of.top.items()}, of.bottom)

    def _not_zero(self, of: Ratio) -> Ratio:
        if not of.top:
            raise OutOfBounds
        return of

    def _root(self, node: trees.Root) -> Ratio:
        index = node.index.value
        if index is None or index.denominator != 1:
            raise OutOfBounds
        return self.algebra.power(self._not_zero(self.form(node.radicand)), 1 / index)

    def _power(self, base: Ratio, exponent: trees.Node) -> Ratio:
        if exponent.value is not None:
            if not base.top and exponent.value <= 0:
                raise OutOfBounds
            return self.algebra.power(base, exponent.value)
        size = self._whole(self.form(exponent))
        if (constant := polynomials.constant_of(size)) is not None:
            return self.algebra.power(self._not_zero(base), constant)
        return self.algebra.quotient(self._powered(base.top, size), self._powered(base.bottom, size))

    def _powered(self, base: Terms, exponent: Terms) -> Ratio:
        """A positive base to an exponent that varies."""
        if base == ONE:
            return _ONE
        return self.algebra.raised_to("e", self.algebra.times(exponent, self.algebra.logarithm(Ratio(base, ONE))))

    def _whole(self, of: Ratio) -> Terms:
        """A fraction as a polynomial: as it is, or as a kernel by itself."""
        if of.bottom == ONE:
            return of.top
        return polynomials.power_of(f"({polynomials.written(of.top)})/({polynomials.written(of.bottom)})")

    def _call(self, node: trees.Call) -> Ratio:
        first = self.form(node.arguments[0])
        match node.function:
            case "abs":
                return self.algebra.absolute(first)
            case "percent":
                return self._scaled(first, Fraction(1, 100))
            case "degrees":
                by = Ratio(polynomials.power_of("pi"), ONE)
                return self.algebra.product(self._scaled(first, Fraction(1, 180)), by)
            case "ln":
                return Ratio(self.algebra.logarithm(first), ONE)
            case "log":
                base = self.algebra.logarithm(self.form(node.arguments[1]))
                top = Ratio(self.algebra.logarithm(first), ONE)
                return self.algebra.quotient(top, self._not_zero(Ratio(base, ONE)))
        made = _MADE_OF_E.get(node.function)
        if made is not None:
            return made(self, self._whole(first))
        if len(node.arguments) > 1 or node.function == "factorial":
            raise OutOfBounds
        argument = self._whole(first)
        return Ratio(polynomials.power_of(f"{node.function}({polynomials.written(argument)})"), ONE)

    def wave(self, of: Terms, by: Terms) -> tuple[Ratio, Ratio]:
        """e^(by·of) and e^(-by·of), with by = i for sine and cosine, 1 for the hyperbolic ones."""
        exponent = self.algebra.times(of, by)
        negative = {monomial: -size for monomial, size in exponent.items()}
        return self.algebra.raised_to("e", exponent), self.algebra.raised_to("e", negative)

    def cosine(self, of: Terms, by: Terms) -> Ratio:
        up, down = self.wave(of, by)
        return self._scaled(self.algebra.sum(up, down), Fraction(1, 2))

    def sine(self, of: Terms, by: Terms) -> Ratio:
        up, down = self.wave(of, by)
        difference = self._scaled(self.algebra.sum(up, down, -1), Fraction(1, 2))
        return self.algebra.quotient(difference, Ratio(by, ONE))

    def over(self, top: Ratio, bottom: Ratio) -> Ratio:
        return self.algebra.quotient(top, self._not_zero(bottom))


_MADE_OF_E: dict[str, Callable[[_Former, Terms], Ratio]] = {
    "sin": lambda former, of: former.sine(of, _I),
    "cos": lambda former, of: former.cosine(of, _I),
    "tan": lambda former, of: former.over(former.sine(of, _I), former.cosine(of, _I)),
    "cot": lambda former, of: former.over(former.cosine(of, _I), former.sine(of, _I)),
    "sec": lambda former, of: former.over(_ONE, former.cosine(of, _I)),
    "csc": lambda former, of: former.over(_ONE, former.sine(of, _I)),
    "sinh": lambda former, of: former.sine(of, ONE),
    "cosh": lambda former, of: former.cosine(of, ONE),
    "tanh": lambda former, of: former.over(former.sine(of, ONE), former.cosine(of, ONE)),
}
