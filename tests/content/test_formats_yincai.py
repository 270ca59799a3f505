"""The native package: read with every mistake and its place, written so that it reads back the same."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from content import formats
from content.formats import source, yincai, yincai_writing
from content.formats.yaml_tree import read_tree, write_tree
from content.package import HintKind

COURSE = {
    "course.yaml": """
slug: sums
title: Sums
language: en
licence: CC BY 4.0
description: |
  One line.

  Another: $x$.
""",
    "concepts.yaml": """
- key: adding
  title: Adding
  example: |
    $2+3=5$
- {key: solving, title: Solving, requires: [adding]}
""",
    "misconceptions.yaml": "- {key: product, title: The product}\n",
    "exercises/1.yaml": r"""
- key: sum
  prompt: What is $2+3$?
  concepts: [adding]
  lesson: 2.10
  answer: {kind: number, value: 5}
  hints:
    - Count on from 3.
    - {title: Look, text: "At the *sign*: $+$"}
    - scaffold: What is $2+2$?
      answer: {kind: number, value: 4, unit_required: no}
  solution: $2+3=5$
  wrong_answers:
    - {response: "6", feedback: That is the product., misconception: product}
- key: both
  concepts: [solving]
  prompt: Look at $3x+4=19$.
  steps:
    - key: first
      prompt: Is $5$ a solution?
      answer: {kind: one_choice, choices: {yes: Yes, no: No}, correct: yes}
    - key: second
      prompt: Which are smaller than it?
      concepts: [adding, solving]
      answer: {kind: several_choices, choices: {a: $4$, b: $6$, c: $1$}, correct: [a, c]}
      wrong_answers:
        - {response: [a, b, c], feedback: $6$ is larger.}
    - full_key: from-elsewhere
      prompt: What is it called?
      answer: {kind: text, accept: [Solution, root], case: yes}
""",
    "exercises/2.yaml": """
- key: any
  concepts: [solving]
  variables:
    draw:
      a: {from: 2, to: 9}
      x: {from: -6, to: 6, except: [0]}
    let: {c: a*x}
    where: [c != 12]
  prompt: Solve $@{a}x=@{c}$.
  answer: {kind: expression, value: "x=@{x}"}
