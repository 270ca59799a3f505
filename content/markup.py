"""Course text to a page: Markdown with LaTeX becomes safe HTML with MathML.

Nothing of a text is trusted. Raw HTML is shown as text, pictures come only from the course's own figures, and whatever
the two converters make is sanitised against an explicit list at the end, so that a fault in one of them is not live.
It will not number equations, define macros or load anything: LaTeX that it does not know is shown as its source.
Why this converter: docs/decisions/0001-latex-to-mathml.md.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from unicodedata import east_asian_width

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from math_core import LatexError, LatexToMathML

MAX_TEXT = 100_000  # characters of one text
MAX_LATEX = 2_000  # characters of one formula
MAX_COMMANDS = 400  # backslashes and braces of one formula: the converter recurses, and a deep formula ends the process


def _words(text: str) -> set[str]:
    return set(text.split())


_FIGURE = re.compile(r"figures/([^\s()<>\"]+)")
_BLANK = re.compile(r"_{2,}")
_WORD = re.compile(r"\s+|[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]{1,40}")
_MACROS = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|def|gdef|edef|xdef|let|newenvironment)(?![a-zA-Z])"
)
# Names that authors use and the converter does not know, said in words that it does.
_REWRITES = {"hdots": r"\ldots", "dotsb": r"\cdots", "dotsc": r"\ldots", "sout": r"\cancel", "bold": r"\mathbf"}
_REWRITE = re.compile(rf"\\({'|'.join(_REWRITES)})(?![a-zA-Z])")

# What formulas look like in plain text: signs for commands, `(a)/(b)` for a fraction; other commands by their names.
_SIGNS = {
    **{
        "times": "×",
        "cdot": "·",
        "div": "÷",
        "pm": "±",
        "pi": "π",
        "infty": "∞",
        "circ": "°",
        "degree": "°",
        "ldots": "…",
    },
    **{"le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">", "approx": "≈"},
    **dict.fromkeys(("left", "right", "displaystyle", "quad", "qquad"), " "),
}
_UNWRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathit|operatorname)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}")
_RAISED = re.compile(r"([\^_])\s*\{([^{}]*)\}")

_MATH_TAGS = _words(
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace "
    "msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics"
)
_HTML_TAGS = _words(
    "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub sup table tbody td th "
    "thead tr ul"
)
_MATH_ATTRIBUTES = _words(
    "accent accentunder columnalign columnspan depth display displaystyle fence form height largeop linethickness "
    "lspace mathvariant maxsize minsize movablelimits notation rowspan rspace scriptlevel separator stretchy "
    "symmetric style voffset width"
)
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
    **dict.fromkeys(_MATH_TAGS, _MATH_ATTRIBUTES),
}
_CLASSES = {
    "code": {"math-error"},
    "span": {"missing-figure"},
    "mrow": {"menclose-updiagonalstrike", "menclose-downdiagonalstrike"},
}
_STYLES = _words(
    "border border-top border-right border-bottom border-left color justify-items padding padding-left padding-right "
    "padding-top padding-bottom text-align"
)
_SANITISER = nh3.Cleaner(
    tags=_HTML_TAGS | _MATH_TAGS,
    attributes=_ATTRIBUTES,
    allowed_classes=_CLASSES,
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)
_CONVERTER = LatexToMathML(fancy_error=False)


def render(text: str, *, figures: Mapping[str, str] | None = None) -> str:
    """Markdown with LaTeX as block HTML. `figures` maps the names that texts use after `figures/` to addresses."""
    return _render(text, inline=False, figures=_figures_in(text, figures or {}))


def render_inline(text: str, *, figures: Mapping[str, str] | None = None) -> str:
    """The same without paragraphs, lists or tables: for a choice, a title, a table's cell."""
    return _render(text, inline=True, figures=_figures_in(text, figures or {}))


