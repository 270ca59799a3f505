"""The exercises of a course as their author finds and arranges them: filters, pages by keyset, many at once.

Nothing here reads a whole course: pages are cut by the place of the last row, and counts stop at a thousand.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from content import authoring, search
from content.models import Concept, Course, Exercise, Step
from content.package import StepKind
from tutor.views.authoring.access import authors_only, course_of, exercise_of
from tutor.views.authoring.answers import kinds
from tutor.views.authoring.courses import context_of
from tutor.views.people import person

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,20})?(?:e-\d{1,3})?\Z")
PER_PAGE = 50
MOST_COUNTED = 1000
LOOKED_THROUGH = 2000  # exercises, for the lessons that are offered
STATES = {
    "": gettext_lazy("in use or a draft"),
    "published": gettext_lazy("published"),
    "draft": gettext_lazy("drafts"),
    "changed": gettext_lazy("with changes not published"),
    "retired": gettext_lazy("out of use"),
}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What is looked for."""

    words: str = ""
    concept: str = ""
    kind: str = ""
    tag: str = ""
    lesson: str = ""
    state: str = ""

    @classmethod
    def of(cls, data: QueryDict, before: str = "") -> "Filters":
        """As an address has them, or with `for_` before their names a form that keeps them."""
        given = {name: data.get(f"{before}{name}", "") for name in cls.__dataclass_fields__}
        return cls(**{name: text.replace("\0", "").strip()[:200] for name, text in given.items()})

    @property
    def set(self) -> tuple[tuple[str, str], ...]:
        """Those that are set."""
        return tuple((name, value) for name, value in vars(self).items() if value)

    @property
    def query(self) -> str:
        """As an address has them."""
        return urlencode(self.set)


def concepts_of(course_id: int) -> list[tuple[str, str]]:
    """The concepts in use of a course, to choose among: id and title."""
    rows = Concept.objects.filter(course=course_id, retired=False).order_by("position", "pk")
    return [(str(pk), title) for pk, title in rows.values_list("pk", "title")]


def matching(course: Course, wanted: Filters) -> QuerySet[Exercise]:
    """The exercises of a course that fit, in their order."""
    rows = Exercise.objects.filter(course=course, retired=wanted.state == "retired")
    if wanted.words:
        rows = found(rows, wanted.words)
    if wanted.concept:
        rows = rows.filter(_practises(course, wanted.concept))
    if wanted.kind in set(StepKind):
        of_kind = Step.objects.filter(exercise=OuterRef("pk"), retired=False, kind=wanted.kind)
        rows = rows.filter(Exists(of_kind) | _in_draft(f'"kind": "{wanted.kind}"'))
    if wanted.tag:
        rows = rows.filter(tags__contains=[wanted.tag])
    if wanted.lesson:
        rows = rows.filter(lesson=wanted.lesson)
    if wanted.state == "draft":
        rows = rows.filter(published=False)
    elif wanted.state == "published":
        rows = rows.filter(published=True)
    elif wanted.state == "changed":
        rows = rows.filter(published=True, draft__isnull=False)
    return rows.order_by("position", "pk")


def found(rows: QuerySet[Exercise], words: str) -> QuerySet[Exercise]:
    """Those among exercises in which the words stand."""
    return rows.filter(Q(words=search.query(words)) | Q(key=words))


def _practises(course: Course, concept_id: str) -> Q | Exists:
    wanted = Concept.objects.filter(course=course, pk=int(concept_id) if _is_id(concept_id) else 0).first()
    if wanted is None:
        return Q(pk__in=())
    return Exists(
        Step.concepts.through.objects.filter(concept=wanted, step__exercise=OuterRef("pk"), step__retired=False)
    ) | _in_draft(f'"{wanted.key}"')


def _in_draft(piece: str) -> Exists:
    """Exercises that are only a draft in which a piece of JSON stands: their steps are no rows yet."""
    drafts = Exercise.objects.filter(pk=OuterRef("pk"), published=False)
    return Exists(drafts.annotate(typed=Cast("draft", TextField())).filter(typed__contains=piece))


