"""A course as GIFT: one file for all questions, texts as HTML, figures in a folder beside it.

A question carries its key as [id:…], so that reading it again finds the same exercise.
"""

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from fractions import Fraction
from html import unescape
from typing import cast

from content.formats import answers
from content.formats.answers import Given, decimal
from content.formats.source import Written
from content.html import to_html
from content.package import Concept, CoursePackage, Defect, Exercise, Resource, Step

PERCENT = {Fraction(1, 3): "33.33333", Fraction(2, 3): "66.66667", Fraction(1, 6): "16.66667"}


class Inexpressible(ValueError):
    """A step that the format cannot say; the message says why."""


def write(package: CoursePackage) -> Written:
    """Translate a course; what GIFT cannot say is among the defects."""
    defects: list[Defect] = []
    parts = ["\n".join([f"// {' '.join(package.title.split())}", *_rights(package)]), ""]
    category = ""
    concepts = {concept.key: concept for concept in package.concepts}
    for resource in package.resources:
        category = _category(parts, category, concepts, resource.concepts)
        parts += [*_head(resource.key, resource), _description(resource), ""]
    for exercise in package.exercises:
        first = exercise.steps[0].concepts if exercise.steps else ()
        category = _category(parts, category, concepts, first)
        if len(exercise.steps) > 1:
            problem = "not in GIFT: several steps of one exercise, each becomes a question"
            defects.append(Defect(place=f"exercise {exercise.key}", problem=problem, item=exercise.key))
        for step in exercise.steps:
            try:
                said = _question(exercise, step, defects)
            except Inexpressible as problem:
                place = f"exercise {exercise.key}"
                defects.append(Defect(place=place, problem=str(problem), dropped=True, item=exercise.key))
                continue
            key = step.key.replace(":", "--") if len(exercise.steps) > 1 else exercise.key
            parts += [*_head(key, exercise), said, ""]
    defects += [
        Defect(place=f"concept {concept.key}", problem="not in GIFT: prerequisites, summary, example or rules")
        for concept in package.concepts
        if concept.requires or concept.summary or concept.example or concept.rules
    ]
    files: dict[str, bytes] = {f"{package.slug}.gift": "\n".join(parts).encode()}
    return Written(files=ChainMap(files, cast("dict[str, bytes]", package.files)), defects=tuple(defects))


def _category(parts: list[str], now: str, concepts: Mapping[str, Concept], keys: tuple[str, ...]) -> str:
    path = concepts[keys[0]].title.replace("/", "//") if keys and keys[0] in concepts else ""
    if path and path != now:
        parts += [f"$CATEGORY: $course$/top/{_escaped(path)}", ""]
    return path or now


def _head(key: str, part: Exercise | Resource) -> list[str]:
    tags = part.tags if isinstance(part, Exercise) else ()
    return [" ".join([f"// [id:{key}]", *(f"[tag:{tag}]" for tag in tags)]), *_rights(part)]


def _rights(part: CoursePackage | Exercise | Resource) -> list[str]:
    said = {"licence": part.licence, "attribution": part.attribution}
    return [f"// {name}: {' '.join(text.split())}" for name, text in said.items() if text.strip()]


def _escaped(text: str) -> str:
    text = re.sub(r"([\\~=#{}:])", r"\\\1", text.replace("\r", ""))
    return text.replace("\n", r"\n")


def html(text: str, *, inline: bool = False) -> str:
    """A text of ours in HTML, escaped."""
    return _escaped(to_html(text, figures=lambda name: name, inline=inline))


def _description(resource: Resource) -> str:
    link = f"\n\n[{resource.url}]({resource.url})" if resource.url else ""
    return f"::{_escaped(resource.title)}::[html]{html(resource.text + link)}"


