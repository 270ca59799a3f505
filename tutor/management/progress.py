"""How far a long command is, on one line."""

import time
from typing import Protocol


class Stream(Protocol):
    """What a line is written to: a command's stderr."""

    def write(self, text: str, *, ending: str) -> object:
        """Write a text and its ending."""

    def flush(self) -> None:
        """Show it now."""

    def isatty(self) -> bool:
        """Whether a person is watching."""


class ProgressLine:
    """Counts steps; on a terminal the line is written over, elsewhere it appears about ten times in all."""

    def __init__(self, *, total: int, what: str, stream: Stream) -> None:
        """`what` is counted up to `total`."""
        self.total, self.what, self.stream = total, what, stream
        self.done = self.amount = 0
        self.started = time.perf_counter()

    def step(self, amount: int = 0) -> None:
        """One more is done, which came to `amount` answers."""
        self.done += 1
        self.amount += amount
        seconds = time.perf_counter() - self.started
        text = f"{self.done}/{self.total} {self.what}, {self.amount} answers, {seconds:.0f} s"
        last = self.done == self.total
        if self.stream.isatty():
            self.stream.write(f"\r{text}", ending="\n" if last else "")
            self.stream.flush()
        elif last or self.done % max(1, self.total // 10) == 0:
            self.stream.write(text, ending="\n")
