"""How the machinery is doing: workers, beat, queues, runs, what serves. Reads: everything; writes: beat's last tick."""

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone

from training import queue, registry
from training.models import Objective, TrainingRun

QUEUES = ("serving", "training")
PING_SECONDS = 0.7
PING_KEPT = 5  # seconds an answer of the workers counts, so that a watched page does not ask them all the time
TICK = "training.machinery.tick"
WORKERS = "training.machinery.workers"
LATE_AFTER = 120  # seconds without a tick of beat


def state(*, now: datetime | None = None) -> dict[str, Any]:
    """Everything an administrator or a monitor wants to know, as JSON-able values. Never raises; takes up to 1 s.

    Keys: database, redis (bool); workers (answering workers by queue); beat (seconds since the last tick, or None);
    queued (messages by queue, or None); models (by objective: serving version's number or None, what is wrong with its
    files or None, why the one before was withdrawn or None, last run's id, state, stage and progress); ok (database,
    redis, a worker for each queue and the files of what serves are there and whole).
    """
    now = now or timezone.now()
    database = _database_answers()
    first = queue.length(QUEUES[0])  # one that does not answer is not asked about the others
    queued = {name: None if first is None else queue.length(name) for name in QUEUES}
    redis = all(length is not None for length in queued.values())
    workers = workers_by_queue() if redis else dict.fromkeys(QUEUES, 0)
    models = {objective: _model(objective) for objective in Objective.values} if database else {}
    return {
        "ok": database and redis and all(workers.values()) and not any(model["fault"] for model in models.values()),
        "database": database,
        "redis": redis,
        "workers": workers,
        "beat": _seconds_since_tick(now),
        "beat_late_after": LATE_AFTER,
        "queued": queued,
        "models": models,
    }


def tick(*, now: datetime) -> None:
    """Remember that beat's regular task ran."""
    cache.set(TICK, now.timestamp(), timeout=None)


def workers_by_queue() -> dict[str, int]:
    """How many workers answer on each queue. Asks them at most every few seconds."""
    known: dict[str, int] | None = cache.get(WORKERS)
    if known is not None:
        return known
    counts = dict.fromkeys(QUEUES, 0)
    try:
        replies = queue.replies("active_queues", seconds=PING_SECONDS)
    except queue.DOWN:
        return counts
    for queues in replies.values():
        for one in queues:
            if one["name"] in counts:
                counts[one["name"]] += 1
    cache.set(WORKERS, counts, timeout=PING_KEPT)
    return counts


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _seconds_since_tick(now: datetime) -> int | None:
    last = cache.get(TICK)
    return None if last is None else max(0, round(now.timestamp() - last))


def _model(objective: str) -> dict[str, Any]:
    version = registry.serving(objective)
    found = registry.fault(version) if version else None
    return {
        "serving": version and version.number,
        "fault": found and {"file": found.file, "problem": found.problem},
        "withdrawn": registry.withdrawn(objective),
        "last_run": TrainingRun.objects.filter(objective=objective).values("id", "state", "stage", "progress").first(),
    }
