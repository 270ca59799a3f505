"""The Django app."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import pre_save
from django.utils.translation import gettext_lazy as _


class TutorConfig(AppConfig):
    """Names the app in the administration."""

    name = "tutor"
    verbose_name = _("Practice")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Watch passwords, wherever they are set: on a page, in the administration, by a command."""
        pre_save.connect(end_programs, sender=settings.AUTH_USER_MODEL)


def end_programs(*, sender: Any, instance: Any, update_fields: Collection[str] | None, **_kwargs: Any) -> None:
    """Whoever takes a new password wants nobody else in: programs have to sign in again, as browsers have to."""
    if instance.pk is None or (update_fields is not None and "password" not in update_fields):
        return
    if sender.objects.filter(pk=instance.pk).exclude(password=instance.password).exists():
        apps.get_model("authtoken", "Token").objects.filter(user=instance).delete()
