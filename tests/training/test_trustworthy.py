"""Mastery never goes the wrong way, asked through serving before and after an answer at one and the same moment."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.records import (
    TINY,
    everybody,
    facts_of,
    many_steps,
    past_of,
    random_network,
    random_record,
    write_bundle,
)
from training import dataset, finetune
from training.objectives import tracing
from training.serving import PastAnswer, Predictor, StudentQuery

CASES = 120
STEPS = many_steps()
FACTS = facts_of(STEPS)
Totals = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Case:
    """A student with a past, and an answer that comes next."""

    history: list[PastAnswer]
    step: str
    at: float | None
    now: float | None  # when is asked, before and after: at the answer, or later
    others: dict[str, Totals]  # what all other students did

    def query(self, *added: PastAnswer) -> StudentQuery:
        """The query with these answers at the end of the history; they are among everybody's, as all own ones are."""
        history = [*self.history, *added]
        own: dict[str, Counter[str]] = {name: Counter() for name in (*self.others, *(f"{n}+" for n in self.others))}
        for answer in history if self.others else []:
            facts = FACTS[answer.step]
            names = {"item_counts": [answer.step], "concept_counts": facts.concepts, "course_counts": [facts.course]}
            for kind, members in names.items():
                own[kind].update(members if answer.label else ())
                own[f"{kind}+"].update(members if answer.label and answer.correct else ())
        counts = {
            kind: {name: (a + own[kind][name], b + own[f"{kind}+"][name]) for name, (a, b) in totals.items()}
            for kind, totals in self.others.items()
        }
        return StudentQuery(
            history=history,
            candidates=[],
            steps=FACTS,
            concepts=STEPS.concepts,
            requires=[("y", "x")],
            now=self.now,
            **counts,
        )


def cases(seed: int) -> Iterator[Case]:
    """Histories of every sort, as long as nothing and as long as thirty answers, with times and without."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        timed = number % 3 != 0
        record = random_record(number + 1000 * seed, students=1, answers=int(rng.integers(1, 31)), timed=timed)
        answers = record.answers
        if rng.random() < 0.3:  # somebody who is nearly always right, or wrong
            answers.correct[:] = rng.random(len(answers)) < rng.choice([0.03, 0.97])
        history = past_of(answers, STEPS)[:-1]
        at = past_of(answers, STEPS)[-1].seconds
        later = float(rng.choice([0.0, 0.0, 3_600.0, 864_000.0]))
        tries = rng.integers(0, 40, 20)
        totals = [(int(n), int(rng.binomial(n, 0.7))) for n in tries]
        others = {
            "item_counts": dict(zip(STEPS.items, totals, strict=False)),
            "concept_counts": dict(zip(STEPS.concepts, totals[6:], strict=False)),
            "course_counts": dict(zip(STEPS.courses, totals[12:], strict=False)),
        }
        step = str(rng.choice(STEPS.items))
        yield Case(history, step, at, None if at is None else at + later, others)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A network that was never trained, one that is drawn at random, and one that was trained."""
    folder = tmp_path_factory.mktemp("networks")
    record = random_record(2, students=60, answers=40)
    split = dataset.split_by_time(record, config=TINY.split, seed=TINY.seed)
    trained = finetune.train(record, split, out=None, base=None, config=TINY)
    torch.manual_seed(1)
    fresh = tracing.Tracer(trained.model.config)
    fresh.train(False)
    model, table = random_network(STEPS)
    return {
        "fresh": write_bundle(folder / "fresh", fresh, trained.table, everybody(record)),
        "random": write_bundle(folder / "random", model, table, everybody(record)),
        "trained": write_bundle(folder / "trained", trained.model, trained.table, trained.others),
    }


@pytest.mark.parametrize("network", ["fresh", "random", "trained"])
def test_mastery_never_goes_the_wrong_way(bundles: dict[str, Path], network: str) -> None:
    predictor = Predictor(bundles[network])
    rng = np.random.default_rng(5)
    moved = 0
    for case in cases(seed=len(network)):
        before = predictor.predict(case.query()).concept_values
        hints, tried = int(rng.choice([0, 0, 1])), int(rng.choice([1, 1, 2]))
        for correct in (True, False):
            label = tried == 1 and not hints
            given = PastAnswer(
                step=case.step, correct=correct, label=label, hints=hints, try_number=tried, seconds=case.at
            )
            after = predictor.predict(case.query(given)).concept_values
            for name in STEPS.concepts:  # those of the step, and the others as well
                move = (after[name] - before[name]) * (1 if correct else -1)
                assert move >= -1e-6, (case, given, name)
                moved += move > 1e-4 and name in FACTS[case.step].concepts and label
    assert moved > CASES / 2


def test_counts_of_others_are_no_answer_of_the_student(bundles: dict[str, Path]) -> None:
    """What is known of the others is the same before and after, so that only the answer moves anything."""
    predictor = Predictor(bundles["random"])
    case = replace(next(cases(seed=9)), step="d", now=None)  # of no concept
    given = PastAnswer(step="d", correct=True, label=False, try_number=2)
    values = [predictor.predict(case.query(*added)).concept_values for added in ((), (given,), (given, given))]
    assert values[0] == values[1] == values[2]


def test_what_is_forgotten_in_a_pause_does_not_depend_on_an_answer_in_between(bundles: dict[str, Path]) -> None:
    """Somebody always right, asked ten days after an answer that came ten days after the others."""
    predictor = Predictor(bundles["trained"])
    day = 86_400.0
    right = [PastAnswer(step="a", correct=True, label=True, seconds=60.0 * minute) for minute in range(30)]
    case = Case(right, "a", 10 * day, 20 * day, {})
    without = predictor.predict(case.query()).concept_values["x"]
    added = [PastAnswer(step="a", correct=correct, label=True, seconds=10 * day) for correct in (True, False)]
    up, down = (predictor.predict(case.query(one)).concept_values["x"] for one in added)
    assert down < without < up
