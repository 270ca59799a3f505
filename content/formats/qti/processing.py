"""The response processing of QTI 2 and 3, run: rules and expressions of the specification, exact in its numbers.

Values are tuples of texts, as they stand in the XML; numbers are fractions while they are computed. What the reader
does not know makes the whole rule worth nothing, and is named in `unknown`. Nothing is ever evaluated as code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import NUMBERS, Declaration, number
from content.formats.qti.trials import Responses, Run

Value = tuple[str, ...] | Fraction | bool | None
MAX_STEPS = 5_000  # rules and expressions of one run
MAX_BITS = 10_000  # of all the numbers that one expression computes with
_MATCH, _MAP, _POINT = "match", "map", "point"
_TEMPLATES = {
    "match_correct": _MATCH,
    "map_response": _MAP,
    "map_response_point": _POINT,
    "cc2_match": _MATCH,
    "cc2_match_basic": _MATCH,
    "cc2_map_response": _MAP,
}


class UnknownRule(ValueError):
    """A rule or expression that is not understood; the message is its name."""


class _Exit(Exception):
    """`exitResponse` was met."""


class Processing:
    """The rules of one item. `unknown` names what could not be run."""

    def __init__(
        self, item: Element, responses: Mapping[str, Declaration], outcomes: Mapping[str, Declaration]
    ) -> None:
        self.responses, self.outcomes = responses, outcomes
        self.rules = item.find("responseProcessing")
        self.template = _template(self.rules)
        self.feedback = [element for element in item.iter() if element.tag in _FEEDBACK]
        self.unknown: set[str] = set()
        self.score_name = self._score_name()

    def _score_name(self) -> str:
        if "SCORE" in self.outcomes:
            return "SCORE"
        numeric = [name for name, one in self.outcomes.items() if one.base_type in NUMBERS and "MAX" not in name]
        return numeric[0] if numeric else "SCORE"

    def literals(self) -> list[str]:
        """Every value that stands in the rules."""
        rules = self.rules if self.rules is not None else ()
        found = [" ".join("".join(one.itertext()).split()) for rule in rules for one in rule.iter("baseValue")]
        for rule in rules:
            for equal in rule.iter("equal"):
                found += equal.get("tolerance", "").split()
        return found

    def containers(self) -> list[tuple[str, ...]]:
        """Every response of several values that stands in the rules."""
        rules = self.rules if self.rules is not None else ()
        found = [one for rule in rules for one in rule.iter() if one.tag in {"multiple", "ordered"}]
        made = [tuple(" ".join("".join(value.itertext()).split()) for value in one.iter("baseValue")) for one in found]
        return [values for values in made if values]

    def tests(self, name: str) -> bool:
        """Whether the rules look at what a response says, so that something of it is right."""
        declared = self.responses[name]
        looks = [rule for rule in self._looking_at(name) if rule.tag not in {"isNull", "setOutcomeValue", "not"}]
        return bool(declared.correct or declared.mapping or looks)

    def compares_numbers(self, name: str) -> bool:
        """Whether a response is compared as a number, whatever type it is declared to have."""
        return any(rule.tag in {"equal", "equalRounded", "lt", "lte", "gt", "gte"} for rule in self._looking_at(name))

    def _looking_at(self, name: str) -> list[Element]:
        """The expressions that hold a response directly."""
        rules = self.rules if self.rules is not None else ()
        return [
            one
            for rule in rules
            for one in rule.iter()
            if any(part.tag == "variable" and part.get("identifier") == name for part in one)
        ]

    def run(self, responses: Responses) -> Run:
        """Give responses and run the rules."""
        run = _Running(self, responses)
        try:
            run.all()
        except UnknownRule as rule:
            self.unknown.add(str(rule))
        return Run(score=run.score(), shown=tuple(self._shown(run.outcomes)))

    def _shown(self, outcomes: Mapping[str, Value]) -> Sequence[str]:
        shown = []
        for index, element in enumerate(self.feedback):
            value = outcomes.get(element.get("outcomeIdentifier", ""))
            holds = isinstance(value, tuple) and element.get("identifier", "") in value
            if holds == (element.get("showHide", "show") == "show"):
                shown.append(str(index))
        return shown


_FEEDBACK = frozenset({"modalFeedback", "feedbackInline", "feedbackBlock"})


def _template(rules: Element | None) -> str:
    """The standard processing that an item names, by the last part of its address."""
    address = rules.get("template", "") if rules is not None else ""
    name = address.rstrip("/").rpartition("/")[2].removesuffix(".xml").lower()
    return _TEMPLATES.get(name, "")


class _Running:
    def __init__(self, processing: Processing, responses: Responses) -> None:
        self.processing = processing
        self.given = responses
        self.steps = 0
        self.outcomes: dict[str, Value] = {
            name: declared.default or (Fraction(0) if declared.base_type in NUMBERS else None)
            for name, declared in processing.outcomes.items()
        }

    def score(self) -> Fraction:
        made = _number(self.outcomes.get(self.processing.score_name))
        return made if made is not None else Fraction(0)

    def all(self) -> None:
        rules = self.processing.rules
        if rules is not None and len(rules) and not self._only_tests_for_nothing(rules):
            with suppress(_Exit):
                self._block(rules)
            return
        # No rules of its own: the template, or what the declarations suggest, for every response.
        total = Fraction(0)
        for name, declared in self.processing.responses.items():
            mapped = self.processing.template == _MAP or (not self.processing.template and declared.has_mapping)
            values = tuple(self.given.get(name, ()))
            total += declared.worth(values) if mapped else Fraction(self._matches(declared, values))
        self.outcomes[self.processing.score_name] = total

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
        return bool(correct) and _same(declared, correct, values)

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
            if len(branch) and _holds(self._value(branch[0])):
                self._branch(branch, 1)
                return

    def _branch(self, branch: Element, start: int) -> None:
        part = Element(branch.tag)
        part.extend(branch[start:])
        self._block(part)

    def _outcome(self, rule: Element, value: Value) -> Value:
        declared = self.processing.outcomes.get(rule.get("identifier", ""))
        if declared is not None and declared.base_type not in NUMBERS and isinstance(value, Fraction):
            return (str(value),)
        if isinstance(value, bool):
            return (str(value).lower(),)
        return value

    def _lookup(self, rule: Element) -> None:
        declared = self.processing.outcomes.get(rule.get("identifier", ""))
        source = _number(self._value(_only(rule)))
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
                made = _number(part)
                if made is None:
                    return None
                found.append(made)
        return found

    def declared(self, name: str) -> Declaration:
        """A response's declaration. Raises UnknownRule."""
        if name not in self.processing.responses:
            raise UnknownRule(f"not declared: {name}")
        return self.processing.responses[name]

    def variable(self, element: Element) -> Value:
        name = element.get("identifier", "")
        if name in self.processing.responses:
            return tuple(self.given.get(name, ())) or None
        return self.outcomes.get(name)

    def correct(self, element: Element) -> Value:
        return self.declared(element.get("identifier", "")).correct or None

    def map_response(self, element: Element) -> Value:
        declared = self.declared(element.get("identifier", ""))
        return declared.worth(tuple(self.given.get(declared.identifier, ())))

    def match(self, element: Element) -> Value:
        names = [part.get("identifier", "") for part in element if part.tag in {"variable", "correct"}]
        declared = next((self.processing.responses[name] for name in names if name in self.processing.responses), None)
        first, second = self._two(element)
        if first is None or second is None:
            return None
        if declared is not None and any(part.tag == "correct" for part in element):
            return self._matches(declared, tuple(self.given.get(declared.identifier, ())))
        return _same(declared or Declaration(identifier=""), _texts(first), _texts(second))

    def _two(self, element: Element) -> tuple[Value, Value]:
        found = self.all_of(element)
        if len(found) != 2:
            raise UnknownRule(f"another number of operands: {element.tag}, {len(found)}")
        return found[0], found[1]

    def string_match(self, element: Element) -> Value:
        first, second = ("".join(_texts(value)) for value in self._two(element))
        if element.get("caseSensitive", "true") == "false":
            first, second = first.casefold(), second.casefold()
        return second in first if element.get("substring") == "true" else first == second

    def substring(self, element: Element) -> Value:
        first, second = ("".join(_texts(value)) for value in self._two(element))
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
        return None if first is None or second is None else set(_texts(first)) <= set(_texts(second))

    def contains(self, element: Element) -> Value:
        first, second = self._two(element)
        return None if first is None or second is None else set(_texts(second)) <= set(_texts(first))

    def logical(self, element: Element) -> Value:
        found = [_holds(value) for value in self.all_of(element)]
        if element.tag == "anyN":
            least = int(number(element.get("min", "1")) or 0)
            most = int(number(element.get("max", str(len(found)))) or 0)
            return least <= sum(found) <= most
        return all(found) if element.tag == "and" else any(found) if element.tag == "or" else not any(found)

    def index(self, element: Element) -> Value:
        values, at = _texts(self._value(_only(element))), int(number(element.get("n", "1")) or 0)
        return (values[at - 1],) if 0 < at <= len(values) else None

    def arithmetic(self, element: Element, compute: Callable[[list[Fraction]], Fraction]) -> Value:
        found = self.numbers(element)
        if found is None or sum(_bits(one) for one in found) > MAX_BITS:
            return None
        try:
            return compute(found)
        except (ArithmeticError, IndexError, ValueError):
            return None


