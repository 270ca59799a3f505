"""The seal of a bundle: the SHA-256 of each of its files, so that one that is missing, cut off or altered is noticed.

Reads and writes: report.json of a bundle folder, the only file that changes after the bundle was made. Its «sha256»
names the other files and, under its own name, stands for the rest of the report. No torch here.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

REPORT = "report.json"
FILES = (
    "model.safetensors",
    "config.json",
    "residuals.safetensors",
    "population.safetensors",
    "ids.json",
    REPORT,
)  # what every bundle has
UNSEALED = (".md", ".new")  # for people; not finished


class BadBundle(ValueError):
    """A bundle is not as it was written: `file` is «missing» or «altered» (cut off, for one)."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file} is {problem}")
        self.file = file
        self.problem = problem


def close(folder: Path, report: dict[str, Any]) -> None:
    """Seal the files of a new bundle: write its report, with the hash of everything that lies there."""
    others = (path for path in sorted(folder.iterdir()) if path.suffix not in UNSEALED and path.name != REPORT)
    _write(folder, report, {path.name: file_hash(path) for path in others if path.is_file()})


def amend(folder: Path, changes: dict[str, Any]) -> dict[str, Any]:
    """Add to the report of a bundle, or replace in it, and return it whole. Raises BadBundle where it is not whole."""
    verify(folder)
    report = read_report(folder)
    hashes = report.pop("sha256")  # of the other files as they were when the bundle was made, not as they are
    return _write(folder, report | changes, hashes)


def verify(folder: Path) -> None:
    """Raises BadBundle, naming the file, unless the bundle is there as it was written."""
    report = read_report(folder)
    hashes = report.pop("sha256", None)
    if not isinstance(hashes, dict) or hashes.get(REPORT) != _hash_of(report):
        raise BadBundle(REPORT, "altered")
    for name in (*FILES, *sorted(hashes)):
        if name == REPORT:
            continue
        try:
            found = file_hash(folder / name)
        except OSError:
            raise BadBundle(name, "missing") from None
        if found != hashes.get(name):
            raise BadBundle(name, "altered")


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a bundle. Raises BadBundle where there is none that can be read."""
    try:
        report = json.loads((folder / REPORT).read_bytes())
    except OSError:
        raise BadBundle(REPORT, "missing") from None
    except ValueError:
        raise BadBundle(REPORT, "altered") from None
    if not isinstance(report, dict):
        raise BadBundle(REPORT, "altered")
    return report


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, read in portions."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, report: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    """In one go: who reads or is killed meanwhile finds the report before or the one after, with its hashes."""
    plain: dict[str, Any] = json.loads(json.dumps(report))  # as it will be read: no tuples, keys are texts
    plain.pop("sha256", None)
    whole = plain | {"sha256": hashes | {REPORT: _hash_of(plain)}}
    side = folder / f"{REPORT}.new"
    side.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    side.replace(folder / REPORT)
    return whole


def _hash_of(report: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
