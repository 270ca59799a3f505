"""Tokens to a tree, by recursive descent: the grammar of what a student may write.

answer    = part {("," | ";" | or | and) part}          lists, solutions, unions
part      = sum {relation sum}
sum       = ["+" | "-" | "±"] term {("+" | "-" | "±") term}
term      = signed {("*" | "/" | nothing) signed}      nothing between two factors multiplies them
signed    = {"-" | "+"} power
power     = atom {"!" | "%" | "°" | superscript} ["^" exponent]
atom      = number | mixed number | name | constant | function | \\frac | \\sqrt | |sum| | brackets | matrix

`^` takes the whole number after it, `\\frac` and `\\sqrt` single digits, as LaTeX does. `1/2x` is (1/2)·x.
"""

from collections.abc import Callable

from content.mathematics import trees
from content.mathematics.atoms import AtomReader
from content.mathematics.problems import Code, Unreadable
from content.mathematics.tokens import Kind, tokenize

RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "in"})


def parse(text: str, *, thousands: bool = True) -> trees.Node:
    """Read text or LaTeX into a tree; bounded in length, depth and the size of numbers.

    thousands: whether `1,234` outside brackets is one number (else it is a list of two). Raises Unreadable.
    """
    return _Reader(text, tokenize(text, thousands=thousands)).read()


class _Reader(AtomReader):
    def read(self) -> trees.Node:
        if self.at(Kind.END):
            raise Unreadable(Code.EMPTY, "", 0)
        whole = self.listing()
        if not self.at(Kind.END):
            closing = self.at(Kind.SIGN) and self.here.text in (")", "]", "}", "\\}")
            raise self.refuse(Code.MISSING_OPEN if closing else Code.UNEXPECTED)
        return whole

    def listing(self) -> trees.Node:
        """Parts with `,`, `;`, `or`, `and` between them; the connective that is said decides."""
        parts, joined = [self.part()], ""
        while self.here.kind == Kind.SIGN and self.here.text in (",", ";", "or", "and"):
            comma = self.here.text in (",", ";")
            sign = "," if comma else self.here.text
            self.step()
            if comma and self.here.text in ("or", "and") and self.here.kind == Kind.SIGN:
                continue  # «1, 2, or 3»
            joined = sign if joined in ("", ",") else joined
            parts.append(self.part())
        return trees.Listing(tuple(parts), joined) if len(parts) > 1 else parts[0]

    def part(self) -> trees.Node:
        start = self.here.start
        sides, signs = [self.sum()], []
        while self.here.kind == Kind.SIGN and self.here.text in RELATIONS:
            signs.append(self.step().text)
            sides.append(self.sum())
        return self.make(lambda: trees.Relation(tuple(sides), tuple(signs)), start) if signs else sides[0]

    def sum(self) -> trees.Node:
        terms: list[trees.Node] = []
        while True:
            sign = self.take("+", "-", "±", "∓")
            if terms and not sign:
                break
            start = self.here.start
            term = self.term()
            if sign in ("±", "∓"):
                left = self.summed(terms, start) if terms else None
                terms = [self.plus_minus(left, term, sign, start)]
            else:
                terms.append(self.negative(term, start) if sign == "-" else term)
        return self.summed(terms, start)

    def plus_minus(self, left: trees.Node | None, right: trees.Node, sign: str, start: int) -> trees.Node:
        return self.make(lambda: trees.PlusMinus(left, right, "+" if sign == "±" else "-"), start)

    def negative(self, of: trees.Node, start: int) -> trees.Node:
        return self.make(lambda: trees.Negative(of), start)

    def summed(self, terms: list[trees.Node], start: int) -> trees.Node:
        return self.make(lambda: trees.Sum(tuple(terms)), start) if len(terms) > 1 else terms[0]

    def term(self) -> trees.Node:
        start = self.here.start
        factors = [self.signed()]
        while True:
            if self.take("*"):
                factors.append(self.signed())
            elif self.take("/"):
                bottom_at = self.here.start
                bottom = self.signed()
                top = self.multiplied(factors, start)
                factors = [self.quotient(top, bottom, bottom_at)]
            elif self.starts_factor():
                factors.append(self.power())
            else:
                return self.multiplied(factors, start)

    def quotient(self, top: trees.Node, bottom: trees.Node, start: int) -> trees.Node:
        return self.make(lambda: trees.Quotient(top, bottom), start)

    def multiplied(self, factors: list[trees.Node], start: int) -> trees.Node:
        return self.make(lambda: trees.Product(tuple(factors)), start) if len(factors) > 1 else factors[0]

    def signed(self) -> trees.Node:
        negative, start = False, self.here.start
        while sign := self.take("-", "+"):
            negative ^= sign == "-"
        found = self.power()
        return self.negative(found, start) if negative else found

    def power(self) -> trees.Node:
        """An atom with what stands behind it. `-x^2` is -(x^2), `x^-2` and `2^3^2` are read as usual."""
        start = self.here.start
        base = self.suffixed(self.atom(), start)
        while self.take("^"):
            if not self.degrees():
                return self.suffixed(self.to_power(base, self.deeper(self.signed), start), start)
            base = self.suffixed(self.make(self.call("degrees", base), start), start)
        return base

    def to_power(self, base: trees.Node, exponent: trees.Node, start: int) -> trees.Node:
        return self.make(lambda: trees.Power(base, exponent), start)

    def degrees(self) -> bool:
        """Step over the rest of `^\\circ` or `^{\\circ}`, where it stands."""
        ahead = [token.text for token in self.tokens[self.index : self.index + 3]]
        length = 1 if ahead[:1] == ["°"] else 3 if ahead == ["{", "°", "}"] else 0
        self.index += length
        return bool(length)

    def suffixed(self, found: trees.Node, start: int) -> trees.Node:
        """What stands behind an atom: `!`, `%`, `°` and superscript digits."""
        while True:
            if self.here.kind == Kind.RAISED:
                found = self.raised(found, start)
            elif sign := self.take("!", "%", "°"):
                function = {"!": "factorial", "%": "percent", "°": "degrees"}[sign]
                found = self.make(self.call(function, found), start)
            else:
                return found

    def call(self, function: str, argument: trees.Node) -> Callable[[], trees.Node]:
        return lambda: trees.Call(function, (argument,))

    def raised(self, base: trees.Node, start: int) -> trees.Node:
        return self.to_power(base, self.raised_exponent(), start)

    def raised_exponent(self) -> trees.Node:
        """x², x⁻¹, xⁿ: a sign, then digits or one n."""
        token = self.step()
        digits = token.text.lstrip("+-")
        if digits == "n":
            size: trees.Node = trees.Name("n")
        elif digits.isdigit():
            size = trees.Number(digits)
        else:
            raise Unreadable(Code.UNEXPECTED, self.text[token.start : token.stop], token.start)
        return trees.Negative(size) if token.text[0] == "-" else size
