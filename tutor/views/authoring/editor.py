"""One exercise being written: its form with a preview beside it, saved by itself, published with a note.

The whole form comes with every press of a button, so that all of it works without a script; with one, the draft is
saved and shown anew a moment after the last key.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from content import authoring, catalog, grading
from content.authoring import Draft
from content.models import Concept, Course, Exercise, Misconception
from content.schema import Finding
from content.wording import in_words
from tutor import regrading
from tutor.views.authoring import answers, trying, varying, writing
from tutor.views.authoring.access import authors_only, course_of, exercise_of
from tutor.views.authoring.courses import context_of
from tutor.views.people import person, wants_part

CONFLICT = 409
UNFIT = 422


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong in a draft: the id of the element it is about, where that is, and what it is."""

    element: str
    where: str
    words: str


@require_POST
@authors_only
def new_exercise(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """A new exercise: a draft of one step."""
    course = course_of(request, course_id)
    example = grading.KINDS[writing.FIRST_KIND].example
    made = authoring.new_exercise(course, example, author_id=person(request).pk, now=timezone.now())
    return redirect("author_exercise", course.pk, made.pk)


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def exercise(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """The editor. A POST is a button of its form: save, publish, or a change of its parts."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    if request.method == "GET":
        draft = authoring.draft_of(row)
        return _page(request, course, row, draft, findings=authoring.findings(row, draft))
    sent = writing.tree_of(request.POST)
    draft = writing.read(sent)
    action = request.POST.get("do", "save")
    went = writing.act(draft, action, key=row.key, sent=sent)
    try:
        row = _save(request, row, draft)
    except authoring.Overtaken as overtaken:
        return _page(request, course, row, draft, overtaken=overtaken, findings=authoring.findings(row, draft))
    if action == "publish":
        return _publish(request, course, row, draft)
    if wants_part(request):
        return _page(
            request,
            course,
            row,
            draft,
            findings=authoring.findings(row, draft),
            went=went,
            proposed=action.startswith("vary"),
        )
    return redirect(f"{reverse('author_exercise', args=[course.pk, row.pk])}{f'#{went}' if went else ''}")


@require_POST
@authors_only
def draft(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """Save what is in the form, and show it as a student sees it, with what is wrong in it."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    written = writing.read(writing.tree_of(request.POST))
    overtaken = None
    try:
        row = _save(request, row, written)
    except authoring.Overtaken as problem:
        overtaken = problem
    context = _beside(course, row, written, findings=authoring.findings(row, written), overtaken=overtaken)
    return render(request, "authoring/_beside.html", context, status=CONFLICT if overtaken else 200)


@require_POST
@authors_only
def discard(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """Go back to what is published."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    authoring.discard_draft(row.pk)
    messages.success(request, _("Back to what is published."))
    return redirect("author_exercise", course.pk, row.pk)


def _save(request: HttpRequest, row: Exercise, written: Draft) -> Exercise:
    """Store a draft. Whoever has seen what the other wrote may say so, and then theirs counts. Raises Overtaken."""
    seen = request.POST.get("stamp", "")
    if request.POST.get("mine") == authoring.stamp(row):
        seen = authoring.stamp(row)
    return authoring.save_draft(row.pk, written, author_id=person(request).pk, seen=seen, now=timezone.now())


def _publish(request: HttpRequest, course: Course, row: Exercise, written: Draft) -> HttpResponseBase:
    try:
        done = authoring.publish(row.pk, author=person(request), note=request.POST.get("note", "")[:300])
    except authoring.Unfit as unfit:
        return _page(request, course, row, written, findings=list(unfit.findings), refused=True)
    messages.success(request, _("Published: students get this version from now on."))
    if done.rekeyed:
        messages.warning(request, _("An answer key has changed. See below who was graded by the earlier one."))
    address = reverse("author_exercise", args=[course.pk, row.pk])
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)


def _page(
    request: HttpRequest,
    course: Course,
    row: Exercise,
    written: Draft,
    *,
    findings: list[Finding],
    **more: Any,
) -> HttpResponseBase:
    concepts = list(Concept.objects.filter(course=course, retired=False).order_by("position", "pk"))
    misconceptions = Misconception.objects.filter(course=course).order_by("title", "pk").only("key", "title")
    context = _beside(course, row, written, findings=findings, **more) | {
        "steps": writing.steps_of(written),
        "varying": varying.form_of(written["variables"]),
        "concepts": concepts,
        "misconceptions": misconceptions,
        "outdated": regrading.outdated(row.pk) if row.published else (),
        "kinds": answers.kinds(),
    }
    name = "authoring/_editor.html" if wants_part(request) else "authoring/exercise.html"
    status = CONFLICT if more.get("overtaken") else UNFIT if more.get("refused") else 200
    return render(request, name, context, status=status)


def _beside(
    course: Course,
    row: Exercise,
    written: Draft,
    *,
    findings: list[Finding],
    overtaken: authoring.Overtaken | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What stands beside the form: whether it is saved, what is wrong, and how a student sees it."""
    figures = catalog.figures(course.pk, revision=course.revision)
    return context_of(
        course,
        "exercises",
        exercise=row,
        draft=written,
        stamp=overtaken.seen if overtaken else authoring.stamp(row),
        stamp_now=authoring.stamp(row),
        overtaken=overtaken,
        problems=[_problem(written, found) for found in findings],
        shown=trying.preview(course, row, written),
        figures=figures,
        turn=SimpleNamespace(language=course.language, figures=figures, token=trying.NO_TURN),
        **more,
    )


def _problem(written: Draft, found: Finding) -> Problem:
    index = next((index for index, step in enumerate(written["steps"], 1) if step["key"] == found.step), 0)
    where = _("Step %(number)d") % {"number": index} if index and len(written["steps"]) > 1 else ""
    words = in_words(found.problem)
    if found.part == "variables":
        element = writing.place_in_template(written, found.problem)
    else:
        element = writing.place_of(written, found.step, found.part)
    return Problem(element=element, where=where, words=words)
