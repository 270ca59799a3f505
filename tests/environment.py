"""Loaded by pytest before Django's settings: gives the tests a data folder and embedded services of their own."""

import os
from pathlib import Path

from tutor import embedded

data = Path(os.environ.get("DATA") or Path(__file__).resolve().parent.parent / "var-test").absolute()
worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker and data.name != worker:
    data = data / worker  # a queue of its own: Celery workers of one process's tests must not take the other's tasks
os.environ["DATA"] = str(data)
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    embedded.ensure(data)
