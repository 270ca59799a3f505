"""The PostgreSQL and Redis that the site brings along, for machines that name no others."""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import quote

LONGEST_SOCKET_PATH = 107  # bytes: sun_path of a Unix socket, less its end


def socket_folder(data: Path) -> Path:
    """Where the sockets of the services of `data` lie: inside it, or in the temporary folder if that is too long."""
    inside = data / "run"
    if len(str(inside / ".s.PGSQL.5432.lock").encode()) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"yincai-{name}"


def database_url(data: Path) -> str:
    """The embedded database, as DATABASE_URL would name it."""
    return f"postgres://yincai@{quote(str(socket_folder(data)), safe='')}/yincai"
