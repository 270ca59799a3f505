"""Tasks and the retrain command: edges that queue, repeat safely, and keep torch out of the web process."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.training.conftest import NOW, Site, answer
from training import machinery, queue, runs, tasks
from training.models import TrainingRun
from tutor import celery_app

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    """No messages of other tests before, none of this one after."""
    celery_app.control.purge()
    yield
    celery_app.control.purge()


def test_a_process_that_only_queues_never_loads_torch() -> None:
    code = (
        "import django, sys; django.setup(); import training.tasks, training.admin, training.predictions;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'pyarrow')))"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


def test_a_waiting_run_whose_message_is_gone_is_queued_again_but_only_once() -> None:
    runs.request_retrain("tracing", trigger="person")
    tasks.look_after_runs()
    assert queue.length("training") == 1
    tasks.look_after_runs()
    assert queue.length("training") == 1


def test_enough_new_answers_start_a_run(site: Site, settings: Any) -> None:
    settings.RETRAIN_AFTER_ANSWERS = 801
    tasks.look_after_runs()
    assert not TrainingRun.objects.exists()

    settings.RETRAIN_AFTER_ANSWERS = 800
    tasks.look_after_runs()
    assert [run.trigger for run in TrainingRun.objects.all()] == ["answers"]


def test_a_site_that_set_it_to_zero_never_starts_a_run_by_themselves(site: Site, settings: Any) -> None:
    settings.RETRAIN_AFTER_ANSWERS = 0
    tasks.look_after_runs()
    assert not TrainingRun.objects.exists()


def test_the_nightly_run_is_left_out_when_nothing_was_answered_since(site: Site) -> None:
    tasks.retrain_on_schedule()
    TrainingRun.objects.update(state="refused")
    tasks.retrain_on_schedule()
    assert TrainingRun.objects.count() == 1

    answer(site, students=site.students[:1], each=1, seed=2, start=NOW + timedelta(days=1))
    tasks.retrain_on_schedule()
    assert TrainingRun.objects.count() == 2


def test_looking_after_the_runs_is_beats_sign_of_life() -> None:
    tasks.look_after_runs()
    state = machinery.state(now=timezone.now())
    assert state["beat"] < state["beat_late_after"]
    assert (state["database"], state["redis"]) == (True, True)


def test_without_workers_the_machinery_is_not_well() -> None:
    state = machinery.state(now=timezone.now())
    assert state["workers"] == {"serving": 0, "training": 0}
    assert not state["ok"]
    assert json.dumps(state)


def test_the_command_without_a_worker_trains_here_and_ends_in_one_json_line(site: Site) -> None:
    out, err = io.StringIO(), io.StringIO()

    call_command("retrain", "tracing", "--wait", "--base", "none", "--epochs", "1", stdout=out, stderr=err)

    told = json.loads(out.getvalue().splitlines()[-1])
    assert told["state"] in ("promoted", "refused")
    assert (told["answers"], told["version"]) == (800, 1)
    assert "runs here" in err.getvalue()


def test_the_command_ends_with_an_error_code_when_the_run_fails(empty_site: Site) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("retrain", "tracing", "--wait", stdout=out, stderr=io.StringIO())
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["state"] == "failed"


def test_the_command_refuses_settings_that_cannot_be_used() -> None:
    with pytest.raises(CommandError, match="epochs"):
        call_command("retrain", "tracing", "--epochs", "0")
    assert not TrainingRun.objects.exists()
