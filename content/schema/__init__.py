"""A course package checked: everything that is wrong with it, at once, each with its place.

Checked is what would otherwise fail in front of a student: keys and references, cycles of prerequisites, answer keys
that cannot be read or refuse their own answer, wrong answers that are right, LaTeX that cannot be shown, and templates,
over several seeds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from content import grading, markup, rewriting, variants
from content.package import (
    CoursePackage,
    Defect,
    Exercise,
    Hint,
    Json,
    Misconception,
    Step,
    StepKind,
    WrongAnswer,
)
from content.schema.structure import (
    EXERCISE_TITLE_LENGTH,
    KEY_LENGTH,
    TITLE_LENGTH,
    check_one,
    check_structure,
    is_figure_name,
)

__all__ = [
    "EXERCISE_TITLE_LENGTH",
    "KEY_LENGTH",
    "SEEDS",
    "TITLE_LENGTH",
    "Finding",
    "check",
    "check_exercise",
    "check_one",
    "check_structure",
    "is_figure_name",
    "key_problems",
    "own_answer",
    "step_texts",
]

SEEDS = 5  # variants of a template that are checked


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong in an exercise: the key of the step it is in (or none), the part of it, and what."""

    step: str
    part: str
    problem: str


def check(package: CoursePackage, *, places: Mapping[str, str] | None = None) -> list[Defect]:
    """Return everything that is wrong with a package.

    `places` says where a part stands in its file, by names such as `exercise slope` and `step slope:rise`.
    """
    defects = [*check_structure(package)]
    for exercise in package.exercises:
        for found in check_exercise(exercise, figures=package.files, misconceptions=package.misconceptions):
            name = f"step {found.step}" if found.step else f"exercise {exercise.key}"
            defects.append(Defect(place=f"{name}, {found.part}" if found.part else name, problem=found.problem))
    for place, text in _other_texts(package):
        defects += [Defect(place=place, problem=problem) for problem in _text_problems(text, package.files)]
    for misconception in package.misconceptions:
        defects += [
            Defect(place=f"misconception {misconception.key}, rule {number}", problem=problem)
            for number, rule in enumerate(misconception.rewritings, 1)
            for problem in rewriting.problems(rule)
        ]
    return [_placed(defect, places or {}) for defect in dict.fromkeys(defects)]


def check_exercise(
    exercise: Exercise,
    *,
    figures: Iterable[str] = (),
    seeds: int = SEEDS,
    texts: bool = True,
    misconceptions: Iterable[Misconception] = (),
) -> list[Finding]:
    """Return what is wrong with an exercise's answer keys, wrong answers, hints and texts, over several variants.

    With `texts` off, what is only shown badly (LaTeX, figures) is left alone.
    """
    misconceptions = tuple(misconceptions)
    if problems := variants.check_variants(exercise, seeds=seeds, misconceptions=misconceptions):
        return [Finding(step="", part="variables", problem=problem) for problem in problems]
    findings: list[Finding] = []
    for seed in range(seeds if exercise.variables else 1):
        variant = variants.instantiate(exercise, seed, misconceptions=misconceptions)
        found = [*_exercise_texts(variant, figures)] if texts else []
        for step in variant.steps:
            found += _step(step, figures if texts else None)
        findings += found
        if found:
            break  # the first variant that is wrong says enough
    return findings


def own_answer(answer: Json) -> str | list[str]:
    """Return the response that an answer key itself stores as right. Raises KeyError where it stores none."""
    accept = answer.get("accept")
    if answer["kind"] == "text" and isinstance(accept, str):
        return accept
    if "value" not in answer or "significant_figures" in answer:
        return grading.right_response(answer)
    value = str(answer["value"])  # as it is written, for templates too
    return f"{value} {answer['unit']}" if answer.get("unit") else value


def key_problems(answer: Json) -> list[str]:
    """Return what is wrong with an answer key: unreadable, equal choices, or refusing its own answer."""
    try:
        key = grading.parse_key(answer)
    except grading.KeyProblem as problem:
        return list(problem.problems)
    problems = _choice_problems(answer)
    try:
        own = own_answer(answer)
        graded = grading.grade(key, own)
        if not graded.correct and not graded.is_waiting:
            problems.append(f"its own answer is graded wrong: {own}")
    except (KeyError, IndexError, TypeError):
        problems.append("there is no right answer yet")
    except grading.Unreadable as error:
        problems.append(f"its own answer cannot be read: {error}")
    return problems


def _choice_problems(answer: Json) -> list[str]:
    choices = answer.get("choices")
    if not isinstance(choices, Mapping):
        return []
    seen: dict[str, str] = {}
    problems = ["there is one choice only"] if len(choices) < 2 else []
    for name, text in choices.items():
        plain = " ".join(str(text).split())
        if plain in seen:
            problems.append(f"two choices are equal: {plain}")
        elif not plain:
            problems.append(f"a choice is empty: {name}")
        seen.setdefault(plain, str(name))
    return problems


