"""A template proposed out of a plain exercise: the numbers of its question become variables.

Equal numbers become one variable. A number of an answer key that the question does not have becomes the formula that
makes it of two of them, if there is just one; else a computed value whose formula the author has to say. Hints and
solutions follow where they repeat a number of the question. It is a proposal: its author looks at the variants.
"""

import re
from copy import deepcopy
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from content.authoring import variables
from content.authoring.drafts import Draft

_NUMBER = re.compile(
    r"!?\[[^\]]*\]\([^)]*\)"  # links and figures stay
    r"|@\{[^{}]*\}"
    r"|[\^_]\{?-?\d+"  # exponents and indices
    r"|[A-Za-z]\d+"
    r"|\d{1,3}(?:,\d{3})+"
    r"|(?P<number>\d{1,6}(?:\.\d{1,4})?)"
)
_NAME = re.compile(r"[a-z]\w*")
_EQUATION = re.compile(r"\$[^$]*[A-Za-z][^$]*=[^$]*\$|\$[^$]*=[^$]*[A-Za-z][^$]*\$")
_KEPT = frozenset({0, 1})  # mostly structure
_TEXTS = frozenset({"value", "accept", "choices", "right", "items", "cells", "gaps"})  # of a key that hold answers


def vary(draft: Draft) -> Draft:
    """A copy of a draft whose numbers vary; the same as it was where something varies already."""
    made = deepcopy(draft)
    if made["variables"] != variables.blank():
        return made
    proposal = _Proposal()
    made["prompt"] = proposal.asked(made["prompt"])
    for step in made["steps"]:
        step["prompt"] = proposal.asked(step["prompt"])
    for step in made["steps"]:
        step["answer"] = proposal.answered(step["answer"])
        step["solution"] = proposal.repeated(step["solution"])
        for hint in step["hints"]:
            hint["text"] = proposal.repeated(hint["text"])
            hint["answer"] = hint["answer"] and proposal.answered(hint["answer"])
        for wrong in step["wrong_answers"]:
            wrong |= {name: proposal.repeated(wrong[name]) for name in ("feedback", "applied_to")}
            if "choices" not in step["answer"]:  # whose responses are ids
                wrong["response"] = proposal.answered(wrong["response"])
    made["variables"] = proposal.form
    return made


class _Proposal:
    """The variables made so far, and what is put in the place of a number as it is written."""

    def __init__(self) -> None:
        self.form = variables.blank()
        self.drawn: dict[str, str] = {}
        self.computed: dict[str, str] = {}
        self.is_solved = False  # whether an equation asks for its unknown, which no two numbers make

    def asked(self, text: str) -> str:
        """A text of the question: every number in it varies."""
        self.is_solved |= bool(_EQUATION.search(text))
        return _NUMBER.sub(lambda found: self._draw(found["number"]) or found[0], text)

    def repeated(self, text: str) -> str:
        """Another text: what the question or an answer has varies with it, unless both have it."""
        either = self.computed | self.drawn
        both = {number for number in self.computed if number in self.drawn and self.computed[number] != either[number]}
        return _NUMBER.sub(lambda found: found[0] if found[0] in both else either.get(found[0], found[0]), text)

    def answered(self, part: Any) -> Any:
        """Part of an answer key or a wrong answer: what is in it is drawn, or computed."""
        if isinstance(part, str):
            return _NUMBER.sub(lambda found: self._compute(found["number"], part) or found[0], part)
        if isinstance(part, list):
            return [self.answered(one) for one in part]
        if isinstance(part, dict) and "kind" in part:
            return {name: self.answered(one) if name in _TEXTS else one for name, one in part.items()}
        return {name: self.answered(one) for name, one in part.items()} if isinstance(part, dict) else part

    def _draw(self, number: str | None) -> str | None:
        if number is None or Fraction(number) in _KEPT:
            return None
        if number not in self.drawn:
            name = variables.free_name(self.form)
            self.form["draw"].append({"name": name, **_range(number), "except": []})
            self.drawn[number] = _blank(name, number)
        return self.drawn[number]

    def _compute(self, number: str | None, answer: str) -> str | None:
        if number is None or Fraction(number) in _KEPT or not self.drawn:
            return None
        if number in self.drawn and number != answer.strip():
            return self.drawn[number]  # a coefficient, say, that the answer shares with the question
        if number not in self.computed:
            found = [] if self.is_solved else self._formulas(Fraction(number))
            if len(found) == 1 and found[0] in _NAME.findall(self.drawn.get(number, "")):
                self.computed[number] = self.drawn[number]
            else:
                name = variables.free_name(self.form)
                self.form["let"].append({"name": name, "formula": found[0] if len(found) == 1 else ""})
                self.computed[number] = _blank(name, number)
        return self.computed[number]

    def _formulas(self, wanted: Fraction) -> list[str]:
        """Every variable, and every formula of two of them, that makes a number of the exercise."""
        sizes = {_NAME.findall(blank)[0]: Fraction(number) for number, blank in self.drawn.items()}
        found = [name for name, size in sizes.items() if size == wanted]
        for left, right in combinations_with_replacement(sizes, 2):
            a, b = sizes[left], sizes[right]
            found += [f"{left} + {right}"] * (a + b == wanted) + [f"{left}*{right}"] * (a * b == wanted)
            for (one, x), (other, y) in (((left, a), (right, b)), ((right, b), (left, a))):
                found += [f"{one} - {other}"] * (x - y == wanted) + [f"{one}/{other}"] * (x / y == wanted)
        return list(dict.fromkeys(found))


def _range(number: str) -> dict[str, str]:
    """From half of a number to twice as much, in steps of its last place; from 2 where it has one digit."""
    _whole, _point, places = number.partition(".")
    step = Fraction(1, 10 ** len(places))
    size = Fraction(number)
    first, last = (2, 9) if not places and size < 10 else (max(step, size / 2 // step * step), 2 * size)
    said = {"from": _written(Fraction(first)), "to": _written(Fraction(last))}
    return {**said, "step": _written(step) if places else ""}


def _written(size: Fraction) -> str:
    return f"{float(size):.4f}".rstrip("0").rstrip(".")


def _blank(name: str, number: str) -> str:
    return f"@{{{name}|decimal}}" if "." in number else f"@{{{name}}}"
