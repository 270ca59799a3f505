"""The two OATutor books, whole: what comes through, what each step's own answer is worth, and how long it takes."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from content.models import Course, Exercise, Hint, Step
from content.package import StepKind

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "content"
BOOKS = {
    "oatutor-solid-foundations-algebra.zip": (266, 354, 83),
    "oatutor-elementary-algebra.zip": (2032, 2520, 201),
}
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="the sample content is not here"),
]


def run_import(path: Path, **options: Any) -> tuple[str, dict[str, Any]]:
    out = StringIO()
    call_command("import_course", str(path), stdout=out, **options)
    lines = out.getvalue().strip().splitlines()
    return "\n".join(lines[:-1]), json.loads(lines[-1])


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_comes_through_and_a_second_import_changes_nothing(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    exercises, steps, concepts = BOOKS[name]
    report, figures = run_import(DATA / name)
    assert figures["exercises"] == figures["changed"] == exercises
    assert figures["source_steps"] == steps
    assert figures["gradable"] >= 0.97 * steps
    assert figures["own_key_right"] == figures["steps"]
    course = Course.objects.get()
    assert course.concepts.filter(retired=False).count() == concepts
    assert "an empty pathway of hints" in report
    assert not Exercise.objects.filter(licence="").exists()
    assert not Exercise.objects.filter(attribution="").exists()
    mathematics = Step.objects.filter(kind__in=[StepKind.NUMBER, StepKind.EXPRESSION]).count()
    assert mathematics > 0.5 * steps
    before = list(Exercise.objects.values_list("pk", "revision")), Hint.objects.count(), course.revision
    _, again = run_import(DATA / name)
    course.refresh_from_db()
    assert (again["changed"], again["kept"], again["retired"]) == (0, exercises, 0)
    assert (list(Exercise.objects.values_list("pk", "revision")), Hint.objects.count(), course.revision) == before
