"""A training worker that is killed in mid-run: what served goes on serving, and a new worker finishes the run."""

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

from tests.training.conftest import NOW, TINY, Site
from tests.waiting import eventually
from training import pipeline, registry, runs, tasks
from training.models import TrainingRun
from tutor import celery_app, embedded

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds: a worker takes ten to start on a busy machine


@pytest.fixture
def start_worker(settings: Any, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts real training workers on the database of the test; whatever is left of them is killed at the end."""
    sockets = embedded.socket_folder(settings.DATA)  # where the worker looks for a Redis that it does not start
    sockets.parent.mkdir(parents=True, exist_ok=True)
    sockets.symlink_to(settings.SOCKETS)
    database = connection.settings_dict
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '', safe='')}@"
    place = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{user}{place}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "DATA": str(settings.DATA),
        "SECRET_KEY": settings.SECRET_KEY,
        "OMP_NUM_THREADS": "1",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tutor",
            "worker",
            "-Q",
            "training",
            "-P",
            "threads",
            "-c",
            "1",
        ]
        with (tmp_path / f"worker{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    sockets.unlink()


@pytest.fixture
def empty_queue() -> Iterator[None]:
    """No messages of other tests before, none of this one after."""
    celery_app.control.purge()
    yield
    celery_app.control.purge()


def test_a_killed_worker_leaves_the_old_version_serving_and_a_new_one_finishes_the_run(
    site: Site, easy_gate: None, empty_queue: None, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    first = runs.request_retrain("tracing", trigger="person", options=TINY)
    pipeline.retrain(run_id=first.pk)
    old = registry.serving("tracing")
    assert old is not None
    run = runs.request_retrain(
        "tracing", trigger="person", options={**TINY, "base": "none", "epochs": 60, "patience": 60}
    )
    checkpoint = pipeline.run_folder(run) / "checkpoint" / "state.pt"

    worker = start_worker()
    assert tasks.queue_retrain(run_id=run.pk)
    assert eventually(checkpoint.exists, PATIENCE)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()

    run.refresh_from_db()
    assert (run.state, run.stage) == ("running", "finetune")
    assert registry.serving("tracing") == old

    start_worker()  # it looks after the runs as soon as it is ready

    assert eventually(lambda: state_of(run) in ("promoted", "refused", "failed"), PATIENCE)
    run.refresh_from_db()
    assert (run.state in ("promoted", "refused"), run.starts) == (True, 2)
    assert registry.serving("tracing") in (old, run.version)


def test_a_run_whose_message_was_lost_is_queued_again_by_a_worker_that_starts(
    empty_site: Site, empty_queue: None, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    run = runs.request_retrain("tracing", trigger="person")

    start_worker()

    assert eventually(lambda: state_of(run) == "failed", PATIENCE)  # there is nothing to train on
    run.refresh_from_db()
    assert run.message["code"] == "too_few"


def test_a_run_that_kills_every_worker_is_given_up(empty_site: Site) -> None:
    run = runs.request_retrain("tracing", trigger="person")
    for _ in range(runs.MOST_STARTS):
        assert runs.claim(run.pk)
        runs.look_after(now=NOW)
    assert state_of(run) == "failed"


def state_of(run: TrainingRun) -> str:
    return TrainingRun.objects.values_list("state", flat=True).get(pk=run.pk)
