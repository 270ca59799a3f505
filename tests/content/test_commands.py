"""import_course and export_course: a report a person can read, one JSON line, and one clear line for every error."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from content.models import Course, Exercise
from tests.content.test_formats_oatutor import choice, pool, step
from tests.content.test_formats_yincai import files, write_zip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def run(*arguments: Any, **options: Any) -> tuple[list[str], dict[str, Any]]:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, **options)
    *report, last = out.getvalue().strip().splitlines()
    return report, json.loads(last)


def test_importing_a_native_course_says_what_it_did(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", files())
    report, figures = run("import_course", path)
    assert report == []
    assert figures.pop("seconds") >= 0
    assert figures == {
        "exercises": 3, "steps": 5, "source_steps": 5, "gradable": 5, "own_key_right": 5,
        "kept": 0, "changed": 3, "retired": 0, "dropped": 0, "defects": 0,
    }  # fmt: skip
    assert run("import_course", path)[1]["changed"] == 0


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert run("import_course", write_zip(tmp_path / "c.zip", files()), dry_run=True)[1]["changed"] == 3
    assert not Course.objects.exists()


def test_defects_of_a_pool_are_listed_and_counted(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", pool(choice("$$x$$"), step(id="p1b")))
    report, figures = run("import_course", path)
    assert "p1a: one choice only (dropped)" in report
    assert (figures["source_steps"], figures["steps"], figures["gradable"], figures["own_key_right"]) == (2, 1, 1, 1)
    assert figures["dropped"] == 1
    assert figures["defects"] == len(report)


def test_a_native_course_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    broken = files(concepts_yaml="- {key: adding, title: A, requires: [gone]}\n", course_yaml="slug: x\ntitle: y\n")
    out = StringIO()
    with pytest.raises(CommandError, match="nothing was imported: "):
        call_command("import_course", str(write_zip(tmp_path / "c.zip", broken)), stdout=out)
    assert "not in the course: gone" in out.getvalue()
    assert "language: it is missing" in out.getvalue()
    assert not Course.objects.exists()


@pytest.mark.parametrize("data", [None, b"", b"no zip"])
def test_a_path_that_is_no_course_is_one_line(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "c.zip"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CommandError) as caught:
        run("import_course", path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_exported_course_imports_without_a_change(tmp_path: Path) -> None:
    run("import_course", write_zip(tmp_path / "c.zip", files() | {"figures/line.png": b"picture"}))
    assert run("export_course", "sums", tmp_path / "out")[1]["course"] == "sums"
    _, figures = run("import_course", tmp_path / "out")
    assert (figures["changed"], figures["kept"], figures["defects"]) == (0, 3, 0)
    assert Course.objects.get().revision == 1


def test_an_exported_pool_is_a_sound_native_course(tmp_path: Path) -> None:
    lists = {"variabilization": {"b": ["4", "9"], "ans": ["2", "3"]}}
    steps = (step(stepTitle="$$\\sqrt{@{b}}$$", stepAnswer=["@{ans}"]), choice("$$x$$", "$26") | {"id": "p1b"})
    run("import_course", write_zip(tmp_path / "c.zip", pool(*steps, problem=lists)))
    run("export_course", "a-course", tmp_path / "out")
    _, figures = run("import_course", tmp_path / "out")
    assert (figures["changed"], figures["kept"], figures["own_key_right"]) == (0, 1, 2)
    assert list(Exercise.objects.values_list("key", flat=True)) == ["p1"]


def test_exporting_says_what_is_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no course gone"):
        run("export_course", "gone", tmp_path / "out")
    run("import_course", write_zip(tmp_path / "c.zip", files()))
    with pytest.raises(CommandError, match="this folder is not empty"):
        run("export_course", "sums", tmp_path)
