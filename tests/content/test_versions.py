"""Every published content of an exercise stays under its number, whatever becomes of the exercise."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from content import authoring, catalog, importing, packed, versions
from content.formats import yincai
from content.models import Course, Exercise, ExerciseVersion, Misconception
from content.package import CoursePackage, Step, WrongAnswer
from content.package import Exercise as PackageExercise
from students.models import User
from tests.conftest import make_course
from tests.content.test_formats_yincai import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def course_package() -> CoursePackage:
    return yincai.read(files()).package


@pytest.fixture
def course(course_package: CoursePackage) -> Course:
    importing.import_package(course_package)
    return Course.objects.get()


def numbers(key: str) -> list[int]:
    return list(ExerciseVersion.objects.filter(exercise__key=key).order_by("number").values_list("number", flat=True))


def test_an_exercise_as_json_comes_back_as_it_was(course_package: CoursePackage) -> None:
    for exercise in course_package.exercises:
        assert packed.from_json(packed.to_json(exercise)) == exercise


def test_an_import_keeps_a_version_of_each_exercise_that_it_changes(
    course_package: CoursePackage, course: Course
) -> None:
    changed = replace(course_package.exercises[0], prompt="How much is $2+3$?")
    importing.import_package(replace(course_package, exercises=(changed, *course_package.exercises[1:])))
    assert (numbers("sum"), numbers("both"), numbers("any")) == ([1, 2], [1], [1])
    row = Exercise.objects.get(key="sum")
    catalog.exercise.cache_clear()
    assert catalog.exercise(row.pk, 1) == course_package.exercises[0]
    assert catalog.exercise(row.pk, 2) == changed
    assert ExerciseVersion.objects.get(exercise=row, number=2).author is None


def test_an_authors_exercise_is_published_as_a_new_version(course_package: CoursePackage, course: Course) -> None:
    author = User.objects.create(username="author")
    made = replace(course_package.exercises[0], title="By hand", tags=("new",), difficulty="0.25")
    row = importing.write_exercise(course, made, author=author, note="a title")
    version = ExerciseVersion.objects.get(exercise=row, number=2)
    assert (row.revision, version.author, version.note) == (2, author, "a title")
    assert Course.objects.get().revision == 2
    assert catalog.exercise(row.pk, 2) == made
    assert catalog.course_package(course).exercises[0] == made


def test_publishing_what_is_there_already_makes_no_version(course_package: CoursePackage, course: Course) -> None:
    importing.write_exercise(course, course_package.exercises[1], author=None)
    assert numbers("both") == [1]
    assert Course.objects.get().revision == 1


def test_the_order_of_choices_is_content(course_package: CoursePackage, course: Course) -> None:
    both = course_package.exercises[1]
    answer = {**both.steps[0].answer, "choices": {"no": "No", "yes": "Yes"}}
    steps = (replace(both.steps[0], answer=answer), *both.steps[1:])
    assert importing.write_exercise(course, replace(both, steps=steps), author=None).revision == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"concepts": ("gone",)}, "not in the course: gone"),
        ({"key": "both:first"}, "used in another exercise"),
        ({"answer": {"kind": "number", "value": "("}}, "step sum, answer"),
    ],
)
def test_what_could_not_be_served_is_refused_and_nothing_written(
    course_package: CoursePackage, course: Course, change: dict[str, Any], problem: str
) -> None:
    broken = replace(course_package.exercises[0], steps=(replace(course_package.exercises[0].steps[0], **change),))
    with pytest.raises(importing.Refused, match="defects") as refused:
        importing.write_exercise(course, replace(broken, prompt="New"), author=None)
    assert any(problem in f"{one.place}: {one.problem}" for one in refused.value.defects)
    assert numbers("sum") == [1]
    assert Exercise.objects.get(key="sum").prompt == course_package.exercises[0].prompt


def test_an_old_version_can_be_published_again(course_package: CoursePackage, course: Course) -> None:
    first = course_package.exercises[0]
    row = importing.write_exercise(course, replace(first, prompt="Worse"), author=None)
    importing.write_exercise(course, catalog.exercise(row.pk, 1), author=None, row=row)
    assert numbers("sum") == [1, 2, 3]
    assert catalog.exercise(row.pk, 3) == first


def test_rows_changed_directly_become_a_version_once_they_are_touched(course: Course) -> None:
    row = Exercise.objects.get(key="sum")
    Exercise.objects.filter(pk=row.pk).update(prompt="Edited")
    importing.touch(exercise_ids=[row.pk], note="in the administration")
    assert catalog.exercise(row.pk, 2).prompt == "Edited"
    assert ExerciseVersion.objects.get(exercise=row, number=2).note == "in the administration"


def test_a_version_is_never_rewritten_and_goes_only_with_its_exercise(course: Course) -> None:
    version = ExerciseVersion.objects.get(exercise__key="sum")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ExerciseVersion.objects.filter(pk=version.pk).update(note="rewritten")
    with pytest.raises(IntegrityError, match="only with its exercise"), transaction.atomic():
        _delete(version)
    Course.objects.all().delete()
    _constraints_now()
    assert not ExerciseVersion.objects.exists()


def test_an_author_who_leaves_leaves_the_version(course_package: CoursePackage, course: Course) -> None:
    author = User.objects.create(username="author")
    row = importing.write_exercise(course, replace(course_package.exercises[0], title="x"), author=author)
    author.delete()
    assert ExerciseVersion.objects.get(exercise=row, number=2).author is None


def _delete(version: ExerciseVersion) -> None:
    ExerciseVersion.objects.filter(pk=version.pk).delete()
    _constraints_now()


def _constraints_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_an_exercise_never_published_is_neither_served_nor_exported(course: Course) -> None:
    before = catalog.course_map(course.pk, course.revision)
    Exercise.objects.create(course=course, key="new", published=False, draft={"title": "Not yet"}, position=9)
    importing.touch(course_ids=[course.pk])
    assert catalog.course_map(course.pk, course.revision + 1).exercises == before.exercises
    assert [one.key for one in catalog.course_package(course).exercises] == ["sum", "both", "any"]


def test_what_was_made_by_hand_stays_when_the_package_comes_again(
    course_package: CoursePackage, course: Course
) -> None:
    made = replace(
        course_package.exercises[0], key="mine", steps=(replace(course_package.exercises[0].steps[0], key="mine"),)
    )
    importing.write_exercise(course, made, author=None)
    importing.import_package(replace(course_package, title="Another title"))
    assert not Exercise.objects.get(key="mine").retired


def test_exercises_from_before_versions_were_kept_get_their_first() -> None:
    course = make_course()
    before = [catalog.as_package(row) for row in catalog.with_parts().order_by("position")]
    assert not ExerciseVersion.objects.exists()
    import_module("content.migrations.0005_first_versions").keep_what_there_is(apps, None)
    made = ExerciseVersion.objects.filter(exercise__course=course).order_by("exercise__position")
    assert [packed.from_json(version.content) for version in made] == before
    assert {version.number for version in made} == {1}


def test_the_difference_of_two_versions_is_told_line_by_line(course_package: CoursePackage) -> None:
    before = course_package.exercises[0]
    found = versions.changes(before, replace(before, prompt="How much?"))
    assert [(one.kind, one.line.strip()) for one in found if one.kind != "same"] == [
        ("gone", "prompt: What is $2+3$?"),
        ("new", "prompt: How much?"),
    ]


def expanding(course: Course) -> Exercise:
    """«Multiply out 3(x+4)», with a wrong answer that a misconception's rule makes of it."""
    Misconception.objects.create(course=course, key="first-term", title="t", rewritings=[["a*(b+c)", "a*b+c"]])
    wrong = WrongAnswer(response="", feedback="Both terms.", misconception="first-term", applied_to="3(x+4)")
    answer = {"kind": "expression", "value": "3x+12"}
    step = Step(key="expand", prompt="Multiply out $3(x+4)$.", answer=answer, wrong_answers=(wrong,))
    concept = course.concepts.all()[0].key
    made = PackageExercise(key="expand", steps=(replace(step, concepts=(concept,)),))
    return importing.write_exercise(course, made, author=None)


def test_another_rule_of_a_misconception_changes_no_version_that_was_there(course: Course) -> None:
    row = expanding(course)
    rule = Misconception.objects.get(key="first-term")
    rule.rewritings = [["a*(b+c)", "b+a*c"]]
    authoring.save_misconception(rule, [])
    for kept in (catalog.exercise, catalog.variant, catalog._ruling):  # as in another process
        kept.cache_clear()
    foreseen = [catalog.variant(row.pk, number, 0).steps[0].wrong_answers[0].response for number in (1, 2)]
    assert foreseen == ["3x+4", "x+12"]


def test_a_version_from_before_rules_were_kept_is_made_by_those_of_now(course: Course) -> None:
    row = expanding(course)
    content = catalog.exercise(row.pk, 1)
    ExerciseVersion.objects.create(exercise=row, number=7, content=packed.to_json(content))
    assert catalog.variant(row.pk, 7, 0).steps[0].wrong_answers[0].response == "3x+4"
