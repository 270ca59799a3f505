"""One run of the response processing of QTI 2 and 3: rules and expressions of the specification, exact in its numbers.

Values are tuples of texts, as they stand in the XML; numbers are fractions while they are computed. Nothing is ever
evaluated as code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import NUMBERS, Declaration, number
from content.formats.qti.trials import Responses
from content.formats.qti.values import (
    MAX_BITS,
    Value,
    as_number,
    as_texts,
    bits,
    holds,
    near,
    power,
    product,
    same,
)

MAX_STEPS = 5_000  # rules and expressions of one run
MATCH, MAP = "match", "map"  # the standard processings


class UnknownRule(ValueError):
    """A rule or expression that is not understood; the message is its name."""


class _Exit(Exception):
    """`exitResponse` was met."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """The rules of an item and what they compute with."""

    rules: Element | None
    template: str
    responses: Mapping[str, Declaration]
    outcomes: Mapping[str, Declaration]
    score_name: str


class Running:
    """The rules, run once with some responses; `outcomes` and `score` are what came of it."""

    def __init__(self, program: Program, responses: Responses) -> None:
        self.program = program
        self.given = responses
        self.steps = 0
        self.outcomes: dict[str, Value] = {
            name: declared.default or (Fraction(0) if declared.base_type in NUMBERS else None)
            for name, declared in program.outcomes.items()
        }

    def score(self) -> Fraction:
        """The score, 0 where there is none."""
        made = as_number(self.outcomes.get(self.program.score_name))
        return made if made is not None else Fraction(0)

    def all(self) -> None:
        """Run every rule. Raises UnknownRule."""
        rules = self.program.rules
        if rules is not None and len(rules) and not self._only_tests_for_nothing(rules):
            with suppress(_Exit):
                self._block(rules)
            return
        # No rules of its own: the template, or what the declarations suggest, for every response.
        total = Fraction(0)
        for name, declared in self.program.responses.items():
            mapped = self.program.template == MAP or (not self.program.template and declared.has_mapping)
            values = tuple(self.given.get(name, ()))
            total += declared.worth(values) if mapped else Fraction(self._matches(declared, values))
        self.outcomes[self.program.score_name] = total

    def _only_tests_for_nothing(self, rules: Element) -> bool:
        """Some tools leave the outcome of their one condition out: `if it matches` and no more."""
        sets = ("setOutcomeValue", "lookupOutcomeValue")
        return not any(element.tag in sets for element in rules.iter())

    def _matches(self, declared: Declaration, values: tuple[str, ...]) -> bool:
        correct = declared.correct
        if declared.cardinality == "single" and len(correct) > 1:  # alternatives, as tools write them
            lax = declared.mapping
            return any(
                declared.same(one, value) or (one in lax and not lax[one].case and one.casefold() == value.casefold())
                for one in correct
                for value in values
            )
        return bool(correct) and same(declared, correct, values)

    def _block(self, rules: Element) -> None:
        for rule in rules:
            self._count()
            if rule.tag in {"responseCondition", "outcomeCondition"}:
                self._condition(rule)
            elif rule.tag == "setOutcomeValue":
                self.outcomes[rule.get("identifier", "")] = self._outcome(rule, self._value(_only(rule)))
            elif rule.tag == "lookupOutcomeValue":
                self._lookup(rule)
            elif rule.tag in {"exitResponse", "exitTest"}:
                raise _Exit
            elif rule.tag == "responseProcessingFragment":
                self._block(rule)
            else:
                raise UnknownRule(rule.tag)

    def _condition(self, rule: Element) -> None:
        for branch in rule:
            if branch.tag in {"responseElse", "outcomeElse"}:
                self._branch(branch, 0)
                return
            if len(branch) and holds(self._value(branch[0])):
                self._branch(branch, 1)
                return

    def _branch(self, branch: Element, start: int) -> None:
        part = Element(branch.tag)
        part.extend(branch[start:])
        self._block(part)

    def _outcome(self, rule: Element, value: Value) -> Value:
        declared = self.program.outcomes.get(rule.get("identifier", ""))
        if declared is not None and declared.base_type not in NUMBERS and isinstance(value, Fraction):
            return (str(value),)
        if isinstance(value, bool):
            return (str(value).lower(),)
        return value

    def _lookup(self, rule: Element) -> None:
        declared = self.program.outcomes.get(rule.get("identifier", ""))
        source = as_number(self._value(_only(rule)))
        if declared is None or source is None:
            return
        for bound, target, included in sorted(declared.table, reverse=True):
            if source > bound or (included and source == bound):
                self.outcomes[declared.identifier] = (target,)
                return

    def _count(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise UnknownRule("rules without end")

    def _value(self, element: Element) -> Value:
        self._count()
        if operation := _OPERATIONS.get(element.tag):
            return operation(self, element)
        raise UnknownRule(element.tag)

    def all_of(self, element: Element) -> list[Value]:
        """The values of everything in an expression."""
        return [self._value(part) for part in element]

    def numbers(self, element: Element) -> list[Fraction] | None:
        """The values of an expression's parts as numbers, containers opened, or None if one is missing."""
        found: list[Fraction] = []
        for value in self.all_of(element):
            parts: Sequence[Value] = [(one,) for one in value] if isinstance(value, tuple) else [value]
            for part in parts:
                made = as_number(part)
                if made is None:
                    return None
                found.append(made)
        return found

    def declared(self, name: str) -> Declaration:
        """A response's declaration. Raises UnknownRule."""
        if name not in self.program.responses:
            raise UnknownRule(f"not declared: {name}")
        return self.program.responses[name]

    def variable(self, element: Element) -> Value:
        name = element.get("identifier", "")
        if name in self.program.responses:
            return tuple(self.given.get(name, ())) or None
        return self.outcomes.get(name)

    def correct(self, element: Element) -> Value:
        return self.declared(element.get("identifier", "")).correct or None

    def map_response(self, element: Element) -> Value:
        declared = self.declared(element.get("identifier", ""))
        given = tuple(self.given.get(declared.identifier, ()))
        if size := number(element.get("tolerance", "")):  # of ONYX: a number near one that is worth something
            close = [key for key in declared.mapping for one in given if near(one, key, size)]
            given = tuple(close[:1])
        return declared.worth(given)

    def match(self, element: Element) -> Value:
        names = [part.get("identifier", "") for part in element if part.tag in {"variable", "correct"}]
        declared = next((self.program.responses[name] for name in names if name in self.program.responses), None)
        first, second = self._two(element)
        if first is None or second is None:
            return None
        if declared is not None and any(part.tag == "correct" for part in element):
            return self._matches(declared, tuple(self.given.get(declared.identifier, ())))
        return same(declared or Declaration(identifier=""), as_texts(first), as_texts(second))

    def _two(self, element: Element) -> tuple[Value, Value]:
        found = self.all_of(element)
        if len(found) != 2:
            raise UnknownRule(f"another number of operands: {element.tag}, {len(found)}")
        return found[0], found[1]

    def string_match(self, element: Element) -> Value:
        first, second = ("".join(as_texts(value)) for value in self._two(element))
        if element.get("caseSensitive", "true") == "false":
            first, second = first.casefold(), second.casefold()
        return second in first if element.get("substring") == "true" else first == second

    def substring(self, element: Element) -> Value:
        first, second = ("".join(as_texts(value)) for value in self._two(element))
        if element.get("caseSensitive", "true") == "false":
            first, second = first.casefold(), second.casefold()
        return first in second

    def equal(self, element: Element) -> Value:
        found = self.numbers(element)
        if not found or len(found) != 2:
            return None
        mode, target, value = element.get("toleranceMode", "exact"), found[1], found[0]
        if element[0].tag in {"correct", "baseValue"} and element[1].tag == "variable":
            target, value = value, target  # the tolerance is that of the known one
        sizes = [number(size) or Fraction(0) for size in element.get("tolerance", "0").split()] or [Fraction(0)]
        below, above = sizes[0], sizes[-1]
        if mode == "relative":
            below, above = abs(target) * below / 100, abs(target) * above / 100
        if mode == "exact":
            return value == target
        low, high = target - below, target + above
        return (low <= value if element.get("includeLowerBound") != "false" else low < value) and (
            value <= high if element.get("includeUpperBound") != "false" else value < high
        )

    def equal_rounded(self, element: Element) -> Value:
        found = self.numbers(element)
        if not found or element.get("roundingMode", "significantFigures") != "decimalPlaces":
            return None if not found else found[0] == found[1]
        places = int(number(element.get("figures", "0")) or 0)
        return round(found[0], min(places, 30)) == round(found[1], min(places, 30))

    def compared(self, element: Element, holds: Callable[[Fraction, Fraction], bool]) -> Value:
        found = self.numbers(element)
        return None if not found or len(found) != 2 else holds(*found)

    def member(self, element: Element) -> Value:
        first, second = self._two(element)
        return None if first is None or second is None else set(as_texts(first)) <= set(as_texts(second))

    def contains(self, element: Element) -> Value:
        first, second = self._two(element)
        return None if first is None or second is None else set(as_texts(second)) <= set(as_texts(first))

    def logical(self, element: Element) -> Value:
        found = [holds(value) for value in self.all_of(element)]
        if element.tag == "anyN":
            least = int(number(element.get("min", "1")) or 0)
            most = int(number(element.get("max", str(len(found)))) or 0)
            return least <= sum(found) <= most
        return all(found) if element.tag == "and" else any(found) if element.tag == "or" else not any(found)

    def index(self, element: Element) -> Value:
        values, at = as_texts(self._value(_only(element))), int(number(element.get("n", "1")) or 0)
        return (values[at - 1],) if 0 < at <= len(values) else None

    def arithmetic(self, element: Element, compute: Callable[[list[Fraction]], Fraction]) -> Value:
        found = self.numbers(element)
        if found is None or sum(bits(one) for one in found) > MAX_BITS:
            return None
        try:
            return compute(found)
        except (ArithmeticError, IndexError, ValueError):
            return None


