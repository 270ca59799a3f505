"""Rules, resources and versions in the administration; a version can only be read, with what it changed."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from content import packed, search, versions
from content.admin.previews import shown
from content.admin.revisions import RaisesRevisions
from content.models import ExerciseVersion, Resource, Rule
from content.package import Exercise

_LINES = {"same": "<div>{}</div>", "gone": "<div><del>{}</del></div>", "new": "<div><ins>{}</ins></div>"}


@admin.register(Rule)
class RuleAdmin(RaisesRevisions, admin.ModelAdmin[Rule]):
    """What is true of concepts."""

    list_display = ("key", "concept", "statement", "position")
    list_filter = ("concept__course",)
    list_select_related = ("concept",)
    search_fields = ("key", "statement")
    raw_id_fields = ("concept",)
    readonly_fields = ("preview",)

    def courses_of(self, row: Rule) -> Iterable[int]:
        return (row.concept.course_id,)

    @admin.display(description=_("as shown"))
    def preview(self, row: Rule) -> SafeString:
        if row.pk is None:
            return SafeString("")
        return shown("\n\n".join(filter(None, (row.statement, row.when, row.example))), row.concept.course_id)


@admin.register(Resource)
class ResourceAdmin(RaisesRevisions, admin.ModelAdmin[Resource]):
    """Readings, videos and the like."""

    list_display = ("title", "key", "course", "kind", "position", "retired")
    list_filter = ("course", "kind", "retired")
    list_select_related = ("course",)
    search_fields = ("title", "key", "text")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # noqa: RUF012 (as in Django)
    raw_id_fields = ("course", "concepts")
    readonly_fields = ("preview",)

    def courses_of(self, row: Resource) -> Iterable[int]:
        return (row.course_id,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        search.index(resources=[form.instance.pk])

    @admin.display(description=_("as shown"))
    def preview(self, row: Resource) -> SafeString:
        return shown(row.text, row.course_id)


@admin.register(ExerciseVersion)
class ExerciseVersionAdmin(admin.ModelAdmin[ExerciseVersion]):
    """What was published, by whom, when, and what differs from the version before."""

    list_display = ("exercise", "number", "author", "made_at", "note")
    list_filter = ("exercise__course",)
    list_select_related = ("exercise", "author")
    search_fields = ("exercise__key", "exercise__title", "note")
    fields = ("exercise", "number", "author", "made_at", "note", "difference")
    readonly_fields = ("difference",)
    date_hierarchy = "made_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("what changed"))
    def difference(self, row: ExerciseVersion) -> SafeString:
        earlier = ExerciseVersion.objects.filter(exercise=row.exercise_id, number__lt=row.number).order_by("-number")
        before = earlier.first()
        old = packed.from_json(before.content) if before else Exercise(key=row.exercise.key, steps=())
        lines = versions.changes(old, packed.from_json(row.content))
        return format_html(
            "<pre>{}</pre>", format_html_join("", "{}", [(format_html(_LINES[one.kind], one.line),) for one in lines])
        )
