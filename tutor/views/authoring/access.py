"""Who may write which course. Reads: Course. To everybody else a course's authoring pages do not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from content.models import Course, Exercise
from students.models import User
from tutor.views.people import person, signed_in

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def is_administrator(user: User) -> bool:
    """Whether somebody may write every course."""
    return user.is_staff and user.has_perm("content.change_course")


def may_author(user: User) -> bool:
    """Whether somebody may write courses at all."""
    return user.is_teacher or is_administrator(user)


def courses_of(user: User) -> QuerySet[Course]:
    """The courses that somebody may write: their own, and for the administration every one."""
    return Course.objects.all() if is_administrator(user) else Course.objects.filter(authors=user)


def course_of(request: HttpRequest, course_id: int) -> Course:
    """A course that the asker may write. Raises Http404."""
    return get_object_or_404(courses_of(person(request)), pk=course_id)


def exercise_of(course: Course, exercise_id: int) -> Exercise:
    """An exercise of a course. Raises Http404."""
    rows = Exercise.objects.select_related("course", "draft_by").filter(course=course)
    return get_object_or_404(rows, pk=exercise_id)


def authors_only(view: View[P]) -> View[P]:
    """Only for teachers and the administration."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_author(person(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(checked)
