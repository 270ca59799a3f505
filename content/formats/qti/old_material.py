"""The texts, pictures and sounds of QTI 1.2 as HTML and as Markdown."""

import html as markup
import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from xml.etree.ElementTree import Element

from content.formats.qti.old_dialects import RESPONSES
from content.formats.qti.texts import Texts


class Material:
    """Reads material; what is lost is reported by `texts`."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def html(self, element: Element, response: Callable[[Element], str]) -> str:
        """The material in an element as HTML; `response` says what stands for a response."""
        pieces: list[str] = []
        for one, after in zip_longest(element, list(element)[1:]):
            if one.tag in RESPONSES:
                pieces.append(response(one))
            elif one.tag in {"material", "material_ref", "altmaterial"}:
                apart = after is not None and after.tag == one.tag  # two of them are two paragraphs
                pieces.append(f"<div>{self.material(one)}</div>" if apart else self.material(one))
            elif one.tag == "flow" or one.tag == "flow_mat":
                pieces.append(f"<div>{self.html(one, response)}</div>")
            elif one.tag in MATERIAL:
                pieces.append(MATERIAL[one.tag](self, one))
        return "".join(pieces)

    def material(self, element: Element) -> str:
        """One material as HTML."""
        return "".join(MATERIAL[one.tag](self, one) for one in element if one.tag in MATERIAL)

    def text_html(self, element: Element) -> str:
        """Text of the type it says, or HTML if it looks so."""
        said = "".join(element.itertext())
        kind = (element.get("texttype") or element.get("type") or "").lower()
        if (
            "html" in kind
            or "smart_text" in kind
            or re.search(r"</?(?:p|div|br|span|img|b|i|sub|sup|table|ul|strong|em)\b", said)
        ):
            return said
        return markup.escape(said, quote=False).strip().replace("\n", "<br>")

    def _picture(self, element: Element) -> str:
        source = element.get("uri") or element.get("entityref") or element.get("label") or ""
        alt = markup.escape(element.get("label", ""))
        return f'<img src="{markup.escape(source)}" alt="{alt}">'

    def _sound(self, element: Element) -> str:
        self.texts.report("a film or sound: left out", dropped=True)
        return ""

    def said(self, elements: Sequence[Element], without: tuple[str, ...]) -> str:
        """The Markdown of feedback and its like, each text once; elements of some names are passed over."""
        said = [self.texts.markdown(self._inside(one, without)) for one in elements]
        return "\n\n".join(dict.fromkeys(text for text in said if text))

    def _inside(self, element: Element, without: tuple[str, ...]) -> str:
        pieces = []
        for one in element:
            if one.tag not in without:
                pieces.append(self.material(one) if one.tag == "material" else self._inside(one, without))
        return "".join(pieces)


MATERIAL: dict[str, Callable[[Material, Element], str]] = {
    "mattext": Material.text_html,
    "matemtext": lambda reading, one: f"<em>{reading.text_html(one)}</em>",
    "mat_formattedtext": Material.text_html,
    "matbreak": lambda *_: "<br>",
    "matimage": Material._picture,
    "mat_extension": lambda reading, one: reading.material(one),
    "mataudio": Material._sound,
    "matvideo": Material._sound,
}
