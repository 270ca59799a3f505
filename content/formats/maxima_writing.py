"""Values of Maxima for people: as LaTeX, as a text with formulas, and as one types them."""

from typing import Any

import sympy


def latex_of(value: Any) -> str:
    """A value as a formula is shown."""
    if isinstance(value, str):
        return rf"\text{{{value}}}" if not set(value) & set("\\{}$") else value
    if isinstance(value, bool):
        return rf"\text{{{str(value).lower()}}}"
    if isinstance(value, list):
        return r"\left[" + ", ".join(map(latex_of, value)) + r"\right]"
    if isinstance(value, frozenset):
        return r"\left\{" + ", ".join(map(latex_of, sorted(value, key=sympy.default_sort_key))) + r"\right\}"
    return str(sympy.latex(value))


def text_of(value: Any) -> str:
    """A choice as a text: words as they are, mathematics as a formula."""
    return value if isinstance(value, str) else f"${latex_of(value)}$"


def typed(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(typed, value))
    if isinstance(value, sympy.Tuple):
        return f"({', '.join(map(typed, value))})"
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(typed, sorted(value, key=sympy.default_sort_key))) + "}"
    if isinstance(value, sympy.Eq):
        return f"{typed(value.lhs)} = {typed(value.rhs)}"
    if isinstance(value, sympy.And | sympy.Or):
        return f" {'and' if isinstance(value, sympy.And) else 'or'} ".join(map(typed, value.args))
    if isinstance(value, sympy.Float):
        return f"{float(value):.12g}"
    return (
        str(value).replace("**", "^").replace("log(", "ln(").replace("E", "e")
        if isinstance(value, sympy.Basic)
        else str(value)
    )
