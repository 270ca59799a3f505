"""A template and a seed become a concrete exercise: values are drawn, computed, checked, and put into every text.

The same seed always gives the same exercise, on every machine and Python: only `Random.random` is used, whose sequence
Python guarantees. Values are exact (fractions, never floats). Described for authors in docs/content.md.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

from content import mathematics
from content.package import Exercise, Json

MAX_DRAWS = 1_000  # draws that break a `where` before the template is given up
MAX_ROWS = 10_000
_BLANK = re.compile(r"@\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"-?\d{1,30}(?:/\d{1,30}|\.\d{1,30})?\Z")
_PARTS = {"draw", "rows", "let", "where"}
_RANGE = {"from", "to", "step", "except"}
FILTERS = frozenset({"signed", "coefficient", "latex", "bracketed", "decimal"})

Value = Fraction | str
Part = TypeVar("Part")


class VariantProblem(ValueError):
    """A template that cannot be made concrete: the author's fault. `problems` says each in words."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class _Template:
    """A template's variables, read."""

    pools: Mapping[str, tuple[Value, ...]]
    rows: tuple[Mapping[str, Value], ...]
    let: Mapping[str, str]
    where: tuple[str, ...]


def instantiate(exercise: Exercise, seed: int) -> Exercise:
    """Return the variant of an exercise that belongs to a seed; an exercise without variables as it is.

    Raises VariantProblem.
    """
    if not exercise.variables:
        return exercise
    values = draw_values(exercise, seed)
    return fill(replace(exercise, variables={}), values)


def draw_values(exercise: Exercise, seed: int) -> dict[str, Value]:
    """Return the values that a seed gives the variables. Raises VariantProblem."""
    template = _read(exercise.variables)
    rng = random.Random(f"{exercise.key}:{seed}")  # noqa: S311 (variety is wanted, not secrecy)
    for _ in range(MAX_DRAWS):
        values: dict[str, Value] = {}
        if template.rows:
            values.update(template.rows[int(rng.random() * len(template.rows))])
        for name, pool in template.pools.items():
            values[name] = pool[int(rng.random() * len(pool))]
        for name, formula in template.let.items():
            values[name] = _compute(formula, values, f"let {name}")
        if all(_holds(condition, values) for condition in template.where):
            return values
    raise VariantProblem(f"no draw of {MAX_DRAWS} fulfils «where»: {', '.join(template.where)}")


def fill(part: Part, values: Mapping[str, Value]) -> Part:
    """Put values into the blanks of a text, an answer key or an exercise. Raises VariantProblem."""
    filled: Part = _fill(part, values)
    return filled


def blanks(exercise: Exercise) -> set[str]:
    """Return the names that the texts of an exercise have blanks for."""
    return {blank.split("|")[0].strip() for blank in _BLANK.findall(_all_text(replace(exercise, variables={})))}


def check_variants(exercise: Exercise, *, seeds: int = 5) -> list[str]:
    """Return what is wrong with a template: unreadable variables, unknown names and filters, blanks never filled.

    An exercise without variables is checked for blanks only.
    """
    names = set(_BLANK.findall(_all_text(replace(exercise, variables={}))))
    if not exercise.variables:
        return [f"@{{{blank}}} stands in a text, but the exercise has no variables" for blank in sorted(names)]
    problems: list[str] = []
    for seed in range(seeds):
        try:
            instantiate(exercise, seed)
        except VariantProblem as problem:
            problems.extend(said for said in problem.problems if said not in problems)
    if not problems:
        problems.extend(f"variable {name} is never used" for name in _unused(exercise.variables, blanks(exercise)))
    return problems


def _unused(variables: Json, used: set[str]) -> list[str]:
    template = _read(variables)
    formulas = " ".join([*template.let.values(), *template.where])
    used = used | set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", formulas))
    drawn = [*template.pools, *(template.rows[0] if template.rows else ()), *template.let]
    return [name for name in dict.fromkeys(drawn) if name not in used]


