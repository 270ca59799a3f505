"""What is too much for the memory, on the disk: parts in their order, and what is known by a name.

Both live in temporary files, which are gone when nobody holds them any more. Little of it never leaves the memory.
"""

import json
import sqlite3
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Generic, TypeVar, overload

from content import packed
from content.package import Exercise

Part = TypeVar("Part")
Value = TypeVar("Value", int, str)
SMALL = 1_000_000  # bytes of one shelf that stay in the memory


class Shelf(Sequence[Part], Generic[Part]):
    """Parts that come one after the other and are made anew whenever they are asked for. `pack` makes JSON of one."""

    def __init__(self, pack: Callable[[Part], Any], unpack: Callable[[Any], Part], parts: Iterable[Part] = ()) -> None:
        self._pack, self._unpack = pack, unpack
        self._file = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115 (it lives as long as this)
        weakref.finalize(self, self._file.close)
        self._starts = array("Q")
        for part in parts:
            self.append(part)

    def append(self, part: Part) -> None:
        """Put a part behind the others."""
        self._starts.append(self._written(part))

    def replace(self, index: int, part: Part) -> None:
        """Put a part in the place of another."""
        self._starts[index] = self._written(part)

    def _written(self, part: Part) -> int:
        start = self._file.seek(0, 2)
        self._file.write(json.dumps(self._pack(part)).encode() + b"\n")
        return start

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | Sequence[Part]:
        if isinstance(index, slice):
            return tuple(self._read(start) for start in self._starts[index])
        return self._read(self._starts[index])

    def _read(self, start: int) -> Part:
        self._file.seek(start)
        return self._unpack(json.loads(self._file.readline()))

    def __iter__(self) -> Iterator[Part]:
        return (self._read(start) for start in self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same parts, as one tuple is to another."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(ours == theirs for ours, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


def exercises() -> Shelf[Exercise]:
    """An empty shelf for exercises."""
    return Shelf(packed.to_json, packed.from_json)


class Index(MutableMapping[str, Value], Generic[Value]):
    """Numbers or texts by names, in no order."""

    def __init__(self) -> None:
        # Of a file without a name SQLite keeps its cache in the memory, and the rest on the disk until it is closed.
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("BEGIN")  # never ended: each statement would otherwise end a transaction of its own
        self._base.execute("CREATE TABLE held (name BLOB PRIMARY KEY, value) WITHOUT ROWID")
        weakref.finalize(self, self._base.close)

    def __setitem__(self, name: str, value: Value) -> None:
        self._base.execute("INSERT OR REPLACE INTO held VALUES (?, ?)", (_bytes(name), json.dumps(value)))

    def __getitem__(self, name: str) -> Value:
        found = self._base.execute("SELECT value FROM held WHERE name = ?", (_bytes(name),)).fetchone()
        if found is None:
            raise KeyError(name)
        value: Value = json.loads(found[0])
        return value

    def __delitem__(self, name: str) -> None:
        if not self._base.execute("DELETE FROM held WHERE name = ?", (_bytes(name),)).rowcount:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        rows = self._base.execute("SELECT name FROM held")
        return (name.decode("utf-8", "surrogatepass") for (name,) in rows)

    def __len__(self) -> int:
        count: int = self._base.execute("SELECT count(*) FROM held").fetchone()[0]
        return count

    def add(self, name: str, value: Value) -> bool:
        """Note a name that is not known yet; False if it is, and then nothing changes."""
        return bool(
            self._base.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", (_bytes(name), json.dumps(value))).rowcount
        )


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")
