"""The variants of a template: ten of them, how many there are, and what to be warned of."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from content import authoring, catalog, grading, package
from content.grading import KeyProblem
from content.wording import in_words
from tutor.views.authoring.access import authors_only, course_of, exercise_of
from tutor.views.authoring.courses import context_of
from tutor.views.people import wants_part


@never_cache
@require_GET
@authors_only
def variants(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """Ten variants of the draft."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    draft = authoring.draft_of(row)
    unread = [found.problem for found in authoring.to_exercise(draft, row.key).findings]
    seen = authoring.inspection(row, draft)
    context = context_of(
        course,
        "exercises",
        exercise=row,
        seen=seen,
        samples=[(sample, _answers(sample.exercise)) for sample in seen.samples],
        warnings=[_words(draft, warning) for warning in seen.warnings],
        seen_problems=[_words(draft, problem) for problem in (*unread, *seen.problems)],
        figures=catalog.figures(course.pk, revision=course.revision),
    )
    name = "authoring/_variants.html" if wants_part(request) else "authoring/variants.html"
    return render(request, name, context)


def _words(draft: authoring.Draft, problem: str) -> str:
    """What is wrong, with the step that it is in by its number, not its key."""
    key, _colon, rest = problem.partition(": ")
    keys = [step["key"] for step in draft["steps"]]
    if key not in keys:
        return in_words(problem)
    if len(keys) == 1:
        return in_words(rest)
    return _("Step %(number)d: %(problem)s") % {"number": keys.index(key) + 1, "problem": in_words(rest)}


def _answers(exercise: package.Exercise) -> list[tuple[package.Step, str]]:
    """Each step with its right answer, as far as its key can be read."""
    found = []
    for step in exercise.steps:
        try:
            grading.parse_key(step.answer)
            found.append((step, grading.right_answer(step.answer)))
        except KeyProblem:
            found.append((step, ""))
    return found
