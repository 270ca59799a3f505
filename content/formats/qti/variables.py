"""Template processing of QTI 2 and 3: items that draw their numbers, as the variables of an exercise.

Understood are `randomInteger`, `random` of numbers or texts, arithmetic, `templateConstraint` and `setCorrectResponse`.
An item that needs more is refused with the name of what it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import declarations
from content.formats.qti.parts import Unusable
from content.package import Json

_SIGNS = {"sum": " + ", "product": "*", "subtract": " - ", "divide": "/", "power": "^"}
_COMPARED = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "equal": "=", "match": "="}
_NEGATED = {"lt": ">=", "lte": ">", "gt": "<=", "gte": "<", "equal": "!=", "match": "!="}


@dataclass(frozen=True, kw_only=True)
class Template:
    """The variables of a template, and formulas for the right answers."""

    variables: Json = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)


def read(item: Element) -> Template:
    """Read an item's template processing. Raises Unusable."""
    processing = item.find("templateProcessing")
    declared = declarations(item, "template")
    if processing is None or not len(processing):
        return Template()
    return _Reading(declared).all(processing)


class _Reading:
    def __init__(self, declared: Mapping[str, object]) -> None:
        self.declared = declared
        self.draw: dict[str, Json] = {}
        self.let: dict[str, str] = {}
        self.where: list[str] = []
        self.answers: dict[str, str] = {}

    def all(self, processing: Element) -> Template:
        for rule in processing:
            self._rule(rule)
        parts = {"draw": self.draw, "let": self.let, "where": self.where}
        return Template(variables={name: part for name, part in parts.items() if part}, answers=self.answers)

    def _rule(self, rule: Element) -> None:
        name = rule.get("identifier", "")
        if rule.tag == "setTemplateValue" and len(rule):
            self._set(name, rule[0])
        elif rule.tag == "setCorrectResponse" and len(rule):
            self._answer(name, rule[0])
        elif rule.tag == "templateConstraint" and len(rule):
            self._constraint(rule[0], negated=False)
        else:
            raise Unusable(f"a template that draws in a way a course does not: {rule.tag}")

    def _set(self, name: str, value: Element) -> None:
        if name in self.draw or name in self.let:
            raise Unusable(f"a template that draws in a way a course does not: it is set twice: {name}")
        if value.tag == "randomInteger":
            made = {"from": value.get("min", "0"), "to": value.get("max", "0")}
            step = value.get("step", "1")
            self.draw[name] = made | ({"step": step} if step != "1" else {})
        elif value.tag == "random":
            self.draw[name] = {"choose": [_plain(one) for one in value.iter("baseValue")]}
        else:
            self.let[name] = self._formula(value)

    def _answer(self, name: str, value: Element) -> None:
        if value.tag == "variable":
            self.answers[name] = f"@{{{value.get('identifier', '')}}}"
        elif value.tag == "baseValue":
            self.answers[name] = _plain(value)
        else:
            made = f"answer{len(self.answers) + 1}"
            self.let[made] = self._formula(value)
            self.answers[name] = f"@{{{made}}}"

    def _constraint(self, rule: Element, *, negated: bool) -> None:
        signs = _NEGATED if negated else _COMPARED
        if rule.tag == "not" and len(rule) == 1:
            self._constraint(rule[0], negated=not negated)
        elif rule.tag == "and" and not negated:
            for part in rule:
                self._constraint(part, negated=False)
        elif rule.tag in signs and len(rule) == 2:
            self.where.append(f"{self._formula(rule[0])} {signs[rule.tag]} {self._formula(rule[1])}")
        else:
            raise Unusable(f"a template that draws in a way a course does not: {rule.tag}")

    def _formula(self, element: Element) -> str:
        if element.tag == "variable" and element.get("identifier", "") in self.declared:
            return element.get("identifier", "")
        if element.tag == "baseValue":
            return _plain(element)
        if element.tag in _SIGNS and len(element):
            return f"({_SIGNS[element.tag].join(self._formula(part) for part in element)})"
        raise Unusable(f"a template that draws in a way a course does not: {element.tag}")


def _plain(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
