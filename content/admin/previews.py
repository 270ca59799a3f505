"""Texts of courses as students see them; of a template with the values of a variant."""

from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe

from content import catalog, markup, package, variants
from content.models import Exercise

PREVIEWED = 3  # variants of a template that its page shows


def template(row: Exercise) -> package.Exercise:
    """An exercise as it is stored, blanks and all."""
    return catalog.exercise(row.pk, row.revision)


def sampled(text: str, row: Exercise) -> str:
    """A text of an exercise with the values of its first variant; as it stands where that cannot be made."""
    try:
        return variants.fill(text, variants.draw_values(template(row), 0)) if row.variables else text
    except variants.VariantProblem:
        return text


def shown(text: str, course_id: int | None) -> SafeString:
    """A text as a student sees it."""
    figures = catalog.figures(course_id) if course_id and "figures/" in text else {}
    return mark_safe(markup.render(text, figures=figures))  # noqa: S308 (markup.render sanitises)


def exercise_shown(row: Exercise) -> SafeString:
    """A whole exercise without its hints; of a template some variants."""
    try:
        made = [catalog.variant(row.pk, row.revision, seed) for seed in range(PREVIEWED if row.variables else 1)]
    except variants.VariantProblem:
        made = [template(row)]  # what is wrong is said under the problems
    texts = ["\n\n".join(filter(None, _asked(each))) for each in made]
    return shown("\n\n---\n\n".join(texts), row.course_id)


def _asked(exercise: package.Exercise) -> Iterable[str]:
    """The texts of an exercise in the order in which a student meets them, without the hints."""
    yield from (exercise.title and f"**{exercise.title}**", exercise.prompt)
    for step in exercise.steps:
        choices = step.answer.get("choices") or {}
        yield from (step.prompt, "\n".join(f"- {text}" for text in choices.values()), step.solution)
