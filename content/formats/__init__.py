"""Course formats: one module each, that turns files into a CoursePackage. A path's format is found by its files."""

from pathlib import Path
from types import ModuleType

from content.formats import oatutor, yincai
from content.formats.source import CourseError, Files, Loaded, read_files

FORMATS: dict[str, ModuleType] = {"yincai": yincai, "oatutor": oatutor}

__all__ = ["FORMATS", "CourseError", "Loaded", "detect", "load"]


def detect(files: Files) -> str:
    """Return the name of the format these files are in. Raises CourseError when it is none."""
    for name, module in FORMATS.items():
        if module.recognises(files):
            return name
    raise CourseError(f"not a course: none of the formats {', '.join(FORMATS)} has files like these")


def load(path: Path, *, format_name: str = "") -> Loaded:
    """Read a course from a folder or a zip, in the format named or found. Raises CourseError."""
    if format_name and format_name not in FORMATS:
        raise CourseError(f"there is no format {format_name}: {', '.join(FORMATS)}")
    files = read_files(path)
    try:
        loaded: Loaded = FORMATS[format_name or detect(files)].read(files)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from None
    return loaded
