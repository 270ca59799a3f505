"""Every change in the administration counts as one of its exercise and course, and is a version by whoever made it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from content import importing


class RaisesRevisions:
    """Whatever is added, changed or deleted here counts as a change of its exercise and course."""

    def exercises_of(self, row: Any) -> Iterable[int]:
        return ()

    def courses_of(self, row: Any) -> Iterable[int]:
        return ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        importing.touch(**self._owners([form.instance]), author=request.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        touched = self._owners([obj])
        super().delete_model(request, obj)  # type: ignore[misc]
        importing.touch(**touched, author=request.user, deleted=True)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        touched = self._owners(queryset)
        super().delete_queryset(request, queryset)  # type: ignore[misc]
        importing.touch(**touched, author=request.user, deleted=True)

    def _owners(self, rows: Iterable[Any]) -> dict[str, Any]:
        rows = list(rows)
        return {
            "course_ids": {pk for row in rows for pk in self.courses_of(row)},
            "exercise_ids": {pk for row in rows for pk in self.exercises_of(row)},
        }
