"""The snapshot folder in which export and training meet: its tables, and how one is written whole or not at all.

    attempts.parquet       one row an answer, each student's together and in order
    steps.parquet          what was answered: concepts, kind of answer, course, exercise, embedding of the text
    prerequisites.parquet  which concept builds on which
    courses.parquet        the language of each course       } read by nobody but the evaluation:
    classes.parquet        which students take which course  } no model sees them
    manifest.json          counts, times, and the SHA-256 of each file

Ids are texts; students and classes are hashes that only the site can make again.
"""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.seal import file_hash

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = {
    "attempts": pa.schema(
        [
            ("student", pa.string()),
            ("index", pa.int32()),  # order within the student, from 0
            ("item", pa.string()),
            ("correct", pa.bool_()),
            ("label", pa.bool_()),  # a first try without a hint
            ("try_number", pa.int16()),
            ("hints", pa.int16()),
            ("timestamp", pa.float64()),  # seconds since 1970, or null
            ("simulated", pa.bool_()),
        ]
    ),
    "steps": pa.schema(
        [
            ("item", pa.string()),
            ("concepts", pa.string()),  # joined by ;
            ("kind", pa.string()),
            ("course", pa.string()),
            ("exercise", pa.string()),
            ("embedding", pa.list_(pa.float16())),  # of the text; null where there is none
        ]
    ),
    "prerequisites": pa.schema([("concept", pa.string()), ("requires", pa.string())]),
    "courses": pa.schema([("course", pa.string()), ("language", pa.string())]),
    "classes": pa.schema([("class", pa.string()), ("student", pa.string()), ("course", pa.string())]),
}

Columns = Mapping[str, Any]  # lists, or arrays of numpy or arrow; texts may be dictionaries


class SnapshotWriter:
    """Writes a snapshot table by table, in any number of portions; the folder appears when the block ends well.

    Memory holds one portion. Portions of attempts hold whole students or go on where the last one stopped.
    """

    def __init__(self, folder: Path, *, objective: str, now: datetime) -> None:
        """`folder` must not exist, or is replaced; `now` is written down as the moment of its making."""
        self.folder = folder
        self.objective = objective
        self.now = now
        self.side = folder.with_name(f"{folder.name}.new")
        self.students = 0
        self.answers = 0
        self.labels = 0
        self._last_student: str | None = None
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "SnapshotWriter":
        shutil.rmtree(self.side, ignore_errors=True)
        self.side.mkdir(parents=True)
        for name, schema in TABLES.items():
            self._writers[name] = pq.ParquetWriter(self.side / f"{name}.parquet", schema, compression="zstd")
        return self

    def write(self, name: str, columns: Columns) -> None:
        """Append a portion to the table `name`; columns have one length, in row order, and those left out are null."""
        schema = TABLES[name]
        absent = pa.nulls(len(next(iter(columns.values()))))
        table = pa.table({field: columns.get(field, absent) for field in schema.names}, schema=schema)
        if not table.num_rows:
            return
        self._writers[name].write_table(table)
        if name == "attempts":
            self.answers += table.num_rows
            self.labels += pc.sum(table.column("label")).as_py()
            students = table.column("student").combine_chunks().dictionary_encode()
            number = students.indices.to_numpy()
            first, last = (students.dictionary[int(number[place])].as_py() for place in (0, -1))
            self.students += int(np.count_nonzero(np.diff(number))) + (first != self._last_student)
            self._last_student = last

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        if kind is not None:
            shutil.rmtree(self.side, ignore_errors=True)
            return
        (self.side / MANIFEST).write_text(json.dumps(self._manifest(), indent=1))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.side.rename(self.folder)

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "objective": self.objective,
            "created": self.now.isoformat(),
            "cutoff": self.now.isoformat(),
            "students": self.students,
            "answers": self.answers,
            "labels": self.labels,
            "sha256": {f"{name}.parquet": file_hash(self.side / f"{name}.parquet") for name in TABLES},
        }


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a snapshot. Raises FileNotFoundError where there is none."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return manifest
