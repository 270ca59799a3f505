"""A package's exercise as JSON and back: what versions keep. What is empty is left out, and what is missing is empty.

So content that was written before a field existed is read as an exercise without it.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from content.package import Exercise, Hint, HintKind, Step, WrongAnswer


def to_json(exercise: Exercise) -> dict[str, Any]:
    """Return an exercise as mappings, lists and scalars, in the order of its fields."""
    packed: dict[str, Any] = _packed(exercise)
    return packed


def from_json(data: Mapping[str, Any]) -> Exercise:
    """Return the exercise that `to_json` was given."""
    return Exercise(
        **_plain(data, "key", "title", "prompt", "lesson", "licence", "attribution", "difficulty", "variables"),
        tags=tuple(data.get("tags", ())),
        steps=tuple(_step(step) for step in data.get("steps", ())),
    )


def _packed(part: Any) -> Any:
    """The answer keys and variables of an author are left as they are: an empty text in them may mean something."""
    if is_dataclass(part):
        found = {field.name: getattr(part, field.name) for field in fields(part)}
        return {name: _packed(value) for name, value in found.items() if value not in ("", None, (), {})}
    if isinstance(part, tuple):
        return [_packed(one) for one in part]
    return dict(part) if isinstance(part, Mapping) else str(part)


def _plain(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        **_plain(data, "key", "prompt", "solution"),
        answer=data.get("answer", {}),
        concepts=tuple(data.get("concepts", ())),
        hints=tuple(_hint(hint) for hint in data.get("hints", ())),
        wrong_answers=tuple(_wrong_answer(wrong) for wrong in data.get("wrong_answers", ())),
    )


def _hint(data: Mapping[str, Any]) -> Hint:
    named = _plain(data, "key", "title", "answer")
    return Hint(**named, text=data.get("text", ""), kind=HintKind(data.get("kind", HintKind.HINT)))


def _wrong_answer(data: Mapping[str, Any]) -> WrongAnswer:
    response = data.get("response", "")
    return WrongAnswer(
        **_plain(data, "misconception", "applied_to", "credit"),
        response=tuple(response) if isinstance(response, list) else response,
        feedback=data.get("feedback", ""),
    )
