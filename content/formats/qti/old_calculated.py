"""Canvas's calculated questions: numbers that were drawn beforehand, each set with its answer, as rows of variables."""

import re
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import number, numeral
from content.formats.qti.parts import Unusable
from content.formats.qti.texts import variable
from content.package import Json

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
_ANSWER = "theanswer"


@dataclass(frozen=True, kw_only=True)
class Calculated:
    """The rows, and the key of the one question."""

    variables: Json
    answer: Json
    names: tuple[str, ...]

    def filled(self, html: str) -> str:
        """A text with `[x]` as the variable it means."""
        for name in self.names:
            html = html.replace(f"[{name}]", variable(f"{name}|decimal"))
        return html


def read(item: Element) -> Calculated | None:
    """Read an item's drawn numbers, if it has any. Raises Unusable."""
    found = next(item.iter("calculated"), None)
    if found is None:
        return None
    rows = [_row(one) for one in found.iter("var_set")]
    if not rows:
        raise Unusable("a calculated question without drawn numbers")
    names = tuple(name for name in rows[0] if name != _ANSWER)
    if any(set(row) != set(rows[0]) for row in rows) or not all(map(_NAME.match, names)):
        raise Unusable("a calculated question whose names cannot be used")
    answer: dict[str, object] = {"kind": "number", "value": f"@{{{_ANSWER}|decimal}}"}
    tolerance = (found.findtext("answer_tolerance") or "").strip()
    if size := number(tolerance.rstrip("% ")):
        if tolerance.endswith("%"):
            answer["relative_tolerance"] = numeral(size / 100)
        else:
            answer["tolerance"] = numeral(size)
    return Calculated(variables={"rows": rows}, answer=answer, names=names)


def _row(element: Element) -> dict[str, str]:
    row = {one.get("name", ""): _plain(one.text) for one in element.iter("var")}
    return row | {_ANSWER: _plain(element.findtext("answer"))}


def _plain(text: str | None) -> str:
    value: Fraction | None = number(text or "")
    if value is None:
        raise Unusable("a calculated question whose numbers cannot be read")
    return numeral(value)
