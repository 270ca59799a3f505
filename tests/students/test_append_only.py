"""What a person did and decided is never rewritten or taken away but with the person, whoever asks the database."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from content.models import Course, Misconception
from students import records
from students.models import Attempt, Consent, User
from tests.students.practising import answer, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(student: User, course: Course, now: datetime) -> None:
    """One attempt that shows a misconception, and one consent."""
    shown = Misconception.objects.get(course=course)
    answer(student, step(course, "add-small"), correct=False, now=now, misconception_id=shown.pk)
    records.set_consent(student.pk, True, now)


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda: Attempt.objects.update(correct=True),
        lambda: Attempt.objects.update(misconception=Misconception.objects.get(), score=1.0),
        lambda: Attempt.objects.bulk_update(
            [Attempt(pk=one.pk, seconds=1) for one in Attempt.objects.all()], ["seconds"]
        ),
        lambda: Attempt.objects.get().save(),
        lambda: Consent.objects.update(given=False),
    ],
    ids=["update", "update of two", "bulk update", "save", "consent"],
)
def test_a_row_cannot_be_changed(record: None, rewrite: Callable[[], object]) -> None:
    before = list(Attempt.objects.values()), list(Consent.objects.values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rewrite()
    assert (list(Attempt.objects.values()), list(Consent.objects.values())) == before


def take_away(table: type[Attempt] | type[Consent]) -> None:
    """Delete every row, and come to the end of the transaction."""
    with transaction.atomic():
        table.objects.all().delete()
        connection.check_constraints()


@pytest.mark.parametrize("table", [Attempt, Consent])
def test_a_row_cannot_be_deleted_while_its_student_is_there(record: None, table: type[Attempt] | type[Consent]) -> None:
    with pytest.raises(IntegrityError, match="only with its student"):
        take_away(table)
    assert table.objects.exists()


def test_rows_go_with_their_student_and_nobody_elses(
    record: None, student: User, classmate: User, course: Course, now: datetime
) -> None:
    answer(classmate, step(course, "add-small"), correct=True, now=now)
    student.delete()
    connection.check_constraints()
    assert Attempt.objects.get().student == classmate
    assert not Consent.objects.exists()


def test_a_misconception_that_leaves_the_course_leaves_its_attempts(record: None) -> None:
    Misconception.objects.all().delete()
    assert Attempt.objects.get().misconception is None
