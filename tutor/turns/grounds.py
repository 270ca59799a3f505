"""What the choice of a turn rested on, and its stored form in Turn.evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.predictions import Mattered


class About(StrEnum):
    """Whose estimate it is that the answers mattered for."""

    STEP = "step"  # how likely the first step goes right
    CONCEPT = "concept"


@dataclass(frozen=True, kw_only=True)
class RestsOn:
    """The answers that mattered most for a choice made with the model; none where none stands out."""

    about: About
    answers: tuple[Mattered, ...]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RestsOn | None":
        """The reverse of to_json; nothing of a choice made without a model."""
        return cls(about=About(stored["about"]), answers=Mattered.from_json(stored["answers"])) if stored else None

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {"about": self.about, "answers": Mattered.to_json(self.answers)}
