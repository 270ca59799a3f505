"""Redis and the queue out of order, hanging or gone: practice and signing in go on, the fault shows, and it heals."""

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse

from content.models import Course
from students.models import Attempt, ConceptState, User
from tests.conftest import PASSWORD
from tests.tutor.playing import answer, right_answer_of, serve
from training import machinery, queue
from training.models import TrainingRun
from training.tasks import queue_retrain
from tutor import cache as enduring
from tutor.turns import refreshing

pytestmark = pytest.mark.django_db


PointAt = Callable[[str], None]


@pytest.fixture
def point_at(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PointAt]:
    """Lets cache and queue use the Redis behind another socket."""
    cached = settings.CACHES["default"]
    monkeypatch.setattr(refreshing, "_down_until", None)
    connect = current_app.connection_for_write

    def point(socket_file: str) -> None:
        broker = f"redis+socket://{socket_file}?virtual_host=0"
        monkeypatch.setattr(current_app, "connection_for_write", partial(connect, broker))
        monkeypatch.setattr(enduring, "_rests_until", 0.0)
        settings.CACHES = {"default": {**cached, "LOCATION": f"unix://{socket_file}?db=1"}}

    yield point
    current_app._after_fork()  # type: ignore[attr-defined]  # forgets the pools that were made for another place


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[str]:
    """A Redis that takes every connection and never says a word, as a stopped process does."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "redis.sock"))
        silent.listen(50)
        yield f"{tmp_path}/redis.sock"


@pytest.fixture
def gone(tmp_path: Path) -> str:
    """The address of a Redis that is not there."""
    return f"{tmp_path}/nobody.sock"


@pytest.fixture(params=["hanging", "gone"])
def without_redis(request: pytest.FixtureRequest, point_at: PointAt) -> None:
    """The site with a Redis that hangs, and with one that is gone."""
    point_at(request.getfixturevalue(request.param))


def test_practice_goes_on_and_nothing_is_lost(
    without_redis: None,
    student: User,
    course: Course,
    now: datetime,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    view = serve(student, course, "add-small", now=now)
    for minute, response in enumerate(("6", "5")):
        with django_capture_on_commit_callbacks(execute=True):
            answer(student, view, response, now=now + timedelta(seconds=minute))
    assert Attempt.objects.count() == 2
    assert ConceptState.objects.get().tries == 1
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1  # the second answer did not wait for the queue again


def test_everybody_can_sign_in_and_guessing_is_still_slowed_down(
    without_redis: None, client: Client, student: User
) -> None:
    caches["default"].clear()
    form = {"login": "student", "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 302
    assert client.post(reverse("api:token"), {"username": "student", "password": PASSWORD}).status_code == 415
    for _ in range(8):
        assert Client().post(reverse("account_login"), {**form, "password": "no"}).status_code == 200
    assert Client().post(reverse("account_login"), form).status_code == 200  # right, but after too many guesses


def test_the_fault_shows(without_redis: None, client: Client, administrator: User) -> None:
    state = machinery.state()
    assert (state["ok"], state["database"], state["redis"]) == (False, True, False)
    assert state["queued"] == {"serving": None, "training": None}
    assert client.get(reverse("healthz")).status_code == 200
    client.force_login(administrator)
    shown = client.get(reverse("admin:index")).content.decode()
    assert "does not answer" in shown
    assert "Practice goes on with plain estimates" in shown


def test_a_run_that_cannot_be_queued_waits_on_its_row(without_redis: None, now: datetime) -> None:
    run = TrainingRun.objects.create(objective="tracing", trigger="person", queued_at=now)
    assert not queue_retrain(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == TrainingRun.State.QUEUED


def test_it_heals_by_itself(
    gone: str,
    point_at: PointAt,
    student: User,
    course: Course,
    now: datetime,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    if not settings.REDIS_URL.startswith("unix://"):
        pytest.skip("the Redis of these tests is reached by the network")
    there = settings.REDIS_URL.removeprefix("unix://")
    cache.delete("kept")
    point_at(gone)
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, serve(student, course, "add-small", now=now), "5", now=now)
    cache.set("kept", "in memory")
    assert cache.get("kept") == "in memory"
    assert refreshing._down_until is not None

    point_at(there)
    before = queue.length("serving")
    assert before is not None
    later = now + refreshing.REST + timedelta(seconds=1)
    view = serve(student, course, "add-large", now=later)
    with django_capture_on_commit_callbacks(execute=True):
        answer(student, view, right_answer_of(view), now=later)
    assert queue.length("serving") == before + 1
    current_app.control.purge()
    assert refreshing._down_until is None
    assert cache.get("kept") is None
    cache.set("kept", "in Redis")
    assert cache.get("kept") == "in Redis"
