"""Where formulas are compared: `x > 0`, `0 < x < 5`, `x > 0, y != 0`. Without a domain, wherever both have a value.

On a domain an answer has to have a value wherever the key has one, single points aside; what holds outside of it does
not matter. So `sqrt(x^2)` is `x` for x > 0, and `sqrt(x)^2` is not `x` for x < 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from content.mathematics import trees
from content.mathematics.problems import Code, Unreadable
from content.mathematics.reading import parse

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}


@dataclass(frozen=True)
class Domain:
    """Conditions on variables, all of which hold: relations of two sides, none of them an equation."""

    relations: tuple[trees.Relation, ...]

    @cached_property
    def bounds(self) -> Mapping[str, tuple[Fraction | None, Fraction | None]]:
        """For each variable that is bounded by numbers, the lower and the upper bound; None where there is none."""
        found: dict[str, tuple[Fraction | None, Fraction | None]] = {}
        for name, sign, bound in self._solved():
            low, high = found.get(name, (None, None))
            if sign in (">", ">="):
                low = bound if low is None else max(low, bound)
            elif sign in ("<", "<="):
                high = bound if high is None else min(high, bound)
            found[name] = (low, high)
        return found

    @cached_property
    def signs(self) -> Mapping[str, int]:
        """The variables of one sign throughout, with that sign."""
        found = {}
        for name, (low, high) in self.bounds.items():
            if low is not None and low >= 0:
                found[name] = 1
            elif high is not None and high <= 0:
                found[name] = -1
        return found

    def _solved(self) -> Iterator[tuple[str, str, Fraction]]:
        for relation in self.relations:
            (left, right), sign = relation.sides, relation.signs[0]
            if isinstance(left, trees.Name) and right.value is not None:
                yield left.name, sign, right.value
            elif isinstance(right, trees.Name) and left.value is not None:
                yield right.name, _TURNED[sign], left.value


def read_domain(text: str) -> Domain:
    """Read conditions joined by commas or «and». Raises Unreadable."""
    node = parse(text)
    items = node.items if isinstance(node, trees.Listing) and node.joined in (",", "and") else (node,)
    relations: list[trees.Relation] = []
    for item in items:
        if not isinstance(item, trees.Relation) or set(item.signs) & {"=", "in"} or not item.names:
            raise Unreadable(Code.UNEXPECTED, text, 0)
        relations += [
            trees.Relation((left, right), (sign,))
            for left, sign, right in zip(item.sides, item.signs, item.sides[1:], strict=False)
        ]
    found = Domain(tuple(relations))
    if any(low is not None and high is not None and low >= high for low, high in found.bounds.values()):
        raise Unreadable(Code.UNEXPECTED, text, 0)
    return found
