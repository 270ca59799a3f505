"""A training worker that is killed in mid-run: what served goes on serving, and a new worker finishes the run."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import workers
from tests.training.conftest import NOW, TINY, Site
from tests.waiting import eventually
from training import pipeline, registry, runs, seal, tasks
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


MOMENTS = {
    "in the middle of the snapshot": ("training.snapshot", "SnapshotWriter.write", "after", "", "3"),
    "when the snapshot is whole": ("training.export", "write_snapshot", "after"),
    "in the middle of the first checkpoint": ("pathlib", "Path.write_bytes", "half", "state.new"),
    "in the middle of the second checkpoint": ("pathlib", "Path.write_bytes", "half", "state.new", "2"),
    "between two checkpoints": ("training.finetune", "State.write", "after"),
    "when training is over": ("training.finetune", "write_bundle", "before"),
    "in the middle of the bundle": ("training.bundle", "tracing.save", "after"),
    "when the bundle is whole": ("training.finetune", "write_bundle", "after"),
    "when the bundle has moved and no row knows": ("pathlib", "Path.rename", "after", "bundle"),
    "when the version is registered": ("training.registry", "register", "after"),
    "in the middle of the report": ("pathlib", "Path.replace", "before", "report.json.new", "2"),
    "when the report is written": ("training.evaluate", "evaluate", "after"),
    "when the version serves and no reason is stored": ("training.registry", "promote", "after"),
    "when the gate has spoken": ("training.registry", "consider", "after"),
}


def kill_at(moment: str, run: TrainingRun, settings: Any) -> None:
    """Walk the run in a process of its own, to that moment."""
    command = [sys.executable, "-m", "tests.training.dying", str(run.pk), *MOMENTS[moment]]
    done = subprocess.run(
        command, cwd=workers.ROOT, env=workers.environment(settings), capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def found_dead(run: TrainingRun) -> bool:
    """Whether the run waits again; the database needs a moment to notice that a process is gone."""
    runs.look_after(now=NOW)
    return state_of(run) == "queued"


def made_by(run: TrainingRun) -> dict[str, Any]:
    """What a run ends in: every byte of the weights, the curve, and what was found on later answers."""
    run.refresh_from_db()
    assert run.version is not None
    assert run.state in ("promoted", "refused")
    assert run.version.reasons
    folder = registry.folder(run.version)
    seal.verify(folder)
    assert seal.read_report(folder) == run.version.report
    curve = [{name: row[name] for name in row if name != "speed"} for row in run.version.report["history"]]
    weights = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    return {**weights, "curve": curve, "figures": run.version.report["candidate"], "answers": run.answers}


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_ends_as_one_that_is_not(site: Site, easy_gate: None, settings: Any) -> None:
    options = {**TINY, "base": "none", "epochs": 3}
    unbroken = runs.request_retrain("tracing", trigger="person", options=options)
    pipeline.retrain(run_id=unbroken.pk)
    expected = made_by(unbroken)
    assert len(expected["curve"]) >= 3

    different = []
    for moment in MOMENTS:
        run = runs.request_retrain("tracing", trigger="person", options=options)
        kill_at(moment, run, settings)
        assert state_of(run) == "running"
        assert eventually(partial(found_dead, run), PATIENCE), moment
        assert pipeline.retrain(run_id=run.pk), moment
        different += [f"{moment}: {name}" for name, value in made_by(run).items() if value != expected[name]]
    assert different == []


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
