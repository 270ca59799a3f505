"""The response processing of QTI 2 and 3: what it looks at, and what comes of responses.

What the reader does not know makes the whole rule worth nothing, and is named in `unknown`.
"""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import NUMBERS, Declaration
from content.formats.qti.running import MAP, MATCH, Program, Running, UnknownRule
from content.formats.qti.trials import Responses, Run
from content.formats.qti.values import Value, said

_TEMPLATES = {
    "match_correct": MATCH,
    "map_response": MAP,
    "map_response_point": "point",
    "cc2_match": MATCH,
    "cc2_match_basic": MATCH,
    "cc2_map_response": MAP,
}


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
        found = [said(one) for rule in rules for one in rule.iter("baseValue")]
        for rule in rules:
            for one in rule.iter():
                found += one.get("tolerance", "").split()
        return found

    def compared_with(self, name: str) -> list[str]:
        """Every value that stands in a test or a sum beside a response."""
        return [said(value) for one in self._beside(name) for value in one.iter("baseValue")]

    def _beside(self, name: str) -> list[Element]:
        """The tests and sums that a response stands in."""
        rules = self.rules if self.rules is not None else ()
        tests = [branch[0] for rule in rules for branch in rule.iter() if branch.tag in _TESTING and len(branch)]
        sums = [one for rule in rules for one in rule.iter("setOutcomeValue")]
        return [one for one in (*tests, *sums) if any(part.get("identifier") == name for part in one.iter("variable"))]

    def containers(self, name: str = "") -> list[tuple[str, ...]]:
        """Every response of several values that stands in the rules, or beside a response of this name."""
        rules = list(self.rules if self.rules is not None else ())
        found = [one for part in (self._beside(name) if name else rules) for one in part.iter()]
        made = [tuple(map(said, one.iter("baseValue"))) for one in found if one.tag in {"multiple", "ordered"}]
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
        run = Running(self._program(), responses)
        try:
            run.all()
        except UnknownRule as rule:
            self.unknown.add(str(rule))
        return Run(score=run.score(), shown=tuple(self._shown(run.outcomes)))

    def _program(self) -> Program:
        return Program(
            rules=self.rules,
            template=self.template,
            responses=self.responses,
            outcomes=self.outcomes,
            score_name=self.score_name,
        )

    def _shown(self, outcomes: Mapping[str, Value]) -> Sequence[str]:
        shown = []
        for index, element in enumerate(self.feedback):
            value = outcomes.get(element.get("outcomeIdentifier", ""))
            holds = isinstance(value, tuple) and element.get("identifier", "") in value
            if holds == (element.get("showHide", "show") == "show"):
                shown.append(str(index))
        return shown


_TESTING = frozenset({"responseIf", "responseElseIf"})
_FEEDBACK = frozenset({"modalFeedback", "feedbackInline", "feedbackBlock"})


def _template(rules: Element | None) -> str:
    """The standard processing that an item names, by the last part of its address."""
    address = rules.get("template", "") if rules is not None else ""
    name = address.rstrip("/").rpartition("/")[2].removesuffix(".xml").lower()
    return _TEMPLATES.get(name, "")
