"""A small part of Maxima's grammar, as STACK's question variables are written: statements to trees.

Nothing is worked out here, and nothing is handed to anyone as text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sympy

MAX_LENGTH = 5_000  # characters of one statement
MAX_DEPTH = 60
_NUMBER = r"(\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+|\d+(?:[eE][-+]?\d+)?)"
_SIGN = r"(:=|<=|>=|\*\*|[-+*/^=<>#:,()\[\]{}!'|.])"
_TOKEN = re.compile(rf"\s*(?:{_NUMBER}|(\"[^\"]*\")|(%?[A-Za-z_]\w*)|{_SIGN})")
_BRACKETS = {"[": ("list", "]"), "{": ("set", "}")}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


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
def read(text: str) -> Node:
    """Return the tree of one statement. Raises MaximaProblem."""
    return _Reading(text).whole()


class _Reading:
    """Recursive descent, from assignments down to atoms."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise MaximaProblem("too long")
        self.tokens: list[tuple[int, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise MaximaProblem(f"it cannot be read from here: {text[at:].strip()[:20]}")
            self.tokens.append((found.lastindex or 0, found[found.lastindex or 0]))
            at = found.end()
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.assignment()
        if self.at < len(self.tokens):
            raise MaximaProblem(f"unexpected: {self.tokens[self.at][1]}")
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
            raise MaximaProblem(f"something is missing: {token}")

    def assignment(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MaximaProblem("too deep")
        if self.take("if"):
            left = self.choice()
        else:
            left = self.logical()
            if sign := self.take(":", ":="):
                left = Node(sign, [left, self.assignment()])
        self.depth -= 1
        return left

    def choice(self) -> Node:
        condition = self.logical()
        self.need("then")
        then = self.assignment()
        if self.take("elseif"):
            return Node("if", [condition, then, self.choice()])
        otherwise = self.assignment() if self.take("else") else Node("value", value=False)
        return Node("if", [condition, then, otherwise])

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
        while sign := self.take("*", "/", "."):
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
        if self.take("'"):
            node = self.atom()
            return Node("noun", node.parts, node.value) if node.head == "call" else node
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
        if token == "|":  # noqa: S105 (a sign)
            node = self.assignment()
            self.need("|")
            return Node("call", [node], "abs")
        if ends := _BRACKETS.get(token):
            return Node(ends[0], self.until(ends[1]))
        raise MaximaProblem(f"unexpected: {token}")

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