def _only(element: Element) -> Element:
    if not len(element):
        raise UnknownRule(f"an empty element: {element.tag}")
    return element[0]


def _pattern(run: Running, element: Element) -> Value:
    """Patterns of XML Schema that are plain alternatives of words; others could run for ever."""
    pattern = element.get("pattern", "")
    if not re.fullmatch(r"[\w |()-]+", pattern) or "(" in pattern.strip("()"):
        raise UnknownRule(element.tag)
    given = "".join(as_texts(run.all_of(element)[0]))
    return given in pattern.strip("()").split("|")


Operation = Callable[[Running, Element], Value]


def _computes(compute: Callable[[list[Fraction]], Fraction]) -> Operation:
    return lambda run, element: run.arithmetic(element, compute)


def _compares(holds: Callable[[Fraction, Fraction], bool]) -> Operation:
    return lambda run, element: run.compared(element, holds)


def _container(run: Running, element: Element) -> Value:
    return tuple(text for value in run.all_of(element) for text in as_texts(value)) or None


_OPERATIONS: dict[str, Operation] = {
    "baseValue": lambda _, element: (" ".join("".join(element.itertext()).split()),),
    "variable": Running.variable,
    "correct": Running.correct,
    "mapResponse": Running.map_response,
    "mapTolResponse": Running.map_response,
    "null": lambda *_: None,
    "isNull": lambda run, element: not as_texts(run.all_of(element)[0]) if len(element) else True,
    "match": Running.match,
    "stringMatch": Running.string_match,
    "substring": Running.substring,
    "patternMatch": _pattern,
    "equal": Running.equal,
    "equalRounded": Running.equal_rounded,
    "lt": _compares(lambda one, other: one < other),
    "lte": _compares(lambda one, other: one <= other),
    "gt": _compares(lambda one, other: one > other),
    "gte": _compares(lambda one, other: one >= other),
    "member": Running.member,
    "contains": Running.contains,
    "and": Running.logical,
    "or": Running.logical,
    "not": Running.logical,
    "anyN": Running.logical,
    "index": Running.index,
    "multiple": _container,
    "ordered": _container,
    "containerSize": lambda run, element: Fraction(sum(len(as_texts(value)) for value in run.all_of(element))),
    "sum": _computes(lambda found: sum(found, Fraction(0))),
    "product": _computes(product),
    "subtract": _computes(lambda found: found[0] - found[1]),
    "divide": _computes(lambda found: found[0] / found[1]),
    "power": _computes(power),
    "integerDivide": _computes(lambda found: Fraction(found[0] // found[1])),
    "integerModulus": _computes(lambda found: found[0] % found[1]),
    "truncate": _computes(lambda found: Fraction(int(found[0]))),
    "round": _computes(lambda found: Fraction(round(found[0]))),
    "min": _computes(lambda found: min(found)),
    "max": _computes(lambda found: max(found)),
}
