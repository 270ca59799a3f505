"""Runs as rows: asked for, owned by one process, reported on, and picked up when their owner dies. No torch here.

A run belongs to the process that holds its advisory lock, which PostgreSQL frees however that process ends. A row that
says «running» without a lock is therefore a dead run, and is queued again.
Reads: attempts; reads and writes: training runs.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import F, Max
from django.utils import timezone

from students.models import Attempt, User
from training import consented, registry, seal
from training.config import FinetuneConfig
from training.models import ModelVersion, TrainingRun

logger = logging.getLogger(__name__)

LOCK_SPACE = 7_423  # first half of the advisory lock's key; the second is the run's id
MOST_STARTS = 3
SECONDS_BETWEEN_REPORTS = 1.0
SHIPPED, NOTHING = "shipped", "none"  # bases that are no version


class LostRun(Exception):
    """Somebody else was given this run; whoever meets this stops and touches nothing."""


def request_retrain(
    objective: str, *, trigger: str, requested_by: User | None = None, options: Mapping[str, Any] | None = None
) -> TrainingRun:
    """A new queued run, or the one of this objective that is queued or running already. The caller queues its task.

    `options`: `base` (a version's number, a folder, "shipped" or "none") and fields of FinetuneConfig.
    Raises ValueError when these cannot be used.
    """
    read_options(options or {}, objective=objective)
    newest = Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
    fresh = TrainingRun(
        objective=objective,
        trigger=trigger,
        requested_by=requested_by,
        options=dict(options or {}),
        newest_attempt=newest,
        queued_at=timezone.now(),
    )
    while True:
        try:
            with transaction.atomic():
                fresh.save(force_insert=True)
            return fresh
        except IntegrityError:
            active = TrainingRun.objects.filter(objective=objective, state__in=("queued", "running")).first()
            if active is not None:
                return active


def new_answers(objective: str) -> int:
    """How many answers that may be used came since the last run of this objective was asked for."""
    last = TrainingRun.objects.filter(objective=objective).order_by("-pk").values_list("newest_attempt", flat=True)
    return consented.count(after=last.first() or 0)


def with_base(options: Mapping[str, Any], *, objective: str) -> dict[str, Any]:
    """The options, with a base by name: a version's number, a folder, «shipped» or «none».

    It is named once for the whole run, which may go on when something else serves.
    """
    if options.get("base"):
        return dict(options)
    now = registry.serving(objective)
    otherwise = SHIPPED if registry.shipped_base() else NOTHING
    return {**options, "base": str(now.number) if now and not registry.fault(now) else otherwise}


def read_options(options: Mapping[str, Any], *, objective: str) -> tuple[Path | None, FinetuneConfig]:
    """The bundle to start from, or None for none, and the settings. Raises ValueError with a sentence.

    Where no base is named it is the serving version, or, until there is one, the bundle that came with the code.
    """
    values = with_base(options, objective=objective)
    base = str(values.pop("base"))
    if "learning_rate" in values:  # the person's number holds whether or not the run starts from a base
        values["base_learning_rate"] = values["learning_rate"]
    config = FinetuneConfig.from_options(values)
    if base == NOTHING:
        return None, config
    if base == SHIPPED:
        folder = registry.SHIPPED
    elif base.isdecimal():
        version = ModelVersion.objects.filter(objective=objective, number=int(base)).first()
        if version is None:
            raise ValueError(f"base: there is no version {base}")
        folder = registry.folder(version)
    else:
        folder = Path(base)
    try:
        seal.verify(folder)
    except seal.BadBundle as found:
        raise ValueError(f"base: {base} is no whole bundle: {found}") from None
    return folder, config


# --- who owns a run --------------------------------------------------------------------------------------------------


def look_after(*, now: datetime) -> None:
    """Queue dead runs again, or give them up after the third start.

    Only rows change here; the caller sends the tasks of `waiting_runs`.
    """
    for run in TrainingRun.objects.filter(state=TrainingRun.State.RUNNING):
        if _is_owned(run.pk):
            continue
        dead = TrainingRun.objects.filter(pk=run.pk, state=TrainingRun.State.RUNNING, starts=run.starts)
        if run.starts < MOST_STARTS:
            changed = dead.update(state=TrainingRun.State.QUEUED, queued_at=None)
        else:
            message = {"code": "gave_up", "starts": run.starts}
            changed = dead.update(state=TrainingRun.State.FAILED, finished_at=now, message=message)
        if changed:
            logger.warning("run %s died at its start %s", run.pk, run.starts)


def waiting_runs() -> list[int]:
    """Ids of the queued runs."""
    return list(TrainingRun.objects.filter(state=TrainingRun.State.QUEUED).values_list("pk", flat=True))


@contextmanager
def owning(run_id: int) -> Iterator[bool]:
    """Whether this process owns the run, for as long as the block lasts.

    The lock lives on a connection of its own, so that nothing the stages do to theirs can free it.
    """
    own = connections["default"].copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, run_id])
            row = cursor.fetchone()
        yield bool(row and row[0])
    finally:
        with suppress(DatabaseError), own.cursor() as cursor:  # else the lock stays until the server sees us gone
            cursor.execute("SELECT pg_advisory_unlock_all()")
        own.close()


def _is_owned(run_id: int) -> bool:
    """Whether any process holds the lock. Only looks: a probe that took it could stop a rightful start."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND classid = %s AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK_SPACE, run_id],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def claim(run_id: int) -> TrainingRun | None:
    """From queued to running, by conditional update. The number of starts is the owner's token from here on."""
    now = timezone.now()
    queued = TrainingRun.objects.filter(pk=run_id, state=TrainingRun.State.QUEUED)
    changed = queued.update(
        state=TrainingRun.State.RUNNING, starts=F("starts") + 1, started_at=now, heartbeat_at=now, progress=0
    )
    return TrainingRun.objects.select_related("version").get(pk=run_id) if changed else None


# --- what people see of a run ----------------------------------------------------------------------------------------


class Reporter:
    """Writes the run's row as it goes, at most once a second, and notices when the run is no longer ours."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self.last = 0.0
        if run.starts > 1:
            self.save(message={"code": "resumed", "starts": run.starts})

    def stage(self, name: str) -> None:
        """The run enters a stage."""
        self.run.stage = name
        self.save(stage=name, progress=0.0)

    def progress(self, share: float, *, message: Mapping[str, Any]) -> None:
        """How far the stage is, 0 to 1. Called as often as one likes."""
        if time.monotonic() - self.last >= SECONDS_BETWEEN_REPORTS:
            self.save(progress=share, message=dict(message))

    def save(self, **changes: Any) -> None:
        """Update the row, as a sign of life too. Raises LostRun when it is no longer ours."""
        mine = TrainingRun.objects.filter(pk=self.run.pk, state=TrainingRun.State.RUNNING, starts=self.run.starts)
        if mine.update(heartbeat_at=timezone.now(), **changes) != 1:
            raise LostRun
        self.last = time.monotonic()

    def finish(self, state: TrainingRun.State, *, message: Mapping[str, Any]) -> None:
        """The last word."""
        self.save(state=state, stage="done", progress=1.0, message=dict(message), finished_at=timezone.now())
        self.run.refresh_from_db()
