"""Who is asking: the decorators of the pages, and the signed-in person with a type."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from students.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> User:
    """The signed-in person; only for views that require one."""
    return cast(User, request.user)


def htmx(request: HttpRequest) -> HtmxDetails:
    """What htmx says about the request; false for a plain one."""
    return cast(HtmxDetails, request.htmx)  # type: ignore[attr-defined]


def wants_part(request: HttpRequest) -> bool:
    """Whether only the changing part of a page was asked for."""
    details = htmx(request)
    return bool(details) and not details.history_restore_request


def signed_in(view: View[P]) -> View[P]:
    """Only for somebody signed in. Where a part of a page was asked for, the whole page goes to sign in."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        details = htmx(request)
        if details:
            return HttpResponseClientRedirect(
                redirect_to_login(details.current_url_abs_path or resolve_url("home")).url
            )
        return login_required(view)(request, *args, **kwargs)

    return checked


def teachers_only(view: View[P]) -> View[P]:
    """Only for teachers; for everybody else there is nothing at this address."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not person(request).is_teacher:
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(checked)


def staff_only(view: View[P]) -> View[P]:
    """Only for the administration; for everybody else there is nothing at this address."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not person(request).is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(checked)
