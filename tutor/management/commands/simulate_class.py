"""Simulated students practise a course through the real code path; everything they leave is marked as simulated.

The last line is one JSON object: course, classroom, students, answers, right, turns, finished, seconds,
milliseconds_per_answer.
"""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from content.models import Course
from students.models import Classroom
from tutor.management import practising
from tutor.management.progress import ProgressLine


class Command(BaseCommand):
    """Makes a simulated class and lets it practise."""

    help = "Let simulated students practise a course through the real code path."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many, what, and which ones."""
        parser.add_argument("--students", type=int, required=True)
        parser.add_argument("--course", required=True, help="the course's short name")
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--answers", type=int, default=50, help="answers of each student, about (default 50)")
        parser.add_argument("--classroom", type=int, help="id of a class to enrol in; otherwise a new one")
        parser.add_argument("--now", help="when their weeks of practice end (ISO time; default now)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, let them practise, say what came of it."""
        course = Course.objects.filter(slug=options["course"]).first()
        if course is None:
            raise CommandError(f"There is no course «{options['course']}».")
        if options["students"] < 1 or options["answers"] < 1:
            raise CommandError("--students and --answers start at 1.")
        self.stdout.write(json.dumps(self.run(course, options)))

    def run(self, course: Course, options: dict[str, Any]) -> dict[str, Any]:
        """The figures of the last line."""
        now = self._now(options["now"])
        started = time.perf_counter()
        count, seed = options["students"], options["seed"]
        try:
            members = practising.make_class(
                course=course, students=count, seed=seed, classroom=self._classroom(course, options), now=now
            )
        except ValueError:
            raise CommandError(f"Seed {seed} has practised «{course.slug}» already: choose another.") from None
        line = ProgressLine(total=count, what="simulated students", stream=self.stderr)
        done = list(
            practising.practise(
                course=course, members=members, answers=options["answers"], seed=seed, now=now, progress=line.step
            )
        )
        seconds = time.perf_counter() - started
        answers = sum(one.answers for one in done)
        return {
            "course": course.slug,
            "classroom": members[0][0].enrolments.get().classroom_id,
            "students": count,
            "answers": answers,
            "right": sum(one.right for one in done),
            "turns": sum(one.turns for one in done),
            "finished": sum(one.finished for one in done),
            "seconds": round(seconds, 2),
            "milliseconds_per_answer": round(1000 * seconds / max(1, answers), 2),
        }

    def _classroom(self, course: Course, options: dict[str, Any]) -> Classroom | None:
        if options["classroom"] is None:
            return None
        classroom = Classroom.objects.filter(pk=options["classroom"], course=course).first()
        if classroom is None:
            raise CommandError(f"There is no class {options['classroom']} that takes «{course.slug}».")
        return classroom

    def _now(self, given: str | None) -> Any:
        if given is None:
            return timezone.now()
        moment = parse_datetime(given)
        if moment is None or moment.tzinfo is None:
            raise CommandError("--now is a time such as 2026-03-01T12:00:00+00:00")
        return moment
