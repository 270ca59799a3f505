"""Inline HTML as Markdown: emphasis, links, pictures, formulas, and text with whatever means something escaped."""

import re
import unicodedata
from collections.abc import Callable, Iterator

from content.html import mathml
from content.html.tree import Node

_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "dfn": "*", "var": "*"}
_EMPHASIS |= dict.fromkeys(("s", "strike", "del"), "~~")
_EMBEDDED = {"audio", "embed", "iframe", "object", "source", "video"}
_RAISED = dict(zip("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ", strict=True))
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_ORDINALS = {"st", "nd", "rd", "th", "e", "er", "re", "ème", "o", "a", "®", "™", "*"}
_BASE = re.compile(r"(?:[A-Za-z]+|\d+|\))\Z")

_FORMULA = re.compile(
    r"\$\$(?P<dollars>(?:[^$\\]|\\.)+?)\$\$|\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]"
    r"|(?<![\\$\w])\$(?P<single>(?:[^$\\\n]|\\.){1,300}?)(?<!\\)\$(?![\d$])",
    re.DOTALL,
)
_SURELY_LATEX = re.compile(r"\\[a-zA-Z]+|[\^_]\{?[\w-]|\A\s*[A-Za-z]\s*\Z")
_LINKED = re.compile(r"\]\s?[\[(:]|\[\[|!\[")
_HAND_MADE = re.compile(r"\\(?:hfill|noindent|displaylimits|limits)(?![a-zA-Z])\s?")
_SPACE = re.compile(r"[ \t\r\n\f]+")

Piece = tuple[str, str]  # what it is (text, markdown, open, close, break) and what it says


class Line:
    """Writes a run of inline nodes as paragraphs: two line breaks in a row begin a new one."""

    def __init__(self, pictures: Callable[[str], str | None], problems: list[str]) -> None:
        self.pictures = pictures
        self.problems = problems

    def write(self, run: "list[Node | str]") -> list[str]:
        """The paragraphs of the run; none if it says nothing."""
        pieces = list(self._with_formulas(self._joined(self._pieces(run))))
        paragraphs = []
        for part in _split(pieces):
            text = _closed(part).strip(" ")
            if text.strip():
                paragraphs.append(text)
        return paragraphs

    def _pieces(self, nodes: "list[Node | str]") -> Iterator[Piece]:
        for node in nodes:
            if isinstance(node, str):
                yield "text", _SPACE.sub(" ", node)
            else:
                yield from self._piece(node)

    def _piece(self, node: Node) -> Iterator[Piece]:  # noqa: C901 (a table of elements)
        tag = node.tag
        if tag in _EMPHASIS:
            yield "open", _EMPHASIS[tag]
            yield from self._pieces(node.children)
            yield "close", _EMPHASIS[tag]
        elif tag == "br":
            yield "break", ""
        elif tag == "img":
            yield from self._picture(node)
        elif tag == "a":
            yield from self._link(node)
        elif tag in {"sup", "sub"}:
            yield tag, " ".join(node.text().split())
        elif tag in {"code", "kbd", "samp", "tt"}:
            yield from _code(node.text())
        elif tag == "math":
            yield from self._mathml(node)
        elif tag in _EMBEDDED:
            yield from self._embedded(node)
        elif tag == "q":
            yield from [("text", "“"), *self._pieces(node.children), ("text", "”")]
        elif tag == "rt":
            yield from [("text", "("), *self._pieces(node.children), ("text", ")")]
        elif tag != "rp":
            yield from self._pieces(node.children)

    def _picture(self, node: Node) -> Iterator[Piece]:
        address, alt = node.attributes.get("src", ""), " ".join(node.attributes.get("alt", "").split())
        name = self.pictures(address) if address else None
        if name is None:
            self.problems.append(f"a picture that is missing: {address[:100] or alt}")
            yield "text", alt
        else:
            yield "markdown", f"![{escape_text(alt).replace(']', chr(92) + ']')}](figures/{name})"

    def _link(self, node: Node) -> Iterator[Piece]:
        address = node.attributes.get("href", "").strip()
        inner = list(self._pieces(node.children))
        if not re.match(r"(?:https?://|mailto:)\S+\Z", address):
            if address and not address.startswith("#"):
                self.problems.append(f"a link that leads nowhere from here: {address[:100]}")
            yield from inner
            return
        label = _closed(list(self._with_formulas(self._joined(inner)))).strip()
        target = address.replace("(", "%28").replace(")", "%29")
        yield "markdown", f"[{label or escape_text(address)}]({target})"

    def _embedded(self, node: Node) -> Iterator[Piece]:
        address = node.attributes.get("src") or node.attributes.get("data") or ""
        if address.startswith("//"):
            address = f"https:{address}"
        if address.startswith(("http://", "https://")):
            self.problems.append(f"embedded content becomes a link: {address[:100]}")
            yield "markdown", f"[{escape_text(address)}]({address.replace('(', '%28').replace(')', '%29')})"
        elif address:
            self.problems.append(f"embedded content that cannot be kept: {address[:100]}")
        if node.tag in {"audio", "video"}:
            for child in node.nodes():
                if child.tag == "source" and not address:
                    yield from self._embedded(child)
                    address = "one is enough"

    def _mathml(self, node: Node) -> Iterator[Piece]:
        latex = mathml.to_latex(node)
        if latex is None:
            self.problems.append(f"MathML that is kept as text: {' '.join(node.text().split())[:100]}")
            yield "text", " ".join(node.text().split())
        elif latex.strip():
            fence = "$$" if node.attributes.get("display") == "block" else "$"
            yield "markdown", f"{fence}{latex.strip()}{fence}"

    def _joined(self, pieces: Iterator[Piece] | list[Piece]) -> list[Piece]:
        """Neighbouring texts as one, raised and lowered parts put to what they belong to."""
        made: list[Piece] = []
        for kind, said in pieces:
            if kind in {"sup", "sub"}:
                made.extend(_raised(kind, said, made))
            elif kind == "text" and made and made[-1][0] == "text":
                made[-1] = ("text", made[-1][1] + said)
            else:
                made.append((kind, said))
        return made

    def _with_formulas(self, pieces: list[Piece]) -> Iterator[Piece]:
        for kind, said in pieces:
            if kind != "text":
                yield kind, said
                continue
            at = 0
            for found in _FORMULA.finditer(said):
                latex = next(group for group in found.groups() if group is not None)
                if found["single"] is not None and not _SURELY_LATEX.search(latex):
                    continue
                yield "markdown" if found.start() == at else "text", ""
                yield "text", said[at : found.start()]
                at = found.end()
                if latex.strip():
                    yield "markdown", _formula(latex, display=found["square"] is not None or _alone(said, found))
            yield "text", said[at:]


