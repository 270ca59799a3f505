"""Rational formulas as SymPy objects, for what needs algebra: proof of equality, factors, common divisors.

Only sums, products, quotients and integer powers come here, and only within bounds that are computed first, so that
no expansion can blow up. The objects are made by SymPy's constructors; SymPy never reads a text.
"""

from fractions import Fraction

import sympy

from content.mathematics import trees

MAX_TERMS = 100  # of an expanded numerator or denominator, estimated from above
MAX_DEGREE = 20


class OutOfBounds(ValueError):
    """Not a rational formula, or one whose expansion could be too large."""


def fraction_of(node: trees.Node) -> tuple[sympy.Poly, sympy.Poly]:
    """Return numerator and denominator over the rationals, without common factors. Raises OutOfBounds."""
    variables = sorted(node.names) or ["x"]
    ring = _Ring(tuple(variables))
    top, bottom = ring.fraction(node)
    if bottom.is_zero:
        raise OutOfBounds
    cancelled: tuple[sympy.Poly, sympy.Poly] = top.cancel(bottom, include=True)
    return cancelled


def is_same(left: trees.Node, right: trees.Node) -> bool:
    """Whether two rational formulas are equal, exactly. Raises OutOfBounds."""
    ring = _Ring(tuple(sorted(left.names | right.names) or ["x"]))
    (top, bottom), (other_top, other_bottom) = ring.fraction(left), ring.fraction(right)
    if bottom.is_zero or other_bottom.is_zero:
        raise OutOfBounds
    ring.check(top, other_bottom)
    ring.check(other_top, bottom)
    return bool((top * other_bottom - other_top * bottom).is_zero)


def has_same_zeros(left: trees.Node, right: trees.Node) -> bool:
    """Whether the numerators are equal up to a constant factor: the same equation. Raises OutOfBounds."""
    if left.names != right.names:
        return False
    ours, theirs = fraction_of(left)[0], fraction_of(right)[0]
    return not ours.is_zero and not theirs.is_zero and bool(ours.monic() == theirs.monic())


def polynomial(node: trees.Node) -> sympy.Poly:
    """Return a formula without variables in denominators as a polynomial. Raises OutOfBounds."""
    top, bottom = _Ring(tuple(sorted(node.names) or ["x"])).fraction(node)
    if bottom.is_zero or not bottom.is_ground:
        raise OutOfBounds
    return top.mul_ground(1 / bottom.LC())


def count_irreducible(found: sympy.Poly) -> int:
    """How many factors with variables a polynomial has over the rationals, each as often as it occurs."""
    return sum(times for _, times in found.factor_list()[1])


def content(found: sympy.Poly) -> Fraction:
    """The greatest common divisor of the coefficients if all are integers, else 1."""
    if any(coefficient.q != 1 for coefficient in found.coeffs()):
        return Fraction(1)
    return Fraction(int(sympy.igcd(*found.coeffs(), 0)))


class _Ring:
    """Polynomials in some variables over the rationals."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self.symbols = tuple(sympy.Symbol(name) for name in variables)

    def constant(self, value: Fraction) -> sympy.Poly:
        number = sympy.Rational(value.numerator, value.denominator)
        return sympy.Poly(number, *self.symbols, domain="QQ")

    def fraction(self, node: trees.Node) -> tuple[sympy.Poly, sympy.Poly]:
        one = self.constant(Fraction(1))
        if node.value is not None:
            return self.constant(node.value), one
        match node:
            case trees.Name(name=name):
                return sympy.Poly(sympy.Symbol(name), *self.symbols, domain="QQ"), one
            case trees.Negative():
                top, bottom = self.fraction(node.of)
                return -top, bottom
            case trees.Quotient():
                (top, bottom), (by, under) = self.fraction(node.top), self.fraction(node.bottom)
                return self.product(top, under), self.product(bottom, by)
            case trees.Product():
                return self.multiplied(node)
            case trees.Sum():
                return self.added(node)
            case trees.Power():
                return self.raised(node)
        raise OutOfBounds

    def multiplied(self, node: trees.Product) -> tuple[sympy.Poly, sympy.Poly]:
        top = bottom = self.constant(Fraction(1))
        for factor in node.factors:
            more, under = self.fraction(factor)
            top, bottom = self.product(top, more), self.product(bottom, under)
        return top, bottom

    def added(self, node: trees.Sum) -> tuple[sympy.Poly, sympy.Poly]:
        top, bottom = self.constant(Fraction(0)), self.constant(Fraction(1))
        for term in node.terms:
            more, under = self.fraction(term)
            if bottom == under:
                top = top + more
            else:
                top = self.product(top, under) + self.product(more, bottom)
                bottom = self.product(bottom, under)
        return top, bottom

    def raised(self, node: trees.Power) -> tuple[sympy.Poly, sympy.Poly]:
        exponent = node.exponent.value
        if exponent is None or exponent.denominator != 1 or abs(exponent) > MAX_DEGREE:
            raise OutOfBounds
        top, bottom = self.fraction(node.base)
        times = abs(exponent.numerator)
        for part in (top, bottom):
            if part.total_degree() * times > MAX_DEGREE or _terms(part, times) > MAX_TERMS:
                raise OutOfBounds
        top, bottom = top**times, bottom**times
        return (bottom, top) if exponent < 0 else (top, bottom)

    def product(self, left: sympy.Poly, right: sympy.Poly) -> sympy.Poly:
        self.check(left, right)
        return left * right

    def check(self, left: sympy.Poly, right: sympy.Poly) -> None:
        if left.is_zero or right.is_zero:
            return
        if left.total_degree() + right.total_degree() > MAX_DEGREE or left.length() * right.length() > MAX_TERMS:
            raise OutOfBounds


def _terms(found: sympy.Poly, times: int) -> int:
    """How many terms a power has at most: the multisets of `times` terms of `length`."""
    return int(sympy.binomial(found.length() + times - 1, times)) if found.length() > 1 else 1


def have_no_common_divisor(left: sympy.Poly, right: sympy.Poly) -> bool:
    """Whether two polynomials share neither a factor with variables nor an integer."""
    left, right = left.unify(right)
    if not left.gcd(right).is_ground:
        return False
    return bool(sympy.igcd(int(content(left)), int(content(right))) == 1)


def has_power_factor(number: int, index: int) -> bool:
    """Whether a number is divisible by the index-th power of a small prime (all that a student could see)."""
    return any(number % prime**index == 0 for prime in sympy.primerange(2, 200) if prime**index <= number)
