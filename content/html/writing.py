"""Our Markdown to the HTML that other learning systems show: LaTeX between `\\(` and `\\)` or `\\[` and `\\]`."""

from collections.abc import Callable, MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from content.markup import markdown

Figures = Callable[[str], str]  # the name of a figure -> the address that the HTML has for it


def to_html(text: str, *, figures: Figures | None = None, inline: bool = False) -> str:
    """Translate a text; with `inline`, without paragraphs around it."""
    env: MutableMapping[str, Any] = {"address": figures or (lambda name: name)}
    return str(_MARKDOWN.renderInline(text, env) if inline else _MARKDOWN.render(text, env)).strip()


def _show_math(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    latex = escape(" ".join(token.content.split()), quote=False)
    shown = rf"\[{latex}\]" if token.markup == "$$" else rf"\({latex}\)"
    return f"<p>{shown}</p>\n" if token.type == "math_block" else shown


def _show_image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    alt = self.renderInlineAsText(token.children or [], options, env)
    address = env["address"](str(token.attrs.get("src", "")).removeprefix("figures/"))
    return f'<img src="{escape(address)}" alt="{escape(alt)}">'


def _made() -> MarkdownIt:
    made = markdown()
    made.add_render_rule("math_inline", _show_math)
    made.add_render_rule("math_block", _show_math)
    made.add_render_rule("image", _show_image)
    return made


_MARKDOWN = _made()
