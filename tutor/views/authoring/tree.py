"""What a form with nested, repeated parts sends: names such as `steps.0.hints.1.text`, read as a tree."""

from typing import Any

from django.http import QueryDict

Node = dict[str, Any]  # name -> the texts sent under it, or a Node
MOST_PARTS = 8  # deep


def read(data: QueryDict) -> Node:
    """The tree of what was sent. A name that is both a text and a branch is read as whichever came first."""
    root: Node = {}
    for name, texts in data.lists():
        *branches, leaf = name.split(".")[:MOST_PARTS]
        node = root
        for branch in branches:
            inner = node.setdefault(branch, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node.setdefault(leaf, [text.replace("\r\n", "\n").replace("\0", "") for text in texts])
    return root


def one(node: Node, name: str) -> str:
    """The text under a name, or nothing."""
    found = node.get(name)
    return str(found[-1]) if isinstance(found, list) and found else ""


def some(node: Node, name: str) -> list[str]:
    """Every text under a name that is not empty."""
    found = node.get(name)
    return [text for text in found if text] if isinstance(found, list) else []


def items(node: Any) -> list[Node]:
    """The numbered branches of a node, in the order of their numbers."""
    if not isinstance(node, dict):
        return []
    numbered = [(int(name), inner) for name, inner in node.items() if name.isdecimal() and len(name) < 5]
    return [inner for _, inner in sorted(numbered, key=lambda pair: pair[0]) if isinstance(inner, dict)]


def path_id(path: str) -> str:
    """The id of the element of a path; one that selectors can name."""
    return path.replace(".", "-")
