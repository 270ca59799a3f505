"""Text or LaTeX, as a person types it or MathLive emits it, cut into tokens. Nothing is evaluated here.

Every token keeps its place in the text as it was given, so that a part that cannot be read can be pointed at.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from content.mathematics import limits, vocabulary
from content.mathematics.problems import Code, Unreadable


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    NAME = "name"  # one variable
    CONSTANT = "constant"  # pi, e, i, infinity, emptyset
    FUNCTION = "function"
    COMMAND = "command"  # frac, sqrt, `begin bmatrix`: read with their arguments
    SIGN = "sign"  # operators, relations, brackets, separators, by their plain spelling
    RAISED = "raised"  # superscript digits such as ²
    END = "end"


@dataclass(frozen=True)
class Token:
    """A piece of the text from `start` to `stop`; `text` is its plain spelling."""

    kind: Kind
    text: str
    start: int
    stop: int
    spaced: bool = False  # whether white space stands before it


_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3}(?![\d.A-Za-z]))?", re.ASCII)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:,|\{,\}|\\,)\d{3})+(?![\d,])(?:\.\d+)?", re.ASCII)
_MARKED_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:\{,\}|\\,)\d{3})+(?![\d,])(?:\.\d+)?", re.ASCII)  # 1{,}234
_GROUPS = re.compile(r"[1-9]\d{0,2}(?:(?: |\\,)\d{3})+(?![\d./]| *[/\d])(?:\.\d+)?", re.ASCII)  # 37 000
_REPEATING = re.compile(
    r"(\d+)\.(?:(\d{0,9})(?:\\overline\s*\{(\d{1,9})\}|\\dot\s*\{?(\d)\}?)|\((\d{1,9})\))(?![\d.])", re.ASCII
)  # 0.1\overline{6}, 0.\dot3, 0.(3); but 2.5(3) is a product
_IS = re.compile(r"\s*=(?![<>=])")  # `= 5` as the end of what the question begins
_WORD = re.compile(r"[A-Za-z]+")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_BRACED = re.compile(r"\s*\{([^{}]*)\}")
_COLUMNS = re.compile(r"\s*\{[lcr|\s]*\}")
_HAN = re.compile(r"[\u4e00-\u9fff]+")


def tokenize(text: str, *, thousands: bool = True) -> list[Token]:
    """Cut a text into tokens, the last of them of kind END.

    thousands: whether `1,234` outside brackets is one number (else it is a list of two). Raises Unreadable.
    """
    if len(text) > limits.LENGTH:
        raise Unreadable(Code.TOO_LONG, text, limits.LENGTH)
    return _Cutter(text, thousands).cut()


class _Cutter:
    def __init__(self, text: str, thousands: bool) -> None:
        self.given = text
        self.text = text.translate(vocabulary.PLAIN)
        self.thousands = thousands
        self.at = 0
        self.depth = 0
        self.spaced = False
        self.tokens: list[Token] = []

    def cut(self) -> list[Token]:
        self.text = self.text.rstrip(" .,;")  # the end of a sentence
        if said := _IS.match(self.text):
            self._skip(said.end())
        while self.at < len(self.text):
            self._next(self.text[self.at])
        self._add(Kind.END, "", 0)
        return self.tokens

    def _add(self, kind: Kind, plain: str, length: int) -> None:
        if kind == Kind.SIGN:
            self.depth += (plain in "([{\\{") - (plain in ")]}\\}")
        self.tokens.append(Token(kind, plain, self.at, self.at + length, self.spaced))
        self.at += length
        self.spaced = False

    def _skip(self, length: int) -> None:
        self.at += length
        self.spaced = True

    def _refuse(self, code: Code, length: int = 1) -> Unreadable:
        return Unreadable(code, self.given[self.at : self.at + length], self.at)

    def _next(self, sign: str) -> None:
        if sign == " ":
            self._skip(1)
        elif sign in "$€£¥":
            self._currency(sign)
        elif sign.isascii() and (sign.isdigit() or sign == "."):
            self._number()
        elif sign == "\\":
            self._command()
        elif sign.isascii() and sign.isalpha():
            self._word()
        elif (double := self.text[self.at : self.at + 2]) in vocabulary.DOUBLE:
            self._add(Kind.SIGN, vocabulary.DOUBLE[double], 2)
        elif sign in vocabulary.SINGLE:
            self._add(Kind.SIGN, vocabulary.SINGLE[sign], 1)
        else:
            self._other(sign)

    def _currency(self, sign: str) -> None:
        """`$` around a formula, and a currency beside a number or at an end, carry no meaning here."""
        before, after = self.text[: self.at].rstrip(), self.text[self.at + 1 :].lstrip(" $")
        doubled = sign == "$" and "$" in (self.text[self.at + 1 : self.at + 2], self.text[self.at - 1 : self.at])
        at_end = not before or not after
        if not (doubled or at_end or before[-1].isdigit() or after[0].isdigit() or before[-1] in "-+"):
            raise self._refuse(Code.UNEXPECTED)
        self._skip(1)

    def _number(self) -> None:
        if repeating := _REPEATING.match(self.text, self.at):
            self._add(Kind.NUMBER, _repeated(*repeating.groups("")), len(repeating[0]))
            return
        patterns = [_MARKED_THOUSANDS, _GROUPS, _NUMBER]
        if self.depth == 0 and self.thousands:
            patterns.insert(0, _THOUSANDS)
        if self.tokens and self.tokens[-1].text == "_":  # log_2 100
            patterns = [_NUMBER]
        found = next((match for pattern in patterns if (match := pattern.match(self.text, self.at))), None)
        if found is None:
            raise self._refuse(Code.UNEXPECTED)
        plain = re.sub(r"[^\d.eE+-]", "", found[0]).lower()
        if len(plain) > limits.DIGITS:
            raise self._refuse(Code.TOO_LARGE, len(found[0]))
        self._add(Kind.NUMBER, plain, len(found[0]))

    def _other(self, sign: str) -> None:
        if sign in vocabulary.LETTERS:
            self._named(vocabulary.LETTERS[sign], 1)
        elif sign in vocabulary.RAISED:
            length = next((n for n, raised in enumerate(self.text[self.at :]) if raised not in vocabulary.RAISED), None)
            length = len(self.text) - self.at if length is None else length
            plain = "".join(vocabulary.RAISED[raised] for raised in self.text[self.at : self.at + length])
            self._add(Kind.RAISED, plain, length)
        elif sign in vocabulary.LOWERED:
            self._add(Kind.SIGN, "_", 0)
            length = next((n for n, low in enumerate(self.text[self.at :]) if low not in vocabulary.LOWERED), None)
            length = len(self.text) - self.at if length is None else length
            plain = "".join(vocabulary.LOWERED[low] for low in self.text[self.at : self.at + length])
            self._add(Kind.NUMBER, plain, length)
        elif found := _HAN.match(self.text, self.at):
            self._han(found[0])
        elif (name := unicodedata.name(sign, "")).startswith("VULGAR FRACTION"):
            self._add(Kind.NUMBER, unicodedata.normalize("NFKC", sign).replace("⁄", "/"), 1)
        elif name.startswith("GREEK") and sign.isalpha():
            letter = name.rpartition(" ")[2]
            plain = letter.lower() if "SMALL" in name else letter.capitalize()
            self._add(Kind.NAME, plain if plain in vocabulary.GREEK else sign, 1)
        else:
            raise self._refuse(Code.UNKNOWN_SIGN)

    def _han(self, word: str) -> None:
        if word in vocabulary.CONNECTIVES:
            self._add(Kind.SIGN, vocabulary.CONNECTIVES[word], len(word))
        elif word in vocabulary.HAN_FUNCTIONS:
            self._named(vocabulary.HAN_FUNCTIONS[word], len(word))
        elif word in vocabulary.HAN_SPACES:
            self._skip(len(word))
        else:
            raise self._refuse(Code.UNKNOWN_WORD, len(word))

    def _command(self) -> None:
        found = _COMMAND.match(self.text, self.at)
        if found is None:
            raise self._refuse(Code.UNKNOWN_SIGN)
        name, length = found[0][1:], len(found[0])
        if name in vocabulary.SIZES or name in vocabulary.SPACES:
            self._skip(length)
        elif name in vocabulary.UPRIGHT:
            self._upright(found)
        elif name == "mathbb" and (braced := _BRACED.match(self.text, found.end())) and braced[1].strip() == "R":
            self._named("reals", braced.end() - self.at)
        elif name == "placeholder":
            raise self._refuse(Code.INCOMPLETE, length)
        elif name in ("begin", "end"):
            self._environment(found)
        elif name in vocabulary.COMMANDS:
            self._add(Kind.COMMAND, vocabulary.COMMANDS[name], length)
        elif name in vocabulary.SIGNS:
            self._add(Kind.SIGN, vocabulary.SIGNS[name], length)
        elif name in vocabulary.NAMED:
            self._named(name, length)
        else:
            raise self._refuse(Code.UNKNOWN_SIGN, length)

    def _environment(self, found: re.Match[str]) -> None:
        """`\\begin{bmatrix}` as one token."""
        braced = _BRACED.match(self.text, found.end())
        if braced is None:
            raise self._refuse(Code.INCOMPLETE, len(found[0]))
        columns = _COLUMNS.match(self.text, braced.end()) if braced[0].strip() == "{array}" else None
        stop = columns.end() if columns else braced.end()
        self._add(Kind.COMMAND, f"{found[0][1:]} {braced[1]}", stop - self.at)

    def _upright(self, found: re.Match[str]) -> None:
        """`\\text{or}` and the like: a connective, a function or variables written upright."""
        braced = _BRACED.match(self.text, found.end())
        if braced is None:
            raise self._refuse(Code.INCOMPLETE, len(found[0]))
        word, length = braced[1].strip(" ,"), braced.end() - self.at
        word = vocabulary.ALIASES.get(word, word)
        if not word:
            self._skip(length)
        elif word in vocabulary.CONNECTIVES:
            self._add(Kind.SIGN, vocabulary.CONNECTIVES[word], length)
        elif word in vocabulary.FUNCTIONS or word in vocabulary.CONSTANTS or (len(word) == 1 and word.isalpha()):
            self._named(word, length)
        else:
            raise self._refuse(Code.UNKNOWN_WORD, length)

    def _named(self, word: str, length: int) -> None:
        if word in vocabulary.FUNCTIONS:
            self._add(Kind.FUNCTION, word, length)
        elif word in vocabulary.CONSTANTS or word == "emptyset":
            self._add(Kind.CONSTANT, vocabulary.CONSTANTS[word], length)
        else:
            self._add(Kind.NAME, vocabulary.SAME_LETTERS.get(word, word), length)

    def _word(self) -> None:
        """A run of letters: a connective, a function, or variables and functions side by side."""
        found = _WORD.match(self.text, self.at)
        word = found[0] if found else ""
        if word.lower() in ("or", "and", "in") and (len(word) < 3 or word.islower() or word.isupper()):
            self._add(Kind.SIGN, word.lower(), len(word))
        elif word in vocabulary.FUNCTIONS or word in vocabulary.CONSTANTS or word in vocabulary.GREEK:
            self._named(word, len(word))
        elif word.lower() in {*vocabulary.FUNCTIONS, "pi"} and (word.istitle() or (word.isupper() and word != "PI")):
            self._named(word.lower(), len(word))  # Sin, LN: phones write the first letter large
        elif word.lower() in vocabulary.WORDS:
            raise self._refuse(Code.UNKNOWN_WORD, len(word))
        elif vocabulary.ALIASES.get(word):
            self._add(Kind.FUNCTION, vocabulary.ALIASES[word], len(word))
        else:
            self._letters(word)

    def _letters(self, word: str) -> None:
        """`xsinx` is x·sin x, `abc` is a·b·c, but a long word is no product."""
        pieces: list[str] = []
        rest = word
        while rest:
            name = next((known for known in vocabulary.WITHIN_WORDS if rest.startswith(known)), rest[0])
            pieces.append(name)
            rest = rest[len(name) :]
        if sum(len(piece) == 1 for piece in pieces) > limits.WORD:
            raise self._refuse(Code.UNKNOWN_WORD, len(word))
        for piece in pieces:
            self._named(piece, len(piece))


def _repeated(whole: str, once: str, line: str, dot: str, bracketed: str) -> str:
    """A repeating decimal as a fraction: 0.1 and then 6 for ever is 15/90."""
    again = line or dot or bracketed
    bottom = (10 ** len(again) - 1) * 10 ** len(once)
    top = int(whole + once + again) - int(whole + once)
    return f"{top}/{bottom}"
