"""A small course and simulated students who have answered in it, as rows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from content.models import Concept, Course, Exercise, Prerequisite, Step
from students.models import Attempt, User
from training import pipeline, registry, runs, simulation
from training.models import ModelVersion, TrainingRun

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEMS = 24
CONCEPTS = 4
TINY = {
    "row_epochs": 2,
    "epochs": 2,
    "max_history": 30,
    "network": {"width": 16, "trunk": 24, "layers": 1, "heads": 2, "residual_width": 4},
}
EASY_GATE = registry.GateConfig(
    min_answers=20, margin=-9.0, calibration_slack=1.0, subgroup_margin=9.0, subgroup_most=9.0
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is there."""

    course: Course
    concepts: list[Concept]
    steps: list[Step]
    students: list[User]


@pytest.fixture(autouse=True)
def _data_folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of runs and versions go to a folder of the test; the base that ships is too large for small networks."""
    settings.DATA = tmp_path / "data"
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "no base")


def make_course() -> tuple[Course, list[Concept], list[Step]]:
    """Concepts in a chain, and exercises of one step each."""
    course = Course.objects.create(slug="sums", title="Sums", language="en")
    concepts = [
        Concept.objects.create(course=course, key=f"c{place}", title=f"Concept {place}", position=place)
        for place in range(CONCEPTS)
    ]
    for earlier, later in pairwise(concepts):
        Prerequisite.objects.create(concept=later, requires=earlier)
    steps = []
    for place in range(ITEMS):
        exercise = Exercise.objects.create(course=course, key=f"e{place}", position=place)
        step = Step.objects.create(exercise=exercise, key="a", kind="number", answer={"kind": "number", "value": "1"})
        step.concepts.add(concepts[place * CONCEPTS // ITEMS])
        steps.append(step)
    return course, concepts, steps


def answer(site: Site, *, students: list[User], each: int, seed: int, start: datetime = NOW) -> list[Attempt]:
    """Let the students answer, one every minute, each as a simulated student of some kind would.

    What comes of it depends on places and not on primary keys, which are others whenever the tests run.
    """
    names = {concept.pk: str(place) for place, concept in enumerate(site.concepts)}
    requires = {names[late.pk]: (names[early.pk],) for early, late in pairwise(site.concepts)}
    concepts = {step.pk: [names[concept.pk] for concept in step.concepts.all()] for step in site.steps}
    rows = []
    drawn = zip(students, simulation.draw_students(len(students), seed=seed), strict=True)
    for number, (student, simulated) in enumerate(drawn):
        for place in range(each):
            item = (place * 7 + number) % len(site.steps)
            step = site.steps[item]
            at = start + timedelta(minutes=place)
            response = simulated.respond(
                item=str(item),
                concepts=concepts[step.pk],
                difficulty=2 * simulation.difficulty(f"step {item}"),
                requires=requires,
                at=at.timestamp(),
            )
            rows.append(
                Attempt(
                    student=student,
                    step=step,
                    correct=response.correct,
                    score=float(response.correct),
                    hints_used=response.hints,
                    seconds=response.seconds,
                    created_at=at,
                    is_simulated=student.is_simulated,
                )
            )
    return Attempt.objects.bulk_create(rows)


@pytest.fixture
def empty_site(db: None) -> Site:
    """The course, and twenty simulated students who have not answered yet."""
    course, concepts, steps = make_course()
    students = [User.objects.create(username=f"robot{place}", is_simulated=True) for place in range(20)]
    return Site(course=course, concepts=concepts, steps=steps, students=students)


@pytest.fixture
def site(empty_site: Site) -> Site:
    """The same with forty answers each."""
    answer(empty_site, students=empty_site.students, each=40, seed=1)
    return empty_site


def walk(**options: Any) -> TrainingRun:
    """A run from its request to its end."""
    run = runs.request_retrain("tracing", trigger="person", options={**TINY, **options})
    ended = pipeline.retrain(run_id=run.pk)
    assert ended is not None
    return ended


@pytest.fixture
def easy_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few answers suffice, and it is enough to be finite: for tests of the walk, not of the judgement."""
    monkeypatch.setattr(pipeline, "GATE", EASY_GATE)


@pytest.fixture
def serving_version(site: Site, easy_gate: None) -> ModelVersion:
    """A version made from the site's answers, that serves."""
    version = walk().version
    assert version is not None
    return version
