"""`manage.py import_course PATH`: a course in any supported format into the site; prints a report and a JSON line."""

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from content import formats, importing
from content.formats import outcomes
from content.package import Defect

SHOWN = 20  # defects of one kind that are printed in full; --verbosity 2 prints all


class Command(BaseCommand):
    """Import a course."""

    help = "Import a course from a folder, zip or file in any supported format. Running it twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder, a zip or a file")
        parser.add_argument("--format", choices=sorted(formats.FORMATS), default="", help="found by itself if left out")
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
        parser.add_argument("--report", type=Path, metavar="FILE.csv", help="a line for each item: what became of it")

    def handle(self, *args: Any, path: Path, dry_run: bool, report: Path | None = None, **options: Any) -> None:
        started = time.monotonic()
        try:
            loaded = formats.load(path, format_name=options["format"])
        except formats.CourseError as error:
            raise CommandError(str(error)) from None
        if report is not None:
            _write_report(loaded, report)
        self._print_defects(loaded.defects, everything=loaded.strict or options["verbosity"] > 1)
        if loaded.strict and loaded.defects:
            raise CommandError(f"{path}: nothing was imported: {len(loaded.defects)} defects, listed above")
        own = outcomes.own_keys(loaded)
        for place, answer, reason in own.wrong:
            self.stdout.write(f"{place}: its own answer is not graded right: {answer} ({reason})")
        try:
            done = importing.import_package(loaded.package, defects=loaded.defects, dry_run=dry_run)
        except importing.Refused as refused:
            self._print_defects(refused.defects, everything=True)
            raise CommandError(f"{path}: nothing was imported: {refused}") from None
        figures = {
            "exercises": done.exercises,
            "steps": done.steps,
            "source_steps": loaded.source_steps,
            "gradable": loaded.gradable(),
            "own_key_right": own.right,
            "kept": done.kept,
            "changed": done.changed,
            "retired": done.retired,
            "dropped": done.dropped,
            "defects": len(done.defects),
            "seconds": round(time.monotonic() - started, 2),
        }
        self.stdout.write(json.dumps(figures))

    def _print_defects(self, defects: Sequence[Defect], *, everything: bool) -> None:
        """One line a defect; of many of a kind only the first, and how many more there are."""
        seen: Counter[str] = Counter()
        for defect in defects:
            kind = defect.problem.split(":")[0]
            seen[kind] += 1
            if everything or seen[kind] <= SHOWN:
                self.stdout.write(f"{defect.place}: {defect.problem}{' (dropped)' if defect.dropped else ''}")
        for kind, count in seen.items():
            if count > SHOWN and not everything:
                self.stdout.write(f"… and {count - SHOWN} more: {kind} (--verbosity 2 lists them)")


def _write_report(loaded: formats.Loaded, path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            outcomes.write_csv(outcomes.items(loaded), stream)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
