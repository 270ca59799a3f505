"""Courses into rows and back: all or nothing, twice changes nothing, what is gone is retired."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DataError, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from content import catalog, importing, variants
from content.formats import yincai, yincai_writing
from content.models import Concept, Course, Exercise, Figure, Hint, Prerequisite, Step, WrongAnswer
from content.package import CoursePackage
from tests.content.test_formats_yincai import files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def course_package() -> CoursePackage:
    return yincai.read(files() | {"figures/line.png": b"picture"}).package


def rows() -> dict[str, Any]:
    """Everything an import writes, to compare before and after."""
    models = (Course, Concept, Prerequisite, Exercise, Step, Hint, WrongAnswer, Figure)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_a_package_becomes_rows(course_package: CoursePackage) -> None:
    report = importing.import_package(course_package)
    course = Course.objects.get()
    assert course.pk == report.course_id
    assert (report.exercises, report.steps, report.changed, report.created, report.kept) == (3, 5, 3, 3, 0)
    assert list(course.exercises.values_list("key", flat=True)) == ["sum", "both", "any"]
    assert course.revision == 1
    assert Prerequisite.objects.get().requires.key == "adding"
    assert WrongAnswer.objects.get(step__key="sum").misconception is not None
    assert WrongAnswer.objects.get(step__key="both:second").response == ["a", "b", "c"]


def test_importing_twice_changes_nothing(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    before = rows()
    report = importing.import_package(course_package)
    assert (report.changed, report.kept, report.created, report.retired) == (0, 3, 0, 0)
    assert rows() == before


def test_only_the_exercise_that_changed_gets_a_new_revision(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    step_ids = dict(Step.objects.values_list("key", "pk"))
    changed = replace(course_package.exercises[0], prompt="How much is $2+3$?")
    report = importing.import_package(replace(course_package, exercises=(changed, *course_package.exercises[1:])))
    assert (report.changed, report.kept) == (1, 2)
    assert dict(Exercise.objects.values_list("key", "revision")) == {"sum": 2, "both": 1, "any": 1}
    assert Course.objects.get().revision == 2
    assert dict(Step.objects.values_list("key", "pk")) == step_ids


def test_what_is_gone_is_retired_and_comes_back_as_the_same_row(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    before = {row["key"]: row["id"] for row in Exercise.objects.values()}
    shorter = replace(
        course_package,
        concepts=course_package.concepts[:1],
        exercises=(course_package.exercises[0],),
    )
    assert importing.import_package(shorter).retired == 2
    assert set(Exercise.objects.filter(retired=True).values_list("key", flat=True)) == {"both", "any"}
    assert Concept.objects.get(key="solving").retired
    importing.import_package(course_package)
    assert not Exercise.objects.filter(retired=True).exists()
    assert not Concept.objects.filter(retired=True).exists()
    assert {row["key"]: row["id"] for row in Exercise.objects.values()} == before


def test_a_step_gone_from_its_exercise_is_retired(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    both = replace(course_package.exercises[1], steps=course_package.exercises[1].steps[:1])
    importing.import_package(replace(course_package, exercises=(course_package.exercises[0], both)))
    assert list(Step.objects.filter(exercise__key="both", retired=False).values_list("key", flat=True)) == [
        "both:first"
    ]
    assert Step.objects.filter(exercise__key="both").count() == 3


def test_a_package_with_defects_writes_nothing(course_package: CoursePackage) -> None:
    broken = replace(course_package.exercises[2], key="sum")
    with pytest.raises(importing.Refused, match="used twice"):
        importing.import_package(replace(course_package, exercises=(*course_package.exercises, broken)))
    assert not Course.objects.exists()


def test_a_failure_half_way_leaves_the_course_as_it_was(
    course_package: CoursePackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing.import_package(course_package)
    before = rows()
    broken = replace(
        course_package.exercises[0].steps[0], hints=(replace(course_package.exercises[0].steps[0].hints[0], text="\0"),)
    )
    changed = replace(course_package.exercises[0], steps=(broken,))
    with pytest.raises(DataError), transaction.atomic():
        importing.import_package(replace(course_package, exercises=(changed, *course_package.exercises[1:])))
    assert rows() == before


def test_a_dry_run_writes_neither_rows_nor_files(course_package: CoursePackage) -> None:
    report = importing.import_package(course_package, dry_run=True)
    assert (report.course_id, report.changed) == (None, 3)
    assert not Course.objects.exists()
    assert not default_storage.exists("figures")


def test_figures_are_stored_once_by_their_content(course_package: CoursePackage) -> None:
    importing.import_package(replace(course_package, files={"a.png": b"same", "b.PNG": b"same", "c.png": b"other"}))
    assert len(default_storage.listdir("figures")[1]) == 2
    assert Figure.objects.get(name="b.PNG").content_type == "image/png"
    importing.import_package(replace(course_package, files={"a.png": b"new"}))
    with Figure.objects.get().file.open() as stored:
        assert stored.read() == b"new"


def test_an_edit_by_hand_stays_until_the_package_changes_that_exercise(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    row = Exercise.objects.get(key="sum")
    Exercise.objects.filter(pk=row.pk).update(prompt="Edited")
    importing.touch(exercise_ids=[row.pk])
    importing.import_package(replace(course_package, title="Another title"))
    assert Exercise.objects.get(key="sum").prompt == "Edited"
    changed = replace(course_package.exercises[0], prompt="From the package")
    importing.import_package(replace(course_package, exercises=(changed, *course_package.exercises[1:])))
    assert Exercise.objects.get(key="sum").prompt == "From the package"


def test_touching_an_exercise_raises_its_revision_and_its_course() -> None:
    package = yincai.read(files()).package
    importing.import_package(package)
    importing.touch(exercise_ids=[Exercise.objects.get(key="any").pk])
    assert Exercise.objects.get(key="any").revision == 2
    assert Exercise.objects.get(key="sum").revision == 1
    assert Course.objects.get().revision == 2


def test_a_course_comes_out_of_its_rows_as_it_went_in(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    assert catalog.course_package(Course.objects.get()) == course_package


def test_an_exported_course_imports_without_a_change(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    exported = yincai.read(yincai_writing.write(catalog.course_package(Course.objects.get())))
    assert exported.defects == ()
    before = rows()
    assert importing.import_package(exported.package).changed == 0
    assert rows() == before


def test_a_large_course_takes_a_bounded_number_of_queries(
    course_package: CoursePackage, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one = course_package.exercises[0]
    many = tuple(
        replace(one, key=f"sum-{number}", steps=(replace(one.steps[0], key=f"sum-{number}"),)) for number in range(400)
    )
    with django_assert_max_num_queries(40):
        importing.import_package(replace(course_package, exercises=many))


def test_the_catalog_needs_no_query_when_it_is_warm(
    course_package: CoursePackage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    importing.import_package(course_package)
    course, row = Course.objects.get(), Exercise.objects.get(key="any")
    first = catalog.exercise(row.pk, row.revision), catalog.course_map(course.pk, course.revision)
    figures = catalog.figures(course.pk, revision=course.revision)
    with django_assert_num_queries(0):
        assert (catalog.exercise(row.pk, row.revision), catalog.course_map(course.pk, course.revision)) == first
        assert catalog.figures(course.pk, revision=course.revision) == figures
    assert figures == {"line.png": f"/figures/{course.pk}/line.png"}
    assert first[0] == course_package.exercises[2]
    assert "@" not in variants.instantiate(first[0], 4).prompt


def test_a_cold_course_map_takes_few_queries_whatever_its_size(
    course_package: CoursePackage, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    importing.import_package(course_package)
    course = Course.objects.get()
    with django_assert_max_num_queries(6):
        catalog.course_map(course.pk, course.revision)


def test_a_course_map_holds_what_is_in_use(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    course = Course.objects.get()
    adding, solving = Concept.objects.order_by("position")
    made = catalog.course_map(course.pk, course.revision)
    assert [(entry.key, entry.requires, entry.unlocks) for entry in made.concepts] == [
        ("adding", (), (solving.pk,)),
        ("solving", (adding.pk,), ()),
    ]
    both = made.exercises[1]
    assert [entry.is_template for entry in made.exercises] == [False, False, True]
    assert both.concept_ids == ((solving.pk,), (adding.pk, solving.pk), (solving.pk,))
    assert len(both.step_ids) == 3
    importing.import_package(replace(course_package, exercises=course_package.exercises[:1]))
    course.refresh_from_db()
    assert [entry.key for entry in catalog.course_map(course.pk, course.revision).exercises] == ["sum"]


def test_a_changed_exercise_is_read_anew(course_package: CoursePackage) -> None:
    importing.import_package(course_package)
    row = Exercise.objects.get(key="sum")
    assert catalog.exercise(row.pk, row.revision).prompt == "What is $2+3$?"
    changed = replace(course_package.exercises[0], prompt="New")
    importing.import_package(replace(course_package, exercises=(changed, *course_package.exercises[1:])))
    row.refresh_from_db()
    assert catalog.exercise(row.pk, row.revision).prompt == "New"
