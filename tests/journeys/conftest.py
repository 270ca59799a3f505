"""A browser, and the real workers, on the database of the test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from tests import workers

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# Playwright's loop counts as asynchronous for Django; the tests themselves are not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the journeys of one file; its event loop would refuse those of other tests, so it ends with it."""
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
def start_worker(settings: Any, tmp_path: Path) -> Iterator[workers.Start]:
    """Starts a real Celery worker for a queue on the database of the test."""
    with workers.of_this_test(settings, tmp_path) as start:
        yield start
