"""The start page: what to do next and why, what is due, how it goes, what else there is. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from content.models import Course
from students import evidence, writings
from students.models import Attempt, Classroom, User
from tutor import turns
from tutor.views import overview
from tutor.views.people import person, signed_in

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A course that the student takes, and how it stands."""

    course: Course
    tally: overview.Tally
    ahead: tuple[overview.Row, ...]


@never_cache
@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponseBase:
    """One next thing, then everything quieter."""
    user, now = person(request), timezone.now()
    taken = taken_by(user, now=now)
    in_hand = turns.current(user, taken[0].course) if taken else None
    context = {
        "place": "home",
        "taken": taken,
        "first": taken[0] if taken else None,
        "in_hand": in_hand if in_hand and in_hand.is_open else None,
        "corrected": evidence.corrected_lately(user.pk, now=now),
        "waiting": writings.waiting_of(user.pk),
        "judged": writings.judged_lately(user.pk, now=now),
        "right_from": writings.RIGHT_FROM,
        "week": _week(user, now=now),
        "others": _others([one.course for one in taken]),
        "classes": Classroom.objects.filter(enrolments__student=user).select_related("course"),
        "teaches": user.is_teacher and Classroom.objects.filter(teachers=user).exists(),
    }
    return render(request, "home/home.html", context)


def courses_of(user: User) -> list[Course]:
    """The courses that somebody practises or has in a class, the one practised last first."""
    return list(
        Course.objects.filter(Q(sessions__student=user) | Q(classrooms__enrolments__student=user), published=True)
        .annotate(last=Max("sessions__turns__served_at", filter=Q(sessions__student=user)))
        .order_by("-last", "title")
    )


def taken_by(user: User, *, now: datetime) -> list[Taken]:
    """The courses of somebody with how each stands."""
    stand = [(course, overview.rows_of(user.pk, course, now=now)) for course in courses_of(user)]
    return [Taken(course=course, tally=overview.tally(rows), ahead=overview.ahead(rows)) for course, rows in stand]


def _week(user: User, *, now: datetime) -> dict[str, Any]:
    """Answers of the last seven days, and of each day with some, the latest first."""
    recent = Attempt.objects.judged().filter(student=user, created_at__gte=now - WEEK)
    by_day = recent.order_by().values(day=TruncDate("created_at")).order_by("-day")
    days = list(by_day.annotate(answers=Count("pk"), right=Count("pk", filter=Q(verdict=True))))
    return {"days": days, "answers": sum(one["answers"] for one in days)}


def _others(taken: list[Course]) -> list[Course]:
    """Courses to start, those in the language of the page first."""
    language = get_language()
    others = Course.objects.filter(published=True).exclude(pk__in=[course.pk for course in taken])
    return sorted(others, key=lambda course: (course.language != language, course.title))
