"""What monomials are products of, and what holds between them: roots, powers, logarithms, the imaginary unit.

| kernel | is | relation |
| --- | --- | --- |
| `x` | a variable; exponents are whole | |
| `#2` | a prime under a root; exponents from 0 up to 1 | `#2^1` is the number 2 |
| `|F|`, `±F` | the absolute value and the sign of a polynomial or kernel F; exponents from 0 up to 1 | `|F|^1` is `±F·F`, `±F^2` is 1 |
| `e`, `pi`, `i` | the constants | `i^2` is -1 |
| `^B[m]` | a base to a power that is no number, as in 2^x; sine and cosine are made of e^(ix) | |
| `ln(B)` | the logarithm of a positive base; of e it is 1 | |
| `f(…)` | a function of which nothing is known here | |

So every sum and product of these has one way of being written. What is drawn from an even root is not negative, and
where only one sign is in question, that sign is assumed (and remembered): the formula has no real value elsewhere.
"""  # noqa: E501 (a table)

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from content.mathematics import factors, limits, polynomials
from content.mathematics.polynomials import ONE, Exponent, Meter, Monomial, OutOfBounds, Terms

_SMALL_PRIMES = tuple(n for n in range(2, 1_000) if all(n % by for by in range(2, math.isqrt(n) + 1)))
CONSTANTS = frozenset({"i", "pi", "e"})
_HALF = Fraction(1, 2)


class Ratio(NamedTuple):
    """A fraction of two polynomials, the lower one never 0."""

    top: Terms
    bottom: Terms


class Parts(NamedTuple):
    """A polynomial as a number times positive bases to exponents times signs."""

    size: Fraction
    bases: tuple[tuple[str, Exponent], ...]
    signs: tuple[str, ...]


