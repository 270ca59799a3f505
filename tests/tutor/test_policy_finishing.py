"""What is begun gets finished: mastery within reach, one concept after the other, and nobody held at one that fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest

from students.knowledge import Standing
from tests.tutor.pupils import START, Held, Pupil, course_of, make_course
from training.simulation import SimulatedCourse, SimulatedResponse
from tutor import policy
from tutor.policy import Served, Situation

NEARLY = Held(value=0.82, low=0.58, high=0.93, tries=4, standing=Standing.LEARNING)
KNOWN = Held(value=0.9, low=0.8, high=0.95, tries=6, mastered=True, standing=Standing.LIKELY_KNOWS)
STUCK = Held(value=0.55, low=0.3, high=0.8, tries=10, standing=Standing.LEARNING)

# Nothing requires anything. Twenty exercises each, so that none has to come twice.
FLAT = make_course(
    dict.fromkeys(range(1, 6), ()),
    {concept * 100 + number: ((concept,),) for concept in range(1, 6) for number in range(20)},
)


def situation(held: Mapping[int, Held], served: Sequence[Served] = ()) -> Situation:
    everything: dict[int, Held] = {concept.id: Held() for concept in FLAT.concepts} | dict(held)
    return Situation(course=FLAT, held=everything, now=START, served=served)


def concepts_chosen(given: Situation) -> set[int]:
    """All that may be chosen, by score or by exploration."""
    return {exercise // 100 for exercise in policy.propensities(given)}


def test_two_that_are_nearly_mastered_go_on_before_anything_new() -> None:
    given = situation({2: NEARLY, 4: NEARLY})
    assert concepts_chosen(given) == {2, 4}
    assert sum(policy.propensities(given).values()) == pytest.approx(1)


def test_one_that_is_nearly_mastered_may_be_mixed_with_a_new_one() -> None:
    assert {2, 1} <= concepts_chosen(situation({2: NEARLY}))
    assert {2, 1} <= concepts_chosen(situation({2: NEARLY, 4: KNOWN}))


def test_of_many_that_are_nearly_mastered_the_most_practised_are_finished_first() -> None:
    given = situation({one: replace(NEARLY, tries=tries) for one, tries in {1: 4, 2: 7, 3: 2, 4: 6, 5: 3}.items()})
    assert concepts_chosen(given) == {2, 4}


def test_one_that_is_nearly_mastered_rests_after_two_wrong_answers_as_any() -> None:
    wrong = Served(exercise_id=200, concept_id=2)
    given = situation({2: replace(NEARLY, wrong_in_a_row=2), 4: NEARLY}, served=[wrong])
    assert concepts_chosen(given) == {1, 3, 4, 5}


def test_after_ten_tries_without_mastery_a_concept_rests_for_ten_exercises() -> None:
    last = Served(exercise_id=100, concept_id=1)
    others = [Served(exercise_id=200 + number, concept_id=2) for number in range(10)]
    held = {1: STUCK, 2: KNOWN}
    assert 1 not in concepts_chosen(situation(held, served=[last]))
    assert 1 not in concepts_chosen(situation(held, served=[last, *others[:9]]))
    assert 1 in concepts_chosen(situation(held, served=[last, *others]))
    assert 1 in concepts_chosen(situation({**held, 1: replace(STUCK, tries=9)}, served=[last]))


def test_stuck_at_the_last_concept_a_student_goes_on_with_it() -> None:
    held = {1: STUCK, **dict.fromkeys((2, 3, 4, 5), KNOWN)}
    assert concepts_chosen(situation(held, served=[Served(exercise_id=100, concept_id=1)])) == {1}


# --- whole courses ----------------------------------------------------------------------------------------------------

CONCEPTS = 8
SEEDS = range(12)


@dataclass(kw_only=True)
class ConstantStudent:
    """Right with the same chance for ever, but never at what is beyond them."""

    rng: Random
    chance: float
    beyond: str = ""

    def respond(self, *, concepts: Sequence[str], **_rest: object) -> SimulatedResponse:
        right = self.rng.random() < self.chance and self.beyond not in concepts
        return SimulatedResponse(correct=right, hints=0, seconds=30, gives_up=False)


def practised(exercises: int, *, seed: int, beyond: str = "") -> tuple[Pupil, list[int]]:
    """A student right nine times in ten, after so many exercises; and how many concepts waited, nearly mastered."""
    names = [f"c{place}" for place in range(CONCEPTS)]
    steps = {f"{name}-{number}": (name,) for name in names for number in range(15)}
    chains = {name: (names[place - 1],) if place % 4 else () for place, name in enumerate(names)}
    simulated = SimulatedCourse(name="small", requires=chains, steps=steps, difficulties=dict.fromkeys(steps, 0.0))
    student = ConstantStudent(rng=Random(seed), chance=0.9, beyond=beyond)
    pupil = Pupil(student=student, simulated=simulated, course=course_of(simulated))  # type: ignore[arg-type]
    rng, waiting = Random(seed), []
    for _ in range(exercises):
        choice = policy.choose(pupil.situation(), rng=rng)
        if choice is None:
            break
        pupil.practise(choice.exercise_id, choice.concept_id, choice.strategy)
        held = pupil.held().values()
        waiting.append(sum(one.tries > 0 and not one.mastered and one.value >= NEARLY.value for one in held))
    return pupil, waiting


def test_who_answers_nine_of_ten_right_finishes_a_small_course() -> None:
    lengths = []
    for seed in SEEDS:
        pupil, _ = practised(25 * CONCEPTS, seed=seed)
        assert len(pupil.mastered) == CONCEPTS
        lengths.append(len(pupil.served))
    assert sum(lengths) / len(lengths) < 10 * CONCEPTS  # five each, were nothing ever wrong


def test_who_answers_nine_of_ten_right_masters_one_concept_after_the_other() -> None:
    mastered = [len(practised(5 * CONCEPTS, seed=seed)[0].mastered) for seed in SEEDS]
    assert min(mastered) >= 1
    assert sum(mastered) / len(mastered) >= 3


def test_hardly_ever_do_more_than_three_wait_to_be_finished() -> None:
    waiting = [count for seed in SEEDS for count in practised(25 * CONCEPTS, seed=seed)[1]]
    assert sum(count > 3 for count in waiting) < 0.03 * len(waiting)


def test_who_fails_at_one_concept_is_moved_on_and_masters_the_others() -> None:
    for seed in SEEDS:
        pupil, _ = practised(25 * CONCEPTS, seed=seed, beyond="c4")
        assert len(pupil.mastered) == CONCEPTS - 1
        assert sum(one.concept_id == 4 for one in pupil.served[:60]) <= 20
