"""Formulas as pairs and triples, apart from the grader's own: their values for certain, and ways of writing them."""

from typing import Any

from mpmath import iv  # type: ignore[import-untyped]

Formula = tuple[Any, ...]  # ("num", 3), ("var", "x"), ("add", a, b), ("pow", a, 2), ("call", "sin", a) …
iv.prec = 200
POINT = {"x": iv.mpf(17) / 11, "y": iv.mpf(23) / 7, "t": iv.mpf(5) / 13}


def number(value: int) -> Formula:
    return ("num", value)


def call(name: str, of: Formula) -> Formula:
    return ("call", name, of)


def value(formula: Formula) -> Any:
    """The value at the point, as an interval that holds it for certain."""
    match formula:
        case ("num", size):
            return iv.mpf(size)
        case ("var", name):
            return POINT[name]
        case ("neg", one):
            return -value(one)
        case ("pow", one, times):
            return value(one) ** times
        case ("call", name, one):
            inside = value(one)
            functions = {"sqrt": iv.sqrt, "ln": iv.log, "exp": iv.exp, "sin": iv.sin, "cos": iv.cos, "abs": abs}
            if name in ("sqrt", "ln") and not inside.a > 0:
                raise ValueError
            return functions[name](inside)
        case (operation, one, other):
            left, right = value(one), value(other)
            if operation == "div":
                if 0 in right:
                    raise ValueError
                return left / right
            return {"add": left + right, "sub": left - right, "mul": left * right}[operation]
    raise ValueError


# Ways of writing

PLAIN = {"add": "+", "sub": "-", "mul": "*", "neg": "-", "(": "(", ")": ")"}
TIGHT = PLAIN | {"mul": ""}
SPACED = PLAIN | {"add": " + ", "sub": " - ", "mul": " * "}
SIGNS = PLAIN | {"sub": "−", "mul": "×", "neg": "−"}
DOTS = PLAIN | {"mul": "·", "sub": "–"}
WIDE = {"add": "＋", "sub": "－", "mul": "×", "neg": "－", "(": "（", ")": "）"}
LATEX = {"add": "+", "sub": "-", "mul": r"\cdot ", "neg": "-", "(": r"\left(", ")": r"\right)"}
TIMES = LATEX | {"mul": r"\times ", "(": "(", ")": ")"}
STYLES = [PLAIN, TIGHT, SPACED, SIGNS, DOTS, WIDE, LATEX, TIMES]
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def written(formula: Formula, style: dict[str, str]) -> str:
    """The formula in one of the styles, with brackets wherever they could be needed."""
    match formula:
        case ("num", size):
            return str(size) if size >= 0 else f"{style['(']}{style['neg']}{-size}{style[')']}"
        case ("var", name):
            return str(name)
        case ("neg", one):
            return style["neg"] + within(one, style)
        case ("pow", one, times):
            return within(one, style) + power(times, style)
        case ("call", name, one):
            return called(name, written(one, style), style)
        case ("div", one, other):
            return divided(one, other, style)
        case ("mul", one, other):
            sign = style["mul"] or ("*" if other[0] in ("num", "pow", "mul") else "")
            return within(one, style) + sign + within(other, style)
        case ("sub", one, other):
            return written(one, style) + style["sub"] + within(other, style)
        case (_, one, other):
            right = within(other, style) if other[0] == "neg" else written(other, style)
            return written(one, style) + style["add"] + right
    raise ValueError


def within(formula: Formula, style: dict[str, str]) -> str:
    inner = written(formula, style)
    positive = formula[0] == "num" and formula[1] >= 0
    whole = formula[0] == "var" or positive or (formula[0] == "call" and formula[1] != "exp")
    return inner if whole else style["("] + inner + style[")"]


def power(times: int, style: dict[str, str]) -> str:
    if style in (SIGNS, WIDE):
        return str(times).translate(_RAISED)
    if style in (LATEX, TIMES):
        return f"^{{{times}}}"
    return f"**{times}" if style is SPACED and times > 0 else f"^{times}" if times > 0 else f"^({times})"


def divided(one: Formula, other: Formula, style: dict[str, str]) -> str:
    if style in (LATEX, TIMES):
        return rf"\frac{{{written(one, style)}}}{{{written(other, style)}}}"
    sign = {id(SIGNS): "÷", id(WIDE): "／", id(DOTS): "÷"}.get(id(style), "/")
    return within(one, style) + sign + within(other, style)


def called(name: str, inner: str, style: dict[str, str]) -> str:
    if name == "abs":
        return rf"\left|{inner}\right|" if style is LATEX else f"|{inner}|" if "|" not in inner else f"abs({inner})"
    if name == "sqrt" and style in (LATEX, TIMES):
        return rf"\sqrt{{{inner}}}"
    if name == "exp" and style is not SPACED:
        return f"e^{{{inner}}}" if style in (LATEX, TIMES) else f"e^({inner})"
    shown = "√" if name == "sqrt" and style in (SIGNS, WIDE) else name
    return ("\\" if style in (LATEX, TIMES) else "") + shown + style["("] + inner + style[")"]
