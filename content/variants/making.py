"""The variant of an exercise that belongs to a seed and a theme."""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from random import Random

from content.package import Exercise, Misconception
from content.variants import filling, foreseen, template, themes
from content.variants.template import Template, Value

TEMPLATES_KEPT = 256


def instantiate(
    exercise: Exercise, seed: int, theme: str = "", misconceptions: Iterable[Misconception] = ()
) -> Exercise:
    """Return the variant of an exercise that belongs to a seed, told in a theme; itself where nothing varies.

    Wrong answers that a misconception's rule makes are computed, and choices made of them. Without a theme, or with
    one that the exercise does not have, the seed draws one. Raises VariantProblem.
    """
    if exercise.variables:
        values = draw_values(exercise, seed, theme)
        exercise = filling.fill(replace(exercise, variables={}), values)
    if not needs_rules(exercise):
        return exercise
    rules = {each.key: each.rewritings for each in misconceptions}
    return replace(exercise, steps=tuple(foreseen.completed(step, rules, seed) for step in exercise.steps))


def needs_rules(exercise: Exercise) -> bool:
    """Say whether anything in an exercise is made by the rules of misconceptions."""
    return any(foreseen.is_computed(step) for step in exercise.steps)


def draw_values(exercise: Exercise, seed: int, theme: str = "") -> dict[str, Value]:
    """Return the values that a seed gives the variables, and the texts of the theme. Raises VariantProblem."""
    read = _read(json.dumps(exercise.variables, default=str))
    rng = Random(f"{exercise.key}:{seed}")  # noqa: S311 (variety is wanted, not secrecy)
    values = read.draw(rng)
    return {**values, **themed(read, values, theme if theme in read.themes else themes.theme_of(exercise, seed))}


def themed(read: Template, values: dict[str, Value], theme: str) -> dict[str, Value]:
    """The texts of a theme, their own blanks filled. Raises VariantProblem."""
    return {name: filling.fill(text, values) for name, text in read.themes.get(theme, {}).items()}


@lru_cache(maxsize=TEMPLATES_KEPT)
def _read(variables: str) -> Template:
    """Variables by their JSON: reading them takes longer than drawing from them, and regrading draws thousands."""
    return template.read(json.loads(variables))
