"""HTML, other people's Markdown and plain text to our Markdown.

`\\(…\\)`, `\\[…\\]`, `$$…$$`, MathML, and single dollars around what can only be LaTeX become `$…$` or `$$…$$`.
Characters in the private use area pass through untouched, so that a caller can mark places in a text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import nh3
from markdown_it import MarkdownIt

from content.html.blocks import Writer
from content.html.tree import parse, words

MAX_HTML = 1_000_000  # characters of one text, embedded pictures aside
Pictures = Callable[[str], str | None]  # an address in a text -> the name of the course's figure, or None


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A text in Markdown, and what could not be kept of it: fixed phrases, details after `: `."""

    text: str
    problems: tuple[str, ...] = ()


_MATHML = words(
    "math annotation annotation-xml maction menclose mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom "
    "mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none "
    "semantics"
)
_TAGS = _MATHML | words(
    "a abbr address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em embed figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li "
    "main mark nav object ol p pre q rp rt ruby s samp section small source span strike strong sub summary sup table "
    "tbody td tfoot th thead tr tt u ul var video"
)
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan"},
    "th": {"colspan"},
    "math": {"display", "alttext"},
    "annotation": {"encoding"},
    "mfenced": {"open", "close", "separators"},
    **{tag: {"src"} for tag in ("audio", "embed", "iframe", "source", "video")},
    "object": {"data"},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    clean_content_tags={"script", "style", "template", "noscript", "title"},
    url_schemes={"http", "https", "mailto", "data"},
    link_rel=None,
)
_UNSAFE = re.compile(
    r"<\s*(script|form|input|button|textarea|select|applet|base|meta|link)\b|<[a-z][^<>]*\s(on[a-z]+)\s*=|"
    r"(javascript|vbscript)\s*:",
    re.IGNORECASE,
)
_MATH_WITH_TAGS = re.compile(r"\\\((.{1,3000}?)\\\)|\\\[(.{1,3000}?)\\\]|\$\$(.{1,3000}?)\$\$", re.DOTALL)
_NOT_A_TAG = re.compile(r"<(?!/?[a-zA-Z][a-zA-Z0-9]*\s*/?>|[a-zA-Z]+\s+[a-z-]+=|!--)")
_MATH = re.compile(r"\$\$.+?\$\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_HELD = re.compile("\ue100(\\d+)\ue101")
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def from_html(html: str, *, pictures: Pictures | None = None, inline: bool = False) -> Converted:
    """Translate HTML. With `inline`, the result is one paragraph: for a choice, a title, a cell."""
    problems = [f"unsafe HTML: {(found[1] or found[2] or found[3]).lower()}" for found in _UNSAFE.finditer(html)]
    if len(html) > MAX_HTML and "base64," not in html:
        problems.append(f"a text that is too long, the rest is left out: at most {MAX_HTML} characters")
        html = html[:MAX_HTML]
    if "<" not in html and "&" not in html:
        html = html.replace("\r\n", "\n")
    clean = _CLEANER.clean(_MATH_WITH_TAGS.sub(_without_tags, html))
    tree = parse(clean)
    writer = Writer(pictures or (lambda address: None))
    text = writer.inline_text(tree) if inline else writer.text(tree)
    return Converted(text=text, problems=tuple(dict.fromkeys([*problems, *writer.problems])))


def from_markdown(text: str, *, pictures: Pictures | None = None, inline: bool = False) -> Converted:
    """Translate Markdown that may hold HTML, and LaTeX in other delimiters than ours."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\ue100{len(held) - 1}\ue101"

    html = _MARKDOWN.render(_MATH.sub(hold, text))
    return from_html(
        _HELD.sub(lambda found: escape(held[int(found[1])], quote=False) if int(found[1]) < len(held) else "", html),
        pictures=pictures,
        inline=inline,
    )


def from_plain(text: str, *, inline: bool = False) -> Converted:
    """Translate a text in which nothing means anything but its letters and its lines."""
    lines = escape(text.strip(), quote=False).replace("\r\n", "\n").replace("\n", "<br>")
    return from_html(lines, inline=inline)


def _without_tags(found: re.Match[str]) -> str:
    """`<` within a formula is less-than, unless it plainly begins a tag."""
    return _NOT_A_TAG.sub("&lt;", found[0])
