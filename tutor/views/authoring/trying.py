"""An exercise as a student meets it, out of a draft: shown while it is written, and tried without leaving a trace."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from content import authoring, catalog, grading, markup, package, schema, variants
from content.authoring import Draft
from content.grading import KeyProblem, Unreadable
from content.models import Course, Exercise
from content.wording import in_words
from tutor import feedback
from tutor.turns import StepView
from tutor.turns.progress import StepProgress
from tutor.turns.shown import step_view
from tutor.views.authoring import varying
from tutor.views.authoring.access import authors_only, course_of, exercise_of
from tutor.views.authoring.courses import context_of

UNREADABLE = 422
MOST_SEEDS = 1000
NO_TURN = UUID(int=0)  # where a field asks for the token of its turn


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step as it is shown; `view` is None while its answer key cannot be read."""

    name: str  # its place, for ids of elements
    step: package.Step
    view: StepView | None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A draft as a student meets it."""

    exercise: package.Exercise
    steps: tuple[Step, ...]
    problem: str = ""


def preview(course: Course, row: Exercise, draft: Draft, seed: int = 0) -> Shown:
    """One variant of a draft, whatever state it is in."""
    made = authoring.to_exercise(draft, row.key).exercise
    problem = ""
    try:
        made = variants.instantiate(made, seed, misconceptions=catalog.misconceptions(course.pk))
    except variants.VariantProblem as found:
        problem = in_words(str(found))
    steps = tuple(
        Step(name=str(number), step=step, view=_view(step, number)) for number, step in enumerate(made.steps, 1)
    )
    return Shown(exercise=made, steps=steps, problem=problem)


def _view(step: package.Step, number: int, progress: StepProgress | None = None) -> StepView | None:
    try:
        grading.parse_key(step.answer)
        return step_view(step, number, progress=progress or StepProgress(), in_hand=True)
    except KeyProblem:
        return None


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def try_exercise(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """One step of a draft to be answered: graded by the server as for a student, recorded nowhere."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    asked = request.POST if request.method == "POST" else request.GET
    seed, number, hints = (_number(asked.get(name, "")) for name in ("seed", "step", "hints"))
    draft = authoring.draft_of(row)
    shown = preview(course, row, draft, seed % MOST_SEEDS)
    number = min(number, len(shown.steps) - 1)
    if not shown.steps:
        raise Http404
    step = shown.steps[number].step
    progress = StepProgress(hints=min(hints, len(step.hints)))
    told, unreadable = None, ""
    typed: tuple[str, ...] = ()
    smaller = _smaller(step, progress, asked.get("scaffold", ""))
    if request.method == "POST" and smaller:
        try:
            progress = replace(progress, asked=_answered(smaller, asked))
        except Unreadable as problem:
            unreadable = feedback.unreadable_sentence(problem)
    elif request.method == "POST" and shown.steps[number].view:
        response = answer_of(asked, step.answer)
        typed = (response,) if isinstance(response, str) else tuple(response)
        try:
            told = _told(course, shown.exercise, step, response)
        except Unreadable as problem:
            unreadable = feedback.unreadable_sentence(problem)
    context = context_of(
        course,
        "exercises",
        exercise=row,
        shown=shown,
        step=_view(step, number + 1, progress),
        number=number,
        following=number + 1 if number + 1 < len(shown.steps) else None,
        seed=seed,
        next_seed=(seed + 1) % MOST_SEEDS,
        next_hints=progress.hints + 1,
        varies=varying.form_of(draft["variables"]).varies,
        told=told,
        smaller=smaller,
        unreadable=unreadable,
        typed=typed,
        solution=step.solution,
        turn=SimpleNamespace(
            language=course.language,
            figures=catalog.figures(course.pk, revision=course.revision),
            course_slug=course.slug,
            token=NO_TURN,
        ),
    )
    return render(request, "authoring/try.html", context, status=UNREADABLE if unreadable else 200)


def _told(
    course: Course, exercise: package.Exercise, step: package.Step, response: grading.Response
) -> feedback.Feedback:
    """What a student would be told. Raises Unreadable."""
    texts = (exercise.title, exercise.prompt, step.prompt)
    given = [formula for text in texts if "$" in text for formula in markup.formulas(text)]
    grade = grading.grade(grading.parse_key(step.answer), response, wrong_answers=step.wrong_answers, given=given)
    offer = feedback.Offer.NEXT if grade.correct else feedback.Offer.TRY_AGAIN
    marking = feedback.mark(grade, step=step.key, offer=offer)
    if grade.wrong_answer is not None:
        recognised = step.wrong_answers[grade.wrong_answer]
        known = {one.key: one for one in catalog.misconceptions(course.pk)}
        shows = known.get(recognised.misconception)
        marking = replace(
            marking,
            said=recognised.feedback,
            misconception_title=shows.title if shows else "",
            misconception_text=shows.explanation if shows else "",
        )
    return feedback.words(marking)


def _smaller(step: package.Step, progress: StepProgress, key: str) -> package.Hint | None:
    """The smaller question of a key, where it is shown and can be answered."""
    hint = next((hint for hint in step.hints[: progress.hints] if hint.key == key), None)
    return hint if hint and hint.answer and not schema.key_problems(hint.answer) else None


def _answered(smaller: package.Hint, data: Mapping[str, Any]) -> dict[str, Any]:
    """What came of the answer to a smaller question, as a turn keeps it. Raises Unreadable."""
    answer = smaller.answer or {}
    response = answer_of(data, answer)
    grade = grading.grade(grading.parse_key(answer), response, given=tuple(markup.formulas(smaller.text)))
    offer = feedback.Offer.NEXT if grade.correct else feedback.Offer.TRY_AGAIN
    marking = feedback.mark(grade, step=smaller.key, offer=offer)
    return {smaller.key: {"response": response, "correct": grade.correct, "marking": marking.to_json()}}


def answer_of(data: Mapping[str, Any], answer: package.Json) -> grading.Response:
    """The response in the shape of its field."""
    sent = data.getlist("response")  # type: ignore[attr-defined]
    return sent if grading.field(answer).is_list else "".join(sent[:1])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0
