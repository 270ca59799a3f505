"""The embedded services: who keeps them, what they survive, and when they go."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from django.core.management import CommandError

from tests.waiting import eventually
from tutor import embedded
from tutor.management.commands import run_site

USER = """
import sys, importlib.util
from pathlib import Path
spec = importlib.util.spec_from_file_location("embedded", sys.argv[1])
embedded = importlib.util.module_from_spec(spec)
spec.loader.exec_module(embedded)
embedded.ensure(Path(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    embedded.ensure(Path(sys.argv[2]))
    print("ready", flush=True)
"""


class User:
    """A process that uses the services of a data folder."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, embedded.__file__, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ensures_again(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self.says()

    def kill(self) -> None:
        self.process.kill()
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.communicate()


STOP_SECONDS = 90.0  # a busy machine takes its time over PostgreSQL's last checkpoint


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "数据 with a space"
    yield folder
    assert eventually(lambda: not servers(folder), STOP_SECONDS), "services were left behind"


@pytest.fixture
def new_user(data: Path) -> Iterator[Callable[[], User]]:
    """Makes processes that use the data folder; they end with the test."""
    users: list[User] = []

    def make() -> User:
        users.append(User(data))
        return users[-1]

    yield make
    for user in users:
        user.kill()


def servers(data: Path) -> dict[str, psutil.Process]:
    """The processes that serve the data folder, by what they are."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(data / "pg") in words and "--single" not in words:
            found["postgres"] = process
        elif str(data) in words and embedded.__file__ in words and "-c" not in words:
            found["keeper"] = process
    try:
        children = found["keeper"].children() if "keeper" in found else []
        for child in children:
            if "redis-server" in child.name():
                found["redis"] = child
    except psutil.NoSuchProcess:
        pass  # it ended between the two looks
    return found


def test_services_serve_a_path_with_spaces_and_chinese_and_go_with_their_last_user(
    data: Path, new_user: Callable[[], User]
) -> None:
    first, second = new_user(), new_user()
    assert [first.says(), second.says()] == ["ready", "ready"]
    first.kill()
    assert second.ensures_again() == "ready"
    assert eventually(lambda: set(servers(data)) == {"keeper", "postgres", "redis"})
    second.kill()
    assert eventually(lambda: not servers(data), STOP_SECONDS)


@pytest.mark.parametrize("victim", ["postgres", "redis", "keeper"])
def test_a_killed_service_or_keeper_is_back_for_the_next_who_asks(
    data: Path, new_user: Callable[[], User], victim: str
) -> None:
    user = new_user()
    assert user.says() == "ready"
    assert eventually(lambda: set(servers(data)) == {"keeper", "postgres", "redis"})
    before = servers(data)[victim]
    os.kill(before.pid, signal.SIGKILL)
    assert eventually(lambda: not before.is_running() or before.status() == psutil.STATUS_ZOMBIE)
    assert user.ensures_again() == "ready"
    assert eventually(lambda: set(servers(data)) == {"keeper", "postgres", "redis"})
    assert servers(data)[victim].pid != before.pid


def test_a_start_that_was_interrupted_leaves_nothing_that_stops_the_next(
    data: Path, new_user: Callable[[], User]
) -> None:
    (data / "pg.new").mkdir(parents=True)
    (data / "pg.new" / "half-made").touch()
    assert new_user().says() == "ready"


def test_a_data_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(embedded.EmbeddedError, match="cannot be used"):
        embedded.ensure(tmp_path / "file" / "var")


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    full = SimpleNamespace(free=5_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: full)
    with pytest.raises(embedded.EmbeddedError, match=r"only 5 MB are free for .*; a new database needs 200 MB"):
        embedded._prepare(tmp_path)
    assert not (tmp_path / "pg").exists()
    settings.DATA = tmp_path
    with pytest.raises(CommandError, match="Only 5 MB are free"):
        run_site.refuse_full_disk()


def test_a_path_too_long_for_a_socket_moves_the_sockets_not_the_data(tmp_path: Path) -> None:
    assert embedded.socket_folder(Path("/srv/yincai")) == Path("/srv/yincai/run")
    far = tmp_path / ("x" * 120)
    assert len(str(embedded.socket_folder(far))) < 60
    assert embedded.socket_folder(far) != embedded.socket_folder(tmp_path / ("y" * 120))
