"""What exercises were and are: every published content under its number, append-only. Writes: ExerciseVersion."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from content import package, packed
from content.formats import yincai_writing
from content.models import Exercise, ExerciseVersion

NOTE_LENGTH = 300  # as in content/models
BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Change:
    """A line of the difference between two contents: `same`, `gone` or `new`."""

    kind: str
    line: str


def record(written: Iterable[tuple[Exercise, package.Exercise]], *, author: Any = None, note: str = "") -> None:
    """Keep what exercises are under their revisions, in the caller's transaction. `author` is None for an import."""
    ExerciseVersion.objects.bulk_create(
        (
            ExerciseVersion(
                exercise=row,
                number=row.revision,
                content=packed.to_json(content),
                author=author,
                note=note[:NOTE_LENGTH],
            )
            for row, content in written
        ),
        batch_size=BATCH,
    )


def changes(before: package.Exercise, after: package.Exercise) -> list[Change]:
    """What differs between two contents, line by line as they stand in a course's files."""
    kinds = {"  ": "same", "- ": "gone", "+ ": "new"}
    old, new = (yincai_writing.exercise_text(one).splitlines() for one in (before, after))
    return [Change(kind=kinds[line[:2]], line=line[2:]) for line in ndiff(old, new) if line[:2] in kinds]
