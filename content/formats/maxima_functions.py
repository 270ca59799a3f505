"""The functions of Maxima that are known here, on SymPy's objects, lists and sets; every result is bounded."""

from collections.abc import Callable
from random import Random
from typing import Any

import sympy

from content.formats.maxima_grammar import MaximaProblem

MAX_SIZE = 150  # operations of one expression
MAX_TERMS = 2_000  # that it could be expanded to
MAX_POWER = 60
MAX_LIST = 100
ONE = sympy.Integer(1)


def checked(value: Any) -> Any:
    """A value that has not grown too large."""
    if isinstance(value, list | frozenset) and len(value) > MAX_LIST:
        raise MaximaProblem("a list that is too long")
    if isinstance(value, sympy.MatrixBase):
        for cell in value:
            checked(cell)
        if len(value) > MAX_LIST:
            raise MaximaProblem("a matrix that is too large")
    elif isinstance(value, sympy.Basic):
        if value.has(sympy.nan, sympy.zoo):
            raise MaximaProblem("a division by zero")
        if (
            sympy.count_ops(value) > MAX_SIZE
            or _terms(value) > MAX_TERMS
            or any(abs(part) > 10**30 for part in value.atoms(sympy.Integer))
        ):
            raise MaximaProblem("an expression that is too large")
    return value


def _terms(value: Any) -> int:
    """About how many terms an expression would have if it were expanded: what all work on it depends on."""
    if isinstance(value, sympy.Pow) and value.exp.is_Integer:
        return int(min(_terms(value.base) ** min(abs(int(value.exp)), MAX_POWER), MAX_TERMS + 1))
    counts = [_terms(part) for part in getattr(value, "args", ())]
    if isinstance(value, sympy.Add):
        return min(sum(counts), MAX_TERMS + 1)
    made = 1
    for count in counts:
        made = min(made * count, MAX_TERMS + 1)
    return made


def operate(head: str, parts: list[Any]) -> Any:
    if head == ".":
        return _matrix_product(*parts)
    if head in {"and", "or", "not"}:
        return {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[head](*parts)
    if head == "=":
        return (
            sympy.Eq(*parts, evaluate=False)
            if all(isinstance(part, sympy.Basic) for part in parts)
            else parts[0] == parts[1]
        )
    if head in _RELATIONS:
        return _RELATIONS[head](*parts)
    if any(isinstance(part, list) for part in parts):
        return _on_lists(head, parts)
    if any(isinstance(part, sympy.MatrixBase) for part in parts):
        return _on_matrices(head, parts)
    if not all(isinstance(part, sympy.Expr) for part in parts):
        raise MaximaProblem(f"a function of what is no expression: {head}")
    if head == "^" and parts[1].is_number and (not parts[1].is_real or abs(parts[1]) > MAX_POWER):
        raise MaximaProblem("a power that is too high")
    return _ARITHMETIC[head](*parts)


def _on_lists(head: str, parts: list[Any]) -> Any:
    lists = [part for part in parts if isinstance(part, list)]
    if len(parts) == 1:
        return [operate(head, [part]) for part in lists[0]]
    count = len(lists[0])
    if any(len(each) != count for each in lists):
        raise MaximaProblem("lists of different lengths")
    spread = [part if isinstance(part, list) else [part] * count for part in parts]
    return [operate(head, list(pair)) for pair in zip(*spread, strict=True)]


def _on_matrices(head: str, parts: list[Any]) -> Any:
    """Maxima works cell by cell; powers of matrices are not known here."""
    matrices = [part for part in parts if isinstance(part, sympy.MatrixBase)]
    shape = matrices[0].shape
    if head == "^" or any(each.shape != shape for each in matrices):
        raise MaximaProblem("matrices that do not fit")
    spread = [list(part) if isinstance(part, sympy.MatrixBase) else [part] * len(matrices[0]) for part in parts]
    return sympy.ImmutableMatrix(*shape, [operate(head, list(cells)) for cells in zip(*spread, strict=True)])


def _matrix_product(left: Any, right: Any) -> Any:
    """A matrix by another one; a list is a row on the left and a column on the right."""
    if isinstance(left, list) and isinstance(right, list):
        return operate("*", [_matrix(left), sympy.Integer(1)]).dot(_matrix(right))
    left = _matrix(left) if isinstance(left, list) else left
    right = _matrix(right).T if isinstance(right, list) else right
    if not all(isinstance(part, sympy.MatrixBase) for part in (left, right)):
        return operate("*", [left, right])
    if left.cols != right.rows:
        raise MaximaProblem("matrices that do not fit")
    return left * right


def _matrix(*rows: Any) -> Any:
    if not rows or any(not isinstance(row, list) or len(row) != len(rows[0]) for row in rows):
        raise MaximaProblem("a matrix whose rows differ")
    return sympy.ImmutableMatrix([list(row) for row in rows])


_RELATIONS: dict[str, Callable[..., Any]] = {
    "<": lambda a, b: sympy.StrictLessThan(a, b, evaluate=False),
    ">": lambda a, b: sympy.StrictGreaterThan(a, b, evaluate=False),
    "<=": lambda a, b: sympy.LessThan(a, b, evaluate=False),
    ">=": lambda a, b: sympy.GreaterThan(a, b, evaluate=False),
    "#": lambda a, b: sympy.Ne(a, b, evaluate=False),
}
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": lambda *parts: parts[0] + parts[1] if len(parts) == 2 else parts[0],
    "-": lambda *parts: parts[0] - parts[1] if len(parts) == 2 else -parts[0],
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "!": lambda a: sympy.factorial(a) if a.is_Integer and 0 <= a <= 20 else _unknown("!"),
}


