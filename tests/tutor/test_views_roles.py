"""Who may open what: every address of the site as every role. What is not theirs does not exist for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from content.models import Concept, Course
from students.models import Classroom, User
from tutor import turns
from tutor.turns import TurnView

GONE = 404
TO_SIGN_IN = 302
NEVER = {GONE, 403, 500}

# Every name of the site's own addresses stands in exactly one of these.
OPEN = {"language", "healthz"}
SIGNED_IN = {
    "home",
    "next",
    "finished",
    "progress",
    "course_progress",
    "concept_progress",
    "preferences",
    "join",
    "yardstick",
}
OWN_TURN = {"practice", "answer", "hint", "scaffold", "give_up", "skip", "read_as"}
TEACHERS = {"classes"}
OWN_CLASS = {"classroom", "class_student", "class_concept"}
STAFF = {"styleguide", "styleguide_practice"}
PICTURES = {"figure"}
PLACED = OPEN | SIGNED_IN | OWN_TURN | TEACHERS | OWN_CLASS | STAFF | PICTURES

POSTED = {"language", "next", "answer", "hint", "scaffold", "give_up", "skip", "read_as"}


@dataclass(frozen=True)
class School:
    """Everybody, and what addresses are made of."""

    people: dict[str, User]
    turn: TurnView
    arguments: dict[str, dict[str, Any]]


@pytest.fixture
def school(
    course: Course,
    classroom: Classroom,
    student: User,
    classmate: User,
    teacher: User,
    other_teacher: User,
    administrator: User,
    now: datetime,
) -> School:
    turn = turns.next_turn(student, course, now=now, rng=Random(1))
    concept = Concept.objects.filter(course=course).first()
    assert concept
    token = {name: {"token": turn.token} for name in OWN_TURN}
    in_class = {"classroom_id": classroom.pk}
    return School(
        people={
            "student": student,
            "classmate": classmate,
            "teacher": teacher,
            "other_teacher": other_teacher,
            "administrator": administrator,
        },
        turn=turn,
        arguments={
            **token,
            **{name: {"slug": course.slug} for name in ("next", "finished", "course_progress")},
            "concept_progress": {"slug": course.slug, "concept_id": concept.pk},
            "classroom": in_class,
            "class_student": {**in_class, "student_id": student.pk},
            "class_concept": {**in_class, "concept_id": concept.pk},
            "styleguide_practice": {"state": "fresh"},
            "figure": {"course_id": course.pk, "name": "none.png"},
        },
    )


def own_names(patterns: list[Any] | None = None) -> Iterator[str]:
    """The names of all addresses that are not another application's."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name
        elif isinstance(pattern, URLResolver) and pattern.namespace is None:
            yield from own_names(pattern.url_patterns)


def status(school: School, name: str, role: str) -> int:
    client = Client()
    if role in school.people:
        client.force_login(school.people[role])
    address = reverse(name, kwargs=school.arguments.get(name, {}))
    if name not in POSTED:
        return client.get(address).status_code
    step = school.turn.current
    assert step
    data = {"step": step.key, "response": "5", "after": "0", "language": "en"}
    return client.post(address, data).status_code


def test_every_address_has_its_place_among_the_roles() -> None:
    names = {name for name in own_names() if not name.startswith("account_")}
    assert names == PLACED


@pytest.mark.parametrize("name", sorted(PLACED - OPEN))
def test_nobody_gets_in_without_signing_in(school: School, name: str) -> None:
    assert status(school, name, "anonymous") == TO_SIGN_IN


@pytest.mark.parametrize("name", sorted(SIGNED_IN))
@pytest.mark.parametrize("role", ["student", "classmate", "teacher", "other_teacher", "administrator"])
def test_what_is_everybodys_is_open_to_everybody(school: School, name: str, role: str) -> None:
    assert status(school, name, role) not in NEVER


@pytest.mark.parametrize("name", sorted(OWN_TURN))
@pytest.mark.parametrize("role", ["classmate", "teacher", "other_teacher", "administrator"])
def test_a_turn_is_its_students_alone(school: School, name: str, role: str) -> None:
    assert status(school, name, role) == GONE


@pytest.mark.parametrize("name", sorted(OWN_TURN - {"scaffold"}))
def test_a_student_can_use_every_button_of_their_turn(school: School, name: str) -> None:
    assert status(school, name, "student") not in NEVER


@pytest.mark.parametrize("name", sorted(TEACHERS))
def test_teaching_exists_for_teachers_only(school: School, name: str) -> None:
    for role in ("student", "classmate", "administrator"):
        assert status(school, name, role) == GONE
    for role in ("teacher", "other_teacher"):
        assert status(school, name, role) == 200


@pytest.mark.parametrize("name", sorted(OWN_CLASS))
def test_a_class_exists_for_its_own_teachers_only(school: School, name: str) -> None:
    for role in ("student", "classmate", "other_teacher", "administrator"):
        assert status(school, name, role) == GONE
    assert status(school, name, "teacher") == 200


@pytest.mark.parametrize("name", sorted(STAFF))
def test_the_style_guide_exists_for_staff_only(school: School, name: str) -> None:
    for role in ("student", "classmate", "teacher", "other_teacher"):
        assert status(school, name, role) == GONE
    assert status(school, name, "administrator") == 200


def test_a_teacher_sees_no_student_of_another_class(school: School, classroom: Classroom, db: None) -> None:
    stranger = User.objects.create_user("stranger")
    school.arguments["class_student"]["student_id"] = stranger.pk
    assert status(school, "class_student", "teacher") == GONE


def test_the_administration_sends_everybody_else_away(school: School) -> None:
    for role in ("anonymous", "student", "teacher"):
        assert status(school, "admin:index", role) == TO_SIGN_IN
    assert status(school, "admin:index", "administrator") == 200


def test_a_part_of_a_page_asked_for_after_signing_out_sends_the_whole_page_to_sign_in(school: School) -> None:
    address = reverse("answer", args=[school.turn.token])
    current = f"http://testserver/practice/{school.turn.token}/"
    answer = Client().post(address, headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next=/practice/{school.turn.token}/"
