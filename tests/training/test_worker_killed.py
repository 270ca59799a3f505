"""A training worker that is killed in mid-run: what served goes on serving, and a new worker finishes the run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import workers
from tests.training.conftest import NOW, TINY, Site
from tests.waiting import eventually
from training import pipeline, registry, runs, tasks
from training.models import TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 120.0  # seconds: a worker takes ten to start on a busy machine


@pytest.fixture
def start_worker(settings: Any, tmp_path: Path) -> Iterator[workers.Start]:
    """Starts real workers."""
    with workers.of_this_test(settings, tmp_path) as start:
        yield start


def test_a_killed_worker_leaves_the_old_version_serving_and_a_new_one_finishes_the_run(
    site: Site, easy_gate: None, start_worker: workers.Start
) -> None:
    first = runs.request_retrain("tracing", trigger="person", options=TINY)
    pipeline.retrain(run_id=first.pk)
    old = registry.serving("tracing")
    assert old is not None
    run = runs.request_retrain(
        "tracing", trigger="person", options={**TINY, "base": "none", "epochs": 60, "patience": 60}
    )
    checkpoint = pipeline.run_folder(run) / "checkpoint" / "state.pt"

    worker = start_worker(tasks.TRAINING)
    assert tasks.queue_retrain(run_id=run.pk)
    assert eventually(checkpoint.exists, PATIENCE)
    workers.kill(worker)

    run.refresh_from_db()
    assert (run.state, run.stage) == ("running", "finetune")
    assert registry.serving("tracing") == old

    start_worker(tasks.TRAINING)  # it looks after the runs as soon as it is ready

    assert eventually(lambda: state_of(run) in ("promoted", "refused", "failed"), PATIENCE)
    run.refresh_from_db()
    assert (run.state in ("promoted", "refused"), run.starts) == (True, 2)
    assert registry.serving("tracing") in (old, run.version)


def test_a_run_whose_message_was_lost_is_queued_again_by_a_worker_that_starts(
    empty_site: Site, start_worker: workers.Start
) -> None:
    run = runs.request_retrain("tracing", trigger="person")

    start_worker(tasks.TRAINING)

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
