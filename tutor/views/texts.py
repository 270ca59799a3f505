"""Texts that students handed in, for the teachers of their class: what waits, and one text with its judgement."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from content import catalog
from content.variants import VariantProblem
from students import writings
from students.models import Classroom
from tutor.turns.keys import step_of
from tutor.views.people import person, teachers_only

LISTED = 200


class AssessmentForm(forms.Form):
    """Points out of ten, and what to say."""

    points = forms.FloatField(label=gettext_lazy("Points, from 0 to 10"), min_value=0, max_value=10)
    comment = forms.CharField(
        label=gettext_lazy("Comment for the student"), required=False, max_length=5000, widget=forms.Textarea
    )


@never_cache
@require_GET
@teachers_only
def texts_to_grade(request: HttpRequest, classroom_id: int) -> HttpResponseBase:
    """What waits, oldest first."""
    found = _taught(request, classroom_id)
    context = {"classroom": found, "texts": writings.waiting(found.pk)[:LISTED], "place": "teaching"}
    return render(request, "teaching/texts.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@teachers_only
def grade_text(request: HttpRequest, classroom_id: int, writing_id: int) -> HttpResponseBase:
    """One text with what was asked, and its judgement; then the next one that waits."""
    found = _taught(request, classroom_id)
    writing = get_object_or_404(writings.of_class(found.pk).distinct(), pk=writing_id)
    last = writing.assessments.select_related("made_by").first()
    given = {"points": last.score * 10, "comment": last.comment} if last else {}
    form = AssessmentForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        seen = request.POST.get("seen", "")
        try:
            writings.assess(
                writing,
                score=form.cleaned_data["points"] / 10,
                comment=form.cleaned_data["comment"].strip(),
                by=person(request),
                now=timezone.now(),
                seen=int(seen) if seen.isdecimal() and len(seen) < 19 else None,
            )
        except writings.JudgedMeanwhile:
            messages.warning(request, _("Somebody graded this text meanwhile. Here is what was said."))
            return redirect("grade_text", found.pk, writing.pk)
        messages.success(request, _("Saved. The student sees it on the start page."))
        following = writings.waiting(found.pk).first()
        return redirect("grade_text", found.pk, following.pk) if following else redirect("texts_to_grade", found.pk)
    try:
        concrete = catalog.variant(writing.step.exercise_id, writing.revision, writing.seed, writing.theme)
        asked = step_of(concrete, writing.step.key)
    except VariantProblem:
        concrete, asked = None, None
    context = {
        "classroom": found,
        "course": found.course,
        "writing": writing,
        "exercise": concrete,
        "asked": asked,
        "last": last,
        "form": form,
        "right_from": writings.RIGHT_FROM,
        "figures": catalog.figures(found.course_id, revision=found.course.revision),
        "place": "teaching",
    }
    return render(request, "teaching/text.html", context, status=422 if form.is_bound else 200)


def _taught(request: HttpRequest, classroom_id: int) -> Classroom:
    mine = Classroom.objects.select_related("course").filter(teachers=person(request))
    return get_object_or_404(mine, pk=classroom_id)