def _only(element: Element) -> Element:
    if not len(element):
        raise UnknownRule(f"an empty element: {element.tag}")
    return element[0]


def _holds(value: Value) -> bool:
    """Whether a value is true, computed or given as a response."""
    return value is True or value == ("true",)


def _number(value: Value) -> Fraction | None:
    if isinstance(value, tuple):
        return number(value[0]) if len(value) == 1 else None
    return None if isinstance(value, bool) else value


def _texts(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value).lower(),)


def _same(declared: Declaration, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
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


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _power(found: list[Fraction]) -> Fraction:
    base, exponent = found
    if exponent.denominator != 1 or abs(exponent) * _bits(base) > MAX_BITS:
        raise ValueError("not a small whole power")
    return base ** int(exponent)


def _product(found: list[Fraction]) -> Fraction:
    made = Fraction(1)
    for one in found:
        made *= one
    return made


def _pattern(run: _Running, element: Element) -> Value:
    """Patterns of XML Schema that are plain alternatives of words; others could run for ever."""
    pattern = element.get("pattern", "")
    if not re.fullmatch(r"[\w |()-]+", pattern) or "(" in pattern.strip("()"):
        raise UnknownRule(element.tag)
    given = "".join(_texts(run.all_of(element)[0]))
    return given in pattern.strip("()").split("|")


Operation = Callable[[_Running, Element], Value]


def _computes(compute: Callable[[list[Fraction]], Fraction]) -> Operation:
    return lambda run, element: run.arithmetic(element, compute)


def _compares(holds: Callable[[Fraction, Fraction], bool]) -> Operation:
    return lambda run, element: run.compared(element, holds)


def _container(run: _Running, element: Element) -> Value:
    return tuple(text for value in run.all_of(element) for text in _texts(value)) or None


_OPERATIONS: dict[str, Operation] = {
    "baseValue": lambda _, element: (" ".join("".join(element.itertext()).split()),),
    "variable": _Running.variable,
    "correct": _Running.correct,
    "mapResponse": _Running.map_response,
    "null": lambda *_: None,
    "isNull": lambda run, element: not _texts(run.all_of(element)[0]) if len(element) else True,
    "match": _Running.match,
    "stringMatch": _Running.string_match,
    "substring": _Running.substring,
    "patternMatch": _pattern,
    "equal": _Running.equal,
    "equalRounded": _Running.equal_rounded,
    "lt": _compares(lambda one, other: one < other),
    "lte": _compares(lambda one, other: one <= other),
    "gt": _compares(lambda one, other: one > other),
    "gte": _compares(lambda one, other: one >= other),
    "member": _Running.member,
    "contains": _Running.contains,
    "and": _Running.logical,
    "or": _Running.logical,
    "not": _Running.logical,
    "anyN": _Running.logical,
    "index": _Running.index,
    "multiple": _container,
    "ordered": _container,
    "containerSize": lambda run, element: Fraction(sum(len(_texts(value)) for value in run.all_of(element))),
    "sum": _computes(lambda found: sum(found, Fraction(0))),
    "product": _computes(_product),
    "subtract": _computes(lambda found: found[0] - found[1]),
    "divide": _computes(lambda found: found[0] / found[1]),
    "power": _computes(_power),
    "integerDivide": _computes(lambda found: Fraction(found[0] // found[1])),
    "integerModulus": _computes(lambda found: found[0] % found[1]),
    "truncate": _computes(lambda found: Fraction(int(found[0]))),
    "round": _computes(lambda found: Fraction(round(found[0]))),
    "min": _computes(lambda found: min(found)),
    "max": _computes(lambda found: max(found)),
}
