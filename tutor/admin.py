"""The administration of practice: what was served, by which policy and model, and what came of it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from students.admin import RecordAdmin
from tutor.models import CourseImport, Session, Turn, TurnAttempt


class SimulatedFilter(admin.SimpleListFilter):
    """Real or simulated students."""

    title = _("students")
    parameter_name = "simulated"
    path = "student__is_simulated"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Two kinds."""
        return [("no", _("real")), ("yes", _("simulated"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of the kind chosen, or all."""
        return queryset if self.value() is None else queryset.filter(**{self.path: self.value() == "yes"})


class SimulatedTurnFilter(SimulatedFilter):
    """The same for turns."""

    path = "session__student__is_simulated"


@admin.register(Session)
class SessionAdmin(RecordAdmin):
    """Sittings."""

    list_display = ("student", "course", "started_at", "ended_at", "turn_count")
    list_filter = ("course", SimulatedFilter, "started_at")
    list_select_related = ("student", "course")
    search_fields = ("student__username", "student__display_name")
    date_hierarchy = "started_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """With the number of turns."""
        return Session.objects.annotate(turn_count=Count("turns"))

    @admin.display(description=_("turns"), ordering="turn_count")
    def turn_count(self, session: Any) -> int:
        """How many turns the sitting had."""
        return int(session.turn_count)


class TurnAttemptInline(admin.TabularInline[TurnAttempt, Turn]):
    """The attempts of a turn."""

    model = TurnAttempt
    extra = 0
    can_delete = False
    fields = ("attempt", "response", "correct", "feedback")
    readonly_fields = fields

    @admin.display(description=_("response"))
    def response(self, made: TurnAttempt) -> str:
        """What was answered."""
        return str(made.attempt.response)

    @admin.display(description=_("correct"), boolean=True)
    def correct(self, made: TurnAttempt) -> bool:
        """Whether it was right."""
        return made.attempt.correct

    def get_queryset(self, request: HttpRequest) -> QuerySet[TurnAttempt]:
        """With the attempt rows."""
        return TurnAttempt.objects.select_related("attempt")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds to the record by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites the record."""
        return False


@admin.register(Turn)
class TurnAdmin(RecordAdmin):
    """Turns: the choice with its reason and propensity, and how it went."""

    list_display = (
        "served_at",
        "student",
        "exercise",
        "concept",
        "strategy",
        "state",
        "probability",
        "propensity",
        "explored",
        "version",
        "policy",
    )
    list_filter = ("state", "strategy", "explored", "version", "policy", "session__course", SimulatedTurnFilter)
    list_select_related = ("session__student", "exercise", "concept", "version")
    search_fields = ("session__student__username", "exercise__key", "concept__key")
    date_hierarchy = "served_at"
    inlines = (TurnAttemptInline,)

    @admin.display(description=_("student"), ordering="session__student__username")
    def student(self, turn: Turn) -> str:
        """Whose turn it was."""
        return str(turn.session.student)


@admin.register(TurnAttempt)
class TurnAttemptAdmin(RecordAdmin):
    """Attempts made in turns, with what the student was shown."""

    list_display = ("made_at", "student", "step", "response", "correct", "reason", "turn")
    list_filter = ("attempt__correct", "turn__strategy", "turn__version", "turn__session__course")
    list_select_related = ("turn__session__student", "turn__session__course", "turn__exercise", "attempt__step")
    search_fields = ("turn__session__student__username", "attempt__step__key")
    ordering = ("-id",)

    @admin.display(description=_("time"), ordering="attempt__created_at")
    def made_at(self, made: TurnAttempt) -> Any:
        """When it was answered."""
        return made.attempt.created_at

    @admin.display(description=_("student"))
    def student(self, made: TurnAttempt) -> str:
        """Who answered."""
        return str(made.turn.session.student)

    @admin.display(description=_("step"))
    def step(self, made: TurnAttempt) -> str:
        """What was answered."""
        return str(made.attempt.step)

    @admin.display(description=_("response"))
    def response(self, made: TurnAttempt) -> str:
        """What the answer was."""
        return str(made.attempt.response)

    @admin.display(description=_("correct"), boolean=True)
    def correct(self, made: TurnAttempt) -> bool:
        """Whether it was right."""
        return made.attempt.correct

    @admin.display(description=_("reason"))
    def reason(self, made: TurnAttempt) -> str:
        """The grader's reason."""
        return str(made.feedback["reason"])


@admin.register(CourseImport)
class CourseImportAdmin(RecordAdmin):
    """Course files that were handed in."""

    list_display = ("name", "owner", "state", "course", "made_at")
    list_filter = ("state", "made_at")
    list_select_related = ("owner", "course")
    search_fields = ("name", "=owner__username", "course__title")
    fields = ("name", "owner", "state", "problem", "course", "adds_to", "made_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CourseImport]:
        """Without the reports, which may be long and have a page of their own."""
        return CourseImport.objects.defer("report")
