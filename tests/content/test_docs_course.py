"""The guide for teachers: every example of a course in it, put together, is a course that imports."""

import re
from pathlib import Path

import pytest

from content import importing
from content.formats import yincai
from content.formats.yaml_tree import read_tree
from content.models import Exercise, Resource, Rule

GUIDE = Path(__file__).parents[2] / "docs" / "content.md"
COURSE = b"slug: guide\ntitle: The guide\nlanguage: en\n"
BEFORE = b"- {key: coordinates, title: Coordinates}\n- {key: rate, title: Rate}\n"  # what its concept requires
PARTS = {  # a name that only such a part has, and the file that it belongs into
    "answer": "exercises/1.yaml",
    "steps": "exercises/1.yaml",
    "rewritings": "misconceptions.yaml",
    "kind": "resources.yaml",
    "summary": "concepts.yaml",
}

pytestmark = pytest.mark.django_db


def test_the_examples_of_the_guide_are_a_course() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    files = {"course.yaml": COURSE, "concepts.yaml": BEFORE}
    for block in blocks:
        item = read_tree("guide", block.encode()).value[0]
        name = next(file for part, file in PARTS.items() if part in item)
        files[name] = files.get(name, b"") + block.encode()
    loaded = yincai.read(files)
    assert loaded.defects == ()
    report = importing.import_package(loaded.package)
    assert report.created == Exercise.objects.count() == len(read_tree("1", files["exercises/1.yaml"]).value)
    assert Rule.objects.exists()
    assert Resource.objects.exists()
