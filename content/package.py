"""The plain shape of a course: what every format is translated into and every part of the site works on.

A course package is a tree of frozen dataclasses without any Django in it. `content/formats` makes them from files,
`content/importing` turns them into rows, `content/catalog` makes them from rows, `content/variants` fills the
blanks of a parametrised exercise. Text fields hold Markdown with LaTeX between `$` or `$$`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class StepKind(StrEnum):
    """The kinds of closed answers that `content/grading` understands."""

    ONE_CHOICE = "one_choice"
    SEVERAL_CHOICES = "several_choices"
    NUMBER = "number"
    EXPRESSION = "expression"
    TEXT = "text"


class HintKind(StrEnum):
    """A hint tells; a scaffold asks a smaller question first, and has an answer key of its own."""

    HINT = "hint"
    SCAFFOLD = "scaffold"


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One piece of help. Hints of a step are shown in order, one at a time."""

    key: str
    text: str
    kind: HintKind = HintKind.HINT
    title: str = ""
    answer: Json | None = None  # a scaffold's answer key, as in Step.answer


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """A wrong answer that is recognised: the response it matches, and what is said about it."""

    response: str | tuple[str, ...]  # as a student would give it: text, a choice's id, or several ids
    feedback: str
    misconception: str = ""  # key of the course's Misconception, if it is one


@dataclass(frozen=True, kw_only=True)
class Step:
    """One question with one answer key. `key` is stable and unique within the course."""

    key: str
    answer: Json  # {"kind": ..., ...}, as content/grading.parse_key reads it
    prompt: str = ""
    concepts: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    solution: str = ""
    wrong_answers: tuple[WrongAnswer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One or more steps under a common prompt. With `variables` it is a template: see content/variants."""

    key: str
    steps: tuple[Step, ...]
    title: str = ""
    prompt: str = ""
    lesson: str = ""
    licence: str = ""
    attribution: str = ""
    variables: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Concept:
    """Something that can be learned. `requires` names concepts of the same course."""

    key: str
    title: str
    summary: str = ""
    example: str = ""  # a worked example, shown before the first practice and when stuck
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Misconception:
    """A named way of being wrong, that several wrong answers may share."""

    key: str
    title: str
    explanation: str = ""


@dataclass(frozen=True, kw_only=True)
class CoursePackage:
    """A whole course, before it is checked by content/schema."""

    slug: str
    title: str
    language: str  # "en" or "zh-hans"
    concepts: tuple[Concept, ...]
    exercises: tuple[Exercise, ...]
    description: str = ""
    licence: str = ""
    attribution: str = ""
    misconceptions: tuple[Misconception, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # figures by the name that texts use


@dataclass(frozen=True, kw_only=True)
class Defect:
    """Something wrong in a package: where (a path a person can follow), what, and whether the part was dropped."""

    place: str
    problem: str
    dropped: bool = False
