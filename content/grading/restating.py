"""Whether an answer is only the question written again: a formula of the prompt, order and signs of multiplying aside.

What the key itself says is never that: «Which is bigger, 3 or 5?» is answered by a number that stands in the question.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import lru_cache

from content import mathematics
from content.grading.finishing import is_finished, said, statements
from content.grading.keys import readings
from content.mathematics import trees

MAX_GIVEN = 1_000  # characters of the prompts' formulas together; what does not fit is not looked at
_BLANKS = ("?", "？", r"\ldots", r"\dots", r"\square", r"\Box", r"\_", "_")
_TURNED = {">": "<", ">=": "<="}


def is_restated(own: Sequence[trees.Node], answers: Sequence[trees.Node], given: Sequence[str]) -> bool:
    """Whether a right answer is a formula of the prompts (`given`, LaTeX) and not one that the key names.

    own: what the key names. answers: the readings of the response. Formulas of the prompts that cannot be read are
    ignored.
    """
    written = set(map(writing, answers))
    if not any(written & _prompted(latex) for latex in _looked_at(given)):
        return False
    named = {told for each in own for told in (writing(each), _result(each))}
    return not any(told in named for answer in answers for told in (writing(answer), _result(answer)))


def writing(node: trees.Node) -> str:
    """How a tree is written, the same for every order of terms, factors, sides and solutions."""
    match node:
        case trees.Number():
            return _number(node)
        case trees.Negative():
            inner = writing(node.of)
            return f"-({inner})" if inner.startswith("-") else f"-{inner}"
        case trees.Sum():
            return f"({'+'.join(sorted(map(writing, _opened(node))))})"
        case trees.Product():
            return _multiplied(sorted(map(writing, _opened(node)), key=_unsigned), "*")
        case trees.Quotient():
            return _multiplied([writing(node.top), writing(node.bottom)], "/")
        case trees.Relation(sides=(left, right), signs=(sign,)):
            return _related(writing(left), writing(right), sign)
        case trees.Listing():
            return f"[{', '.join(sorted(map(writing, node.items)))}]"
    marks = [str(part) for each in fields(node) if isinstance(part := getattr(node, each.name), str)]
    return f"{type(node).__name__}{marks}({', '.join(map(writing, node.children))})"


def _looked_at(given: Sequence[str]) -> Iterator[str]:
    """The formulas that fit, so that a prompt full of large ones does not take long."""
    length = 0
    for latex in dict.fromkeys(given):
        if length + len(latex) <= MAX_GIVEN:
            length += len(latex)
            yield latex


@lru_cache(maxsize=4096)
def _prompted(latex: str) -> frozenset[str]:
    """The writings of one formula of a prompt, and of the sides of an equation that are more than a number."""
    try:
        found = readings(_without_blank(latex))
    except mathematics.Unreadable:
        return frozenset()
    sides = [
        side
        for each in found
        if isinstance(each, trees.Relation)
        for side in each.sides
        if not is_finished(side) and not isinstance(side, trees.Name)
    ]
    return frozenset(map(writing, (*found, *sides)))


def _without_blank(latex: str) -> str:
    """`7^2 =` and `7^2 = ?` as `7^2`, and without the full stop that authors put inside of the dollars."""
    left = latex.strip().rstrip(".,;。，；")
    before, sign, behind = left.rpartition("=")
    for blank in _BLANKS:
        behind = behind.replace(blank, "")
    return before if sign and not behind.strip() else left


def _result(node: trees.Node) -> str:
    """The writing of what a statement or list of them says: 5 for `x = 5`."""
    return f"[{', '.join(sorted(writing(said(statement)) for statement in statements(node)))}]"


def _opened(node: trees.Sum | trees.Product) -> Iterator[trees.Node]:
    """Terms or factors, with those of brackets that change nothing."""
    for part in node.children:
        if isinstance(part, trees.Sum | trees.Product) and type(part) is type(node):
            yield from _opened(part)
        else:
            yield part


def _number(node: trees.Number) -> str:
    if "/" in node.text:
        return _multiplied(node.text.split("/"), "/")
    whole, point, places = node.text.partition(".")
    return (whole.lstrip("0") or "0") + (f".{digits}" if point and (digits := places.rstrip("0")) else "")


def _negated(written: str) -> str:
    return _unsigned(written) if written.startswith("-") else f"-{written}"


def _unsigned(written: str) -> str:
    return written.removeprefix("-")


def _multiplied(parts: Sequence[str], sign: str) -> str:
    """Parts with a minus sign in front where an odd number of them has one."""
    joined = f"({sign.join(map(_unsigned, parts))})"
    return _negated(joined) if sum(part.startswith("-") for part in parts) % 2 else joined


def _related(left: str, right: str, sign: str) -> str:
    """Two sides; the same for `a < b` and `b > a`, `a = b` and `b = a`."""
    if sign in _TURNED:
        left, right, sign = right, left, _TURNED[sign]
    return f"{sign}({', '.join(sorted((left, right)) if sign in ('=', '!=') else (left, right))})"
