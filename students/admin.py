"""Students in the administration: accounts, classes, and the record, which can be read but not rewritten."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Exists, ManyToManyField, OuterRef, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from students import records
from students.models import (
    Assessment,
    Attempt,
    Classroom,
    ConceptState,
    Consent,
    Correction,
    Enrolment,
    PopulationCount,
    Preference,
    Regrading,
    User,
    Writing,
)


class RecordAdmin(admin.ModelAdmin[Any]):
    """Rows that the site writes and people only read."""

    show_full_result_count = False  # counting millions of rows twice tells nothing

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds to the record by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites the record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record goes only with its student: not from its own pages."""
        match = request.resolver_match
        own_page = match is None or (match.url_name or "").startswith(f"{self.opts.app_label}_{self.opts.model_name}_")
        return not own_page and super().has_delete_permission(request, obj)


class PreferenceInline(admin.StackedInline[Preference, User]):
    """What the student asked for, on their account's page."""

    model = Preference
    can_delete = False


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """Everybody who signs in."""

    list_display = ("username", "display_name", "email", "is_teacher", "is_staff", "is_simulated", "last_login")
    list_filter = ("is_teacher", "is_staff", "is_active", "is_simulated", "enrolments__classroom")
    search_fields = ("username", "display_name", "email", "first_name", "last_name")
    show_full_result_count = False
    actions = ("make_teacher", "make_no_teacher")
    inlines = (PreferenceInline,)
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (_("In this school"), {"fields": ("display_name", "language", "is_teacher", "is_simulated")}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Preferences can be set once there is an account."""
        return self.inlines if obj else ()

    @admin.action(description=_("Make teacher"), permissions=["change"])
    def make_teacher(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The accounts chosen may teach classes from now on."""
        self._set_teacher(request, queryset, is_teacher=True)

    @admin.action(description=_("Make no teacher any more"), permissions=["change"])
    def make_no_teacher(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The accounts chosen see no class any more; the classes keep them, should they return."""
        self._set_teacher(request, queryset, is_teacher=False)

    def _set_teacher(self, request: HttpRequest, queryset: QuerySet[User], *, is_teacher: bool) -> None:
        changed = list(queryset.exclude(is_teacher=is_teacher))
        for user in changed:
            user.is_teacher = is_teacher
            self.log_change(request, user, [{"changed": {"fields": ["is_teacher"]}}])
        User.objects.bulk_update(changed, ["is_teacher"])
        text = ngettext("%(count)d account was changed.", "%(count)d accounts were changed.", len(changed))
        self.message_user(request, text % {"count": len(changed)}, messages.SUCCESS)


class EnrolmentInline(admin.TabularInline[Enrolment, Classroom]):
    """The students of a class, on its page."""

    model = Enrolment
    raw_id_fields = ("student",)
    readonly_fields = ("joined_at",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrolment]:
        """With the students' names at hand."""
        return super().get_queryset(request).select_related("student", "classroom").order_by("student__username")


@admin.register(Classroom)
class ClassroomAdmin(admin.ModelAdmin[Classroom]):
    """Classes, who teaches them and who is in them."""

    list_display = ("name", "course", "taught_by", "size", "join_code", "consents_to_tuning", "is_simulated")
    list_filter = ("course", "consents_to_tuning", "is_simulated")
    search_fields = ("name", "join_code", "teachers__username", "teachers__display_name")
    list_select_related = ("course",)
    autocomplete_fields = ("teachers",)
    inlines = (EnrolmentInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Classroom]:
        """With teachers and sizes, in two queries."""
        classes = super().get_queryset(request).prefetch_related("teachers")
        return classes.annotate(students=Count("enrolments", distinct=True))

    @admin.display(description=_("teachers"))
    def taught_by(self, classroom: Classroom) -> str:
        """The names of its teachers."""
        return ", ".join(str(teacher) for teacher in classroom.teachers.all())

    @admin.display(description=_("students"), ordering="students")
    def size(self, classroom: Classroom) -> int:
        """How many students it has."""
        return int(getattr(classroom, "students", 0))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new class comes with a code of its own."""
        return {**super().get_changeform_initial_data(request), "join_code": records.new_join_code()}

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """Only teachers teach."""
        if db_field.name == "teachers":
            kwargs["queryset"] = User.objects.filter(is_teacher=True)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Enrolment)
class EnrolmentAdmin(admin.ModelAdmin[Enrolment]):
    """Who is in which class."""

    list_display = ("student", "classroom", "joined_at")
    list_filter = ("classroom",)
    list_select_related = ("student", "classroom")
    search_fields = ("student__username", "student__display_name", "classroom__name")
    raw_id_fields = ("student", "classroom")
    date_hierarchy = "joined_at"


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    """What students allowed, and when."""

    list_display = ("student", "purpose", "given", "decided_at")
    list_filter = ("purpose", "given")
    list_select_related = ("student",)
    search_fields = ("student__username", "student__display_name")
    date_hierarchy = "decided_at"


@admin.register(Preference)
class PreferenceAdmin(admin.ModelAdmin[Preference]):
    """What students asked for."""

    list_display = ("student", "order", "help", "pace", "text_size")
    list_filter = ("order", "help", "form", "pace", "text_size")
    list_select_related = ("student",)
    search_fields = ("student__username", "student__display_name")
    raw_id_fields = ("student",)


@admin.register(Attempt)
class AttemptAdmin(RecordAdmin):
    """Every try at a step."""

    list_display = ("created_at", "student", "step", "exercise", "correct", "try_number", "hints_used", "seconds")
    list_filter = ("correct", "source", "is_simulated", "created_at", "step__exercise__course")
    list_select_related = ("student", "step__exercise")
    search_fields = ("=student__username", "=step__key", "=step__exercise__key", "submission_id")
    search_help_text = _("A user name, or the key of a step or exercise, as a whole.")
    ordering = ("-created_at", "-id")

    @admin.display(description=_("exercise"))
    def exercise(self, attempt: Attempt) -> str:
        """What the step belongs to."""
        return str(attempt.step.exercise)


@admin.register(ConceptState)
class ConceptStateAdmin(RecordAdmin):
    """What is believed of each student and concept."""

    list_display = ("student", "concept", "mastery", "interval", "source", "version", "tries", "right", "mastered_at")
    list_filter = ("source", "student__is_simulated", "concept__course")
    list_select_related = ("student", "concept")
    search_fields = ("=student__username", "concept__title", "=concept__key")
    ordering = ("-last_attempt_at", "-id")

    @admin.display(description=_("mastery"), ordering="value")
    def mastery(self, state: ConceptState) -> str:
        """As it was when it was last estimated."""
        return f"{state.value:.2f}"

    @admin.display(description=_("interval (80 %)"))
    def interval(self, state: ConceptState) -> str:
        """Its two ends."""
        return f"{state.low:.2f} – {state.high:.2f}"


class CountOfFilter(admin.SimpleListFilter):
    """Counts of steps, or of concepts."""

    title = _("counted")
    parameter_name = "counted"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """The two kinds."""
        return [("steps", _("steps")), ("concepts", _("concepts"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of the kind chosen, or all."""
        return queryset if self.value() is None else queryset.filter(step__isnull=self.value() == "concepts")


@admin.register(PopulationCount)
class PopulationCountAdmin(RecordAdmin):
    """How often everybody was right at once, by step and by concept."""

    list_display = ("step", "concept", "tries", "right", "rate")
    list_filter = (CountOfFilter,)
    list_select_related = ("step", "concept")
    search_fields = ("=step__key", "concept__title", "=concept__key")
    ordering = ("-tries", "id")

    @admin.display(description=_("share right"))
    def rate(self, count: PopulationCount) -> str:
        """Right first tries without a hint, of all of these."""
        return f"{count.right / count.tries:.0%}" if count.tries else "–"


@admin.register(Regrading)
class RegradingAdmin(RecordAdmin):
    """Answer keys that were corrected, and judgements made anew. They are undone on their own pages."""

    list_display = ("step", "exercise", "state", "made_by", "made_at", "done_at", "undone_at", "note")
    list_filter = ("state", ("undone_at", admin.EmptyFieldListFilter), "made_at", "step__exercise__course")
    list_select_related = ("step__exercise", "made_by")
    search_fields = ("=step__key", "=step__exercise__key", "note", "=made_by__username")

    @admin.display(description=_("exercise"))
    def exercise(self, regrading: Regrading) -> str:
        """What the step belongs to."""
        return str(regrading.step.exercise)


@admin.register(Correction)
class CorrectionAdmin(RecordAdmin):
    """What attempts count as by a regrading."""

    list_display = ("attempt", "student", "step", "correct", "score", "misconception", "counted", "regrading")
    list_filter = ("correct", "counted", "regrading__step__exercise__course")
    list_select_related = ("attempt", "student", "misconception", "regrading__step")
    search_fields = ("=student__username", "=regrading__step__key")
    search_help_text = _("A user name, or the key of a step, as a whole.")
    ordering = ("-id",)

    @admin.display(description=_("step"))
    def step(self, correction: Correction) -> str:
        """What was answered."""
        return str(correction.regrading.step)


@admin.register(Writing)
class WritingAdmin(RecordAdmin):
    """Texts that were handed in."""

    list_display = ("handed_in_at", "student", "step", "exercise", "hints_used", "is_judged")
    list_filter = ("handed_in_at", "step__exercise__course")
    list_select_related = ("student", "step__exercise")
    search_fields = ("=student__username", "=step__key", "text")
    ordering = ("-handed_in_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Writing]:
        """With whether somebody has judged them."""
        return Writing.objects.annotate(judged=Exists(Assessment.objects.filter(writing=OuterRef("pk"))))

    @admin.display(description=_("exercise"))
    def exercise(self, writing: Writing) -> str:
        """What the step belongs to."""
        return str(writing.step.exercise)

    @admin.display(description=_("judged"), boolean=True)
    def is_judged(self, writing: Any) -> bool:
        """Whether a person has said what it is worth."""
        return bool(writing.judged)


@admin.register(Assessment)
class AssessmentAdmin(RecordAdmin):
    """What people said of texts; the latest of a text is in force."""

    list_display = ("made_at", "student", "step", "score", "comment", "made_by")
    list_filter = ("made_at", "writing__step__exercise__course")
    list_select_related = ("student", "made_by", "writing__step")
    search_fields = ("=student__username", "=writing__step__key", "comment", "=made_by__username")
    ordering = ("-made_at", "-id")

    @admin.display(description=_("step"))
    def step(self, assessment: Assessment) -> str:
        """What the text answers."""
        return str(assessment.writing.step)
