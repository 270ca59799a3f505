"""The administration of what people judge and hand in: it can be looked at and searched, and is only for reading."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import Course, Step
from students.models import Assessment, Attempt, Correction, Regrading, User, Writing
from tests.students.practising import answer
from tutor.models import CourseImport

LISTS = ("students_regrading", "students_correction", "students_writing", "students_assessment", "tutor_courseimport")


@pytest.fixture
def admin(administrator: User, client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(administrator)
    return client


def judge(student: User, step: Step, teacher: User, now: datetime) -> None:
    """A row of each table."""
    answer(student, step, correct=False, now=now)
    attempt = Attempt.objects.filter(student=student).latest("pk")
    regrading = Regrading.objects.create(
        step=step, revision=1, made_by=teacher, made_at=now, state=Regrading.State.DONE, note=f"for {student}"
    )
    Correction.objects.create(regrading=regrading, attempt=attempt, student=student, correct=True, score=1)
    text = Writing.objects.create(student=student, step=step, text="By hand", handed_in_at=now)
    Assessment.objects.create(writing=text, student=student, attempt=attempt, score=1, made_by=teacher, made_at=now)
    CourseImport.objects.create(owner=student, name=f"{student}.gift", file="imports/quiz.gift", made_at=now)


@pytest.mark.django_db
@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_searched_in_as_many_queries_with_more_rows_and_nothing_is_rewritten(
    admin: Client, student: User, classmate: User, teacher: User, course: Course, now: datetime, name: str
) -> None:
    steps = list(Step.objects.filter(exercise__course=course).order_by("pk")[:3])
    judge(student, steps[0], teacher, now)
    judge(classmate, steps[1], teacher, now)
    listing = reverse(f"admin:{name}_changelist")
    assert admin.get(listing).context["cl"].result_count == 2
    with CaptureQueriesContext(connection) as few:
        admin.get(listing)
    judge(classmate, steps[2], classmate, now)
    with CaptureQueriesContext(connection) as more:
        admin.get(listing)
    assert len(more) == len(few)
    row = admin.get(listing).context["cl"].result_list[0]
    page = admin.get(reverse(f"admin:{name}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert admin.get(reverse(f"admin:{name}_add")).status_code == 403
    assert admin.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert admin.get(listing, {"q": student.username}).context["cl"].result_count == 1
