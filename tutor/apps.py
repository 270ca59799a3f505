"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TutorConfig(AppConfig):
    """Names the app in the administration."""

    name = "tutor"
    verbose_name = _("Practice")
    default_auto_field = "django.db.models.BigAutoField"
