"""The versions of an exercise: who published what and when, what differs between two, and going back to one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from content import authoring, catalog, versions
from content.models import ExerciseVersion
from tutor.views.authoring.access import authors_only, course_of, exercise_of
from tutor.views.authoring.courses import context_of
from tutor.views.people import person

MOST_SHOWN = 100


@never_cache
@require_GET
@authors_only
def history(request: HttpRequest, course_id: int, exercise_id: int) -> HttpResponseBase:
    """All versions, the newest first, and the difference between two of them."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    rows = ExerciseVersion.objects.filter(exercise=row).select_related("author").defer("content")
    made = list(rows.order_by("-number")[:MOST_SHOWN])
    numbers = [version.number for version in made]
    after = _chosen(request.GET.get("to", ""), numbers, 0)
    before = _chosen(request.GET.get("from", ""), numbers, 1)
    changes = (
        versions.changes(catalog.exercise(row.pk, before), catalog.exercise(row.pk, after)) if before and after else []
    )
    context = context_of(course, "exercises", exercise=row, versions=made, before=before, after=after, changes=changes)
    return render(request, "authoring/versions.html", context)


@require_POST
@authors_only
def restore(request: HttpRequest, course_id: int, exercise_id: int, number: int) -> HttpResponseBase:
    """Make an old version the draft."""
    course = course_of(request, course_id)
    row = exercise_of(course, exercise_id)
    get_object_or_404(ExerciseVersion, exercise=row, number=number)
    authoring.restore(row.pk, number, author_id=person(request).pk, now=timezone.now())
    messages.success(request, _("The old version is the draft now. Publish it when it is as you want it."))
    return redirect("author_exercise", course.pk, row.pk)


def _chosen(text: str, numbers: list[int], default: int) -> int:
    """The number asked for, if there is such a version; else the newest, or the one before it."""
    if text.isdecimal() and len(text) < 10 and int(text) in numbers:
        return int(text)
    return numbers[default] if default < len(numbers) else 0
