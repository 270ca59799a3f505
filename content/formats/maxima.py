"""A small part of Maxima, worked out: the question variables of STACK, from its own grammar into SymPy objects.

Nothing is handed to SymPy as text. What is not known here, or grows too large, raises MaximaProblem: the question is
then reported, never guessed. Random functions draw from the generator that is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import sympy

from content.formats.maxima_functions import FUNCTIONS, IGNORED, MAX_LIST, NOUNS, RANDOM, checked, is_true, operate
from content.formats.maxima_grammar import MAX_DEPTH, MaximaProblem, Node, read, statements

__all__ = ["MaximaProblem", "Session"]

MAX_STATEMENTS = 150
MAX_STEPS = 20_000  # parts of statements that are worked out, for one question
_CONSTANTS = {"%pi": sympy.pi, "pi": sympy.pi, "%e": sympy.E, "e": sympy.E, "%i": sympy.I, "i": sympy.I}
_CONSTANTS |= {"inf": sympy.oo, "minf": -sympy.oo, "true": True, "false": False}


@dataclass(frozen=True)
class _Function:
    """A function of the author: `f(x) := …` or `lambda([x], …)`."""

    names: list[str]
    body: Node


class Session:
    """The values of names after some statements."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.values: dict[str, Any] = {}
        self.functions: dict[str, _Function] = {}
        self.drawn = False
        self.steps = 0

    def run(self, source: str) -> None:
        """Work out every statement. Raises MaximaProblem, naming the statement."""
        for number, statement in enumerate(statements(source)):
            if number >= MAX_STATEMENTS:
                raise MaximaProblem(f"too many statements: at most {MAX_STATEMENTS}")
            try:
                self.work_out(statement)
            except MaximaProblem as problem:
                raise MaximaProblem(f"{' '.join(statement.split())[:60]}: {problem}") from None

    def branch(self) -> "Session":
        """Another session that knows the same and may go on without this one."""
        made = Session(self.rng)
        made.values, made.functions = dict(self.values), dict(self.functions)
        return made

    def work_out(self, text: str) -> Any:
        """Return the value of one expression or assignment. Raises MaximaProblem."""
        node = read(text)
        try:
            return self._value(node, {}, 0)
        except MaximaProblem:
            raise
        except (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError, NotImplementedError) as error:
            raise MaximaProblem(str(error)[:100] or type(error).__name__) from None

    def _value(self, node: Node, local: dict[str, Any], depth: int) -> Any:  # noqa: C901 (a table of heads)
        self.steps += 1
        if depth > MAX_DEPTH or self.steps > MAX_STEPS:
            raise MaximaProblem("too deep" if depth > MAX_DEPTH else "too much to work out")
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
                return frozenset(_member(checked(self._value(part, local, depth + 1))) for part in node.parts)
            case "if":
                is_so = is_true(self._value(node.parts[0], local, depth + 1))
                return self._value(node.parts[1 if is_so else 2], local, depth + 1)
            case "noun":
                return self._noun(node, local, depth)
            case "index":
                return self._index(node, local, depth)
            case "call":
                return self._call(node, local, depth)
            case head:
                parts = [self._value(part, local, depth + 1) for part in node.parts]
                return checked(operate(head, parts))

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
        self.functions[target.value] = _Function([part.value for part in target.parts], node.parts[1])

    def _index(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        whole, at = (self._value(part, local, depth + 1) for part in node.parts)
        if isinstance(whole, list) and getattr(at, "is_Integer", False) and 1 <= int(at) <= len(whole):
            return whole[int(at) - 1]
        raise MaximaProblem("an index that is not there")

    def _call(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        name, parts = node.value, node.parts
        if name == "makelist" and len(parts) in {3, 4} and parts[1].head == "name":
            return self._made_list(node, local, depth)
        if name in {"sum", "product"} and len(parts) == 4 and parts[1].head == "name":
            values = self._made_list(node, local, depth)
            return checked(sympy.Add(*values) if name == "sum" else sympy.Mul(*values))
        if name == "lambda" and len(parts) == 2 and parts[0].head == "list":
            return _Function([part.value for part in parts[0].parts], parts[1])
        if name in {"map", "maplist", "apply", "zip_with"} and len(parts) > 1:
            function = self._function(parts[0], local, depth)
            lists = [_listed(self._value(part, local, depth + 1)) for part in parts[1:]]
            if name == "apply":
                return checked(function(*lists[0]))
            return checked([function(*values) for values in zip(*lists, strict=True)])
        if name in IGNORED:
            return True
        given = [self._value(part, local, depth + 1) for part in parts if not _is_option(part)]
        return self._called(name, given, local, depth)

    def _called(self, name: str, given: list[Any], local: dict[str, Any], depth: int) -> Any:
        """The value of a function by its name."""
        held = local.get(name, self.values.get(name))
        function = held if isinstance(held, _Function) else self.functions.get(name)
        if function is not None:
            if len(function.names) != len(given):
                raise MaximaProblem(f"another number of arguments is needed: {name}")
            return self._value(function.body, local | dict(zip(function.names, given, strict=True)), depth + 1)
        if name in RANDOM:
            self.drawn = True
            return checked(RANDOM[name](self.rng, *given))
        if name not in FUNCTIONS:
            raise MaximaProblem(f"there is no such function: {name}")
        return checked(FUNCTIONS[name](*given))

    def _function(self, node: Node, local: dict[str, Any], depth: int) -> Callable[..., Any]:
        """A function that is given to another one: by its name, its sign in quotes, or as a lambda."""
        if node.head == "name":
            return lambda *given: self._called(node.value, list(given), local, depth + 1)
        value = self._value(node, local, depth + 1)
        if value == "[":
            return lambda *given: list(given)
        if isinstance(value, str):
            return lambda first, *more: _folded(value, first, more)
        if not isinstance(value, _Function):
            raise MaximaProblem("a function was expected")
        names = value.names
        return lambda *given: self._value(value.body, local | dict(zip(names, given, strict=True)), depth + 1)

    def _noun(self, node: Node, local: dict[str, Any], depth: int) -> Any:
        """A function that is only written, not worked out: `'diff(f, x)`."""
        if node.value not in NOUNS:
            raise MaximaProblem(f"there is no such function: '{node.value}")
        return checked(NOUNS[node.value](*(self._value(part, local, depth + 1) for part in node.parts)))

    def _made_list(self, node: Node, local: dict[str, Any], depth: int) -> list[Any]:
        body, name, *places = node.parts
        if len(places) == 1:
            values = _listed(self._value(places[0], local, depth + 1))
        else:
            start, end = (int(self._value(place, local, depth + 1)) for place in places)
            if end - start >= MAX_LIST:
                raise MaximaProblem("a list that is too long")
            values = [sympy.Integer(at) for at in range(start, end + 1)]
        return [self._value(body, local | {name.value: value}, depth + 1) for value in values]


def _folded(sign: str, first: Any, more: tuple[Any, ...]) -> Any:
    for each in more:
        first = checked(operate(sign, [first, each]))
    return first


def _listed(value: Any) -> list[Any]:
    """The parts of a list or a set."""
    if isinstance(value, frozenset):
        return sorted(value, key=str)
    if not isinstance(value, list):
        raise MaximaProblem("a list was expected")
    return value


def _member(value: Any) -> Any:
    """A member of a set; a list in it is a point, whose parts cannot be changed."""
    return sympy.Tuple(*value) if isinstance(value, list) else value


def _is_option(node: Node) -> bool:
    """`simp` and `simp:false`, which say how, not what."""
    named = node.parts[0] if node.head in {":", "="} else node
    return named.head == "name" and named.value in {"simp", "nouns", "numer"}