def _question(exercise: Exercise, step: Step, defects: list[Defect]) -> str:
    place, key = f"step {step.key}", str(step.answer["kind"])
    if exercise.variables:
        raise Inexpressible("not in GIFT: variables")
    if key not in _WRITERS:
        raise Inexpressible(f"not in GIFT: a step of the kind: {key}")
    inside = _WRITERS[key](step)
    if step.hints:
        defects.append(Defect(place=place, problem="not in GIFT: hints", item=exercise.key))
    if step.solution:
        inside += f"\n\t####{html(step.solution)}"
    prompt = "\n\n".join(part for part in (exercise.prompt, step.prompt) if part.strip())
    title = f"::{_escaped(exercise.title)}::" if exercise.title else ""
    return f"{title}[html]{html(prompt)}{{{inside}\n}}" if inside else f"{title}[html]{html(prompt)}{{}}"


def _feedback(given: Given) -> str:
    return f"#{html(given.feedback)}" if given.feedback else ""


def percent(share: Fraction) -> str:
    """A share in percent, in the digits that question banks know."""
    sign = "-" if share < 0 else ""
    return sign + PERCENT.get(abs(share), decimal(abs(share) * 100))


def _choices(step: Step) -> str:
    several = step.answer["kind"] == "several_choices"
    lines = []
    for each in answers.choices_of(step):
        right = not several and each.share == 1
        weight = "" if right or (each.share == 0 and not several) else f"%{percent(each.share)}%"
        lines.append(f"\n\t{'=' if right else '~'}{weight}{html(each.text, inline=True)}{_feedback(each)}")
    return "".join(lines)


def _texts(step: Step) -> str:
    if step.answer.get("case"):
        raise Inexpressible("not in GIFT: capital letters that matter")
    return "".join(
        f"\n\t=%{percent(each.share)}%{_escaped(each.text)}{_feedback(each)}" for each in answers.texts_of(step)
    )


def _numbers(step: Step) -> str:
    given = answers.numbers_of(step)
    if given is None:
        raise Inexpressible("not in GIFT: a number that is a calculation")
    if step.answer.get("unit"):
        raise Inexpressible("not in GIFT: units")
    return "#" + "".join(
        f"\n\t=%{percent(each.share)}%{each.text}:{decimal(each.tolerance)}{_feedback(each)}" for each in given
    )


def _expression(step: Step) -> str:
    """Several numbers that are right are expressions with us."""
    accept = step.answer.get("accept") or []
    every = [str(step.answer["value"]), *([accept] if isinstance(accept, str) else map(str, accept))]
    if any(answers.number_of(each) is None for each in every):
        raise Inexpressible("not in GIFT: a step of the kind: expression")
    return "#" + "".join(f"\n\t=%100%{each}:0" for each in every)


def _pairs(step: Step) -> str:
    answer = step.answer
    used = set(map(str, answer["pairs"].values()))
    lines = [
        f"\n\t={html(str(text), inline=True)} -> {_option(str(answer['options'][answer['pairs'][stem]]))}"
        for stem, text in answer["stems"].items()
    ]
    lines += [f"\n\t= -> {_option(str(text))}" for option, text in answer["options"].items() if str(option) not in used]
    return "".join(lines)


def _option(text: str) -> str:
    """What belongs to a stem has no format in GIFT: it is plain text."""
    shown = to_html(text, inline=True)
    if re.search(r"<(?!br)|\\\(", shown):
        raise Inexpressible("not in GIFT: formulas or pictures in what belongs to a stem")
    return _escaped(unescape(shown)).replace("->", "→")


def _true_false(step: Step) -> str:
    right = str(step.answer["correct"]).lower() in {"true", "yes"}
    said = next((wrong.feedback for wrong in step.wrong_answers), "")
    return ("TRUE" if right else "FALSE") + (f"#{html(said)}" if said else "")


_WRITERS: dict[str, Callable[[Step], str]] = {
    "one_choice": _choices,
    "several_choices": _choices,
    "text": _texts,
    "number": _numbers,
    "expression": _expression,
    "matching": _pairs,
    "true_false": _true_false,
    "long_text": lambda step: "",
}
