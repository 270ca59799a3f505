"""The `variables` of an exercise, read: what is drawn, from what, what is computed, and what must hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from content import mathematics
from content.package import Json

MAX_DRAWS = 1_000  # draws that break a `where` before the template is given up
MAX_ROWS = 10_000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"-?\d{1,30}(?:/\d{1,30}|\.\d{1,30})?\Z")
_PARTS = {"draw", "rows", "let", "where", "themes", "allow"}
_RANGE = {"from", "to", "step", "except"}
_ALLOWED = {"large"}

Value = Fraction | str


class VariantProblem(ValueError):
    """A template that cannot be made concrete: the author's fault. `problems` says each in words."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template's variables, read."""

    pools: Mapping[str, tuple[Value, ...]]
    rows: tuple[Mapping[str, Value], ...]
    let: Mapping[str, str]
    where: tuple[str, ...]
    themes: Mapping[str, Mapping[str, str]]  # theme -> name -> text
    allow: frozenset[str]  # what is usually reported, and is meant here

    @property
    def names(self) -> list[str]:
        """What the template gives values to, themes aside."""
        return [*self.pools, *(self.rows[0] if self.rows else ()), *self.let]

    @property
    def size(self) -> int:
        """How many draws there are, those that break a `where` included."""
        size = max(1, len(self.rows))
        for pool in self.pools.values():
            size *= len(pool)
        return size

    def draw(self, rng: Random) -> dict[str, Value]:
        """Draw values that fulfil every `where`. Raises VariantProblem."""
        for _ in range(MAX_DRAWS):
            values: dict[str, Value] = {}
            if self.rows:
                values.update(self.rows[int(rng.random() * len(self.rows))])
            for name, pool in self.pools.items():
                values[name] = pool[int(rng.random() * len(pool))]
            if self._complete(values):
                return values
        raise VariantProblem(f"no draw fulfils «where», or hardly any: {', '.join(self.where)}")

    def all_draws(self) -> Iterator[dict[str, Value]]:
        """Every draw that fulfils every `where`, once. Raises VariantProblem."""
        for index in range(self.size):
            place, values = index, dict[str, Value]()
            if self.rows:
                place, chosen = divmod(place, len(self.rows))
                values.update(self.rows[chosen])
            for name, pool in self.pools.items():
                place, chosen = divmod(place, len(pool))
                values[name] = pool[chosen]
            if self._complete(values):
                yield values

    def _complete(self, values: dict[str, Value]) -> bool:
        """Add what is computed; say whether every condition holds. Raises VariantProblem."""
        for name, formula in self.let.items():
            values[name] = compute(formula, values, f"let {name}")
        return all(_holds(condition, values) for condition in self.where)


def read(variables: Json) -> Template:
    """Read the `variables` of an exercise; every problem at once. Raises VariantProblem."""
    problems = [f"variables: unknown field: {name}" for name in variables if name not in _PARTS]
    pools: dict[str, tuple[Value, ...]] = {}
    for name, description in _mapping(variables, "draw", problems).items():
        pools[name] = _pool(name, description, problems)
    let = {name: str(formula) for name, formula in _mapping(variables, "let", problems).items()}
    rows = _rows(variables.get("rows") or [], problems)
    where = variables.get("where") or []
    if not isinstance(where, list):
        problems.append("where: not a list")
        where = []
    themes = _themes(_mapping(variables, "themes", problems), problems)
    names = [*pools, *(rows[0] if rows else ()), *let, *next(iter(themes.values()), ())]
    problems += [f"variable {name}: a name is letters and digits" for name in names if not NAME.fullmatch(str(name))]
    problems += [f"variable {name}: it is defined twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    allow = variables.get("allow") or []
    allow = frozenset(map(str, allow) if isinstance(allow, list) else [str(allow)])
    problems += [
        f"allow: this is not known: {name}: possible are: {', '.join(sorted(_ALLOWED))}"
        for name in sorted(allow - _ALLOWED)
    ]
    if problems:
        raise VariantProblem(*problems)
    return Template(pools=pools, rows=rows, let=let, where=tuple(map(str, where)), themes=themes, allow=allow)


def compute(formula: str, values: Mapping[str, Value], place: str) -> Fraction:
    """Compute a formula of values exactly. Raises VariantProblem, which names the place."""
    made = _evaluate(formula, values, place)
    if isinstance(made, bool) or not isinstance(made, int | Fraction):
        raise VariantProblem(f"{place}: not a rational number: {formula}")
    return Fraction(made)


def _holds(condition: str, values: Mapping[str, Value]) -> bool:
    made = _evaluate(condition, values, "where")
    if not isinstance(made, bool):
        raise VariantProblem(f"where: neither true nor false: {condition}")
    return made


def _evaluate(formula: str, values: Mapping[str, Value], place: str) -> Any:
    numbers = {name: value for name, value in values.items() if isinstance(value, Fraction)}
    try:
        return mathematics.constant(formula, numbers)
    except (ValueError, ArithmeticError) as error:
        raise VariantProblem(f"{place}: {formula}: {error}") from None


def _mapping(variables: Json, name: str, problems: list[str]) -> Mapping[str, Any]:
    found = variables.get(name) or {}
    if isinstance(found, Mapping):
        return found
    problems.append(f"{name}: not names with values")
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
        problems.append(f"draw {name}: unknown field: {', '.join(unknown)}")
    elif not (isinstance(first, Fraction) and isinstance(last, Fraction) and isinstance(step, Fraction) and step > 0):
        problems.append(f"draw {name}: from, to and step are numbers, step above 0")
    elif not isinstance(excluded, list):
        problems.append(f"draw {name}: except is a list")
    elif (last - first) / step >= MAX_ROWS:
        problems.append(f"draw {name}: too many values: at most {MAX_ROWS}")
    else:
        without = {_value(value) for value in excluded}
        every = (first + index * step for index in range(int((last - first) / step) + 1)) if last >= first else ()
        return tuple(value for value in every if value not in without)
    return ()


def _rows(described: Any, problems: list[str]) -> tuple[Mapping[str, Value], ...]:
    if not isinstance(described, list) or not all(isinstance(row, Mapping) for row in described):
        problems.append("rows: not a list of rows, each names with values")
        return ()
    if len(described) > MAX_ROWS:
        problems.append(f"rows: too many: at most {MAX_ROWS}")
        return ()
    rows = tuple({str(name): _value(value) for name, value in row.items()} for row in described)
    if any(set(row) != set(rows[0]) for row in rows):
        problems.append("rows: not every row has the same names")
    return rows


def _themes(described: Mapping[str, Any], problems: list[str]) -> dict[str, dict[str, str]]:
    themes: dict[str, dict[str, str]] = {}
    for theme, texts in described.items():
        if isinstance(texts, Mapping) and texts:
            themes[str(theme)] = {str(name): str(text) for name, text in texts.items()}
        else:
            problems.append(f"theme {theme}: not names with texts")
    for theme, texts in themes.items():
        for other in themes.values():
            if missing := sorted(set(other) - set(texts)):
                problems.append(f"theme {theme}: another theme has what is missing here: {', '.join(missing)}")
                break
        problems += [f"theme {theme}: it is empty: {name}" for name, text in texts.items() if not text.strip()]
    return themes


def _value(given: Any) -> Value:
    """A number as a fraction, anything else as its text."""
    text = str(given).strip()
    if isinstance(given, bool) or not _NUMBER.match(text) or re.search(r"/0+\Z", text):
        return text
    return Fraction(text)
