"""What a misconception does to a formula: `a*(b + c)` becomes `a*b + c`.

A rule is matched against the formula as it is written: nothing is computed before, so that `3(2+5)` is a product of 3
and a sum. Letters of the rule stand for any part, the same letter for equal parts; x, y and z stand for a part with a
variable in it where there is one. Terms and factors match in any order, and the last letter of a product, or of a sum
inside of something, takes all that is left. The first place that matches is rewritten, and the result tidied up as a
student would: numbers computed, like terms put together, nothing expanded. The search is cut off after MAX_STEPS.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from content import mathematics
from content.mathematics import trees
from content.package import Rewriting

MAX_STEPS = 3_000  # comparisons of a part of a rule with a part of a formula, for one formula
MAX_POWER = 6  # up to which the power of a product is written out as that of its factors
_SAMPLES = ((2, 3, 5, 7, 11, 13), (3, 7, 2, 19, 5, 17), (-5, -2, 11, -3, 23, 7))  # numbers for letters
_UNKNOWNS = ("x", "y", "z")

Bound = Mapping[str, trees.Node]


def rewrite(formula: str, rules: Iterable[Rewriting]) -> trees.Node | None:
    """Do the first of the rules that applies to a formula, and tidy up; None where none does.

    Raises content.mathematics.Unreadable where the formula or a rule cannot be read.
    """
    subject = _signed(mathematics.parse(formula))
    search = _Search()
    for rule in rules:
        before, after = _signed(_read(rule.before)), _read(rule.after)
        try:
            found = search.rewritten(subject, before, after)
            if found is not None:
                return tidied(found)
        except (_Endless, trees.TooLarge, trees.DividedByZero):
            return None
    return None


def problems(rule: Rewriting) -> list[str]:
    """Say what is wrong with a rule: unreadable, a letter out of nowhere, matching anything, or changing nothing."""
    found: list[str] = []
    read: dict[str, trees.Node] = {}
    for name in ("before", "after"):
        try:
            read[name] = _read(getattr(rule, name))
        except mathematics.Unreadable as problem:
            found.append(f"{name}: it cannot be read: {getattr(rule, name)}: {problem}")
    if found:
        return found
    before, after = read["before"], read["after"]
    if isinstance(before, trees.Name):
        found.append(f"before: a letter alone, which is every formula: {rule.before}")
    if unknown := sorted(after.names - before.names):
        found.append(f"after: a letter that does not stand there before: {', '.join(unknown)}")
    elif all(_same_for(before, after, numbers) for numbers in _SAMPLES):
        found.append(f"both sides are always the same, so nothing would be wrong: {rule.before}, {rule.after}")
    return found


def tidied(node: trees.Node) -> trees.Node:
    """Compute numbers and put like terms and factors together, without expanding anything.

    Raises trees.TooLarge and trees.DividedByZero.
    """
    if node.value is not None:
        return written(node.value, decimal=_has_decimals(node))
    node = _rebuilt(node, tidied)
    match node:
        case trees.Negative() | trees.Product() | trees.Power():
            return _as_term(*_factors(node))
        case trees.Sum():
            return _collected(node.terms)
        case trees.Quotient() if node.bottom.value == 1:
            return node.top
        case trees.Root(radicand=trees.Power() as power) if power.exponent.value == node.index.value:
            return power.base
    return node


def written(value: Fraction, *, decimal: bool = False) -> trees.Node:
    """A number as a tree: an integer, a fraction in lowest terms, or a decimal where it can be one."""
    size = abs(value)
    made: trees.Node = trees.Number(str(size.numerator))
    if size.denominator != 1:
        places = next((digits for digits in range(1, 13) if 10**digits % size.denominator == 0), 0) if decimal else 0
        if places:
            digits = str(size.numerator * 10**places // size.denominator).rjust(places + 1, "0")
            made = trees.Number(f"{digits[:-places]}.{digits[-places:]}")
        else:
            made = trees.Quotient(made, trees.Number(str(size.denominator)))
    return trees.Negative(made) if value < 0 else made


class _Endless(Exception):
    """The search took more than MAX_STEPS."""


class _Search:
    """All matching that is done for one formula, its steps counted."""

    def __init__(self) -> None:
        self.steps = 0

    def rewritten(self, node: trees.Node, before: trees.Node, after: trees.Node) -> trees.Node | None:
        """The formula with the first part that matches rewritten, from the top down; None where none matches."""
        here = self.replaced(node, before, after)
        if here is not None:
            return here
        done = False

        def once(child: trees.Node) -> trees.Node:
            nonlocal done
            found = None if done else self.rewritten(child, before, after)
            done = done or found is not None
            return child if found is None else found

        made = _rebuilt(node, once)
        return made if done else None

    def replaced(self, node: trees.Node, before: trees.Node, after: trees.Node) -> trees.Node | None:
        if isinstance(before, trees.Sum) and isinstance(node, trees.Sum):
            return self.summed(node, before, after)
        for bound in self.matches(before, node, {}):
            return _filled(after, bound)
        return None

    def summed(self, node: trees.Sum, before: trees.Sum, after: trees.Node) -> trees.Node | None:
        """The sum with as many of its terms rewritten as the rule has; the others stay."""
        for bound, left in self.chosen(_in_order(before.terms, {}), tuple(enumerate(node.terms)), {}):
            kept = dict(left)
            first = next(place for place in range(len(node.terms)) if place not in kept)
            terms = {**kept, first: _filled(after, bound)}
            return trees.Sum(tuple(terms[place] for place in sorted(terms))) if kept else terms[first]
        return None

    def chosen(
        self, patterns: Sequence[trees.Node], parts: tuple[tuple[int, trees.Node], ...], bound: Bound
    ) -> Iterator[tuple[Bound, tuple[tuple[int, trees.Node], ...]]]:
        """Every way to find the patterns among the numbered parts, with the parts that are left."""
        if not patterns:
            yield bound, parts
            return
        for index, (_, part) in _preferred(patterns[0], parts):
            for more in self.matches(patterns[0], part, bound):
                yield from self.chosen(patterns[1:], parts[:index] + parts[index + 1 :], more)

    def matches(self, pattern: trees.Node, node: trees.Node, bound: Bound) -> Iterator[Bound]:
        """Every way in which a part of a formula is an instance of a part of a rule."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _Endless
        if isinstance(pattern, trees.Name):
            if bound.get(pattern.name, node) == node:
                yield {**bound, pattern.name: node}
        elif isinstance(pattern, trees.Negative) and _is_opposite(node):
            yield from self.matches(pattern.of, _signed(trees.Negative(node)), bound)
        elif type(pattern) is not type(node):
            return
        elif isinstance(pattern, trees.Sum | trees.Product):
            yield from self.covered(_in_order(pattern.children, bound), node.children, bound, type(pattern))
        elif pattern.value is not None:
            yield from (bound,) if pattern.value == node.value else ()
        else:
            yield from self.alike(pattern, node, bound)

    def alike(self, pattern: trees.Node, node: trees.Node, bound: Bound) -> Iterator[Bound]:
        """Two nodes of the same type, part by part; the sides of an equation in either order."""
        if _marks(pattern) == _marks(node) and len(pattern.children) == len(node.children):
            yield from self.each(pattern.children, node.children, bound)
            if isinstance(node, trees.Relation) and node.signs in (("=",), ("!=",)):
                yield from self.each(pattern.children, node.children[::-1], bound)

    def each(self, patterns: Sequence[trees.Node], nodes: Sequence[trees.Node], bound: Bound) -> Iterator[Bound]:
        """Part by part, in order."""
        if not patterns:
            yield bound
            return
        for more in self.matches(patterns[0], nodes[0], bound):
            yield from self.each(patterns[1:], nodes[1:], more)

    def covered(
        self,
        patterns: Sequence[trees.Node],
        parts: tuple[trees.Node, ...],
        bound: Bound,
        whole: type[trees.Sum] | type[trees.Product],
    ) -> Iterator[Bound]:
        """Terms or factors in any order, all of them used: the last letter takes what is left."""
        if len(patterns) == 1 and parts:
            if len(parts) == 1 or isinstance(patterns[0], trees.Name):
                yield from self.matches(patterns[0], parts[0] if len(parts) == 1 else whole(parts), bound)
            return
        for index, (_, part) in _preferred(patterns[0], tuple(enumerate(parts))):
            for more in self.matches(patterns[0], part, bound):
                yield from self.covered(patterns[1:], parts[:index] + parts[index + 1 :], more, whole)


