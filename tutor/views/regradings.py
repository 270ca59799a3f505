"""A key that was wrong, for its course's authors: who is affected, the regrading, how it went, and its undoing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import catalog, grading
from content.models import Step
from students import corrections
from students.knowledge import Estimate
from students.models import Regrading, StateChange, User
from training import queue
from tutor import regrading
from tutor.regrading import Change, Plan
from tutor.turns import keys
from tutor.turns.keys import Left
from tutor.views.authoring.access import authors_only, course_of, courses_of, is_administrator
from tutor.views.people import person

LISTED = 20  # students of a page

WHY_LEFT = {
    Left.GONE: gettext_lazy("the step is no longer in the exercise, or was not in it then"),
    Left.VARIABLES: gettext_lazy("the numbers of the variant are drawn in another way now"),
    Left.REWORDED: gettext_lazy("the question was worded in another way"),
    Left.KIND: gettext_lazy("another kind of answer was asked for"),
    Left.UNREADABLE: gettext_lazy("the answer cannot be read by the key of now"),
    Left.NO_RESPONSE: gettext_lazy("it is not known what was answered"),
    Left.BY_PERSON: gettext_lazy("a person judges these answers"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One answer of the list: whose, what, what it counted as and counts as."""

    name: str  # empty where it is no student of the asker's
    at: Any
    asked: str
    latex: str
    texts: tuple[str, ...]
    before: corrections.Verdict | None
    after: corrections.Verdict
    code: str
    mastery: tuple[tuple[str, float, float], ...]


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def regrade(request: HttpRequest, step_id: int) -> HttpResponseBase:
    """Who would be affected by the present key, and the button that does it."""
    step = _step(request, step_id)
    given = request.POST if request.method == "POST" else request.GET
    reworded = given.get("reworded") == "yes"
    if request.method == "POST":
        return _regrade(request, step, reworded=reworded)
    try:
        made = regrading.preview(step, reworded=reworded)
    except queue.DOWN:
        made = None
        messages.warning(request, _("The workers do not answer at the moment. Nothing was changed; start it again."))
    lines, page = _preview(request, step, made) if made else ([], None)
    figures = made.figures if made else {}
    context = {
        "step": step,
        "exercise": step.exercise,
        "course": step.exercise.course,
        "key": grading.right_answer(step.answer) if not step.exercise.variables else "",
        "plan": made,
        "progress": None if made else regrading.preview_progress(step, reworded=reworded),
        "kinds": kinds_of(figures),
        "left": left_of(figures),
        "others": figures.get(f"left_{Left.REWORDED}", 0),
        "reworded": reworded,
        "lines": lines,
        "page": page,
        "waiting": Regrading.objects.filter(step=step, state=Regrading.State.WAITING, undone_at=None).first(),
        "figures": catalog.figures(step.exercise.course_id, revision=step.exercise.course.revision),
        "place": "authoring",
    }
    return render(request, "regrading/preview.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def result(request: HttpRequest, regrading_id: int) -> HttpResponseBase:
    """How a regrading went, or how far it is; by POST one whose worker was lost starts again."""
    found = _regrading(request, regrading_id)
    if request.method == "POST":
        if found.state == Regrading.State.WAITING and found.undone_at is None:
            _start(request, found)
        return redirect("regrading", found.pk)
    changes = StateChange.objects.filter(regrading=found).select_related("student", "concept")
    rows = changes.order_by("student__display_name", "student__username", "concept__position")
    page = Paginator(rows, LISTED).get_page(request.GET.get("page"))
    known = _known(request, [row.student_id for row in page])
    context = {
        "regrading": found,
        "exercise": found.step.exercise,
        "course": found.step.exercise.course,
        "kinds": kinds_of(found.figures),
        "left": left_of(found.figures),
        "changes": [(known.get(row.student_id, ""), row) for row in page],
        "page": page,
        "progress": regrading.progress_of(found.pk),
        "later": _is_followed(found),
        "place": "authoring",
    }
    return render(request, "regrading/result.html", context)


@require_POST
@authors_only
def undo(request: HttpRequest, regrading_id: int) -> HttpResponseBase:
    """Take a regrading back."""
    found = _regrading(request, regrading_id)
    try:
        regrading.undo(found.pk, by=person(request), now=timezone.now())
    except corrections.NotInForce:
        messages.info(request, _("It is undone already, or was not carried out yet."))
    except corrections.NotTheLatest:
        messages.warning(request, _("This step was regraded again later. Undo that regrading first."))
    else:
        messages.success(request, _("Undone. All answers count again as they did before."))
    return redirect("regrading", found.pk)


@never_cache
@require_GET
@authors_only
def of_course(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """All regradings of a course, the latest first."""
    course = course_of(request, course_id)
    rows = Regrading.objects.filter(step__exercise__course=course, key__isnull=False)
    rows = rows.select_related("step__exercise", "made_by", "undone_by")
    page = Paginator(rows.order_by("-pk"), LISTED).get_page(request.GET.get("page"))
    context = {"course": course, "regradings": page, "page": page, "place": "authoring"}
    return render(request, "regrading/history.html", context)


def kinds_of(figures: Mapping[str, int]) -> list[str]:
    """What changes, in sentences, the most important first."""
    sentences = {
        "now_right": ngettext("%(n)d answer is right now", "%(n)d answers are right now", figures.get("now_right", 0)),
        "now_wrong": ngettext(
            "%(n)d answer is not right any more", "%(n)d answers are not right any more", figures.get("now_wrong", 0)
        ),
        "set_aside": ngettext(
            "%(n)d later try is set aside, as an earlier one was right",
            "%(n)d later tries are set aside, as an earlier one was right",
            figures.get("set_aside", 0),
        ),
        "counts_again": ngettext("%(n)d try counts again", "%(n)d tries count again", figures.get("counts_again", 0)),
        "credit": ngettext(
            "%(n)d answer gets another credit or another explanation",
            "%(n)d answers get another credit or another explanation",
            figures.get("credit", 0),
        ),
    }
    return [sentence % {"n": figures[code]} for code, sentence in sentences.items() if figures.get(code)]


def left_of(figures: Mapping[str, int]) -> list[tuple[int, str]]:
    """How many answers stay as they are, and why."""
    return [(figures[f"left_{why}"], str(words)) for why, words in WHY_LEFT.items() if figures.get(f"left_{why}")]


def _step(request: HttpRequest, step_id: int) -> Step:
    mine = courses_of(person(request))
    steps = Step.objects.select_related("exercise__course").filter(exercise__course__in=mine)
    return get_object_or_404(steps, pk=step_id, retired=False, exercise__published=True)


def _regrading(request: HttpRequest, regrading_id: int) -> Regrading:
    mine = courses_of(person(request))
    rows = Regrading.objects.select_related("step__exercise__course", "made_by", "undone_by")
    return get_object_or_404(rows, pk=regrading_id, step__exercise__course__in=mine, key__isnull=False)


def _regrade(request: HttpRequest, step: Step, *, reworded: bool) -> HttpResponseBase:
    revision = request.POST.get("revision", "")
    try:
        found = regrading.request(
            step,
            by=person(request),
            revision=int(revision) if revision.isdecimal() and len(revision) < 10 else 0,
            reworded=reworded,
            note=request.POST.get("note", "")[:300],
            now=timezone.now(),
        )
    except regrading.KeyChanged:
        messages.warning(request, _("The exercise was changed meanwhile. Here is what its key of now would do."))
        return redirect("regrade", step.pk)
    except regrading.AlreadyWaiting as waiting:
        return redirect("regrading", waiting.regrading.pk)
    _start(request, found)
    return redirect("regrading", found.pk)


def _start(request: HttpRequest, found: Regrading) -> None:
    try:
        regrading.start(found, now=timezone.now())
    except queue.DOWN:
        messages.warning(request, _("The workers do not answer at the moment. Nothing was changed; start it again."))


def _preview(request: HttpRequest, step: Step, made: Plan) -> tuple[list[Line], Page[Any]]:
    """A page of the answers that change, with the mastery of their students."""
    by_student: dict[int, list[Change]] = {}
    for change in made.changes:
        by_student.setdefault(change.student_id, []).append(change)
    page = Paginator(list(by_student), LISTED).get_page(request.GET.get("page"))
    students = list(page.object_list)
    known = _known(request, students)
    shown = [change for student in students for change in by_student[student]]
    now = timezone.now()
    moved = corrections.effects(step.pk, [change.after for change in shown], now=now)
    titles = dict(step.concepts.values_list("pk", "title"))
    lines = []
    for change in shown:
        own = {concept: pair for (student, concept), pair in moved.items() if student == change.student_id}
        lines.append(_line(step, change, name=known.get(change.student_id, ""), own=own, titles=titles))
    return lines, page


def _line(
    step: Step,
    change: Change,
    *,
    name: str,
    own: Mapping[int, tuple[Estimate, Estimate]],
    titles: Mapping[int, str],
) -> Line:
    concrete = catalog.variant(step.exercise_id, step.exercise.revision, change.seed, change.theme)
    asked = keys.step_of(concrete, step.key)
    response = change.response or ""
    texts = (response,) if isinstance(response, str) else tuple(response)
    choices = asked.answer.get("choices", {}) if asked else {}
    formula = asked is not None and asked.answer["kind"] in keys.TYPED - {"text"}
    return Line(
        name=name,
        at=change.at,
        asked=" ".join(part for part in (concrete.prompt, asked.prompt if asked else "") if part),
        latex=change.read_as if formula else "",
        texts=tuple(str(choices.get(one, one)) for one in texts if one),
        before=change.before,
        after=change.after,
        code=change.code,
        mastery=tuple((titles.get(pk, ""), pair[0].value, pair[1].value) for pk, pair in sorted(own.items())),
    )


def _known(request: HttpRequest, students: Sequence[int]) -> dict[int, str]:
    """The names that the asker may see: of the students of their classes; the administration sees all."""
    user = person(request)
    people = User.objects.filter(pk__in=students)
    if not is_administrator(user):
        people = people.filter(enrolments__classroom__teachers=user).distinct()
    return {one.pk: str(one) for one in people}


def _is_followed(found: Regrading) -> bool:
    later = Regrading.objects.filter(step=found.step_id, pk__gt=found.pk, undone_at=None, key__isnull=False)
    return later.exists()
