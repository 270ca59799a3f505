"""Work for the Celery workers: runs on the queue «training», everything quick on the default one, «serving».

The imports inside functions reach torch, which the web process must never load; they are the only such imports.
"""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from training import machinery, queue, runs
from training.models import Objective, TrainingRun

TRAINING = "training"  # the queue; everything else goes to the default one, serving
LOOK_EVERY = 30  # seconds, as CELERY_BEAT_SCHEDULE has it


@shared_task(ignore_result=True)
def retrain(*, run_id: int) -> None:
    """Walk the run. The message is gone once a worker has it: look_after_runs, not the queue, repeats it."""
    from training import pipeline

    pipeline.retrain(run_id=run_id)


def queue_retrain(*, run_id: int) -> bool:
    """Queue the run. False when the queue does not answer: look_after_runs queues it once it does."""
    try:
        queue.send(retrain.name, queue=TRAINING, run_id=run_id)
    except queue.DOWN:
        return False
    return True


@shared_task(ignore_result=True)
def embed_texts(*, course_id: int | None = None) -> None:
    """Embed the texts of a course, or of all, that have no embedding yet. Safe to repeat."""
    from training import embeddings

    embeddings.embed(now=timezone.now(), course_id=course_id)


@shared_task(ignore_result=True)
def retrain_on_schedule() -> None:
    """The nightly run, unless nothing new was answered since the last one."""
    for objective in Objective.values:
        if runs.new_answers(objective):
            run = runs.request_retrain(objective, trigger=TrainingRun.Trigger.SCHEDULE)
            queue_retrain(run_id=run.pk)


@shared_task(ignore_result=True, expires=LOOK_EVERY)
def look_after_runs() -> None:
    """Pick up runs whose worker or message was lost, and start one when enough new answers came. Safe to repeat."""
    now = timezone.now()
    machinery.tick(now=now)
    runs.look_after(now=now)
    enough = settings.RETRAIN_AFTER_ANSWERS
    for objective in Objective.values:
        if enough and runs.new_answers(objective) >= enough:
            runs.request_retrain(objective, trigger=TrainingRun.Trigger.ANSWERS)
    if queue.length(TRAINING) == 0:  # otherwise their messages may still be on the way
        for run_id in runs.waiting_runs():
            queue_retrain(run_id=run_id)


@worker_ready.connect
def look_after_runs_on_start(sender: Any, **_: Any) -> None:
    """A worker that starts, perhaps after a crash, looks at once; by a task, for this is its main process."""
    queues = sender.app.amqp.queues.consume_from
    look_after_runs.apply_async(queue=next(iter(queues)))
