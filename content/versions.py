"""What exercises were and are: every published content under its number, append-only. Writes: ExerciseVersion.

The rules of misconceptions that wrong answers are computed by are kept with it: whoever edits a misconception changes
the versions that come, and none that somebody has answered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from content import package, packed, variants
from content.formats import yincai_writing
from content.models import Exercise, ExerciseVersion, Misconception

NOTE_LENGTH = 300  # as in content/models
BATCH = 1000
RULE = ("course", "key", "rewritings")  # columns of Misconception


@dataclass(frozen=True, kw_only=True)
class Change:
    """A line of the difference between two contents: `same`, `gone` or `new`."""

    kind: str
    line: str


def record(written: Iterable[tuple[Exercise, package.Exercise]], *, author: Any = None, note: str = "") -> None:
    """Keep what exercises are under their revisions, in the caller's transaction. `author` is None for an import."""
    written = list(written)
    ruled = {row.course_id for row, content in written if variants.needs_rules(content)}
    rules: dict[int, dict[str, Any]] = {course: {} for course in ruled}
    for course, key, rewritings in Misconception.objects.filter(course__in=ruled).values_list(*RULE):
        rules[course][key] = rewritings
    ExerciseVersion.objects.bulk_create(
        (
            ExerciseVersion(
                exercise=row,
                number=row.revision,
                content=packed.to_json(content) | _rules(content, rules.get(row.course_id, {})),
                author=author,
                note=note[:NOTE_LENGTH],
            )
            for row, content in written
        ),
        batch_size=BATCH,
    )


def _rules(content: package.Exercise, of_course: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that an exercise is made by, as catalog.variant reads them; nothing where it needs none."""
    if not variants.needs_rules(content):
        return {}
    applied = {wrong.misconception for step in content.steps for wrong in step.wrong_answers if wrong.applied_to}
    return {"rules": {key: of_course[key] for key in sorted(applied & of_course.keys())}}


def changes(before: package.Exercise, after: package.Exercise) -> list[Change]:
    """What differs between two contents, line by line as they stand in a course's files."""
    kinds = {"  ": "same", "- ": "gone", "+ ": "new"}
    old, new = (yincai_writing.exercise_text(one).splitlines() for one in (before, after))
    return [Change(kind=kinds[line[:2]], line=line[2:]) for line in ndiff(old, new) if line[:2] in kinds]
