"""A tree as LaTeX, as it was written and not simplified: what the student sees under «read as»."""

from content.mathematics import trees, vocabulary

_SIGNS = {"=": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "in": r"\in"}
_CONSTANTS = {"pi": r"\pi", "infinity": r"\infty", "emptyset": r"\emptyset", "reals": r"\mathbb{R}", "e": "e", "i": "i"}
_KNOWN = vocabulary.FUNCTIONS - {"lg", "sqrt", "cbrt", "abs", "mod"}
_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly a node holds together


def latex(node: trees.Node) -> str:
    """Return the tree as LaTeX. Brackets are put where the structure needs them."""
    match node:
        case trees.Number() | trees.Name() | trees.Constant() | trees.Mixed():
            return _leaf(node)
        case trees.Quotient():
            return rf"\frac{{{latex(node.top)}}}{{{latex(node.bottom)}}}"
        case trees.Power():
            return f"{_within(node.base, _ATOM)}^{{{latex(node.exponent)}}}"
        case trees.Root():
            index = "" if node.index.value == 2 else f"[{latex(node.index)}]"
            return rf"\sqrt{index}{{{latex(node.radicand)}}}"
        case trees.Call():
            return _call(node)
        case trees.Negative() | trees.Sum() | trees.PlusMinus():
            return _sum(node)
        case trees.Product():
            return _product(node)
    return _collection(node)


def _leaf(node: trees.Number | trees.Name | trees.Constant | trees.Mixed) -> str:
    match node:
        case trees.Number(text=text):
            return _number(text)
        case trees.Name(name=name):
            return _name(name)
        case trees.Constant(name=name):
            return _CONSTANTS[name]
    return f"{latex(node.whole)}{latex(node.part)}"


def _number(text: str) -> str:
    if "/" in text:
        top, bottom = text.split("/")
        return rf"\frac{{{top}}}{{{bottom}}}"
    size, _, exponent = text.partition("e")
    shown = f"0{size}" if size[0] == "." else size.removesuffix(".")
    return rf"{shown}\cdot 10^{{{int(exponent)}}}" if exponent else shown


def _name(name: str) -> str:
    stem, _, index = name.partition("_")
    shown = rf"\{stem}" if len(stem) > 1 else stem
    return f"{shown}_{{{index}}}" if index else shown


def _sum(node: trees.Node) -> str:
    match node:
        case trees.Negative():
            return f"-{_within(node.of, _PRODUCT)}"
        case trees.PlusMinus():
            sign = r"\pm " if node.upper == "+" else r"\mp "
            return f"{latex(node.left) if node.left else ''}{sign}{_within(node.right, _PRODUCT)}"
        case trees.Sum():
            first, *others = node.terms
            shown = latex(first)
            for term in others:
                shown += latex(term) if isinstance(term, trees.Negative) else f"+{_within(term, _PRODUCT)}"
            return shown
    raise TypeError(node)


def _product(node: trees.Product) -> str:
    shown = ""
    for factor in node.factors:
        part = _within(factor, _POWER) if shown else _within(factor, _PRODUCT)
        if shown and _needs_dot(factor):
            shown += r"\cdot "
        elif shown and part[0].isalpha() and shown[-1].isalpha():
            shown += " "  # so that a letter does not run into a command before it
        shown += part
    return shown


def _needs_dot(factor: trees.Node) -> bool:
    """Whether juxtaposition would be misread: `2·3`, `2·½`, `x·2`."""
    while isinstance(factor, trees.Power):
        factor = factor.base
    if isinstance(factor, trees.Product):
        return _needs_dot(factor.factors[0])
    return isinstance(factor, trees.Number | trees.Mixed | trees.Quotient)


def _call(node: trees.Call) -> str:
    shown = [latex(argument) for argument in node.arguments]
    match node.function:
        case "abs":
            return rf"\left|{shown[0]}\right|"
        case "percent":
            return rf"{_within(node.arguments[0], _POWER)}\%"
        case "degrees":
            return rf"{_within(node.arguments[0], _POWER)}^{{\circ}}"
        case "factorial":
            return f"{_within(node.arguments[0], _ATOM)}!"
        case "log":
            base = "" if node.arguments[1].value == 10 else f"_{{{shown[1]}}}"
            return rf"\log{base}\left({shown[0]}\right)"
    name = rf"\{node.function}" if node.function in _KNOWN else rf"\operatorname{{{node.function}}}"
    return rf"{name}\left({', '.join(shown)}\right)"


def _collection(node: trees.Node) -> str:
    match node:
        case trees.Relation():
            shown = latex(node.sides[0])
            for sign, side in zip(node.signs, node.sides[1:], strict=True):
                shown += f" {_SIGNS[sign]} {latex(side)}"
            return shown
        case trees.Point():
            return rf"\left({', '.join(map(latex, node.items))}\right)"
        case trees.Interval():
            return rf"\left{node.brackets[0]}{latex(node.low)}, {latex(node.high)}\right{node.brackets[1]}"
        case trees.Listing(joined="{}"):
            return rf"\left\{{{', '.join(map(latex, node.items))}\right\}}"
        case trees.Listing():
            between = ",\\ " if node.joined == "," else rf"\ \text{{{node.joined}}}\ "
            return between.join(map(latex, node.items))
        case trees.Matrix():
            rows = r" \\ ".join(" & ".join(map(latex, row)) for row in node.rows)
            return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    raise TypeError(node)


def _tightness(node: trees.Node) -> int:
    match node:
        case trees.Sum() | trees.Negative() | trees.PlusMinus():
            return _SUM
        case trees.Product() | trees.Mixed():
            return _PRODUCT
        case trees.Power() | trees.Quotient():
            return _POWER
        case trees.Call(function="percent" | "degrees" | "factorial"):
            return _POWER
        case trees.Number(text=text) if "e" in text:
            return _PRODUCT
        case trees.Number(text=text) if "/" in text:
            return _POWER
    return _ATOM


def _within(node: trees.Node, needed: int) -> str:
    """The node as a part of something that needs it to hold together that tightly."""
    collected = isinstance(node, trees.Relation | trees.Listing) and getattr(node, "joined", "") != "{}"
    return latex(node) if _tightness(node) >= needed and not collected else rf"\left({latex(node)}\right)"
