"""A template looked at over many variants, for its author: how many there are, ten of them, and what is wrong.

Problems must not reach a student: values that cannot be drawn, keys that refuse their own answer, wrong answers that
are right, holes in a text, numbers out of hand. Warnings are for the author to judge: few variants, formulas that
look unfinished.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from content import grading
from content.package import Exercise, Misconception, Step, StepKind
from content.variants import filling, foreseen, making, template
from content.variants.template import Template, Value, VariantProblem
from content.variants.themes import THEMES

FEWEST = 50  # distinct variants below which the author is warned
MOST_COUNTED = 2_000  # draws up to which all of them are made; beyond, DRAWN of them
DRAWN = 300
LOOKED_AT = 40  # variants whose keys and texts are checked
MAX_DIGITS = 6
MAX_DENOMINATOR = 1_000
_FORMULA = re.compile(r"\$\$?([^$]+)\$")
_ARTEFACTS = (
    (re.compile(r"\+\s*[+-]"), "two signs in a row, a filter such as |signed writes one"),
    (re.compile(r"-\s*[+-]"), "two signs in a row, a filter such as |bracketed puts brackets round negative numbers"),
    (re.compile(r"(?:\\cdot|\\times|\\div|[*/])\s*-"), "a sign after another, the filter |bracketed puts brackets"),
    (re.compile(r"(?<![\d.{_^])1(?:[a-z(]|\\left\()"), "a factor 1, the filter |coefficient leaves it out"),
    (re.compile(r"(?<![\d.{_^])0(?:[a-z(]|\\left\()"), "a factor 0, a where such as a != 0 keeps it out"),
    (re.compile(r"\^\{?1(?![\d.])\}?"), "a power of 1"),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One variant, with everything filled in."""

    seed: int
    theme: str
    exercise: Exercise


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What is found in a template. `distinct` counts what differs beside the theme; not `exact`: at least so many."""

    distinct: int
    exact: bool
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check_variants(exercise: Exercise, *, seeds: int = 5, misconceptions: Iterable[Misconception] = ()) -> list[str]:
    """Return what is wrong with a template: unreadable variables, unknown names and filters, blanks never filled.

    An exercise without variables is checked for blanks only, and for wrong answers that cannot be computed.
    """
    rules = {each.key: each.rewritings for each in misconceptions}
    problems: dict[str, None] = {}
    if not exercise.variables:
        problems = {
            f"there are no variables, but a text has a blank for one: @{{{blank}}}": None
            for blank in sorted(set(filling.written_blanks(exercise)))
        }
    for seed in range(seeds if exercise.variables else 1):
        problems.update(dict.fromkeys(_making_problems(exercise, seed, rules)))
    if not problems and exercise.variables:
        problems = {f"variable {name}: it is never used": None for name in _unused(exercise)}
    return list(problems)


def inspect(exercise: Exercise, misconceptions: Iterable[Misconception] = (), *, samples: int = 10) -> Inspection:
    """Look at a template over many variants. Never raises."""
    misconceptions = tuple(misconceptions)
    problems = check_variants(exercise, misconceptions=misconceptions)
    if problems:
        return Inspection(distinct=0, exact=True, samples=(), problems=tuple(problems), warnings=())
    read = template.read(exercise.variables)
    try:
        distinct, exact = _count(exercise, read)
    except VariantProblem as problem:  # of a draw that the first seeds did not meet
        return Inspection(distinct=0, exact=True, samples=(), problems=problem.problems, warnings=())
    shown: list[Sample] = []
    found: dict[str, None] = {}
    warnings = dict.fromkeys(_template_problems(read, distinct, exact=exact) if exercise.variables else ())
    seen: set[Exercise | str] = set()
    for seed in range(LOOKED_AT if exercise.variables else 1):
        theme = list(read.themes)[seed % len(read.themes)] if read.themes else ""
        try:
            made = making.instantiate(exercise, seed, theme, misconceptions)
        except VariantProblem as problem:
            found.update(dict.fromkeys(problem.problems))
            continue
        values = making.draw_values(exercise, seed, theme) if exercise.variables else {}
        found.update(dict.fromkeys(_variant_problems(made, exercise, read, values)))
        warnings.update(dict.fromkeys(_formula_problems(made)))
        if len(shown) < samples and (mark := repr(replace(made, key=""))) not in seen:
            seen.add(mark)
            shown.append(Sample(seed=seed, theme=theme, exercise=made))
    return Inspection(
        distinct=distinct, exact=exact, samples=tuple(shown), problems=tuple(found), warnings=tuple(warnings)
    )


def _making_problems(exercise: Exercise, seed: int, rules: foreseen.Rules) -> Iterator[str]:
    """Why the variant of a seed cannot be made, in every theme."""
    themes: Sequence[str] = ("",)
    try:
        if exercise.variables:
            themes = tuple(template.read(exercise.variables).themes) or themes
        for theme in themes:
            filled = exercise
            if exercise.variables:
                values = making.draw_values(exercise, seed, theme)
                filled = filling.fill(replace(exercise, variables={}), values)
            for step in filled.steps:
                yield from foreseen.problems(step, rules)
                foreseen.completed(step, rules, seed)
    except VariantProblem as problem:
        yield from problem.problems


def _unused(exercise: Exercise) -> list[str]:
    read = template.read(exercise.variables)
    used = filling.blanks(exercise) | filling.names_in(" ".join([*read.let.values(), *read.where]))
    names = [*read.names, *next(iter(read.themes.values()), ())]
    return [name for name in dict.fromkeys(names) if name not in used]


def _count(exercise: Exercise, read: Template) -> tuple[int, bool]:
    """How many variants there are that a student can tell apart, themes aside; and whether that is all. May raise."""
    if not exercise.variables:
        return 1, True
    seen_names = sorted(filling.blanks(exercise) & set(read.names))
    if read.size <= MOST_COUNTED:
        return len({tuple(str(values[name]) for name in seen_names) for values in read.all_draws()}), True
    rng = Random(exercise.key)  # noqa: S311 (a sample, not a secret)
    found = [tuple(str(values[name]) for name in seen_names) for values in (read.draw(rng) for _ in range(DRAWN))]
    return len(set(found)), False


def _template_problems(read: Template, distinct: int, *, exact: bool) -> Iterator[str]:
    if distinct < FEWEST:
        yield f"few distinct variants: {distinct}: better are: at least {FEWEST}"
    known = {theme for theme, _ in THEMES}
    for theme in read.themes:
        if theme not in known:
            yield f"theme {theme}: nobody can choose it: possible are: {', '.join(sorted(known))}"


def _variant_problems(made: Exercise, exercise: Exercise, read: Template, values: Mapping[str, Value]) -> Iterator[str]:
    """What must not reach a student in one variant."""
    for step in made.steps:
        yield from _step_problems(step)
    if not made.prompt.strip() and not all(step.prompt.strip() for step in made.steps):
        yield "nothing is asked: there is no prompt"
    if "large" not in read.allow:
        for name in sorted(filling.blanks(exercise) & set(values)):
            yield from _size_problems(name, values[name])
    for name, value in values.items():
        if isinstance(value, str) and not value.strip():
            yield f"variable {name}: it may be empty, which leaves a hole in the text"
    if left := filling.written_blanks(made):
        yield f"a blank is never filled: @{{{left[0]}}}"


def _step_problems(step: Step) -> Iterator[str]:
    try:
        key = grading.parse_key(step.answer)
    except grading.KeyProblem as problem:
        yield from (f"{step.key}: {said}" for said in problem.problems)
        return
    try:
        own = grading.right_response(step.answer)
        if step.answer["kind"] != StepKind.LONG_TEXT and not grading.grade(key, own).correct:
            yield f"{step.key}: its own answer is graded wrong: {own}"
    except grading.Unreadable as problem:
        yield f"{step.key}: its own answer cannot be read: {problem}"
    for wrong in step.wrong_answers:
        given = list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response
        try:
            if grading.grade(key, given).correct:
                yield f"{step.key}: a wrong answer is right: {given}"
        except grading.Unreadable as problem:
            yield f"{step.key}: a wrong answer cannot be read: {given}: {problem}"
    choices = step.answer.get("choices")
    if isinstance(choices, Mapping) and len(set(map(str, choices.values()))) < len(choices):
        yield f"{step.key}: two of its choices are equal"


def _size_problems(name: str, value: Value) -> Iterator[str]:
    if not isinstance(value, Fraction):
        return
    if len(str(abs(value.numerator) // value.denominator)) > MAX_DIGITS:
        yield f"variable {name}: many digits, if that is meant allow large numbers: at most {MAX_DIGITS}"
    elif value.denominator > MAX_DENOMINATOR:
        yield f"variable {name}: a large denominator, if that is meant allow large numbers: at most {MAX_DENOMINATOR}"


def _formula_problems(made: Exercise) -> Iterator[str]:
    """Formulas with `+ -3`, `1x` and the like, as a filter that was forgotten leaves them."""
    for text in filling.texts_of(replace(made, key="", variables={})):
        for formula in _FORMULA.findall(text):
            for pattern, meaning in _ARTEFACTS:
                if pattern.search(formula):
                    yield f"{meaning}: ${formula}$"
                    return
