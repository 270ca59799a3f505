"""The whole site on this machine: database, queue, sample courses, demo school, web server, workers and beat."""

import hashlib
import http.client
import shutil
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import OperationalError
from rich.console import Console

from tutor import embedded
from tutor.management.commands.demo_school import PEOPLE
from tutor.supervisor import Program, supervise

LEAST_FREE_BYTES = 300_000_000
ENSURE_EVERY_TICKS = 6
WEB_WORKERS = 2
WEB_THREADS = 4
KEEP_ALIVE = 15  # seconds that a browser's connection is kept for its next request


class Command(BaseCommand):
    """Prepares what is missing, starts every process, prints the address, and waits."""

    help = "Run the whole site on this machine until Ctrl-C."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The address to serve at."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        """Prepare, start, wait."""
        console = Console(highlight=False)
        refuse_used_port(host, port)
        refuse_full_disk()
        steps: list[tuple[str, Callable[[], object]]] = [
            ("Preparing the database", lambda: call_command("migrate", verbosity=0)),
            ("Loading the sample courses", load_sample_courses),
        ]
        if settings.DEMO:
            steps.append(("Preparing the demo school (a minute or two, the first time)", fill_demo_school))
        try:
            for title, step in steps:
                console.print(f"· {title}")
                step()
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}") from error
        except OSError as error:
            raise CommandError(f"The data folder {settings.DATA} cannot be written: {error.strerror}") from error
        connections.close_all()
        announce = Announcement(console, host, port)
        logs = settings.DATA / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        try:
            supervise(programs(host, port), logs=logs, tick=announce.tick, say=console.print)
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error


def load_sample_courses() -> None:
    """Import the courses that the project brings, unless their files are the ones imported last."""
    files = [path for path in sorted(settings.COURSES.rglob("*")) if path.is_file()]
    state = hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()
    imported = settings.DATA / "courses-imported"
    if imported.exists() and imported.read_text() == state:
        return
    for course in sorted(settings.COURSES.iterdir()):
        call_command("import_course", str(course), stdout=StringIO())
    imported.write_text(state)


def fill_demo_school() -> None:
    """Make the people and answers of the demonstration; does nothing when they are there."""
    call_command("demo_school", stdout=StringIO())


def refuse_used_port(host: str, port: int) -> None:
    """Raise CommandError when the address cannot be served at."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot serve at {host}:{port}: {error}. Choose another: make run PORT=8001") from None


def refuse_full_disk() -> None:
    """Raise CommandError when the data folder's disk has next to nothing left."""
    free = shutil.disk_usage(settings.DATA).free
    if free < LEAST_FREE_BYTES:
        raise CommandError(f"Only {free // 1_000_000} MB are free for {settings.DATA}; at least 300 MB are needed.")


def programs(host: str, port: int) -> list[Program]:
    """The processes of the site. The workers are threads in one process each, so that one kill ends them."""
    python = [sys.executable, "-m"]
    worker = [*python, "celery", "-A", "tutor", "worker", "--pool=threads", "--loglevel=INFO"]
    web = [
        *(*python, "gunicorn", "tutor.wsgi", f"--bind={host}:{port}", "--worker-class=gthread", "--no-control-socket"),
        *(f"--workers={WEB_WORKERS}", f"--threads={WEB_THREADS}", "--graceful-timeout=5", f"--keep-alive={KEEP_ALIVE}"),
    ]
    beat = [*python, "celery", "-A", "tutor", "beat", "--loglevel=INFO", f"--pidfile={settings.DATA}/beat.pid"]
    return [
        Program(name="web", command=web, last_signal=signal.SIGTERM),
        # Two students at a time, for most of a refresh is waiting for the database; and no more threads inside each:
        # it is too little work for that.
        Program(
            name="serving",
            command=[*worker, "--concurrency=2", "-Q", "serving", "-n", "serving@%h"],
            environment={"OMP_NUM_THREADS": "1"},
        ),
        Program(name="training", command=["nice", *worker, "--concurrency=1", "-Q", "training", "-n", "training@%h"]),
        Program(name="beat", command=beat),
    ]


class Announcement:
    """Says once where the site is, as soon as it answers; keeps the embedded services alive all the while."""

    def __init__(self, console: Console, host: str, port: int) -> None:
        self.console = console
        self.host = host
        self.port = port
        self.made = False
        self.ticks = 0

    def tick(self) -> None:
        """Called twice a second by the supervisor."""
        self.ticks += 1
        if settings.EMBEDDED and self.ticks % ENSURE_EVERY_TICKS == 0:
            embedded.ensure(settings.DATA)  # starts a killed keeper again
        if not self.made and self.answers():
            self.made = True
            self.console.print(self.text())

    def answers(self) -> bool:
        """Whether the site says that it is ready."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def text(self) -> str:
        """The address, the sign-ins, and how to stop."""
        lines = ["", f"  Yincai 因材 is ready:  http://{self.host}:{self.port}/", ""]
        if settings.DEMO:
            width = max(len(one.username) for one in PEOPLE)
            lines += [f"  {one.username:<{width}}  {one.password}   {one.who}" for one in PEOPLE]
            lines += ["  Public passwords: keep this site to yourself, or start it with DEMO=0.", ""]
        return "\n".join([*lines, f"  Data: {settings.DATA}    Stop: Ctrl-C", ""])
