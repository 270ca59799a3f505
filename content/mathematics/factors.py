"""Factors of polynomials over the rationals, by SymPy's constructors and algorithms, within caps computed first."""

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

import sympy

from content.mathematics import limits, polynomials
from content.mathematics.polynomials import OutOfBounds, Terms


def poly_of(terms: Terms, variables: tuple[str, ...]) -> sympy.Poly:
    """A polynomial in these variables, as SymPy's. Raises OutOfBounds where it holds anything else."""
    places = {name: place for place, name in enumerate(variables)}
    found: dict[tuple[int, ...], sympy.Rational] = {}
    for monomial, size in terms.items():
        exponents = [0] * len(variables)
        for kernel, exponent in monomial:
            if kernel not in places or exponent not in range(limits.POLY_DEGREE + 1):
                raise OutOfBounds
            exponents[places[kernel]] = int(exponent)
        found[tuple(exponents)] = sympy.Rational(size.numerator, size.denominator)
    symbols = [sympy.Symbol(name) for name in variables]
    return sympy.Poly.from_dict(found or {(0,) * len(variables): sympy.Integer(0)}, *symbols, domain="QQ")


def terms_of(found: sympy.Poly) -> Terms:
    """The reverse of poly_of."""
    names = [str(symbol) for symbol in found.gens]
    return {
        polynomials.monomial_of(zip(names, map(int, exponents), strict=True)): Fraction(int(size.p), int(size.q))
        for exponents, size in found.terms()
        if size
    }


def factor(found: sympy.Poly) -> tuple[sympy.Rational, list[tuple[sympy.Poly, int]]]:
    """A number and the irreducible factors with how often each occurs. Raises OutOfBounds."""
    cap = limits.FACTOR_DEGREE if len(found.gens) == 1 else limits.FACTOR_DEGREES
    bits = max(max(int(size.p).bit_length(), int(size.q).bit_length()) for size in found.coeffs())
    if (
        found.total_degree() > cap
        or found.length() > limits.FACTOR_TERMS
        or len(found.gens) > limits.FACTOR_VARIABLES
        or bits > limits.FACTOR_BITS
    ):
        raise OutOfBounds
    return _factored(found)


@lru_cache(maxsize=256)
def _factored(found: sympy.Poly) -> tuple[sympy.Rational, list[tuple[sympy.Poly, int]]]:
    size, parts = found.factor_list()
    return sympy.Rational(size), parts


def roots(found: sympy.Poly) -> list[Fraction]:
    """The real roots of a polynomial in one variable, in order, to more digits than are computed with.

    Raises OutOfBounds.
    """
    if found.is_ground:
        return []
    if found.total_degree() > limits.ROOTS_DEGREE:
        raise OutOfBounds
    return sorted(_refined(part, *ends) for part, _ in factor(found)[1] for ends, _ in part.intervals())


def _refined(part: sympy.Poly, low: sympy.Rational, high: sympy.Rational) -> Fraction:
    """The root between two ends, halved until they are a 2^-ROOT_BITS apart; exact where it is rational."""
    if part.degree() == 1:
        steep, rest = part.all_coeffs()
        return Fraction(int(-rest.p * steep.q), int(rest.q * steep.p))
    sizes = [int(size) for size in part.clear_denoms(convert=True)[1].all_coeffs()]
    scale = 1 << limits.ROOT_BITS
    left, right = int(sympy.floor(low * scale)), int(sympy.ceiling(high * scale))
    sign = _value(sizes, left)
    if sign * _value(sizes, right) >= 0:
        raise OutOfBounds
    while right - left > 1:
        middle = (left + right) // 2
        if _value(sizes, middle) * sign > 0:
            left = middle
        else:
            right = middle
    return Fraction(left + right, 2 * scale)


def _value(sizes: Sequence[int], place: int) -> int:
    """The sign of a polynomial at place/2^ROOT_BITS, as a whole number of that sign."""
    total = 0
    for power, size in enumerate(sizes):
        total = total * place + (size << (power * limits.ROOT_BITS))
    return (total > 0) - (total < 0)


def between_roots(polys: Iterable[sympy.Poly]) -> list[Fraction]:
    """A number in every stretch in which none of the polynomials changes its sign. Raises OutOfBounds."""
    marks = sorted({root for poly in polys for root in roots(poly)})
    if not marks:
        return [Fraction(1, 3)]
    middles = [(low + high) / 2 for low, high in itertools.pairwise(marks)]
    return [marks[0] - 1, *middles, marks[-1] + 1]


def factors_of(terms: Terms) -> tuple[Fraction, list[tuple[Terms, int]]]:
    """A number and factors, the first coefficient of each positive; irreducible ones where the caps allow it."""
    names = tuple(sorted(polynomials.kernels_of(terms)))
    try:
        size, parts = factor(poly_of(terms, names))
    except OutOfBounds:
        return _content(terms)
    whole = Fraction(int(size.p), int(size.q))
    found: list[tuple[Terms, int]] = []
    for part, times in parts:
        by, opened = _content(terms_of(part))
        whole *= by**times
        found += [(each, times) for each, _ in opened]
    return whole, found


def _content(terms: Terms) -> tuple[Fraction, list[tuple[Terms, int]]]:
    """The rational content with the sign of the first term, and what is left."""
    sizes = list(terms.values())
    top = math.gcd(*(size.numerator for size in sizes))
    bottom = math.lcm(*(size.denominator for size in sizes))
    content = Fraction(top, bottom) * (1 if terms[min(terms, key=str)] > 0 else -1)
    return content, [({monomial: size / content for monomial, size in terms.items()}, 1)]
