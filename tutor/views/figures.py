"""Pictures of courses. Reads: Figure. Only pictures leave here, whatever a course package held."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from content.models import Figure
from tutor.views.people import signed_in

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}


@require_GET
@signed_in
@cache_control(private=True, max_age=7 * 24 * 3600)
def figure(_request: HttpRequest, course_id: int, name: str) -> HttpResponseBase:
    """One picture of a course, by the name that texts use."""
    if "\0" in name:  # which the database would not even compare
        raise Http404
    found = get_object_or_404(Figure, course_id=course_id, name=name, content_type__in=PICTURES)
    try:
        with found.file.open("rb") as file:
            response = HttpResponse(file.read(), content_type=found.content_type)
    except FileNotFoundError:
        raise Http404 from None
    # An SVG opened by itself is a document: it gets no rights at all.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
