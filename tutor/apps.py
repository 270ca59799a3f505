"""The Django app."""

from collections.abc import Collection
from logging import getLogger
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import pre_save
from django.utils.translation import gettext_lazy as _

from training import queue

log = getLogger(__name__)


class TutorConfig(AppConfig):
    """Names the app in the administration."""

    name = "tutor"
    verbose_name = _("Practice")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Watch passwords and courses, wherever they are changed: on a page, in the administration, by a command."""
        from content import importing  # tables, which are not there before this moment

        pre_save.connect(end_programs, sender=settings.AUTH_USER_MODEL)
        importing.changed.connect(embed_texts)


def end_programs(*, sender: Any, instance: Any, update_fields: Collection[str] | None, **_kwargs: Any) -> None:
    """Whoever takes a new password wants nobody else in: programs have to sign in again, as browsers have to."""
    if instance.pk is None or (update_fields is not None and "password" not in update_fields):
        return
    if sender.objects.filter(pk=instance.pk).exclude(password=instance.password).exists():
        apps.get_model("authtoken", "Token").objects.filter(user=instance).delete()


def embed_texts(*, course_id: int, **_kwargs: Any) -> None:
    """A changed course may have new texts. When the queue does not answer, beat has them embedded within the hour."""
    try:
        queue.send("training.tasks.embed_texts", queue="training", expires=3600, course_id=course_id)
    except queue.DOWN as problem:
        log.warning("the texts of course %s are not embedded yet, the queue does not answer: %s", course_id, problem)
