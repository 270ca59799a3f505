r"""GIFT's syntax: a file to blocks, a block to a question with its texts as they stand, unescaped by `unescaped`.

As in Moodle, a question ends at an empty line, lines that begin with // are comments, and what stands between the first
and the last brace are the answers. An empty line between braces that close again later does not end a question.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import TextIO

from content.formats.answers import number_of, share_of

MAX_BLOCK = 10_000_000  # characters of one question, with the pictures in it
_ESCAPED = {sign: chr(0xE200 + at) for at, sign in enumerate(":#={}~\\n")}
_UNESCAPED = {held: ("\n" if sign == "n" else sign) for sign, held in _ESCAPED.items()}
_HELD = re.compile(f"[{''.join(_UNESCAPED)}]")
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_ANSWERS = re.compile(r"\{\s*(?:[=~]|#\s*[-+\d]|(?:T|F|TRUE|FALSE)\s*[#}])")
_WEIGHT = re.compile(r"\s*%([-+]?\d*\.?\d*)%")
_ATTRIBUTE = re.compile(r"""(?<=\s)[A-Za-z-]{2,30}=(?:"[^"<>]*"|'[^'<>]*')(?=[^<>]*>)""")
_ID = re.compile(r"\[id:([^\x00-\x1f\x7f]+?)(?<!\\)\]")
_TAG = re.compile(r"\[tag:([^\x00-\x1f\x7f<>`]+?)(?<!\\)\]")
MAX_COMMENT, MAX_COMMENTS = 1000, 200  # characters, and lines before one question
BLANK = "_____"


class Unreadable(ValueError):
    """A question that cannot be read; the message says why."""


class Format(StrEnum):
    """How a text is to be understood."""

    MOODLE = "moodle"
    HTML = "html"
    MARKDOWN = "markdown"
    PLAIN = "plain"


@dataclass(frozen=True)
class Block:
    """A question or a category as it stands, and the line that it begins in."""

    text: str
    line: int
    category: bool = False
    id: str = ""
    tags: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()  # that stand before it
    is_cut: bool = False  # it was longer than a question may be


