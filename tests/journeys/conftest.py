"""A browser, and the real workers, on the database of the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from tutor import celery_app

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# Playwright's loop counts as asynchronous for Django; the tests themselves are not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the journeys of one file; closed after them, as its event loop would refuse those of other tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield browser
        browser.close()


def is_fault(line: ConsoleMessage) -> bool:
    """An error on the console; an answer that cannot be read is a 422, which the browser notes but is none."""
    return line.type == "error" and "422" not in line.text


@pytest.fixture
def someone(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a person's own browser window; faults on any of its pages fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})
        context.on("weberror", lambda fault: faults.append(str(fault.error)))
        context.on("console", lambda line: faults.append(line.text) if is_fault(line) else None)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def start_worker(settings: Any, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Starts a real Celery worker for a queue on the database of the test."""
    settings.DATA = tmp_path / "data"
    database = connection.settings_dict
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '', safe='')}@"
    place = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{user}{place}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "DATA": str(settings.DATA),
        "SECRET_KEY": settings.SECRET_KEY,
        "OMP_NUM_THREADS": "1",
    }
    started: list[subprocess.Popen[bytes]] = []
    celery_app.control.purge()

    def start(queue: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "tutor", "worker", "-Q", queue, "-P", "threads", "-c", "1"]
        with (tmp_path / f"{queue}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [*command, "-n", f"{queue}@%h"],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    yield start
    for worker in started:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    celery_app.control.purge()
