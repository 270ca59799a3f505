"""The pedagogical model, the pages, and the Django project itself."""

from tutor.celery import app as celery_app

__all__ = ("celery_app",)
