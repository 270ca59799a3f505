"""The pictures of a course that is being read: on the disk and not in memory, under names that a course can use.

A picture keeps its own name with a part of its content's hash: the name is stable, and two pictures never share one.
"""

import base64
import hashlib
import re
import tempfile
import weakref
from collections.abc import Iterator, Mapping

from content.formats.source import CourseError, Files, size_of

MAX_PICTURE = 20_000_000  # bytes
SMALL = 1_000_000  # bytes, of all of them, that stay in the memory
ENDINGS = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "gif": "gif", "webp": "webp", "svg": "svg"}
_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"<svg": "svg", b"<?xml": "svg"}
_IN_ADDRESS = re.compile(r"data:image/([\w.+-]+)[^,]{0,100};base64,", re.IGNORECASE)


class PictureProblem(ValueError):
    """A picture that cannot be kept; the message says why."""


class Pictures(Mapping[str, bytes]):
    """Figures by the names that texts use. Those from files of the source are read from there when asked for."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._aside = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115 (it lives as long as this)
        weakref.finalize(self, self._aside.close)
        self._places: dict[str, tuple[int, int] | str] = {}  # name -> where it stands aside, or in the files
        self._known: dict[str, str] = {}  # file of the source -> name

    def add(self, name: str, data: bytes) -> str:
        """Keep a picture and return the name that it has in the course. Raises PictureProblem."""
        stored = _stored(name, data)
        if stored not in self._places:
            start = self._aside.seek(0, 2)
            self._aside.write(data)
            self._places[stored] = (start, len(data))
        return stored

    def add_file(self, name: str) -> str:
        """Keep a picture of the source's files and return its name. Raises PictureProblem."""
        if name not in self._known:
            if name not in self._files:
                raise PictureProblem(f"a picture that is not among the files: {name}")
            if size_of(self._files, name) > MAX_PICTURE:
                raise PictureProblem(f"a picture is too large: {name}: at most {MAX_PICTURE // 1_000_000} MB")
            try:
                self._known[name] = _stored(name.rpartition("/")[2], self._files[name])
            except CourseError as error:
                raise PictureProblem(f"a picture that cannot be read: {name}: {error}") from None
            self._places.setdefault(self._known[name], name)
        return self._known[name]

    def add_address(self, address: str) -> str | None:
        """Keep a picture that stands in its own address (`data:…;base64,…`); None for any other address.

        Raises PictureProblem.
        """
        found = _IN_ADDRESS.match(address)
        if found is None:
            return None
        try:
            data = base64.b64decode(address[found.end() :])
        except ValueError:
            raise PictureProblem("a picture in a text that cannot be read") from None
        return self.add(f"picture.{found[1].lower().removesuffix('+xml')}", data)

    def __getitem__(self, name: str) -> bytes:
        place = self._places[name]
        if isinstance(place, str):
            return self._files[place]
        self._aside.seek(place[0])
        return self._aside.read(place[1])

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _stored(name: str, data: bytes) -> str:
    if len(data) > MAX_PICTURE:
        raise PictureProblem(f"a picture is too large: {name}: at most {MAX_PICTURE // 1_000_000} MB")
    ending = _ending(name, data)
    if not ending:
        raise PictureProblem(f"a file that is no picture: {name}")
    stem = re.sub(r"[^\w.-]+", "-", name.rpartition(".")[0] or name).strip("-._")[:60]
    mark = hashlib.sha256(data).hexdigest()[:8]
    # One that comes back from an export has its mark already.
    stem = stem.removesuffix(f"-{mark}")
    return f"{stem}-{mark}.{ending}" if stem else f"{mark}.{ending}"


def _ending(name: str, data: bytes) -> str:
    """The kind of picture by its first bytes; an SVG may begin with anything that XML allows."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    named = ENDINGS.get(name.rpartition(".")[2].lower(), "")
    for start, ending in _SIGNATURES.items():
        if data.lstrip()[: len(start)] == start and (ending != "svg" or b"<svg" in data[:4096]):
            return ending
    return "svg" if named == "svg" and b"<svg" in data[:65536] else ""
