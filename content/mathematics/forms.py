"""Whether an answer is written in the form that was asked for. Its value is judged elsewhere (equivalence.py)."""

import math
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction

from content.mathematics import equation_forms, normal_forms, polynomials, symbolic, trees
from content.mathematics.equation_forms import terms_of, unsigned
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
    FRACTION = "fraction"  # one fraction bar at most, no decimals and no mixed numbers
    SLOPE_INTERCEPT = "slope_intercept"  # y = mx + b
    STANDARD = "standard"  # Ax + By = C in whole numbers; above the first degree an expanded polynomial = 0
    SCIENTIFIC = "scientific"  # c·10ⁿ with 1 ≤ c < 10
    EXACT = "exact"  # as the key is written, but for spaces and signs of multiplication


def has_form(node: trees.Node, form: Form, *, key: trees.Node) -> bool:
    """Whether a tree is written in a form; `key` is the right answer, that form EXACT compares with."""
    if form == Form.ANY:
        return True
    if form == Form.EXACT:
        return bare(node) == bare(key)
    if form == Form.SOLVED:
        return all(is_solved(part) or not isinstance(part, trees.Relation) for part in _statements(node))
    if form in (Form.STATEMENT, Form.SLOPE_INTERCEPT, Form.STANDARD):
        return all(_is_stated(part, form, key) for part in _statements(node))
    return all(_TESTS[form](formula) for formula in _formulas(node))


def _is_stated(part: trees.Node, form: Form, key: trees.Node) -> bool:
    """Whether one equation or inequality is in a form that is asked of whole statements."""
    if form == Form.STATEMENT:
        return not equation_forms.is_solution(part) or bare(part) == bare(key)
    if form == Form.SLOPE_INTERCEPT:
        return equation_forms.is_slope_intercept(part)
    return equation_forms.is_standard(part, _degree(part)) and all(map(_is_expanded, _formulas(part)))


def _degree(part: trees.Node) -> int:
    """The degree of a polynomial equation; 1 where it is none."""
    try:
        return max(int(symbolic.polynomial(side).total_degree()) for side in _formulas(part))
    except symbolic.OutOfBounds:
        return 1


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


def _factors(node: trees.Node) -> list[tuple[trees.Node, int]]:
    """The factors of a product with how often each occurs; positive integer powers are opened."""
    node = unsigned(node)
    if isinstance(node, trees.Product):
        return [pair for factor in node.factors for pair in _factors(factor)]
    if isinstance(node, trees.Power) and (times := node.exponent.value) and times.denominator == 1 and times > 0:
        return [(factor, count * int(times)) for factor, count in _factors(node.base)]
    return [(node, 1)]


def _is_expanded(node: trees.Node) -> bool:
    """No sum is left in a product or under an integer power, and no two terms are alike."""
    for part in trees.walk(node):
        if isinstance(part, trees.Product) and any(isinstance(unsigned(f), trees.Sum) for f, _ in _factors(part)):
            return False
        if isinstance(part, trees.Power) and isinstance(unsigned(part.base), trees.Sum):
            exponent = part.exponent.value
            if exponent is not None and exponent.denominator == 1 and exponent > 0:
                return False
    return _has_no_like_terms(node)


def _has_no_like_terms(node: trees.Node) -> bool:
    """Whether every sum has as many terms as kinds of terms; kinds are monomials, or the writing of other terms."""
    for part in trees.walk(node):
        if isinstance(part, trees.Sum):
            kinds = Counter(map(_kind, terms_of(part)))
            if max(kinds.values()) > 1 or any(term.value == 0 for term in terms_of(part)):
                return False
    return True


def _kind(term: trees.Node) -> str:
    """What a term is apart from its coefficient: `3x^2` and `x^2/5` are of one kind."""
    if term.value is not None:
        return "1"
    if isinstance(term, trees.Quotient) and term.bottom.value is not None:
        return _kind(unsigned(term.top))
    counted: Counter[str] = Counter()
    for factor, times in _factors(term):
        if factor.value is None:
            if isinstance(factor, trees.Quotient) and factor.bottom.value is not None:
                counted[_kind(unsigned(factor.top))] += times
            else:
                counted[latex(factor)] += times
    return "·".join(f"{name}^{times}" for name, times in sorted(counted.items()))


