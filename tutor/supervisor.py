"""Runs the processes of the site side by side: starts them again when they die, stops them all together."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tutor.embedded import dies_with_parent

STOP_SECONDS = 15.0
TICK_SECONDS = 0.5
LONGEST_PAUSE = 30.0  # seconds between two starts of a process that keeps dying


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process of the site. `last_signal` is what the kernel sends it when the supervisor is killed."""

    name: str
    command: Sequence[str]
    last_signal: int = signal.SIGKILL
    environment: Mapping[str, str] = field(default_factory=dict)  # beside ours


@dataclass(kw_only=True)
class Running:
    """A program's process, and when to start it again after it died."""

    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0
    pause: float = field(default=TICK_SECONDS)

    def start(self, now: float) -> None:
        """Start the process in a session of its own, so that the terminal's Ctrl-C reaches only the supervisor."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.program.environment},
                start_new_session=True,
                preexec_fn=dies_with_parent(self.program.last_signal),
            )
        self.start_at = now + self.pause
        self.pause = min(2 * self.pause, LONGEST_PAUSE)

    def tick(self, now: float, say: Callable[[str], None]) -> None:
        """Start what has not been started; start again what died, with growing pauses."""
        if self.process is not None and self.process.poll() is not None:
            say(f"{self.program.name} ended (status {self.process.returncode}) and is started again; see {self.log}")
            self.process = None
        if self.process is None and now >= self.start_at:
            self.start(now)


class Stopped(Exception):
    """A person or the system asked the site to stop."""


def supervise(programs: Sequence[Program], *, logs: Path, tick: Callable[[], None], say: Callable[[str], None]) -> None:
    """Run the programs until SIGINT or SIGTERM, calling `tick` twice a second; then stop them all.

    After STOP_SECONDS a program that has not ended is killed. A SIGKILL of the supervisor ends them too, by the
    kernel's parent-death signal.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    running = [Running(program=program, log=logs / f"{program.name}.log") for program in programs]
    try:
        while True:
            for one in running:
                one.tick(time.monotonic(), say)
            tick()
            time.sleep(TICK_SECONDS)
    except Stopped:
        say("stopping …")
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them behind
        _stop([one.process for one in running if one.process is not None])
        for number, handler in previous.items():
            signal.signal(number, handler)


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
