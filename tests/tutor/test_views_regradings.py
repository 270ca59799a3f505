"""The pages of a regrading: what is shown before, names only of one's own students, one click, and the way back."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content.models import Course, Step
from students.models import Attempt, Classroom, Correction, Regrading, User
from tests.tutor.playing import answer, serve
from tests.tutor.test_regrading import publish, regraded, step_of
from tutor import regrading

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(course: Course, student: User, now: datetime) -> Step:
    answer(student, serve(student, course, "add-small", now=now), "6", now=now)
    return publish(step_of(course, "add-small"), {"kind": "number", "value": 6})


def desk_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_author_sees_who_is_affected_regrades_and_undoes(step: Step, teacher: User, student: User) -> None:
    step.exercise.course.authors.add(teacher)
    desk, page = desk_of(teacher), reverse("regrade", args=[step.pk])
    shown = desk.get(page).content.decode()
    assert str(student) in shown
    assert "1 answer is right now" in shown
    came = desk.post(page, {"revision": step.exercise.revision, "note": "It was 6 after all."}, follow=True)
    assert "1 answer is right now" in came.content.decode()
    done = Regrading.objects.get()
    assert (done.state, done.note, done.made_by) == (Regrading.State.DONE, "It was 6 after all.", teacher)
    assert "It was 6 after all." in desk.get(reverse("regradings", args=[step.exercise.course_id])).content.decode()
    desk.post(reverse("undo_regrading", args=[done.pk]))
    assert not Attempt.objects.judged().get().verdict


def test_students_and_their_teacher_are_told_what_counts_otherwise_until_it_is_undone(
    step: Step, administrator: User, teacher: User, student: User, classroom: Classroom, now: datetime
) -> None:
    def told() -> dict[str, bool]:
        own, desk = desk_of(student), desk_of(teacher)
        concept = step.concepts.get()
        course = step.exercise.course
        pages = {
            "home": (own, reverse("home"), "now counts as right"),
            "progress": (own, reverse("course_progress", args=[course.slug]), "now counts as right"),
            "concept": (own, reverse("concept_progress", args=[course.slug, concept.pk]), "judged anew"),
            "class": (desk, reverse("classroom", args=[classroom.pk]), "1 answer of this class counts otherwise"),
            "of student": (
                desk,
                reverse("class_student", args=[classroom.pk, student.pk]) + f"?concept={concept.pk}",
                "judged anew",
            ),
        }
        return {name: words in client.get(address).content.decode() for name, (client, address, words) in pages.items()}

    assert not any(told().values())
    done = regraded(step, administrator, now=timezone.now())
    assert all(told().values()), told()
    regrading.undo(done.pk, by=administrator, now=timezone.now())
    assert not any(told().values())


def test_an_author_who_does_not_teach_a_student_sees_no_name(step: Step, other_teacher: User, student: User) -> None:
    step.exercise.course.authors.add(other_teacher)
    User.objects.filter(pk=student.pk).update(username="wen-li", display_name="Wen Li")
    shown = desk_of(other_teacher).get(reverse("regrade", args=[step.pk])).content.decode()
    assert "Wen Li" not in shown
    assert "wen-li" not in shown
    assert "a student of another class" in shown


def test_clicked_twice_it_is_one_regrading(step: Step, administrator: User) -> None:
    desk, page = desk_of(administrator), reverse("regrade", args=[step.pk])
    for _ in range(2):
        desk.post(page, {"revision": step.exercise.revision})
    assert Correction.objects.count() == 1


def test_a_list_of_many_takes_no_more_queries_than_one_of_one(
    step: Step, administrator: User, course: Course, classmate: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    answer(classmate, serve(classmate, course, "add-small", now=now), "5", now=now)
    desk = desk_of(administrator)
    with django_assert_max_num_queries(20):
        desk.get(reverse("regrade", args=[step.pk]))


def test_what_is_outdated_is_said_until_it_was_looked_at(step: Step, administrator: User, now: datetime) -> None:
    (found,) = regrading.outdated(step.exercise_id)
    assert (found.step_id, found.answers) == (step.pk, 1)
    regraded(step, administrator, now=now)
    assert regrading.outdated(step.exercise_id) == []
