"""The response processing of QTI 1.2, run: conditions on responses that set a score and show feedback."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import number
from content.formats.qti.trials import Responses, Run

_RANGES = {"varlt", "varlte", "vargt", "vargte"}
_EQUALS = {"varequal", "varsubset"}
_NAMES = _EQUALS | {"varsubstring"}


@dataclass(frozen=True, kw_only=True)
class Named:
    """A value that a condition asks for: of which response, and whether capitals matter."""

    response: str
    value: str
    index: str = ""
    case: bool = False
    within: bool = False  # a response that has it anywhere in it will do


class Rules:
    """The rules of one item. `cardinality` is that of each response, by its ident."""

    def __init__(self, item: Element, cardinality: Mapping[str, str], *, exact: frozenset[str]) -> None:
        processing = item.findall("resprocessing")
        self.cardinality = cardinality
        self.exact = exact  # responses whose values are identifiers
        self.conditions = [one for part in processing for one in part.findall("respcondition")]
        declared = [one for part in processing for one in part.iter("decvar")]
        linked = {one.get("linkrefid", "") for part in processing for one in part.iter("displayfeedback")}
        self.by_value = {one.get("ident", "") for one in item.findall("itemfeedback")} - linked
        self.start = {_variable(one): number(one.get("defaultval", "0")) or Fraction(0) for one in declared}
        self.most = {_variable(one): number(one.get("maxvalue", "")) or Fraction(1) for one in declared}
        used = [_variable(one) for condition in self.conditions for one in condition.findall("setvar")]
        self.score_name = "SCORE" if "SCORE" in used or not used else used[0]
        self.unknown: set[str] = set()

    def run(self, responses: Responses) -> Run:
        """Give responses and run the conditions in their order."""
        values = dict(self.start)
        # Feedback that no condition shows is that of the choice whose name it has.
        shown = [value for given in responses.values() for value in given if value in self.by_value]
        for condition in self.conditions:
            tests = condition.find("conditionvar")
            if tests is None or not self._all_hold(tests, responses):
                continue
            sets = condition.findall("setvar")
            if [one.tag for one in tests] == ["other"] and sets and self._gained(values):
                continue  # what is left over once something was right
            for one in sets:
                self._set(one, values)
            shown += [one.get("linkrefid", "") for one in condition.findall("displayfeedback")]
            if self._is_last(condition, sets):
                break
        return Run(score=values.get(self.score_name, Fraction(0)), shown=tuple(dict.fromkeys(shown)))

    def _gained(self, values: Mapping[str, Fraction]) -> bool:
        return values.get(self.score_name, Fraction(0)) > self.start.get(self.score_name, Fraction(0))

    def _is_last(self, condition: Element, sets: list[Element]) -> bool:
        """Without a word a condition that adds is followed by the next ones, as tools mean it; one that sets is not."""
        said = condition.get("continue", "").lower()
        if said:
            return said == "no"
        return bool(sets) and all(one.get("action", "Set").lower() == "set" for one in sets)

    def _set(self, rule: Element, values: dict[str, Fraction]) -> None:
        name = _variable(rule)
        amount, now = self.amount(rule), values.get(name, Fraction(0))
        action = rule.get("action", "Set").lower()
        if action == "divide" and not amount:
            return
        made = {"set": amount, "add": now + amount, "subtract": now - amount, "multiply": now * amount}
        values[name] = now / amount if action == "divide" else made.get(action, now)

    def amount(self, rule: Element) -> Fraction:
        """The number that a rule sets or adds; `SCORE.max` is the most that there is."""
        said = "".join(rule.itertext()).strip()
        if said.lower().endswith(".max"):
            return self.most.get(_variable(rule), Fraction(1))
        return number(said) or Fraction(0)

    def _all_hold(self, tests: Element, responses: Responses) -> bool:
        """Conditions beside each other all hold, but for values of one single response: any of these, or its range."""
        alike: dict[str, list[bool]] = {}
        ranges: dict[str, list[bool]] = {}
        for index, test in enumerate(tests):
            name = test.get("respident", "") if test.tag in _RANGES | {"varequal"} else ""
            single = name and self.cardinality.get(name, "single") == "single"
            found = ranges if single and test.tag in _RANGES else alike
            found.setdefault(name if single else f"{index}", []).append(self._holds(test, responses))
        for name, both in ranges.items():
            alike.setdefault(name, []).append(all(both))
        return all(any(found) for found in alike.values())

    def _holds(self, test: Element, responses: Responses) -> bool:
        tag = test.tag.lower()
        if tag in {"and", "or", "not"}:
            found = [self._holds(one, responses) for one in test]
            return all(found) if tag == "and" else any(found) if tag == "or" else not any(found)
        if tag in {"other", "conditionvar"}:
            return tag == "other" or self._all_hold(test, responses)
        name = test.get("respident", "")
        given = list(responses.get(name, ()))
        if tag == "unanswered":
            return not given
        wanted = _text(test)
        if tag in _EQUALS:
            return self._equals(test, name, given, wanted)
        if tag == "varsubstring":
            return any(wanted.casefold() in one.casefold() for one in given)
        if tag in _RANGES:
            return _in_range(tag, given, number(wanted))
        self.unknown.add(test.tag)
        return False

    def _equals(self, test: Element, name: str, given: list[str], wanted: str) -> bool:
        if index := number(test.get("index", "")):
            given = given[int(index) - 1 : int(index)] if index >= 1 else []
        if name in self.exact:
            return wanted in given
        if test.get("case", "No").lower() != "yes":
            wanted, given = wanted.casefold(), [one.casefold() for one in given]
        first = number(wanted)
        return any(one == wanted or (first is not None and number(one) == first) for one in given)

    def named(self) -> list[Named]:
        """Every value that a condition asks for, or asks not to be there."""
        return [_named(test) for condition in self.conditions for test in condition.iter() if test.tag in _NAMES]

    def literals(self, name: str) -> tuple[Fraction, ...]:
        """Every number that a response is compared with."""
        found = [
            number(_text(test))
            for condition in self.conditions
            for test in condition.iter()
            if test.tag in _RANGES | _EQUALS and test.get("respident") == name
        ]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def compares_numbers(self, name: str) -> bool:
        """Whether a response is compared with bounds."""
        return any(
            test.tag in _RANGES and test.get("respident") == name
            for condition in self.conditions
            for test in condition.iter()
        )

    def right(self) -> dict[str, list[str]]:
        """The responses that the conditions with the most credit ask for."""
        worth = [(self._worth(condition), condition) for condition in self.conditions]
        found: dict[str, list[Named]] = {}
        settled: set[str] = set()
        for _, condition in sorted(((gain, one) for gain, one in worth if gain > 0), key=lambda pair: -pair[0]):
            wanted: dict[str, list[Named]] = {}
            for one in _positive(condition.find("conditionvar")):
                wanted.setdefault(one.response, []).append(one)
            for name, values in wanted.items():
                if self.cardinality.get(name, "single") == "single":
                    found.setdefault(name, values[:1])
                elif name not in settled:
                    found[name] = [*found.get(name, []), *values]
            if any(one.get("action", "Set").lower() == "set" for one in condition.findall("setvar")):
                settled |= set(wanted)
        return {
            name: list(dict.fromkeys(one.value for one in sorted(values, key=lambda one: number(one.index) or 0)))
            for name, values in found.items()
        }

    def _worth(self, condition: Element) -> Fraction:
        sets = [one for one in condition.findall("setvar") if _variable(one) == self.score_name]
        gains = [self.amount(one) for one in sets if one.get("action", "Set").lower() in {"set", "add"}]
        return sum(gains, Fraction(0))


def _positive(tests: Element | None) -> Iterator[Named]:
    """What a condition asks for, not what it excludes."""
    for test in tests if tests is not None else ():
        if test.tag in _NAMES or test.tag in {"vargte", "varlte"}:
            yield _named(test)
        elif test.tag in {"and", "or"}:
            yield from _positive(test)


def _named(test: Element) -> Named:
    case = test.get("case", "No").lower() == "yes"
    return Named(
        response=test.get("respident", ""),
        value=_text(test),
        index=test.get("index", ""),
        case=case,
        within=test.tag == "varsubstring",
    )


def _in_range(tag: str, given: list[str], bound: Fraction | None) -> bool:
    found = number(given[0]) if given else None
    if found is None or bound is None:
        return False
    return {"varlt": found < bound, "varlte": found <= bound, "vargt": found > bound, "vargte": found >= bound}[tag]


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _variable(element: Element) -> str:
    return element.get("varname") or element.get("variablename") or "SCORE"
