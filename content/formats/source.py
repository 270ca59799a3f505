"""The files of a course, from a folder, a zip or one file, bounded and read as they are asked for; and what a format
makes of them.

A format is a pure translation of names and bytes. Nothing is read before it is wanted, so that a package may be larger
than the memory: `files[name]` reads a file, `open_file` streams one.
"""

import io
import lzma
import os
import stat
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from content.package import CoursePackage, Defect
from content.shelf import Index, Shelf

MAX_FILES = 100_000
MAX_FILE = 50_000_000  # bytes of a file that is read whole
MAX_TOTAL = 2_000_000_000  # bytes, unpacked
MAX_RATIO = 200  # times smaller than unpacked, for a whole zip; courses reach about 10
SMALL = 1_000_000  # bytes: a zip that unpacks to less is no bomb

# What zipfile and its decompressors raise for a zip that is damaged, encrypted or packed in a way of its own.
BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, RuntimeError, NotImplementedError, UnicodeDecodeError),
)

Files = Mapping[str, bytes]


class CourseError(ValueError):
    """Nothing can be imported from here at all; the message is one line for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of the source, such as a question: what the source calls it, and what became of it.

    `key` is that of the exercise or resource that it became; without one it was dropped. `reasons` says what was
    changed in it, or why it was dropped: what stands before the first `: ` is a fixed phrase, which is counted.
    """

    id: str
    title: str = ""
    kind: str = ""  # as the source names it
    key: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """`kept`, `changed` or `dropped`."""
        if not self.key:
            return "dropped"
        return "changed" if self.reasons else "kept"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A course as its format understood it.

    `items` says of each item of the source what became of it, and is empty for formats whose items are the exercises.
    `own_answers` holds, by the key of the step, what the source itself stores as right, as a response; None where that
    is what the steps' answer keys say.
    `source_steps` counts the steps of the source, those that were dropped included.
    `as_text` names the steps whose mathematics could only be kept as text to compare.
    A format whose courses are written for us is `strict`: with defects, the whole course is refused.
    """

    package: CoursePackage
    defects: Sequence[Defect] = ()
    items: Sequence[Item] = ()
    own_answers: Mapping[str, str | list[str]] | None = None
    source_steps: int = 0
    as_text: frozenset[str] = frozenset()
    strict: bool = False

    def gradable(self) -> int:
        """How many steps are graded as the kind that they are."""
        return sum(len(exercise.steps) for exercise in self.package.exercises) - len(self.as_text)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A course as a format's files, and what of the course that format cannot say."""

    files: Mapping[str, bytes]
    defects: tuple[Defect, ...] = ()


class Journal:
    """Collects what a format reports, item by item, while it reads."""

    def __init__(self) -> None:
        self.defects: Shelf[Defect] = Shelf(_defect_as_list, _defect_of)
        self._last: deque[Defect] = deque(maxlen=50)
        self._items: Shelf[Item] = Shelf(_item_as_list, _item_of)
        self._places: Index[int] = Index()  # id of an item -> where it stands among them
        self._now = Item(id="")  # the last one, which most reports are about
        self._early: dict[str, tuple[str, ...]] = {}  # what was reported about items that are not known yet

    def begin(self, item_id: str, *, title: str = "", kind: str = "") -> None:
        """Note an item of the source; until `became` is called it counts as dropped."""
        said = self._early.pop(item_id, ())
        if not self._places.add(item_id, len(self._items)):
            said = self._item(item_id).reasons
        self._close()
        self._now = Item(id=item_id, title=title, kind=kind, reasons=said)
        if self._places[item_id] == len(self._items):
            self._items.append(self._now)

    def became(self, item_id: str, key: str) -> None:
        """Note the exercise or resource that an item became."""
        self._change(replace(self._item(item_id), key=key))

    def report(self, place: str, problem: str, *, item: str = "", dropped: bool = False) -> None:
        """Note a defect; `dropped` says that the part it is about could not be kept."""
        defect = Defect(place=place, problem=problem, dropped=dropped, item=item)
        if defect in self._last:
            return
        self._last.append(defect)
        self.defects.append(defect)
        if item in self._places:
            about = self._item(item)
            if problem not in about.reasons:
                self._change(replace(about, reasons=(*about.reasons, problem)))
        elif item:
            self._early[item] = (*self._early.get(item, ()), problem)

    def items(self) -> Sequence[Item]:
        """Every item with the reasons that were reported about it."""
        self._close()
        return self._items

    def _item(self, item_id: str) -> Item:
        return self._now if self._now.id == item_id else self._items[self._places[item_id]]

    def _change(self, item: Item) -> None:
        if item.id == self._now.id:
            self._now = item
        else:
            self._items.replace(self._places[item.id], item)

    def _close(self) -> None:
        if self._now.id:
            self._items.replace(self._places[self._now.id], self._now)


