"""What content/ says is wrong, and where, in the reader's language.

A message is one fixed phrase or several, each followed by `: ` and what it is about: `a picture that cannot be read:
map.png: refused`. It may begin with a place, and `; ` stands between two messages. Phrases and places are put into
words; what an author or a file said stays as it is.
"""

import re

from django.utils.translation import gettext, gettext_lazy

from content.grading.kinds import KINDS
from content.package import StepKind
from content.wording import exercises, libraries, places, sources

PHRASES = frozenset({*exercises.PHRASES, *sources.PHRASES, *libraries.PHRASES})
SEPARATORS = {": ": gettext_lazy(": "), "; ": gettext_lazy("; "), ", ": gettext_lazy(", ")}
OF_A_KIND = frozenset(  # phrases after which the name of a kind of step comes
    {
        "QTI compares this as a text",
        "a gap of the kind",
        "a kind that has no place in a row",
        "a step of the kind",
        "wrong answers of this kind cannot be computed",
    }
)
OPENED = gettext_lazy(" (")
CLOSED = gettext_lazy(")")
_BLANK = re.compile(r"%\((\w+)\)s")
_IS = {"id": r"[\w:-]+", "key": r"[\w.:-]+"}  # what fits into these blanks; into the others, digits
_DIGITS = r"\d+"
_IN_FILE = re.compile(r"(.+[^,]) (line \d+)")
_INSIDE = re.compile(r"(.+) \((.+)\)")


def _pattern(words: str) -> re.Pattern[str]:
    parts = _BLANK.split(words)
    inside = (
        f"(?P<{part}>{_IS.get(part, _DIGITS)})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return re.compile("".join(inside))


_COUNTED = [(_pattern(words), words) for words in places.COUNTED]
_NAMED = [(_pattern(words), words) for words in places.NAMED]


def in_words(message: str) -> str:
    """A message in the reader's language."""
    first, *more = re.split("(: |; )", message)
    before, known, said, text = "", False, False, ""
    for separator, part in (("", first), *zip(more[::2], more[1::2], strict=True)):
        said = said and separator != "; "
        words = _part(part, before=before, said=said)
        is_ours = words is not None or (known and separator == ": ")
        text += (str(SEPARATORS[separator]) if is_ours and separator else separator) + (words or part)
        before, known, said = part, words is not None, said or part in PHRASES
    return text


def place_in_words(place: str) -> str:
    """Where something is, in the reader's language: `course.yaml line 3 (step a, hint 2)`."""
    if found := _INSIDE.fullmatch(place):
        outside, inside = place_in_words(found[1]), place_in_words(found[2])
        if (outside, inside) != (found[1], found[2]):
            return f"{outside}{OPENED}{inside}{CLOSED}"
    if found := _IN_FILE.fullmatch(place):
        return f"{found[1]} {_filled(_COUNTED, found[2])}"
    first, *more = place.split(", ")
    text = _place(first) or first
    for part in more:
        words = _place(part)
        text += f"{SEPARATORS[', ']}{words}" if words else f", {part}"
    return text


def _part(part: str, *, before: str, said: bool) -> str | None:
    """The words of a part that is ours. Places are named before the first phrase only, numbers and kinds after it."""
    if part in PHRASES:
        return gettext(part)
    if before in OF_A_KIND and part in KINDS:
        return gettext(KINDS[StepKind(part)].title)
    if said:
        return _filled(_COUNTED, part)
    words = place_in_words(part)
    return None if words == part else words


def _place(part: str) -> str | None:
    if part in places.PLACES:
        return str(places.PLACES[part])
    return _filled(_COUNTED, part) or _filled(_NAMED, part)


def _filled(patterns: list[tuple[re.Pattern[str], str]], part: str) -> str | None:
    """The words with what stands in the blanks; None where none of the patterns fits."""
    return next(
        (gettext(words) % found.groupdict() for pattern, words in patterns if (found := pattern.fullmatch(part))), None
    )
