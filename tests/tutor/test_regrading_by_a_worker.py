"""More answers than anybody waits for: a worker looks through them, regrades them, and may be killed in the middle."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from content.models import Course
from students import records
from students.models import Attempt, Correction, PopulationCount, Regrading, User
from tests import workers
from tests.tutor.test_regrading import publish, snapshot, step_of
from tests.waiting import eventually
from training import queue
from tutor import regrading
from tutor.tasks import SERVING

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 120.0  # seconds: a worker takes ten to start on a busy machine
MANY = regrading.AT_ONCE + 1


@pytest.fixture
def start_worker(settings: Any, tmp_path: Path) -> Iterator[workers.Start]:
    """Starts real workers; what was kept of other tests' steps is forgotten."""
    cache.clear()
    with workers.of_this_test(settings, tmp_path) as start:
        yield start


@contextmanager
def held(row: PopulationCount) -> Iterator[None]:
    """Whoever wants to move the row has to wait."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {row._meta.db_table} WHERE id = %s FOR UPDATE", [row.pk])
            yield
    finally:
        other.rollback()
        other.close()


def is_held_up() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_worker_plans_and_regrades_and_one_that_is_killed_leaves_nothing_half_done(
    course: Course, student: User, administrator: User, now: datetime, start_worker: workers.Start
) -> None:
    step = step_of(course, "add-small")
    made = {"step": step, "response": "6", "correct": False, "score": 0.0, "created_at": now}
    Attempt.objects.bulk_create(Attempt(student=student, **made) for _ in range(MANY))
    records.rebuild([student.pk])
    concept = step.concepts.get()
    records.add_counts({step.pk: (MANY, 0)}, {concept.pk: (MANY, 0)})
    step = publish(step, {"kind": "number", "value": 6})
    desk = Client()
    desk.force_login(administrator)
    page = reverse("regrade", args=[step.pk])

    for _ in range(2):
        assert "waits for a worker" in desk.get(page).content.decode()
    assert queue.length(SERVING) == 1  # looked at twice, it is asked for once
    worker = start_worker(SERVING)
    assert eventually(lambda: f"{MANY} answers are right now" in desk.get(page).content.decode(), PATIENCE)

    before = snapshot()
    with held(PopulationCount.objects.get(step=step)):  # among the last rows that it moves
        came = desk.post(page, {"revision": step.exercise.revision}, follow=True)
        assert "Being regraded" in came.content.decode()
        assert eventually(is_held_up, PATIENCE)
        workers.kill(worker)
    assert snapshot() == before
    assert Regrading.objects.get().state == Regrading.State.WAITING

    start_worker(SERVING)  # which takes up what the other one has left
    assert eventually(lambda: Regrading.objects.get().state == Regrading.State.DONE, PATIENCE)
    assert Correction.objects.filter(correct=True).count() == MANY
    assert PopulationCount.objects.get(step=step).right == MANY
