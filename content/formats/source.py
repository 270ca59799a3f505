"""The files of a course, from a folder or a zip, bounded; and what a format makes of them.

Everything is read into memory once, so that a format is a pure translation of names and bytes.
"""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from content.package import CoursePackage, Defect

MAX_FILES = 100_000
MAX_FILE = 20_000_000  # bytes
MAX_TOTAL = 400_000_000  # bytes, unpacked
MAX_RATIO = 200  # times smaller than unpacked, for the whole zip; courses reach about 10

# What zipfile and its decompressors raise for a zip that is damaged, encrypted or packed in a way of its own.
BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, RuntimeError, NotImplementedError, UnicodeDecodeError),
)

Files = Mapping[str, bytes]


class CourseError(ValueError):
    """Nothing can be imported from here at all; the message is one line for a person."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A course as its format understood it.

    `own_answers` holds, by the key of the step, what the source itself stores as right, as a response.
    `source_steps` counts the steps of the source, those that were dropped included.
    `as_text` names the steps whose mathematics could only be kept as text to compare.
    A format whose courses are written for us is `strict`: with defects, the whole course is refused.
    """

    package: CoursePackage
    defects: tuple[Defect, ...] = ()
    own_answers: Mapping[str, str | list[str]] = field(default_factory=dict)
    source_steps: int = 0
    as_text: frozenset[str] = frozenset()
    strict: bool = False

    def gradable(self) -> int:
        """How many steps are graded as the kind that they are."""
        return sum(len(exercise.steps) for exercise in self.package.exercises) - len(self.as_text)


def read_files(path: Path) -> dict[str, bytes]:
    """Return every file under a folder or in a zip by its name with `/`. Raises CourseError."""
    if not path.exists():
        raise CourseError(f"{path}: no such file or folder")
    try:
        files = _folder(path) if path.is_dir() else _zip(path)
    except OSError as error:
        raise CourseError(f"{path}: cannot be read: {error.strerror or error}") from None
    return _without_wrapper(files)


def _folder(path: Path) -> dict[str, bytes]:
    """Links are left out: one could lead anywhere. A folder that may not be looked into is an error, not empty."""
    files: dict[str, bytes] = {}
    total = 0
    for file in sorted(Path(folder, name) for folder, _, names in os.walk(path, onerror=_fail) for name in names):
        name = file.relative_to(path).as_posix()
        if file.is_symlink() or not file.is_file() or _ignored(name):
            continue
        total += file.stat().st_size
        _check_size(path, name, file.stat().st_size, total, len(files))
        files[name] = file.read_bytes()
    return files


def _fail(error: OSError) -> None:
    raise error


def _zip(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > max(MAX_RATIO * path.stat().st_size, 1_000_000):
                raise CourseError(f"{path}: refused: the zip would unpack to more than {MAX_RATIO} times its size")
            for entry in entries:
                _check_name(path, entry)
                if _ignored(entry.filename):
                    continue
                total += entry.file_size
                _check_size(path, entry.filename, entry.file_size, total, len(files))
                if entry.filename in files:
                    raise CourseError(f"{path}: refused: {entry.filename} is in the zip twice")
                files[entry.filename] = archive.read(entry)
    except BROKEN_ZIP as error:
        raise CourseError(f"{path}: not a zip that can be read: {error}") from None
    return files


def _check_name(path: Path, entry: zipfile.ZipInfo) -> None:
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename.split("/")[0]:
        raise CourseError(f"{path}: refused: {entry.filename!r} leads out of the course")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise CourseError(f"{path}: refused: {entry.filename!r} is a link")


def _check_size(path: Path, name: str, size: int, total: int, count: int) -> None:
    if size > MAX_FILE:
        raise CourseError(f"{path}: refused: {name} has more than {MAX_FILE // 1_000_000} MB")
    if total > MAX_TOTAL:
        raise CourseError(f"{path}: refused: more than {MAX_TOTAL // 1_000_000} MB in all")
    if count >= MAX_FILES:
        raise CourseError(f"{path}: refused: more than {MAX_FILES} files")


def _ignored(name: str) -> bool:
    """What operating systems and editors leave behind."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _without_wrapper(files: dict[str, bytes]) -> dict[str, bytes]:
    """A course packed together with its folder is the same course."""
    tops = {name.partition("/")[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.partition("/")[2]: data for name, data in files.items()}
    return files
