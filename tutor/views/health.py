"""Whether the site is well, for machines; and the yardstick page of load_test."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from content.models import Course
from training import machinery


def healthz(_request: HttpRequest) -> JsonResponse:
    """The state of database, queue and models; 200 as long as pages can be served."""
    state = machinery.state()
    return JsonResponse(state, status=200 if state["database"] else 503)


@login_required
def yardstick(request: HttpRequest) -> HttpResponse:
    """A page that only reads one row: what load_test measures the others against."""
    return render(request, "yardstick.html", {"course": Course.objects.order_by("id").first()})
