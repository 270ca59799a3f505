"""Practice: one exercise, answered step by step, in place with htmx or by plain forms and redirects."""

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, push_url

from content import grading
from content.grading import Code, Response, Unreadable
from content.models import Course
from tutor import feedback, turns
from tutor.feedback import Feedback
from tutor.turns import StepView, TurnView
from tutor.turns.shown import WORKED_EXAMPLE, concrete, find
from tutor.views import grounds, overview
from tutor.views.people import person, signed_in, wants_part

UNREADABLE = 422
MOST_DIGITS = 4  # of a number of hints; int() refuses thousands of digits by an exception


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a page adds to its turn: the answer that could not be read, the hint that has just come."""

    typed: tuple[str, ...] = ()
    unreadable: str = ""
    unreadable_place: int = 0  # which of several places it is, counted from 1
    message: Feedback | None = None  # right, but in another form: told, and not counted
    fresh_hint: int = 0
    fresh_scaffold: str = ""
    scaffold_unreadable: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return UNREADABLE if self.unreadable or self.scaffold_unreadable else 200


EMPTY = Said()


@require_POST
@signed_in
def next_exercise(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Start a course, go on with it, or go to the exercise after this one."""
    course = _course(slug)
    try:
        view = turns.next_turn(person(request), course, now=timezone.now(), rng=random.SystemRandom())
    except turns.CourseFinished:
        return _go(request, reverse("finished", args=[course.slug]))
    return _arrive(request, view)


