"""`manage.py import_attempts FILE.csv --course SLUG`: a log from another system, as attempts."""

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from content.models import Course
from students.importing import BadLog, import_log

SHOWN_PROBLEMS = 50


class Command(BaseCommand):
    """Prints what is wrong, line by line, or what came in; its last line is one JSON object."""

    help = "Import a CSV log: student, step or exercise, correct, timestamp[, response, hints, seconds]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--course", required=True, help="the short name of the course")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        course = Course.objects.filter(slug=options["course"]).first()
        if course is None:
            raise CommandError(f"There is no course {options['course']!r}.")
        try:
            report = import_log(options["file"], course=course)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except BadLog as bad:
            for problem in bad.problems[:SHOWN_PROBLEMS]:
                self.stderr.write(f"line {problem.line}: {problem.code.replace('_', ' ')} {problem.value!r}")
            if len(bad.problems) > SHOWN_PROBLEMS:
                self.stderr.write(f"… and {len(bad.problems) - SHOWN_PROBLEMS} more")
            self.stdout.write(json.dumps({"rows": 0, "added": 0, "problems": len(bad.problems)}))
            raise CommandError("Nothing was imported.") from None
        seconds = round(time.monotonic() - started, 2)
        self.stdout.write(json.dumps({**asdict(report), "problems": 0, "seconds": seconds}))
