"""The catalogue: what there is in all courses, found by words, concept, kind, difficulty and licence.

Everybody finds what there is to read and watch in published courses; exercises, with their answers, only teachers do.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, FloatField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from content import authoring, catalog, grading, search
from content.models import Course, Exercise, Resource, Step
from students.models import PopulationCount, User
from tutor.views.authoring.access import authors_only, course_of, courses_of, may_author
from tutor.views.authoring.answers import kinds
from tutor.views.authoring.exercises import concepts_of
from tutor.views.people import person, signed_in

PER_PAGE = 30
ENOUGH_TRIES = 5  # first tries, from which on students' answers say how hard a step is
# Share of first tries that go wrong, or what the author says where nobody has tried.
LEVELS = {
    "easy": (gettext_lazy("easy"), 0.0, 0.25),
    "medium": (gettext_lazy("medium"), 0.25, 0.5),
    "hard": (gettext_lazy("hard"), 0.5, 1.01),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The form of the page, as its address has it."""

    what: str = ""  # "resources" or, for teachers, "exercises"
    words: str = ""
    course: str = ""
    concept: str = ""
    kind: str = ""
    level: str = ""
    licence: str = ""
    tag: str = ""

    @classmethod
    def of(cls, data: QueryDict) -> "Asked":
        """As it was sent."""
        given = {name: data.get(name, "") for name in cls.__dataclass_fields__}
        return cls(**{name: text.replace("\0", "").strip()[:200] for name, text in given.items()})

    @property
    def query(self) -> str:
        """As an address has it, without the page."""
        return urlencode([(name, value) for name, value in vars(self).items() if value])

    def wanted(self, courses: list[int]) -> search.Wanted:
        """What content/search is asked for, among these courses."""
        concept = int(self.concept) if self.concept.isdecimal() and len(self.concept) < 19 else None
        return search.Wanted(
            text=self.words,
            courses=courses or [0],
            concept=concept,
            kind=self.kind,
            tag=self.tag,
            licence=self.licence,
        )


@require_GET
@signed_in
def catalogue(request: HttpRequest) -> HttpResponseBase:
    """What was asked for, page by page."""
    user, asked = person(request), Asked.of(request.GET)
    teaches = may_author(user)
    shows_exercises = teaches and asked.what != "resources"
    courses = list(_open_to(user).order_by("title"))
    chosen = [course.pk for course in courses if asked.course in ("", str(course.pk))]
    wanted = asked.wanted(chosen)
    rows: QuerySet[Any] = _exercises(wanted, asked) if shows_exercises else search.resources(wanted)
    number = request.GET.get("page", "1")
    found = search.page(
        rows, wanted, number=int(number) if number.isdecimal() and len(number) < 6 else 1, size=PER_PAGE
    )
    context = {
        "asked": asked,
        "teaches": teaches,
        "shows_exercises": shows_exercises,
        "found": found,
        "rows": _with_parts(found.rows) if shows_exercises else _with_figures(found.rows),
        "courses": [(str(course.pk), course.title) for course in courses],
        "concepts": concepts_of(chosen[0]) if len(chosen) == 1 else (),
        "kinds": kinds() if shows_exercises else Resource._meta.get_field("kind").choices,
        "titles": dict(kinds()),
        "levels": [(name, words) for name, (words, _low, _high) in LEVELS.items()],
        "licences": [(one, one) for one in _licences(chosen)],
        "place": "catalogue",
    }
    return render(request, "catalogue/page.html", context)


@require_GET
@authors_only
def exercise(request: HttpRequest, exercise_id: int) -> HttpResponseBase:
    """One exercise of the catalogue with its answers, to be judged, and to be copied."""
    user = person(request)
    row = _one(user, exercise_id)
    made = catalog.variant(row.pk, row.revision, 0)
    context = {
        "row": row,
        "course": row.course,
        "exercise": made,
        "steps": [(step, grading.right_answer(step.answer)) for step in made.steps],
        "figures": catalog.figures(row.course_id),
        "is_mine": courses_of(user).filter(pk=row.course_id).exists(),
        "targets": courses_of(user).exclude(pk=row.course_id).order_by("title")[:200],
        "place": "catalogue",
    }
    return render(request, "catalogue/exercise.html", context)


@require_POST
@authors_only
def copy(request: HttpRequest, exercise_id: int) -> HttpResponseBase:
    """A draft of the exercise in a course of the asker's own, with its licence and attribution."""
    row = _one(person(request), exercise_id)
    target = request.POST.get("course", "")
    if not target.isdecimal():
        raise Http404
    course = course_of(request, int(target[:18]))
    made = authoring.copy_into(course, row.pk, author_id=person(request).pk, now=timezone.now())
    return redirect(reverse("author_exercise", args=[course.pk, made.pk]))


def _open_to(user: User) -> QuerySet[Course]:
    """Published courses, and those that somebody writes."""
    mine = courses_of(user).values("pk") if may_author(user) else Course.objects.none().values("pk")
    return Course.objects.filter(Q(published=True) | Q(pk__in=mine))


def _one(user: User, exercise_id: int) -> Exercise:
    rows = Exercise.objects.select_related("course").filter(published=True, retired=False, course__in=_open_to(user))
    return get_object_or_404(rows, pk=exercise_id)


def _exercises(wanted: search.Wanted, asked: Asked) -> QuerySet[Exercise]:
    rows = search.exercises(wanted).filter(published=True)
    if asked.level not in LEVELS:
        return rows
    _words, low, high = LEVELS[asked.level]
    counts = PopulationCount.objects.filter(step__exercise=OuterRef("pk"), step__retired=False, tries__gte=ENOUGH_TRIES)
    share = (
        counts.order_by()
        .values("step__exercise")
        .annotate(share=Cast(Sum("right"), FloatField()) / Cast(Sum("tries"), FloatField()))
    )
    hardness = Coalesce(Value(1.0) - Subquery(share.values("share"), output_field=FloatField()), F("difficulty"))
    return rows.annotate(hardness=hardness).filter(hardness__gte=low, hardness__lt=high)


def _with_parts(rows: list[Exercise]) -> list[Exercise]:
    """The rows with steps and concepts, in their order; two more queries."""
    steps = Step.objects.filter(retired=False).order_by("position").prefetch_related("concepts")
    order = {row.pk: place for place, row in enumerate(rows)}
    found = Exercise.objects.filter(pk__in=order).select_related("course").prefetch_related(Prefetch("steps", steps))
    return sorted(found, key=lambda row: order[row.pk])


def _with_figures(rows: list[Resource]) -> list[Resource]:
    """The rows, each with the addresses of its course's figures."""
    for row in rows:
        row.figures = catalog.figures(row.course_id, revision=row.course.revision)  # type: ignore[attr-defined]
    return rows


def _licences(courses: list[int]) -> list[str]:
    """The licences that there are, of courses and of single exercises."""
    of_courses = Course.objects.filter(pk__in=courses).exclude(licence="").values_list("licence", flat=True)
    of_exercises = Exercise.objects.filter(course__in=courses).exclude(licence="").order_by()
    return sorted({*of_courses, *of_exercises.values_list("licence", flat=True).distinct()[:50]})
