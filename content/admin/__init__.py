"""Courses in the administration: everything registered, texts previewed as students see them.

Every change here raises the revisions that the catalog's cache is keyed by, and answer keys are checked before they are
stored: a key that refuses its own answer would grade every student wrong.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from content import catalog, importing, schema
from content.admin.forms import AnswerForm, PrerequisiteForm, StepForm
from content.admin.previews import exercise_shown, sampled, shown, template
from content.admin.reading import ExerciseVersionAdmin, ResourceAdmin, RuleAdmin
from content.admin.revisions import RaisesRevisions
from content.models import (
    Concept,
    Course,
    Exercise,
    Figure,
    Hint,
    Misconception,
    Prerequisite,
    Rule,
    Step,
    WrongAnswer,
)

__all__ = ["ExerciseVersionAdmin", "ResourceAdmin", "RuleAdmin"]  # registered where they are defined


class PrerequisiteInline(admin.TabularInline[Prerequisite, Concept]):
    model = Prerequisite
    form = PrerequisiteForm
    fk_name = "concept"
    raw_id_fields = ("requires",)
    extra = 0


class RuleInline(admin.StackedInline[Rule, Concept]):
    model = Rule
    extra = 0


class HintInline(admin.StackedInline[Hint, Step]):
    model = Hint
    form = AnswerForm
    extra = 0


class WrongAnswerInline(admin.StackedInline[WrongAnswer, Step]):
    model = WrongAnswer
    raw_id_fields = ("misconception",)
    extra = 0


class StepInline(admin.TabularInline[Step, Exercise]):
    """The steps at a glance; each is edited on a page of its own, with its hints."""

    model = Step
    fields = ("key", "position", "kind", "prompt", "retired")
    readonly_fields = ("key", "kind", "prompt")
    show_change_link = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Course)
class CourseAdmin(RaisesRevisions, admin.ModelAdmin[Course]):
    """Courses, with how much is in them."""

    list_display = ("title", "slug", "language", "published", "concepts_count", "exercises_count", "updated_at")
    list_filter = ("language", "published")
    search_fields = ("title", "slug")
    readonly_fields = ("revision", "updated_at", "preview")
    actions = ("publish", "withdraw")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                concepts_total=Count("concepts", Q(concepts__retired=False), distinct=True),
                exercises_total=Count("exercises", Q(exercises__retired=False), distinct=True),
            )
        )

    def courses_of(self, row: Course) -> Iterable[int]:
        return (row.pk,)

    @admin.display(description=_("concepts"), ordering="concepts_total")
    def concepts_count(self, row: Any) -> int:
        return int(row.concepts_total)

    @admin.display(description=_("exercises"), ordering="exercises_total")
    def exercises_count(self, row: Any) -> int:
        return int(row.exercises_total)

    @admin.display(description=_("as shown"))
    def preview(self, row: Course) -> SafeString:
        return shown(row.description, row.pk)

    @admin.action(description=_("Publish"))
    def publish(self, request: HttpRequest, queryset: QuerySet[Course]) -> None:
        self._set_published(request, queryset, published=True)

    @admin.action(description=_("Withdraw (students no longer see it)"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Course]) -> None:
        self._set_published(request, queryset, published=False)

    def _set_published(self, request: HttpRequest, queryset: QuerySet[Course], *, published: bool) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        Course.objects.filter(pk__in=ids).update(published=published)
        importing.touch(course_ids=ids)
        said = ngettext("%(count)d course changed.", "%(count)d courses changed.", len(ids))
        self.message_user(request, said % {"count": len(ids)})


@admin.register(Concept)
class ConceptAdmin(RaisesRevisions, admin.ModelAdmin[Concept]):
    """Concepts with their prerequisites."""

    list_display = ("title", "key", "course", "position", "retired")
    list_filter = ("course", "retired")
    list_select_related = ("course",)
    search_fields = ("title", "key")
    raw_id_fields = ("course",)
    readonly_fields = ("preview",)
    inlines = (RuleInline, PrerequisiteInline)

    def courses_of(self, row: Concept) -> Iterable[int]:
        return (row.course_id,)

    @admin.display(description=_("as shown"))
    def preview(self, row: Concept) -> SafeString:
        if row.pk is None:
            return SafeString("")
        rules = [f"{rule.statement}\n\n{rule.example}" for rule in row.rules.all()]
        return shown("\n\n".join((row.summary, *rules, row.example)), row.course_id)


@admin.register(Misconception)
class MisconceptionAdmin(RaisesRevisions, admin.ModelAdmin[Misconception]):
    """Misconceptions and how many wrong answers show them."""

    list_display = ("title", "key", "course", "wrong_answers_count")
    list_filter = ("course",)
    list_select_related = ("course",)
    search_fields = ("title", "key")
    raw_id_fields = ("course", "concepts")
    readonly_fields = ("preview",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Misconception]:
        return super().get_queryset(request).annotate(wrong_answers_total=Count("wrong_answers"))

    def courses_of(self, row: Misconception) -> Iterable[int]:
        return (row.course_id,)

    def exercises_of(self, row: Misconception) -> Iterable[int]:
        return Exercise.objects.filter(steps__wrong_answers__misconception=row).values_list("pk", flat=True)

    @admin.display(description=_("recognised wrong answers"), ordering="wrong_answers_total")
    def wrong_answers_count(self, row: Any) -> int:
        return int(row.wrong_answers_total)

    @admin.display(description=_("as shown"))
    def preview(self, row: Misconception) -> SafeString:
        return shown(row.explanation, row.course_id)


@admin.register(Exercise)
class ExerciseAdmin(RaisesRevisions, admin.ModelAdmin[Exercise]):
    """Exercises; what is wrong with one is said on its page."""

    list_display = ("key", "title", "course", "lesson", "is_template", "revision", "published", "retired")
    list_filter = ("course", "published", "retired")
    list_select_related = ("course",)
    search_fields = ("key", "title", "prompt", "lesson")
    raw_id_fields = ("course",)
    readonly_fields = ("revision", "published", "preview", "problems")
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exercise]:
        return super().get_queryset(request).defer("attribution")

    def exercises_of(self, row: Exercise) -> Iterable[int]:
        return (row.pk,)

    def courses_of(self, row: Exercise) -> Iterable[int]:
        return (row.course_id,)

    @admin.display(description=_("template"), boolean=True)
    def is_template(self, row: Exercise) -> bool:
        return bool(row.variables)

    @admin.display(description=_("as shown"))
    def preview(self, row: Exercise) -> SafeString:
        """The whole exercise; of a template some variants."""
        if row.pk is None:
            return SafeString("")
        return exercise_shown(row)

    @admin.display(description=_("problems"))
    def problems(self, row: Exercise) -> SafeString | str:
        if row.pk is None:
            return ""
        found = schema.check_exercise(
            template(row),
            figures=catalog.figures(row.course_id),
            misconceptions=catalog.misconceptions(row.course_id),
        )
        lines = [format_html("<li>{} {}: {}</li>", one.step, one.part, one.problem) for one in found]
        return format_html("<ul>{}</ul>", SafeString("".join(lines))) if lines else str(_("none found"))


@admin.register(Step)
class StepAdmin(RaisesRevisions, admin.ModelAdmin[Step]):
    """Steps with their hints and recognised wrong answers."""

    form = StepForm
    list_display = ("key", "exercise", "kind", "position", "retired")
    list_filter = ("exercise__course", "kind", "retired")
    list_select_related = ("exercise",)
    search_fields = ("key", "prompt")
    raw_id_fields = ("exercise", "concepts")
    exclude = ("kind",)
    readonly_fields = ("preview",)
    inlines = (HintInline, WrongAnswerInline)

    def exercises_of(self, row: Step) -> Iterable[int]:
        return (row.exercise_id,)

    @admin.display(description=_("as shown"))
    def preview(self, row: Step) -> SafeString:
        if row.pk is None:
            return SafeString("")
        texts = [row.prompt, *(hint.text for hint in row.hints.all()), row.solution]
        return shown(sampled("\n\n---\n\n".join(filter(None, texts)), row.exercise), row.exercise.course_id)


class StepPartAdmin(RaisesRevisions):
    """A hint or wrong answer on a page of its own."""

    def exercises_of(self, row: Hint | WrongAnswer) -> Iterable[int]:
        return (row.step.exercise_id,)

    @admin.display(description=_("as shown"))
    def preview(self, row: Hint | WrongAnswer) -> SafeString:
        if row.pk is None:
            return SafeString("")
        text, exercise = row.text if isinstance(row, Hint) else row.feedback, row.step.exercise
        return shown(sampled(text, exercise), exercise.course_id)


@admin.register(Hint)
class HintAdmin(StepPartAdmin, admin.ModelAdmin[Hint]):
    """Hints, searchable by their text."""

    form = AnswerForm
    list_display = ("key", "step", "kind", "title", "position")
    list_filter = ("kind", "step__exercise__course")
    list_select_related = ("step",)
    search_fields = ("key", "title", "text")
    raw_id_fields = ("step",)
    readonly_fields = ("preview",)


@admin.register(WrongAnswer)
class WrongAnswerAdmin(StepPartAdmin, admin.ModelAdmin[WrongAnswer]):
    """Recognised wrong answers, searchable by what is said about them."""

    list_display = ("response", "step", "misconception")
    list_filter = ("step__exercise__course",)
    list_select_related = ("step", "misconception")
    search_fields = ("feedback", "step__key")
    raw_id_fields = ("step", "misconception")
    readonly_fields = ("preview",)


@admin.register(Prerequisite)
class PrerequisiteAdmin(RaisesRevisions, admin.ModelAdmin[Prerequisite]):
    """Edges of the prerequisite graph."""

    form = PrerequisiteForm
    list_display = ("concept", "requires")
    list_filter = ("concept__course",)
    list_select_related = ("concept", "requires")
    search_fields = ("concept__title", "requires__title")
    raw_id_fields = ("concept", "requires")

    def courses_of(self, row: Prerequisite) -> Iterable[int]:
        return (row.concept.course_id,)


@admin.register(Figure)
class FigureAdmin(RaisesRevisions, admin.ModelAdmin[Figure]):
    """Pictures of courses."""

    list_display = ("name", "course", "content_type")
    list_filter = ("course", "content_type")
    list_select_related = ("course",)
    search_fields = ("name",)
    raw_id_fields = ("course",)
    readonly_fields = ("picture",)

    def courses_of(self, row: Figure) -> Iterable[int]:
        return (row.course_id,)

    @admin.display(description=_("as shown"))
    def picture(self, row: Figure) -> SafeString:
        return format_html('<img src="/figures/{}/{}" alt="{}">', row.course_id, row.name, row.name)
