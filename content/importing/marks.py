"""What a part of a package is recognised by when it comes again: hashes that do not depend on irrelevant orders."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from content.package import CoursePackage, Exercise

# Fields that came later. Empty, they leave no trace, so that what was imported before them is still recognised.
_LATER = frozenset(
    {"tags", "difficulty", "applied_to", "credit", "rules", "shows", "concepts", "rewritings", "resources"}
)


def fingerprint(part: Any) -> str:
    """Return a hash of a part of a package that does not depend on the order of names or of concepts."""
    plain = asdict(part, dict_factory=_without_later)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=_plain).encode()).hexdigest()


def of_exercise(exercise: Exercise, rewritings: Mapping[str, Any]) -> str:
    """Return the mark of an exercise; rules of misconceptions count where its wrong answers are made by them."""
    steps = tuple(replace(step, concepts=tuple(sorted(step.concepts))) for step in exercise.steps)
    applied = {wrong.misconception for step in exercise.steps for wrong in step.wrong_answers if wrong.applied_to}
    mark = fingerprint(replace(exercise, steps=steps))
    if not applied:
        return mark
    rules = json.dumps([[key, rewritings.get(key, [])] for key in sorted(applied)])
    return hashlib.sha256(f"{mark} {rules}".encode()).hexdigest()


def of_course(course_package: CoursePackage, exercises: Iterable[str]) -> str:
    """Return the mark of everything, given those of the exercises; files are there by their hashes."""
    whole = replace(
        course_package,
        exercises=(),
        files={},
        concepts=tuple(
            replace(concept, requires=tuple(sorted(concept.requires))) for concept in course_package.concepts
        ),
        misconceptions=_sorted(course_package.misconceptions),
        resources=_sorted(course_package.resources),
    )
    mark = hashlib.sha256(fingerprint(whole).encode())
    for exercise in exercises:
        mark.update(f"\n{exercise}".encode())
    for name in sorted(course_package.files):
        mark.update(f"\n{name} {hashlib.sha256(course_package.files[name]).hexdigest()}".encode())
    return mark.hexdigest()


def _sorted(parts: Sequence[Any]) -> tuple[Any, ...]:
    """Parts with the concepts that they are about in one order."""
    return tuple(replace(part, concepts=tuple(sorted(part.concepts))) for part in parts)


def _without_later(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value or name not in _LATER}


def _plain(value: Any) -> Any:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else dict(value)
