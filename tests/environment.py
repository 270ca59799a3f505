"""Loaded by pytest before Django's settings: gives the tests a data folder and embedded services of their own."""

import os
from pathlib import Path

from tutor import embedded

os.environ.setdefault("DATA", str(Path(__file__).resolve().parent.parent / "var-test"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    embedded.ensure(Path(os.environ["DATA"]))
