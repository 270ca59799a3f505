"""An exercise as an author goes on with it: JSON that may still be incomplete, and its way to a package's exercise.

A draft is shaped as a content.package.Exercise with two differences: `variables` is a form of rows, which
content/authoring/variables describes, and anything may still be empty. What is empty is left out of the exercise.
"""

import secrets
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from content import package
from content.authoring import variables
from content.schema import Finding

Draft = dict[str, Any]
TEXTS = ("title", "prompt", "lesson", "licence", "attribution", "difficulty")


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a draft comes to: the exercise, and what is wrong with the form of its variables."""

    exercise: package.Exercise
    findings: tuple[Finding, ...] = ()


def fresh_key(word: str) -> str:
    """A key that nothing else has: stable from now on, and no position."""
    return f"{word}-{secrets.token_hex(4)}"


def blank_step(key: str, answer: package.Json, concepts: Sequence[str] = ()) -> dict[str, Any]:
    """A step with nothing in it but an answer key to begin with."""
    return {
        "key": key,
        "prompt": "",
        "answer": deepcopy(dict(answer)),
        "concepts": list(concepts),
        "hints": [],
        "solution": "",
        "wrong_answers": [],
    }


def blank_hint(key: str, kind: package.HintKind, answer: package.Json | None = None) -> dict[str, Any]:
    """A hint, or with an answer key a scaffold."""
    return {"key": key, "kind": str(kind), "title": "", "text": "", "answer": answer and deepcopy(dict(answer))}


def blank_wrong_answer() -> dict[str, Any]:
    """A wrong answer to be recognised."""
    return {"response": "", "feedback": "", "misconception": "", "applied_to": "", "credit": ""}


def blank(key: str, answer: package.Json, concepts: Sequence[str] = ()) -> Draft:
    """A new exercise of one step."""
    return {
        **dict.fromkeys(TEXTS, ""),
        "tags": [],
        "variables": variables.blank(),
        "steps": [blank_step(key, answer, concepts)],
    }


def of_exercise(exercise: package.Exercise) -> Draft:
    """The draft that an exercise is edited as."""
    return {
        **{name: getattr(exercise, name) for name in TEXTS},
        "tags": list(exercise.tags),
        "variables": variables.of_package(exercise.variables),
        "steps": [_of_step(step) for step in exercise.steps],
    }


def to_exercise(draft: Mapping[str, Any], key: str) -> Made:
    """The exercise that a draft comes to; what is empty in it is left out."""
    read = variables.to_package(draft["variables"])
    exercise = package.Exercise(
        key=key,
        **{name: str(draft.get(name, "")).strip() for name in TEXTS},
        tags=tuple(draft.get("tags", ())),
        variables=read.variables,
        steps=tuple(_step(step) for step in draft.get("steps", ())),
    )
    return Made(exercise=exercise, findings=read.findings)


def found_by(draft: Draft) -> dict[str, Any]:
    """What lists and searches find an exercise by that is only a draft: fields of its row."""
    first = next((step["prompt"] for step in draft["steps"] if step["prompt"]), "")
    return {
        "title": draft["title"][:300],
        "prompt": draft["prompt"] or first,
        "lesson": draft["lesson"][:200],
        "tags": [tag[:60] for tag in draft["tags"]],
    }


def with_new_keys(draft: Draft, key: str) -> Draft:
    """A copy for another exercise: its steps are steps of their own."""
    copy = deepcopy(draft)
    for index, step in enumerate(copy["steps"]):
        step["key"] = key if not index else step_key(key)
    return copy


def step_key(exercise_key: str) -> str:
    """A key for one more step of an exercise."""
    return f"{exercise_key}:{secrets.token_hex(3)}"


def _of_step(step: package.Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "prompt": step.prompt,
        "answer": _typed(step.answer),
        "concepts": list(step.concepts),
        "hints": [
            {
                "key": hint.key,
                "kind": str(hint.kind),
                "title": hint.title,
                "text": hint.text,
                "answer": hint.answer and _typed(hint.answer),
            }
            for hint in step.hints
        ],
        "solution": step.solution,
        "wrong_answers": [
            {
                "response": list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response,
                "feedback": wrong.feedback,
                "misconception": wrong.misconception,
                "applied_to": wrong.applied_to,
                "credit": wrong.credit,
            }
            for wrong in step.wrong_answers
        ],
    }


def _step(step: Mapping[str, Any]) -> package.Step:
    return package.Step(
        key=step["key"],
        prompt=step["prompt"].strip(),
        answer=filled(step["answer"]),
        concepts=tuple(step["concepts"]),
        hints=tuple(_hint(hint) for hint in step["hints"] if hint["text"].strip() or hint["title"].strip()),
        solution=step["solution"].strip(),
        wrong_answers=tuple(
            _wrong_answer(wrong)
            for wrong in step["wrong_answers"]
            if wrong["response"] or wrong["feedback"].strip() or wrong["applied_to"].strip()
        ),
    )


def _hint(hint: Mapping[str, Any]) -> package.Hint:
    asks = hint["kind"] == package.HintKind.SCAFFOLD
    return package.Hint(
        key=hint["key"],
        kind=package.HintKind(hint["kind"]),
        title=hint["title"].strip(),
        text=hint["text"].strip(),
        answer=filled(hint["answer"] or {}) if asks else None,
    )


def _wrong_answer(wrong: Mapping[str, Any]) -> package.WrongAnswer:
    response = wrong["response"]
    return package.WrongAnswer(
        response=tuple(response) if isinstance(response, list) else response.strip(),
        feedback=wrong["feedback"].strip(),
        misconception=wrong["misconception"],
        applied_to=wrong["applied_to"].strip(),
        credit=wrong["credit"].strip(),
    )


def filled(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer key without the parts that nothing was typed into; the keys of gaps likewise."""
    return {
        name: {inner: filled(key) if isinstance(key, Mapping) else key for inner, key in value.items()}
        if isinstance(value, Mapping)
        else value
        for name, value in answer.items()
        if value is False or value not in ("", None, [], {})
    }


def _typed(value: Any) -> Any:
    """Part of an answer key as it comes back from a form: numbers as texts, switches as they are."""
    if isinstance(value, Mapping):
        return {str(name): _typed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_typed(inner) for inner in value]
    return value if isinstance(value, bool) else str(value)
