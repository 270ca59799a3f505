"""A tree of HTML as blocks of Markdown: paragraphs, lists, tables, quotations, code, headings."""

import re
from collections.abc import Callable

from content.html.inline import Line
from content.html.tree import Node, words

_CONTAINERS = words(
    "address article aside center dd details div dl dt figcaption figure footer header main nav p section summary "
    "caption"
)
_BLOCKS = _CONTAINERS | words("blockquote h1 h2 h3 h4 h5 h6 hr ol pre table ul li tr td th tbody thead tfoot")
_LINE_START = re.compile(r"(?m)^(\s*)([-+](?=\s|$)|#{1,6}(?=\s|$)|>|=+\s*$|-{2,}\s*$|~{3,})")
_NUMBERED = re.compile(r"(?m)^(\s*\d{1,9})([.)])(?=\s|$)")


class Writer:
    """Writes one text; `problems` says what could not be kept."""

    def __init__(self, pictures: Callable[[str], str | None]) -> None:
        self.pictures = pictures
        self.problems: list[str] = []

    def text(self, tree: Node) -> str:
        """The whole, its blocks with an empty line between them."""
        return "\n\n".join(self._blocks(tree)).strip("\n")

    def inline_text(self, tree: Node) -> str:
        """The whole as one paragraph."""
        parts = self._flat(tree)
        return " ".join(part for part in parts if part).strip()

    def _flat(self, node: Node) -> list[str]:
        parts: list[str] = []
        run: list[Node | str] = []

        def flush() -> None:
            parts.extend(
                " ".join(paragraph.replace("\\\n", " ").split()) for paragraph in self._paragraphs(run, in_line=True)
            )
            run.clear()

        for child in node.children:
            if isinstance(child, Node) and child.tag in _BLOCKS:
                flush()
                inner = self._flat(child)
                if child.tag == "li" and len(inner) and parts:
                    parts[-1] = parts[-1].rstrip(";") + ";"
                parts.extend(inner)
            else:
                run.append(child)
        flush()
        return parts

    def _blocks(self, node: Node) -> list[str]:
        blocks: list[str] = []
        run: list[Node | str] = []
        for child in node.children:
            if isinstance(child, Node) and (child.tag in _BLOCKS or _holds_blocks(child)):
                blocks.extend(self._paragraphs(run))
                run = []
                blocks.extend(self._block(child))
            else:
                run.append(child)
        blocks.extend(self._paragraphs(run))
        return blocks

    def _block(self, node: Node) -> list[str]:
        match node.tag:
            case "ul" | "ol":
                return self._list(node)
            case "table":
                return self._table(node)
            case "blockquote":
                inner = "\n\n".join(self._blocks(node))
                return [re.sub(r"(?m)^", "> ", inner).replace("> \n", ">\n")] if inner else []
            case "pre":
                code = node.text().strip("\n")
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
                return [f"{fence}\n{code}\n{fence}"] if code.strip() else []
            case "hr":
                return ["---"]
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                title = " ".join(" ".join(self._paragraphs(node.children, in_line=True)).split())
                return [f"{'#' * int(node.tag[1])} {title}"] if title else []
            case _:
                return self._blocks(node)

    def _paragraphs(self, run: "list[Node | str]", *, in_line: bool = False) -> list[str]:
        line = Line(self.pictures, self.problems)
        paragraphs = line.write(run)
        return paragraphs if in_line else [_at_line_starts(paragraph) for paragraph in paragraphs]

    def _list(self, node: Node) -> list[str]:
        items: list[str] = []
        mark = "- "
        first = node.attributes.get("start", "1")
        number = int(first) if first.isdecimal() and len(first) < 7 else 1
        for child in node.children:
            if isinstance(child, str):
                child = Node("li", {}, [child])  # a text that is in no item is one
            inner = self._blocks(child) if child.tag == "li" else self._block(child)
            if not inner:
                continue
            if child.tag in {"ul", "ol"} and items:  # a list right in a list belongs to the item before it
                items[-1] += "\n" + _indented(inner[0], " " * len(mark))
                continue
            mark = f"{number}. " if node.tag == "ol" else "- "
            tight = "\n" if all(re.match(r"- |\d+\. ", block) for block in inner[1:]) else "\n\n"
            items.append(mark + _indented(tight.join(inner), " " * len(mark)).lstrip(" "))
            number += 1
        return ["\n".join(items)] if items else []

    def _table(self, node: Node) -> list[str]:
        rows = [row for row in _found(node, "tr") if any(cell.tag in {"td", "th"} for cell in row.nodes())]
        cells = [[cell for cell in row.nodes() if cell.tag in {"td", "th"}] for row in rows]
        width = max((len(row) for row in cells), default=0)
        before = [block for child in node.nodes() if child.tag == "caption" for block in self._blocks(child)]
        if width < 2:  # a frame or a column: no table
            return before + [block for row in cells for cell in row for block in self._blocks(cell)]
        texts = [[self._cell(cell) for cell in row] + [""] * (width - len(row)) for row in cells]
        has_head = all(cell.tag == "th" for cell in cells[0])
        head = texts.pop(0) if has_head else [""] * width
        lines = [head, ["---"] * width, *texts]
        return [*before, "\n".join(f"| {' | '.join(line)} |" for line in lines)]

    def _cell(self, cell: Node) -> str:
        return re.sub(r"(?<!\\)\|", r"\\|", self.inline_text(cell))


def _holds_blocks(node: Node) -> bool:
    """An inline element round blocks, such as a span round paragraphs, is a container."""
    return node.tag not in {"math", "a"} and any(
        child.tag in _BLOCKS or _holds_blocks(child) for child in node.nodes() if child.tag != "math"
    )


def _found(node: Node, tag: str) -> list[Node]:
    """The elements of this name, not looking into tables within."""
    found = []
    for child in node.nodes():
        if child.tag == tag:
            found.append(child)
        elif child.tag != "table":
            found.extend(_found(child, tag))
    return found


def _indented(text: str, by: str) -> str:
    return re.sub(r"(?m)^(?=.)", by, text)


def _at_line_starts(paragraph: str) -> str:
    """Escape what would begin a list, a heading or a quotation."""
    paragraph = _LINE_START.sub(lambda found: f"{found[1]}\\{found[2]}", paragraph)
    return _NUMBERED.sub(r"\1\\\2", paragraph)