def _read(variables: Json) -> _Template:
    """Read the `variables` of an exercise; every problem at once. Raises VariantProblem."""
    problems = [f"variables: unknown field {name}" for name in variables if name not in _PARTS]
    pools: dict[str, tuple[Value, ...]] = {}
    for name, description in _mapping(variables, "draw", problems).items():
        pools[name] = _pool(name, description, problems)
    let = {name: str(formula) for name, formula in _mapping(variables, "let", problems).items()}
    rows = _rows(variables.get("rows") or [], problems)
    where = variables.get("where") or []
    if not isinstance(where, list):
        problems.append("where: not a list")
        where = []
    names = [*pools, *(rows[0] if rows else ()), *let]
    problems += [f"variable {name!r}: a name is letters and digits" for name in names if not _NAME.match(str(name))]
    problems += [f"variable {name} is defined twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise VariantProblem(*problems)
    return _Template(pools=pools, rows=rows, let=let, where=tuple(map(str, where)))


def _mapping(variables: Json, name: str, problems: list[str]) -> Mapping[str, Any]:
    found = variables.get(name) or {}
    if isinstance(found, Mapping):
        return found
    problems.append(f"{name}: not a mapping")
    return {}


def _pool(name: str, description: Any, problems: list[str]) -> tuple[Value, ...]:
    """The values that a variable may take."""
    if not isinstance(description, Mapping):
        problems.append(f"draw {name}: neither {{from, to}} nor {{choose}}")
        return ()
    if set(description) == {"choose"} and isinstance(description["choose"], list):
        pool = tuple(_value(value) for value in description["choose"])
    else:
        pool = _range(name, description, problems)
    if not pool and not problems:
        problems.append(f"draw {name}: nothing to draw from")
    return pool


def _range(name: str, description: Mapping[str, Any], problems: list[str]) -> tuple[Value, ...]:
    """`{from, to, step, except}` as its values."""
    first, last = _value(description.get("from", "")), _value(description.get("to", ""))
    step = _value(description.get("step", 1))
    excluded = description.get("except", [])
    if unknown := sorted(set(map(str, description)) - _RANGE):
        problems.append(f"draw {name}: unknown field {', '.join(unknown)}")
    elif not (isinstance(first, Fraction) and isinstance(last, Fraction) and isinstance(step, Fraction) and step > 0):
        problems.append(f"draw {name}: from, to and step are numbers, step above 0")
    elif not isinstance(excluded, list):
        problems.append(f"draw {name}: except is a list")
    elif (last - first) / step >= MAX_ROWS:
        problems.append(f"draw {name}: more than {MAX_ROWS} values")
    else:
        without = {_value(value) for value in excluded}
        every = (first + index * step for index in range(int((last - first) / step) + 1)) if last >= first else ()
        return tuple(value for value in every if value not in without)
    return ()


def _rows(described: Any, problems: list[str]) -> tuple[Mapping[str, Value], ...]:
    if not isinstance(described, list) or not all(isinstance(row, Mapping) for row in described):
        problems.append("rows: not a list of mappings")
        return ()
    if len(described) > MAX_ROWS:
        problems.append(f"rows: more than {MAX_ROWS}")
        return ()
    rows = tuple({str(name): _value(value) for name, value in row.items()} for row in described)
    if any(set(row) != set(rows[0]) for row in rows):
        problems.append("rows: not every row has the same names")
    return rows


def _value(given: Any) -> Value:
    """A number as a fraction, anything else as its text."""
    text = str(given).strip()
    if isinstance(given, bool) or not _NUMBER.match(text) or re.search(r"/0+\Z", text):
        return text
    return Fraction(text)


def _compute(formula: str, values: Mapping[str, Value], place: str) -> Fraction:
    made = _evaluate(formula, values, place)
    if isinstance(made, bool) or not isinstance(made, int | Fraction):
        raise VariantProblem(f"{place}: {formula} is not a rational number")
    return Fraction(made)


def _holds(condition: str, values: Mapping[str, Value]) -> bool:
    made = _evaluate(condition, values, "where")
    if not isinstance(made, bool):
        raise VariantProblem(f"where: {condition} is neither true nor false")
    return made


def _evaluate(formula: str, values: Mapping[str, Value], place: str) -> Any:
    numbers = {name: value for name, value in values.items() if isinstance(value, Fraction)}
    try:
        return mathematics.constant(formula, numbers)
    except (ValueError, ArithmeticError) as error:
        raise VariantProblem(f"{place}: {formula}: {error}") from None


def _fill(part: Any, values: Mapping[str, Value]) -> Any:
    """Put the values into every text of a part: dataclasses, mappings and sequences all the way down."""
    if isinstance(part, str):
        return _BLANK.sub(lambda blank: _shown(blank[1], values), part) if "@{" in part else part
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: _fill(getattr(part, field.name), values) for field in fields(part)})
    if isinstance(part, Mapping):
        return {key: _fill(value, values) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_fill(value, values) for value in part)
    return part


def _shown(blank: str, values: Mapping[str, Value]) -> str:
    """What stands in place of `@{name|filter|…}`. Raises VariantProblem."""
    name, *chosen = (piece.strip() for piece in blank.split("|"))
    if name not in values:
        raise VariantProblem(f"@{{{blank}}}: there is no variable {name}")
    if unknown := set(chosen) - FILTERS:
        raise VariantProblem(f"@{{{blank}}}: there is no filter {', '.join(sorted(unknown))}")
    value = values[name]
    if isinstance(value, str):
        if chosen:
            raise VariantProblem(f"@{{{blank}}}: {value} is a text, filters are for numbers")
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
            raise VariantProblem(f"@{{{blank}}}: {size} is no finite decimal")
        digits = str(size.numerator * 10**places // size.denominator).rjust(places + 1, "0")
        return f"{digits[:-places]}.{digits[-places:]}"
    if "latex" in chosen:
        return rf"\frac{{{size.numerator}}}{{{size.denominator}}}"
    return f"{size.numerator}/{size.denominator}"


def _all_text(part: Any) -> str:
    """Every text of an exercise in one, to look for blanks."""
    if isinstance(part, str):
        return part
    if is_dataclass(part) and not isinstance(part, type):
        return "\n".join(_all_text(getattr(part, field.name)) for field in fields(part))
    if isinstance(part, Mapping):
        return "\n".join(map(_all_text, part.values()))
    return "\n".join(map(_all_text, part)) if isinstance(part, list | tuple) else ""
