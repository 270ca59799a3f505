"""Asks the worker for fresh predictions of one student. Practice goes on without them when the queue is down."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from training import queue

log = logging.getLogger(__name__)

# A queue that does not answer is left alone for a while: a student should not wait for its timeout at every answer.
REST = timedelta(seconds=20)
REFRESH = "tutor.tasks.refresh_predictions"  # by its name: the task stands above this package, and uses it
EXPIRES = 120  # seconds; by then the student has answered again, or left
_down_until: datetime | None = None
_wanted: ContextVar[bool] = ContextVar("predictions_wanted", default=True)


@contextmanager
def without_refresh() -> Iterator[None]:
    """Queue nothing inside: for simulated weeks that pass in seconds, whose predictions nobody waits for."""
    token = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(token)


def queue_refresh(*, student_id: int, course_id: int, now: datetime) -> None:
    """Once the transaction stands, queue a refresh of what the student's next choice in the course may need."""
    if _wanted.get():
        transaction.on_commit(partial(_queue, student_id, course_id, now), robust=True)


def _queue(student_id: int, course_id: int, now: datetime) -> None:
    global _down_until
    if _down_until and now < _down_until:
        return
    try:
        queue.send(REFRESH, expires=EXPIRES, student_id=student_id, course_id=course_id)
    except queue.DOWN as problem:
        if _down_until is None:
            log.warning("predictions are not refreshed, the queue does not answer: %s", problem)
        _down_until = now + REST
    else:
        if _down_until:
            log.info("the queue answers again")
        _down_until = None
