"""Real Celery workers on the database and the queue of the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from tutor import celery_app

ROOT = Path(__file__).resolve().parents[1]
Start = Callable[[str], subprocess.Popen[bytes]]


@contextmanager
def of_this_test(settings: Any, folder: Path) -> Iterator[Start]:
    """What starts a worker for the queue named; their files and the site's are in `folder`.

    The queues are empty before and after, and whatever is left of the workers is killed.
    """
    settings.DATA = folder / "data"
    started: list[subprocess.Popen[bytes]] = []

    def start(queue: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "tutor", "worker", "-Q", queue, "-P", "threads", "-c", "1"]
        with (folder / f"{queue}{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [*command, "-n", f"{queue}{len(started)}@%h"],
                cwd=ROOT,
                env=environment(settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(worker)
        return worker

    celery_app.control.purge()
    try:
        yield start
    finally:
        for worker in started:
            kill(worker)
        celery_app.control.purge()


def kill(worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a worker and to all that it started, if it still lives."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def environment(settings: Any) -> dict[str, str]:
    """As this process has it, with the database of the test."""
    database = connection.settings_dict
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '', safe='')}@"
    place = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    return os.environ | {
        "DATABASE_URL": f"postgres://{user}{place}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "DATA": str(settings.DATA),
        "SECRET_KEY": settings.SECRET_KEY,
        "OMP_NUM_THREADS": "1",
    }