def _unknown(name: str) -> Any:
    raise MaximaProblem(f"a function of something that it is not known of here: {name}")


def _integer(value: Any) -> int:
    if not getattr(value, "is_Integer", False) or abs(int(value)) > 10**6:
        raise MaximaProblem("a whole number was expected")
    return int(value)


def _number(value: Any) -> Any:
    if not getattr(value, "is_Rational", False) and not getattr(value, "is_Float", False):
        raise MaximaProblem("a number was expected")
    return sympy.nsimplify(value, rational=True)


def _one_of(rng: Random, values: list[Any]) -> Any:
    if not values or len(values) > 10_000:
        raise MaximaProblem("nothing to draw from")
    return values[int(rng.random() * len(values))]


def _rand(rng: Random, of: Any) -> Any:
    if isinstance(of, list | frozenset):
        return _one_of(rng, sorted(of, key=str) if isinstance(of, frozenset) else of)
    return sympy.Integer(int(rng.random() * _integer(of)))


def _steps(low: Any, high: Any, step: Any = ONE) -> list[Any]:
    low, high, step = _number(low), _number(high), _number(step)
    if step <= 0 or (high - low) / step > 10_000:
        raise MaximaProblem("a range that is too long")
    return [low + at * step for at in range(int((high - low) / step) + 1)]


def _selection(rng: Random, values: list[Any], count: Any) -> list[Any]:
    values, made = list(values), []
    for _ in range(min(_integer(count), len(values))):
        made.append(values.pop(int(rng.random() * len(values))))
    return made


def _several(parts: list[Any], count: Any, rng: Random) -> list[Any]:
    if _integer(count) > len(parts):
        raise MaximaProblem("nothing to draw from")
    return _selection(rng, parts, count)


def _choices_drawn(rng: Random, right: list[Any], rights: Any, wrong: list[Any], wrongs: Any) -> list[Any]:
    """STACK's multiselqn: so many right and wrong choices, mixed, as choices of an input; and what they are."""
    drawn = [[each, True] for each in _several(right, rights, rng)] + [
        [each, False] for each in _several(wrong, wrongs, rng)
    ]
    mixed = _selection(rng, drawn, sympy.Integer(len(drawn)))
    return [mixed, [each for each, _ in mixed]]


def _choices_lettered(rng: Random, *parts: Any) -> list[Any]:
    """STACK's multiselqnalpha: the same, each with a letter as its name."""
    mixed, values = _choices_drawn(rng, *parts)
    return [[[f"({chr(97 + at)})", is_right, value] for at, (value, is_right) in enumerate(mixed)], values]


def _chosen(is_right: bool) -> Callable[[list[Any]], list[Any]]:
    return lambda choices: [each[0] for each in choices if bool(each[1]) is is_right]


RANDOM: dict[str, Callable[..., Any]] = {
    "rand": _rand,
    "rand_range": lambda rng, low, high, step=ONE: _one_of(rng, _steps(low, high, step)),
    "rand_with_step": lambda rng, low, high, step: _one_of(rng, _steps(low, high, step)),
    "rand_with_prohib": lambda rng, low, high, without: _one_of(
        rng, [each for each in _steps(low, high) if each not in without]
    ),
    "rand_selection": _selection,
    "multiselqn": _choices_drawn,
    "multiselqnalpha": _choices_lettered,
    "random_permutation": lambda rng, values: _selection(rng, values, sympy.Integer(len(values))),
}
IGNORED = {"ordergreat", "orderless", "unorder", "texput", "stack_reset_vars", "assume"}


