"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    """Names the app in the administration."""

    name = "content"
    verbose_name = _("Courses")
    default_auto_field = "django.db.models.BigAutoField"