def _alone(said: str, found: "re.Match[str]") -> bool:
    """`$$…$$` with nothing beside it is displayed."""
    return found["dollars"] is not None and said.strip() == found[0]


def _formula(latex: str, *, display: bool) -> str:
    latex = " ".join(latex.replace("\u00a0", " ").split())
    latex = _HAND_MADE.sub("", latex.replace(r"\mbox", r"\text"))
    latex = re.sub(r"(?<!\\)\$", r"\\$", latex)
    return f"$${latex}$$" if display else f"${latex}$"


def escape_text(text: str) -> str:
    """Text with what Markdown and our texts would understand escaped."""
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~\s]|\Z)", r"\\\\", text)
    text = re.sub(r"([`*$])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)
    text = re.sub(r"&(?=#?\w+;)", r"\\&", text)
    text = re.sub(r"~(?=~)|(?<=~)~", r"\\~", text)
    if _LINKED.search(text):
        text = re.sub(r"(!?\[|\])", lambda found: found[0].replace("[", r"\[").replace("]", r"\]"), text)
    return text.replace("@{", "@\\{").replace("\u00a0", " ")


def _code(text: str) -> Iterator[Piece]:
    text = " ".join(text.split())
    if text:
        fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        yield "markdown", f"{fence}{pad}{text}{pad}{fence}"


def _raised(kind: str, said: str, before: list[Piece]) -> Iterator[Piece]:
    """Digits and signs as signs of their own, ordinals as they are, anything else as a formula with its base."""
    signs = _RAISED if kind == "sup" else _LOWERED
    compact = said.replace(" ", "")
    if not compact:
        return
    if all(sign in signs for sign in compact):
        said = "".join(signs[sign] for sign in compact)
    elif kind == "sup" and compact.lower() in _ORDINALS:
        said = compact
    elif re.fullmatch(r"[\w+\-−*/=,. ()]+", said):
        base = _BASE.search(before[-1][1]) if before and before[-1][0] == "text" else None
        base_text = "{}"
        if base is not None and base[0] != ")":
            before[-1] = ("text", before[-1][1][: base.start()])
            base_text = base[0] if len(base[0]) == 1 or base[0].isdecimal() else rf"\mathrm{{{base[0]}}}"
        inner = said if len(said) < 3 or not re.search(r"[A-Za-z]{3}", said) else rf"\text{{{said}}}"
        inner = inner.replace("_", r"\_")
        yield "markdown", f"${base_text}{'^' if kind == 'sup' else '_'}{{{inner}}}$"
        return
    else:
        said = f"^({said})" if kind == "sup" else f"_({said})"
    if before and before[-1][0] == "text":
        before[-1] = ("text", before[-1][1] + said)
    else:
        yield "text", said


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    """Paragraphs: two breaks in a row end one. Emphasis that is open across the end is closed and opened again."""
    parts: list[list[Piece]] = [[]]
    opened: list[str] = []
    waiting = False
    for kind, said in pieces:
        if kind == "break":
            if waiting:
                parts[-1].extend(("close", mark) for mark in reversed(opened))
                parts.append([("open", mark) for mark in opened])
            waiting = not waiting
            continue
        if kind == "text" and not said.strip(" "):
            if not waiting and said:
                parts[-1].append((kind, said))
            continue
        if waiting and kind in {"text", "markdown"} and said:
            parts[-1].append(("break", ""))
            said = said.lstrip(" ") if kind == "text" else said
            waiting = False
        if kind == "open":
            opened.append(said)
        elif kind == "close" and said in opened:
            opened.remove(said)
        parts[-1].append((kind, said))
    return parts


def _closed(pieces: list[Piece]) -> str:
    """The pieces as one text. Emphasis that Markdown would not understand where it stands is moved or left."""
    pieces = _without_empty_emphasis([piece for piece in pieces if piece[1] or piece[0] == "break"])
    marks: list[tuple[int, int]] = []
    opened: list[int] = []
    texts = [_as_markdown(kind, said) for kind, said in pieces]
    for at, text in enumerate(texts[1:], 1):
        if text[:1].isdecimal() and pieces[at - 1][0] == "markdown" and texts[at - 1].endswith("$"):
            texts[at] = f" {text}"  # a digit right behind the dollar would make it money
    for index, (kind, said) in enumerate(pieces):
        if kind == "open":
            opened.append(index)
        elif kind == "close" and opened and pieces[opened[-1]][1] == said:
            marks.append((opened.pop(), index))
    paired = {index for pair in marks for index in pair}
    texts = ["" if pieces[i][0] in {"open", "close"} and i not in paired else text for i, text in enumerate(texts)]
    for start, end in marks:
        _move_spaces(texts, start, end)
        if not (_opens(texts, start) and _closes(texts, end)):
            texts[start] = texts[end] = ""
    return _spaced("".join(texts))


def _spaced(text: str) -> str:
    """No doubled spaces, none at the ends of lines."""
    text = re.sub(r" {2,}", " ", text)
    return re.sub(r" *(\\\n) *", r"\1", text)


def _as_markdown(kind: str, said: str) -> str:
    if kind == "text":
        return escape_text(said)
    return "\\\n" if kind == "break" else said


def _without_empty_emphasis(pieces: list[Piece]) -> list[Piece]:
    made: list[Piece] = []
    for piece in pieces:
        if piece[0] == "close" and made and made[-1] == ("open", piece[1]):
            made.pop()
        elif piece[0] == "open" and made and made[-1] == ("close", piece[1]):
            made.pop()  # one that ends and begins again goes on
        else:
            made.append(piece)
    return made


def _move_spaces(texts: list[str], start: int, end: int) -> None:
    """Spaces, and punctuation that would stop Markdown from seeing the mark, stand outside of the emphasis."""
    inner = texts[start + 1]
    stripped = inner.lstrip(" ")
    if stripped != inner:
        texts[start] = " " + texts[start]
        texts[start + 1] = stripped
    inner = texts[end - 1]
    stripped = inner.rstrip(" ")
    if stripped != inner:
        texts[end - 1] = stripped
        texts[end] += " "
    after = _next(texts, end)
    inner = texts[end - 1]
    if after and not _apart(after) and inner and _punctuation(inner[-1]) and not inner.endswith(("$", ")", "`", "*")):
        kept = inner.rstrip("".join(sorted({sign for sign in inner if _punctuation(sign)} - set("$)`*\\"))))
        texts[end - 1], texts[end] = kept, texts[end] + inner[len(kept) :]


def _opens(texts: list[str], at: int) -> bool:
    before, after = "".join(texts[:at])[-1:] or " ", _next(texts, at)
    if texts[at].startswith(" "):
        before = " "
    return bool(after) and not after.isspace() and (not _punctuation(after) or _apart(before))


def _closes(texts: list[str], at: int) -> bool:
    before, after = "".join(texts[:at])[-1:], _next(texts, at) or " "
    outside = texts[at].lstrip("*~")
    after = outside[:1] or after
    return bool(before) and not before.isspace() and (not _punctuation(before) or _apart(after))


def _next(texts: list[str], at: int) -> str:
    return next((text[0] for text in texts[at + 1 :] if text), "")


def _apart(sign: str) -> bool:
    return sign.isspace() or _punctuation(sign)


def _punctuation(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PS"
