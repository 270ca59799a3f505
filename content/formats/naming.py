"""Names for what comes from outside: keys that a course can have and that stay the same, the language of texts."""

import hashlib
import re
from collections.abc import Iterable

from content.package import Concept
from content.schema import KEY_LENGTH, TITLE_LENGTH
from content.shelf import Index

_NOT_IN_KEYS = re.compile(r"[^\w.-]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")


def key_of(name: str) -> str:
    """A name with what a key may not contain replaced; two names may give the same key. Empty for signs alone."""
    return _NOT_IN_KEYS.sub("-", name.strip()).strip("-")[:KEY_LENGTH]


def mark_of(*parts: str) -> str:
    """Twelve letters that stand for these texts and no others, to build a key on what something says."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def slug_of(name: str) -> str:
    """A course's short name: small letters, digits and `-`. A name without Latin letters gives a mark of it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80].strip("-") or f"course-{mark_of(name)}"


def language_of(texts: Iterable[str]) -> str:
    """`zh-hans` if at least a tenth of the letters are Chinese, otherwise `en`."""
    han = letters = 0
    for text in texts:
        han += len(_HAN.findall(text))
        letters += len(_LETTER.findall(text))
    return "zh-hans" if han * 10 >= letters > 0 else "en"


class Keys:
    """Keys that are given once. A second owner of a name gets a mark of what it says behind it, never a number."""

    def __init__(self) -> None:
        self._taken: Index[int] = Index()

    def give(self, name: str, *content: str) -> str | None:
        """Return a key for a name, or of the content where there is none; None if the very same was given before."""
        marked = mark_of(name, *content)
        plain = key_of(name)
        key = plain or marked
        if not self._taken.add(key, 1):
            key = f"{plain[: KEY_LENGTH - 13]}-{marked}".strip("-")
            if not self._taken.add(key, 1):
                return None
        return key


class Concepts:
    """A concept for each place that exercises stand in, so that they can be practised: a category, a test, a file.

    The key comes of the whole path, so that two places of one name stay two; the title is the last part of it.
    """

    def __init__(self) -> None:
        self._made: dict[str, Concept] = {}
        self._keys = Keys()

    def of(self, path: str, *, title: str = "", name: str = "", summary: str = "") -> str:
        """Return the key of the concept of a place; `name` is one that the source itself gives it."""
        if path not in self._made:
            key = self._keys.give(name or path, path) or mark_of(path)
            shown = (title or path).strip()[:TITLE_LENGTH] or key
            self._made[path] = Concept(key=key, title=shown, summary=summary)
        return self._made[path].key

    def all(self, used: Iterable[str]) -> tuple[Concept, ...]:
        """The concepts that are used, in the order in which they came."""
        wanted = set(used)
        return tuple(concept for concept in self._made.values() if concept.key in wanted)
