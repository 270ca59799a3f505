"""Presentation MathML to LaTeX, as far as it is simple."""

from content.html.tree import Node, words

_SIGNS = {
    **{"×": r"\times", "÷": r"\div", "·": r"\cdot", "⋅": r"\cdot", "±": r"\pm", "∓": r"\mp", "−": "-", "∗": "*"},
    **{"≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto"},
    **{"<": "<", ">": ">", "→": r"\to", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↔": r"\leftrightarrow"},
    **{"∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset"},
    **{"∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "°": r"^{\circ}"},
    **{"∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee", "∠": r"\angle", "⊥": r"\perp"},
    **{"…": r"\ldots", "⋯": r"\cdots", "′": "'", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}"},
    **{"{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "∥": r"\parallel"},
    **{"⟨": r"\langle", "⟩": r"\rangle", "\u2061": "", "\u2062": "", "\u2063": ",", "\u2064": "", "\u00a0": r"\ "},
    **{"√": r"\sqrt{}", "∘": r"\circ", "∣": r"\mid", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}"},
}
_ALPHABET = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho . sigma tau upsilon phi "
    "chi psi omega"
)
_GREEK = _ALPHABET.split()
_SIGNS |= {chr(0x3B1 + at): f"\\{name}" for at, name in enumerate(_GREEK) if name not in {".", "omicron"}}
_SIGNS |= {
    chr(0x391 + at): f"\\{name.capitalize()}"
    for at, name in enumerate(_GREEK)
    if name in {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
}
_FUNCTIONS = words("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp lim max min det gcd")
_ACCENTS = {"^": "hat", "ˆ": "hat", "¯": "bar", "‾": "overline", "→": "vec", "~": "tilde", "˜": "tilde", "˙": "dot"}
_LARGE = {r"\sum", r"\prod", r"\int", r"\lim", r"\max", r"\min"}


class _TooHard(ValueError):
    """Something that has no simple LaTeX."""


def to_latex(node: Node) -> str | None:
    """Return the LaTeX of a `math` element, or None where it is not simple."""
    try:
        return _row(node.nodes())
    except _TooHard:
        return None


def _row(nodes: list[Node]) -> str:
    return " ".join(made for node in nodes if (made := _element(node)))


def _parts(node: Node, count: int) -> list[str]:
    nodes = node.nodes()
    if len(nodes) != count:
        raise _TooHard
    return [_element(each) for each in nodes]


def _element(node: Node) -> str:  # noqa: C901 (a table of elements)
    match node.tag:
        case "mi" | "mn" | "mo":
            return _token(node)
        case "mtext" | "ms":
            text = " ".join(node.text().split())
            return rf"\text{{{text}}}" if text and not set(text) & set("\\{}$") else ""
        case "mrow" | "mstyle" | "mpadded" | "math":
            return _row(node.nodes())
        case "mfrac":
            return r"\frac{{{}}}{{{}}}".format(*_parts(node, 2))
        case "msqrt":
            return rf"\sqrt{{{_row(node.nodes())}}}"
        case "mroot":
            radicand, index = _parts(node, 2)
            return rf"\sqrt[{index}]{{{radicand}}}"
        case "msup" | "msub":
            base, script = _parts(node, 2)
            return f"{_base(base)}{'^' if node.tag == 'msup' else '_'}{{{script}}}"
        case "msubsup":
            base, below, above = _parts(node, 3)
            return f"{_base(base)}_{{{below}}}^{{{above}}}"
        case "munder" | "mover" | "munderover":
            return _under_over(node)
        case "mfenced":
            return _fenced(node)
        case "mtable":
            rows = [[_row(cell.nodes()) for cell in row.nodes()] for row in node.nodes() if row.tag == "mtr"]
            return r"\begin{matrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{matrix}"
        case "semantics":
            return _semantics(node)
        case "mspace" | "mphantom" | "annotation" | "annotation-xml" | "none":
            return ""
        case _:
            raise _TooHard


def _token(node: Node) -> str:
    text = "".join(node.text().split())
    if node.tag == "mi" and text in _FUNCTIONS:
        return f"\\{text}"
    if node.tag == "mi" and len(text) > 1 and text.isascii() and text.isalpha():
        return rf"\mathrm{{{text}}}"
    if "\\" in text:
        raise _TooHard
    return " ".join(_SIGNS.get(sign, sign) for sign in text) if node.tag != "mn" else text


def _base(base: str) -> str:
    """What stands below a script: one letter, number or command as it is, anything else in braces."""
    simple = len(base) == 1 or base.isdecimal() or (base.startswith("\\") and base[1:].isalpha())
    return base if simple or base == "" else f"{{{base}}}"


def _under_over(node: Node) -> str:
    nodes = node.nodes()
    if len(nodes) != (3 if node.tag == "munderover" else 2):
        raise _TooHard
    base, *scripts = [_element(each) for each in nodes]
    sign = "".join(nodes[1].text().split())
    if node.tag == "mover" and sign in _ACCENTS:
        return rf"\{_ACCENTS[sign]}{{{base}}}"
    if node.tag == "munderover":
        return f"{base}_{{{scripts[0]}}}^{{{scripts[1]}}}"
    if base in _LARGE:
        return f"{base}{'_' if node.tag == 'munder' else '^'}{{{scripts[0]}}}"
    return rf"\{'under' if node.tag == 'munder' else 'over'}set{{{scripts[0]}}}{{{base}}}"


def _fenced(node: Node) -> str:
    start, end = node.attributes.get("open", "("), node.attributes.get("close", ")")
    separator = node.attributes.get("separators", ",")[:1]
    inner = f" {separator} ".join(_element(each) for each in node.nodes())
    return rf"\left{_SIGNS.get(start, start) or '.'} {inner} \right{_SIGNS.get(end, end) or '.'}"


def _semantics(node: Node) -> str:
    """LaTeX that came with it, if any; otherwise what is shown."""
    for each in node.nodes():
        if each.tag == "annotation" and "tex" in each.attributes.get("encoding", "").lower():
            return each.text().strip()
    return _row(node.nodes()[:1])
