"""The concepts of a course, with their graph drawn and edited: by lists and by dragging from one to the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import authoring, catalog, package
from content.models import Concept, Course
from tutor.views import concept_map
from tutor.views.authoring.access import authors_only, course_of
from tutor.views.authoring.courses import context_of
from tutor.views.authoring.forms import ConceptForm, RuleForm
from tutor.views.people import wants_part

Rules = formset_factory(RuleForm, extra=1)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A line of the graph: `concept` builds on `requires`."""

    concept_id: int
    concept: str
    requires_id: int
    requires: str


@never_cache
@require_GET
@authors_only
def concepts(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """All concepts in their order, the map, and its edges."""
    return _page(request, course_of(request, course_id))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def new_concept(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """A new concept."""
    found = course_of(request, course_id)
    return _edit(request, found, Concept(course=found))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def concept(request: HttpRequest, course_id: int, concept_id: int) -> HttpResponseBase:
    """One concept: its texts, its rules, what it builds on."""
    found = course_of(request, course_id)
    return _edit(request, found, _concept(found, concept_id))


@require_POST
@authors_only
def link(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """Add a prerequisite; a circle is refused, and shown by its titles."""
    found = course_of(request, course_id)
    one, needed = _pair(found, request.POST)
    try:
        authoring.link(one, needed)
    except authoring.Circular as circle:
        path = " → ".join(circle.titles)
        said = _("That would run in a circle, so nothing was changed: %(path)s") % {"path": path}
        return _page(request, found, refused=said)
    return _back(request, found, _id(request.POST, "then"))


@require_POST
@authors_only
def unlink(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """Take a prerequisite away."""
    found = course_of(request, course_id)
    authoring.unlink(*_pair(found, request.POST))
    return _back(request, found, _id(request.POST, "then"))


@require_POST
@authors_only
def move_concept(request: HttpRequest, course_id: int, concept_id: int) -> HttpResponseBase:
    """One place up or down in the teaching order."""
    found = course_of(request, course_id)
    authoring.move_concept(_concept(found, concept_id), -1 if request.POST.get("to") == "up" else 1)
    return _back(request, found, 0)


@require_POST
@authors_only
def retire_concept(request: HttpRequest, course_id: int, concept_id: int) -> HttpResponseBase:
    """Take a concept out, unless exercises practise it."""
    found = course_of(request, course_id)
    try:
        authoring.retire_concept(_concept(found, concept_id))
    except authoring.InUse as used:
        said = ngettext(
            "%(count)d step practises it, so it stays. Move that exercise to another concept first.",
            "%(count)d steps practise it, so it stays. Move those exercises to another concept first.",
            used.steps,
        )
        messages.warning(request, said % {"count": used.steps})
        return redirect("author_concept", found.pk, concept_id)
    messages.success(request, _("The concept is out of the course. What students answered stays."))
    return redirect("author_concepts", found.pk)


def _edit(request: HttpRequest, course: Course, row: Concept) -> HttpResponseBase:
    form = ConceptForm(request.POST or None, instance=row)
    known = row.rules.order_by("position").values("key", "statement", "when", "example") if row.pk else ()
    rules = Rules(request.POST or None, initial=list(known), prefix="rules")
    if request.method == "POST" and form.is_valid() and rules.is_valid():
        saved = authoring.save_concept(form.save(commit=False), _stated(rules.cleaned_data))
        messages.success(request, _("Saved."))
        return redirect("author_concept", course.pk, saved.pk)
    others = list(_live(course).exclude(pk=row.pk).only("pk", "title"))
    before = list(row.requires.filter(retired=False).order_by("position")) if row.pk else []
    chosen = {one.pk for one in before}
    context = context_of(
        course,
        "concepts",
        form=form,
        rules=rules,
        concept=row,
        before=before,
        others=[one for one in others if one.pk not in chosen],
        figures=catalog.figures(course.pk, revision=course.revision),
    )
    return render(request, "authoring/concept.html", context, status=422 if form.is_bound else 200)


def _stated(given: Iterable[dict[str, str]]) -> list[package.Rule]:
    return [
        package.Rule(key=rule["key"], statement=rule["statement"], when=rule["when"], example=rule["example"])
        for rule in given
        if rule.get("statement")
    ]


def _page(request: HttpRequest, course: Course, *, refused: str = "") -> HttpResponseBase:
    """The page, or the part of it that a change of the graph changes."""
    course.refresh_from_db(fields=["revision"])
    entries = catalog.course_map(course.pk, course.revision).concepts
    titles = {entry.id: entry.title for entry in entries}
    edges = [
        Edge(concept_id=entry.id, concept=entry.title, requires_id=needed, requires=titles[needed])
        for entry in entries
        for needed in entry.requires
        if needed in titles
    ]
    context = context_of(
        course,
        "concepts",
        concepts=entries,
        drawing=concept_map.draw(entries),
        edges=edges,
        refused=refused,
        kept=tuple(_id(request.POST, name) for name in ("concept", "requires")),
    )
    name = "authoring/_graph.html" if wants_part(request) else "authoring/concepts.html"
    return render(request, name, context, status=422 if refused else 200)


def _back(request: HttpRequest, course: Course, then: int) -> HttpResponseBase:
    if wants_part(request):
        return _page(request, course)
    if then:
        return redirect("author_concept", course.pk, then)
    return redirect("author_concepts", course.pk)


def _live(course: Course) -> QuerySet[Concept]:
    return Concept.objects.filter(course=course, retired=False).order_by("position", "pk")


def _concept(course: Course, concept_id: int) -> Concept:
    return get_object_or_404(Concept, course=course, pk=concept_id, retired=False)


def _pair(course: Course, data: QueryDict) -> tuple[Concept, Concept]:
    """The two concepts that a form names."""
    return _concept(course, _id(data, "concept")), _concept(course, _id(data, "requires"))


def _id(data: QueryDict, name: str) -> int:
    """An id that a form gives; 0, which nothing has, for anything else."""
    given = data.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0
