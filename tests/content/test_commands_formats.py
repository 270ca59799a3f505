"""import_course and export_course in the formats of others: twice is once, and a line says what became of each item."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from content.formats import csv_template
from content.models import Course, Exercise, Step
from tests.content.qti_items import (
    choices,
    condition,
    declaration,
    equal,
    item,
    manifest,
    material,
    old_choices,
    old_file,
    old_item,
)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def run(*arguments: Any, **options: Any) -> tuple[list[str], dict[str, Any]]:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, **options)
    *report, last = out.getvalue().strip().splitlines()
    return report, json.loads(last)


def two(path: Path, *, count: int = 2) -> Path:
    """A package of QTI 2.1 with good items and one that has no place."""
    files = {
        f"items/i{at}.xml": item(
            f"<p>What is {at}?</p><p><img src='p.png' alt=''/></p>" + choices("a", "b"), declaration("B"), key=f"i{at}"
        )
        for at in range(count)
    }
    files["items/bad.xml"] = item(
        "<p>Draw.</p><drawingInteraction responseIdentifier='RESPONSE'/>", declaration(), key="=bad"
    )
    return write(path / "two.zip", {"imsmanifest.xml": manifest(*files), "items/p.png": b"\x89PNG picture", **files})


def old(path: Path) -> Path:
    question = old_item(material("Which?") + old_choices("a", "b"), condition(equal("A")))
    return write(path / "old.zip", {"imsmanifest.xml": b"<manifest/>", "quiz/quiz.xml": old_file(question)})


def table(path: Path) -> Path:
    target = path / "sums.csv"
    target.write_bytes(csv_template.template())
    return target


def write(path: Path, files: dict[str, bytes]) -> Path:
    with ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("make", [two, old, table])
def test_importing_twice_doubles_nothing(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    _, first = run("import_course", path)
    rows = list(Exercise.objects.values_list("pk", "key", "revision"))
    _, second = run("import_course", path)
    assert first["changed"] == first["exercises"] == len(rows) > 0
    assert (second["changed"], second["retired"], second["kept"]) == (0, 0, len(rows))
    assert list(Exercise.objects.values_list("pk", "key", "revision")) == rows
    assert first["own_key_right"] == first["steps"]


@pytest.mark.django_db
def test_a_dry_run_reports_each_item_and_writes_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    said, figures = run("import_course", two(tmp_path), "--dry-run", "--report", report)
    assert not Course.objects.exists()
    lines = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert [(line["item"], line["outcome"], line["exercise"]) for line in lines] == [
        ("i0", "kept", "i0"),
        ("i1", "kept", "i1"),
        ("'=bad", "dropped", ""),
    ]
    assert "something is to be drawn" in lines[2]["reasons"]
    assert any("something is to be drawn" in line for line in said)
    assert figures["dropped"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "least"), [("yincai", 8), ("qti", 8), ("moodle_xml", 7), ("gift", 5)])
def test_a_course_is_exported_and_comes_back(name: str, least: int, tmp_path: Path) -> None:
    run("import_course", table(tmp_path))
    run("export_course", "sums", tmp_path / "out.zip", "--format", name)
    _, figures = run("import_course", tmp_path / "out.zip", "--dry-run")
    assert figures["exercises"] >= least
    assert figures["own_key_right"] == figures["steps"]


@pytest.mark.django_db
def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("import_course", two(tmp_path), "--report", tmp_path / "gone" / "report.csv")
    assert not Course.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """Killed while it writes: what it wrote belongs to a transaction that never ended."""
    path = two(tmp_path, count=400)
    code = (
        "import os, signal, django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from django.db import connection\n"
        f"connection.settings_dict['NAME'] = {connection.settings_dict['NAME']!r}\n"
        "from content.models import Exercise, Step\n"
        "from django.db.models import QuerySet\n"
        "made = QuerySet.bulk_create\n"
        "def bulk_create(self, *arguments, **options):\n"
        "    if self.model is Step:\n"
        "        assert Exercise.objects.count() == 400\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return made(self, *arguments, **options)\n"
        "QuerySet.bulk_create = bulk_create\n"
        f"call_command('import_course', {str(path)!r})\n"
    )
    found = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False, capture_output=True)
    assert found.returncode == -signal.SIGKILL, found.stderr.decode()[-2000:]
    assert not Course.objects.exists()
    assert not Step.objects.exists()