def _in_order(patterns: Sequence[trees.Node], bound: Bound) -> tuple[trees.Node, ...]:
    """What says most first: formulas, letters whose part is known, x, y and z, then the other letters as written."""

    def rank(pattern: trees.Node) -> int:
        if not isinstance(pattern, trees.Name):
            return 0
        return 1 if pattern.name in bound else 2 if pattern.name in _UNKNOWNS else 3

    return tuple(sorted(patterns, key=rank))


def _preferred(
    pattern: trees.Node, parts: tuple[tuple[int, trees.Node], ...]
) -> list[tuple[int, tuple[int, trees.Node]]]:
    """The parts by their index, those with a variable first where the pattern is x, y or z."""
    found = list(enumerate(parts))
    if isinstance(pattern, trees.Name) and pattern.name in _UNKNOWNS:
        found.sort(key=lambda each: not each[1][1].names)
    return found


@lru_cache(maxsize=512)
def _read(formula: str) -> trees.Node:
    return mathematics.parse(formula)


def _signed(node: trees.Node) -> trees.Node:
    """The tree with minus signs before products moved into their first factor: -2(x + 1) is -2 times a sum."""
    node = _rebuilt(node, _signed)
    if isinstance(node, trees.Negative) and isinstance(node.of, trees.Product):
        first, *others = node.of.factors
        return trees.Product((_opposite(first), *others))
    return node


def _is_opposite(node: trees.Node) -> bool:
    """Whether it is a product that begins with a minus sign."""
    return isinstance(node, trees.Product) and isinstance(node.factors[0], trees.Negative)


