"""Every component in every state, for those who build the pages. Staff only."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from students.history import Switch
from tutor.forms import JoinForm
from tutor.views import practice, samples
from tutor.views.people import staff_only

UNREADABLE = practice.Said(typed=("2x+*3",), unreadable="“*3” could not be read: a number or name is missing before *.")
COLOURS = ("surface", "raised", "sunken", "line", "edge", "ink", "muted", "accent", "accent-soft")
MEANINGS = (
    "good",
    "good-soft",
    "warn",
    "warn-soft",
    "bad",
    "bad-soft",
    "focus",
    "ramp-1",
    "ramp-2",
    "ramp-3",
    "ramp-4",
)


@require_GET
@staff_only
def styleguide(request: HttpRequest) -> HttpResponseBase:
    """Colours, type, buttons, forms, notes, standings; and links to practice in each of its states."""
    messages.success(request, "A message after something was saved.")
    form = JoinForm({"code": ""})
    form.is_valid()
    context = {
        "colours": COLOURS + MEANINGS,
        "states": [*samples.STATES, "unreadable"],
        "sample_formula": samples.LONG,
        "form": JoinForm(auto_id="plain-%s"),
        "refused": form,
        "grounds": samples.GROUNDS,
        "switch": Switch(at=timezone.now(), before=0.62, after=0.74),
        "estimates": [(0.91, 0.8, 0.96), (0.55, 0.3, 0.75), (0.1, 0.0, 0.4)],
    }
    return render(request, "styleguide/styleguide.html", context)


@require_GET
@staff_only
def practice_state(request: HttpRequest, state: str) -> HttpResponseBase:
    """The practice page in one state, with a made-up turn."""
    if state == "unreadable":
        return practice.page(request, samples.TURN, UNREADABLE)
    if state not in samples.STATES:
        raise Http404
    return practice.page(request, samples.STATES[state])