@require_POST
@signed_in
def skip(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """«Not this now»: something else comes, and this one may come back another day."""
    try:
        view = turns.skip(turn_token=token, student=person(request), now=timezone.now(), rng=random.SystemRandom())
    except turns.CourseFinished as finished:
        return _go(request, reverse("finished", args=[finished.course.slug]))
    except turns.AlreadyMoved as moved:
        view = moved.view
    except turns.NotYours:
        raise Http404 from None
    return _arrive(request, view)


@never_cache
@require_GET
@signed_in
def practice(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """One turn, open or over."""
    return page(request, _view(request, token))


@require_POST
@signed_in
def answer(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """Check an answer to the step in hand."""
    try:
        outcome = turns.submit_answer(
            turn_token=token,
            student=person(request),
            step_key=request.POST.get("step", ""),
            response=_response(request.POST),
            submission_id=_submission(request.POST),
            now=timezone.now(),
        )
    except Unreadable as problem:
        said = Said(
            typed=_typed(request.POST),
            unreadable=feedback.unreadable_sentence(problem),
            unreadable_place=problem.place,
        )
        return page(request, _view(request, token), said)
    except turns.AlreadyMoved as moved:
        return _done(request, moved.view)
    except turns.NotYours:
        raise Http404 from None
    if not outcome.counted:
        return page(request, outcome.view, Said(typed=_typed(request.POST), message=outcome.feedback))
    return _done(request, outcome.view)


@require_POST
@signed_in
def hint(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """One more hint. The page comes back with what was typed in it, so there is no redirect even without htmx."""
    after = request.POST.get("after", "")
    if not (after.isdecimal() and len(after) <= MOST_DIGITS):
        return HttpResponse(status=400)
    try:
        outcome = turns.ask_hint(
            turn_token=token,
            student=person(request),
            step_key=request.POST.get("step", ""),
            after=int(after),
        )
    except turns.AlreadyMoved as moved:
        return _done(request, moved.view)
    except turns.NotYours:
        raise Http404 from None
    return page(request, outcome.view, Said(typed=_typed(request.POST), fresh_hint=int(after) + 1))


@require_POST
@signed_in
def scaffold(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """Check the answer to a hint's smaller question."""
    key = request.POST.get("hint", "")
    try:
        outcome = turns.answer_scaffold(
            turn_token=token,
            student=person(request),
            step_key=request.POST.get("step", ""),
            hint_key=key,
            response=_response(request.POST),
        )
    except Unreadable as problem:
        words = feedback.unreadable_sentence(problem)
        typed = {"hint": key, "typed": _typed(request.POST), "words": words}
        return page(request, _view(request, token), Said(scaffold_unreadable=typed))
    except turns.AlreadyMoved as moved:
        return _done(request, moved.view)
    except turns.NotYours:
        raise Http404 from None
    if wants_part(request):
        return page(request, outcome.view, Said(fresh_scaffold=key))
    return redirect("practice", token)


@require_POST
@signed_in
def give_up(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """«Show me how»: the worked solution, and on to the next."""
    try:
        outcome = turns.give_up(
            turn_token=token, student=person(request), step_key=request.POST.get("step", ""), now=timezone.now()
        )
    except turns.AlreadyMoved as moved:
        return _done(request, moved.view)
    except turns.NotYours:
        raise Http404 from None
    return _done(request, outcome.view)


@require_POST
@signed_in
def read_as(request: HttpRequest, token: uuid.UUID) -> HttpResponseBase:
    """How an answer is understood, while it is typed. Nothing is kept or counted."""
    try:
        turn = find(turn_token=token, student=person(request))
    except turns.NotYours:
        raise Http404 from None
    step = next((step for step in concrete(turn).steps if step.key == request.POST.get("step")), None)
    if step is None:
        raise Http404
    try:
        understood = grading.read_as(grading.parse_key(step.answer), _response(request.POST))
    except Unreadable as problem:
        return render(request, "practice/_read_as.html", {"problem": feedback.unreadable_sentence(problem)})
    context = {"understood": understood, "reads": grading.kind_of(step.answer).reads}
    return render(request, "practice/_read_as.html", context)


@require_GET
@signed_in
def finished(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What is said when there is nothing left to choose: praise only to whom it is due."""
    course = _course(slug)
    tally = overview.tally(overview.rows_of(person(request).pk, course, now=timezone.now()))
    context = {"course": course, "tally": tally, "knows_all": tally.total > 0 and tally.likely == tally.total}
    return render(request, "practice/finished.html", context)


def _course(slug: str) -> Course:
    return get_object_or_404(Course, slug=slug, published=True)


def _view(request: HttpRequest, token: uuid.UUID) -> TurnView:
    try:
        return turns.view(turn_token=token, student=person(request))
    except turns.NotYours:
        raise Http404 from None


def _response(data: QueryDict) -> Response:
    """The answer in the shape of its field: one text, or a list; in the order of their places where these are given.

    Raises Unreadable where two things have one place.
    """
    if not data.get("several"):
        return data.get("response", "")
    given, places = data.getlist("response"), data.getlist("place")
    if not places:
        return given
    if repeated := next((place for place in places if places.count(place) > 1), ""):
        raise Unreadable(Code.REPEATED, repeated)
    return [one for _, one in sorted(zip(places, given, strict=False), key=lambda pair: (len(pair[0]), pair[0]))]


def _typed(data: QueryDict) -> tuple[str, ...]:
    return tuple(data.getlist("response"))


def _submission(data: QueryDict) -> uuid.UUID:
    """The page's own id for this try; a form without one is a try of its own."""
    try:
        return uuid.UUID(data.get("submission", ""))
    except ValueError:
        return uuid.uuid4()


def _go(request: HttpRequest, address: str) -> HttpResponseBase:
    """To another page, also from within a part of one."""
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)


def _arrive(request: HttpRequest, view: TurnView) -> HttpResponseBase:
    """At another turn: in place, with its address in the browser, or by a redirect."""
    address = reverse("practice", args=[view.token])
    return push_url(page(request, view), address) if wants_part(request) else redirect(address)


def _done(request: HttpRequest, view: TurnView) -> HttpResponseBase:
    """After something was written: the part in place, or a redirect, so that reloading repeats nothing."""
    return page(request, view) if wants_part(request) else redirect("practice", view.token)


def page(request: HttpRequest, view: TurnView, said: Said = EMPTY) -> HttpResponse:
    """A turn as a page, or as the part of it that changes."""
    name = "practice/_practice.html" if wants_part(request) else "practice/page.html"
    return render(request, name, _context(request, view, said), status=said.status)


def _context(request: HttpRequest, view: TurnView, said: Said) -> dict[str, Any]:
    step = view.current
    untouched = step is None or not (step.tries or step.hints)
    latest = view.last if untouched and not said.unreadable else None
    return {
        "turn": view,
        "grounds": grounds.of_choice(person(request).pk, view, now=timezone.now()),
        "behind": [done for done in view.steps if done.state == turns.StepState.DONE],
        "latest": latest.key if latest else "",
        "typed": said.typed or _as_typed(step),
        "may_give_up": step is not None and (step.tries > 0 or (bool(step.hints) and not step.can_ask_hint)),
        "example_open": view.strategy == WORKED_EXAMPLE and untouched and view.last is None,
        "submission": uuid.uuid4(),
        "unreadable": said.unreadable,
        "unreadable_place": said.unreadable_place,
        "message": said.message,
        "marks": _marks(step) if said == EMPTY else {},
        "fresh_hint": said.fresh_hint,
        "fresh_scaffold": said.fresh_scaffold,
        "scaffold_unreadable": said.scaffold_unreadable,
    }


def _marks(step: StepView | None) -> dict[int, str]:
    """Which places of the last answer are right and which are to be looked at again, by place from 0."""
    if step is None or step.feedback is None or step.field is None or not step.feedback.looked_at:
        return {}
    wrong = step.feedback.wrong_places
    return {each.place: "again" if each.number in wrong else "right" for each in step.field.inputs}


def _as_typed(step: StepView | None) -> tuple[str, ...]:
    """The answer given last stays in the field, to be mended rather than typed again."""
    if step is None or not step.response:
        return ()
    return (step.response,) if isinstance(step.response, str) else tuple(step.response)