@lru_cache(maxsize=4096)
def render_beginning(text: str, *, width: int) -> str:
    """The beginning of a text within a line, cut between words and formulas: enough to say which text is meant.

    `width` counts letters, of which a Chinese one is two. Emphasis is left out; a picture is what is said of it.
    """
    html, left = "", width
    for is_formula, content in _pieces(text):
        wide = _formula_width(content) if is_formula else sum(1 + (east_asian_width(one) in "WF") for one in content)
        if wide > left and html:
            html = f"{html.rstrip()}…"
            break
        html, left = html + (_math(content, display=False) if is_formula else escape(content)), left - wide
    return str(_SANITISER.clean(html)).strip()


def readable(text: str, *, formulas: bool = True) -> str:
    """Return a text on one line in plain words; its formulas in signs as one would type them, or left out."""
    pieces = (
        f" {_typed(content)} " if is_formula else content
        for is_formula, content in _pieces(text)
        if formulas or not is_formula
    )
    return " ".join("".join(pieces).split())


def math(latex: str, *, display: bool = False) -> str:
    """LaTeX as sanitised MathML; LaTeX that cannot be shown as its source in `<code class="math-error">`."""
    return str(_SANITISER.clean(_math(latex, display)))


def formulas(text: str) -> list[str]:
    """Return the LaTeX of a text's formulas, in order."""
    return [token.content.strip() for token in _math_tokens(text)]


def unreadable_math(text: str) -> list[str]:
    """Return the formulas of a text that `render` would show as their source."""
    return [token.content for token in _math_tokens(text) if _mathml(token.content, token.markup == "$$") is None]


def _math_tokens(text: str) -> list[Token]:
    blocks = _MARKDOWN.parse(text[:MAX_TEXT])
    tokens = [token for block in blocks for token in (block, *(block.children or ()))]
    return [token for token in tokens if token.type in {"math_inline", "math_block"}]


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The words, spaces and formulas of a text, each with whether it is a formula."""
    for block in _MARKDOWN.parse(text[:MAX_TEXT]):
        for token in block.children or (block,):
            if token.type in {"math_inline", "math_block"}:
                yield True, token.content
            elif token.type in {"softbreak", "hardbreak"}:
                yield False, " "
            else:
                yield from ((False, word) for word in _WORD.findall(token.content))
        if block.type == "math_block" or block.type.endswith("_close"):
            yield False, " "


def _typed(latex: str) -> str:
    """A formula in plain signs; what stands innermost in it is rewritten first."""
    latex, before = latex[:MAX_LATEX], ""
    while latex != before:
        before = latex
        latex = _UNWRAPPED.sub(r" \1 ", latex)
        latex = _FRACTION.sub(lambda found: f"{_grouped(found[1])}/{_grouped(found[2])}", latex)
        latex = _ROOT.sub(lambda found: f"√{_grouped(found[1])}", latex)
        latex = _RAISED.sub(lambda found: f"{found[1]}{_grouped(found[2])}", latex)
    latex = re.sub(r"\\([a-zA-Z]+)", lambda found: _SIGNS.get(found[1], f" {found[1]} "), latex)
    return re.sub(r"\\.|[\\{}&]", " ", re.sub(r"\\([%$#])", r"\1", latex))


def _grouped(part: str) -> str:
    return part.strip() if re.fullmatch(r"\s*[\w.]*\s*", part) else f"({part.strip()})"


def _formula_width(latex: str) -> int:
    """About how many letters wide a formula is."""
    return len(re.sub(r"[\s{}^_$&]", "", re.sub(r"\\[a-zA-Z]+", "x", latex)))


def figure_names(text: str) -> list[str]:
    """Return the names of the figures that a text refers to, in order."""
    names: list[str] = []
    for block in _MARKDOWN.parse(text[:MAX_TEXT]):
        for token in block.children or ():
            if token.type == "image":
                names.append(str(token.attrs.get("src", "")).removeprefix("figures/"))
    return names


def _figures_in(text: str, figures: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Only the figures that the text names, so that texts without one share a cache entry."""
    if "figures/" not in text:
        return ()
    return tuple((name, figures[name]) for name in dict.fromkeys(_FIGURE.findall(text)) if name in figures)


