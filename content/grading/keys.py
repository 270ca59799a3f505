"""Answer keys as authors write them, read part by part: every problem is kept, and told at once at the end."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from content import mathematics
from content.mathematics import numerics, trees
from content.package import Json

LONGEST = 80  # characters of a value that a problem repeats
MOST_PARTS = 60  # choices, items, gaps, cells of one key
_SWITCHES = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False, "": False, None: False}
READ_OTHERWISE = 80  # characters: every reading is compared, so that a long text has one
_OTHERWISE = (
    (re.compile(r"[+＋]\s*[-−－]"), "±"),
    (re.compile(r"(?<![A-Za-z\\])log(2|10)(?=\s*\()", re.I), r"log_\1"),  # as programs write it
)
_NOTHING = trees.Number("0")  # stands in for what could not be read; the problem is raised before anybody sees it
Forms = TypeVar("Forms", bound=StrEnum)


class KeyProblem(ValueError):
    """An answer key that cannot be used: the author's fault. `problems` says each in words."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def readings(text: str) -> tuple[trees.Node, ...]:
    """All readings of a text: `1,234` is a number, and also a list of two; `2+-3` is 2 − 3, and also 2 ± 3.

    Raises Unreadable.
    """
    found = [mathematics.parse(text)]
    if "," in text:
        found.append(mathematics.parse(text, thousands=False))
    for pattern, instead in _OTHERWISE:
        if len(text) <= READ_OTHERWISE and pattern.search(text):
            found.append(mathematics.parse(pattern.sub(instead, text)))
    return tuple(dict.fromkeys(found))


@dataclass
class KeyReader:
    """Reads the parts of one answer key; `finish` raises what was wrong with them."""

    answer: Json
    problems: list[str] = field(default_factory=list)

    def only(self, *allowed: str) -> None:
        """Refuse parts of other names."""
        self.problems += [f"unknown field: {name}" for name in self.answer if name not in ("kind", *allowed)]

    def finish(self) -> None:
        """Raise KeyProblem if anything was wrong."""
        if self.problems:
            raise KeyProblem(*self.problems)

    def text(self, name: str) -> str:
        """A text, "" where there is none."""
        given = self.answer.get(name)
        return "" if given is None else str(given)

    def switch(self, name: str, *, otherwise: bool = False) -> bool:
        """Yes or no."""
        given = self.answer.get(name, otherwise)
        if not isinstance(given, bool | str | None) or given not in _SWITCHES:
            self.problems.append(f"{name}: neither yes nor no: {str(given)[:LONGEST]}")
            return otherwise
        return _SWITCHES[given]

    def texts(self, name: str, *, needed: bool = True) -> tuple[str, ...]:
        """A list of texts."""
        given = self.answer.get(name)
        if given is None and not needed:
            return ()
        if not isinstance(given, list | tuple) or (needed and not given):
            self.problems.append(f"{name}: a list is needed")
            return ()
        return self.bounded(name, tuple(map(str, given)))

    def mapping(self, name: str, *, least: int = 1, needed: bool = True) -> dict[str, str]:
        """Ids and what belongs to each."""
        given = self.answer.get(name)
        if given is None and not needed:
            return {}
        if not isinstance(given, Mapping) or len(given) < least:
            self.problems.append(f"{name}: ids with their texts are needed: at least {least}")
            return {}
        return dict(self.bounded(name, tuple((str(one), str(text)) for one, text in given.items())))

    def bounded(self, name: str, found: tuple[Any, ...]) -> tuple[Any, ...]:
        """What was found, where it is not too much."""
        if len(found) > MOST_PARTS:
            self.problems.append(f"{name}: too many: at most {MOST_PARTS}")
        return found

    def count(self, name: str) -> int | None:
        """A whole number from 1 up, or None where there is none."""
        given = self.text(name)
        if not given:
            return None
        if not (given.isdecimal() and len(given) < 6 and int(given)):
            self.problems.append(f"{name}: not a whole number from 1 up")
            return None
        return int(given)

    def size(self, name: str) -> Fraction:
        """A number from 0 up, 0 where there is none: a tolerance, say."""
        if self.answer.get(name) in (None, ""):
            return Fraction(0)
        found = self.constant(name).value
        if found is None or found < 0:
            self.problems.append(f"{name}: not a number from 0 up")
            return Fraction(0)
        return found

    def shares(self, name: str, *, of: Mapping[str, str], least: int) -> dict[str, float]:
        """Ids and the number from `least` to 1 that each is worth."""
        found: dict[str, float] = {}
        for one, share in self.mapping(name, needed=False).items():
            if one not in of:
                self.problems.append(f"{name}: not an id of these: {one}")
            try:
                found[one] = float(share)
            except ValueError:
                found[one] = least - 1
            if not least <= found[one] <= 1:
                self.problems.append(f"{name}: not a number in this range: {one}: {share[:LONGEST]}: {least}..1")
        return found

    def constant(self, name: str) -> trees.Node:
        """One number, by any calculation."""
        return self.number(name, self.text(name))

    def number(self, place: str, text: str) -> trees.Node:
        """One number; the place is where a problem is."""
        found = self.formulas(place, [text], all_readings=False)
        if found and found[0].value is None:
            try:
                numerics.value_at(found[0], {})
            except (numerics.NoValue, KeyError):
                self.problems.append(f"{place}: not one number: {text[:LONGEST]}")
                return _NOTHING
        return found[0] if found else _NOTHING

    def formulas(self, place: str, given: Sequence[object], *, all_readings: bool = True) -> list[trees.Node]:
        """What the texts are as mathematics."""
        found: list[trees.Node] = []
        for each in given:
            try:
                found += readings(str(each)) if all_readings else (mathematics.parse(str(each)),)
            except mathematics.Unreadable as problem:
                self.problems.append(f"{place}: it cannot be read: {str(each)[:LONGEST]}: {problem}")
        return found

    def form(self, forms: type[Forms]) -> Forms | None:
        """The form that is asked for, if one is."""
        given = self.answer.get("form")
        if given is not None and given not in list(forms):
            self.problems.append(f"form: this is not known: {given}: possible are: {', '.join(forms)}")
            return None
        return None if given is None else forms(given)
