"""The courses somebody writes: all of them, a new one, one with its parts, its terms and its authors."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import authoring
from content.models import Concept, Course, Exercise, Figure, Misconception, Resource
from students.models import User
from tutor.views.authoring.access import authors_only, course_of, courses_of
from tutor.views.authoring.forms import LICENCES, AuthorForm, CourseForm
from tutor.views.people import person

PLACE = "authoring"  # in the main menu


def context_of(course: Course, tab: str, **more: Any) -> dict[str, Any]:
    """What every page of a course needs: the course, and which of its parts this is."""
    return {"course": course, "tab": tab, "place": PLACE, "licences": LICENCES, **more}


@never_cache
@require_GET
@authors_only
def courses(request: HttpRequest) -> HttpResponseBase:
    """The courses that the asker writes."""
    context = {"courses": _counted(courses_of(person(request))), "place": PLACE}
    return render(request, "authoring/courses.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def new_course(request: HttpRequest) -> HttpResponseBase:
    """A new course: whoever makes it is its first author."""
    form = CourseForm(request.POST or None, initial={"language": get_language()})
    if request.method == "POST" and form.is_valid():
        made = authoring.make_course(form.save(commit=False), author_id=person(request).pk)
        messages.success(request, _("The course is there. Students see it once you publish it."))
        return redirect("author_course", made.pk)
    context = {"form": form, "place": PLACE, "licences": LICENCES}
    return render(request, "authoring/new_course.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@authors_only
def course(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """One course: what is in it, and what to do next."""
    found = course_of(request, course_id)
    counted = _counted(Course.objects.filter(pk=found.pk)).get()
    return render(request, "authoring/course.html", context_of(counted, "course"))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def settings(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """A course's title, language and terms."""
    found = course_of(request, course_id)
    form = CourseForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        authoring.save_course(form.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect("author_settings", found.pk)
    context = context_of(found, "settings", form=form, authors=found.authors.all(), author_form=AuthorForm())
    return render(request, "authoring/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
@authors_only
def publish_course(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """Open a course to students, or withdraw it."""
    found = course_of(request, course_id)
    published = request.POST.get("published") == "yes"
    authoring.set_published(found, published)
    said = _("Students can take the course now.") if published else _("The course is withdrawn. No answer is lost.")
    messages.success(request, said)
    return redirect("author_course", found.pk)


@require_POST
@authors_only
def add_author(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """Let another teacher write the course too."""
    found = course_of(request, course_id)
    form = AuthorForm(request.POST)
    if form.is_valid():
        found.authors.add(form.cleaned_data["username"])
        messages.success(request, _("%(name)s writes this course too now.") % {"name": form.cleaned_data["username"]})
        return redirect("author_settings", found.pk)
    context = context_of(
        found, "settings", form=CourseForm(instance=found), authors=found.authors.all(), author_form=form
    )
    return render(request, "authoring/settings.html", context, status=422)


@require_POST
@authors_only
def remove_author(request: HttpRequest, course_id: int, author_id: int) -> HttpResponseBase:
    """Take somebody off a course's authors; the last one stays, for a course must have one."""
    found = course_of(request, course_id)
    other = get_object_or_404(User, pk=author_id, courses_authored=found)
    if found.authors.count() == 1:
        messages.warning(request, _("A course keeps at least one author. Add another one first."))
    else:
        found.authors.remove(other)
        messages.success(request, _("%(name)s is no author of this course any more.") % {"name": other})
        if other.pk == person(request).pk:
            return redirect("author_courses")
    return redirect("author_settings", found.pk)


def _counted(rows: QuerySet[Course]) -> QuerySet[Course]:
    """With how much is in each: counted one by one, for a join of all parts would multiply them."""
    exercises = Exercise.objects.filter(retired=False)
    return rows.annotate(
        exercise_count=_count(exercises),
        draft_count=_count(exercises.filter(published=False)),
        changed_count=_count(exercises.filter(published=True, draft__isnull=False)),
        concept_count=_count(Concept.objects.filter(retired=False)),
        misconception_count=_count(Misconception.objects.all()),
        resource_count=_count(Resource.objects.filter(retired=False)),
        figure_count=_count(Figure.objects.all()),
    ).order_by("title")


def _count(parts: QuerySet[Any]) -> Coalesce:
    of_course = parts.filter(course=OuterRef("pk")).order_by().values("course").annotate(many=Count("pk"))
    return Coalesce(Subquery(of_course.values("many")), 0)
