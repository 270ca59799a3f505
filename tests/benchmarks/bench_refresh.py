"""How long a worker takes to refresh one student's predictions, database included.

    python tests/benchmarks/bench_refresh.py

Makes a course of 500 steps and a student with 200 answers inside a transaction that is rolled back, and a bundle of
the usual size in a temporary folder. Prints one JSON object: median_ms, p95_ms, cpu_ms, candidates, history, queries.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

import django

from tutor import embedded

CONCEPTS, STEPS, HISTORY, TIMES = 25, 500, 200, 40
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def main() -> None:
    """Run it and print the figures."""
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    if settings.EMBEDDED:
        embedded.ensure(settings.DATA)
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        settings.DATA = Path(folder)
        refresh = prepare()
        refresh()
        seconds, cpu = [], time.process_time()
        for _ in range(TIMES):
            start = time.perf_counter()
            refresh()
            seconds.append(1000 * (time.perf_counter() - start))
        cpu = time.process_time() - cpu
        with CaptureQueriesContext(connection) as queries:
            refresh()
        transaction.set_rollback(True)
    figures = {"median_ms": round(median(seconds), 1), "p95_ms": round(quantiles(seconds, n=20)[-1], 1)}
    figures["cpu_ms"] = round(
        1000 * cpu / TIMES, 1
    )  # of this process alone: tells more than the others on a busy machine
    print(json.dumps({**figures, "candidates": STEPS, "history": HISTORY, "queries": len(queries)}))  # noqa: T201


def prepare() -> Callable[[], bool]:
    """The rows and the bundle; returns what is to be measured."""
    from content.models import Concept, Course, Exercise, Step
    from students.models import Attempt, PopulationCount, User
    from training import finetune, pipeline, simulation
    from training.config import FinetuneConfig
    from training.models import ModelVersion

    course = Course.objects.create(slug="bench-refresh", title="Bench", language="en")
    concepts = [Concept.objects.create(course=course, key=str(n), title=str(n), position=n) for n in range(CONCEPTS)]
    steps = []
    for number in range(STEPS):
        exercise = Exercise.objects.create(course=course, key=str(number), position=number)
        step = Step.objects.create(exercise=exercise, key="a", kind="number", answer={})
        step.concepts.add(concepts[number % CONCEPTS])
        steps.append(step)
    PopulationCount.objects.bulk_create(PopulationCount(step=step, tries=30, right=20) for step in steps)
    PopulationCount.objects.bulk_create(PopulationCount(concept=concept, tries=600, right=400) for concept in concepts)
    student = User.objects.create(username="bench-refresh")
    Attempt.objects.bulk_create(
        Attempt(
            student=student,
            step=steps[n * 7 % STEPS],
            correct=n % 3 > 0,
            score=1.0,
            created_at=NOW + timedelta(minutes=n),
        )
        for n in range(HISTORY)
    )
    folder = Path(tempfile.mkdtemp(dir=django.conf.settings.DATA))
    simulation.write_snapshot(folder / "s", students=30, answers_each=40, concepts=CONCEPTS, items=100, seed=1)
    made = finetune.finetune(snapshot=folder / "s", out=folder / "o", config=FinetuneConfig(epochs=1))
    ModelVersion.objects.filter(state="serving").update(state="retired")
    ModelVersion.objects.create(
        objective="tracing", number=10**6, state="serving", bundle=str(made.relative_to(django.conf.settings.DATA))
    )
    ids = [step.pk for step in steps]
    later = NOW + timedelta(days=1)
    return lambda: pipeline.refresh_predictions(student_id=student.pk, course_id=course.pk, step_ids=ids, now=later)


if __name__ == "__main__":
    main()
