"""What a choice depends on and what it comes to: the words of the policy. Plain."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from students.knowledge import Standing


class ConceptNode(Protocol):
    """A concept of a course map."""

    @property
    def id(self) -> int: ...
    @property
    def requires(self) -> Sequence[int]: ...
    @property
    def unlocks(self) -> Sequence[int]: ...


class ExerciseNode(Protocol):
    """An exercise of a course map: its steps, and the concepts of each."""

    @property
    def id(self) -> int: ...
    @property
    def step_ids(self) -> Sequence[int]: ...
    @property
    def concept_ids(self) -> Sequence[Sequence[int]]: ...


class Course(Protocol):
    """What there is to choose from; content.catalog.CourseMap is one."""

    @property
    def concepts(self) -> Sequence[ConceptNode]: ...
    @property
    def exercises_on(self) -> Mapping[int, Sequence[ExerciseNode]]: ...  # by concept id; none without exercises


class Held(Protocol):
    """What is believed about a student and a concept, now; students.history.ConceptEstimate is one."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def tries(self) -> int: ...
    @property
    def wrong_in_a_row(self) -> int: ...
    @property
    def mastered(self) -> bool: ...
    @property
    def standing(self) -> Standing: ...
    @property
    def last_attempt_at(self) -> datetime | None: ...


class Strategy(StrEnum):
    """How an exercise is served."""

    PRACTICE = "practice"
    REVIEW = "review"
    WORKED_EXAMPLE = "worked_example"  # the concept's example first


class Reason(StrEnum):
    """Why it was chosen; each with `concept`, its id, and the values named."""

    NEW_READY = "new_ready"
    PRACTISE_WEAK = "practise_weak"
    REVIEW_DUE = "review_due"  # days since the last attempt
    AFTER_STRUGGLE = "after_struggle"  # left: the concept that is left alone for a while
    PROBE_PREREQUISITE = "probe_prerequisite"  # for: the concept that needs it
    EXPLORE = "explore"


@dataclass(frozen=True, kw_only=True)
class Served:
    """An exercise that was served before."""

    exercise_id: int
    concept_id: int
    strategy: str = Strategy.PRACTICE
    skipped: bool = False  # «not this now»
    in_session: bool = True  # in the sitting that still goes on


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything a choice depends on."""

    course: Course
    held: Mapping[int, Held]  # of every concept
    now: datetime
    served: Sequence[Served] = ()  # in the order of time, as far back as is known
    predictions: Mapping[int, float] | None = None  # fresh P(correct) by step id; None: there are none
    step_counts: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # (right, tries) of everybody
    concept_counts: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    examples: Collection[int] = ()  # concepts that have a worked example
    example_first: bool = False
    pace: str = "usual"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to serve. `propensity` is the probability with which this exercise was chosen in this situation."""

    exercise_id: int
    concept_id: int
    strategy: Strategy
    reason: Mapping[str, str | int]
    propensity: float
    explored: bool
    chance: float  # P(correct) of the first step, predicted or by the plain estimate
