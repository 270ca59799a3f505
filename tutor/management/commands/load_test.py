"""Many students at once over HTTP against the running site, and a page that only reads one row as the yardstick.

Prints requests, p50, p95 and p99 by page; the last line is one JSON object: answer_p95_ms, next_p95_ms,
yardstick_p95_ms, requests_per_s, errors, fresh_share (turns chosen with a fresh prediction of the serving model).
"""

import asyncio
import json
import logging
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from content.models import Course
from students.models import Classroom, Enrolment, User
from training import registry
from training.models import Objective
from tutor.management import load, responses
from tutor.models import Turn
from tutor.turns import concrete


class Command(BaseCommand):
    """Measures the running site."""

    help = "Let many students practise at once over HTTP and say how long pages took."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many, how long, where."""
        parser.add_argument("--students", type=int, required=True)
        parser.add_argument("--seconds", type=float, required=True)
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--think", type=float, default=1.0, help="seconds between a student's requests (1)")
        parser.add_argument("--course", help="short name; default: the first course")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the students, run, report."""
        courses = Course.objects.filter(published=True).order_by("id")
        course = courses.filter(slug=options["course"]).first() if options["course"] else courses.first()
        if course is None:
            raise CommandError("There is no such course.")
        if options["students"] < 1 or options["seconds"] <= 0:
            raise CommandError("--students starts at 1, --seconds above 0.")
        self._reach(options["url"])
        students = _students(options["students"], course)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would say a line for every request
        figures = load.Figures()
        started = timezone.now()
        with ThreadPoolExecutor(max_workers=1) as keys:  # one thread, so one connection, beside the event loop
            plan = load.Plan(
                url=options["url"].rstrip("/"),
                start=reverse("next", args=[course.slug]),
                sessions=tuple(_session(student) for student in students),
                seconds=options["seconds"],
                think=options["think"],
                solve=partial(_solved, keys),
            )
            asyncio.run(load.run(plan, figures=figures, progress=lambda: self._progress(figures)))
            keys.submit(connections.close_all)
        self.stderr.write("")
        self._report(figures, options["seconds"], _fresh_share(students, started))

    def _reach(self, url: str) -> None:
        try:
            httpx.get(f"{url.rstrip('/')}/yardstick/", timeout=10)
        except httpx.HTTPError as problem:
            raise CommandError(f"No site is running at {url}: {problem}") from None

    def _progress(self, figures: load.Figures) -> None:
        self.stderr.write(f"\r{figures.count()} requests, {len(figures.problems)} errors", ending="")
        self.stderr.flush()

    def _report(self, figures: load.Figures, seconds: float, fresh_share: float) -> None:
        self.stdout.write(f"{'page':<12}{'requests':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
        for page, times in sorted(figures.times.items()):
            shares = "".join(f"{figures.percentile(page, share):>10}" for share in (0.5, 0.95, 0.99))
            self.stdout.write(f"{page:<12}{len(times):>10}{shares}")
        for problem in figures.problems[:10]:
            self.stdout.write(f"error: {problem}")
        summary = {
            "answer_p95_ms": figures.percentile("answer", 0.95),
            "next_p95_ms": figures.percentile("next", 0.95),
            "yardstick_p95_ms": figures.percentile("yardstick", 0.95),
            "requests_per_s": round(figures.count() / seconds, 1),
            "errors": len(figures.problems),
            "fresh_share": fresh_share,
        }
        self.stdout.write(json.dumps(summary))


def _students(count: int, course: Course) -> list[User]:
    """The students of load tests, made when they are missing; simulated, in a simulated class of their own."""
    code = f"LOAD{course.pk:06}"
    classroom, _new = Classroom.objects.get_or_create(
        join_code=code, defaults={"name": f"Load test · {course}", "course": course, "is_simulated": True}
    )
    names = [f"load-{number:04}" for number in range(1, count + 1)]
    nobody = make_password(None)
    User.objects.bulk_create(
        (User(username=name, display_name=name, is_simulated=True, password=nobody) for name in names),
        ignore_conflicts=True,
    )
    users = list(User.objects.filter(username__in=names))
    Enrolment.objects.bulk_create(
        (Enrolment(classroom=classroom, student=user) for user in users), ignore_conflicts=True
    )
    return users


def _session(user: User) -> str:
    """A signed-in session; its key is the cookie."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(3600)
    session.create()
    return str(session.session_key)


async def _solved(keys: Executor, token: str, step_key: str, is_right: bool) -> load.Response:
    return await asyncio.get_running_loop().run_in_executor(keys, _solve, token, step_key, is_right)


def _solve(token: str, step_key: str, is_right: bool) -> load.Response:
    """What a student would answer; the keys come from the database, as no page gives them away."""
    turn = Turn.objects.select_related("exercise").get(token=token)
    step = next(one for one in concrete(turn).steps if one.key == step_key)
    rng = Random(f"{token}:{step_key}")  # noqa: S311 (variety is wanted, not secrecy)
    return next(responses.likely(step, right=is_right, rng=rng), "0")


def _fresh_share(students: list[User], since: datetime) -> float:
    """Share of the turns served since then that were chosen with a fresh prediction of the version serving now."""
    served = Turn.objects.filter(session__student__in=students, served_at__gte=since)
    version = registry.serving(Objective.TRACING)
    total = served.count()
    return round(served.filter(version=version).count() / total, 3) if total and version else 0.0
