"""The Celery application: two queues, serving and training, and beat."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

app = Celery("yincai")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
