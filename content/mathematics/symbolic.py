"""Rational formulas as polynomials of SymPy, for what needs algebra: factors, common divisors, zeros.

They come from normal forms, within the caps of limits.py; SymPy never reads a text.
"""

from fractions import Fraction

import sympy

from content.mathematics import factors, polynomials, trees
from content.mathematics.normal_forms import normal_form
from content.mathematics.polynomials import OutOfBounds, Terms

__all__ = ["OutOfBounds"]


def fraction_of(node: trees.Node) -> tuple[sympy.Poly, sympy.Poly]:
    """Numerator and denominator over the rationals, common factors taken out. Raises OutOfBounds."""
    normal = normal_form(node)
    if not normal.is_rational:
        raise OutOfBounds
    names = tuple(sorted(node.names)) or ("x",)
    clearing = _clearing(normal.ratio.top)
    top = factors.poly_of(_shifted(normal.ratio.top, clearing), names)
    bottom = factors.poly_of(_shifted(normal.ratio.bottom, clearing), names)
    if normal.ratio.bottom == polynomials.ONE:  # its exponents were cleared to the least that is needed
        return top, bottom
    cancelled: tuple[sympy.Poly, sympy.Poly] = top.cancel(bottom, include=True)
    return cancelled


def has_same_zeros(left: trees.Node, right: trees.Node) -> bool:
    """Whether the numerators are equal up to a constant factor: the same equation. Raises OutOfBounds."""
    if left.names != right.names:
        return False
    ours, theirs = fraction_of(left)[0], fraction_of(right)[0]
    return not ours.is_zero and not theirs.is_zero and bool(ours.monic() == theirs.monic())


def polynomial(node: trees.Node) -> sympy.Poly:
    """Return a formula without variables in denominators as a polynomial. Raises OutOfBounds."""
    top, bottom = fraction_of(node)
    if not bottom.is_ground:
        raise OutOfBounds
    return top.mul_ground(1 / bottom.LC())


def count_irreducible(found: sympy.Poly) -> int:
    """How many factors with variables it has over the rationals, each as often as it occurs. Raises OutOfBounds."""
    return sum(times for _, times in factors.factor(found)[1])


def content(found: sympy.Poly) -> Fraction:
    """The greatest common divisor of the coefficients if all are integers, else 1."""
    if any(coefficient.q != 1 for coefficient in found.coeffs()):
        return Fraction(1)
    return Fraction(int(sympy.igcd(*found.coeffs(), 0)))


def have_no_common_divisor(left: sympy.Poly, right: sympy.Poly) -> bool:
    """Whether two polynomials share neither a factor with variables nor an integer."""
    left, right = left.unify(right)
    if not left.gcd(right).is_ground:
        return False
    return bool(sympy.igcd(int(content(left)), int(content(right))) == 1)


def has_power_factor(number: int, index: int) -> bool:
    """Whether a number is divisible by the index-th power of a small prime (all that a student could see)."""
    return any(number % prime**index == 0 for prime in sympy.primerange(2, 200) if prime**index <= number)


def _clearing(terms: Terms) -> dict[str, int]:
    """The exponents by which negative ones are cleared."""
    found: dict[str, int] = {}
    for monomial in terms:
        for kernel, exponent in monomial:
            if exponent < 0:
                found[kernel] = max(found.get(kernel, 0), int(-exponent))
    return found


def _shifted(terms: Terms, by: dict[str, int]) -> Terms:
    return {polynomials.joined(monomial, tuple(sorted(by.items()))): size for monomial, size in terms.items()}
