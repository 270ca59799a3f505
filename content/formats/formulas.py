"""Formulas of Moodle's calculated questions, worked out: numbers, `{names}`, + - * / % **, brackets, functions of PHP.

Nothing of a formula is ever executed; it is read by the small grammar below, and both its size and its result are
bounded.
"""

import math
import re
from collections.abc import Callable, Mapping

MAX_FORMULA = 1_000  # characters
MAX_DEPTH = 50
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|\{([^{}]+)\}|([a-z]\w*)|(\*\*|[-+*/%(),^]))"
)


class FormulaProblem(ValueError):
    """A formula that cannot be read or worked out; the message says why."""


def _log(value: float, base: float = math.e) -> float:
    return math.log(value, base)


def _round(value: float, digits: float = 0.0) -> float:
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(value) * scale + 0.5), value) / scale


_FUNCTIONS: dict[str, Callable[..., float]] = {
    **{"abs": abs, "ceil": math.ceil, "floor": math.floor, "sqrt": math.sqrt, "exp": math.exp, "pow": math.pow},
    **{"sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan},
    **{"sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "asinh": math.asinh, "acosh": math.acosh},
    **{"atanh": math.atanh, "atan2": math.atan2, "log": _log, "log10": math.log10, "log1p": math.log1p},
    **{"expm1": math.expm1, "deg2rad": math.radians, "rad2deg": math.degrees, "fmod": math.fmod, "pi": lambda: math.pi},
    **{"min": min, "max": max, "round": _round, "intval": lambda value: float(int(value))},
}


def evaluate(formula: str, values: Mapping[str, float]) -> float:
    """Return the value of a formula, an optional `=` before it. Raises FormulaProblem."""
    formula = formula.strip().removeprefix("=")
    if len(formula) > MAX_FORMULA:
        raise FormulaProblem(f"the formula is too long: at most {MAX_FORMULA} characters")
    reading = _Reading(formula, values)
    try:
        made = float(reading.sum(0))
    except (ValueError, ArithmeticError, TypeError) as error:
        raise FormulaProblem(str(error)) from None
    if reading.token:
        raise FormulaProblem(f"unexpected: {reading.token}")
    if not math.isfinite(made):
        raise FormulaProblem("no finite value")
    return made


class _Reading:
    """Recursive descent: a sum of products of powers."""

    def __init__(self, formula: str, values: Mapping[str, float]) -> None:
        self.formula, self.values, self.at = formula, values, 0
        self.kind, self.token = 0, ""
        self.next()

    def next(self) -> None:
        found = _TOKEN.match(self.formula, self.at)
        if found is None:
            if self.formula[self.at :].strip():
                raise FormulaProblem(f"it cannot be read from here: {self.formula[self.at :][:30]}")
            self.kind, self.token = 0, ""
            return
        self.at = found.end()
        self.kind, self.token = found.lastindex or 0, found[found.lastindex or 0]

    def take(self, *tokens: str) -> str:
        """The token if it is one of these signs, and go on; otherwise nothing."""
        if self.kind == 4 and self.token in tokens:
            token = self.token
            self.next()
            return token
        return ""

    def sum(self, depth: int) -> float:
        if depth > MAX_DEPTH:
            raise FormulaProblem("too many brackets within each other")
        made = self.product(depth)
        while sign := self.take("+", "-"):
            other = self.product(depth)
            made = made + other if sign == "+" else made - other
        return made

    def product(self, depth: int) -> float:
        made = self.signed(depth)
        while sign := self.take("*", "/", "%"):
            other = self.signed(depth)
            made = made * other if sign == "*" else made / other if sign == "/" else math.fmod(int(made), int(other))
        return made

    def signed(self, depth: int) -> float:
        if depth > MAX_DEPTH:
            raise FormulaProblem("too many signs in a row")
        if sign := self.take("-", "+"):
            value = self.signed(depth + 1)
            return -value if sign == "-" else value
        base = self.atom(depth)
        return math.pow(base, self.signed(depth + 1)) if self.take("**", "^") else base

    def atom(self, depth: int) -> float:
        kind, token = self.kind, self.token
        if self.take("("):
            made = self.sum(depth + 1)
            self._close()
            return made
        if kind not in {1, 2, 3}:
            raise FormulaProblem(f"unexpected: {token}" if token else "it ends too early")
        self.next()
        if kind == 1:
            return float(token)
        if kind == 2:
            if token not in self.values:
                raise FormulaProblem(f"there is no such variable: {{{token}}}")
            return self.values[token]
        if token not in _FUNCTIONS or not self.take("("):
            raise FormulaProblem(f"there is no such function: {token}")
        arguments: list[float] = []
        while not self.take(")"):
            arguments.append(self.sum(depth + 1))
            if not self.take(","):
                self._close()
                break
        return float(_FUNCTIONS[token](*arguments))

    def _close(self) -> None:
        if not self.take(")"):
            raise FormulaProblem("a bracket that does not close")
