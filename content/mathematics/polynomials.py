"""Sums of monomials: rational coefficients, rational exponents, over kernels that are known by their names.

A kernel is whatever a monomial can be a product of: a variable, a prime under a root, a power such as 2^x. What two
of them have to do with each other is said in kernels.py; here is only arithmetic. Every product of two terms is
counted, and what passes the caps of limits.py is given up.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from content.mathematics import limits

Exponent = int | Fraction
Monomial = tuple[tuple[str, Exponent], ...]  # sorted by kernel, no exponent is 0
Terms = Mapping[Monomial, Fraction]  # no coefficient is 0
ZERO: Terms = {}
ONE: Terms = {(): Fraction(1)}


class OutOfBounds(ValueError):
    """Outside of what normal forms cover, or above a cap."""


class Meter:
    """Counts products of two terms. Raises OutOfBounds at the cap."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.used = 0

    def spend(self, work: int) -> None:
        """Count some work."""
        self.used += work
        if self.used > self.cap:
            raise OutOfBounds


def number(value: Fraction | int) -> Terms:
    """A constant polynomial."""
    return {(): Fraction(value)} if value else ZERO


def power_of(kernel: str, exponent: Exponent = 1) -> Terms:
    """One kernel to an exponent."""
    return {((kernel, _plain(exponent)),): Fraction(1)} if exponent else ONE


def constant_of(terms: Terms) -> Fraction | None:
    """The value of a polynomial without kernels, else None."""
    if not terms:
        return Fraction(0)
    return terms[()] if len(terms) == 1 and () in terms else None


def added(left: Terms, right: Terms, factor: Fraction | int = 1) -> Terms:
    """left + factor·right. Raises OutOfBounds."""
    found = dict(left)
    for monomial, coefficient in right.items():
        total = found.get(monomial, 0) + factor * coefficient
        if total:
            found[monomial] = _checked(total)
        else:
            found.pop(monomial, None)
    if len(found) > limits.TERMS:
        raise OutOfBounds
    return found


def multiplied(left: Terms, right: Terms, meter: Meter) -> Terms:
    """left·right. Raises OutOfBounds."""
    meter.spend(len(left) * len(right))
    if len(right) == 1 and () in right:
        return {monomial: _checked(size * right[()]) for monomial, size in left.items()}
    found: dict[Monomial, Fraction] = {}
    for one, size in left.items():
        for other, by in right.items():
            monomial = joined(one, other)
            total = found.get(monomial, 0) + size * by
            if total:
                found[monomial] = _checked(total)
            else:
                del found[monomial]
        if len(found) > limits.TERMS:
            raise OutOfBounds
    return found


def joined(one: Monomial, other: Monomial) -> Monomial:
    """The product of two monomials."""
    if not one or not other:
        return one or other
    return monomial_of((*one, *other))


def monomial_of(factors: Iterable[tuple[str, Exponent]]) -> Monomial:
    """A monomial of kernels with exponents, which may repeat."""
    found: dict[str, Exponent] = {}
    for kernel, exponent in factors:
        found[kernel] = found.get(kernel, 0) + exponent
    return tuple(sorted((kernel, _plain(exponent)) for kernel, exponent in found.items() if exponent))


def degree(terms: Terms) -> Exponent:
    """The largest sum of the sizes of a monomial's exponents."""
    return max((sum(abs(Fraction(exponent)) for _, exponent in monomial) for monomial in terms), default=0)


def kernels_of(terms: Terms) -> frozenset[str]:
    """The names of all kernels."""
    return frozenset(kernel for monomial in terms for kernel, _ in monomial)


def written(terms: Terms) -> str:
    """The polynomial as a text, the same for equal ones: what kernels are named by. Raises OutOfBounds."""
    return "+".join(f"{terms[monomial]}{written_monomial(monomial)}" for monomial in sorted(terms, key=str))


def written_monomial(monomial: Monomial) -> str:
    """A monomial as a text, the same for equal ones. Raises OutOfBounds: names within names grow without end."""
    if sum(len(kernel) for kernel, _ in monomial) > limits.NAME:
        raise OutOfBounds
    return "".join(f"·{kernel}^{exponent}" for kernel, exponent in monomial)


def _plain(exponent: Exponent) -> Exponent:
    return exponent.numerator if exponent.denominator == 1 else exponent


def _checked(size: Fraction) -> Fraction:
    if max(size.numerator.bit_length(), size.denominator.bit_length()) > limits.COEFFICIENT_BITS:
        raise OutOfBounds
    return size
