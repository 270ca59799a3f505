"""Formulas, equations, inequalities, points and lists of solutions: equivalent to the key, and in the form wanted.

Where the author names no form, a key that is itself finished asks for a finished answer: `x = 5` is not answered by
the `2x + 4 = 14` of the question, nor `12` by `3 + 9`. Any other key is answered by whatever is equivalent;
`form: any` says so for these too. Numbers follow the same rule, through `unfinished`.
"""

from collections.abc import Sequence

from content import mathematics
from content.grading.grades import Grade, Reason, partial, right, wrong
from content.grading.keys import ExpressionKey, readings
from content.mathematics import trees
from content.mathematics.forms import Form, bare, has_form
from content.package import WrongAnswer

# Forms that are never asked for by name.
FINISHED = "finished"  # nothing is left to compute
BRACKETS = "brackets"  # a point or an interval in its brackets
NAMES = "names"  # which value belongs to which variable
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def grade_expression(key: ExpressionKey, response: str, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    """Grade one formula. Raises Unreadable."""
    given = _named(key, tuple(_in_letters_of(key, reading) for reading in readings(response)))
    matched = _matches(key.readings, given)
    if matched is None:
        read_as, recognised = mathematics.latex(given[0]), _recognised(key, wrong_answers, given)
        if recognised is None and _matches(key.readings, _bracketed(given)):
            return partial(Reason.FORM, read_as, form=BRACKETS)
        if recognised is None and _matches(key.readings, _assigned(key, given)):
            return partial(Reason.FORM, read_as, form=NAMES)
        return wrong(read_as, wrong_answer=recognised)
    reading, wanted = matched
    read_as = mathematics.latex(reading)
    lacking = _lacking_form(key, reading, wanted)
    if not lacking:
        return right(read_as)
    written = _recognised(key, wrong_answers, (reading,), exactly=True)
    return partial(Reason.FORM, read_as, form=lacking) if written is None else wrong(read_as, wrong_answer=written)


def _named(key: ExpressionKey, given: tuple[trees.Node, ...]) -> tuple[trees.Node, ...]:
    """Where `y = …` is asked for, the right side alone is given that name: prompts end in «y = …»."""
    solved = key.readings[0]
    if key.form != Form.SOLVED or not isinstance(solved, trees.Relation) or solved.signs != ("=",):
        return given
    name = solved.sides[0]
    return tuple(
        reading if isinstance(reading, trees.COLLECTIONS) else trees.Relation((name, reading), ("=",))
        for reading in given
    )


def _in_letters_of(key: ExpressionKey, reading: trees.Node) -> trees.Node:
    """`X = 4` as `x = 4` where the key has no X: phones write the first letter large."""
    wanted = key.readings[0].names
    names = {
        name: name.swapcase()
        for name in reading.names - wanted
        if name.swapcase() in wanted and name.swapcase() not in reading.names
    }
    found: trees.Node = trees.renamed(reading, names) if names else reading
    return found


def _bracketed(given: Sequence[trees.Node]) -> tuple[trees.Node, ...]:
    """The points that `2, -3` may be meant to be."""
    return tuple(
        trees.Point(reading.items) for reading in given if isinstance(reading, trees.Listing) and reading.joined == ","
    )


def _assigned(key: ExpressionKey, given: Sequence[trees.Node]) -> tuple[trees.Node, ...]:
    """What `3, 5` or `(3, 5)` may be meant to be where `x = 3, y = 5` is asked for: values in the key's order."""
    solved = statements(key.readings[0])
    if not all(isinstance(one, trees.Relation) and isinstance(one.sides[0], trees.Name) for one in solved):
        return ()
    names = [one.sides[0] for one in solved if isinstance(one, trees.Relation)]
    return tuple(
        trees.Listing(
            tuple(trees.Relation((name, value), ("=",)) for name, value in zip(names, reading.items, strict=True)), ","
        )
        for reading in given
        if isinstance(reading, trees.Listing | trees.Point) and len(reading.items) == len(names) > 1
    )


def read_expression(response: str) -> str:
    """How a formula was understood, as LaTeX. Raises Unreadable."""
    return mathematics.latex(mathematics.parse(response))


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


def _is_plain(node: trees.Node) -> bool:
    return isinstance(node.of if isinstance(node, trees.Negative) else node, trees.Number)


def _matches(keys: Sequence[trees.Node], given: Sequence[trees.Node]) -> tuple[trees.Node, trees.Node] | None:
    """The first reading of the answer that is equivalent to a key, with that key."""
    pairs = ((reading, key) for key in keys for reading in given)
    return next((pair for pair in pairs if mathematics.is_equivalent(*pair)), None)


def _lacking_form(key: ExpressionKey, reading: trees.Node, wanted: trees.Node) -> str:
    """The form that the answer should have and has not, or nothing."""
    if key.form is not None:
        return "" if has_form(reading, key.form, key=wanted) else key.form.value
    return unfinished(reading, wanted)


def unfinished(reading: trees.Node, wanted: trees.Node) -> str:
    """What is left to do where no form was named: nothing, SOLVED's name, or FINISHED; see the top of this module."""
    if not all(is_finished(said(statement)) for statement in statements(wanted)):
        return ""
    found = [_forward(statement) for statement in statements(reading)]
    if not all(has_form(statement, Form.SOLVED, key=wanted) for statement in found):
        return Form.SOLVED.value
    return "" if all(is_finished(said(statement)) for statement in found) else FINISHED


def statements(node: trees.Node) -> tuple[trees.Node, ...]:
    """The items of a list, or the thing itself."""
    return node.items if isinstance(node, trees.Listing) else (node,)


def _forward(statement: trees.Node) -> trees.Node:
    """`5 = x` and `-6 > x` with the variable on the left."""
    if isinstance(statement, trees.Relation) and len(statement.sides) == 2 and not statement.sides[0].names:
        return trees.Relation(statement.sides[::-1], (_TURNED.get(statement.signs[0], statement.signs[0]),))
    return statement


def said(statement: trees.Node) -> trees.Node:
    """The right side of a solved equation or inequality, else the thing itself."""
    if isinstance(statement, trees.Relation) and len(statement.sides) == 2:
        return statement.sides[1] if isinstance(statement.sides[0], trees.Name) else statement
    return statement


def _recognised(
    key: ExpressionKey, wrong_answers: Sequence[WrongAnswer], given: Sequence[trees.Node], *, exactly: bool = False
) -> int | None:
    """The index of the foreseen wrong answer that this is; exactly: only if it is written the same way."""
    for index, foreseen in enumerate(wrong_answers):
        if not isinstance(foreseen.response, str):
            continue
        try:
            expected = _named(key, readings(foreseen.response))
        except mathematics.Unreadable:
            continue
        if exactly:
            if any(bare(reading) == bare(other) for reading in given for other in expected):
                return index
        elif _matches(expected, given):
            return index
    return None
