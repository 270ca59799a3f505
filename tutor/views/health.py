"""Whether the site is well, for machines; and the yardstick page of load_test."""

from django.contrib.auth.decorators import login_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from content.models import Course
from training import machinery


def healthz(_request: HttpRequest) -> JsonResponse:
    """The state of database, queue and models; 200 as long as pages can be served."""
    try:
        return JsonResponse(machinery.state())
    except OperationalError:
        return JsonResponse({"database": "down"}, status=503)


@login_required
def yardstick(request: HttpRequest) -> HttpResponse:
    """A page that only reads one row: what load_test measures the others against."""
    return render(request, "yardstick.html", {"course": Course.objects.order_by("id").first()})
