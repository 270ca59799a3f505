"""Who may open what: every address there is, as every role. What is not theirs does not exist for them.

The addresses are read out of the site's own list of them, with those of the JSON interface and of the account pages, so
that a new one has to take its place here; those of the administration are all alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from content import authoring, importing
from content.models import Concept, Course, Exercise, ExerciseVersion, Misconception, Resource, Step
from students.models import Attempt, Classroom, Enrolment, Regrading, User, Writing
from tests.conftest import PASSWORD, make_course
from tutor import turns
from tutor.models import CourseImport, Turn
from tutor.turns import TurnView

GONE = 404
WRONG_METHOD = 405
TO_SIGN_IN = {302, 401}  # a page sends there, the interface says so

OPEN = {
    "language",
    "healthz",
    "api:schema",
    "api:token",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
SIGNED_IN = {
    "home",
    "next",
    "finished",
    "progress",
    "course_progress",
    "concept_progress",
    "catalogue",
    "preferences",
    "join",
    "yardstick",
    "api:courses",
    "api:next",
    "api:progress",
    "account_logout",
    "account_email",
    "account_change_password",
    "account_set_password",
    "account_reauthenticate",
}
OWN_PAGES = {"practice", "answer", "hint", "scaffold", "give_up", "skip", "read_as"}
OWN_API = {f"api:{name}" for name in ("current", "turn", "answer", "hint", "scaffold", "give-up", "skip")}
OWN_TURN = OWN_PAGES | OWN_API
TEACHERS = {"classes"}
OWN_CLASS = {"classroom", "class_student", "class_concept", "texts_to_grade", "grade_text"}
REGRADING = {"regrade", "regrading", "undo_regrading", "regradings"}  # by the course's authors
ANY_AUTHOR = {"author_courses", "author_new_course", "author_import", "catalogue_exercise"}
OWN_IMPORT = {"author_import_report", "author_import_confirm", "author_import_csv"}
OWN_COURSE = {
    f"author_{name}"
    for name in (
        *("course", "settings", "publish_course", "add_author", "remove_author", "exchange", "download"),
        *("concepts", "new_concept", "concept", "link", "unlink", "move_concept", "retire_concept"),
        *("misconceptions", "new_misconception", "misconception", "try_rewritings"),
        *("resources", "new_resource", "resource", "retire_resource", "figures", "delete_figure"),
        *("exercises", "exercises_act", "new_exercise", "exercise", "draft", "discard", "try", "variants"),
        *("exercise_act", "versions", "restore"),
    )
}
STAFF = {"styleguide", "styleguide_practice"}
PICTURES = {"figure", "catalogue_copy"}  # there is none here, and no course to copy into
NOT_IN_USE = {"account_confirm_login_code"}  # sends everybody away
AUTHORING = ANY_AUTHOR | OWN_IMPORT | OWN_COURSE
PLACED = OPEN | SIGNED_IN | OWN_TURN | TEACHERS | OWN_CLASS | REGRADING | AUTHORING | STAFF | PICTURES | NOT_IN_USE

EVERYBODY = ("student", "classmate", "teacher", "other_teacher", "clerk", "administrator")
LET_IN = {
    **dict.fromkeys(SIGNED_IN, EVERYBODY),
    **dict.fromkeys(OWN_TURN, ("student",)),
    **dict.fromkeys(TEACHERS, ("teacher", "other_teacher")),
    **dict.fromkeys(OWN_CLASS, ("teacher",)),
    **dict.fromkeys(REGRADING | OWN_COURSE, ("teacher", "administrator")),
    **dict.fromkeys(ANY_AUTHOR, ("teacher", "other_teacher", "administrator")),
    **dict.fromkeys(OWN_IMPORT, ("teacher",)),
    **dict.fromkeys(STAFF, ("clerk", "administrator")),
    **dict.fromkeys(PICTURES, ()),
}
# In the administration, for anybody on the staff, whatever they may do there; elsewhere a permission is asked for.
DESK = {
    "admin:index",
    "admin:login",
    "admin:logout",
    "admin:jsi18n",
    "admin:password_change",
    "admin:password_change_done",
    "admin:view_on_site",
}


@dataclass(frozen=True)
class School:
    """Everybody, and what addresses are made of."""

    people: dict[str, User]
    turn: TurnView
    arguments: dict[str, Any]


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
    cache.clear()
    turn = turns.next_turn(student, course, now=now, rng=Random(1))
    concept = Concept.objects.filter(course=course).first()
    step = Step.objects.filter(exercise__course=course).first()
    assert concept
    assert step
    done = Regrading.objects.create(
        step=step, revision=1, key=step.answer, made_at=now, state=Regrading.State.DONE, done_at=now
    )
    return School(
        people={
            "student": student,
            "classmate": classmate,
            "teacher": teacher,
            "other_teacher": other_teacher,
            "clerk": User.objects.create_user("clerk", password=PASSWORD, is_staff=True),
            "administrator": administrator,
        },
        turn=turn,
        arguments={
            "token": turn.token,
            "slug": course.slug,
            "concept_id": concept.pk,
            "other_concept_id": concept.pk + 1,
            "classroom_id": classroom.pk,
            "student_id": student.pk,
            "step_id": step.pk,
            "regrading_id": done.pk,
            "writing_id": Writing.objects.create(student=student, step=step, text="Because.", handed_in_at=now).pk,
            "course_id": course.pk,
            **_written(course, teacher, now),
            "run_id": 1,
            "state": "fresh",
            "name": "none.png",
            "key": "0",
            "uidb36": "0",
            "id": student.pk,
            "object_id": 0,  # none: who may not know that is told so first
            "version_id": 0,
            "content_type_id": 1,
            "app_label": "students",
        },
    )


def _written(course: Course, author: User, now: datetime) -> dict[str, Any]:
    """What addresses of the authoring pages are made of."""
    course.authors.add(author)
    exercise = Exercise.objects.filter(course=course)[0]
    importing.touch(exercise_ids=[exercise.pk])
    resource = Resource.objects.create(course=course, key="read", title="To read", kind="reading", text="Read this.")
    figure = authoring.save_figure(course.pk, "line.png", b"a picture")
    handed_in = CourseImport.objects.create(owner=author, name="a.gift", state=CourseImport.State.DONE, made_at=now)
    return {
        "exercise_id": exercise.pk,
        "number": ExerciseVersion.objects.filter(exercise=exercise)[0].number,
        "misconception_id": Misconception.objects.filter(course=course)[0].pk,
        "resource_id": resource.pk,
        "figure_id": figure.pk,
        "author_id": author.pk,
        "import_id": handed_in.pk,
        "format_name": "yincai",
    }


def addresses(
    patterns: list[Any] | None = None, space: str = "", before: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every address of the site: its name with its namespace, and the names of what it is made of."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        made_of = (*before, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, inside, made_of)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{space}{pattern.name}", made_of


ADDRESSES = dict(addresses())
ADMINISTRATION = sorted(name for name in ADDRESSES if name.startswith("admin:"))


def as_role(school: School, role: str) -> Client:
    client = Client()
    if role in school.people:
        client.force_login(school.people[role])
    return client


def address_of(school: School, name: str) -> str:
    return reverse(name, kwargs={one: school.arguments[one] for one in ADDRESSES[name]})


def statuses(school: School, name: str, role: str) -> set[int]:
    """What comes of opening an address and of sending a form or JSON to it, but for being told the other way."""
    assert school.turn.current
    data = {"step": school.turn.current.key, "response": "5", "after": "0", "language": "en", "hint": "none"}
    data |= {"concept": str(school.arguments["concept_id"]), "requires": str(school.arguments["other_concept_id"])}
    data["submission_id"] = "00000000-0000-4000-8000-000000000005"
    content_type = "application/json" if name.startswith("api:") else MULTIPART_CONTENT
    client, address = as_role(school, role), address_of(school, name)
    return {client.get(address).status_code, client.post(address, data, content_type=content_type).status_code} - {
        WRONG_METHOD
    }


def test_every_address_has_its_place_among_the_roles() -> None:
    assert {name for name in ADDRESSES if name not in ADMINISTRATION} == PLACED
    assert len(ADMINISTRATION) > 100


def test_what_is_open_is_open_to_everybody(school: School) -> None:
    for name in OPEN:
        for role in ("anonymous", "student"):
            came = statuses(school, name, role)
            assert min(came) < 401, (name, role)  # in one way or the other
            assert max(came) < 500, (name, role)


def test_nobody_gets_in_without_signing_in(school: School) -> None:
    for name in PLACED - OPEN:
        assert statuses(school, name, "anonymous") <= TO_SIGN_IN, name
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("name", sorted(LET_IN))
def test_an_address_is_there_for_those_whose_it_is_and_for_nobody_else(school: School, name: str) -> None:
    for role in EVERYBODY:
        if role not in LET_IN[name]:
            assert statuses(school, name, role) == {GONE}, role
    turn = Turn.objects.get()
    assert (turn.state, turn.progress, Attempt.objects.count()) == (Turn.State.OPEN, {}, 0)
    for role in LET_IN[name]:
        came = statuses(school, name, role)
        missing = {GONE} if "scaffold" in name else {403, GONE}
        assert not came & missing, role
        assert came, role
        assert max(came) < 500, role


def test_the_administration_is_for_the_staff_and_each_page_for_those_who_may(school: School) -> None:
    for name in ADMINISTRATION:
        outside = {200, 302} if name in {"admin:login", "admin:logout"} else {302}
        for role in ("anonymous", "student"):
            assert statuses(school, name, role) <= outside, (name, role)
        if name not in DESK:
            gone = {302} if name.endswith("_history") else set()  # of a row that is not there
            assert statuses(school, name, "clerk") <= {403, GONE} | gone, name
        address = address_of(school, name)
        assert as_role(school, "administrator").get(address).status_code in {200, 302, GONE, 403, WRONG_METHOD}, name


def test_a_teacher_sees_no_student_of_another_class_and_no_concept_of_another_course(
    school: School, course: Course, other_teacher: User
) -> None:
    stranger = User.objects.create_user("stranger")
    elsewhere = Classroom.objects.get(teachers=other_teacher)
    Enrolment.objects.create(classroom=elsewhere, student=stranger)
    other_course = make_course("elsewhere")
    foreign = Concept.objects.filter(course=other_course)[0]
    desk = as_role(school, "teacher")
    room = school.arguments["classroom_id"]
    for address in (
        reverse("class_student", args=[room, stranger.pk]),
        reverse("class_student", args=[elsewhere.pk, stranger.pk]),
        reverse("class_student", args=[elsewhere.pk, school.people["student"].pk]),
        reverse("class_concept", args=[room, foreign.pk]),
        reverse("class_student", args=[room, school.people["student"].pk]) + f"?concept={foreign.pk}",
    ):
        assert desk.get(address).status_code == GONE, address


def test_a_teacher_who_is_none_any_more_sees_no_class(school: School, teacher: User) -> None:
    User.objects.filter(pk=teacher.pk).update(is_teacher=False)
    for name in (*TEACHERS, *OWN_CLASS, *AUTHORING):
        assert statuses(school, name, "teacher") == {GONE}


def test_a_concept_is_shown_in_its_own_course_only(school: School) -> None:
    make_course("elsewhere")
    address = reverse("concept_progress", args=["elsewhere", school.arguments["concept_id"]])
    assert as_role(school, "student").get(address).status_code == GONE


def test_a_part_of_a_page_asked_for_after_signing_out_sends_the_whole_page_to_sign_in(school: School) -> None:
    address = reverse("answer", args=[school.turn.token])
    current = f"http://testserver/practice/{school.turn.token}/"
    answer = Client().post(address, headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next=/practice/{school.turn.token}/"
