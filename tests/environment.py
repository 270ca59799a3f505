"""Loaded by pytest before Django's settings: gives the tests a data folder of their own."""

import os
from pathlib import Path

os.environ.setdefault("DATA", str(Path(__file__).resolve().parent.parent / "var-test"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