def _opposite(node: trees.Node) -> trees.Node:
    return node.of if isinstance(node, trees.Negative) else trees.Negative(node)


def _filled(after: trees.Node, bound: Bound) -> trees.Node:
    if isinstance(after, trees.Name):
        return bound[after.name]
    return _rebuilt(after, lambda child: _filled(child, bound))


def _rebuilt(node: trees.Node, change: Any) -> trees.Node:
    """The node with every child changed, in reading order; itself where nothing did."""

    def changed(part: Any) -> Any:
        if isinstance(part, trees.Node):
            return change(part)
        return tuple(changed(each) for each in part) if isinstance(part, tuple) else part

    if not node.children:
        return node
    made = {each.name: changed(getattr(node, each.name)) for each in fields(node) if each.init}
    same = all(getattr(node, name) == part for name, part in made.items())
    return node if same else replace(node, **made)


def _marks(node: trees.Node) -> tuple[Any, ...]:
    """What a node says besides its children: the name of a function, the signs of a relation."""
    found = [getattr(node, each.name) for each in fields(node) if each.init]
    return tuple(part for part in found if isinstance(part, str) or (isinstance(part, tuple) and _are_texts(part)))


def _are_texts(parts: tuple[object, ...]) -> bool:
    return bool(parts) and all(isinstance(part, str) for part in parts)


def _has_decimals(node: trees.Node) -> bool:
    return any(isinstance(part, trees.Number) and "." in part.text for part in trees.walk(node))


def _factors(node: trees.Node) -> tuple[Fraction, dict[trees.Node, int]]:
    """A term as its number and the powers of its other factors."""
    if node.value is not None:
        return node.value, {}
    number, powers = Fraction(1), dict[trees.Node, int]()
    match node:
        case trees.Negative(of=inner):
            number, powers = _factors(inner)
            return -number, powers
        case trees.Product(factors=parts):
            for part in parts:
                size, more = _factors(part)
                number = trees.bounded(number * size)
                for base, exponent in more.items():
                    powers[base] = powers.get(base, 0) + exponent
            return number, {base: exponent for base, exponent in powers.items() if exponent}
        case trees.Power(base=base, exponent=raised) if _is_small(raised.value):
            times = int(raised.value or 0)
            number, powers = _factors(base) if isinstance(base, trees.Negative | trees.Product) else (number, {base: 1})
            return trees.bounded(number**times), {each: exponent * times for each, exponent in powers.items()}
    return number, {node: 1}


def _is_small(exponent: Fraction | None) -> bool:
    return exponent is not None and exponent.denominator == 1 and 0 < exponent <= MAX_POWER


def _as_term(number: Fraction, powers: Mapping[trees.Node, int]) -> trees.Node:
    factors = [
        base if exponent == 1 else trees.Power(base, trees.Number(str(exponent))) for base, exponent in powers.items()
    ]
    if number == 0 or not factors:
        return written(number)
    if abs(number) != 1:
        factors.insert(0, written(abs(number)))
    made = factors[0] if len(factors) == 1 else trees.Product(tuple(factors))
    return trees.Negative(made) if number < 0 else made


def _collected(terms: Iterable[trees.Node]) -> trees.Node:
    """A sum with its like terms put together, each where the first of them stands."""
    found: dict[frozenset[tuple[trees.Node, int]], tuple[Fraction, dict[trees.Node, int]]] = {}
    for term in _opened(terms):
        number, powers = _factors(term)
        alike = frozenset(powers.items())
        total = found[alike][0] if alike in found else Fraction(0)
        found[alike] = (trees.bounded(total + number), found[alike][1] if alike in found else powers)
    decimal = any(_has_decimals(term) for term in terms)
    made = [
        _as_term(number, powers) if powers else written(number, decimal=decimal)
        for number, powers in found.values()
        if number
    ]
    if len(made) > 1:
        return trees.Sum(tuple(made))
    return made[0] if made else trees.Number("0")


def _opened(terms: Iterable[trees.Node]) -> Iterator[trees.Node]:
    for term in terms:
        if isinstance(term, trees.Sum):
            yield from _opened(term.terms)
        else:
            yield term


def _same_for(before: trees.Node, after: trees.Node, numbers: Sequence[int]) -> bool:
    """Whether the two mean the same where letters are numbers; of an equation, the unknown it ends in stays one."""
    letters = sorted(before.names)
    if isinstance(before, trees.Relation):
        alone = [side.name for side in after.children if isinstance(side, trees.Name)]
        kept = next(iter([*alone, *(name for name in _UNKNOWNS if name in letters)]), "")
        letters = [name for name in letters if name != kept]
    sizes = {name: written(Fraction(numbers[index % len(numbers)])) for index, name in enumerate(letters)}
    try:
        left, right = (
            _filled(each, {name: trees.Name(name) for name in each.names} | sizes) for each in (before, after)
        )
    except (trees.TooLarge, trees.DividedByZero):
        return False
    return mathematics.is_equivalent(left, right)
