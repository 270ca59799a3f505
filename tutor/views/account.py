"""The signed-in person's own settings: preferences, consent, language; joining a class.

Writes: Preference, the person's name and language, Enrolment; consent through students/records.
"""

from typing import Any, cast

from allauth.account.signals import user_logged_in
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as set_language_cookie

from students import history, records
from students.models import Enrolment, Preference, User
from tutor.forms import JoinForm, PersonForm, PreferenceForm
from tutor.views.people import person, signed_in

YEAR = 365 * 24 * 3600  # seconds
LANGUAGES = {code for code, _name in settings.LANGUAGES}


@require_http_methods(["GET", "POST"])
@signed_in
def preferences(request: HttpRequest) -> HttpResponseBase:
    """What the person asks for, all on one page."""
    user = person(request)
    if request.method == "POST":  # a double click makes one row
        preference, _new = Preference.objects.get_or_create(student=user)
    else:
        preference = Preference.objects.filter(student=user).first() or Preference(student=user)
    given = history.has_consent(user.pk)
    about = PersonForm(request.POST or None, instance=user, initial={"consent": given})
    wishes = PreferenceForm(request.POST or None, instance=preference)
    if request.method == "POST" and about.is_valid() and wishes.is_valid():
        saved = about.save()
        request.session["text_size"] = wishes.save().text_size
        if about.cleaned_data["consent"] != given:  # only what was changed is a decision of one's own
            records.set_consent(user.pk, about.cleaned_data["consent"], timezone.now())
        with override(saved.language):
            messages.success(request, _("Saved."))
        return _speaking(redirect("preferences"), saved.language)
    status = 422 if request.method == "POST" else 200
    schools = Enrolment.objects.filter(student=user, classroom__consents_to_tuning=True).select_related("classroom")
    context = {"about": about, "wishes": wishes, "schools": schools, "place": "preferences"}
    return render(request, "account/preferences.html", context, status=status)


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Change the language of the pages, on this device and, for somebody signed in, wherever they sign in."""
    code = request.POST.get("language")
    if request.user.is_authenticated and code in LANGUAGES:
        User.objects.filter(pk=request.user.pk).update(language=code)
    return set_language_cookie(request)


@require_http_methods(["GET", "POST"])
@signed_in
def join(request: HttpRequest) -> HttpResponseBase:
    """Join a class by its code, which nobody finds by trying."""
    if limited := ratelimit.consume_or_429(request, action="join"):
        return cast(HttpResponseBase, limited)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        classroom = form.cleaned_data["code"]
        Enrolment.objects.get_or_create(classroom=classroom, student=person(request))
        messages.success(request, _("You are in the class “%(name)s”.") % {"name": classroom.name})
        if classroom.consents_to_tuning:
            messages.info(
                request,
                _(
                    "The school has agreed that answers of this class, without names, improve the models of this site. "
                    "You can decide otherwise for yours under Preferences."
                ),
            )
        return redirect("home")
    status = 422 if request.method == "POST" else 200
    return render(request, "account/join.html", {"form": form}, status=status)


@receiver(user_logged_in)
def speak_their_language(response: HttpResponseBase, user: User, **_kwargs: Any) -> None:
    """Somebody who signs in gets the pages in the language they chose, on any device."""
    if user.language in LANGUAGES:
        _speaking(response, user.language)


def _speaking(response: HttpResponseBase, code: str) -> HttpResponseBase:
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=YEAR, samesite="Lax")
    return response
