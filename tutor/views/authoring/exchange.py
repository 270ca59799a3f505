"""Courses from elsewhere and to elsewhere: a file is handed in, looked through, confirmed; a course is downloaded."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import catalog, formats
from content.formats import Item, outcomes
from content.models import Concept
from content.wording import in_words
from tutor import uploads
from tutor.models import CourseImport
from tutor.views.authoring.access import authors_only, course_of
from tutor.views.authoring.courses import PLACE, context_of
from tutor.views.authoring.forms import AddingForm, UploadForm
from tutor.views.people import person

ITEMS_PER_PAGE = 100
WORKING = {CourseImport.State.WAITING, CourseImport.State.IMPORTING}


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def hand_in(request: HttpRequest) -> HttpResponseBase:
    """Choose a file; it is looked through before anything is written."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        made = uploads.hand_in(person(request), file, now=timezone.now())
        uploads.go_on(made)
        return redirect("author_import_report", made.pk)
    context = {
        "form": form,
        "place": PLACE,
        "titles": [module.TITLE for module in formats.FORMATS.values()],
        "imports": CourseImport.objects.filter(owner=person(request)).defer("report")[:10],
    }
    return render(request, "authoring/import.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@authors_only
def report(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """What would come, or came, of a file: each item, whether it was kept, changed or dropped, and why."""
    row = _own(request, import_id)
    outcome = request.GET.get("outcome", "")
    items = [one for one in _items(row) if outcome in {"", one.outcome}]
    pages = Paginator(items, ITEMS_PER_PAGE)
    context = {
        "row": row,
        "report": row.report,
        "page": pages.get_page(request.GET.get("page")),
        "outcome": outcome,
        "working": row.state in WORKING,
        "kept_until": row.made_at + uploads.KEPT,
        "place": PLACE,
    }
    return render(request, "authoring/import_report.html", context)


@require_POST
@authors_only
def confirm(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Import what was looked through."""
    row = _own(request, import_id)
    if uploads.confirm(row.pk):
        row.refresh_from_db()
        uploads.go_on(row)
    return redirect("author_import_report", row.pk)


@never_cache
@require_GET
@authors_only
def report_csv(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The same as a table for a spreadsheet."""
    row = _own(request, import_id)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{row.pk}.csv"'
    answer.write("\ufeff")  # without it a spreadsheet takes Chinese for something else
    outcomes.write_csv(_items(row), answer, words=in_words)
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
@authors_only
def exchange(request: HttpRequest, course_id: int) -> HttpResponseBase:
    """The ways out of a course, and for the one that was chosen what it cannot say; a POST is a file to add from."""
    course = course_of(request, course_id)
    concepts = Concept.objects.filter(course=course, retired=False).order_by("position", "pk")
    form = AddingForm(request.POST or None, request.FILES or None, concepts=concepts)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = uploads.hand_in(person(request), given["file"], now=timezone.now(), adds_to=given["concept"])
        uploads.go_on(made)
        return redirect("author_import_report", made.pk)
    writable = formats.writable()
    chosen = request.GET.get("format", "")
    titles = [(name, module.TITLE) for name, module in writable.items()]
    context = context_of(course, "exchange", formats=titles, form=form, concepts=concepts)
    if chosen in writable:
        written = writable[chosen].write(catalog.course_package(course))
        context |= {"chosen": chosen, "chosen_title": writable[chosen].TITLE, "defects": written.defects}
    return render(request, "authoring/exchange.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@authors_only
def download(request: HttpRequest, course_id: int, format_name: str) -> HttpResponseBase:
    """A course as a file of a format: one file as it is, several as a zip."""
    course = course_of(request, course_id)
    module = formats.writable().get(format_name)
    if module is None:
        raise Http404
    files = module.write(catalog.course_package(course)).files
    if len(files) == 1:
        name, data = next(iter(files.items()))
        return _attachment(data, f"{course.slug}{Path(name).suffix}")
    with tempfile.TemporaryDirectory(dir=settings.DATA) as folder:
        path = Path(folder) / f"{course.slug}.zip"
        formats.save(files, path)
        return _attachment(path.read_bytes(), path.name)


def _attachment(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _own(request: HttpRequest, import_id: int) -> CourseImport:
    return get_object_or_404(CourseImport, pk=import_id, owner=person(request))


def _items(row: CourseImport) -> list[Item]:
    return [Item(**{**one, "reasons": tuple(one["reasons"])}) for one in row.report.get("items", ())]
