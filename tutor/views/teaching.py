"""A teacher's classes: who needs them first, then students by concepts, then the answers themselves.

Writes: Classroom, when a teacher makes one. A class that is somebody else's does not exist for the asker.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from content import catalog
from content.models import Concept
from students import evidence, history, records, writings
from students.history import ClassOverview, Concern, Worry
from students.models import Classroom, Preference, User
from tutor.forms import INTERESTS, ClassroomForm
from tutor.views import grounds, overview, wrong_answers
from tutor.views.people import person, teachers_only

NAMES_FIRST = 6  # cards before the rest is folded away
STEPS_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Need:
    """A student to act on: why, in words, since when, and where to look."""

    student_id: int
    name: str
    is_simulated: bool
    reasons: tuple[str, ...]
    since: datetime
    concept_id: int | None


@never_cache
@require_http_methods(["GET", "POST"])
@teachers_only
def classes(request: HttpRequest) -> HttpResponseBase:
    """The classes of a teacher with their join codes; and a new one."""
    form = ClassroomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _make_class(form, person(request))
        messages.success(
            request, _("The class is there. Students join it with the code %(code)s.") % {"code": made.join_code}
        )
        return redirect("classroom", made.pk)
    mine = Classroom.objects.filter(teachers=person(request)).select_related("course")
    context = {"classes": mine.annotate(size=Count("enrolments")), "form": form, "place": "teaching"}
    return render(request, "teaching/classes.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@teachers_only
def classroom(request: HttpRequest, classroom_id: int) -> HttpResponseBase:
    """One class."""
    _taught(request, classroom_id)
    seen = history.class_overview(classroom_id, now=timezone.now())
    needs = needs_of(seen)
    context = {
        "classroom": seen.classroom,
        "course": seen.classroom.course,
        "seen": seen,
        "needs": needs[:NAMES_FIRST],
        "more_needs": needs[NAMES_FIRST:],
        "switched_at": overview.switched_at(held for row in seen.students for held in row.estimates.values()),
        "questions": wrong_answers.questions(history.wrong_answers(classroom_id, limit=STEPS_SHOWN)),
        "texts": writings.waiting(classroom_id).count(),
        "corrected": evidence.corrected_in_class(classroom_id, now=timezone.now()),
        "figures": _figures(seen.classroom),
        "place": "teaching",
    }
    return render(request, "teaching/classroom.html", context)


@never_cache
@require_GET
@teachers_only
def student(request: HttpRequest, classroom_id: int, student_id: int) -> HttpResponseBase:
    """One student of a class: the very numbers of the student's own pages."""
    found = _taught(request, classroom_id)
    who = get_object_or_404(User, pk=student_id, enrolments__classroom=found)
    now = timezone.now()
    rows = overview.rows_of(who.pk, found.course, now=now)
    row = None
    if chosen := request.GET.get("concept"):
        row = next((row for row in rows if str(row.id) == chosen), None)
        if row is None:
            raise Http404
    answers = evidence.on_concept(who.pk, row.id) if row else ()
    context = {
        "classroom": found,
        "course": found.course,
        "student": who,
        "groups": overview.groups_of(rows),
        "interests": _interests(who),
        "tally": overview.tally(rows),
        "switched_at": overview.switched_at(one.estimate for one in rows),
        "row": row,
        "evidence": answers,
        "some_anew": any(one.corrected for one in answers),
        "grounds": row and grounds.of_estimate(who.pk, row.estimate, answers, voice=grounds.Voice.TEACHER, now=now),
        "questions": wrong_answers.questions(
            history.wrong_answers(found.pk, concept_id=row.id if row else None, student_id=who.pk, limit=STEPS_SHOWN),
        ),
        "figures": _figures(found),
        "place": "teaching",
    }
    return render(request, "teaching/student.html", context)


@never_cache
@require_GET
@teachers_only
def concept(request: HttpRequest, classroom_id: int, concept_id: int) -> HttpResponseBase:
    """One concept in a class: how everybody stands with it, and the wrong answers."""
    found = _taught(request, classroom_id)
    what = get_object_or_404(Concept, pk=concept_id, course=found.course_id, retired=False)
    seen = history.class_overview(found.pk, now=timezone.now())
    context = {
        "classroom": found,
        "course": found.course,
        "concept": what,
        "standings": [(row, row.estimates[what.pk]) for row in seen.students],
        "questions": wrong_answers.questions(
            history.wrong_answers(found.pk, concept_id=what.pk, limit=STEPS_SHOWN),
        ),
        "figures": _figures(found),
        "place": "teaching",
    }
    return render(request, "teaching/concept.html", context)


def needs_of(seen: ClassOverview) -> list[Need]:
    """The names to act on, each once: people before simulated students, the most urgent first."""
    rows = {row.student_id: row for row in seen.students}
    titles = dict(seen.concepts)
    needs: dict[int, list[Concern]] = {}
    for concern in seen.concerns:
        needs.setdefault(concern.student_id, []).append(concern)
    found = [
        Need(
            student_id=student_id,
            name=rows[student_id].name,
            is_simulated=rows[student_id].is_simulated,
            reasons=_sentences(concerns, titles),
            since=min(concern.since for concern in concerns),
            concept_id=next((concern.concept_id for concern in concerns if concern.concept_id), None),
        )
        for student_id, concerns in needs.items()
    ]
    return sorted(found, key=lambda need: need.is_simulated)


def _sentences(concerns: Iterable[Concern], titles: dict[int, str]) -> tuple[str, ...]:
    return tuple(worry_sentence(one, titles.get(one.concept_id or 0, "").replace("$", "")) for one in concerns)


def worry_sentence(concern: Concern, title: str) -> str:
    """Why a student needs their teacher, in words."""
    figures = dict(concern.figures)
    match concern.worry:
        case Worry.FAILING:
            text = _(
                "%(wrong_in_a_row)d first tries in a row were wrong on “%(title)s”. "
                "Of all %(tries)d steps there, %(right)d were right at once."
            )
        case Worry.STUCK:
            text = _("“%(title)s” is not mastered after %(tries)d steps, %(right)d of them right at once.")
        case Worry.HINTS:
            text = _("Hints were used in %(hinted)d of the last %(tries)d answers.")
        case Worry.AWAY:
            text = _away(figures)
    return text % {**figures, "title": title}


def _away(figures: dict[str, int]) -> str:
    if not figures["attempts"]:
        return ngettext(
            "Joined %(days)d day ago and has not answered anything yet.",
            "Joined %(days)d days ago and has not answered anything yet.",
            figures["days"],
        )
    return ngettext("No answer for %(days)d day.", "No answer for %(days)d days.", figures["days"])


def _taught(request: HttpRequest, classroom_id: int) -> Classroom:
    mine = Classroom.objects.select_related("course").filter(teachers=person(request))
    return get_object_or_404(mine, pk=classroom_id)


def _interests(who: User) -> list[str]:
    """The themes that a student says they like, in words; what is no longer on offer is left out."""
    preference = Preference.objects.filter(student=who).only("interests").first()
    chosen = preference.interests if preference else []
    return [str(words) for code, words in INTERESTS if code in chosen]


def _figures(found: Classroom) -> Mapping[str, str]:
    return catalog.figures(found.course_id, revision=found.course.revision)


def _make_class(form: ClassroomForm, teacher: User) -> Classroom:
    form.instance.join_code = records.new_join_code()
    with transaction.atomic():
        made: Classroom = form.save()
        made.teachers.add(teacher)
    return made
