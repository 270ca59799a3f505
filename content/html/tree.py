"""Well-formed HTML as a tree. What comes here has been through the sanitiser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"br", "hr", "img", "source", "embed", "col", "mspace", "mprescripts", "none"}
MAX_DEPTH = 60  # deeper than that, tags are left out and their texts stay


def words(text: str) -> set[str]:
    """Names that are written with spaces between them."""
    return set(text.split())


@dataclass
class Node:
    """An element; its children are elements and texts."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Node | str]" = field(default_factory=list)

    def text(self) -> str:
        """All text in it."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def nodes(self) -> "list[Node]":
        """The elements in it, without the texts between them."""
        return [child for child in self.children if isinstance(child, Node)]


def parse(html: str) -> Node:
    """Return the elements of a document under one root."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.stack[0]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [Node("")]
        self.ignored = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.stack) > MAX_DEPTH and tag not in _EMPTY:
            self.ignored += 1
            return
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(node)
        if tag not in _EMPTY:
            self.stack.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        if self.ignored:
            self.ignored -= 1
        elif len(self.stack) > 1:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)
