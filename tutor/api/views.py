"""The JSON interface of practice. Each view makes one call to tutor/turns and translates its result or exception."""

import random
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import authenticate
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions, status
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from content import catalog
from content.grading import Unreadable
from content.models import Course
from students import history
from students.models import User
from tutor import feedback, turns
from tutor.api import serializers as shapes

NOT_FOUND = {404: shapes.ProblemShape}
ACT_PROBLEMS = {**NOT_FOUND, 409: shapes.MovedShape}
ANSWER_PROBLEMS = {**ACT_PROBLEMS, 422: shapes.UnreadableShape}


class SpokenView(APIView):
    """A view that speaks the language its user has chosen, and says what tutor/turns refuses in HTTP's terms."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Sign-in and permissions first, then the language."""
        super().initial(request, *args, **kwargs)
        if language := getattr(request.user, "language", ""):
            translation.activate(language)

    def handle_exception(self, exc: Exception) -> Response:
        """Not yours: 404. Finished: no turn. Already moved: 409 and the turn as it stands. Unreadable: 422."""
        if isinstance(exc, turns.NotYours):
            return super().handle_exception(Http404())
        if isinstance(exc, turns.CourseFinished):
            return Response(shapes.NextShape({"finished": True, "turn": None}).data)
        if isinstance(exc, turns.AlreadyMoved):
            problem = {"detail": _("This step has already been dealt with. Here is how things stand.")}
            return Response({**problem, "turn": shapes.TurnShape(exc.view).data}, status=status.HTTP_409_CONFLICT)
        if isinstance(exc, Unreadable):
            problem = {"detail": feedback.unreadable_sentence(exc), "code": exc.code, "part": exc.part}
            return Response({**problem, "position": exc.position}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return super().handle_exception(exc)


class SignInByAddress(SimpleRateThrottle):
    """At most sixty sign-ins a minute from one address: a class has one address."""

    rate = "60/min"
    scope = "token-address"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Counted by address."""
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})


class SignInByName(SimpleRateThrottle):
    """At most twenty sign-ins an hour to one account, from wherever they come."""

    rate = "20/hour"
    scope = "token-name"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Counted by the name given, if there is one."""
        name = request.data.get("username") if isinstance(request.data, dict) else None
        return str(self.cache_format % {"scope": self.scope, "ident": name.lower()}) if isinstance(name, str) else None


class TokenView(SpokenView):
    """Sign-in for programs."""

    throttle_classes = (SignInByAddress, SignInByName)

    def get_permissions(self) -> list[Any]:
        """Anyone may ask for a token; only its owner may take it back."""
        return [permissions.AllowAny()] if self.request.method == "POST" else [permissions.IsAuthenticated()]

    @extend_schema(auth=[], request=shapes.TokenRequest, responses={200: shapes.TokenShape, 400: shapes.ProblemShape})
    def post(self, request: Request) -> Response:
        """Get the token of an account."""
        asked = _read(shapes.TokenRequest, request)
        user = authenticate(request._request, username=asked["username"], password=asked["password"])
        if user is None:
            raise exceptions.ValidationError({"detail": _("The name and the password do not match.")})
        token, _made = Token.objects.get_or_create(user=user)
        return Response(shapes.TokenShape({"token": token.key}).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take the token back: it is of no use any more."""
        Token.objects.filter(user=_student(request)).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class CoursesView(SpokenView):
    """The courses that can be practised."""

    @extend_schema(responses=shapes.CourseShape(many=True))
    def get(self, request: Request) -> Response:
        """All published courses."""
        return Response(shapes.CourseShape(Course.objects.filter(published=True), many=True).data)


class CurrentTurnView(SpokenView):
    """The turn in hand in one course."""

    @extend_schema(responses={200: shapes.TurnShape, **NOT_FOUND})
    def get(self, request: Request, slug: str) -> Response:
        """The turn in hand, or 404 before the first one."""
        view = turns.current(_student(request), _course(slug))
        if view is None:
            raise turns.NotYours
        return Response(shapes.TurnShape(view).data)


class NextTurnView(SpokenView):
    """Starting and going on."""

    @extend_schema(request=None, responses={200: shapes.NextShape, **NOT_FOUND})
    def post(self, request: Request, slug: str) -> Response:
        """The open turn, or the next one chosen for this student."""
        view = turns.next_turn(_student(request), _course(slug), now=timezone.now(), rng=random.SystemRandom())
        return Response(shapes.NextShape({"finished": False, "turn": view}).data)


class ProgressView(SpokenView):
    """What is believed about the student, from the same source as the pages."""

    @extend_schema(responses={200: shapes.EstimateShape(many=True), **NOT_FOUND})
    def get(self, request: Request, slug: str) -> Response:
        """One entry for each concept of the course with something to say about it, in the course's order."""
        course = _course(slug)
        estimates = history.estimates(_student(request).pk, course.pk, now=timezone.now())
        entries = [
            {"concept": concept.title, **_fields(estimates[concept.id])}
            for concept in catalog.course_map(course.pk, course.revision).concepts
            if concept.id in estimates
        ]
        return Response(shapes.EstimateShape(entries, many=True).data)


class TurnView(SpokenView):
    """One turn."""

    @extend_schema(responses={200: shapes.TurnShape, **NOT_FOUND})
    def get(self, request: Request, token: UUID) -> Response:
        """A turn of one's own, open or over."""
        return Response(shapes.TurnShape(turns.view(turn_token=token, student=_student(request))).data)


class AnswerView(SpokenView):
    """Answering."""

    @extend_schema(request=shapes.AnswerRequest, responses={200: shapes.OutcomeShape, **ANSWER_PROBLEMS})
    def post(self, request: Request, token: UUID) -> Response:
        """Answer the step in hand."""
        asked = _read(shapes.AnswerRequest, request)
        outcome = turns.submit_answer(
            turn_token=token,
            student=_student(request),
            step_key=asked["step"],
            response=asked["response"],
            submission_id=asked["submission_id"],
            now=timezone.now(),
        )
        return Response(shapes.OutcomeShape(outcome).data)


class HintView(SpokenView):
    """Hints, one at a time."""

    @extend_schema(request=shapes.HintRequest, responses={200: shapes.OutcomeShape, **ACT_PROBLEMS})
    def post(self, request: Request, token: UUID) -> Response:
        """Show one more hint of the step in hand."""
        asked = _read(shapes.HintRequest, request)
        student = _student(request)
        outcome = turns.ask_hint(turn_token=token, student=student, step_key=asked["step"], after=asked["after"])
        return Response(shapes.OutcomeShape(outcome).data)


class ScaffoldView(SpokenView):
    """The smaller questions among the hints."""

    @extend_schema(request=shapes.ScaffoldRequest, responses={200: shapes.OutcomeShape, **ANSWER_PROBLEMS})
    def post(self, request: Request, token: UUID) -> Response:
        """Answer a scaffold. It is help, not an attempt."""
        asked = _read(shapes.ScaffoldRequest, request)
        outcome = turns.answer_scaffold(
            turn_token=token,
            student=_student(request),
            step_key=asked["step"],
            hint_key=asked["hint"],
            response=asked["response"],
        )
        return Response(shapes.OutcomeShape(outcome).data)


class GiveUpView(SpokenView):
    """Seeing the worked solution."""

    @extend_schema(request=shapes.StepRequest, responses={200: shapes.OutcomeShape, **ACT_PROBLEMS})
    def post(self, request: Request, token: UUID) -> Response:
        """Give up the step in hand and see how it is done."""
        step = _read(shapes.StepRequest, request)["step"]
        outcome = turns.give_up(turn_token=token, student=_student(request), step_key=step, now=timezone.now())
        return Response(shapes.OutcomeShape(outcome).data)


class SkipView(SpokenView):
    """Not this now."""

    @extend_schema(request=None, responses={200: shapes.NextShape, **NOT_FOUND})
    def post(self, request: Request, token: UUID) -> Response:
        """Put the turn aside and get another one."""
        now, rng = timezone.now(), random.SystemRandom()
        view = turns.skip(turn_token=token, student=_student(request), now=now, rng=rng)
        return Response(shapes.NextShape({"finished": False, "turn": view}).data)


def _student(request: Request) -> User:
    return cast(User, request.user)


def _course(slug: str) -> Course:
    return get_object_or_404(Course, slug=slug, published=True)


def _read(shape: type[shapes.Shape], request: Request) -> dict[str, Any]:
    read = shape(data=request.data)
    read.is_valid(raise_exception=True)
    return cast(dict[str, Any], read.validated_data)


def _fields(estimate: history.ConceptEstimate) -> dict[str, Any]:
    names = ("concept_id", "standing", "value", "low", "high", "mastered", "tries", "last_attempt_at")
    return {name: getattr(estimate, name) for name in names}
