"""How true the mastery is that the serving tracer says, beside the hidden truth of simulated students.

    python tests/benchmarks/bench_mastery.py [--students 24] [--answers 75] [--seed 99]

Takes the site's first course and the version that serves (`manage.py demo_school`, then `retrain tracing --wait`).
New simulated students practise through the real code, with a refresh after every turn, inside a transaction that is
rolled back. Prints one JSON object: the share of truths inside the 80 % interval; number, mean value and mean truth by
value; the concepts called mastered, and what is true of them at that moment.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

import django

from tutor import embedded

if TYPE_CHECKING:
    from tutor.management import practising

LOOKED_AT = 0.3  # share of the turns after which all estimates are compared
EDGES = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 1.0)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An estimate beside the truth."""

    value: float
    low: float
    high: float
    truth: float
    just_mastered: bool


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=24)
    parser.add_argument("--answers", type=int, default=75)
    parser.add_argument("--seed", type=int, default=99)
    given = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.db import transaction

    if settings.EMBEDDED:
        embedded.ensure(settings.DATA)
    with transaction.atomic():
        seen = list(practise(students=given.students, answers=given.answers, seed=given.seed))
        transaction.set_rollback(True)
    print(json.dumps(figures(seen, students=given.students)))  # noqa: T201


def practise(*, students: int, answers: int, seed: int) -> Iterator[Seen]:
    """All that is seen while the students practise one after the other."""
    from django.utils import timezone

    from content.models import Concept, Course, Step
    from students.models import ConceptState
    from training import pipeline, simulation
    from tutor.management import practising

    now = timezone.now()
    course = Course.objects.order_by("id")[0]
    steps = Step.objects.filter(exercise__course=course, retired=False, exercise__retired=False)
    ids = list(steps.values_list("pk", flat=True))
    difficulties: dict[int, list[float]] = {}
    for key, concept in steps.values_list("key", "concepts"):
        difficulties.setdefault(concept, []).append(simulation.difficulty(key) - practising.EASE)
    names = {concept.pk: f"{course.slug}:{concept.key}" for concept in Concept.objects.filter(course=course)}
    requires = practising.prerequisites(course)
    members = practising.make_class(course=course, students=students, seed=seed, classroom=None, now=now)
    for number, (user, mind) in enumerate(members):
        clock = practising.Clock(now=now - practising.CALENDAR, end=now, rng=Random(f"{seed}:{number}"))
        life = practising.Life(user=user, simulated=mind, course=course, requires=requires, clock=clock)
        known: set[int] = set()
        for _ in turns_of(life, answers):
            pipeline.refresh_predictions(student_id=user.pk, course_id=course.pk, step_ids=ids, now=clock.now)
            look = clock.rng.random() < LOOKED_AT
            for state in ConceptState.objects.filter(student=user):
                concept = state.concept_id
                is_new = state.mastered_at is not None and concept not in known
                if is_new:
                    known.add(concept)
                if look or is_new:
                    truth = mind.mastery(
                        concept=names[concept],
                        requires=requires,
                        at=clock.now.timestamp(),
                        difficulty=median(difficulties[concept]),
                    )
                    yield Seen(value=state.value, low=state.low, high=state.high, truth=truth, just_mastered=is_new)


def turns_of(life: "practising.Life", answers: int) -> Iterator[int]:
    """Lets the student practise; yields after every turn how many answers there are by then."""
    from tutor import turns
    from tutor.management import practising

    given, clock = 0, life.clock
    with turns.without_refresh():
        while given < answers:
            clock.sit_down((answers - given) // practising.SITTING[0])
            try:
                view = turns.next_turn(life.user, life.course, now=clock.pass_seconds(3), rng=clock.rng)
            except turns.CourseFinished:
                return
            while view.current:
                view = practising.answer_once(life, view, view.current).view
                given += 1
                clock.left_in_sitting = max(0, clock.left_in_sitting - 1)
            yield given


def figures(seen: list[Seen], *, students: int) -> dict[str, object]:
    """What it comes to."""
    mastered = [one.truth for one in seen if one.just_mastered]
    bins = {f"{low}-{high}": [one for one in seen if low <= one.value < high] for low, high in pairwise(EDGES)}
    return {
        "inside": round(mean(one.low <= one.truth <= one.high for one in seen), 3),
        "by_value": {
            name: [len(own), round(mean(one.value for one in own), 3), round(mean(one.truth for one in own), 3)]
            for name, own in bins.items()
            if own
        },
        "mastered_each": round(len(mastered) / students, 1),
        "of_them_truly_mastered": round(mean(one >= 0.85 for one in mastered), 3) if mastered else None,
        "of_them_below_0.70": round(mean(one < 0.70 for one in mastered), 3) if mastered else None,
    }


if __name__ == "__main__":
    main()
