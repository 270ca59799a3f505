"""Values that rules of QTI compute with: texts as they stand in the XML, numbers as fractions, true and false."""

from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import Declaration, number

Value = tuple[str, ...] | Fraction | bool | None
MAX_BITS = 10_000  # of all the numbers that one expression computes with


def said(element: Element) -> str:
    """What stands in an element, in one line."""
    return " ".join("".join(element.itertext()).split())


def near(one: str, other: str, size: Fraction) -> bool:
    """Whether two values differ by no more than this, or are the same text."""
    first, second = number(one), number(other)
    return abs(first - second) <= size if first is not None and second is not None else one == other


def holds(value: Value) -> bool:
    """Whether a value is true, computed or given as a response."""
    return value is True or value == ("true",)


def as_number(value: Value) -> Fraction | None:
    """A value as a number, or None."""
    if isinstance(value, tuple):
        return number(value[0]) if len(value) == 1 else None
    return None if isinstance(value, bool) else value


def as_texts(value: Value) -> tuple[str, ...]:
    """A value as the texts that a response would be."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value).lower(),)


def same(declared: Declaration, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two values are equal: in any order unless they are ordered."""
    if len(one) != len(other):
        return False
    if declared.cardinality == "multiple":
        left = list(other)
        for value in one:
            found = next((candidate for candidate in left if declared.same(value, candidate)), None)
            if found is None:
                return False
            left.remove(found)
        return True
    return all(declared.same(first, second) for first, second in zip(one, other, strict=True))


def bits(value: Fraction) -> int:
    """The size of a number."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def power(found: list[Fraction]) -> Fraction:
    """A number to a small whole power. Raises ValueError."""
    base, exponent = found
    if exponent.denominator != 1 or abs(exponent) * bits(base) > MAX_BITS:
        raise ValueError("not a small whole power")
    return base ** int(exponent)


def product(found: list[Fraction]) -> Fraction:
    """The product of numbers."""
    made = Fraction(1)
    for one in found:
        made *= one
    return made