@never_cache
@require_GET
@authors_only
def exercises(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """One page of the exercises that fit."""
    course = course_of(request, course_id)
    wanted = Filters.of(request.GET)
    rows = matching(course, wanted)
    page, before, after = _page(rows, request.GET)
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    lessons = Exercise.objects.filter(course=course, retired=False).order_by("course_id", "position", "pk")
    context = context_of(
        course,
        "exercises",
        exercises=page,
        filters=wanted,
        count=min(count, MOST_COUNTED),
        more_than=count > MOST_COUNTED,
        before=before,
        after=after,
        concepts=concepts_of(course.pk),
        kinds=kinds(),
        titles=dict(kinds()),
        states=STATES.items(),
        lessons=list(dict.fromkeys(filter(None, lessons.values_list("lesson", flat=True)[:LOOKED_THROUGH]))),
    )
    return render(request, "authoring/exercises.html", context)


def _page(rows: QuerySet[Exercise], asked: QueryDict) -> tuple[list[Exercise], str, str]:
    """Rows after or before a place, and the places of the pages around them, empty where there are none."""
    steps = Step.objects.filter(retired=False).order_by("position").prefetch_related("concepts")
    shown = rows.prefetch_related(Prefetch("steps", steps)).defer("variables", "words", "attribution")
    if place := _place(asked.get("before", "")):
        position, pk = place
        ahead = Q(position__lt=position) | Q(position=position, pk__lt=pk)
        page = list(shown.filter(ahead).order_by("-position", "-pk")[: PER_PAGE + 1])
        has_before, has_after = len(page) > PER_PAGE, True
        page = page[:PER_PAGE][::-1]
    else:
        has_before = False
        if place := _place(asked.get("after", "")):
            position, pk = place
            shown = shown.filter(Q(position__gt=position) | Q(position=position, pk__gt=pk))
            has_before = True
        page = list(shown[: PER_PAGE + 1])
        has_after = len(page) > PER_PAGE
        page = page[:PER_PAGE]
    if not page:
        return [], "", ""
    return page, _name(page[0]) if has_before else "", _name(page[-1]) if has_after else ""


def _name(row: Exercise) -> str:
    return f"{row.position}~{row.pk}"


def _place(name: str) -> tuple[float, int] | None:
    position, _tilde, pk = name.partition("~")
    return (float(position), int(pk)) if _NUMBER.match(position) and _is_id(pk) else None


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


@require_POST
@authors_only
def act_on_many(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """What is done to the exercises that are marked, or to all that fit."""
    course = course_of(request, course_id)
    wanted = Filters.of(request.POST, "for_")
    if request.POST.get("all"):
        rows = matching(course, wanted)
    else:
        marked = [int(one) for one in request.POST.getlist("exercise") if _is_id(one)]
        rows = Exercise.objects.filter(course=course, pk__in=marked)
    _do(request, course, rows)
    address = reverse("author_exercises", args=[course.pk])
    return redirect(f"{address}?{wanted.query}" if wanted.query else address)


def _do(request: HttpRequest, course: Course, rows: QuerySet[Exercise]) -> None:
    """One act on many exercises, and what came of it in words."""
    who, data = person(request), request.POST
    word = data.get("tag", "").strip()[:60]
    match data.get("act"):
        case "tag" if word:
            done = authoring.tag(rows, add=[word], author=who)
        case "untag" if word:
            done = authoring.tag(rows, remove=[word], author=who)
        case "lesson":
            done = authoring.set_lesson(rows, data.get("lesson_to", "").strip()[:200], author=who)
        case "concept":
            chosen = data.get("concept_to", "")
            target = Concept.objects.filter(course=course, retired=False, pk=int(chosen) if _is_id(chosen) else 0)
            concept = target.first()
            if concept is None:
                messages.warning(request, _("Choose the concept to move them to."))
                return
            done = authoring.set_concept(rows, concept, author=who)
        case "publish":
            _publish(request, rows)
            return
        case "retire":
            done = authoring.set_retired(rows, retired=True, author=who)
        case "bring_back":
            done = authoring.set_retired(rows, retired=False, author=who)
        case _:
            messages.warning(request, _("Nothing was done: write the tag first."))
            return
    said = ngettext("%(count)d exercise changed.", "%(count)d exercises changed.", done) % {"count": done}
    (messages.success if done else messages.warning)(request, said if done else _("Mark some exercises first."))


def _publish(request: HttpRequest, rows: QuerySet[Exercise]) -> None:
    done, unfit = authoring.publish_all(rows, author=person(request))
    if done:
        said = ngettext("%(count)d exercise published.", "%(count)d exercises published.", done)
        messages.success(request, said % {"count": done})
    if unfit:
        said = ngettext(
            "%(count)d exercise is not ready yet: open it to see what is missing.",
            "%(count)d exercises are not ready yet: open them to see what is missing.",
            len(unfit),
        )
        messages.warning(request, said % {"count": len(unfit)})
    if not done and not unfit:
        messages.warning(request, _("Among these there is no draft to publish."))


@require_POST
@authors_only
def act_on_one(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """Duplicate an exercise, move it, take it out of use or bring it back."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    who, act = person(request), request.POST.get("act")
    wanted = Filters.of(request.POST, "for_")
    match act:
        case "duplicate":
            made = authoring.duplicate(row.pk, author_id=who.pk, now=timezone.now())
            messages.success(request, _("This is the copy, a draft of its own."))
            return redirect("author_exercise", course.pk, made.pk)
        case "retire" | "bring_back":
            rows = Exercise.objects.filter(pk=row.pk)
            authoring.set_retired(rows, retired=act == "retire", author=who)
            return redirect("author_exercise", course.pk, row.pk)
        case "up" | "down":
            authoring.step_by(row.pk, -1 if act == "up" else 1, among=matching(course, wanted))
    return redirect(f"{reverse('author_exercises', args=[course.pk])}?{wanted.query}#e{row.pk}")
