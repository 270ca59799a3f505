"""What has happened in a turn so far, step by step, and its stored form in Turn.progress. Plain."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from content.package import HintKind, Step

Response = str | list[str]


@dataclass(frozen=True, kw_only=True)
class StepProgress:
    """What has happened with one step."""

    hints: int = 0  # shown so far
    tries: int = 0
    right: bool = False
    gave_up: bool = False
    handed_in: bool = False  # a text that a person judges
    response: Response | None = None  # the last one
    marking: Mapping[str, Any] | None = None  # tutor.feedback.Marking of the last one, as JSON
    submissions: Sequence[str] = ()  # ids of those that counted
    asked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # scaffold key -> response, correct, …

    @property
    def done(self) -> bool:
        """Answered rightly, handed in, or given up."""
        return self.right or self.gave_up or self.handed_in


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What has happened with every step of a turn; steps are known by their keys, never by position."""

    steps: Mapping[str, StepProgress] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Mapping[str, Any]]) -> "Progress":
        """The reverse of to_json."""
        return cls(steps={key: StepProgress(**value) for key, value in stored.items()})

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {key: asdict(value) for key, value in self.steps.items()}

    def of(self, key: str) -> StepProgress:
        """The progress of a step, empty when nothing has happened yet."""
        return self.steps.get(key, StepProgress())

    def moved(self, key: str, **changes: Any) -> "Progress":
        """The same with fields of one step changed."""
        return replace(self, steps={**self.steps, key: replace(self.of(key), **changes)})

    def current(self, steps: Sequence[Step]) -> Step | None:
        """The first step that is not done, or None when all are."""
        return next((step for step in steps if not self.of(step.key).done), None)

    def with_first_hint(self, step: Step) -> "Progress":
        """The same with the first hint of a step shown, where that only tells and nothing has happened yet."""
        if step.key in self.steps or not step.hints or step.hints[0].kind != HintKind.HINT:
            return self
        return self.moved(step.key, hints=1)

    def has_counted(self, submission_id: UUID) -> bool:
        """Whether a submission has counted as an attempt in this turn."""
        return any(str(submission_id) in step.submissions for step in self.steps.values())

    def handed_in_by(self, submission_id: UUID) -> StepProgress | None:
        """The step whose text was handed in by a submission, if one was."""
        steps = (step for step in self.steps.values() if step.handed_in)
        return next((step for step in steps if str(submission_id) in step.submissions), None)

    @property
    def all_right_at_first_try(self) -> bool:
        """Whether every step that was tried was right at its first try, with or without hints."""
        return all(step.right and step.tries == 1 for step in self.steps.values())
