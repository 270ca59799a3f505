"""Whether an answer is written in the form that was asked for. Its value is judged elsewhere (equivalence.py)."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from content.mathematics import symbolic, trees
from content.mathematics.equivalence import is_solved
from content.mathematics.notation import latex


class Form(StrEnum):
    """The forms that an expression can be asked for in."""

    ANY = "any"
    EXPANDED = "expanded"  # no brackets left, like terms put together
    FACTORED = "factored"  # a product that cannot be taken further apart over the rationals
    SIMPLIFIED = "simplified"  # like terms put together, fractions in lowest terms, roots without square factors
    SOLVED = "solved"  # the variable alone on the left
    STATEMENT = "statement"  # the equation or inequality itself, not its solution
    EXACT = "exact"  # as the key is written, but for spaces and signs of multiplication


def has_form(node: trees.Node, form: Form, *, key: trees.Node) -> bool:
    """Whether a tree is written in a form; `key` is the right answer, that form EXACT compares with."""
    if form == Form.ANY:
        return True
    if form == Form.EXACT:
        return bare(node) == bare(key)
    if form == Form.SOLVED:
        return all(is_solved(part) or not isinstance(part, trees.Relation) for part in _statements(node))
    if form == Form.STATEMENT:
        return not any(_is_solution(part) for part in _statements(node))
    test = {Form.EXPANDED: _is_expanded, Form.FACTORED: _is_factored, Form.SIMPLIFIED: _is_simplified}[form]
    return all(test(formula) for formula in _formulas(node))


def bare(node: trees.Node) -> trees.Node:
    """The tree with products and sums flattened and numbers in their shortest writing, to compare ways of writing."""
    match node:
        case trees.Number():
            return trees.Number(_shortest(node))
        case trees.Product():
            return trees.Product(tuple(_flattened(node)))
        case trees.Sum(terms=parts):
            return trees.Sum(tuple(map(bare, parts)))
        case trees.Quotient():
            return trees.Quotient(bare(node.top), bare(node.bottom))
        case trees.Power():
            return trees.Power(bare(node.base), bare(node.exponent))
        case trees.Root():
            return trees.Root(bare(node.radicand), bare(node.index))
        case trees.Negative():
            return trees.Negative(bare(node.of))
        case trees.Relation():
            return trees.Relation(tuple(map(bare, node.sides)), node.signs)
        case trees.Point(items=parts):
            return trees.Point(tuple(map(bare, parts)))
    return node


def _shortest(number: trees.Number) -> str:
    text = number.text
    return text.rstrip("0").rstrip(".") or "0" if "." in text and "e" not in text else text


def _flattened(node: trees.Product) -> Iterator[trees.Node]:
    for factor in node.factors:
        opened = bare(factor)
        yield from opened.factors if isinstance(opened, trees.Product) else (opened,)


def _is_solution(part: trees.Node) -> bool:
    """Whether it only says a value: 4, `x = 4`, `4 = x`, `1 < x <= 5`; not `y = 2x` and not `2x = 8`."""
    sides = part.sides if isinstance(part, trees.Relation) else (part,)
    varying = [side for side in sides if side.names]
    return not varying or (len(varying) == 1 and isinstance(varying[0], trees.Name))


def _statements(node: trees.Node) -> Iterator[trees.Node]:
    """The relations and values of a list of solutions."""
    if isinstance(node, trees.Listing):
        for item in node.items:
            yield from _statements(item)
    else:
        yield node


def _formulas(node: trees.Node) -> Iterator[trees.Node]:
    """The formulas within equations, lists, points, intervals and matrices."""
    if isinstance(node, trees.Relation | trees.Listing | trees.Point | trees.Interval | trees.Matrix):
        for part in node.children:
            yield from _formulas(part)
    else:
        yield node


def _unsigned(node: trees.Node) -> trees.Node:
    while isinstance(node, trees.Negative):
        node = node.of
    return node


def _terms(node: trees.Node) -> tuple[trees.Node, ...]:
    """The terms of a sum, sums within it opened, signs left out."""
    node = _unsigned(node)
    return tuple(term for part in node.terms for term in _terms(part)) if isinstance(node, trees.Sum) else (node,)


def _factors(node: trees.Node) -> list[tuple[trees.Node, int]]:
    """The factors of a product with how often each occurs; positive integer powers are opened."""
    node = _unsigned(node)
    if isinstance(node, trees.Product):
        return [pair for factor in node.factors for pair in _factors(factor)]
    if isinstance(node, trees.Power) and (times := node.exponent.value) and times.denominator == 1 and times > 0:
        return [(factor, count * int(times)) for factor, count in _factors(node.base)]
    return [(node, 1)]


def _is_expanded(node: trees.Node) -> bool:
    """No sum is left in a product or under an integer power, and no two terms are alike."""
    for part in trees.walk(node):
        if isinstance(part, trees.Product) and any(isinstance(_unsigned(f), trees.Sum) for f, _ in _factors(part)):
            return False
        if isinstance(part, trees.Power) and isinstance(_unsigned(part.base), trees.Sum):
            exponent = part.exponent.value
            if exponent is not None and exponent.denominator == 1 and exponent > 0:
                return False
    return _has_no_like_terms(node)


def _has_no_like_terms(node: trees.Node) -> bool:
    """Whether every sum has as many terms as kinds of terms; kinds are monomials, or the writing of other terms."""
    for part in trees.walk(node):
        if isinstance(part, trees.Sum):
            kinds = Counter(map(_kind, _terms(part)))
            if max(kinds.values()) > 1 or any(term.value == 0 for term in _terms(part)):
                return False
    return True


def _kind(term: trees.Node) -> str:
    """What a term is apart from its coefficient: `3x^2` and `x^2/5` are of one kind."""
    if term.value is not None:
        return "1"
    if isinstance(term, trees.Quotient) and term.bottom.value is not None:
        return _kind(_unsigned(term.top))
    counted: Counter[str] = Counter()
    for factor, times in _factors(term):
        if factor.value is None:
            if isinstance(factor, trees.Quotient) and factor.bottom.value is not None:
                counted[_kind(_unsigned(factor.top))] += times
            else:
                counted[latex(factor)] += times
    return "·".join(f"{name}^{times}" for name, times in sorted(counted.items()))


def _is_factored(node: trees.Node) -> bool:
    """Whether each factor is irreducible over the rationals and has no common divisor left; fractions part by part."""
    node = _unsigned(node)
    if isinstance(node, trees.Quotient):
        return _is_factored(node.top) and _is_factored(node.bottom)
    try:
        whole = symbolic.polynomial(node)
        if whole.is_ground:
            return not isinstance(node, trees.Sum)
        parts = [(symbolic.polynomial(factor), times) for factor, times in _factors(node)]
    except symbolic.OutOfBounds:
        return not isinstance(node, trees.Sum)
    varying = [(part, times) for part, times in parts if not part.is_ground]
    if sum(times for _, times in varying) != symbolic.count_irreducible(whole):
        return False
    return all(symbolic.content(part) == 1 for part, _ in varying)


def _is_simplified(node: trees.Node) -> bool:
    """Like terms are put together at every place, fractions are in lowest terms, roots and products are tidy."""
    return _has_no_like_terms(node) and all(_is_tidy(part) for part in trees.walk(node))


def _is_tidy(part: trees.Node) -> bool:
    match part:
        case trees.Sum():
            return not any(_holds_sum(term) for term in _terms(part))
        case trees.Quotient():
            return _is_lowest(part)
        case trees.Root():
            return _is_root_tidy(part)
        case trees.Power():
            return part.value is None or not isinstance(part.exponent, trees.Number)
        case trees.Product():
            bases = Counter(_base(factor) for factor in part.factors)
            return max(bases.values()) == 1
        case trees.Negative():
            return not isinstance(part.of, trees.Negative)
    return True


def _holds_sum(term: trees.Node) -> bool:
    """Whether a term of a sum still has a bracket to multiply out."""
    if not isinstance(term, trees.Product | trees.Power):
        return False
    return any(isinstance(_unsigned(factor), trees.Sum) for factor, _ in _factors(term))


def _base(factor: trees.Node) -> str:
    """What may occur once in a tidy product: numbers count as one, powers by their base, roots by their index."""
    factor = _unsigned(factor)
    if factor.value is not None:
        return "number"
    if isinstance(factor, trees.Power):
        return _base(factor.base)
    return f"root {latex(factor.index)}" if isinstance(factor, trees.Root) else latex(factor)


def _is_lowest(part: trees.Quotient) -> bool:
    if part.bottom.value == 1 or isinstance(_unsigned(part.top), trees.Quotient):
        return False
    if part.value is not None:
        return _is_lowest_number(part)
    try:
        top, bottom = symbolic.polynomial(part.top), symbolic.polynomial(part.bottom)
    except symbolic.OutOfBounds:
        return True
    return symbolic.have_no_common_divisor(top, bottom)


def _is_lowest_number(part: trees.Quotient) -> bool:
    top, bottom = _unsigned(part.top), _unsigned(part.bottom)
    if not (isinstance(top, trees.Number) and isinstance(bottom, trees.Number)) or part.value is None:
        return False
    return top.value == abs(part.value.numerator) and bottom.value == part.value.denominator


def _is_root_tidy(part: trees.Root) -> bool:
    """No rational value, no fraction under the root, no factor that could be taken out."""
    inside, index = part.radicand.value, part.index.value
    if part.value is not None or isinstance(part.radicand, trees.Quotient):
        return False
    if inside is None or index is None or index.denominator != 1:
        return not any(
            times >= (index or times + 1) for factor, times in _factors(part.radicand) if factor.value is None
        )
    return inside.denominator == 1 and not symbolic.has_power_factor(abs(int(inside)), int(index))
