"""The smallest parts of a formula: numbers, names, functions, brackets. The reader in reading.py builds on these."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from content.mathematics import limits, trees
from content.mathematics.problems import Code, Unreadable
from content.mathematics.tokens import Kind, Token

MATRICES = frozenset({"matrix", "pmatrix", "bmatrix", "vmatrix", "array"})
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}
_OPENERS = frozenset({"(", "[", "{", "\\{"})
_INVERSES = frozenset({"sin", "cos", "tan"})  # sin^-1 is the arcsine, not a power
_ARGUMENTS = {**dict.fromkeys(("gcd", "min", "max"), (2, limits.NODES)), "mod": (2, 2), "log": (1, 2)}  # else one
Made = TypeVar("Made", bound=trees.Node)


class AtomReader(ABC):
    """Walks through the tokens, and reads atoms."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.index = 0
        self.depth = 0
        self.made = 0
        self.bars = 0  # open | … | at this level of brackets

    @abstractmethod
    def listing(self) -> trees.Node: ...

    @abstractmethod
    def part(self) -> trees.Node: ...

    @abstractmethod
    def sum(self) -> trees.Node: ...

    @abstractmethod
    def power(self) -> trees.Node: ...

    @abstractmethod
    def signed(self) -> trees.Node: ...

    @abstractmethod
    def raised_exponent(self) -> trees.Node: ...

    @property
    def here(self) -> Token:
        return self.tokens[self.index]

    def at(self, kind: Kind) -> bool:
        return self.here.kind == kind

    def step(self) -> Token:
        token = self.here
        self.index += token.kind != Kind.END
        return token

    def take(self, *signs: str) -> str:
        """Step over one of these signs and return it, or return nothing."""
        return self.step().text if self.here.kind == Kind.SIGN and self.here.text in signs else ""

    def refuse(self, code: Code, token: Token | None = None) -> Unreadable:
        at = token or self.here
        return Unreadable(code, self.text[at.start : at.stop], at.start)

    def make(self, build: Callable[[], Made], start: int | None = None) -> Made:
        """Make a node; what is wrong with it is said about the text from start (else the last token) to here."""
        last = self.tokens[self.index - 1]
        begin = last.start if start is None else start
        self.made += 1
        part = self.text[begin : last.stop]
        try:
            made = build()
        except trees.TooLarge:
            raise Unreadable(Code.TOO_LARGE, part, begin) from None
        except trees.DividedByZero:
            raise Unreadable(Code.DIVISION_BY_ZERO, part, begin) from None
        if self.made > limits.NODES or made.height > limits.HEIGHT:
            raise Unreadable(Code.TOO_LONG, self.text)
        if trees.is_mixed(made):
            raise Unreadable(Code.UNEXPECTED, part, begin)
        return made

    def deeper(self, read: Callable[[], Made], *, anew: bool = True) -> Made:
        """Read something one level further down; anew: where `|` opens anew, as in brackets, not in `|cos x|`."""
        self.depth += 1
        if self.depth > limits.DEPTH:
            raise self.refuse(Code.TOO_DEEP)
        bars, self.bars = self.bars, 0 if anew else self.bars
        found = read()
        self.bars = bars
        self.depth -= 1
        return found

    def starts_factor(self) -> bool:
        """Whether what comes multiplies what was read. Two numbers side by side do not."""
        if self.here.kind == Kind.SIGN:
            return self.here.text in _OPENERS or (self.here.text == "|" and not self.bars)
        if self.here.kind == Kind.COMMAND:
            return self.here.text in ("frac", "sqrt")
        if self.here.kind != Kind.NUMBER:
            return self.here.kind in (Kind.NAME, Kind.CONSTANT, Kind.FUNCTION)
        before = self.tokens[self.index - 1]
        if before.kind == Kind.NUMBER and (self.here.spaced or self.here.text[0] == "."):
            raise self.refuse(Code.MISSING_OPERATOR)  # else the rest of digits, as in `\\frac123`
        return True

    def atom(self) -> trees.Node:
        token = self.here
        match token.kind:
            case Kind.NUMBER:
                return self.number()
            case Kind.NAME:
                return self.name()
            case Kind.CONSTANT:
                self.step()
                return self.make(lambda: trees.Constant(token.text))
            case Kind.FUNCTION:
                return self.deeper(self.function, anew=False)
            case Kind.COMMAND:
                return self.deeper(self.command)
            case Kind.SIGN if token.text == "|":
                return self.absolute()
            case Kind.SIGN if token.text in _OPENERS:
                return self.deeper(self.bracket)
        raise self._no_atom()

    def _no_atom(self) -> Unreadable:
        """Nothing that could be multiplied or added stands here: say what is missing."""
        before = self.tokens[self.index - 1] if self.index else None
        if self.here.kind == Kind.SIGN and self.here.text in (")", "]", "}", "\\}", "|", "&", "\\\\"):
            if before is None or self.depth == 0:
                return self.refuse(Code.MISSING_OPEN)
            return self.refuse(Code.INCOMPLETE) if before.text in _OPENERS else self._after(before)
        if self.here.kind == Kind.END and before is not None:
            return self.refuse(Code.MISSING_CLOSE, before) if before.text in _OPENERS else self._after(before)
        return self.refuse(Code.UNEXPECTED)

    def _after(self, before: Token) -> Unreadable:
        return self.refuse(Code.MISSING_OPERAND, before)

    def number(self) -> trees.Node:
        token = self.step()
        whole = self.make(lambda: trees.Number(token.text), token.start)
        if "." in token.text or "/" in token.text:
            return whole
        part = self._fraction_behind()
        return whole if part is None else self.make(lambda: trees.Mixed(whole, part), token.start)

    def _fraction_behind(self) -> trees.Node | None:
        """The `\\frac{3}{4}`, ` 3/4` or `¾` that makes the integer before it a mixed number."""
        if self.here.kind == Kind.NUMBER and "/" in self.here.text:
            token = self.step()
            return trees.Number(token.text)
        if self.here.kind == Kind.COMMAND and self.here.text == "frac":
            begin = self.index
            found = self.deeper(self.command)
            if isinstance(found, trees.Quotient) and _is_proper(found) and self.here.text != "^":
                return found
            self.index = begin
            return None
        ahead = self.tokens[self.index : self.index + 3]
        if [token.kind for token in ahead] != [Kind.NUMBER, Kind.SIGN, Kind.NUMBER] or ahead[1].text != "/":
            return None
        found = self.make(lambda: trees.Quotient(trees.Number(ahead[0].text), trees.Number(ahead[2].text)))
        if not (ahead[0].spaced and _is_proper(found)):
            return None
        self.index += 3
        return found

    def name(self) -> trees.Node:
        name = self.step().text
        if self.take("_"):
            braced = self.take("{")
            index = self.step()
            if index.kind not in (Kind.NUMBER, Kind.NAME):
                raise self._no_atom() if index.kind == Kind.END else self.refuse(Code.UNEXPECTED, index)
            name = f"{name}_{index.text}"
            if braced and not self.take("}"):
                raise self.refuse(Code.MISSING_CLOSE, index)
        return self.make(lambda: trees.Name(name))

    def absolute(self) -> trees.Node:
        opening = self.step()
        start = opening.start

        def within() -> trees.Node:
            self.bars = 1
            found = self.sum()
            if not self.take("|"):
                raise self.refuse(Code.MISSING_CLOSE, opening)
            return self.make(lambda: trees.Call("abs", (found,)), start)

        return self.deeper(within)

    def bracket(self) -> trees.Node:
        """`( )` around a part, a point, an interval with mixed brackets, or a set in braces."""
        opening = self.step()
        braces = opening.text in ("{", "\\{")
        if braces and self.here.kind == Kind.SIGN and self.here.text == _CLOSING[opening.text]:
            self.step()
            if opening.text == "{":
                raise self.refuse(Code.INCOMPLETE, opening)
            return trees.Constant("emptyset")
        found = self.listing()
        closing = self.take(")", "]", "}", "\\}")
        if not closing:
            ended = self.here.kind == Kind.END
            raise self.refuse(Code.MISSING_CLOSE, opening) if ended else self.refuse(Code.UNEXPECTED)
        several = found.items if isinstance(found, trees.Listing) and found.joined == "," else ()
        if braces or closing in ("}", "\\}"):
            if closing != _CLOSING[opening.text]:
                raise self.refuse(Code.MISSING_CLOSE, opening)
            return trees.Listing(several or (found,), "{}") if several or opening.text == "\\{" else found
        return self._rounded(found, several, opening, closing)

    def _rounded(self, found: trees.Node, several: tuple[trees.Node, ...], opening: Token, closing: str) -> trees.Node:
        if len(several) == 2 and opening.text + closing != "()":
            return trees.Interval(several[0], several[1], opening.text + closing)
        if closing != _CLOSING[opening.text]:
            raise self.refuse(Code.MISSING_CLOSE, opening)
        return trees.Point(several) if several else found

    def command(self) -> trees.Node:
        token = self.step()
        if token.text == "frac":
            top = self.argument()
            start = self.here.start
            bottom = self.argument()
            return self.make(lambda: trees.Quotient(top, bottom), start)
        if token.text == "sqrt":
            index: trees.Node = trees.Number("2")
            if self.take("["):
                opening = self.tokens[self.index - 1]
                index = self.sum()
                if not self.take("]"):
                    raise self.refuse(Code.MISSING_CLOSE, opening)
            radicand = self.argument()
            return self.make(lambda: trees.Root(radicand, index), token.start)
        return self.matrix(token)

    def argument(self) -> trees.Node:
        """What `\\frac` and `\\sqrt` apply to: something in braces, or one digit or letter."""
        token = self.here
        if token.kind == Kind.SIGN and token.text == "{":
            return self.deeper(self.bracket)
        if token.kind == Kind.NUMBER and len(token.text) > 1 and token.text.isdigit():
            rest = Token(Kind.NUMBER, token.text[1:], token.start + 1, token.stop)
            first = Token(Kind.NUMBER, token.text[0], token.start, token.start + 1, token.spaced)
            self.tokens[self.index : self.index + 1] = [first, rest]
        if token.kind == Kind.END:
            raise self.refuse(Code.INCOMPLETE, self.tokens[self.index - 1])
        if token.kind == Kind.NUMBER:
            digit = self.step()
            return self.make(lambda: trees.Number(digit.text), digit.start)
        return self.atom()

    def function(self) -> trees.Node:
        """A function with its base, its power and its argument: `\\log_2 8`, `\\sin^2 x`, `sqrt(2)`."""
        token = self.step()
        base = self.deeper(self._index) if self.take("_") else None
        exponent = self._power_of_function()
        arguments = self._arguments()
        fewest, most = _ARGUMENTS.get(token.text, (1, 1))
        if not fewest <= len(arguments) <= most:
            raise self.refuse(Code.UNEXPECTED, token)
        inverse = exponent is not None and exponent.value == -1 and token.text in _INVERSES
        function = f"arc{token.text}" if inverse else token.text
        made = self.make(lambda: _applied(function, arguments, base), token.start)
        if exponent is None or inverse:
            return made
        return self.make(lambda: trees.Power(made, exponent), token.start)

    def _power_of_function(self) -> trees.Node | None:
        """The exponent between a function and its argument: `sin^2 x`, `sin²x`."""
        if self.at(Kind.RAISED):
            return self.raised_exponent()
        return self.deeper(self.signed) if self.take("^") else None

    def _index(self) -> trees.Node:
        if self.here.kind == Kind.SIGN and self.here.text in ("{", "("):
            return self.bracket()
        token = self.step()
        if token.kind == Kind.NUMBER:
            return trees.Number(token.text)
        if token.kind in (Kind.NAME, Kind.CONSTANT):
            return trees.Name(token.text) if token.kind == Kind.NAME else trees.Constant(token.text)
        if token.kind == Kind.END:
            raise self._no_atom()
        raise self.refuse(Code.UNEXPECTED, token)

    def _arguments(self) -> tuple[trees.Node, ...]:
        """Those in brackets; or without brackets the factors that follow: sin 2x is sin(2x)."""
        if self.here.kind == Kind.SIGN and self.here.text in ("(", "{", "["):
            found = self.deeper(self.bracket)
            return found.items if isinstance(found, trees.Point) else (found,)
        start = self.here.start
        factors = [self.power()]
        while self.here.kind != Kind.FUNCTION and self.starts_factor() and self.here.text not in _OPENERS:
            factors.append(self.power())
        return (self.make(lambda: trees.Product(tuple(factors)), start) if len(factors) > 1 else factors[0],)

    def matrix(self, token: Token) -> trees.Node:
        """A matrix, or the `cases` of a system: rows up to the `\\end` that belongs to the `\\begin`."""
        word, _, environment = token.text.partition(" ")
        if word != "begin" or environment not in MATRICES | {"cases"}:
            raise self.refuse(Code.UNEXPECTED, token)
        entry = self.part if environment == "cases" else self.sum
        rows = [[entry()]]
        while not self.at(Kind.COMMAND):
            if self.take("&"):
                rows[-1].append(entry())
            elif self.take("\\\\"):
                if not (self.at(Kind.COMMAND) and self.here.text.startswith("end")):
                    rows.append([entry()])
            else:
                raise self.refuse(Code.MISSING_CLOSE, token)
        if self.step().text != f"end {environment}" or len({len(row) for row in rows}) > 1:
            raise self.refuse(Code.UNEXPECTED, token)
        if environment != "cases":
            return trees.Matrix(tuple(map(tuple, rows)))
        if len(rows[0]) > 1:
            raise self.refuse(Code.UNEXPECTED, token)
        return trees.Listing(tuple(row[0] for row in rows), "and")


def _is_proper(found: trees.Quotient) -> bool:
    """Whether a fraction can be the part of a mixed number: two integers, the first smaller."""
    top, bottom = found.top, found.bottom
    if not (isinstance(top, trees.Number) and isinstance(bottom, trees.Number)):
        return False
    return top.text.isdigit() and bottom.text.isdigit() and int(top.text) < int(bottom.text)


def _applied(function: str, arguments: tuple[trees.Node, ...], base: trees.Node | None) -> trees.Node:
    first = arguments[0]
    if function in ("sqrt", "cbrt"):
        return trees.Root(first, trees.Number("2" if function == "sqrt" else "3"))
    if function == "exp":
        return trees.Power(trees.Constant("e"), first)
    if function in ("log", "lg"):
        return trees.Call("log", (*arguments, base or trees.Number("10"))[:2])
    return trees.Call(function, arguments)
