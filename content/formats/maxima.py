"""A small part of Maxima, worked out: the question variables of STACK, from its own grammar into SymPy objects.

Nothing is handed to SymPy as text. What is not known here, or grows too large, raises MaximaProblem: the question is
then reported, never guessed. Random functions draw from the generator that is given.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

import sympy

MAX_STATEMENTS = 150
MAX_SIZE = 150  # operations of one expression
MAX_DEPTH = 60
MAX_POWER = 60
MAX_LIST = 100
ONE = sympy.Integer(1)
_TOKEN = re.compile(
    r"\s*(?:(\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+|\d+(?:[eE][-+]?\d+)?)|(\"[^\"]*\")|(%?[A-Za-z_]\w*)|(:=|<=|>=|\*\*|[-+*/^=<>#:,()\[\]{}!']))"
)
_BRACKETS = {"[": ("list", "]"), "{": ("set", "}")}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CONSTANTS = {"%pi": sympy.pi, "pi": sympy.pi, "%e": sympy.E, "e": sympy.E, "%i": sympy.I, "i": sympy.I}
_CONSTANTS |= {"inf": sympy.oo, "minf": -sympy.oo, "true": True, "false": False}


class MaximaProblem(ValueError):
    """Something that is not known here; the message names it."""


@dataclass
class Node:
    """What was read: a head and its parts."""

    head: str
    parts: "list[Node]" = field(default_factory=list)
    value: Any = None


def statements(source: str) -> Iterator[str]:
    """The statements of question variables: they end with `;` or `$`, or with a line where brackets are closed."""
    held = ""
    for piece in re.split(r"([;$\n])", _COMMENT.sub(" ", source)):
        if piece in {";", "$"} or (piece == "\n" and _is_whole(held)):
            if held.strip():
                yield held.strip()
            held = ""
        else:
            held += piece
    if held.strip():
        yield held.strip()


def _is_whole(text: str) -> bool:
    opened = sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
    return opened == 0 and not re.search(r"[-+*/^=<>:,]\s*\Z", text)


@lru_cache(maxsize=2_000)
def _read(text: str) -> Node:
    return _Reading(text).whole()


class Session:
    """The values of names after some statements."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.values: dict[str, Any] = {}
        self.functions: dict[str, tuple[list[str], Node]] = {}
        self.drawn = False

    def run(self, source: str) -> None:
        """Work out every statement. Raises MaximaProblem, naming the statement."""
        for number, statement in enumerate(statements(source)):
            if number >= MAX_STATEMENTS:
                raise MaximaProblem(f"more than {MAX_STATEMENTS} statements")
            try:
                self.work_out(statement)
            except MaximaProblem as problem:
                raise MaximaProblem(f"{' '.join(statement.split())[:60]}: {problem}") from None

    def work_out(self, text: str) -> Any:
        """Return the value of one expression or assignment. Raises MaximaProblem."""
        node = _read(text)
        try:
            return self._value(node, {}, 0)
        except MaximaProblem:
            raise
        except (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError, NotImplementedError) as error:
            raise MaximaProblem(str(error)[:100] or type(error).__name__) from None

    def _value(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise MaximaProblem("too deep")
        match node.head:
            case "value":
                return node.value
            case "name":
                return self._name(node.value, local)
            case ":":
                return self._assign(node, local, depth)
            case ":=":
                return self._define(node)
            case "list":
                return [self._value(part, local, depth + 1) for part in node.parts]
            case "set":
                return frozenset(_checked(self._value(part, local, depth + 1)) for part in node.parts)
            case "index":
                return self._index(node, local, depth)
            case "call":
                return self._call(node, local, depth)
            case head:
                parts = [self._value(part, local, depth + 1) for part in node.parts]
                return _checked(_operate(head, parts))

    def _name(self, name: str, local: dict[str, Any]) -> Any:
        for place in (local, self.values, _CONSTANTS):
            if name in place:
                return place[name]
        return sympy.Symbol(name.lstrip("%"))

    def _assign(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        target = node.parts[0]
        if target.head != "name":
            raise MaximaProblem("an assignment to what is no name")
        made = self._value(node.parts[1], local, depth + 1)
        if target.value != "simp":
            self.values[target.value] = made
        return made

    def _define(self, node: Node) -> None:
        target = node.parts[0]
        if target.head != "call" or any(part.head != "name" for part in target.parts):
            raise MaximaProblem("a definition of what is no function")
        self.functions[target.value] = ([part.value for part in target.parts], node.parts[1])

    def _index(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        whole, at = (self._value(part, local, depth + 1) for part in node.parts)
        if isinstance(whole, list) and getattr(at, "is_Integer", False) and 1 <= int(at) <= len(whole):
            return whole[int(at) - 1]
        raise MaximaProblem("an index that is not there")

    def _call(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        name = node.value
        if name in self.functions:
            names, body = self.functions[name]
            if len(names) != len(node.parts):
                raise MaximaProblem(f"{name}: another number of arguments")
            given = [self._value(part, local, depth + 1) for part in node.parts]
            return self._value(body, dict(zip(names, given, strict=True)), depth + 1)
        if name == "makelist" and len(node.parts) == 4 and node.parts[1].head == "name":
            return self._made_list(node, local, depth)
        if name in _IGNORED:
            return True
        parts = [self._value(part, local, depth + 1) for part in node.parts if not _is_option(part)]
        if name in _RANDOM:
            self.drawn = True
            return _checked(_RANDOM[name](self.rng, *parts))
        if name not in _FUNCTIONS:
            raise MaximaProblem(f"there is no function {name} here")
        return _checked(_FUNCTIONS[name](*parts))

    def _made_list(self, node: Node, local: dict[str, Any], depth: int) -> list[Any]:
        body, name, first, last = node.parts
        start, end = int(self._value(first, local, depth + 1)), int(self._value(last, local, depth + 1))
        if end - start >= MAX_LIST:
            raise MaximaProblem("a list that is too long")
        return [self._value(body, local | {name.value: sympy.Integer(at)}, depth + 1) for at in range(start, end + 1)]


def _is_option(node: Node) -> bool:
    """`simp` and `simp:false`, which say how, not what."""
    named = node.parts[0] if node.head in {":", "="} else node
    return named.head == "name" and named.value in {"simp", "nouns", "numer"}


def _checked(value: Any) -> Any:
    """A value that has not grown too large."""
    if isinstance(value, list | frozenset) and len(value) > MAX_LIST:
        raise MaximaProblem("a list that is too long")
    if isinstance(value, sympy.Basic):
        if value.has(sympy.nan, sympy.zoo):
            raise MaximaProblem("a division by zero")
        if sympy.count_ops(value) > MAX_SIZE or any(abs(part) > 10**30 for part in value.atoms(sympy.Integer)):
            raise MaximaProblem("an expression that is too large")
    return value


def _operate(head: str, parts: list[Any]) -> Any:
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
    if not all(isinstance(part, sympy.Expr) for part in parts):
        raise MaximaProblem(f"{head} of what is no expression")
    if head == "^" and parts[1].is_number and (not parts[1].is_real or abs(parts[1]) > MAX_POWER):
        raise MaximaProblem("a power that is too high")
    return _ARITHMETIC[head](*parts)


def _on_lists(head: str, parts: list[Any]) -> Any:
    lists = [part for part in parts if isinstance(part, list)]
    if len(parts) == 1:
        return [_operate(head, [part]) for part in lists[0]]
    count = len(lists[0])
    if any(len(each) != count for each in lists):
        raise MaximaProblem("lists of different lengths")
    spread = [part if isinstance(part, list) else [part] * count for part in parts]
    return [_operate(head, list(pair)) for pair in zip(*spread, strict=True)]


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
    raise MaximaProblem(f"{name} of something that it is not known of here")


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


_RANDOM: dict[str, Callable[..., Any]] = {
    "rand": _rand,
    "rand_range": lambda rng, low, high, step=ONE: _one_of(rng, _steps(low, high, step)),
    "rand_with_step": lambda rng, low, high, step: _one_of(rng, _steps(low, high, step)),
    "rand_with_prohib": lambda rng, low, high, without: _one_of(
        rng, [each for each in _steps(low, high) if each not in without]
    ),
    "rand_selection": _selection,
    "random_permutation": lambda rng, values: _selection(rng, values, sympy.Integer(len(values))),
}
_IGNORED = {"ordergreat", "orderless", "unorder", "texput", "stack_reset_vars", "assume"}


def _same(value: Any, *how: Any) -> Any:
    return value


def _solve(equation: Any, name: Any) -> list[Any]:
    expression = equation.lhs - equation.rhs if isinstance(equation, sympy.Eq) else equation
    if not expression.is_polynomial(name) or sympy.degree(expression, name) > 2:
        raise MaximaProblem("solve of more than a quadratic equation")
    return [sympy.Eq(name, root, evaluate=False) for root in sympy.roots(sympy.Poly(expression, name))]


def _is(value: Any) -> bool:
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


def _ev(value: Any, *changes: Any) -> Any:
    return _substituted([each for each in changes if isinstance(each, sympy.Eq)], value) if changes else value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"ev": _ev, "expand": _each(sympy.expand), "factor": _each(sympy.factor), "ratsimp": _each(sympy.ratsimp)},
    **{"fullratsimp": _each(sympy.ratsimp), "radcan": _each(sympy.ratsimp), "simplify": _each(sympy.ratsimp)},
    **{"unary_minus_sort": _same, "disp_select": _same, "remove_disp": _same, "decimalplaces": _same},
    **{
        "dispdp": _same,
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
    **{"setdifference": lambda first, other: first - other, "is": _is, "nounify": _same},
    **{
        "coeff": lambda value, name, power=ONE: sympy.expand(value).coeff(name, _integer(power)),
        "solve": _solve,
    },
    **{"factorial": lambda value: _ARITHMETIC["!"](value), "binomial": sympy.binomial, "primep": sympy.isprime},
}


class _Reading:
    """Recursive descent, from assignments down to atoms."""

    def __init__(self, text: str) -> None:
        if len(text) > 5_000:
            raise MaximaProblem("too long")
        self.tokens: list[tuple[int, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise MaximaProblem(f"cannot be read from {text[at:].strip()[:20]}")
            self.tokens.append((found.lastindex or 0, found[found.lastindex or 0]))
            at = found.end()
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.assignment()
        if self.at < len(self.tokens):
            raise MaximaProblem(f"unexpected {self.tokens[self.at][1]}")
        return node

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *tokens: str) -> str:
        token = self.peek()
        if token in tokens and self.tokens[self.at][0] != 2:
            self.at += 1
            return token
        return ""

    def need(self, token: str) -> None:
        if not self.take(token):
            raise MaximaProblem(f"{token} is missing")

    def assignment(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MaximaProblem("too deep")
        left = self.logical()
        if sign := self.take(":", ":="):
            left = Node(sign, [left, self.assignment()])
        self.depth -= 1
        return left

    def logical(self) -> Node:
        left = self.negated()
        while sign := self.take("and", "or"):
            left = Node(sign, [left, self.negated()])
        return left

    def negated(self) -> Node:
        return Node("not", [self.negated()]) if self.take("not") else self.relation()

    def relation(self) -> Node:
        left = self.sum()
        if sign := self.take("=", "<", ">", "<=", ">=", "#"):
            left = Node(sign, [left, self.sum()])
        return left

    def sum(self) -> Node:
        left = self.product()
        while sign := self.take("+", "-"):
            left = Node(sign, [left, self.product()])
        return left

    def product(self) -> Node:
        left = self.signed()
        while sign := self.take("*", "/"):
            left = Node(sign, [left, self.signed()])
        return left

    def signed(self) -> Node:
        if sign := self.take("-", "+"):
            return Node(sign, [self.signed()])
        return self.power()

    def power(self) -> Node:
        base = self.after(self.atom())
        return Node("^", [base, self.signed()]) if self.take("^", "**") else base

    def after(self, node: Node) -> Node:
        while True:
            if self.take("["):
                node = Node("index", [node, self.assignment()])
                self.need("]")
            elif self.take("!"):
                node = Node("!", [node])
            else:
                return node

    def atom(self) -> Node:
        self.take("'")
        if self.at >= len(self.tokens):
            raise MaximaProblem("something is missing at the end")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == 1:
            return Node("value", value=_read_number(token))
        if kind == 2:
            return Node("value", value=token[1:-1])
        if kind == 3:
            if self.take("("):
                return Node("call", self.until(")"), token)
            return Node("name", value=token)
        if token == "(":  # noqa: S105 (a sign)
            node = self.assignment()
            self.need(")")
            return node
        if ends := _BRACKETS.get(token):
            return Node(ends[0], self.until(ends[1]))
        raise MaximaProblem(f"unexpected {token}")

    def until(self, end: str) -> list[Node]:
        parts: list[Node] = []
        if self.take(end):
            return parts
        while True:
            parts.append(self.assignment())
            if self.take(end):
                return parts
            self.need(",")


def _read_number(token: str) -> Any:
    """Exact: a decimal is the fraction that it says."""
    if len(token) > 40 or re.search(r"[eE][-+]?\d{3,}", token):
        raise MaximaProblem("a number that is too long")
    return sympy.Rational(token) if token.isdecimal() else sympy.Rational(str(sympy.Rational(token)))
