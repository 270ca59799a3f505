"""The blanks of a text, `@{name|filter}` or `@{a + b|filter}`, and what stands in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

from content.package import Exercise
from content.variants.template import NAME, Value, VariantProblem, compute

BLANK = re.compile(r"@\{([^{}]*)\}")
FILTERS = frozenset({"signed", "coefficient", "latex", "bracketed", "decimal"})
FUNCTIONS = frozenset({"gcd", "abs", "min", "max", "mod", "and", "or", "not"})  # words of formulas that are no names

Part = TypeVar("Part")


def fill(part: Part, values: Mapping[str, Value]) -> Part:
    """Put values into the blanks of a text, an answer key or an exercise. Raises VariantProblem."""
    filled: Part = _fill(part, values)
    return filled


def blanks(exercise: Exercise) -> set[str]:
    """Return the names that the texts of an exercise have blanks for, those of its themes included."""
    themes = exercise.variables.get("themes") or {}
    found = [*written_blanks(replace(exercise, variables={})), *written_blanks(themes)]
    return {name for blank in found for name in names_in(blank.split("|")[0])}


def written_blanks(part: Any) -> list[str]:
    """What stands between `@{` and `}` in the texts of a part, in order."""
    return [blank for text in texts_of(part) for blank in BLANK.findall(text)]


def names_in(formula: str) -> set[str]:
    """The names of variables in a formula."""
    return set(NAME.findall(formula)) - FUNCTIONS


def texts_of(part: Any) -> Iterator[str]:
    """Every text of an exercise or of a part of it."""
    if isinstance(part, str):
        yield part
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from texts_of(getattr(part, field.name))
    elif isinstance(part, Mapping | list | tuple):
        for each in part.values() if isinstance(part, Mapping) else part:
            yield from texts_of(each)


def _fill(part: Any, values: Mapping[str, Value]) -> Any:
    """Put the values into every text of a part: dataclasses, mappings and sequences all the way down."""
    if isinstance(part, str):
        return BLANK.sub(lambda blank: _shown(blank[1], values), part) if "@{" in part else part
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: _fill(getattr(part, field.name), values) for field in fields(part)})
    if isinstance(part, Mapping):
        return {key: _fill(value, values) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_fill(value, values) for value in part)
    return part


def _shown(blank: str, values: Mapping[str, Value]) -> str:
    """What stands in place of `@{name|filter|…}`. Raises VariantProblem."""
    formula, *chosen = (piece.strip() for piece in blank.split("|"))
    if unknown := set(chosen) - FILTERS:
        raise VariantProblem(f"@{{{blank}}}: there is no such filter: {', '.join(sorted(unknown))}")
    if formula in values:
        value = values[formula]
    elif NAME.fullmatch(formula) or not formula:
        raise VariantProblem(f"@{{{blank}}}: there is no such variable: {formula}")
    else:
        value = compute(formula, values, f"@{{{blank}}}")
    if isinstance(value, str):
        if chosen:
            raise VariantProblem(f"@{{{blank}}}: a text, but filters are for numbers: {value}")
        return value
    return _number(value, frozenset(chosen), blank)


def _number(value: Fraction, chosen: frozenset[str], blank: str) -> str:
    size = _size(abs(value), chosen, blank)
    if "coefficient" in chosen and abs(value) == 1:
        size = ""
    if "signed" in chosen:
        return f"{'-' if value < 0 else '+'} {size}"
    shown = f"-{size}" if value < 0 else size
    return f"({shown})" if "bracketed" in chosen and value < 0 else shown


def _size(size: Fraction, chosen: frozenset[str], blank: str) -> str:
    """A number that is not negative, written as its filters ask."""
    if size.denominator == 1:
        return str(size.numerator)
    if "decimal" in chosen:
        places = next((digits for digits in range(1, 31) if 10**digits % size.denominator == 0), 0)
        if not places:
            raise VariantProblem(f"@{{{blank}}}: not a finite decimal: {size}")
        digits = str(size.numerator * 10**places // size.denominator).rjust(places + 1, "0")
        return f"{digits[:-places]}.{digits[-places:]}"
    if "latex" in chosen:
        return rf"\frac{{{size.numerator}}}{{{size.denominator}}}"
    return f"{size.numerator}/{size.denominator}"
