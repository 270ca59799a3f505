"""Course formats: one module each, that turns files into a CoursePackage, and some of them a CoursePackage into files.

A format is a module with what `Format` says; one that can be written to has what `Writable` says besides. Which format
a path is in is found by its files.
"""

import lzma
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from content.formats import csv_table, gift, moodle_xml, oatutor, qti, yincai
from content.formats.source import CourseError, Files, Item, Loaded, Written, read_files
from content.package import CoursePackage

__all__ = ["FORMATS", "CourseError", "Format", "Item", "Loaded", "Written", "detect", "load", "save", "writable"]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same course is the same zip


class Format(Protocol):
    """A format that courses are read from."""

    TITLE: str

    def recognises(self, files: Files) -> bool:
        """Say whether these files are meant to be in this format: by names and first bytes, never by reading all."""

    def read(self, files: Files) -> Loaded:
        """Translate a course. Raises CourseError if nothing at all can be used."""


class Writable(Format, Protocol):
    """A format that courses are written to as well."""

    def write(self, package: CoursePackage) -> Written:
        """Translate a course back; what the format cannot say is among the defects."""


FORMATS: dict[str, Format] = {
    "yincai": yincai,
    "oatutor": oatutor,
    "qti": qti,
    "moodle_xml": moodle_xml,
    "gift": gift,
    "csv": csv_table,
}  # in the order in which they are tried: the ones that are sure first


def detect(files: Files) -> str:
    """Return the name of the format these files are in. Raises CourseError when it is none."""
    for name, module in FORMATS.items():
        if module.recognises(files):
            return name
    raise CourseError(f"no course in a format that is known: possible are: {', '.join(FORMATS)}")


def load(path: Path, *, format_name: str = "") -> Loaded:
    """Read a course from a folder, a zip or a file, in the format named or found. Raises CourseError."""
    if format_name and format_name not in FORMATS:
        raise CourseError(f"format: this is not known: {format_name}: possible are: {', '.join(FORMATS)}")
    files = read_files(path)
    try:
        return FORMATS[format_name or detect(files)].read(files)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise CourseError(f"{path}: not a zip that can be read: {error}") from None
    except OSError as error:
        raise CourseError(f"{path}: it cannot be read: {error.strerror or error}") from None


def writable() -> dict[str, Writable]:
    """Return the formats that courses can be written to, by name."""
    return {name: cast("Writable", module) for name, module in FORMATS.items() if hasattr(module, "write")}


def save(files: Mapping[str, bytes], path: Path) -> None:
    """Write files as a zip if the path ends so, one file as that file, otherwise into a new or empty folder.

    Raises CourseError rather than overwrite anything, and OSError.
    """
    if path.suffix.lower() == ".zip":
        with path.open("xb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    elif len(files) == 1 and path.suffix:
        with path.open("xb") as stream:
            stream.write(next(iter(files.values())))
    elif path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CourseError(f"{path}: this folder is not empty")
    else:
        for name, data in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
