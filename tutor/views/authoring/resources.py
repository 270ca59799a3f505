"""What else a course has to learn from: readings, videos, interactive pages, games, worked examples; and pictures."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import authoring, catalog
from content.models import Concept, Course, Figure, Resource
from tutor.views.authoring.access import authors_only, course_of
from tutor.views.authoring.courses import context_of
from tutor.views.authoring.forms import FigureForm, ResourceForm


@never_cache
@require_GET
@authors_only
def resources(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """All resources of a course, those taken out last."""
    found = course_of(request, course_id)
    rows = Resource.objects.filter(course=found).prefetch_related("concepts").order_by("retired", "position", "pk")
    return render(request, "authoring/resources.html", context_of(found, "resources", resources=rows))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def new_resource(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """A new resource."""
    found = course_of(request, course_id)
    return _edit(request, found, Resource(course=found))


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def resource(request: HttpRequest, course_id: int, resource_id: int) -> HttpResponseBase:
    """One resource."""
    found = course_of(request, course_id)
    return _edit(request, found, get_object_or_404(Resource, course=found, pk=resource_id))


@require_POST
@authors_only
def retire_resource(request: HttpRequest, course_id: int, resource_id: int) -> HttpResponseBase:
    """Take a resource out, or bring it back."""
    found = course_of(request, course_id)
    row = get_object_or_404(Resource, course=found, pk=resource_id)
    authoring.retire_resource(row, retired=request.POST.get("retired") == "yes")
    return redirect("author_resources", found.pk)


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def figures(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """The pictures of a course, and how texts show them."""
    found = course_of(request, course_id)
    form = FigureForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        authoring.save_figure(found.pk, file.name, file.read())
        messages.success(request, _("The picture is there."))
        return redirect("author_figures", found.pk)
    addresses = catalog.figures(found.pk)
    rows = [(row, addresses.get(row.name, "")) for row in Figure.objects.filter(course=found).order_by("name")]
    context = context_of(found, "figures", figures=rows, form=form)
    return render(request, "authoring/figures.html", context, status=422 if form.is_bound else 200)


@require_POST
@authors_only
def delete_figure(request: HttpRequest, course_id: int, figure_id: int) -> HttpResponseBase:
    """Take a picture away."""
    found = course_of(request, course_id)
    figure = Figure.objects.filter(course=found, pk=figure_id).first()
    if figure:  # of a double click, the second finds it gone
        authoring.delete_figure(figure)
    messages.success(request, _("The picture is gone. Texts that showed it show its description now."))
    return redirect("author_figures", found.pk)


def _edit(request: HttpRequest, course: Course, row: Resource) -> HttpResponseBase:
    concepts = Concept.objects.filter(course=course, retired=False).order_by("position", "pk")
    form = ResourceForm(request.POST or None, instance=row, concepts=concepts)
    if request.method == "POST" and form.is_valid():
        saved = authoring.save_resource(form.save(commit=False), form.cleaned_data["concepts"])
        messages.success(request, _("Saved."))
        return redirect("author_resource", course.pk, saved.pk)
    context = context_of(
        course,
        "resources",
        form=form,
        resource=row,
        figures=catalog.figures(course.pk, revision=course.revision),
    )
    return render(request, "authoring/resource.html", context, status=422 if form.is_bound else 200)
