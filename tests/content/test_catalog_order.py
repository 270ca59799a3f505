"""What an author wrote in an order comes back in that order."""

import pytest

from content import catalog, importing, variants
from content.package import Concept, CoursePackage, Exercise, Step

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
    report = importing.import_package(course)
    entry = catalog.course_map(report.course_id, 1).exercises[0]
    back = catalog.exercise(entry.id, entry.revision)
    assert list(back.variables["let"]) == ["s", "b"]
    assert list(back.steps[0].answer["choices"]) == list(CHOICES)
    assert variants.instantiate(back, 3) == variants.instantiate(exercise, 3)
