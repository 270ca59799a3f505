"""What a corrected key costs that thousands have answered: the preview, the regrading, and its undoing.

    python tests/benchmarks/bench_regrading.py [--students 500] [--each 10]

Makes an exercise with variables that every student answered `--each` times, each time in another variant, among twice
as many answers to other exercises of the concept, inside a transaction that is rolled back. Prints seconds as JSON.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

import django

from tutor import embedded

if TYPE_CHECKING:
    from content.models import Step
    from students.models import User

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OTHERS = 2  # answers to other exercises for each one to this
VARIABLES = {"draw": {name: {"from": 2, "to": 60} for name in "abc"}}


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--each", type=int, default=10)
    given = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.db import transaction

    if settings.EMBEDDED:
        embedded.ensure(settings.DATA)
    settings.ALLOWED_HOSTS = ["testserver"]
    with transaction.atomic():
        print(json.dumps(measured(students=given.students, each=given.each)))  # noqa: T201
        transaction.set_rollback(True)


def measured(*, students: int, each: int) -> dict[str, float]:
    """Seconds of each part, and how many answers there were."""
    from django.test import Client
    from django.urls import reverse

    from students.models import Regrading, User
    from tutor import regrading

    step = made_step()
    author = User.objects.create_superuser("bench-author")
    answers = answer(step, students=students, each=each)
    step = correct_key(step)
    desk = Client()
    desk.force_login(author)
    found: dict[str, float] = {"answers": answers, "students": students}
    page = reverse("regrade", args=[step.pk])
    found |= timed("asked_page", lambda: desk.get(page))
    found |= timed("plan", lambda: regrading.prepare(step.pk, reworded=False))
    found |= timed("preview_page", lambda: desk.get(page))
    found |= timed("next_page", lambda: desk.get(f"{page}?page=2"))
    asked = regrading.request(
        step, by=author, revision=step.exercise.revision, reworded=False, note="", now=NOW + timedelta(days=40)
    )
    found |= timed("regrading", lambda: regrading.carry_out(asked.pk, now=NOW + timedelta(days=40)))
    found["changed"] = Regrading.objects.get(pk=asked.pk).figures["changed"]
    found |= timed("result_page", lambda: desk.get(reverse("regrading", args=[asked.pk])))
    found |= timed("undo", lambda: regrading.undo(asked.pk, by=author, now=NOW + timedelta(days=41)))
    return found


def timed(name: str, act: Callable[[], Any]) -> dict[str, float]:
    """How long it takes, and how much of that this process computes."""
    start, computed = time.perf_counter(), time.process_time()
    act()
    return {
        f"{name}_s": round(time.perf_counter() - start, 2),
        f"{name}_cpu_s": round(time.process_time() - computed, 2),
    }


def made_step() -> "Step":
    """The step of a new exercise with a key that is wrong: the sign of its last term."""
    from content.models import Concept, Course, Exercise, Step

    course = Course.objects.create(slug="bench-regrading", title="Bench", language="en")
    concept = Concept.objects.create(course=course, key="multiplying-out", title="Multiplying out")
    for place, variables in enumerate((VARIABLES, {})):
        exercise = Exercise.objects.create(
            course=course, key=f"e{place}", prompt="Multiply out $@{a}(@{b}x+@{c})$.", variables=variables
        )
        key = {"kind": "expression", "value": "@{a*b}x-@{a*c}" if variables else "6x+12"}
        Step.objects.create(exercise=exercise, key=f"e{place}", kind="expression", answer=key).concepts.add(concept)
    return Step.objects.select_related("exercise").get(key="e0", exercise__course=course)


def answer(step: "Step", *, students: int, each: int) -> int:
    """Let everybody answer as the right key has it in two of three cases, and return how many answers there are."""
    from content import variants
    from content.catalog import exercise
    from content.models import Step
    from students import records
    from students.models import Attempt, User

    template = exercise(step.exercise_id, step.exercise.revision)
    other = Step.objects.get(exercise__course=step.exercise.course_id, key="e1")
    people = User.objects.bulk_create(User(username=f"bench-{number}") for number in range(students))
    rows = []
    for number, student in enumerate(people):
        for place in range(each * (1 + OTHERS)):
            at = NOW + timedelta(minutes=place)
            if place % (1 + OTHERS):
                rows.append(attempt(student, other, "6x+12", at=at, correct=True))
                continue
            seed = number * each + place
            drawn = variants.draw_values(template, seed)
            a, b, c = (int(drawn[name]) for name in "abc")
            response = f"{a * b}x+{a * c}" if (number + place) % 3 else f"{a * b}x+{c}"
            rows.append(attempt(student, step, response, at=at, correct=False, seed=seed))
    Attempt.objects.bulk_create(rows, batch_size=2000)
    records.rebuild(student.pk for student in people)
    records.add_counts({step.pk: (students * each, 0)}, {step.concepts.get().pk: (students * each, 0)})
    return students * each


def attempt(student: "User", step: "Step", response: str, *, at: datetime, correct: bool, seed: int = 0) -> Any:
    """An answer as it was graded then."""
    from students.models import Attempt

    return Attempt(
        student=student, step=step, response=response, correct=correct, score=float(correct), seed=seed, created_at=at
    )


def correct_key(step: "Step") -> "Step":
    """Publish the right key as a new revision."""
    from content import catalog, importing
    from content.models import Step

    importing.touch(exercise_ids=[step.exercise_id])
    Step.objects.filter(pk=step.pk).update(answer={"kind": "expression", "value": "@{a*b}x+@{a*c}"})
    importing.touch(exercise_ids=[step.exercise_id])
    catalog.exercise.cache_clear()
    return Step.objects.select_related("exercise__course").get(pk=step.pk)


if __name__ == "__main__":
    main()