""",
}


def files(**changes: str | None) -> dict[str, bytes]:
    """The course with files replaced (names with `__` for `/` and `_yaml` for `.yaml`) or left out."""
    named = {name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in changes.items()}
    return {name: text.encode() for name, text in (COURSE | named).items() if text is not None}


def complaints(**changes: str | None) -> list[str]:
    return [f"{defect.place}: {defect.problem}" for defect in yincai.read(files(**changes)).defects]


def test_a_sound_course_is_read_whole() -> None:
    loaded = yincai.read(files())
    package = loaded.package
    assert loaded.defects == ()
    assert [exercise.key for exercise in package.exercises] == ["sum", "both", "any"]
    assert [step.key for step in package.exercises[1].steps] == ["both:first", "both:second", "from-elsewhere"]
    assert package.exercises[0].steps[0].key == "sum"
    assert package.exercises[0].lesson == "2.10"
    assert package.exercises[1].steps[0].concepts == ("solving",)
    assert package.exercises[1].steps[1].concepts == ("adding", "solving")
    assert package.exercises[1].steps[0].answer == {
        "kind": "one_choice",
        "choices": {"yes": "Yes", "no": "No"},
        "correct": "yes",
    }
    assert package.exercises[1].steps[2].answer["case"] is True
    assert package.exercises[0].steps[0].hints[2].kind == HintKind.SCAFFOLD
    assert package.description == "One line.\n\nAnother: $x$."


def test_what_is_written_reads_back_the_same() -> None:
    first = yincai.read(files() | {"figures/line.png": b"picture"}).package
    again = yincai.read(yincai_writing.write(first))
    assert again.defects == ()
    assert again.package == first


X = "- key: x\n  prompt: a\n"
A = X + "  concepts: [adding]\n"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"concepts_yaml": None}, "concepts.yaml: the file is missing"),
        ({"course_yaml": "slug: sums\ntitle: [a]\nlanguage: en\n"}, "course.yaml line 2 (title): title: not a text"),
        ({"course_yaml": "slug: sums\nlanguage: en\n"}, "title: it is missing"),
        ({"course_yaml": "slug: sums\nslug: again\ntitle: a\n"}, "course.yaml line 2: it stands there twice: slug"),
        ({"course_yaml": "slug: sums\ntitle: a\ncolour: red\n"}, "line 3 (colour): not a field that is known here"),
        ({"course_yaml": "- a\n"}, "not a mapping"),
        ({"course_yaml": "slug: [\n"}, "not YAML"),
        ({"course_yaml": "a: &x b\nc: *x\n"}, "anchors and aliases"),
        ({"course_yaml": "a: !!python/object:os.system b\n"}, "tags (!)"),
        ({"course_yaml": "a: " + "[" * 60 + "]" * 60}, "deep"),
        ({"concepts_yaml": "key: a\n"}, "concepts.yaml line 1: not a list"),
        ({"concepts_yaml": "- adding\n- {key: solving, title: S}"}, "concepts.yaml line 1 (1): not a mapping"),
        ({"exercises__2_yaml": "- key: x\n  concepts: [adding]\n  prompt: a\n"}, "answer: it is missing"),
        ({"exercises__2_yaml": "- key: x\n  steps: [a]\n  answer: {}\n"}, "answer: it belongs into one of the steps"),
        ({"exercises__2_yaml": X + "  concepts: adding\n  answer: {kind: number, value: 1}\n"}, "concepts: not a list"),
        ({"exercises__2_yaml": A + "\n  answer: {kind: number, value: (}\n"}, "2.yaml line 1 (step x, answer)"),
        ({"exercises__2_yaml": A + "  answer: {kind: text, accept: [a], case: perhaps}\n"}, "neither yes nor no"),
        ({"exercises__2_yaml": A + "  answer: {}\n  wrong_answers: [{feedback: a}, b]\n"}, "response: it is missing"),
        ({"extra_yaml": "a: b"}, "extra.yaml: no part of a course"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_place(changes: dict[str, Any], complaint: str) -> None:
    assert any(complaint in said for said in complaints(**changes)), complaints(**changes)


def test_mistakes_of_all_files_are_reported_at_once() -> None:
    said = "\n".join(
        complaints(
            course_yaml="slug: sums\ntitle: a\n",
            concepts_yaml="- {key: adding, title: A, requires: [solving]}\n"
            "- {key: solving, title: B, requires: [adding], x: y}\n",
            exercises__1_yaml="- key: one\n  prompt: a\n  concepts: [gone]\n  answer: {kind: number, value: 1}\n",
        )
    )
    for complaint in ("language: it is missing", "in a circle", "known here: x", "not in the course: gone"):
        assert complaint in said


def test_every_scalar_stays_the_text_that_was_written() -> None:
    tree = read_tree("a.yaml", b"{no: 010, time: 1:30, date: 2020-01-01, nothing: , tilde: ~}")
    assert tree.value == {"no": "010", "time": "1:30", "date": "2020-01-01", "nothing": "", "tilde": "~"}


@pytest.mark.parametrize(
    "text",
    ["no", "1e3", "a\nb", " leading", "trailing\n", "- x", "价格：$5", "a\r\nb", "#x", "'", "", "\u2028", "a: b"],
)
def test_every_text_survives_being_written(text: str) -> None:
    assert read_tree("a.yaml", write_tree({"text": text})).value == {"text": text}


def test_a_file_that_is_no_text_is_reported() -> None:
    assert "not UTF-8" in read_tree("a.yaml", b"\xff\xfe\x00").defects[0].problem


def test_a_million_brackets_are_refused_at_once() -> None:
    assert "deep" in read_tree("a.yaml", b"[" * 1_000_000).defects[0].problem


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_a_zip_with_its_folder_inside_is_the_same_course(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", {f"my-course/{name}": data for name, data in files().items()})
    assert formats.load(path).package == yincai.read(files()).package


@pytest.mark.parametrize("name", ["../course.yaml", "/etc/course.yaml", "a/../../b.yaml", "..\\b.yaml", "C:/b.yaml"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(formats.CourseError, match="leads out"):
        formats.load(write_zip(tmp_path / "c.zip", files() | {name: b"x"}))


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", files())
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("figures/passwords.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(formats.CourseError, match="refused: a link"):
        formats.load(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(formats.CourseError, match="refused"):
        formats.load(write_zip(tmp_path / "c.zip", files() | {"figures/a.png": b"\0" * 15_000_000}))


def test_a_zip_with_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", {"größe.png": b"x"})  # such a name is marked as UTF-8
    path.write_bytes(path.read_bytes().replace("größe".encode(), b"gr\xff\xff\xff\xffe"))
    with pytest.raises(formats.CourseError, match="not a zip that can be read"):
        formats.load(path)


def test_broken_zips_are_refused(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "c.zip", files()).read_bytes()
    for number, data in enumerate((b"", b"PK\3\4", whole[:-30], whole[:100] + b"\0" * 40 + whole[140:])):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        with pytest.raises(formats.CourseError):
            formats.load(path)


def test_a_link_in_a_folder_is_left_out(tmp_path: Path) -> None:
    for name, data in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.png").symlink_to("/etc/passwd")
    assert dict(formats.load(tmp_path).package.files) == {}


def test_what_is_no_course_is_refused(tmp_path: Path) -> None:
    with pytest.raises(formats.CourseError, match="no course in a format"):
        formats.load(tmp_path)
    with pytest.raises(formats.CourseError, match="no such file"):
        formats.load(tmp_path / "gone")
    with pytest.raises(formats.CourseError, match="this is not known: pdf"):
        formats.load(tmp_path, format_name="pdf")


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_FILE", 10)
    (tmp_path / "course.yaml").write_text("slug: much-too-long")
    with pytest.raises(formats.CourseError, match="a file is too large"):
        formats.load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_an_error_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "exercises").mkdir(mode=0)
    (tmp_path / "course.yaml").write_text("slug: x")
    with pytest.raises(formats.CourseError, match="cannot be read: Permission denied"):
        formats.load(tmp_path)
