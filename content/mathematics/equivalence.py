"""Whether two answers mean the same: formulas, equations, inequalities, points, intervals, lists of solutions.

Two formulas are equal where their normal forms are (normal_forms.py): a proof. What normal forms do not decide is
compared at points, to 40 digits (numerics.py). Points at which only one of two formulas has a value do not tell them
apart: x/x is 1, and 2·ln x is ln x²; see domains.py for answers that are asked on a domain. Equations are the same up
to a factor that is not 0 and the order of sides, inequalities up to a positive factor. Lists and sets are compared
without order.
"""

from dataclasses import replace

from content.mathematics import limits, normal_forms, numerics, symbolic, trees
from content.mathematics.domains import Domain

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def is_equivalent(left: trees.Node, right: trees.Node, *, domain: Domain | None = None) -> bool:
    """Whether two answers mean the same, on a domain where one is given.

    Never raises; what reading.py lets through is small enough to take some ms.
    """
    left, right = plain(left), plain(right)
    if isinstance(left, trees.Listing) or isinstance(right, trees.Listing):
        return _same_items(left, right, domain)
    if isinstance(left, trees.Relation) and isinstance(right, trees.Relation):
        return _same_relation(left, right, domain)
    if isinstance(left, trees.Relation):
        return _says_value(left, right)
    if isinstance(right, trees.Relation):
        return _says_value(right, left)
    if isinstance(left, trees.Point | trees.Interval) or isinstance(right, trees.Point | trees.Interval):
        return _same_ordered(left, right, domain)
    if isinstance(left, trees.Matrix) or isinstance(right, trees.Matrix):
        return _same_matrix(left, right, domain)
    return _same_value(left, right, domain)


def plain(node: trees.Node) -> trees.Node:
    """Write out what is written short: ± as two answers, `1 < x < 2` as two relations, {3} as 3, `x ∈ …` as …"""
    if (branches := _branches(node)) != (node,):
        return plain(trees.Listing(branches, "or"))
    if isinstance(node, trees.Relation) and node.signs == ("in",):
        return plain(node.sides[1])
    if isinstance(node, trees.Relation) and len(node.signs) > 1:
        pairs = zip(node.sides, node.signs, node.sides[1:], strict=False)
        return trees.Listing(tuple(trees.Relation((low, high), (sign,)) for low, sign, high in pairs), "and")
    if isinstance(node, trees.Listing):
        return _flat(node)
    if node == trees.Constant("reals"):
        return trees.Interval(trees.Negative(trees.Constant("infinity")), trees.Constant("infinity"), "()")
    return node


def _flat(node: trees.Listing) -> trees.Node:
    """Listings within listings opened, but `1 < x < 2` in an «or» kept; and the variable of `x = 1, 2` given to all."""
    items: list[trees.Node] = []
    for item in node.items:
        opened = plain(item)
        kept = node.joined == "or" and isinstance(opened, trees.Listing) and not _are_equations(opened)
        items.extend(opened.items if isinstance(opened, trees.Listing) and not kept else (opened,))
    first = items[0]
    if isinstance(first, trees.Relation) and is_solved(first):
        items = [item if _is_whole(item) else trees.Relation((first.sides[0], item), ("=",)) for item in items]
    return items[0] if len(items) == 1 else replace(node, items=tuple(items))


def _is_whole(item: trees.Node) -> bool:
    return isinstance(item, trees.Relation | trees.Listing | trees.Point | trees.Interval | trees.Matrix)


def is_solved(node: trees.Node) -> bool:
    """Whether it is an equation or inequality with a variable alone on the left, and not on the right."""
    if not isinstance(node, trees.Relation) or len(node.signs) != 1:
        return False
    left, right = node.sides
    return isinstance(left, trees.Name) and left.name not in right.names


def _branches(node: trees.Node) -> tuple[trees.Node, ...]:
    """The two readings of a formula with ±, or the formula itself. All its signs are switched together."""
    if isinstance(node, trees.Listing | trees.Matrix) or not any(
        isinstance(part, trees.PlusMinus) for part in trees.walk(node)
    ):
        return (node,)
    try:
        upper, lower = _with_sign(node, "+"), _with_sign(node, "-")
    except ValueError:  # a denominator that is 0 in one of them, say
        return (node,)
    return (node,) if upper == node else (upper, lower)


def _with_sign(node: trees.Node, sign: str) -> trees.Node:
    match node:
        case trees.PlusMinus():
            right = _with_sign(node.right, sign)
            term = right if node.upper == sign else trees.Negative(right)
            return term if node.left is None else trees.Sum((_with_sign(node.left, sign), term))
        case trees.Sum(terms=parts) | trees.Product(factors=parts) | trees.Point(items=parts):
            return type(node)(tuple(_with_sign(part, sign) for part in parts))
        case trees.Relation():
            return replace(node, sides=tuple(_with_sign(side, sign) for side in node.sides))
        case trees.Call():
            return replace(node, arguments=tuple(_with_sign(part, sign) for part in node.arguments))
        case trees.Quotient():
            return trees.Quotient(_with_sign(node.top, sign), _with_sign(node.bottom, sign))
        case trees.Power():
            return trees.Power(_with_sign(node.base, sign), _with_sign(node.exponent, sign))
        case trees.Root():
            return trees.Root(_with_sign(node.radicand, sign), node.index)
        case trees.Negative():
            return trees.Negative(_with_sign(node.of, sign))
    return node


