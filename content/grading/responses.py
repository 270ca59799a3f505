"""Responses in the shape that a kind takes: one text, or a list of them, within bounds. Anything else is Unreadable."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from content.grading.grades import Response
from content.mathematics import Code, Unreadable

MAX_TEXT = 500  # characters
MAX_LONG_TEXT = 20_000
MAX_TEXTS = 100
Read = TypeVar("Read")
_NONE = re.compile(
    r"\s*(?:∅|\\emptyset|\\varnothing|\{\s*\}|\\(?:left)?\\?\{\s*\\(?:right)?\\?\}|no\s+solutions?|none|无解|空集)\s*",
    re.I,
)


def one_text(response: Response, *, longest: int = MAX_TEXT) -> str:
    """The one text. Raises Unreadable where there is none, or too much."""
    if not isinstance(response, str):
        raise Unreadable(Code.WRONG_SHAPE)
    if not response.strip():
        raise Unreadable(Code.EMPTY)
    return checked(response, longest=longest)


def says_none(text: str) -> bool:
    """Whether a text says that there is nothing: the empty set, in signs or in words of both languages."""
    return _NONE.fullmatch(text) is not None


def ids(response: Response) -> list[str]:
    """The ids of several choices. Raises Unreadable."""
    if isinstance(response, str):
        raise Unreadable(Code.WRONG_SHAPE, response)
    if not response:
        raise Unreadable(Code.EMPTY)
    if len(response) > MAX_TEXTS:
        raise Unreadable(Code.TOO_LONG, response[0], MAX_TEXTS)
    return response


def texts(response: Response, count: int) -> list[str]:
    """As many texts as there are places, none of them empty. Raises Unreadable with the place."""
    given = texts_so_far(response, count)
    for place, text in enumerate(given, start=1):
        if not text:
            raise at_place(Unreadable(Code.EMPTY_PLACE, str(place)), place)
    return given


def texts_so_far(response: Response, count: int) -> list[str]:
    """As many texts as there are places, "" where nothing stands yet, but not everywhere. Raises Unreadable."""
    if isinstance(response, str) or len(response) != count:
        raise Unreadable(Code.WRONG_SHAPE)
    if not any(text.strip() for text in response):
        raise Unreadable(Code.EMPTY)
    return [in_place(checked, text, place) if text.strip() else "" for place, text in enumerate(response, start=1)]


def checked(text: str, *, longest: int = MAX_TEXT) -> str:
    """The text, where it is not too long and can be kept. Raises Unreadable."""
    if len(text) > longest:
        raise Unreadable(Code.TOO_LONG, text, longest)
    if "\0" in text:  # no sign at all, and nothing that a database keeps
        raise Unreadable(Code.UNKNOWN_SIGN, "\\0", text.index("\0"))
    return text


def in_place(read: Callable[[str], Read], text: str, place: int) -> Read:
    """What comes of reading one of several texts. Raises Unreadable with its place."""
    try:
        return read(text)
    except Unreadable as problem:
        raise at_place(problem, place) from None


def at_place(problem: Unreadable, place: int) -> Unreadable:
    """The problem, with the place of the text that has it."""
    problem.place = place
    return problem


def foreseen(response: str | Sequence[str]) -> Response:
    """A foreseen response of an author in the shape of a student's."""
    return response if isinstance(response, str) else list(response)