def _defect_as_list(defect: Defect) -> list[str | bool]:
    return [defect.place, defect.problem, defect.dropped, defect.item]


def _defect_of(held: list[Any]) -> Defect:
    place, problem, dropped, item = held
    return Defect(place=place, problem=problem, dropped=dropped, item=item)


def _item_as_list(item: Item) -> list[str | tuple[str, ...]]:
    return [item.id, item.title, item.kind, item.key, item.reasons]


def _item_of(held: list[Any]) -> Item:
    id_, title, kind, key, reasons = held
    return Item(id=id_, title=title, kind=kind, key=key, reasons=tuple(reasons))


@dataclass(frozen=True)
class _Entry:
    size: int
    open: Callable[[], IO[bytes]]


class Stored(Mapping[str, bytes]):
    """Files that are read when they are asked for. `name` is what the folder, zip or file is called, without ending."""

    def __init__(self, path: Path, entries: Mapping[str, _Entry]) -> None:
        self.path = path
        self.name = path.stem if path.is_file() else path.resolve().name
        self._entries = entries

    def __getitem__(self, name: str) -> bytes:
        """Read a file. Raises KeyError, and CourseError if it is too large or damaged."""
        size = self._entries[name].size
        if size > MAX_FILE:
            raise CourseError(f"refused: a file is too large: {name}: at most {MAX_FILE // 1_000_000} MB")
        with self.open(name) as stream:
            try:
                return stream.read(size + 1)
            except BROKEN_ZIP as error:
                raise CourseError(f"not a zip that can be read: {error}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def open(self, name: str) -> IO[bytes]:
        """Open a file to be read piece by piece; the caller closes it. Raises KeyError and CourseError."""
        try:
            return self._entries[name].open()
        except OSError as error:
            raise CourseError(f"{name}: it cannot be read: {error.strerror or error}") from None
        except BROKEN_ZIP as error:
            raise CourseError(f"not a zip that can be read: {error}") from None

    def size(self, name: str) -> int:
        """Return how many bytes a file has. Raises KeyError."""
        return self._entries[name].size


class Folder(Mapping[str, bytes]):
    """The files of one folder of a source, without those of the folders in it, read when they are asked for."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        names = {name.removeprefix(path): name for name in files if name.startswith(path)}
        self._names = {short: name for short, name in names.items() if "/" not in short}

    def __getitem__(self, name: str) -> bytes:
        return self._files[self._names[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def open_file(files: Files, name: str) -> IO[bytes]:
    """Open a file to be read piece by piece. Raises KeyError and CourseError."""
    return files.open(name) if isinstance(files, Stored) else io.BytesIO(files[name])


def size_of(files: Files, name: str) -> int:
    """Return how many bytes a file has. Raises KeyError."""
    return files.size(name) if isinstance(files, Stored) else len(files[name])


def head_of(files: Files, name: str, count: int = 4096) -> bytes:
    """Return the first bytes of a file, to find out what it is; of one that cannot be read, none."""
    try:
        with open_file(files, name) as stream:
            return stream.read(count)
    except (CourseError, OSError, *BROKEN_ZIP):
        return b""


def name_of(files: Files) -> str:
    """Return what the folder, zip or file is called, without its ending."""
    return files.name if isinstance(files, Stored) else ""


def read_files(path: Path) -> Stored:
    """Return the files under a folder, in a zip or of one file, by their names with `/`, unread. Raises CourseError."""
    if not path.exists():
        raise CourseError(f"{path}: no such file or folder")
    try:
        if path.is_dir():
            entries = _folder(path)
        elif not path.is_file():
            raise CourseError(f"{path}: neither a file nor a folder")
        elif _is_zip(path):
            entries = _zip(path)
        else:
            entries = {path.name: _Entry(path.stat().st_size, lambda: path.open("rb"))}
            _check_total(path, path.stat().st_size, 1)
    except OSError as error:
        raise CourseError(f"{path}: it cannot be read: {error.strerror or error}") from None
    return Stored(path, _without_wrapper(entries))


def _is_zip(path: Path) -> bool:
    """What begins like a zip, or is called one: then it is told that it is broken."""
    with path.open("rb") as stream:
        return stream.read(2) == b"PK" or path.suffix.lower() in {".zip", ".imscc"}


def _folder(path: Path) -> dict[str, _Entry]:
    """Links are left out: one could lead anywhere. A folder that may not be looked into is an error, not empty."""
    entries: dict[str, _Entry] = {}
    total = 0
    for file in sorted(Path(folder, name) for folder, _, names in os.walk(path, onerror=_fail) for name in names):
        name = file.relative_to(path).as_posix()
        if file.is_symlink() or not file.is_file() or _ignored(name):
            continue
        size = file.stat().st_size
        total += size
        _check_total(path, total, len(entries) + 1)
        entries[name] = _Entry(size, lambda file=file: file.open("rb"))  # type: ignore[misc]
    return entries


def _fail(error: OSError) -> None:
    raise error


def _zip(path: Path) -> dict[str, _Entry]:
    """A zip's files; those of the zips in it stand under their names, but no zip within those is opened."""
    try:
        archive = zipfile.ZipFile(path)
        entries = _unpacked(path, archive, path.stat().st_size)
        for name in [name for name in entries if name.lower().endswith(".zip")]:
            inner = _inner(entries[name], path, name)
            if inner is not None:
                entries |= {f"{name}/{part}": entry for part, entry in inner.items()}
                del entries[name]
        _check_total(path, sum(entry.size for entry in entries.values()), len(entries))
    except BROKEN_ZIP as error:
        raise CourseError(f"{path}: not a zip that can be read: {error}") from None
    return entries


def _inner(entry: _Entry, path: Path, name: str) -> dict[str, _Entry] | None:
    """A zip in a zip, or None if it is none. It is copied aside, because a packed file cannot be gone back in."""
    aside = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115 (it lives as long as the entries)
    try:
        with entry.open() as stream:
            while piece := stream.read(SMALL):
                aside.write(piece)
        archive = zipfile.ZipFile(aside)
        entries = _unpacked(path / name, archive, entry.size)
    except zipfile.BadZipFile:
        aside.close()
        return None
    except BaseException:
        aside.close()
        raise
    weakref.finalize(archive, aside.close)
    return entries


def _unpacked(path: Path, archive: zipfile.ZipFile, packed: int) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    found = [entry for entry in archive.infolist() if not entry.is_dir()]
    total = sum(entry.file_size for entry in found)
    if total > max(MAX_RATIO * packed, SMALL):
        raise CourseError(f"{path}: refused: the zip would unpack to many times its size: at most {MAX_RATIO}")
    _check_total(path, total, len(found))
    for entry in found:
        _check_name(path, entry)
        if _ignored(entry.filename):
            continue
        if entry.filename in entries:
            raise CourseError(f"{path}: refused: a file is in the zip twice: {entry.filename}")
        entries[entry.filename] = _Entry(entry.file_size, lambda entry=entry: archive.open(entry))  # type: ignore[misc]
    return entries


def _check_name(path: Path, entry: zipfile.ZipInfo) -> None:
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename.split("/")[0]:
        raise CourseError(f"{path}: refused: a path that leads out of the course: {entry.filename}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise CourseError(f"{path}: refused: a link: {entry.filename}")


def _check_total(path: Path, total: int, count: int) -> None:
    if total > MAX_TOTAL:
        raise CourseError(f"{path}: refused: too large: at most {MAX_TOTAL // 1_000_000} MB")
    if count > MAX_FILES:
        raise CourseError(f"{path}: refused: too many files: at most {MAX_FILES}")


def _ignored(name: str) -> bool:
    """What operating systems and editors leave behind."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _without_wrapper(entries: dict[str, _Entry]) -> dict[str, _Entry]:
    """A course packed together with its folder is the same course."""
    tops = {name.partition("/")[0] for name in entries}
    if len(tops) == 1 and all("/" in name for name in entries):
        return {name.partition("/")[2]: entry for name, entry in entries.items()}
    return entries
