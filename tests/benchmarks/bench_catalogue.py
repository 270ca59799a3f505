"""What a course of a hundred thousand exercises costs beside one of a thousand: choosing, search, the editor's lists.

    python tests/benchmarks/bench_catalogue.py [--large 100000]

Makes both courses, alike but for their size, inside a transaction that is rolled back. Prints a table of medians in ms
and their ratio, and as its last line JSON. «cold» is what a process does once, before its first request.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

import django

from tutor import embedded

SMALL, CONCEPTS, TIMES = 1_000, 50, 15
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOUNS = [
    "slope",
    "line",
    "ratio",
    "triangle",
    "taxi",
    "market",
    "river",
    "garden",
    "bridge",
    "ladder",
    "recipe",
    "train",
]
CHINESE = ["斜率", "直线", "比例", "三角形", "出租车", "市场", "河流", "花园", "桥梁", "梯子", "食谱", "火车"]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=100_000)
    large = parser.parse_args().large
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction

    if settings.EMBEDDED:
        embedded.ensure(settings.DATA)
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    found: dict[str, dict[int, float]] = {}
    with transaction.atomic():
        for size in (SMALL, large):
            for name, act in acts(size).items():
                found.setdefault(name, {})[size] = milliseconds(act, once=name.endswith("cold"))
        transaction.set_rollback(True)
    print(f"| | {SMALL} | {large} | ratio |\n| --- | --: | --: | --: |")  # noqa: T201
    for name, took in found.items():
        print(f"| {name} | {took[SMALL]:.1f} | {took[large]:.1f} | {took[large] / took[SMALL]:.1f} |")  # noqa: T201
    print(json.dumps({name: list(took.values()) for name, took in found.items()}))  # noqa: T201


def milliseconds(act: Callable[[], Any], *, once: bool) -> float:
    """The median of some runs, the first of which does not count."""
    took = []
    for _ in range(1 if once else TIMES + 1):
        began = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - began))
    return median(took[-TIMES:])


def acts(size: int) -> dict[str, Callable[[], Any]]:
    """A course of so many exercises, and what is done in it."""
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from content import authoring, catalog, importing, search
    from content.models import Concept, Exercise
    from content.search import Wanted
    from students.models import User
    from tutor import turns

    course = make_course(size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE content_exercise; ANALYZE content_step; ANALYZE content_step_concepts")
    teacher = User.objects.create(username=f"teacher-{size}", is_teacher=True)
    course.authors.add(teacher)
    student = User.objects.create(username=f"student-{size}")
    browser = Client()
    browser.force_login(teacher)
    concept = Concept.objects.filter(course=course)[CONCEPTS // 2].pk
    edited = cycle(list(Exercise.objects.filter(course=course).order_by("?").values_list("pk", flat=True)[:TIMES]))
    exercises = reverse("author_exercises", args=[course.pk])

    def choose() -> None:
        view = turns.next_turn(student, course, now=NOW, rng=random.Random(1))
        turns.skip(turn_token=view.token, student=student, now=NOW, rng=random.Random(2))

    def edit() -> None:
        importing.touch(exercise_ids=[next(edited)], author=None)
        course.refresh_from_db()
        assert catalog.course_map(course.pk, course.revision).exercises_on

    def move() -> None:
        authoring.step_by(next(edited), 1, among=Exercise.objects.filter(course=course))

    def find(**asked: Any) -> Callable[[], Any]:
        wanted = Wanted(courses=(course.pk,), **asked)
        return lambda: search.page(search.exercises(wanted), wanted)

    def visit(address: str) -> Callable[[], Any]:
        def act() -> None:
            assert browser.get(address).status_code == 200

        return act

    return {
        "the course's map, cold": lambda: catalog.course_map(course.pk, course.revision),
        "the course's map, after an edit": edit,
        "moving an exercise": move,
        "choosing the next exercise, twice": choose,
        "steps to predict": lambda: turns.steps_wanted(student, course, now=NOW),
        "search: a rare word": find(text="number 517"),
        "search: a common word": find(text="slope"),
        "search: Chinese": find(text="出租车"),
        "search: by concept and kind": find(concept=concept, kind="number"),
        "search: nothing but the course": find(),
        "the editor's list": visit(exercises),
        "the editor's list, searched": visit(f"{exercises}?text=slope"),
    }


def make_course(size: int) -> Any:
    """The rows, with everything that finds them."""
    from content import search
    from content.models import Concept, Course, Exercise, Step

    course = Course.objects.create(slug=f"bench-{size}", title="Bench", language="en")
    concepts = Concept.objects.bulk_create(
        Concept(course=course, key=str(n), title=f"Concept {n}", position=n) for n in range(CONCEPTS)
    )
    exercises = Exercise.objects.bulk_create(
        (
            Exercise(
                course=course,
                key=str(n),
                title=f"Number {n}",
                prompt=f"A {NOUNS[n % 12]} and a {NOUNS[n * 7 % 11]}: {CHINESE[n % 12]}有多长？",
                position=n,
                tags=[NOUNS[n % 12]],
            )
            for n in range(size)
        ),
        batch_size=5000,
    )
    steps = Step.objects.bulk_create(
        (Step(exercise=row, key=row.key, kind="number", answer={"kind": "number", "value": "1"}) for row in exercises),
        batch_size=5000,
    )
    through = Step.concepts.through
    through.objects.bulk_create(
        (through(step_id=step.pk, concept_id=concepts[n % CONCEPTS].pk) for n, step in enumerate(steps)),
        batch_size=5000,
    )
    search.index(exercises=[row.pk for row in exercises])
    return course


if __name__ == "__main__":
    main()
