"""The native format loses nothing: what was exported, imported and exported again is the same to the byte."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content import catalog, formats, grading, importing, package, packed
from content.formats import yincai, yincai_writing
from content.models import Course
from content.package import CoursePackage, HintKind, ResourceKind

COURSES = sorted((Path(__file__).parents[2] / "courses").iterdir())

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
said = texts.filter(lambda text: text.strip("\n") != "")
keys = st.from_regex(r"[a-z][a-z0-9.-]{0,12}", fullmatch=True)
answers = st.sampled_from([dict(kind.example) for kind in grading.KINDS.values()])
hints = st.builds(package.Hint, key=keys, text=said, title=texts) | st.builds(
    package.Hint, key=keys, text=said, title=texts, kind=st.just(HintKind.SCAFFOLD), answer=answers
)
wrongs = st.builds(
    package.WrongAnswer,
    response=said | st.lists(texts, min_size=1).map(tuple),
    feedback=said,
    misconception=texts,
    credit=texts,
) | st.builds(package.WrongAnswer, response=st.just(""), feedback=said, misconception=said, applied_to=said)
steps = st.builds(
    package.Step,
    key=keys,
    answer=answers,
    prompt=texts,
    concepts=st.lists(keys, min_size=1).map(tuple),
    hints=st.lists(hints, max_size=3).map(tuple),
    solution=texts,
    wrong_answers=st.lists(wrongs, max_size=2).map(tuple),
)
exercises = st.builds(
    package.Exercise,
    key=keys,
    steps=st.lists(steps, min_size=1, max_size=3).map(tuple),
    title=texts,
    prompt=texts,
    lesson=texts,
    licence=texts,
    attribution=texts,
    tags=st.lists(texts, max_size=3).map(tuple),
    difficulty=texts,
    variables=st.dictionaries(keys, texts | st.lists(texts) | st.dictionaries(keys, texts), max_size=2),
)
rules = st.builds(package.Rule, key=keys, statement=said, when=texts, example=texts)
concepts = st.builds(
    package.Concept,
    key=keys,
    title=said,
    summary=texts,
    example=texts,
    requires=st.lists(keys).map(tuple),
    rules=st.lists(rules, max_size=2).map(tuple),
)
rewritings = st.builds(package.Rewriting, before=said, after=said)
misconceptions = st.builds(
    package.Misconception,
    key=keys,
    title=said,
    explanation=texts,
    shows=texts,
    concepts=st.lists(keys).map(tuple),
    rewritings=st.lists(rewritings, max_size=2).map(tuple),
)
resources = st.builds(
    package.Resource,
    key=keys,
    title=said,
    kind=st.sampled_from(ResourceKind),
    text=texts,
    url=texts,
    concepts=st.lists(keys).map(tuple),
    minutes=st.none() | st.integers(0, 9999),
    licence=texts,
    attribution=texts,
)
packages = st.builds(
    CoursePackage,
    slug=keys,
    title=said,
    language=st.just("en"),
    concepts=st.lists(concepts, max_size=2).map(tuple),
    exercises=st.lists(exercises, max_size=2).map(tuple),
    description=texts,
    misconceptions=st.lists(misconceptions, max_size=2).map(tuple),
    resources=st.lists(resources, max_size=2).map(tuple),
    files=st.dictionaries(st.just("a.png"), st.binary(max_size=5)),
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(packages)
def test_any_package_written_and_read_is_written_the_same_again(made: CoursePackage) -> None:
    written = yincai_writing.write(made)
    assert yincai_writing.write(yincai.read(written).package) == written


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(exercises)
def test_any_exercise_as_json_comes_back_as_it_was(made: package.Exercise) -> None:
    assert packed.from_json(packed.to_json(made)) == made


def test_every_kind_of_step_survives(tmp_path: Path) -> None:
    made = CoursePackage(
        slug="kinds",
        title="Kinds",
        language="en",
        concepts=(package.Concept(key="all", title="All"),),
        exercises=tuple(_of_every_kind()),
    )
    read = yincai.read(yincai_writing.write(made))
    assert [defect for defect in read.defects if "prompt" not in defect.problem] == []
    assert {one.steps[0].answer["kind"] for one in read.package.exercises} == set(package.StepKind)
    for before, after in zip(made.exercises, read.package.exercises, strict=True):
        assert after.steps[0].answer == _plain(before.steps[0].answer)


def _of_every_kind() -> Iterator[package.Exercise]:
    for name, kind in grading.KINDS.items():
        step = package.Step(key=name.value, answer=kind.example, concepts=("all",))
        yield package.Exercise(key=name.value, prompt=f"What {name.value}?", steps=(step,))


def _plain(part: Any) -> Any:
    """As files have it: every scalar a text, but for switches."""
    if isinstance(part, dict):
        return {name: _plain(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_plain(one) for one in part]
    return part if isinstance(part, bool) else str(part)


@pytest.mark.django_db
@pytest.mark.parametrize("folder", COURSES, ids=lambda folder: folder.name)
def test_a_sample_course_exported_imported_and_exported_again_is_the_same_to_the_byte(folder: Path) -> None:
    importing.import_package(formats.load(folder).package)
    course = Course.objects.get()
    exported = yincai_writing.write(catalog.course_package(course))
    read = yincai.read(exported)
    assert read.defects == ()
    assert importing.import_package(read.package).changed == 0
    assert yincai_writing.write(catalog.course_package(Course.objects.get())) == exported
    assert Course.objects.get().revision == course.revision
