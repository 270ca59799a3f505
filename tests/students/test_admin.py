"""The administration of students: lists that stay quick, a record that cannot be rewritten."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from content.models import Course
from students import records
from students.models import Attempt, Classroom, Enrolment, User
from tests.students.practising import answer, step

LISTS = ("user", "classroom", "enrolment", "consent", "preference", "attempt", "conceptstate", "populationcount")


@pytest.fixture
def admin_site(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def practised(students: list[User], course: Course, now: datetime) -> None:
    for student in students:
        answer(student, step(course, "solve-steps:2"), correct=True, now=now)
        answer(student, step(course, "add-small"), correct=False, now=now)
        records.set_consent(student.pk, True, now)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_as_many_queries_with_more_rows(
    admin_site: Client,
    student: User,
    classmate: User,
    classroom: Classroom,
    course: Course,
    now: datetime,
    name: str,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    more = [User.objects.create(username=f"pupil{number}") for number in range(6)]
    Enrolment.objects.bulk_create(Enrolment(student=user, classroom=classroom) for user in more)
    practised([student, classmate, *more], course, now)
    url = reverse(f"admin:students_{name}_changelist")
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
        page = admin_site.get(url, {"q": "a"})
    assert page.status_code == 200
    assert admin_site.get(url).status_code == 200


def test_attempts_can_be_read_but_not_added_changed_or_deleted(
    admin_site: Client, student: User, course: Course, now: datetime
) -> None:
    answer(student, step(course, "add-small"), correct=True, now=now)
    attempt = Attempt.objects.get()
    change = reverse("admin:students_attempt_change", args=[attempt.pk])
    assert admin_site.get(change).status_code == 200
    assert admin_site.post(change, {"correct": ""}).status_code == 403
    assert admin_site.get(reverse("admin:students_attempt_add")).status_code == 403
    assert (
        admin_site.post(reverse("admin:students_attempt_delete", args=[attempt.pk]), {"post": "yes"}).status_code == 403
    )
    deleting = {"action": "delete_selected", "_selected_action": [attempt.pk], "post": "yes"}
    admin_site.post(reverse("admin:students_attempt_changelist"), deleting)
    assert Attempt.objects.get().correct


def test_the_record_goes_with_its_student(admin_site: Client, student: User, course: Course, now: datetime) -> None:
    answer(student, step(course, "add-small"), correct=True, now=now)
    admin_site.post(reverse("admin:students_user_delete", args=[student.pk]), {"post": "yes"})
    assert not User.objects.filter(pk=student.pk).exists()
    assert not Attempt.objects.exists()


def test_an_administrator_makes_a_teacher_in_one_action(admin_site: Client, student: User) -> None:
    url = reverse("admin:students_user_changelist")
    admin_site.post(url, {"action": "make_teacher", "_selected_action": [student.pk]})
    student.refresh_from_db()
    assert student.is_teacher
    admin_site.post(url, {"action": "make_no_teacher", "_selected_action": [student.pk]})
    student.refresh_from_db()
    assert not student.is_teacher


def test_a_new_class_comes_with_a_join_code_and_takes_only_teachers(
    admin_site: Client, course: Course, teacher: User, student: User
) -> None:
    url = reverse("admin:students_classroom_add")
    code = admin_site.get(url).context["adminform"].form.initial["join_code"]
    assert len(code) == 8
    form = {
        "name": "Class 8b",
        "course": course.pk,
        "join_code": code,
        "enrolments-TOTAL_FORMS": 1,
        "enrolments-INITIAL_FORMS": 0,
        "enrolments-0-student": student.pk,
    }
    assert "teachers" in admin_site.post(url, {**form, "teachers": [student.pk]}).context["adminform"].form.errors
    assert admin_site.post(url, {**form, "teachers": [teacher.pk]}).status_code == 302
    made = Classroom.objects.get(join_code=code)
    assert [enrolment.student for enrolment in made.enrolments.all()] == [student]


@pytest.mark.parametrize("name", ["user", "classroom"])
def test_one_account_and_one_class_open(admin_site: Client, student: User, classroom: Classroom, name: str) -> None:
    pk = student.pk if name == "user" else classroom.pk
    assert admin_site.get(reverse(f"admin:students_{name}_change", args=[pk])).status_code == 200
