"""Forms of equations and of single numbers: the statement itself, y = mx + b, Ax + By = C, a single fraction, c·10ⁿ."""

from collections.abc import Sequence

from content.mathematics import normal_forms, trees


def unsigned(node: trees.Node) -> trees.Node:
    """Without the minus signs in front."""
    while isinstance(node, trees.Negative):
        node = node.of
    return node


def terms_of(node: trees.Node) -> tuple[trees.Node, ...]:
    """The terms of a sum, sums within it opened, signs left out."""
    node = unsigned(node)
    return tuple(term for part in node.terms for term in terms_of(part)) if isinstance(node, trees.Sum) else (node,)


def is_solution(part: trees.Node) -> bool:
    """Whether it only says a value: 4, `x = 4`, `-x = -4`, `x - 4 = 0`, `1 < x <= 5`; not `y = 2x`, `2x = 8`."""
    sides = part.sides if isinstance(part, trees.Relation) else (part,)
    varying = [side for side in sides if side.names]
    if not varying:
        return True
    if len(varying) > 1 or len(varying[0].names) > 1:
        return False
    if _is_variable(varying[0]):
        return True
    zero = all(side.value == 0 for side in sides if side is not varying[0])
    rest = [term for term in terms_of(varying[0]) if term.names]
    return zero and len(rest) == 1 and _is_variable(rest[0])


def _is_variable(side: trees.Node) -> bool:
    """Whether a side is worth a variable or its opposite, as `x`, `-x`, `1x`, `x + 0` and `2x/2` are."""
    name = trees.Name(next(iter(side.names)))
    return any(normal_forms.proved(side, other) for other in (name, trees.Negative(name)))


def is_slope_intercept(node: trees.Node) -> bool:
    """Whether it is `y = mx + b`, in either order; one of the two terms may be missing."""
    if not isinstance(node, trees.Relation) or node.signs != ("=",) or not isinstance(node.sides[0], trees.Name):
        return False
    terms = terms_of(node.sides[1])
    varying = [term for term in terms if term.names]
    if len(varying) > 1 or len(terms) - len(varying) > 1:
        return False
    return not varying or (_is_linear_term(varying[0]) and node.sides[0].name not in varying[0].names)


def is_standard(node: trees.Node, degree: int) -> bool:
    """Whether it is `Ax + By = C` in whole numbers; or, above the first degree, an expanded polynomial equal to 0."""
    if not isinstance(node, trees.Relation) or node.signs != ("=",):
        return False
    left, right = node.sides
    if any(isinstance(part, trees.Quotient | trees.Mixed) or _is_decimal(part) for part in trees.walk(node)):
        return False
    if degree > 1:
        return right.value == 0
    terms = terms_of(left)
    names = [next(iter(term.names)) for term in terms if len(term.names) == 1]
    return not right.names and len(names) == len(terms) == len(set(names)) and all(map(_is_linear_term, terms))


def _is_linear_term(term: trees.Node) -> bool:
    """Whether it is a number times one variable: `x`, `2x`, `x/2`, `(1/2)x`, `2x/3`."""
    match unsigned(term):
        case trees.Name():
            return True
        case trees.Product(factors=factors):
            return _is_number_times_variable(factors)
        case trees.Quotient(top=top, bottom=bottom):
            return not bottom.names and _is_linear_term(top)
    return False


def _is_number_times_variable(factors: Sequence[trees.Node]) -> bool:
    varying = [factor for factor in factors if factor.names]
    return len(varying) == 1 and len(factors) == 2 and _is_linear_term(varying[0])


def is_single_fraction(node: trees.Node) -> bool:
    """Whether it is one fraction bar with none above or below it, or needs none: no decimals, no mixed numbers."""
    node = unsigned(node)
    parts = (node.top, node.bottom) if isinstance(node, trees.Quotient) else (node,)
    return not any(_breaks_fraction(inner) for part in parts for inner in trees.walk(part))


def _breaks_fraction(part: trees.Node) -> bool:
    if isinstance(part, trees.Power) and part.exponent.value is not None:
        return part.exponent.value < 0
    return isinstance(part, trees.Quotient | trees.Mixed) or _is_decimal(part)


def _is_decimal(part: trees.Node) -> bool:
    return isinstance(part, trees.Number) and not part.text.isdigit()


def is_scientific(node: trees.Node) -> bool:
    """Whether it is c·10ⁿ with 1 ≤ c < 10 and a whole n; `3.7e4` is another way to type it."""
    node = unsigned(node)
    match node:
        case trees.Number(text=text) if "e" in text:
            return _leads(trees.Number(text.partition("e")[0]))
        case trees.Product(factors=(trees.Number() as size, trees.Power() as power)):
            return _leads(size) and _is_power_of_ten(power)
        case trees.Power():
            return _is_power_of_ten(node)
    return node.value == 0


def _leads(size: trees.Number) -> bool:
    return size.value is not None and "/" not in size.text and 1 <= size.value < 10


def _is_power_of_ten(power: trees.Power) -> bool:
    exponent = unsigned(power.exponent)
    return power.base == trees.Number("10") and isinstance(exponent, trees.Number) and exponent.text.isdigit()
