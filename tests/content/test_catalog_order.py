"""What an author wrote in an order comes back in that order, and a map is read anew only where something changed."""

import pytest

from content import catalog, importing, variants
from content.models import Course
from content.models import Exercise as Row
from content.models import Step as StepRow
from content.package import Concept, CoursePackage, Exercise, Step

ANSWER = {"kind": "number", "value": "1"}
CHOICES = {"yes": "Yes", "a": "Perhaps", "no": "No"}


@pytest.mark.django_db
def test_choices_and_computed_variables_keep_their_order_through_the_database() -> None:
    exercise = Exercise(
        key="sum",
        prompt="@{b}",
        variables={"draw": {"z": {"from": 2, "to": 5}}, "let": {"s": "z+1", "b": "2*s"}},
        steps=(Step(key="sum", concepts=("c",), answer={"kind": "one_choice", "choices": CHOICES, "correct": "a"}),),
    )
    course = CoursePackage(
        slug="order", title="Order", language="en", concepts=(Concept(key="c", title="C"),), exercises=(exercise,)
    )
    importing.import_package(course)
    entry = catalog.course_map(Course.objects.get().pk, 1).exercises[0]
    back = catalog.exercise(entry.id, entry.revision)
    assert list(back.variables["let"]) == ["s", "b"]
    assert list(back.steps[0].answer["choices"]) == list(CHOICES)
    assert variants.instantiate(back, 3) == variants.instantiate(exercise, 3)


@pytest.mark.django_db
def test_after_an_edit_a_map_holds_what_changed_and_keeps_the_rest() -> None:
    exercises = tuple(
        Exercise(key=key, steps=(Step(key=key, prompt="?", concepts=("c", "d"), answer=ANSWER),)) for key in "xyz"
    )
    concepts = (Concept(key="c", title="C"), Concept(key="d", title="D"))
    importing.import_package(
        CoursePackage(slug="map", title="Map", language="en", concepts=concepts, exercises=exercises)
    )
    course = Course.objects.get()
    before = catalog.course_map(course.pk, course.revision)
    assert catalog.course_map(course.pk, course.revision) is before
    x, y, z = (Row.objects.get(course=course, key=key) for key in "xyz")
    Row.objects.filter(pk=x.pk).update(position=99, variables={"draw": {"a": {"choose": ["1"]}}})
    StepRow.objects.get(exercise=x).concepts.remove(course.concepts.get(key="c"))
    importing.touch(exercise_ids=[x.pk], author=None)
    course.refresh_from_db()
    after = catalog.course_map(course.pk, course.revision)
    assert [entry.key for entry in after.exercises] == ["y", "z", "x"]
    assert after.exercise_of[y.pk] is before.exercise_of[y.pk]
    assert (len(after.exercise_of[x.pk].concept_ids[0]), after.exercise_of[x.pk].is_template) == (1, True)
    assert catalog.course_map(course.pk, course.revision - 1) is not after
    assert catalog.course_map(course.pk, course.revision) is after
    course.concepts.filter(key="d").update(retired=True)
    importing.touch(course_ids=[course.pk])
    course.refresh_from_db()
    last = catalog.course_map(course.pk, course.revision)
    assert [len(last.exercise_of[row.pk].concept_ids[0]) for row in (y, z, x)] == [1, 1, 0]
