"""What became of the items of a source: a line each, for a page, a CSV file and a table of counts."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from content import grading, schema, variants
from content.formats.source import Item, Loaded
from content.package import Exercise, Step

COLUMNS = ("item", "title", "kind", "outcome", "exercise", "reasons")


class SupportsWrite(Protocol):
    """A file, or the answer to a request."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many items came in, what became of them, and why, most frequent first."""

    items: int
    kept: int
    changed: int
    dropped: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class OwnKeys:
    """How many steps grade right what their source has as right; the others with what that is, and why not."""

    right: int
    waiting: int  # for a person to grade
    wrong: tuple[tuple[str, str, str], ...]  # key of the step, the source's answer, what is said of it


def items(loaded: Loaded) -> Sequence[Item]:
    """Every item of the source; of a format whose items are the exercises, these."""
    if loaded.items:
        return loaded.items
    reasons: dict[str, list[str]] = defaultdict(list)
    for defect in loaded.defects:
        reasons[defect.item].append(defect.problem)
    return tuple(
        Item(
            id=exercise.key,
            title=exercise.title,
            kind=exercise.steps[0].answer["kind"],
            key=exercise.key,
            reasons=tuple(reasons[exercise.key]),
        )
        for exercise in loaded.package.exercises
    )


def summary(loaded: Loaded) -> Summary:
    """Count the items by what became of them, and the reasons by their fixed phrases."""
    found = items(loaded)
    outcomes = Counter(item.outcome for item in found)
    reasons = Counter(phrase for item in found for phrase in {reason.partition(": ")[0] for reason in item.reasons})
    return Summary(
        items=len(found),
        kept=outcomes["kept"],
        changed=outcomes["changed"],
        dropped=outcomes["dropped"],
        reasons=tuple(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
    )


def write_csv(found: Iterable[Item], stream: SupportsWrite, *, words: Callable[[str], str] = str) -> None:
    """Write a line for each item, with what we say of it put into words.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    writer = csv.writer(stream)
    writer.writerow(map(words, COLUMNS))
    for item in found:
        reasons = "; ".join(map(words, item.reasons))
        cells = (words(item.id), item.title, item.kind, words(item.outcome), item.key, reasons)
        writer.writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells])


def own_keys(loaded: Loaded) -> OwnKeys:
    """Grade each step's own stored answer."""
    right, waiting = 0, 0
    wrong: list[tuple[str, str, str]] = []
    for exercise in loaded.package.exercises:
        for step, response, found in _graded(exercise, loaded):
            if isinstance(found, grading.Grade) and (found.correct or found.is_waiting):
                right += found.correct
                waiting += found.is_waiting
            else:
                reason = found if isinstance(found, str) else found.reason.value
                wrong.append((step, str(response), reason))
    return OwnKeys(right=right, waiting=waiting, wrong=tuple(wrong))


def _own_answer(step: Step, loaded: Loaded) -> str | list[str]:
    if loaded.own_answers is not None:
        return loaded.own_answers.get(step.key, "")
    try:
        return schema.own_answer(step.answer)
    except (KeyError, IndexError, TypeError, grading.KeyProblem):
        return ""  # the schema says what is wrong with it


def _graded(exercise: Exercise, loaded: Loaded) -> Iterator[tuple[str, str | list[str], grading.Grade | str]]:
    values = variants.draw_values(exercise, 0) if exercise.variables else {}
    made = variants.instantiate(exercise, 0, misconceptions=loaded.package.misconceptions)
    for step, template in zip(made.steps, exercise.steps, strict=True):
        response = variants.fill(_own_answer(template, loaded), values)
        if "distractors" in template.answer:  # the ids of its choices are made with the variant
            response = grading.right_response(step.answer)
        try:
            yield step.key, response, grading.grade(grading.parse_key(step.answer), response)
        except (grading.Unreadable, grading.KeyProblem) as error:
            yield step.key, response, str(error)
