"""Waiting for another process without guessing how long it takes."""

import time
from collections.abc import Callable
from threading import Event


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    never = Event()
    while time.monotonic() < deadline:
        if holds():
            return True
        never.wait(0.05)
    return False
