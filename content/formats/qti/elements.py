"""Elements of QTI 2.1 as they are written: short ways to make them, and HTML as XML."""

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, indent, tostring

_VOID = {"br", "hr", "img", "col", "wbr"}


def make(tag: str, *content: "Element | str", **attributes: str) -> Element:
    """An element with texts and elements in it; a final `_` of an attribute's name is left off."""
    element = Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    for part in content:
        append(element, part)
    return element


def append(element: Element, part: "Element | str") -> None:
    """Put an element or a text at the end of another element."""
    if isinstance(part, Element):
        element.append(part)
    elif len(element):
        element[-1].tail = (element[-1].tail or "") + part
    else:
        element.text = (element.text or "") + part


def extend(element: Element, source: Element) -> Element:
    """Move everything that is in one element to the end of another one; return that."""
    if source.text:
        append(element, source.text)
    element.extend(source)
    return element


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new last element in another one."""
    made = SubElement(parent, tag, {name.rstrip("_"): value for name, value in attributes.items()})
    made.text = text or None
    return made


def document(root: Element, *, indented: bool = True) -> bytes:
    """A whole file. Texts are as they are, so only what holds no mixed content may be indented."""
    if indented:
        indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


class _Xml(HTMLParser):
    """HTML that is known to be balanced, as elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TreeBuilder()
        self.builder.start("div", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or name for name, value in attrs})
        if tag in _VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def from_html(source: str) -> Element:
    """HTML in a `div`; what XML has no characters for is left out."""
    parser = _Xml()
    parser.feed("".join(sign for sign in source if sign in "\t\n" or (sign >= " " and sign not in "\ufffe\uffff")))
    parser.close()
    parser.builder.end("div")
    return parser.builder.close()
