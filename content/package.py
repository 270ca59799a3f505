"""The plain shape of a course: what every format is translated into and every part of the site works on.

A course package is a tree of frozen dataclasses without any Django in it. `content/formats` makes them from files,
`content/importing` turns them into rows, `content/catalog` makes them from rows, `content/variants` fills the
blanks of a parametrised exercise. Text fields hold Markdown with LaTeX between `$` or `$$`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class StepKind(StrEnum):
    """The kinds of answers that `content/grading` understands."""

    ONE_CHOICE = "one_choice"
    SEVERAL_CHOICES = "several_choices"
    TRUE_FALSE = "true_false"
    NUMBER = "number"
    EXPRESSION = "expression"
    EQUATION = "equation"
    INEQUALITY = "inequality"
    LIST = "list"
    MATRIX = "matrix"
    TEXT = "text"
    MATCHING = "matching"
    ORDERING = "ordering"
    CLOZE = "cloze"
    TABLE = "table"
    LONG_TEXT = "long_text"


class HintKind(StrEnum):
    """A hint tells; a scaffold asks a smaller question first, and has an answer key of its own."""

    HINT = "hint"
    SCAFFOLD = "scaffold"


class ResourceKind(StrEnum):
    """What a resource is."""

    READING = "reading"
    VIDEO = "video"
    INTERACTIVE = "interactive"
    GAME = "game"
    WORKED_EXAMPLE = "worked_example"


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
    """A wrong answer that is recognised: the response it matches, and what is said about it.

    Where `applied_to` is given there is no `response`: it is what comes of that formula when the misconception's rule
    is applied to it, worked out anew for every variant.
    """

    response: str | tuple[str, ...]  # as a student would give it: text, a choice's id, or several texts or ids
    feedback: str
    misconception: str = ""  # key of the course's Misconception, if it is one
    applied_to: str = ""
    credit: str = ""  # from 0 to below 1, for what is right in it; nothing means what the kind of step gives


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
    tags: tuple[str, ...] = ()
    difficulty: str = ""  # the author's own, a number from 0 (easy) to 1; empty: left to the students' answers
    variables: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Something that is true of a concept: the statement, when it applies, an example."""

    key: str
    statement: str
    when: str = ""
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class Concept:
    """Something that can be learned. `requires` names concepts of the same course."""

    key: str
    title: str
    summary: str = ""
    example: str = ""  # a worked example, shown before the first practice and when stuck
    requires: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rewriting:
    """What a misconception does to a formula: `a*(b + c)` becomes `a*b + c`. Letters stand for any part."""

    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Misconception:
    """A named way of being wrong, that several wrong answers may share."""

    key: str
    title: str
    explanation: str = ""  # how to answer it: said to the student whose answer shows it
    shows: str = ""  # how it shows: what students do instead, said to teachers
    concepts: tuple[str, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()  # the first that applies to a formula is done


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Something to learn from: a text of its own, or an address elsewhere."""

    key: str
    title: str
    kind: ResourceKind
    text: str = ""
    url: str = ""
    concepts: tuple[str, ...] = ()
    minutes: int | None = None
    licence: str = ""
    attribution: str = ""


@dataclass(frozen=True, kw_only=True)
class CoursePackage:
    """A whole course, before it is checked by content/schema."""

    slug: str
    title: str
    language: str  # "en" or "zh-hans"
    concepts: tuple[Concept, ...]
    exercises: Sequence[Exercise]  # of a large course on the disk: see content/shelf
    description: str = ""
    licence: str = ""
    attribution: str = ""
    misconceptions: tuple[Misconception, ...] = ()
    resources: tuple[Resource, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # figures by the name that texts use


@dataclass(frozen=True, kw_only=True)
class Defect:
    """Something wrong in a package: where (a path a person can follow), what, and whether the part was dropped.

    `item` is what the source calls the item that the part belongs to, where it belongs to one.
    """

    place: str
    problem: str
    dropped: bool = False
    item: str = ""
