"""The catalogue: who finds what, what is never shown to whom, and copies."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from content import search
from content.models import Concept, Course, Exercise, Resource
from students.models import PopulationCount, User
from tests.conftest import make_course

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def indexed(course: Course) -> None:
    reading = Resource.objects.create(
        course=course, key="r", title="Why adding works", kind="reading", text="Count on."
    )
    search.index(exercises=Exercise.objects.values_list("pk", flat=True), resources=[reading.pk])


def visit(user: User, **asked: str) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("catalogue"), asked).content.decode()


def exercise(key: str) -> Exercise:
    return Exercise.objects.get(key=key)


def link(key: str) -> str:
    return reverse("catalogue_exercise", args=[exercise(key).pk])


def test_a_student_finds_readings_and_no_exercise(student: User) -> None:
    page = visit(student, words="adding")
    assert "Why adding works" in page
    assert "catalogue_exercise" not in page
    assert link("add-small") not in visit(student, what="exercises")


def test_what_is_withdrawn_is_found_by_nobody_but_its_authors(course: Course, student: User, teacher: User) -> None:
    Course.objects.filter(pk=course.pk).update(published=False)
    assert "Why adding works" not in visit(student)
    assert link("add-small") not in visit(teacher)
    course.authors.add(teacher)
    assert link("add-small") in visit(teacher)


def test_a_teacher_narrows_what_is_found(course: Course, teacher: User) -> None:
    assert link("add-small") in visit(teacher)
    chosen = visit(teacher, kind="one_choice")
    assert link("add-choice") in chosen
    assert link("add-small") not in chosen
    concept = Concept.objects.get(course=course, key="multiplying")
    assert link("add-small") not in visit(teacher, course=str(course.pk), concept=str(concept.pk))
    assert "Nothing was found" in visit(teacher, words="zeppelin")
    assert "Nothing was found" in visit(teacher, licence="CC0")


def test_difficulty_is_what_students_show_or_else_what_the_author_says(teacher: User) -> None:
    step = exercise("add-small").steps.get()
    PopulationCount.objects.update_or_create(step=step, defaults={"tries": 10, "right": 3})
    Exercise.objects.filter(key="add-small").update(difficulty=0.1)
    Exercise.objects.filter(key="add-large").update(difficulty=0.1)
    hard, easy = visit(teacher, level="hard"), visit(teacher, level="easy")
    assert link("add-small") in hard
    assert link("add-small") not in easy
    assert link("add-large") in easy
    assert link("add-choice") not in hard + easy


def test_one_exercise_with_its_answer_is_for_teachers(student: User, teacher: User) -> None:
    client = Client()
    client.force_login(teacher)
    assert "Right answer" in client.get(link("add-small")).content.decode()
    client.force_login(student)
    assert client.get(link("add-small")).status_code == 404


def test_a_copy_is_a_draft_with_licence_and_only_with_what_the_other_course_has(
    course: Course, teacher: User, other_teacher: User, now: datetime
) -> None:
    Course.objects.filter(pk=course.pk).update(licence="CC BY 4.0", attribution="Somebody")
    mine = make_course("mine")
    Concept.objects.filter(course=mine, key="adding").update(retired=True)
    mine.authors.add(teacher)
    source = Exercise.objects.get(course=course, key="add-small")
    address = reverse("catalogue_copy", args=[source.pk])
    client = Client()
    client.force_login(other_teacher)
    assert client.post(address, {"course": mine.pk}).status_code == 404
    assert client.post(address, {"course": "x"}).status_code == 404
    client.force_login(teacher)
    came = client.post(address, {"course": mine.pk})
    made = Exercise.objects.filter(course=mine).latest("pk")
    assert came.headers["Location"] == reverse("author_exercise", args=[mine.pk, made.pk])
    assert not made.published
    assert made.key != source.key
    assert (made.draft["licence"], made.draft["attribution"]) == ("CC BY 4.0", "Somebody")
    assert made.draft["steps"][0]["concepts"] == []
    assert made.draft["steps"][0]["answer"]["value"] == "5"


def test_queries_do_not_grow_with_what_is_found(
    course: Course, teacher: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client()
    client.force_login(teacher)
    with django_assert_max_num_queries(13):
        client.get(reverse("catalogue"), {"words": "what"})


@pytest.mark.parametrize("query", ["page=x", "page=-1", "page=99999", "concept=9" * 3, "course=%00", "level=nothing"])
def test_a_strange_address_is_no_error(teacher: User, query: str) -> None:
    client = Client()
    client.force_login(teacher)
    assert client.get(f"{reverse('catalogue')}?{query}").status_code == 200