def _is_factored(node: trees.Node) -> bool:
    """Whether each factor is irreducible over the rationals and has no common divisor left; fractions part by part."""
    node = unsigned(node)
    if not _has_no_like_terms(node):
        return False
    if isinstance(node, trees.Quotient):
        return _is_lowest(node) and _is_factored(node.top) and _is_factored(node.bottom)
    found = _factors(node)
    if any(_divides(part) for factor, _ in found for part in trees.walk(factor)):
        return False  # x/x or 1 + 1/x as a factor, say: a fraction of polynomials has one bar
    return all(_is_irreducible(factor, alone=len(found) == 1) for factor, _ in found if factor.names) and (
        bool(node.names) or not isinstance(node, trees.Sum)
    )


def _divides(part: trees.Node) -> bool:
    """Whether it is a quotient by something with a variable, with a bar or a negative power."""
    if isinstance(part, trees.Power):
        size = part.exponent.value
        return bool(part.base.names) and size is not None and size < 0
    return isinstance(part, trees.Quotient) and bool(part.bottom.names)


def _is_irreducible(factor: trees.Node, *, alone: bool) -> bool:
    """Whether a factor cannot be taken apart; what is too large to say counts as such, but not where it is all."""
    try:
        found = symbolic.polynomial(factor)
        return found.is_ground or (symbolic.count_irreducible(found) == 1 and symbolic.content(found) == 1)
    except symbolic.OutOfBounds:
        return not (alone and isinstance(factor, trees.Sum))


def _is_simplified(node: trees.Node) -> bool:
    """Like terms are put together at every place, fractions are in lowest terms, roots and products are tidy."""
    return _has_no_like_terms(node) and all(_is_tidy(part) and not _is_worth_number(part) for part in trees.walk(node))


def _is_worth_number(part: trees.Node) -> bool:
    """Whether a root, power, product or function comes to a rational number that could be written: `ln(e)`, `x^0`."""
    if part.value is not None or not isinstance(part, trees.Root | trees.Power | trees.Product | trees.Call):
        return False
    try:
        normal = normal_forms.normal_form(part)
    except polynomials.OutOfBounds:
        return False
    return normal.ratio.bottom == polynomials.ONE and polynomials.constant_of(normal.ratio.top) is not None


def _is_tidy(part: trees.Node) -> bool:
    match part:
        case trees.Sum():
            return not any(_holds_sum(term) for term in terms_of(part))
        case trees.Quotient():
            return _is_lowest(part)
        case trees.Root():
            return _is_root_tidy(part)
        case trees.Power():
            return part.exponent.value != 1 and (part.value is None or not isinstance(part.exponent, trees.Number))
        case trees.Product():
            bases = Counter(_base(factor) for factor in part.factors)
            return max(bases.values()) == 1 and not any(factor.value == 1 for factor in part.factors)
        case trees.Negative():
            return not isinstance(part.of, trees.Negative)
    return True


def _holds_sum(term: trees.Node) -> bool:
    """Whether a term of a sum still has a bracket to multiply out."""
    if not isinstance(term, trees.Product | trees.Power):
        return False
    return any(isinstance(unsigned(factor), trees.Sum) for factor, _ in _factors(term))


def _base(factor: trees.Node) -> str:
    """What may occur once in a tidy product: numbers count as one, powers by their base, roots by their index."""
    factor = unsigned(factor)
    if factor.value is not None:
        return "number"
    if isinstance(factor, trees.Power):
        return _base(factor.base)
    return f"root {latex(factor.index)}" if isinstance(factor, trees.Root) else latex(factor)


def _is_lowest(part: trees.Quotient) -> bool:
    if part.bottom.value == 1 or isinstance(unsigned(part.top), trees.Quotient):
        return False
    if part.value is not None:
        return _is_lowest_number(part)
    try:
        top, bottom = symbolic.polynomial(part.top), symbolic.polynomial(part.bottom)
    except symbolic.OutOfBounds:
        return math.gcd(_whole_factor(part.top), _whole_factor(part.bottom)) == 1
    return symbolic.have_no_common_divisor(top, bottom)


def _whole_factor(node: trees.Node) -> int:
    """The whole number that all terms have as a factor as they are written: 2 in `4√3 + 6`."""
    sizes = []
    for term in terms_of(node):
        numbers = [factor.value for factor, times in _factors(term) for _ in range(times) if factor.value is not None]
        size = math.prod(numbers)
        sizes.append(int(size) if Fraction(size).denominator == 1 else 1)
    return math.gcd(*sizes)


def _is_lowest_number(part: trees.Quotient) -> bool:
    top, bottom = unsigned(part.top), unsigned(part.bottom)
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


_TESTS = {
    Form.EXPANDED: _is_expanded,
    Form.FACTORED: _is_factored,
    Form.SIMPLIFIED: _is_simplified,
    Form.FRACTION: equation_forms.is_single_fraction,
    Form.SCIENTIFIC: equation_forms.is_scientific,
}
