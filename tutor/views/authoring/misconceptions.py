"""The misconceptions of a course, with what each does to a formula, tried on one."""

from django.contrib import messages
from django.db.models import Count
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import authoring, mathematics, package, rewriting
from content.mathematics import Unreadable
from content.models import Concept, Course, Misconception
from tutor import feedback
from tutor.views.authoring.access import authors_only, course_of
from tutor.views.authoring.courses import context_of
from tutor.views.authoring.forms import MisconceptionForm, RewritingForm
from tutor.views.people import wants_part

Rewritings = formset_factory(RewritingForm, extra=1)


@never_cache
@require_GET
@authors_only
def misconceptions(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """All of them, with how many wrong answers each explains."""
    found = course_of(request, course_id)
    rows = Misconception.objects.filter(course=found).annotate(uses=Count("wrong_answers")).order_by("title", "pk")
    return render(request, "authoring/misconceptions.html", context_of(found, "misconceptions", misconceptions=rows))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def new_misconception(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """A new one."""
    found = course_of(request, course_id)
    return _edit(request, found, Misconception(course=found))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def misconception(request: HttpRequest, course_id: int, misconception_id: int) -> HttpResponseBase:
    """One of them."""
    found = course_of(request, course_id)
    return _edit(request, found, get_object_or_404(Misconception, course=found, pk=misconception_id))


@require_POST
@authors_only
def try_rewritings(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """What the rules in the form make of a formula."""
    course = course_of(request, course_id)
    rewritings = Rewritings(request.POST, prefix="rewritings")
    formula = request.POST.get("formula", "").strip()[:500]
    tried = _tried(formula, rewritings)
    if wants_part(request):
        return render(request, "authoring/_tried_rewriting.html", {"tried": tried})
    concepts = Concept.objects.filter(course=course, retired=False).order_by("position", "pk")
    form = MisconceptionForm(request.POST, instance=Misconception(course=course), concepts=concepts)
    context = context_of(
        course, "misconceptions", form=form, rewritings=rewritings, misconception=form.instance, tried=tried
    )
    return render(request, "authoring/misconception.html", context)


def _tried(formula: str, rewritings: BaseFormSet[RewritingForm]) -> dict[str, str]:
    """A formula before and after, as LaTeX; or what is wrong with it or with the rules."""
    if not rewritings.is_valid():
        of_rules = [message for form in rewritings for about in form.errors.values() for message in about]
        return {"formula": formula, "problem": str([*of_rules, *rewritings.non_form_errors()][0])}
    if not formula:
        return {"formula": formula, "problem": _("Write a formula to try the rules on.")}
    rules = [one for one in rewritings.cleaned_data if one.get("before")]
    made = [package.Rewriting(before=rule["before"], after=rule["after"]) for rule in rules]
    try:
        before = mathematics.parse(formula)
        after = rewriting.rewrite(formula, made)
    except Unreadable as problem:
        return {"formula": formula, "problem": feedback.unreadable_sentence(problem)}
    if after is None:
        return {"formula": formula, "problem": _("No rule fits this formula.")}
    return {"formula": formula, "before": mathematics.latex(before), "latex": mathematics.latex(after)}


def _edit(request: HttpRequest, course: Course, row: Misconception) -> HttpResponseBase:
    concepts = Concept.objects.filter(course=course, retired=False).order_by("position", "pk")
    form = MisconceptionForm(request.POST or None, instance=row, concepts=concepts)
    known = [{"before": before, "after": after} for before, after in row.rewritings]
    rewritings = Rewritings(request.POST or None, initial=known, prefix="rewritings")
    if request.method == "POST" and form.is_valid() and rewritings.is_valid():
        made = form.save(commit=False)
        made.rewritings = [[one["before"], one["after"]] for one in rewritings.cleaned_data if one.get("before")]
        saved = authoring.save_misconception(made, form.cleaned_data["concepts"])
        messages.success(request, _("Saved."))
        return redirect("author_misconception", course.pk, saved.pk)
    context = context_of(course, "misconceptions", form=form, rewritings=rewritings, misconception=row)
    return render(request, "authoring/misconception.html", context, status=422 if form.is_bound else 200)
