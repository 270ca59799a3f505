"""Answers drawn at random: rewritings that are equal by the rules of algebra, changes that are proved to differ.

Formulas are pairs and triples of their own here, written out in the ways that people type; nothing of the grader is
used. A change counts only where interval arithmetic proves two different values at one point; the same arithmetic
must not find a rewriting to differ. `python -m tests.content.corpus.generated` writes generated.yaml anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.content.corpus.formulas import LATEX, STYLES, Formula, call, number, value, written

LONGEST = 220  # characters
EACH = 225  # cases of each topic and verdict


@dataclass(frozen=True)
class Drawn:
    """A key and a response, as they are written."""

    key: str
    response: str


# Formulas of a topic

numbers = st.integers(1, 12).map(number)
x, y = ("var", "x"), ("var", "y")
letters = st.sampled_from([x, x, x, y])


def joined(parts: st.SearchStrategy[Formula], *operations: str) -> st.SearchStrategy[Formula]:
    return st.tuples(st.sampled_from(operations), parts, parts)


powers = st.tuples(st.just("pow"), letters, st.integers(2, 4))
monomials = st.one_of(letters, st.tuples(st.just("mul"), numbers, st.one_of(letters, powers)), powers, numbers)
sums = joined(monomials, "add", "sub")
products = st.one_of(joined(sums, "mul"), st.tuples(st.just("pow"), sums, st.integers(2, 3)))
polynomial = st.one_of(sums, products, joined(st.one_of(sums, products), "add", "sub"))
fraction = st.one_of(joined(sums, "div"), st.tuples(st.sampled_from(["add", "sub"]), joined(sums, "div"), sums))
arithmetic = st.recursive(numbers, lambda parts: joined(parts, "add", "sub", "mul", "div"), max_leaves=5)
roots = st.one_of(st.builds(call, st.just("sqrt"), st.one_of(numbers, letters, sums)), numbers)
radical = st.one_of(joined(roots, "add", "mul", "div", "sub"), st.tuples(st.just("mul"), sums, roots))
elementary_parts = st.builds(call, st.sampled_from(["ln", "exp", "sin", "cos"]), st.one_of(letters, sums))
elementary = st.one_of(joined(st.one_of(elementary_parts, monomials), "add", "mul", "sub", "div"), elementary_parts)
absolute = joined(st.one_of(st.builds(call, st.just("abs"), sums), monomials), "add", "mul", "sub")
TOPICS: dict[str, st.SearchStrategy[Formula]] = {
    "drawn: arithmetic": arithmetic,
    "drawn: polynomials": polynomial,
    "drawn: fractions": fraction,
    "drawn: roots": radical,
    "drawn: functions": elementary,
    "drawn: absolute values": absolute,
}

# Rules of algebra: each gives an equal formula, or nothing where it does not apply; `k` is a small whole number.


def _commuted(formula: Formula, k: int) -> Formula | None:
    return (formula[0], formula[2], formula[1]) if formula[0] in ("add", "mul") else None


def _regrouped(formula: Formula, k: int) -> Formula | None:
    match formula:
        case (("add" | "mul") as sign, (inner, a, b), c) if inner == sign:
            return (sign, a, (sign, b, c))
    return None


def _distributed(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("mul", a, (("add" | "sub") as sign, b, c)):
            return (sign, ("mul", a, b), ("mul", a, c))
        case ("div", (("add" | "sub") as sign, a, b), c):
            return (sign, ("div", a, c), ("div", b, c))
    return None


def _opposite(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("sub", a, b):
            return ("add", a, ("neg", b)) if k % 2 else ("neg", ("sub", b, a))
        case ("neg", a):
            return ("mul", number(-1), a)
    return None


def _multiplied_out(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("pow", ("add", a, b), 2):
            twice = ("mul", number(2), ("mul", a, b))
            return ("add", ("add", ("pow", a, 2), twice), ("pow", b, 2))
        case ("pow", a, 2):
            return ("mul", a, a)
        case ("pow", a, times) if times > 2:
            return ("mul", a, ("pow", a, times - 1))
        case ("mul", ("add", a, b), ("add", c, d)):
            first = ("add", ("mul", a, c), ("mul", a, d))
            return ("add", ("add", first, ("mul", b, c)), ("mul", b, d))
    return None


def _extended(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("div", a, b):
            return ("div", ("mul", number(k), a), ("mul", number(k), b)) if k > 3 else ("mul", a, ("pow", b, -1))
        case ("num", size) if size > 1:
            return ("add", number(size - 1), number(1)) if k > 3 else ("div", number(size * k), number(k))
        case ("var", _):
            shifted = ("sub", ("add", formula, number(k)), number(k))
            return ("div", ("mul", number(k), formula), number(k)) if k > 3 else shifted
    return None


def _by_function(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("call", "ln", ("mul", a, b)):
            return ("add", call("ln", a), call("ln", b))
        case ("call", "exp", (("add" | "sub") as sign, a, b)):
            return ("mul" if sign == "add" else "div", call("exp", a), call("exp", b))
        case ("call", "abs", ("sub", a, b)):
            return call("abs", ("sub", b, a))
        case ("call", "abs", a):
            return call("sqrt", ("pow", a, 2))
    return None


def _by_root(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("call", "sqrt", ("mul", a, b)):
            return ("mul", call("sqrt", a), call("sqrt", b))
        case ("mul", ("call", "sqrt", a), ("call", "sqrt", b)):
            return call("sqrt", ("mul", a, b))
        case ("div", a, ("call", "sqrt", b)):
            return ("div", ("mul", a, call("sqrt", b)), b)
    return None


def _by_angle(formula: Formula, k: int) -> Formula | None:
    match formula:
        case ("call", "sin", ("add", a, b)):
            return ("add", ("mul", call("sin", a), call("cos", b)), ("mul", call("cos", a), call("sin", b)))
        case ("call", "cos", ("add", a, b)):
            return ("sub", ("mul", call("cos", a), call("cos", b)), ("mul", call("sin", a), call("sin", b)))
        case ("call", "sin", ("mul", ("num", 2), a)):
            return ("mul", number(2), ("mul", call("sin", a), call("cos", a)))
        case ("call", "cos", ("mul", ("num", 2), a)):
            return ("sub", number(1), ("mul", number(2), ("pow", call("sin", a), 2)))
        case ("call", "sin" | "cos", a) if k == 5:
            one = ("add", ("pow", call("sin", a), 2), ("pow", call("cos", a), 2))
            return ("mul", formula, one)
    return None


Rule = Callable[[Formula, int], Formula | None]
RULES: list[Rule] = [
    _commuted, _regrouped, _distributed, _opposite, _multiplied_out, _extended, _by_function, _by_root, _by_angle,
]  # fmt: skip


def _mistake(formula: Formula, k: int) -> Formula | None:
    """What a slip makes of a part: another number, sign, exponent or function, a part forgotten."""
    match formula:
        case ("num", size):
            return number(size + (k if k % 2 else -k))
        case ("add", a, b):
            return ("sub", a, b) if k > 3 else a
        case ("sub", a, b):
            return ("add", a, b) if k > 3 else ("sub", b, a)
        case ("mul", a, b):
            return ("add", a, b) if k > 3 else b
        case ("div", a, b):
            return ("div", b, a)
        case ("var", _):
            return ("pow", formula, 2)
    return _mistake_of_power(formula, k)


def _mistake_of_power(formula: Formula, k: int) -> Formula | None:
    """Powers, roots and functions taken into sums, exponents put before, other functions."""
    match formula:
        case ("pow", (("add" | "sub") as sign, a, b), times) if k > 2:
            return (sign, ("pow", a, times), ("pow", b, times))
        case ("pow", a, times):
            return ("pow", a, times + 1) if k > 3 else ("mul", number(times), a)
        case ("call", name, (("add" | "sub") as sign, a, b)) if k > 2:
            return (sign, call(name, a), call(name, b))
        case ("call", name, a):
            others = {"sin": "cos", "cos": "sin", "ln": "sqrt", "exp": "sin", "sqrt": "abs", "abs": "sqrt"}
            return call(others[name], a) if k > 3 else a
    return None


def places(formula: Formula) -> list[Formula]:
    return [formula, *(place for part in formula[1:] if isinstance(part, tuple) for place in places(part))]


def changed(formula: Formula, old: Formula, new: Formula) -> Formula:
    """The formula with one part, found by identity, changed."""
    if formula is old:
        return new
    return tuple(changed(part, old, new) if isinstance(part, tuple) else part for part in formula)


def differ(one: Formula, other: Formula) -> bool:
    """Whether the values at the point differ for certain. Rejects what has no value there."""
    try:
        left, right = value(one), value(other)
    except (ValueError, ZeroDivisionError):
        assume(False)
    return bool(left.b < right.a or right.b < left.a)


@st.composite
def rewritings(draw: st.DrawFn, formulas: st.SearchStrategy[Formula]) -> Drawn:
    """A key and an equal response."""
    key = draw(formulas)
    response = key
    for _ in range(draw(st.integers(1, 4))):
        place, k = draw(st.sampled_from(places(response))), draw(st.integers(2, 5))
        found = [new for rule in RULES if (new := rule(place, k)) is not None]
        if found:
            response = changed(response, place, draw(st.sampled_from(found)))
    assert not differ(key, response), "a rule of algebra is wrong"
    return _drawn(draw, key, response)


@st.composite
def mistakes(draw: st.DrawFn, formulas: st.SearchStrategy[Formula]) -> Drawn:
    """A key and a response that differs for certain, one slip from a rewriting."""
    key = draw(formulas)
    place, k = draw(st.sampled_from(places(key))), draw(st.integers(1, 5))
    made = _mistake(place, k)
    assume(made is not None)
    response = changed(key, place, made or place)
    rule, where = draw(st.sampled_from(RULES)), draw(st.sampled_from(places(response)))
    response = changed(response, where, rule(where, 2) or where)
    assume(differ(key, response))
    return _drawn(draw, key, response)


def _drawn(draw: st.DrawFn, key: Formula, response: Formula) -> Drawn:
    found = Drawn(written(key, LATEX), written(response, draw(st.sampled_from(STYLES))))
    assume(max(len(found.key), len(found.response)) <= LONGEST)
    return found


def _collected(strategy: st.SearchStrategy[Drawn]) -> list[Drawn]:
    found: dict[Drawn, None] = {}

    @settings(
        max_examples=3 * EACH,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(drawn: Drawn) -> None:
        if drawn.key != drawn.response:
            found[drawn] = None

    collect()
    return list(found)[:: max(1, len(found) // EACH)][:EACH]


def main() -> None:
    """Draw all topics and write them."""
    groups, seen = [], set[Drawn]()
    for topic, formulas in TOPICS.items():
        cases = [("right", each) for each in _collected(rewritings(formulas))]
        cases += [("wrong", each) for each in _collected(mistakes(formulas))]
        for key, found in groupby(sorted(cases, key=lambda case: case[1].key), key=lambda case: case[1].key):
            group: dict[str, str] = {"topic": topic, "key": key}
            for verdict, drawn in found:
                if drawn in seen:
                    continue
                seen.add(drawn)
                group[verdict] = f"{group.get(verdict, '')}{drawn.response}\n"
            groups += [group] if len(group) > 2 else []
    path = Path(__file__).parent / "generated.yaml"
    text = yaml.dump(groups, Dumper=_Lines, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(f"# Written by generated.py.\n{text}", encoding="utf-8")


class _Lines(yaml.SafeDumper):
    """Writes texts of several lines line by line."""


def _represented(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Lines.add_representer(str, _represented)


if __name__ == "__main__":
    main()