@dataclass(frozen=True)
class Text:
    """A text, still escaped, and its format."""

    said: str
    format: Format


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. `share` is None where none is written; `right` says that it began with `=`."""

    text: Text
    right: bool = False
    share: Fraction | None = None
    feedback: Text | None = None
    partner: str | None = None  # of a pair
    low: Fraction | None = None  # of a number
    high: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class GiftQuestion:
    """A question. `feedback` holds what is said to a wrong and to a right answer of true or false."""

    kind: str
    title: str
    text: Text
    answers: tuple[Answer, ...] = ()
    general: Text | None = None
    is_true: bool = False
    feedback: tuple[Text, ...] = field(default=())


def unescaped(text: str) -> str:
    """The text that is meant."""
    return _HELD.sub(lambda found: _UNESCAPED[found[0]], text)


def _held(text: str) -> str:
    """Escaped signs as signs of the private use area, so that they mean nothing while the syntax is read."""
    text = _HELD.sub("\ufffd", text)
    text = re.sub(r"\\([:#={}~\\n])", lambda found: _ESCAPED[found[1]], text)
    # Many write HTML without escaping it; what stands in an attribute is no sign either.
    return _ATTRIBUTE.sub(lambda found: re.sub("[:#={}~]", lambda sign: _ESCAPED[sign[0]], found[0]), text)


def lines_of(stream: TextIO) -> Iterator[str]:
    """The lines of a file; one that is longer than a question comes in pieces."""
    return iter(lambda: stream.readline(MAX_BLOCK), "")


def blocks(lines: Iterable[str]) -> Iterator[Block]:  # noqa: C901, PLR0915 (one pass over the lines)
    """The questions and categories of a file, in order."""
    comments: list[str] = []
    kept: list[str] = []
    start = size = 0
    pending: Block | None = None

    def block() -> Block:
        found = _ID.findall(" ".join(comments))
        tags = tuple(dict.fromkeys(tag.strip() for tag in _TAG.findall(" ".join(comments))))
        text = "\n".join(kept).strip("\n")
        before = tuple(map(unescaped, comments))
        comments.clear()
        kept.clear()
        name = found[-1].strip().replace(r"\]", "]") if found else ""
        return Block(text, start, id=name, tags=tags, comments=before, is_cut=size > MAX_BLOCK)

    number = 0
    for number, line in enumerate(lines, start=1):
        line = _held(line.rstrip("\r\n"))
        said = line.strip()
        if said.startswith("//"):
            comments += [said[:MAX_COMMENT]] if len(comments) < MAX_COMMENTS else []
        elif said.upper().startswith("$CATEGORY:") and not _open(kept):
            if any(kept) or pending:
                yield from _ended(pending, block() if any(kept) else None)
                pending = None
            before = tuple(map(unescaped, comments))
            comments.clear()
            yield Block(said[10:].strip(), number, category=True, comments=before)
        elif said:
            if said.startswith("::") and kept and kept[-1].rstrip().endswith("}") and not _open(kept):
                yield from _ended(pending, block())  # another question, without an empty line before it
                pending = None
            start, size = (start, size) if kept else (number, 0)
            size += len(line) + 1
            kept.append(line if size <= MAX_BLOCK else "…")
        elif any(kept):
            fresh = block()
            joined = _joined(pending, fresh)
            if joined is None:
                if pending:
                    yield pending
                joined = fresh
            pending = joined if _open([joined.text]) and not joined.is_cut else None
            if pending is None:
                yield joined
    yield from _ended(pending, block() if any(kept) else None)


def _ended(pending: Block | None, fresh: Block | None) -> Iterator[Block]:
    joined = _joined(pending, fresh) if fresh else None
    yield from [joined] if joined else [each for each in (pending, fresh) if each]


def _open(lines: list[str]) -> bool:
    text = "\n".join(lines)
    return text.count("{") > text.count("}")


def _joined(pending: Block | None, fresh: Block) -> Block | None:
    """A block whose brace is open with what follows, if that goes on with answers or closes the brace."""
    if pending is None:
        return None
    brace = re.search(r"[{}]", fresh.text)
    goes_on = brace[0] == "}" if brace else fresh.text.lstrip().startswith(("=", "~", "#"))
    if not goes_on:
        return None
    is_cut = fresh.is_cut or len(pending.text) + len(fresh.text) > MAX_BLOCK
    return replace(pending, text=f"{pending.text}\n{fresh.text}", is_cut=is_cut)


def question(read: Block) -> GiftQuestion:
    """Read one question. Raises Unreadable."""
    if read.is_cut:
        raise Unreadable(f"a question is too long: at most {MAX_BLOCK // 1_000_000} million characters")
    block = read.text
    title, rest = "", block.strip()
    if rest.startswith("::"):
        end = rest.find("::", 2)
        if end < 0:
            raise Unreadable("a title that does not end")
        title, rest = rest[2:end].strip(), rest[end + 2 :].strip()
    start, end = _braces(rest)
    if start < 0 and end < 0:
        return GiftQuestion(kind="description", title=title, text=_text(rest, Format.MOODLE))
    if start < 0 or end < start:
        raise Unreadable("braces that do not match")
    before, inside, after = rest[:start], rest[start + 1 : end].strip(), rest[end + 1 :]
    text = _text(f"{before.rstrip()} {BLANK} {after.strip()}" if after.strip() else before, Format.MOODLE)
    general = None
    if (at := inside.rfind("####")) >= 0:
        general = _text(inside[at + 4 :], text.format)
        inside = inside[:at].strip()
    return _answers(inside, GiftQuestion(kind="", title=title, text=text, general=general))


def _braces(text: str) -> tuple[int, int]:
    """Where the answers begin and end: at the last brace and the one that it closes, so that formulas may have braces.

    Raises Unreadable where answers stand in several places.
    """
    end = text.rfind("}")
    depth = 0
    for found in reversed(list(re.finditer(r"[{}]", text[: end + 1]))):
        depth += 1 if found[0] == "}" else -1
        if depth == 0:
            start = found.start()
            if _ANSWERS.search(text[:start]):
                raise Unreadable("a question has answers in several places")
            return start, end
    return text.find("{"), end


def _text(said: str, format_: Format) -> Text:
    if found := _FORMAT.match(said):
        return Text(said[found.end() :].strip(), Format(found[1].lower()))
    return Text(said.strip(), format_)


def _answers(inside: str, so_far: GiftQuestion) -> GiftQuestion:
    """The kind of a question, as Moodle tells it, and its answers."""
    format_ = so_far.text.format
    made = {"title": so_far.title, "text": so_far.text, "general": so_far.general}
    verdict, *said = inside.split("#")
    if not inside:
        return GiftQuestion(kind="essay", **made)  # type: ignore[arg-type]
    if inside.startswith("#"):
        return GiftQuestion(kind="numerical", answers=_numbers(inside[1:], format_), **made)  # type: ignore[arg-type]
    if "~" in inside:
        answers = _split(inside, format_)
        return GiftQuestion(kind="multichoice", answers=answers, **made)  # type: ignore[arg-type]
    if "=" in inside and "->" in inside:
        return GiftQuestion(kind="matching", answers=_pairs(inside, format_), **made)  # type: ignore[arg-type]
    if verdict.strip().upper() in {"T", "TRUE", "F", "FALSE"}:
        feedback = tuple(_text(each, format_) for each in said)
        is_true = verdict.strip().upper() in {"T", "TRUE"}
        return GiftQuestion(kind="truefalse", is_true=is_true, feedback=feedback, **made)  # type: ignore[arg-type]
    answers = _split(inside if "=" in inside else f"={inside}", format_)
    return GiftQuestion(kind="shortanswer", answers=answers, **made)  # type: ignore[arg-type]


def _split(inside: str, format_: Format) -> tuple[Answer, ...]:
    parts = re.split(r"([=~])", inside)
    if parts[0].strip():
        raise Unreadable(f"what stands before the first answer: {unescaped(parts[0].strip())[:80]}")
    return tuple(
        _answer(said, right=sign == "=", format_=format_)
        for sign, said in zip(parts[1::2], parts[2::2], strict=True)
        if said.strip() or sign == "="
    )


def _answer(said: str, *, right: bool, format_: Format) -> Answer:
    share = None
    # Some files have the sign behind the weight, or in it.
    if found := _WEIGHT.match(said):
        share = share_of(found[1] or "0")
        if share is None:
            raise Unreadable(f"a weight that is none: {found[1]}")
        said = said[found.end() :]
    text, hash_, feedback = said.partition("#")
    return Answer(
        text=_text(text, format_),
        right=right,
        share=share,
        feedback=_text(feedback, format_) if hash_ and feedback.strip() else None,
    )


def _pairs(inside: str, format_: Format) -> tuple[Answer, ...]:
    answers = []
    for part in inside.split("=")[1:]:
        stem, arrow, partner = part.partition("->")
        if not arrow:
            raise Unreadable(f"a pair without ->: {unescaped(part.strip())[:80]}")
        answers.append(Answer(text=_text(stem, format_), partner=partner.strip()))
    return tuple(answers)


def _numbers(inside: str, format_: Format) -> tuple[Answer, ...]:
    inside = inside.strip()
    answers = []
    for each in _split(inside if inside.startswith(("=", "~")) else f"={inside}", format_):
        low, high = _range(each.text.said)
        answers.append(
            Answer(text=each.text, right=each.right, share=each.share, feedback=each.feedback, low=low, high=high)
        )
    return tuple(answers)


def _range(said: str) -> tuple[Fraction | None, Fraction | None]:
    said = unescaped(said).strip()
    if said in {"", "*"}:
        return None, None
    if ".." in said:
        low, high = (number_of(part) for part in said.split("..", 1))
    else:
        value, _, tolerance = said.partition(":")
        middle, off = number_of(value), number_of(tolerance or "0")
        low, high = (None, None) if middle is None or off is None else (middle - abs(off), middle + abs(off))
    if low is None or high is None:
        raise Unreadable(f"a number that cannot be read: {said[:80]}")
    return min(low, high), max(low, high)
