"""A small part of Maxima, worked out: the question variables of STACK, from its own grammar into SymPy objects.

Nothing is handed to SymPy as text. What is not known here, or grows too large, raises MaximaProblem: the question is
then reported, never guessed. Random functions draw from the generator that is given.
"""

from random import Random
from typing import Any

import sympy

from content.formats.maxima_functions import FUNCTIONS, IGNORED, MAX_LIST, RANDOM, checked, operate
from content.formats.maxima_grammar import MAX_DEPTH, MaximaProblem, Node, read, statements

__all__ = ["MaximaProblem", "Session"]

MAX_STATEMENTS = 150
_CONSTANTS = {"%pi": sympy.pi, "pi": sympy.pi, "%e": sympy.E, "e": sympy.E, "%i": sympy.I, "i": sympy.I}
_CONSTANTS |= {"inf": sympy.oo, "minf": -sympy.oo, "true": True, "false": False}


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
        node = read(text)
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
                return frozenset(checked(self._value(part, local, depth + 1)) for part in node.parts)
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
        if name in IGNORED:
            return True
        parts = [self._value(part, local, depth + 1) for part in node.parts if not _is_option(part)]
        if name in RANDOM:
            self.drawn = True
            return checked(RANDOM[name](self.rng, *parts))
        if name not in FUNCTIONS:
            raise MaximaProblem(f"there is no function {name} here")
        return checked(FUNCTIONS[name](*parts))

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
