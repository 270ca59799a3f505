"""What we believe a student knows, and why: the concept map, the same as a list, and one concept with its evidence.

Reads only. The teacher's page about one student shows the very same through `tutor/views/overview`.
"""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from content import catalog
from content.models import Concept, Course
from students import evidence, writings
from tutor.views import concept_map, grounds, overview
from tutor.views.home import taken_by
from tutor.views.people import person, signed_in

TEXTS_SHOWN = 50


@never_cache
@require_GET
@signed_in
def courses(request: HttpRequest) -> HttpResponseBase:
    """The courses somebody takes; where it is only one, that one."""
    taken = taken_by(person(request), now=timezone.now())
    if len(taken) == 1:
        return redirect("course_progress", taken[0].course.slug)
    return render(request, "progress/courses.html", {"taken": taken, "place": "progress"})


@never_cache
@require_GET
@signed_in
def course(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The concept map of a course and the same as a list."""
    found = get_object_or_404(Course, slug=slug, published=True)
    now, student = timezone.now(), person(request)
    rows = overview.rows_of(student.pk, found, now=now)
    corrected = evidence.corrected_lately(student.pk, now=now)
    context = {
        "course": found,
        "groups": overview.groups_of(rows),
        "drawing": concept_map.draw(rows),
        "tally": overview.tally(rows),
        "switched_at": overview.switched_at(row.estimate for row in rows),
        "corrected": [one for one in corrected if one.attempt.step.exercise.course_id == found.pk],
        "texts": writings.of_student(student.pk).filter(step__exercise__course=found)[:TEXTS_SHOWN],
        "place": "progress",
    }
    return render(request, "progress/course.html", context)


@never_cache
@require_GET
@signed_in
def concept(request: HttpRequest, slug: str, concept_id: int) -> HttpResponseBase:
    """One concept: its state, its evidence, its memory, what comes next."""
    concepts = Concept.objects.select_related("course").filter(course__published=True, retired=False)
    found = get_object_or_404(concepts, pk=concept_id, course__slug=slug)
    now, student = timezone.now(), person(request)
    rows = {row.id: row for row in overview.rows_of(student.pk, found.course, now=now)}
    row = rows.get(found.pk)
    if row is None:
        raise Http404
    answers = evidence.on_concept(student.pk, found.pk)
    context = {
        "course": found.course,
        "concept": found,
        "row": row,
        "before": [rows[one] for one in row.requires if one in rows],
        "after": [rows[one] for one in row.unlocks if one in rows],
        "evidence": answers,
        "some_anew": any(one.corrected for one in answers),
        "grounds": grounds.of_estimate(student.pk, row.estimate, answers, voice=grounds.Voice.STUDENT, now=now),
        "figures": catalog.figures(found.course_id, revision=found.course.revision),
        "resources": found.resources.filter(retired=False).order_by("position", "pk"),
        "place": "progress",
    }
    return render(request, "progress/concept.html", context)
