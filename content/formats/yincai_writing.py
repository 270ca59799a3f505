"""A CoursePackage to the files of the native format, such that reading them gives the same package."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

from content.formats.yaml_tree import write_tree
from content.package import (
    Concept,
    CoursePackage,
    Exercise,
    Hint,
    HintKind,
    Json,
    Misconception,
    Resource,
    Rule,
    Step,
    WrongAnswer,
)

PER_FILE = 500  # exercises without lessons in one file


def write(package: CoursePackage) -> dict[str, bytes]:
    """Return the files of a package by their names."""
    files = {
        "course.yaml": write_tree(_course(package)),
        "concepts.yaml": write_tree([_concept(concept) for concept in package.concepts]),
    }
    if package.misconceptions:
        files["misconceptions.yaml"] = write_tree([_misconception(one) for one in package.misconceptions])
    if package.resources:
        files["resources.yaml"] = write_tree([_resource(one) for one in package.resources])
    for number, exercises in enumerate(_chapters(package.exercises), start=1):
        # Numbered, because files are read in the order of their names and the order of exercises is part of a course.
        files[f"exercises/{number:04}.yaml"] = write_tree([_exercise(exercise) for exercise in exercises])
    return files | {f"figures/{name}": data for name, data in package.files.items()}


def exercise_text(exercise: Exercise) -> str:
    """Return one exercise as it stands in its file."""
    return write_tree([_exercise(exercise)]).decode()


def _chapters(exercises: Iterable[Exercise]) -> Iterator[list[Exercise]]:
    """Exercises in their order, a new file where the lesson changes."""
    for _, group in groupby(exercises, key=lambda exercise: exercise.lesson):
        while members := list(islice(group, PER_FILE)):
            yield members


def _filled(**fields: Any) -> dict[str, Any]:
    """Only the fields that say something, without the empty lines around a text, which are not read either."""
    trimmed = {name: value.strip("\n") if isinstance(value, str) else value for name, value in fields.items()}
    return {name: value for name, value in trimmed.items() if value not in ("", None, [], {})}


def _course(package: CoursePackage) -> dict[str, Any]:
    return _filled(
        slug=package.slug,
        title=package.title,
        language=package.language,
        description=package.description,
        licence=package.licence,
        attribution=package.attribution,
    )


def _concept(concept: Concept) -> dict[str, Any]:
    return _filled(
        key=concept.key,
        title=concept.title,
        summary=concept.summary,
        example=concept.example,
        requires=list(concept.requires),
        rules=[_rule(rule, index) for index, rule in enumerate(concept.rules)],
    )


def _rule(rule: Rule, index: int) -> Any:
    named = {} if rule.key == f"r{index + 1}" else {"key": rule.key}
    if not (named or rule.when or rule.example):
        return rule.statement.strip("\n")
    return named | _filled(statement=rule.statement, when=rule.when, example=rule.example)


def _misconception(one: Misconception) -> dict[str, Any]:
    return _filled(
        key=one.key,
        title=one.title,
        explanation=one.explanation,
        shows=one.shows,
        concepts=list(one.concepts),
        rewritings=[_filled(before=rule.before, after=rule.after) for rule in one.rewritings],
    )


def _resource(one: Resource) -> dict[str, Any]:
    return _filled(
        key=one.key,
        title=one.title,
        kind=one.kind.value,
        text=one.text,
        url=one.url,
        concepts=list(one.concepts),
        minutes="" if one.minutes is None else str(one.minutes),
        licence=one.licence,
        attribution=one.attribution,
    )


def _exercise(exercise: Exercise) -> dict[str, Any]:
    only = exercise.steps[0] if len(exercise.steps) == 1 else None
    head = _filled(key=exercise.key, title=exercise.title, prompt=exercise.prompt)
    tail = _filled(
        lesson=exercise.lesson,
        licence=exercise.licence,
        attribution=exercise.attribution,
        tags=list(exercise.tags),
        difficulty=exercise.difficulty,
        variables=_texts(exercise.variables),
    )
    if only and only.key == exercise.key and not only.prompt:
        return head | _filled(concepts=list(only.concepts)) | tail | _step_body(only)
    return head | tail | {"steps": [_step(exercise, step) for step in exercise.steps]}


def _step(exercise: Exercise, step: Step) -> dict[str, Any]:
    inside = step.key.removeprefix(f"{exercise.key}:")
    name = {"key": inside} if inside != step.key else {"full_key": step.key}
    return name | _filled(prompt=step.prompt, concepts=list(step.concepts)) | _step_body(step)


def _step_body(step: Step) -> dict[str, Any]:
    return _filled(
        answer=_answer(step.answer),
        hints=[_hint(hint, index) for index, hint in enumerate(step.hints)],
        solution=step.solution,
        wrong_answers=[_wrong(wrong) for wrong in step.wrong_answers],
    )


def _answer(answer: Json) -> dict[str, Any]:
    return {name: _texts(value) for name, value in answer.items() if value is not None}


def _texts(value: Any) -> Any:
    """JSON as the format has it: every scalar a text, yes and no for switches."""
    if isinstance(value, dict):
        return {str(name): _texts(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _hint(hint: Hint, index: int) -> Any:
    named = {} if hint.key == f"h{index + 1}" else {"key": hint.key}
    if hint.kind == HintKind.SCAFFOLD:
        return named | _filled(title=hint.title, scaffold=hint.text, answer=_answer(hint.answer or {}))
    if not named and not hint.title:
        return hint.text.strip("\n")
    return named | _filled(title=hint.title, text=hint.text)


def _wrong(wrong: WrongAnswer) -> dict[str, Any]:
    response = list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response
    head = _filled(applied_to=wrong.applied_to) if wrong.applied_to else {"response": response}
    return head | _filled(feedback=wrong.feedback, misconception=wrong.misconception, credit=wrong.credit)
