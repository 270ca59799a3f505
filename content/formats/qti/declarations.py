"""The declarations of an item of QTI 2 and 3: what a response is, which one is right, what its parts are worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

NUMBERS = frozenset({"integer", "float"})


@dataclass(frozen=True, kw_only=True)
class MapEntry:
    """What one value is worth."""

    worth: Fraction
    case: bool = True  # whether capitals matter


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A declared response, outcome or template variable."""

    identifier: str
    base_type: str = "string"
    cardinality: str = "single"
    correct: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    mapping: Mapping[str, MapEntry] = field(default_factory=dict)
    mapping_default: Fraction = Fraction(0)
    lower: Fraction | None = None
    upper: Fraction | None = None
    table: tuple[tuple[Fraction, str, bool], ...] = ()  # of lookupOutcomeValue: up to here, this; bound included
    has_mapping: bool = False

    def worth(self, values: tuple[str, ...]) -> Fraction:
        """The sum of what the values are worth, each counted once, within the bounds."""
        total = sum((self._worth(value) for value in dict.fromkeys(values)), Fraction(0))
        if self.lower is not None:
            total = max(total, self.lower)
        return total if self.upper is None else min(total, self.upper)

    def _worth(self, value: str) -> Fraction:
        for key, entry in self.mapping.items():
            if self.same(key, value) or (not entry.case and key.casefold() == value.casefold()):
                return entry.worth
        return self.mapping_default

    def same(self, one: str, other: str) -> bool:
        """Whether two values are equal as this type has it."""
        if self.base_type in NUMBERS:
            first, second = number(one), number(other)
            return first is not None and first == second
        if self.base_type == "pair":
            return sorted(one.split()) == sorted(other.split())
        return one == other


def number(text: str) -> Fraction | None:
    """A number as XML Schema writes it, or None. Never more than 40 characters, so that no power is worked out."""
    plain = text.strip()
    if not plain or len(plain) > 40 or "/" in plain or "_" in plain:
        return None
    mantissa, _, exponent = plain.lower().partition("e")
    if exponent and (not exponent.lstrip("+-").isdecimal() or len(exponent.lstrip("+-")) > 3):
        return None
    try:
        return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
    except ValueError:
        return None


def numeral(value: Fraction) -> str:
    """A number as people write it: `0.5` where its decimals end soon, else `1/3`."""
    if value.denominator == 1:
        return str(value.numerator)
    for digits in range(1, 13):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            size = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            return f"{'-' if value < 0 else ''}{size[:-digits]}.{size[-digits:]}"
    return f"{value.numerator}/{value.denominator}"


def declarations(item: Element, kind: str) -> dict[str, Declaration]:
    """The declarations of a kind (`response`, `outcome`, `template`) by their identifiers."""
    found = [declaration(element) for element in item.findall(f"{kind}Declaration")]
    return {one.identifier: one for one in found}


def declaration(element: Element) -> Declaration:
    """Read one declaration."""
    mapping = element.find("mapping")
    entries = mapping if mapping is not None else ()
    return Declaration(
        identifier=element.get("identifier", ""),
        base_type=element.get("baseType", "string"),
        cardinality=element.get("cardinality", "single"),
        correct=_values(element.find("correctResponse")),
        default=_values(element.find("defaultValue")),
        mapping={
            entry.get("mapKey", "").strip(): MapEntry(
                worth=number(entry.get("mappedValue", "0")) or Fraction(0),
                case=entry.get("caseSensitive", "true") != "false",
            )
            for entry in entries
            if entry.tag == "mapEntry"
        },
        mapping_default=number(_attribute(mapping, "defaultValue")) or Fraction(0),
        lower=number(_attribute(mapping, "lowerBound")),
        upper=number(_attribute(mapping, "upperBound")),
        table=_table(element),
        has_mapping=mapping is not None,
    )


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _values(element: Element | None) -> tuple[str, ...]:
    if element is None:
        return ()
    return tuple(" ".join("".join(value.itertext()).split()) for value in element.findall("value"))


def _table(element: Element) -> tuple[tuple[Fraction, str, bool], ...]:
    rows = [
        (number(row.get("sourceValue", "")), row.get("targetValue", ""), row.get("includeBoundary", "true") != "false")
        for table in (element.find("matchTable"), element.find("interpolationTable"))
        if table is not None
        for row in table
    ]
    return tuple((source, target, included) for source, target, included in rows if source is not None)
