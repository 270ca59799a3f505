"""What the serving worker does for practice: predictions for the next choice. Reads: Course, User, predictions.

The imports inside functions reach torch, which the web process must never load.
"""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from content import catalog
from content.models import Course
from students import history, records
from students.models import User
from training import predictions, registry
from training.models import Objective
from tutor import regrading, turns, uploads

SERVING = "serving"
CATCH_UP_EVERY = 30  # seconds, as CELERY_BEAT_SCHEDULE has it
CAUGHT_UP_AT_ONCE = 50  # students, in some seconds: those who are practising should not wait


@shared_task(ignore_result=True)
def refresh_predictions(*, student_id: int, course_id: int) -> None:
    """Store what the serving model expects of the student now. Safe to repeat; nothing happens without a model.

    A student who was faster than the worker has several of these waiting: the first looks at all answers there are,
    and the others find nothing left to do.
    """
    _refresh(student_id=student_id, course_id=course_id)


@shared_task(ignore_result=True, expires=CATCH_UP_EVERY)
def catch_up() -> None:
    """Show some students' mastery as what serves now has it: nobody has to answer first. Safe to repeat."""
    version = registry.serving(Objective.TRACING)
    if version is None:
        records.show_plain(students=CAUGHT_UP_AT_ONCE, now=timezone.now())
        return
    for student_id, course_id in predictions.behind(version, limit=CAUGHT_UP_AT_ONCE):
        if not _refresh(student_id=student_id, course_id=course_id):
            return  # the model cannot be read, or an answer came meanwhile: the rest is for the next time


def _refresh(*, student_id: int, course_id: int) -> bool:
    """Whether predictions were stored."""
    from training import pipeline

    now = timezone.now()
    student = User.objects.select_related("preference").filter(pk=student_id).first()
    course = Course.objects.filter(pk=course_id).first()
    if student is None or course is None or _is_done(student, course):
        return False
    steps = turns.steps_wanted(student, course, now=now)
    return pipeline.refresh_predictions(student_id=student_id, course_id=course_id, step_ids=steps, now=now)


def _is_done(student: User, course: Course) -> bool:
    """Whether all answers so far have been looked at, for this course."""
    fresh = predictions.fresh(student.pk, attempts_seen=history.record_size(student.pk))
    steps = catalog.course_map(course.pk, course.revision).step_ids
    return fresh is not None and not steps.isdisjoint(fresh.probabilities)


@shared_task(ignore_result=True)
def regrade(*, regrading_id: int) -> None:
    """Carry a regrading out, and say how far it is while it goes on. Safe to repeat: it is done once."""
    regrading.carry_out(regrading_id, now=timezone.now())


@shared_task(ignore_result=True)
def prepare_regrading(*, step_id: int, reworded: bool) -> None:
    """Work out what a regrading would do, for its author to look at. Safe to repeat."""
    regrading.prepare(step_id, reworded=reworded)


@shared_task(ignore_result=True)
def take_up_regradings() -> None:
    """Carry out what was requested of a worker that was lost. Safe to repeat."""
    for regrading_id in regrading.waiting():
        regrade.apply_async(kwargs={"regrading_id": regrading_id}, queue=SERVING)


@shared_task(ignore_result=True, expires=60)
def load_model() -> None:
    """Have torch and the serving model in memory, if there is one, before the first student needs them."""
    from training import pipeline

    pipeline.load_serving()


@worker_ready.connect
def get_ready_on_start(sender: Any, **_: Any) -> None:
    """A serving worker that starts gets ready; by tasks, for this is its main thread, which has to answer pings."""
    if SERVING in sender.app.amqp.queues.consume_from:
        load_model.apply_async(queue=SERVING)
        take_up_regradings.apply_async(queue=SERVING)


@shared_task(ignore_result=True)
def look_through_import(*, import_id: int) -> None:
    """Look through a course file that is too large for its author to wait. Safe to repeat."""
    uploads.look_through(import_id)


@shared_task(ignore_result=True)
def carry_out_import(*, import_id: int) -> None:
    """Import a course file that its author has confirmed. Safe to repeat."""
    uploads.carry_out(import_id)


@shared_task(ignore_result=True, expires=3600)
def forget_unconfirmed_imports() -> None:
    """Remove course files that were handed in and never confirmed. Safe to repeat."""
    uploads.forget_unconfirmed(timezone.now())