@lru_cache(maxsize=4096)
def _render(text: str, *, inline: bool, figures: tuple[tuple[str, str], ...]) -> str:
    if len(text) > MAX_TEXT:
        return f"<p>{escape(text)}</p>"
    env: MutableMapping[str, Any] = {"figures": dict(figures)}
    html = _MARKDOWN.renderInline(text, env) if inline else _MARKDOWN.render(text, env)
    return str(_SANITISER.clean(html)).strip()


@lru_cache(maxsize=8192)
def _mathml(latex: str, display: bool) -> str | None:
    """MathML, or None where the LaTeX cannot be read or is larger than the converter may be given."""
    if len(latex) > MAX_LATEX or latex.count("\\") + latex.count("{") > MAX_COMMANDS or _MACROS.search(latex):
        return None
    latex = _BLANK.sub(r"\\underline{\\qquad}", latex)
    latex = _REWRITE.sub(lambda found: _REWRITES[found[1]], latex)
    try:
        return _CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError:
        return None


def _math(latex: str, display: bool) -> str:
    made = _mathml(latex.strip(), display)
    return f'<code class="math-error">{escape(latex)}</code>' if made is None else made


def _closing(source: str, start: int, fence: str) -> int:
    """Where the formula that starts at `start` ends, or -1. A dollar behind a backslash does not end it."""
    at = start
    while (at := source.find(fence, at)) != -1:
        behind = at
        while behind > start and source[behind - 1] == "\\":
            behind -= 1
        if (at - behind) % 2 == 0:
            return at
        at += 1
    return -1


def _inline_rule(state: StateInline, silent: bool) -> bool:
    """`$…$` and `$$…$$`. As in Pandoc, money is no formula: no space inside the dollars, no digit after the last."""
    source = state.src[: state.posMax]
    fence = "$$" if source.startswith("$$", state.pos) else "$"
    if not source.startswith(fence, state.pos):
        return False
    start = state.pos + len(fence)
    end = _closing(source, start, fence)
    if end <= start:
        return False
    content = source[start:end]
    if fence == "$" and (content[0].isspace() or content[-1].isspace() or source[end + 1 : end + 2].isdecimal()):
        return False
    if not content.strip():
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = content, fence
    state.pos = end + len(fence)
    return True


def _block_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A paragraph that starts with `$$` runs to the line that ends with it, whatever Markdown its lines look like."""
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    if not first.startswith("$$") or "$$" in first[2:]:
        return False  # a formula that ends in its own line is the inline rule's
    from_line, to_line = state.env.get("never_ends", (end, start))
    if from_line <= start and end <= to_line:
        return False  # looked for from an earlier line already: a text full of `$$` must not take long
    lines, line = [first[2:]], start
    while (line := line + 1) < end:
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
        if text.endswith("$$"):
            break
        lines.append(text)
    else:
        state.env["never_ends"] = (start, end)
        return False
    if silent:
        return True
    lines.append(text[:-2])
    token = state.push("math_block", "math", 0)
    token.content, token.markup, token.map = "\n".join(lines), "$$", [start, line + 1]
    state.line = line + 1
    return True


def _show_math(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    shown = _math(tokens[index].content, tokens[index].markup == "$$")
    return f"<p>{shown}</p>\n" if tokens[index].type == "math_block" else shown


def _show_image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    alt = self.renderInlineAsText(token.children or [], options, env)
    address = env["figures"].get(str(token.attrs.get("src", "")).removeprefix("figures/"))
    if address is None:
        return f'<span class="missing-figure">{escape(alt)}</span>'
    return f'<img src="{escape(address)}" alt="{escape(alt)}">'


def markdown() -> MarkdownIt:
    """Return a converter of our Markdown, with formulas as tokens of their own; how it shows things may be changed."""
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.inline.ruler.before("escape", "math", _inline_rule)
    made.block.ruler.before("fence", "math", _block_rule, {"alt": ["paragraph", "blockquote", "list"]})
    made.add_render_rule("math_inline", _show_math)
    made.add_render_rule("math_block", _show_math)
    made.add_render_rule("image", _show_image)
    return made


_MARKDOWN = markdown()