def _step(step: Step, figures: Iterable[str] | None) -> Iterator[Finding]:
    problems = key_problems(step.answer)
    for problem in problems:
        yield Finding(step=step.key, part="answer", problem=problem)
    if not problems:
        for index, wrong in enumerate(step.wrong_answers):
            for problem in _wrong_answer_problems(step, wrong):
                yield Finding(step=step.key, part=f"wrong answer {index + 1}", problem=problem)
    for index, hint in enumerate(step.hints):
        for problem in _hint_problems(hint):
            yield Finding(step=step.key, part=f"hint {index + 1}", problem=problem)
    if figures is not None:
        for part, text in step_texts(step):
            for problem in _text_problems(text, figures):
                yield Finding(step=step.key, part=part, problem=problem)


def _wrong_answer_problems(step: Step, wrong: WrongAnswer) -> Iterator[str]:
    key = grading.parse_key(step.answer)
    response = list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response
    if step.answer["kind"] == "number" and isinstance(response, str):
        response = response.partition("..")[0]  # of a range, one end stands for all
    alone = [replace(one, credit="") for one in step.wrong_answers]  # what is no credit is told with the structure
    try:
        grade = grading.grade(key, response)
        if grade.correct:
            yield f"this answer is right: {response}"
        elif grading.grade(key, response, wrong_answers=alone).wrong_answer is None:
            yield f"no answer of a student is recognised as this: {response}"
    except grading.Unreadable as error:
        yield f"it cannot be read: {response}: {error}"
    if not wrong.feedback.strip() and not wrong.credit:  # for part of the credit, «partly right» is told anyway
        yield "say what the student is told"


def _hint_problems(hint: Hint) -> Iterator[str]:
    if not hint.text.strip():
        yield "it is empty"
    if len(hint.title) > EXERCISE_TITLE_LENGTH:
        yield f"the title is too long: at most {EXERCISE_TITLE_LENGTH} characters"
    if hint.kind == "scaffold":
        yield from (key_problems(hint.answer) if hint.answer else ["a smaller question needs an answer"])


def _exercise_texts(exercise: Exercise, figures: Iterable[str]) -> Iterator[Finding]:
    for part, text in (("title", exercise.title), ("prompt", exercise.prompt)):
        for problem in _text_problems(text, figures):
            yield Finding(step="", part=part, problem=problem)
    if not exercise.prompt.strip() and not all(
        step.prompt.strip() or step.answer.get("text") for step in exercise.steps
    ):
        yield Finding(step="", part="prompt", problem="nothing is asked: there is no prompt")


def step_texts(step: Step) -> Iterator[tuple[str, str]]:
    """Give every text of a step with the name of the part it is in."""
    yield "prompt", step.prompt
    yield "solution", step.solution
    yield from _answer_texts(step.answer)
    for index, hint in enumerate(step.hints):
        yield f"hint {index + 1}", hint.title
        yield f"hint {index + 1}", hint.text
    for index, wrong in enumerate(step.wrong_answers):
        yield f"wrong answer {index + 1}", wrong.feedback


def _answer_texts(answer: Json) -> Iterator[tuple[str, str]]:
    """The texts of an answer key that a student is shown."""
    for part, one in (("choices", "choice"), ("stems", "stem"), ("options", "option"), ("items", "item")):
        named = answer.get(part)
        if isinstance(named, Mapping):
            for name, text in named.items():
                yield f"{one} {name}", str(text)
    yield "text", str(answer.get("text", ""))
    if answer.get("kind") == StepKind.TABLE:
        for part in ("columns", "rows"):
            yield from ((part, str(text)) for text in answer.get(part) or ())
    gaps = answer.get("gaps")
    for gap in gaps.values() if isinstance(gaps, Mapping) else ():
        yield from _answer_texts(gap) if isinstance(gap, Mapping) else ()


def _text_problems(text: str, figures: Iterable[str]) -> Iterator[str]:
    if len(text) > markup.MAX_TEXT:
        yield f"the text is too long: at most {markup.MAX_TEXT} characters"
    if "$" in text:
        for formula in markup.unreadable_math(text):
            yield f"LaTeX that cannot be shown: {formula}"
    if "![" in text:
        for name in markup.figure_names(text):
            if name not in figures:
                yield f"there is no such figure: {name}"


def _other_texts(package: CoursePackage) -> Iterator[tuple[str, str]]:
    """The texts of a course outside of its exercises, each with the place and part that it is."""
    parts: list[tuple[str, Any, tuple[str, ...]]] = []
    for concept in package.concepts:
        parts.append((f"concept {concept.key}", concept, ("title", "summary", "example")))
        parts += [
            (f"concept {concept.key}, rule {number}", rule, ("statement", "when", "example"))
            for number, rule in enumerate(concept.rules, 1)
        ]
    for one in package.misconceptions:
        parts.append((f"misconception {one.key}", one, ("title", "explanation", "shows")))
    parts += [(f"resource {one.key}", one, ("title", "text")) for one in package.resources]
    for place, part, names in parts:
        for name in names:
            yield f"{place}, {name}", getattr(part, name)


def _placed(defect: Defect, places: Mapping[str, str]) -> Defect:
    """Put the file and line before the place, where they are known."""
    part = defect.place.split(",")[0]
    if part not in places:
        return defect
    return Defect(place=f"{places[part]} ({defect.place})", problem=defect.problem, dropped=defect.dropped)