def _same_items(left: trees.Node, right: trees.Node, domain: Domain | None) -> bool:
    """Without order and repetition. `x > 2 and x < 5` is not `x > 2 or x < 5`."""
    joined = {node.joined for node in (left, right) if isinstance(node, trees.Listing)}
    if {"and", "or"} <= joined and not _are_equations(left):
        return False
    ours, theirs = _items(left), _items(right)
    if max(len(ours), len(theirs)) > limits.ITEMS or _is_unassigned(ours, theirs) or _is_unassigned(theirs, ours):
        return False
    found: set[int] = set()
    for item in ours:
        same = {place for place, other in enumerate(theirs) if is_equivalent(item, other, domain=domain)}
        if not same:
            return False
        found |= same
    return len(found) == len(theirs)


def _is_unassigned(solutions: tuple[trees.Node, ...], values: tuple[trees.Node, ...]) -> bool:
    """Whether values stand without a name where `x = 3, y = 5` gives several: `5, 3` does not say which is which."""
    names = {item.sides[0] for item in solutions if isinstance(item, trees.Relation) and is_solved(item)}
    return len(names) > 1 and not all(map(_is_whole, values))


def _are_equations(node: trees.Node) -> bool:
    return not any(isinstance(item, trees.Relation) and item.signs != ("=",) for item in _items(node))


def _items(node: trees.Node) -> tuple[trees.Node, ...]:
    return node.items if isinstance(node, trees.Listing) else (node,)


def _same_relation(left: trees.Relation, right: trees.Relation, domain: Domain | None) -> bool:
    sign = left.signs[0]
    if sign in ("=", "!="):
        return right.signs == left.signs and _same_zeros(left, right, domain, positive=False)
    if right.signs[0] not in _TURNED:
        return False
    if right.signs[0] != sign:
        right = trees.Relation(right.sides[::-1], (_TURNED[right.signs[0]],))
    return right.signs[0] == sign and _same_zeros(left, right, domain, positive=True)


def _same_zeros(left: trees.Relation, right: trees.Relation, domain: Domain | None, *, positive: bool) -> bool:
    """Whether the differences of the sides are equal up to a constant factor (positive if so asked)."""
    if left.names != right.names:
        return False
    try:
        ours, theirs = _difference(left), _difference(right)
    except ValueError:
        return False
    if (ratio := normal_forms.proportional(ours, theirs)) is not None:
        return not positive or ratio > 0
    found = numerics.sample((ours, theirs), domain)
    if not found:
        return left == right
    if all(numerics.close(value, 0) for pair in found for value in pair):
        return all(_same_value(one, other, domain) for one, other in zip(left.sides, right.sides, strict=True))
    first = next((pair for pair in found if not numerics.close(pair[1], 0)), None)
    if first is None or numerics.close(first[0], 0):
        return False
    factor = first[0] / first[1]
    if all(numerics.close(one, factor * other) for one, other in found):
        return not positive or (numerics.is_real(factor) and factor > 0)
    return not positive and _proved_same_zeros(ours, theirs)


def _difference(relation: trees.Relation) -> trees.Node:
    return trees.Sum((relation.sides[0], trees.Negative(relation.sides[1])))


def _proved_same_zeros(left: trees.Node, right: trees.Node) -> bool:
    """`y = 2/x` and `xy = 2` differ by a factor that is not constant, yet say the same."""
    try:
        return symbolic.has_same_zeros(left, right)
    except symbolic.OutOfBounds:
        return False


def _says_value(relation: trees.Relation, value: trees.Node) -> bool:
    """Whether `x = 5` or `5 = x` says the constant 5."""
    if isinstance(relation.sides[-1], trees.Name) and not relation.sides[0].names:
        relation = trees.Relation(relation.sides[::-1], relation.signs)
    if relation.signs != ("=",) or not is_solved(relation) or isinstance(value, trees.Relation):
        return False
    said = relation.sides[1]
    return not said.names and not value.names and is_equivalent(said, value)


def _same_ordered(left: trees.Node, right: trees.Node, domain: Domain | None) -> bool:
    """Points item by item; `(2, 5)` is also the open interval."""
    ours, theirs = _ends(left), _ends(right)
    if ours is None or theirs is None or ours[0] != theirs[0] or len(ours[1]) != len(theirs[1]):
        return False
    return all(is_equivalent(one, other, domain=domain) for one, other in zip(ours[1], theirs[1], strict=True))


def _ends(node: trees.Node) -> tuple[str, tuple[trees.Node, ...]] | None:
    if isinstance(node, trees.Interval):
        return node.brackets, (node.low, node.high)
    return ("()", node.items) if isinstance(node, trees.Point) else None


def _same_matrix(left: trees.Node, right: trees.Node, domain: Domain | None) -> bool:
    if not isinstance(left, trees.Matrix) or not isinstance(right, trees.Matrix):
        return False
    if len(left.rows) != len(right.rows) or len(left.rows[0]) != len(right.rows[0]):
        return False
    return all(_same_value(one, other, domain) for one, other in zip(left.children, right.children, strict=True))


def _same_value(left: trees.Node, right: trees.Node, domain: Domain | None) -> bool:
    if left.value is not None and right.value is not None:
        return left.value == right.value
    if left == right:
        return True
    proved = normal_forms.proved(left, right, domain)
    if proved is False or (proved and domain is None):
        return proved
    if not numerics.agree(left, right, domain):
        return False
    return domain is not None or normal_forms.proved_by_stretches(left, right) is not False
