"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    """Names the app in the administration."""

    name = "training"
    verbose_name = _("Models that learn")
    default_auto_field = "django.db.models.BigAutoField"
