"""A school to try everything in: people to sign in as, two classes, and simulated students with weeks of answers.

For demonstrations only: its passwords stand in this file. A second run changes nothing.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from content.models import Course
from students.models import Classroom, Enrolment, User
from tutor.management import practising
from tutor.management.progress import ProgressLine

PASSWORD = "yincai-demo"  # noqa: S105 (a demonstration, and said to be one)
SEED = 2026
SIMULATED = 60
ANSWERS = 75  # of each simulated student, about
WARNING = (
    "WARNING: everybody knows these passwords, the administrator's too. Keep this site to yourself; "
    "before others can reach it, delete these accounts and start with DEMO=0."
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to sign in as."""

    username: str
    name: str
    role: str  # administrator, teacher, student
    language: str

    @property
    def password(self) -> str:
        """The same for all of them."""
        return PASSWORD

    @property
    def who(self) -> str:
        """In a few words, for the list of sign-ins."""
        return f"{self.role}: {self.name}"


@dataclass(frozen=True, kw_only=True)
class School:
    """One class of the demonstration: the language of its course, its people, how many of them are simulated."""

    language: str
    name: str
    join_code: str
    teacher: str
    students: tuple[str, ...]
    simulated: int


PEOPLE = (
    Person(username="admin", name="Robin Weiss", role="administrator", language="en"),
    Person(username="teacher", name="Ms Okafor", role="teacher", language="en"),
    Person(username="laoshi", name="陈老师", role="teacher", language="zh-hans"),
    Person(username="mia", name="Mia Andersen", role="student", language="en"),
    Person(username="omar", name="Omar Haddad", role="student", language="en"),
    Person(username="xiaolin", name="林晓", role="student", language="zh-hans"),
    Person(username="zihan", name="王子涵", role="student", language="zh-hans"),
)
SCHOOLS = (
    School(
        language="en",
        name="Algebra 8b",
        join_code="ALGEBRA8",
        teacher="teacher",
        students=("mia", "omar"),
        simulated=SIMULATED // 2,
    ),
    School(
        language="zh-hans",
        name="八年级二班 · 代数",
        join_code="DAISHU82",
        teacher="laoshi",
        students=("xiaolin", "zihan"),
        simulated=SIMULATED // 2,
    ),
)


class Command(BaseCommand):
    """Makes the demonstration school, once."""

    help = "Make a demonstration school: people to sign in as, classes, simulated students with answers."

    def add_arguments(self, parser: CommandParser) -> None:
        """A smaller school for a quick look; insisting on a public site."""
        parser.add_argument("--students", type=int, default=SIMULATED, help=f"simulated students ({SIMULATED})")
        parser.add_argument("--answers", type=int, default=ANSWERS, help=f"answers of each of them, about ({ANSWERS})")
        parser.add_argument("--force", action="store_true", help="even on a site with HTTPS on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is not there yet, then say how to sign in."""
        if settings.HTTPS and not options["force"]:
            raise CommandError("HTTPS is on, so this is no demonstration: its passwords are known. Or say --force.")
        courses = {school.language: _course(school.language) for school in SCHOOLS}
        started = time.perf_counter()
        people = {person.username: _make_person(person) for person in PEOPLE}
        answers = sum(self._make_school(school, courses[school.language], people, options) for school in SCHOOLS)
        for person in PEOPLE:
            self.stdout.write(f"  {person.username:<10} {person.password}   {person.who}")
        if not settings.DEBUG:
            self.stderr.write(self.style.WARNING(WARNING))
        figures = {"answers": answers, "seconds": round(time.perf_counter() - started, 1)}
        self.stdout.write(json.dumps(figures))

    def _make_school(self, school: School, course: Course, people: dict[str, User], options: dict[str, Any]) -> int:
        """Make one class unless it is there; returns the number of new answers."""
        count = options["students"] * school.simulated // SIMULATED
        now = timezone.now()
        with transaction.atomic():
            classroom, is_new = Classroom.objects.get_or_create(
                join_code=school.join_code,
                defaults={"name": school.name, "course": course, "consents_to_tuning": True, "is_simulated": True},
            )
            classroom.teachers.add(people[school.teacher])
            course.authors.add(people[school.teacher])  # so that a first visitor can try to write it too
            for username in school.students:
                Enrolment.objects.get_or_create(classroom=classroom, student=people[username])
            if not is_new or count == 0:
                return 0
            # With the class in one transaction: an interrupted start begins again, it does not stay half done.
            members = practising.make_class(course=course, students=count, seed=SEED, classroom=classroom, now=now)
            line = ProgressLine(total=count, what=f"simulated students of {school.name}", stream=self.stderr)
            lives = practising.practise(
                course=course, members=members, answers=options["answers"], seed=SEED, now=now, progress=line.step
            )
            return sum(life.answers for life in lives)


def _course(language: str) -> Course:
    """The course that was there first in a language. Raises CommandError where there is none."""
    course = Course.objects.filter(language=language, published=True).order_by("id").first()
    if course is None:
        raise CommandError(f"Import a course in {dict(settings.LANGUAGES)[language]} first.")
    return course


def _make_person(person: Person) -> User:
    """The account, made unless it is there: what people have changed in it stays."""
    user, is_new = User.objects.get_or_create(
        username=person.username,
        defaults={
            "display_name": person.name,
            "language": person.language,
            "is_teacher": person.role == "teacher",
            "is_staff": person.role == "administrator",
            "is_superuser": person.role == "administrator",
        },
    )
    if is_new:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user
