"""docs/import-report.md, made anew: `python -m tests.import_report FOLDER` imports every sample in a folder, dry.

A folder may hold courses as files and zips, and zips full of such files; what of each item became is counted, and the
reasons are summed up. Nothing of the samples is written down but names, counts and reasons.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from content import formats
from content.formats import outcomes

REPORT = Path(__file__).parents[1] / "docs" / "import-report.md"
MOST_REASONS = 12  # of one file that are listed; the others are counted
MOST_WRONG = 60  # steps of one file that are listed
INTRODUCTION = """# What became of the samples

Made by `python -m tests.import_report FOLDER`, where FOLDER holds samples of the formats that are read: two books of
OATutor, a conformance set of GIFT, and exports of Moodle XML and QTI. They are test input and no part of this project.
*In* counts the items of the source: problems of OATutor, questions of the others. *Kept* came through whole, *changed*
lost or gained something that is said, *dropped* has no place in a course. `own_key_right` is how many steps grade right
what their own source has as right.
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One sample: what was read, or why nothing was."""

    name: str
    loaded: formats.Loaded | None = None
    format_name: str = ""
    refused: str = ""


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description="Write docs/import-report.md from a folder of samples.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as aside:
        rows = [row for path in sorted(folder.iterdir()) for row in _rows(path, Path(aside))]
        if not rows:
            sys.exit(f"{folder}: no sample in it")
        REPORT.write_text("\n".join(_report(rows)) + "\n", encoding="utf-8")
    counts = [outcomes.summary(row.loaded).items for row in rows if row.loaded]
    sys.stdout.write(f"{REPORT.name}: {len(rows)} samples, {sum(counts)} items\n")


def _rows(path: Path, aside: Path) -> Iterator[Row]:
    """A sample, or the samples in a zip that is no course itself but a collection of them."""
    if path.suffix.lower() not in {".zip", ".xml", ".gift", ".csv"}:
        return
    inside = _collection(path, aside)
    if not inside:
        yield _row(path, path.name)
        return
    for each in inside:
        if each.suffix.lower() in {".zip", ".xml", ".gift", ".csv", ".txt"}:
            yield _row(each, f"{path.stem}/{each.relative_to(aside / path.stem).as_posix()}")


def _collection(path: Path, aside: Path) -> list[Path]:
    """The files of a zip that holds courses side by side: no format knows it as a whole, or it holds zips."""
    if path.suffix.lower() != ".zip":
        return []
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
            courses = [name for name in names if name.lower().endswith((".zip", ".gift"))]
            separate = [name for name in names if name.lower().endswith(".xml") and "imsmanifest" not in name]
            if not courses and not (separate and _is_moodle(archive, separate[0])):
                return []
            archive.extractall(aside / path.stem)
    except BadZipFile:
        return []
    return sorted(found for found in (aside / path.stem).rglob("*") if found.is_file())


def _is_moodle(archive: ZipFile, name: str) -> bool:
    return b"<quiz" in archive.read(name)[:2000]


def _row(path: Path, name: str) -> Row:
    try:
        files = formats.source.read_files(path)
        found = formats.detect(files)
        return Row(name=name, format_name=found, loaded=formats.load(path, format_name=found))
    except formats.CourseError as error:
        return Row(name=name, refused=str(error).replace(f"{path}: ", ""))


def _report(rows: list[Row]) -> Iterator[str]:
    yield INTRODUCTION
    yield "| sample | format | in | kept | changed | dropped | steps | own_key_right |"
    yield "| --- | --- | --: | --: | --: | --: | --: | --: |"
    total = [0] * 6
    for row in rows:
        if row.loaded is None:
            yield f"| {_cell(row.name)} | – | | | | | | |"
            continue
        summary, own = outcomes.summary(row.loaded), outcomes.own_keys(row.loaded)
        steps = sum(len(exercise.steps) for exercise in row.loaded.package.exercises)
        right = f"{own.right}" + (f" (and {own.waiting} for people to grade)" if own.waiting else "")
        counts = [summary.items, summary.kept, summary.changed, summary.dropped, steps, own.right]
        total = [one + other for one, other in zip(total, counts, strict=True)]
        numbers = " | ".join(map(str, counts[:-1]))
        yield f"| {_cell(row.name)} | {formats.FORMATS[row.format_name].TITLE} | {numbers} | {right} |"
    yield f"| all | | {' | '.join(map(str, total))} |"
    yield from _refused(rows)
    for row in rows:
        if row.loaded is not None:
            yield from _details(row, row.loaded)


def _refused(rows: Iterable[Row]) -> Iterator[str]:
    refused = [row for row in rows if row.loaded is None]
    if refused:
        yield "\n## Refused as a whole\n"
        yield from (f"- {_cell(row.name)}: {_cell(row.refused)}" for row in refused)


def _details(row: Row, loaded: formats.Loaded) -> Iterator[str]:
    """The reasons of one sample, and its steps that do not grade their own answer right."""
    reasons, wrong = outcomes.summary(loaded).reasons, outcomes.own_keys(loaded).wrong
    if not reasons and not wrong:
        return
    yield f"\n## {row.name}\n"
    for reason, count in reasons[:MOST_REASONS]:
        yield f"- {count} × {_cell(reason)}"
    if len(reasons) > MOST_REASONS:
        rest = sum(count for _, count in reasons[MOST_REASONS:])
        yield f"- and {len(reasons) - MOST_REASONS} rarer reasons, {rest} times"
    dropped = [item for item in outcomes.items(loaded) if item.outcome == "dropped"]
    if dropped:
        yield f"\nDropped ({len(dropped)}):\n"
        yield from (f"- {_cell(item.id)}: {_cell('; '.join(item.reasons))}" for item in dropped[:MOST_WRONG])
        if len(dropped) > MOST_WRONG:
            yield f"- and {len(dropped) - MOST_WRONG} more"
    if wrong:
        yield f"\nSteps whose own answer is not graded right ({len(wrong)}):\n"
        yield from (
            f"- {_cell(step)}: `{_cell(answer)}` ({_cell(reason)})" for step, answer, reason in wrong[:MOST_WRONG]
        )
        if len(wrong) > MOST_WRONG:
            yield f"- and {len(wrong) - MOST_WRONG} more"


def _cell(text: str) -> str:
    plain = " ".join(text.replace("|", "\\|").replace("`", "'").split())
    return plain if len(plain) <= 200 else f"{plain[:199]}…"


if __name__ == "__main__":
    main()
