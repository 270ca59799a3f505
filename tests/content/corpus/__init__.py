"""The corpus of answers: a key, a response and the verdict that belongs to them, by topic, in the files beside this.

A group names its `key` and, where they matter, `form` and `domain`; then the responses, one a line, under their
verdicts: `right`, `wrong`, `not_form` (right in value, told to be in another form or unit) and `refused` (cannot be
read, not counted). Behind `##` stands why. `solutions: yes` compares the numbers that statements allow. A `key` that
is a mapping is an answer key as a course has it; any other is an expression that everything equivalent answers.
generated.yaml was drawn by generated.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from content import grading, mathematics
from content.grading.grades import Reason

VERDICTS = ("right", "wrong", "not_form", "refused")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One answer to one key."""

    topic: str
    key: str | dict[str, Any]
    response: str
    verdict: str
    form: str = ""
    domain: str = ""
    solutions: bool = False


def cases() -> Iterator[Case]:
    """Every case of every topic."""
    for path in sorted(_FOLDER.glob("*.yaml")):
        for group in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            for verdict in VERDICTS:
                for line in group.get(verdict, "").splitlines():
                    yield Case(
                        topic=group.get("topic", path.stem),
                        key=group["key"],
                        response=line.partition("    ##")[0],
                        verdict=verdict,
                        form=group.get("form", ""),
                        domain=group.get("domain", ""),
                        solutions=group.get("solutions", False),
                    )


def verdict(case: Case) -> str:
    """The grader's verdict."""
    try:
        if case.solutions:
            return _by_solutions(case)
        found = grading.grade(grading.parse_key(answer_key(case)), case.response)
    except mathematics.Unreadable:
        return "refused"
    if found.correct:
        return "right"
    return "wrong" if found.reason in (Reason.WRONG, Reason.MISCONCEPTION) else "not_form"


def answer_key(case: Case) -> dict[str, Any]:
    """The case's key as a course has it."""
    if isinstance(case.key, dict):
        return case.key
    found = {"kind": "expression", "value": case.key, "form": case.form or "any"}
    return found | ({"domain": case.domain} if case.domain else {})


def _by_solutions(case: Case) -> str:
    try:
        same = mathematics.same_solutions(mathematics.parse(str(case.key)), mathematics.parse(case.response))
    except mathematics.OutOfBounds:
        same = False
    return "right" if same else "wrong"
