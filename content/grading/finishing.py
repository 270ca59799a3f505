"""Whether anything is left to do: what is wanted where the author names no form.

A key that is itself finished asks for a finished answer: `x = 5` is not answered by the `2x + 4 = 14` of the question,
nor `12` by `3 + 9`. Any other key is answered by whatever is equivalent; `form: any` says so for these too.
"""

from content.mathematics import trees
from content.mathematics.forms import Form, has_form

FINISHED = "finished"  # nothing is left to compute; never asked for by name
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def unfinished(reading: trees.Node, wanted: trees.Node) -> str:
    """What is left to do where no form was named: nothing, SOLVED's name, or FINISHED; see the top of this module."""
    if not all(is_finished(said(statement)) for statement in statements(wanted)):
        return ""
    found = [forward(statement) for statement in statements(reading)]
    if not all(has_form(statement, Form.SOLVED, key=wanted) for statement in found):
        return Form.SOLVED.value
    ready = all(is_finished(said(one)) or _is_power_of_ten(said(one), said(wanted)) for one in found)
    return "" if ready else FINISHED


def is_finished(node: trees.Node) -> bool:
    """Whether it is a number with nothing left to compute: 5, -2/3, 2 1/2, 7 %, 3.7·10^4."""
    match node:
        case trees.Number() | trees.Mixed():
            return True
        case trees.PlusMinus(left=None):
            return is_finished(node.right)
        case trees.Negative():
            return is_finished(node.of) and not isinstance(node.of, trees.Negative)
        case trees.Quotient():
            return _is_plain(node.top) and _is_plain(node.bottom)
        case trees.Call(function="percent"):
            return is_finished(node.arguments[0])
        case trees.Product(factors=(size, trees.Power() as power)):
            return _is_plain(size) and power.base.value == 10 and _is_plain(power.exponent)
    return False


def _is_power_of_ten(node: trees.Node, wanted: trees.Node) -> bool:
    """10^-7, where the key is written with a power of ten too: 1e-7."""
    if not (isinstance(node, trees.Power) and node.base.value == 10 and _is_plain(node.exponent)):
        return False
    return isinstance(wanted, trees.Product) or (isinstance(wanted, trees.Number) and "e" in wanted.text)


def _is_plain(node: trees.Node) -> bool:
    return isinstance(node.of if isinstance(node, trees.Negative) else node, trees.Number)


def statements(node: trees.Node) -> tuple[trees.Node, ...]:
    """The items of a list, or the thing itself."""
    return node.items if isinstance(node, trees.Listing) else (node,)


def forward(statement: trees.Node) -> trees.Node:
    """`5 = x` and `-6 > x` with the variable on the left."""
    if isinstance(statement, trees.Relation) and len(statement.sides) == 2 and not statement.sides[0].names:
        return trees.Relation(statement.sides[::-1], (TURNED.get(statement.signs[0], statement.signs[0]),))
    return statement


def said(statement: trees.Node) -> trees.Node:
    """The right side of a solved equation or inequality, else the thing itself."""
    if isinstance(statement, trees.Relation) and len(statement.sides) == 2:
        return statement.sides[1] if isinstance(statement.sides[0], trees.Name) else statement
    return statement
