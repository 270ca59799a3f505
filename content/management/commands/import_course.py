"""`manage.py import_course PATH`: a course in any supported format into the site; prints a report and a JSON line."""

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from content import formats, grading, importing, variants
from content.package import Defect, Exercise

SHOWN = 20  # defects of one kind that are printed in full; --verbosity 2 prints all


class Command(BaseCommand):
    """Import a course."""

    help = "Import a course from a folder or zip (native package or OATutor). Running it twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder or a zip")
        parser.add_argument("--format", choices=sorted(formats.FORMATS), default="", help="found by itself if left out")
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")

    def handle(self, *args: Any, path: Path, dry_run: bool, **options: Any) -> None:
        started = time.monotonic()
        try:
            loaded = formats.load(path, format_name=options["format"])
        except formats.CourseError as error:
            raise CommandError(str(error)) from None
        self._print_defects(loaded.defects, everything=loaded.strict or options["verbosity"] > 1)
        if loaded.strict and loaded.defects:
            raise CommandError(f"{path}: nothing was imported: {len(loaded.defects)} defects, listed above")
        right, wrong = own_keys_right(loaded)
        for place, answer in wrong:
            self.stdout.write(f"{place}: its own answer is not graded right: {answer}")
        try:
            report = importing.import_package(loaded.package, defects=loaded.defects, dry_run=dry_run)
        except importing.Refused as refused:
            self._print_defects(refused.defects, everything=True)
            raise CommandError(f"{path}: nothing was imported: {refused}") from None
        figures = {
            "exercises": report.exercises,
            "steps": report.steps,
            "source_steps": loaded.source_steps,
            "gradable": loaded.gradable(),
            "own_key_right": right,
            "kept": report.kept,
            "changed": report.changed,
            "retired": report.retired,
            "dropped": report.dropped,
            "defects": len(report.defects),
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


def own_keys_right(loaded: formats.Loaded) -> tuple[int, list[tuple[str, str]]]:
    """Grade each step's own stored answer; return how many are right, and the others by key."""
    right, wrong = 0, []
    for exercise in loaded.package.exercises:
        for step_key, answer, correct in _graded(exercise, loaded):
            right += correct
            if not correct:
                wrong.append((step_key, str(answer)))
    return right, wrong


def _graded(exercise: Exercise, loaded: formats.Loaded) -> list[tuple[str, str | list[str], bool]]:
    values = variants.draw_values(exercise, 0) if exercise.variables else {}
    graded = []
    for step in variants.instantiate(exercise, 0).steps:
        own = loaded.own_answers.get(step.key, "")
        response = variants.fill(own, values)
        try:
            correct = grading.grade(grading.parse_key(step.answer), response).correct
        except (grading.Unreadable, grading.KeyProblem):
            correct = False
        graded.append((step.key, response, correct))
    return graded
