"""`make run` as a person meets it: it starts, it stops completely however it is stopped, it explains what is wrong."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A running site with a data folder of its own, its screen kept in a file."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.screen = folder / "screen.txt"
        self.port = port
        named = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        with self.screen.open("ab") as screen:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run_site", "--port", str(port)],
                cwd=ROOT,
                env=named | {"DATA": str(folder / "var"), "DEMO": "0"} | environment,
                stdout=screen,
                stderr=screen,
            )

    def text(self) -> str:
        return self.screen.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.text()
        return "is ready" in self.text()

    def status(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the module: the first start fills it, the others reuse it."""
    return tmp_path_factory.mktemp("site 因材")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    (home / "screen.txt").unlink(missing_ok=True)
    started = Site(home, free_port())
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()
    assert eventually(lambda: not processes_of(home)), processes_of(home)


def processes_of(home: Path) -> list[str]:
    """Command lines of living processes that belong to the data folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        words, environment = process.info["cmdline"] or [], process.info["environ"] or {}
        if process.info["status"] != psutil.STATUS_ZOMBIE and (
            environment.get("DATA") == str(home / "var") or any(str(home / "var") in word for word in words)
        ):
            found.append(" ".join(words))
    return found


@pytest.mark.xdist_group("site")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_site_serves_and_however_it_is_stopped_nothing_is_left(site: Site, home: Path, end: signal.Signals) -> None:
    assert eventually(site.is_ready, READY_SECONDS), site.text()
    assert site.status("/healthz") == 200
    names = " ".join(processes_of(home))
    for part in ("gunicorn", "-Q serving", "-Q training", " beat ", "postgres"):
        assert part in names
    site.process.send_signal(end)
    site.process.wait(30)
    assert eventually(lambda: not processes_of(home)), processes_of(home)


@pytest.mark.xdist_group("site")
def test_a_dead_web_server_or_worker_is_started_again(site: Site, home: Path) -> None:
    assert eventually(site.is_ready, READY_SECONDS), site.text()
    for name in ("gunicorn", "celery"):
        victim = next(child for child in psutil.Process(site.process.pid).children() if name in child.cmdline())
        victim.kill()
        assert eventually(lambda: "is started again" in site.text())
    assert eventually(lambda: answers(site))


def answers(site: Site) -> bool:
    try:
        return site.status("/healthz") == 200
    except OSError:
        return False


@pytest.mark.xdist_group("site")
@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}, "database"),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"REDIS_URL": "nonsense"}, "REDIS_URL must be"),
        ({"HTTPS": "perhaps"}, "HTTPS='perhaps': say 1 or 0"),
        ({"DATA": "/proc/none"}, "/proc/none"),
    ],
)
def test_a_bad_setting_is_one_clear_line(tmp_path: Path, environment: dict[str, str], line: str) -> None:
    wrong = Site(tmp_path, free_port(), **environment)
    assert wrong.process.wait(60) != 0
    assert line in wrong.text()
    assert "Traceback" not in wrong.text()


@pytest.mark.xdist_group("site")
def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        second = Site(tmp_path, int(taken.getsockname()[1]))
        assert second.process.wait(60) != 0
    assert re.search(r"Cannot serve at 127.0.0.1:\d+: .*Choose another", second.text())
    assert "Traceback" not in second.text()