@dataclass
class Algebra:
    """Arithmetic that knows the relations; everything that kernels stand for is remembered by their names."""

    meter: Meter
    assumed: dict[str, int] = field(default_factory=dict)  # signs, so that roots have a real value
    polynomials: dict[str, Terms] = field(default_factory=dict)  # F
    powers: dict[str, tuple[str, Monomial]] = field(default_factory=dict)  # B and m of ^B[m]

    def times(self, left: Terms, right: Terms) -> Terms:
        """The product, with all relations used. Raises OutOfBounds."""
        return self.reduced(polynomials.multiplied(left, right, self.meter))

    def product(self, left: Ratio, right: Ratio) -> Ratio:
        """Fractions multiplied."""
        return self.ratio(self.times(left.top, right.top), self.times(left.bottom, right.bottom))

    def quotient(self, left: Ratio, right: Ratio) -> Ratio:
        """Fractions divided."""
        return self.product(left, Ratio(right.bottom, right.top))

    def sum(self, left: Ratio, right: Ratio, factor: int = 1) -> Ratio:
        """left + factor·right."""
        if left.bottom == right.bottom:
            return self.ratio(polynomials.added(left.top, right.top, factor), left.bottom)
        top = polynomials.added(self.times(left.top, right.bottom), self.times(right.top, left.bottom), factor)
        return self.ratio(top, self.times(left.bottom, right.bottom))

    def ratio(self, top: Terms, bottom: Terms) -> Ratio:
        """A fraction; a lower part that is a single term goes into the upper one."""
        if not bottom:
            raise OutOfBounds
        if len(bottom) == 1:
            ((monomial, size),) = bottom.items()
            whole = all(kernel[0] != "|" for kernel, _ in monomial)
            if whole:
                inverse = {tuple((kernel, -exponent) for kernel, exponent in monomial): 1 / size}
                return Ratio(self.times(top, inverse), ONE)
        return Ratio(top, bottom)

    def reduced(self, terms: Terms) -> Terms:
        """With exponents brought to where they belong."""
        if all(_is_reduced(kernel, exponent) for monomial in terms for kernel, exponent in monomial):
            return terms
        found: Terms = {}
        for monomial, size in terms.items():
            found = polynomials.added(found, self._reduced_term(monomial, size))
        return found

    def _reduced_term(self, monomial: Monomial, size: Fraction) -> Terms:
        kept: list[tuple[str, Exponent]] = []
        opened: Terms = ONE
        for kernel, exponent in monomial:
            if _is_reduced(kernel, exponent):
                kept.append((kernel, exponent))
                continue
            whole = math.floor(exponent)
            if kernel == "i":
                size *= -1 if whole % 4 > 1 else 1
                kept += [("i", 1)] if whole % 2 else []
            elif kernel[0] == "±":
                kept += [(kernel, 1)] if whole % 2 else []
            else:
                kept += [(kernel, exponent - whole)] if exponent != whole else []
                if kernel[0] == "#":
                    size *= _bounded_power(int(kernel[1:]), whole)
                else:
                    opened = self.times(opened, self.opened(kernel, whole))
        term: Terms = {polynomials.monomial_of(kept): size}
        return term if opened is ONE else self.times(term, opened)

    def opened(self, absolute: str, times: int) -> Terms:
        """`|F|` to a whole exponent from 0 up, as `±F·F`."""
        name = absolute[1:-1]
        found = self.raised(self.polynomials[name], times)
        return self.times(found, polynomials.power_of(f"±{name}")) if times % 2 else found

    def raised(self, terms: Terms, times: int) -> Terms:
        """A polynomial to a whole exponent from 0 up. Raises OutOfBounds."""
        if len(terms) == 1:
            ((monomial, size),) = terms.items()
            scaled = tuple((kernel, exponent * times) for kernel, exponent in monomial) if times else ()
            return self.reduced({scaled: _bounded_power(size, times)})
        if polynomials.degree(terms) * times > limits.DEGREE:
            raise OutOfBounds
        found = ONE
        for _ in range(times):
            found = self.times(found, terms)
        return found

    def power(self, base: Ratio, exponent: Fraction) -> Ratio:
        """A fraction to a rational exponent. Raises OutOfBounds."""
        if exponent.denominator != 1:
            found = self.quotient(self.root(base.top, exponent), self.root(base.bottom, exponent))
            return found
        if exponent < 0:
            return self.power(self.quotient(Ratio(ONE, ONE), base), -exponent)
        times = int(exponent)
        return self.ratio(self.raised(base.top, times), self.raised(base.bottom, times))

    def root(self, terms: Terms, exponent: Fraction) -> Ratio:
        """A polynomial to an exponent that is not whole. Raises OutOfBounds."""
        if terms == ONE or not terms:
            return Ratio(terms, ONE)
        parts = self.parts(terms)
        found = self.joined(_primes(abs(parts.size)), exponent)
        found = self.product(found, self.joined(parts.bases, exponent))
        if exponent.denominator % 2:
            sign = polynomials.number(-1 if parts.size < 0 else 1)
            for name in parts.signs:
                sign = self.times(sign, polynomials.power_of(f"±{name}"))
            return self.product(found, Ratio(sign, ONE)) if exponent.numerator % 2 else found
        if parts.size < 0 and not parts.signs:
            if exponent.denominator != 2:
                raise OutOfBounds
            return self.product(found, Ratio(self.reduced(polynomials.power_of("i", exponent.numerator)), ONE))
        self.assume_positive(parts)
        return found

    def assume_positive(self, parts: Parts) -> None:
        """Remember which sign makes a product positive, where there is one sign only."""
        if len(parts.signs) == 1:
            self.assume(parts.signs[0], -1 if parts.size < 0 else 1)

    def assume(self, name: str, sign: int) -> None:
        """Remember a sign. Raises OutOfBounds where the other one was assumed."""
        if self.assumed.setdefault(name, sign) != sign:
            raise OutOfBounds

    def joined(self, bases: Iterable[tuple[str, Exponent]], exponent: Fraction) -> Ratio:
        """The product of bases, all to an exponent more."""
        found = Ratio(ONE, ONE)
        for base, times in bases:
            found = self.product(found, self.base_power(base, Fraction(times) * exponent))
        return found

    def base_power(self, base: str, exponent: Fraction) -> Ratio:
        """A positive base to a rational exponent."""
        if base[0] != "|" or exponent >= 0:
            return Ratio(self.reduced(polynomials.power_of(base, exponent)), ONE)
        whole = math.floor(exponent)
        top = self.reduced(polynomials.power_of(base, exponent - whole))
        return self.ratio(top, self.opened(base, -whole))

    def raised_to(self, base: str, exponent: Terms) -> Ratio:
        """A positive base to any exponent: one kernel for each of its terms. Raises OutOfBounds."""
        found = Ratio(ONE, ONE)
        for monomial, size in exponent.items():
            found = self.product(found, self._raised_to(base, monomial, size))
        return found

    def _raised_to(self, base: str, monomial: Monomial, size: Fraction) -> Ratio:
        if not monomial:
            return self.base_power(base, size)
        if base in self.powers:
            lower, before = self.powers[base]
            return self.raised_to(lower, self.times({before: Fraction(1)}, {monomial: size}))
        if base == "e" and monomial == (("i", 1), ("pi", 1)):
            return Ratio(self.unity(size), ONE)
        for kernel, exponent in monomial:
            rest = tuple(pair for pair in monomial if pair[0] != kernel)
            if base == "e" and exponent == 1 and kernel.startswith("ln("):
                return self.raised_to(kernel[3:-1], {rest: size})
            if exponent == -1 and kernel == f"ln({base})":
                return self.raised_to("e", {rest: size})
        name = f"^{base}[{polynomials.written_monomial(monomial)}]"
        self.powers[name] = (base, monomial)
        return Ratio(polynomials.power_of(name, size), ONE)

    def unity(self, turns: Fraction) -> Terms:
        """e^(iπ·turns) for multiples of a twelfth, in roots of 2 and 3. Raises OutOfBounds for others."""
        if 12 % turns.denominator:
            raise OutOfBounds
        steps = int(turns * 12) % 24
        found = ONE
        for _ in range(steps // 3):
            found = self.times(found, _EIGHTH)
        for _ in range(steps % 3):
            found = self.times(found, _TWELFTH)
        return found

    def logarithm(self, of: Ratio) -> Terms:
        """The natural logarithm, of each base by itself. Raises OutOfBounds."""
        return polynomials.added(self._logarithm(of.top), self._logarithm(of.bottom), -1)

    def _logarithm(self, terms: Terms) -> Terms:
        if not terms:
            raise OutOfBounds
        parts = self.parts(terms)
        if parts.size < 0 and not parts.signs:
            raise OutOfBounds
        self.assume_positive(parts)
        found: Terms = {}
        for base, times in (*_primes(abs(parts.size)), *parts.bases):
            if base == "e":
                one = ONE
            elif base in self.powers:
                lower, monomial = self.powers[base]
                by = ONE if lower == "e" else polynomials.power_of(f"ln({lower})")
                one = self.times({monomial: Fraction(1)}, by)
            else:
                one = polynomials.power_of(f"ln({base})")
            found = polynomials.added(found, one, Fraction(times))
        return found

    def absolute(self, of: Ratio) -> Ratio:
        """The absolute value, as the root of the square. Raises OutOfBounds."""
        return self.quotient(self._absolute(of.top), self._absolute(of.bottom))

    def _absolute(self, terms: Terms) -> Ratio:
        if not terms:
            return Ratio(terms, ONE)
        parts = self.parts(terms)
        return self.product(Ratio(polynomials.number(abs(parts.size)), ONE), self.joined(parts.bases, Fraction(1)))

    def parts(self, terms: Terms) -> Parts:
        """A polynomial taken apart into a number, positive bases and signs. Raises OutOfBounds."""
        if not terms:
            raise OutOfBounds
        if len(terms) == 1:
            ((monomial, size),) = terms.items()
            return self._parts_of_term(monomial, size)
        size, found = factors.factors_of(terms)
        bases: list[tuple[str, Exponent]] = []
        signs: list[str] = []
        for factor, times in found:
            if len(factor) == 1:
                inner = self._parts_of_term(*next(iter(factor.items())))
                bases += [(base, exponent * times) for base, exponent in inner.bases]
                signs += inner.signs if times % 2 else ()
                size *= inner.size**times
                continue
            name = polynomials.written(factor)
            self.polynomials[name] = factor
            bases.append((f"|{name}|", times))
            signs += [name] if times % 2 else []
        return Parts(size, tuple(bases), tuple(signs))

    def _parts_of_term(self, monomial: Monomial, size: Fraction) -> Parts:
        bases: list[tuple[str, Exponent]] = []
        signs: list[str] = []
        for kernel, exponent in monomial:
            if kernel == "i" or (kernel in self.powers and _has_i(self.powers[kernel][1])):
                raise OutOfBounds
            if kernel[0] == "±":
                signs.append(kernel[1:])
            elif kernel[0] in "#|" or kernel in CONSTANTS or kernel in self.powers:
                bases.append((kernel, exponent))
            else:
                self.polynomials[kernel] = polynomials.power_of(kernel)
                bases.append((f"|{kernel}|", exponent))
                signs += [kernel] if exponent % 2 else []
        odd = [name for name in dict.fromkeys(signs) if signs.count(name) % 2]
        return Parts(size, tuple(bases), tuple(odd))


def _is_reduced(kernel: str, exponent: Exponent) -> bool:
    if kernel == "i" or kernel[0] == "±":
        return exponent == 1
    return kernel[0] not in "#|" or 0 < exponent < 1


def _bounded_power(size: Fraction | int, times: int) -> Fraction:
    """A number to a whole exponent. Raises OutOfBounds where that would be too large."""
    made = Fraction(size)
    bits = max(made.numerator.bit_length(), made.denominator.bit_length())
    if bits > 1 and bits * abs(times) > 2 * limits.COEFFICIENT_BITS:
        raise OutOfBounds
    return made**times


def _has_i(monomial: Monomial) -> bool:
    return any(kernel == "i" for kernel, _ in monomial)


def _primes(size: Fraction) -> tuple[tuple[str, int], ...]:
    """A positive number as primes with exponents; what has no small divisor counts as a prime."""
    found: list[tuple[str, int]] = []
    for number, sign in ((size.numerator, 1), (size.denominator, -1)):
        rest = number
        for prime in _SMALL_PRIMES:
            times = 0
            while rest % prime == 0:
                rest, times = rest // prime, times + 1
            found += [(f"#{prime}", sign * times)] if times else []
            if rest < prime * prime:
                break
        found += [(f"#{rest}", sign)] if rest > 1 else []
    return tuple(found)


_EIGHTH: Terms = {(("#2", _HALF),): _HALF, (("#2", _HALF), ("i", 1)): _HALF}  # e^(iπ/4)
_QUARTER = Fraction(1, 4)
_TWELFTH: Terms = {  # e^(iπ/3) times e^(-iπ/4)
    (("#2", _HALF),): _QUARTER,
    (("#2", _HALF), ("i", 1)): -_QUARTER,
    (("#2", _HALF), ("#3", _HALF)): _QUARTER,
    (("#2", _HALF), ("#3", _HALF), ("i", 1)): _QUARTER,
}