def _same(value: Any, *how: Any) -> Any:
    return value


def _solve(equation: Any, name: Any) -> list[Any]:
    expression = equation.lhs - equation.rhs if isinstance(equation, sympy.Eq) else equation
    if not expression.is_polynomial(name) or sympy.degree(expression, name) > 2:
        raise MaximaProblem("solve of more than a quadratic equation")
    return [sympy.Eq(name, root, evaluate=False) for root in sympy.roots(sympy.Poly(expression, name))]


def is_true(value: Any) -> bool:
    """Whether a statement holds. Raises MaximaProblem if that cannot be said."""
    if isinstance(value, sympy.Eq | sympy.Ne):  # as in Maxima: whether both are written alike
        return (value.lhs == value.rhs) is isinstance(value, sympy.Eq)
    if isinstance(value, sympy.core.relational.Relational):
        value = value.func(value.lhs, value.rhs)
    if value in (True, sympy.true, False, sympy.false):
        return bool(value)
    raise MaximaProblem("is of what cannot be decided")


def _each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that goes into both sides of an equation, and into lists."""

    def made(value: Any, *more: Any) -> Any:
        if isinstance(value, list):
            return [made(each, *more) for each in value]
        if isinstance(value, sympy.Eq):
            return sympy.Eq(made(value.lhs), made(value.rhs), evaluate=False)
        return function(value, *more)

    return made


def _diff(value: Any, name: Any, times: Any = ONE) -> Any:
    return sympy.diff(value, name, min(_integer(times), 5))


def _substituted(changes: Any, value: Any) -> Any:
    pairs = changes if isinstance(changes, list) else [changes]
    if not all(isinstance(pair, sympy.Eq) for pair in pairs):
        raise MaximaProblem("a substitution that is no equation")
    return value.subs([(pair.lhs, pair.rhs) for pair in pairs])


def _integral(value: Any, name: Any, *bounds: Any) -> Any:
    """The integral of a sum of powers, exponentials, sines and cosines of something linear: what is quickly found."""
    made = sympy.Add(*(_integral_of_term(term, name) for term in sympy.Add.make_args(sympy.expand(value))))
    return made.subs(name, bounds[1]) - made.subs(name, bounds[0]) if bounds else made


def _integral_of_term(term: Any, name: Any) -> Any:
    factor, part = term.as_independent(name, as_Add=False)
    inner = part.base if isinstance(part, sympy.Pow) and not part.exp.has(name) else part
    inner = inner if inner is not part or not part.args or part is name else part.args[-1]
    slope = sympy.diff(inner, name)
    if part == 1:
        return factor * name
    if (
        slope.has(name)
        or slope == 0
        or not isinstance(part, sympy.Pow | sympy.exp | sympy.sin | sympy.cos | sympy.Symbol)
    ):
        raise MaximaProblem("an integral that is not known here")
    return factor * sympy.integrate(part, name)


def _limit(value: Any, name: Any, place: Any, *side: Any) -> Any:
    """The limit of a rational function where it is finite."""
    if not value.is_rational_function(name):
        raise MaximaProblem("a limit that is not known here")
    return sympy.cancel(value).subs(name, place) if place.is_finite else sympy.limit(value, name, place)


def _rounded(value: Any, digits: Any) -> Any:
    """A number with so many decimal places."""
    power = sympy.Integer(10) ** min(_integer(digits), 12)
    return sympy.Float(
        str(sympy.N(sympy.floor(_number(sympy.N(value, 30)) * power + sympy.Rational(1, 2)) / power, 20)), 15
    )


def _string(value: Any) -> str:
    return value if isinstance(value, str) else str(value).replace("**", "^")


def _associated(key: Any, pairs: list[Any], default: Any = False) -> Any:
    return next((pair[1] for pair in pairs if pair[0] == key), default)


def _ev(value: Any, *changes: Any) -> Any:
    return _substituted([each for each in changes if isinstance(each, sympy.Eq)], value) if changes else value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"ev": _ev, "expand": _each(sympy.expand), "factor": _each(sympy.factor), "ratsimp": _each(sympy.ratsimp)},
    **{"fullratsimp": _each(sympy.ratsimp), "radcan": _each(sympy.ratsimp), "simplify": _each(sympy.ratsimp)},
    **{"unary_minus_sort": _same, "disp_select": _same, "remove_disp": _same, "decimalplaces": _rounded},
    **{
        "dispdp": _rounded,
        "dispsf": _same,
        "significantfigures": lambda value, digits: sympy.Float(value, _integer(digits)),
    },
    **{
        "diff": _diff,
        "subst": lambda *parts: _substituted(*parts),
        "at": lambda value, changes: _substituted(changes, value),
    },
    **{"sqrt": _each(sympy.sqrt), "abs": _each(sympy.Abs), "exp": sympy.exp, "ln": sympy.log, "log": sympy.log},
    **{"sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "sec": sympy.sec, "csc": sympy.csc, "cot": sympy.cot},
    **{"asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan, "sinh": sympy.sinh, "cosh": sympy.cosh},
    **{
        "tanh": sympy.tanh,
        "floor": sympy.floor,
        "ceiling": sympy.ceiling,
        "round": lambda value: sympy.floor(value + sympy.Rational(1, 2)),
    },
    **{"float": lambda value: sympy.N(value, 15), "signum": sympy.sign, "min": sympy.Min, "max": sympy.Max},
    **{
        "gcd": sympy.gcd,
        "lcm": sympy.lcm,
        "mod": lambda a, b: sympy.Mod(a, b),
        "num": lambda value: sympy.fraction(value)[0],
    },
    **{"denom": lambda value: sympy.fraction(value)[1], "lhs": lambda value: value.lhs, "rhs": lambda value: value.rhs},
    **{"first": lambda values: values[0], "second": lambda values: values[1], "third": lambda values: values[2]},
    **{
        "last": lambda values: values[-1],
        "length": lambda values: sympy.Integer(len(values)),
        "rest": lambda values: values[1:],
    },
    **{
        "append": lambda *lists: [each for values in lists for each in values],
        "sort": lambda values: sorted(values, key=sympy.default_sort_key),
    },
    **{
        "set": lambda *parts: frozenset(parts),
        "setify": frozenset,
        "listify": lambda values: sorted(values, key=sympy.default_sort_key),
    },
    **{"union": lambda *sets: frozenset().union(*sets), "intersection": lambda first, *sets: first.intersection(*sets)},
    **{"setdifference": lambda first, other: first - other, "is": is_true, "nounify": _same},
    **{
        "coeff": lambda value, name, power=ONE: sympy.expand(value).coeff(name, _integer(power)),
        "solve": _solve,
    },
    **{"factorial": lambda value: _ARITHMETIC["!"](value), "binomial": sympy.binomial, "primep": sympy.isprime},
    **{"matrix": _matrix, "transpose": lambda value: value.T, "determinant": lambda value: value.det()},
    **{
        "invert": lambda value: value.inv(),
        "ident": lambda size: sympy.ImmutableMatrix(sympy.eye(min(_integer(size), 9))),
    },
    **{"integrate": _integral, "int": _integral, "limit": _limit, "string": _string},
    **{"sconcat": lambda *parts: "".join(map(_string, parts)), "concat": lambda *parts: "".join(map(_string, parts))},
    **{"mcq_correct": _chosen(True), "mcq_incorrect": _chosen(False), "assoc": _associated},
    **{
        "args": lambda value: sorted(value, key=sympy.default_sort_key) if isinstance(value, frozenset) else list(value)
    },
    **{"reverse": lambda values: values[::-1], "cardinality": lambda values: sympy.Integer(len(values))},
    **{"member": lambda value, values: value in values, "elementp": lambda value, values: value in values},
    **{"evenp": lambda value: bool(_integer(value) % 2 == 0), "oddp": lambda value: bool(_integer(value) % 2)},
    **{
        "integerp": lambda value: bool(getattr(value, "is_Integer", False)),
        "delete": lambda value, values: [each for each in values if each != value],
    },
    **{"quotient": lambda *parts: sympy.div(*parts)[0], "remainder": lambda *parts: sympy.div(*parts)[1]},
    **{
        "partfrac": lambda value, name: sympy.apart(value, name),
        "polynomialp": lambda value, names: value.is_polynomial(*names),
    },
}
NOUNS: dict[str, Callable[..., Any]] = {
    **{"diff": lambda value, name, times=ONE: sympy.Derivative(value, (name, min(_integer(times), 5)))},
    **{"int": lambda value, name, *ends: sympy.Integral(value, (name, *ends))},
    **{"integrate": lambda value, name, *ends: sympy.Integral(value, (name, *ends))},
    **{"sum": lambda value, name, *ends: sympy.Sum(value, (name, *ends))},
    **{"product": lambda value, name, *ends: sympy.Product(value, (name, *ends))},
    **{"limit": lambda value, name, place, *side: sympy.Limit(value, name, place, "+-")},
    **{"sqrt": lambda value: sympy.Pow(value, sympy.Rational(1, 2), evaluate=False)},
}
