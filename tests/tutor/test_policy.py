"""What next: each rule of the policy, its propensities, and that it teaches more than chance does."""

import statistics
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest

from students.knowledge import Standing
from tests.tutor.pupils import START, Course, Held, Pupil, Rule, course_of, gained, make_course
from training.simulation import SimulatedCourse, SimulatedResponse, draw_course, draw_students
from tutor import policy
from tutor.policy import Choice, Reason, Served, Situation, Strategy
from tutor.policy.plan import EXPLORED
from tutor.policy.situation import ExerciseNode

KNOWN = Held(value=0.9, low=0.8, high=0.95, tries=6, mastered=True, standing=Standing.LIKELY_KNOWS)
FADED = replace(
    KNOWN, value=0.7, low=0.5, high=0.9, standing=Standing.FADING, last_attempt_at=START - timedelta(days=30)
)
NEARLY = Held(value=0.82, low=0.58, high=0.93, tries=4, standing=Standing.LEARNING)
WEAK = Held(value=0.3, low=0.1, high=0.5, tries=4, standing=Standing.LEARNING)

# 1 and 2 are open, 3 needs 1, 4 needs 3. Four exercises each, named by concept and number.
CHAIN = make_course(
    {1: (), 2: (), 3: (1,), 4: (3,)},
    {concept * 10 + number: ((concept,),) for concept in (1, 2, 3, 4) for number in range(4)},
)


def situation(held: Mapping[int, Held] | None = None, course: Course = CHAIN, **extra: object) -> Situation:
    """A new student in the course, but for what is said of them."""
    everything = {concept.id: Held() for concept in course.concepts} | dict(held or {})
    return Situation(course=course, held=everything, now=START, **extra)  # type: ignore[arg-type]


def best(given: Situation, seed: int = 0) -> Choice:
    """What is chosen when nothing is explored."""
    for attempt in range(100):
        choice = policy.choose(given, rng=Random(seed + attempt))
        assert choice is not None
        if not choice.explored:
            return choice
    raise AssertionError("always explored")


def exercises_chosen(given: Situation, times: int = 60) -> set[int]:
    return {best(given, seed=seed * 1000).exercise_id for seed in range(times)}


def test_a_new_student_starts_where_no_prerequisite_is_missing_and_most_is_unlocked() -> None:
    choice = best(situation())
    assert (choice.concept_id, choice.strategy) == (1, Strategy.PRACTICE)
    assert choice.reason == {"code": Reason.NEW_READY, "concept": 1}


def test_what_builds_on_mastered_concepts_comes_before_what_does_not() -> None:
    assert best(situation({1: KNOWN, 2: KNOWN})).concept_id == 3
    assert best(situation({1: WEAK, 2: KNOWN})).concept_id == 1


def test_a_weak_concept_is_practised_and_says_so() -> None:
    choice = best(situation({1: WEAK, 2: KNOWN}))
    assert choice.reason == {"code": "practise_weak", "concept": 1}


def test_a_course_is_finished_when_all_is_mastered_and_nothing_has_faded() -> None:
    finished = situation(dict.fromkeys((1, 2, 3, 4), KNOWN))
    assert policy.choose(finished, rng=Random(1)) is None
    assert policy.propensities(finished) == {}
    assert policy.choose(situation(course=make_course({}, {})), rng=Random(1)) is None


def test_a_concept_without_exercises_neither_keeps_a_course_open_nor_anyone_out() -> None:
    course = make_course({1: (), 2: (1,)}, {20: ((2,),)})
    assert best(situation(course=course)).concept_id == 2
    assert policy.choose(situation({2: KNOWN}, course=course), rng=Random(1)) is None


def test_what_has_faded_is_reviewed_and_says_after_how_long() -> None:
    choice = best(situation({2: FADED}))
    assert (choice.concept_id, choice.strategy) == (2, Strategy.REVIEW)
    assert choice.reason == {"code": "review_due", "concept": 2, "days": 30}


def test_at_most_every_third_exercise_is_a_review_while_there_is_something_new() -> None:
    review = Served(exercise_id=20, concept_id=2, strategy="review")
    others = [Served(exercise_id=10, concept_id=1), Served(exercise_id=11, concept_id=1)]
    held = {1: WEAK, 2: FADED}
    assert best(situation(held, served=[review, others[0]])).concept_id == 1
    assert best(situation(held, served=[review, *others])).concept_id == 2
    only_reviews = {1: KNOWN, 2: FADED, 3: KNOWN, 4: KNOWN}
    assert best(situation(only_reviews, served=[review])).strategy == Strategy.REVIEW


def test_two_wrong_in_a_row_leave_the_concept_for_two_exercises() -> None:
    struggling = {1: replace(WEAK, wrong_in_a_row=2)}
    wrong = Served(exercise_id=10, concept_id=1)
    other = [Served(exercise_id=20, concept_id=2), Served(exercise_id=21, concept_id=2)]
    first = best(situation(struggling, served=[wrong]))
    assert first.reason == {"code": "after_struggle", "concept": 2, "left": 1}
    assert best(situation(struggling, served=[wrong, *other[:1]])).concept_id == 2
    assert best(situation(struggling, served=[wrong, *other])).concept_id == 1
    assert best(situation({1: replace(WEAK, wrong_in_a_row=1)}, served=[wrong])).concept_id == 1


def test_errors_lead_to_a_prerequisite_that_is_not_known() -> None:
    held = {1: WEAK, 2: WEAK, 3: replace(WEAK, wrong_in_a_row=2)}
    choice = best(situation(held, served=[Served(exercise_id=30, concept_id=3)]))
    assert choice.reason == {"code": "probe_prerequisite", "concept": 1, "for": 3}


def test_a_student_with_one_concept_left_is_not_sent_away_for_struggling() -> None:
    held = {1: replace(WEAK, wrong_in_a_row=2), 2: KNOWN, 3: KNOWN, 4: KNOWN}
    assert best(situation(held, served=[Served(exercise_id=10, concept_id=1)])).concept_id == 1


def test_not_this_now_puts_the_exercise_aside_and_the_concept_for_three() -> None:
    skipped = Served(exercise_id=10, concept_id=1, skipped=True)
    others = [Served(exercise_id=20 + number, concept_id=2) for number in range(3)]
    for later in (0, 1, 2):
        assert best(situation(served=[skipped, *others[:later]])).concept_id == 2
    again = situation({2: KNOWN}, served=[skipped, *others])
    assert exercises_chosen(again) == {11, 12, 13}


def test_skipping_everything_does_not_finish_a_course() -> None:
    served = [Served(exercise_id=one.id, concept_id=one.id // 10, skipped=True) for one in CHAIN.exercises]
    assert policy.choose(situation(served=served), rng=Random(1)) is not None


def test_an_earlier_sitting_does_not_put_aside() -> None:
    old = Served(exercise_id=10, concept_id=1, skipped=True, in_session=False)
    assert best(situation(served=[old])).concept_id == 1


def test_no_exercise_comes_again_while_others_wait_then_the_longest_ago() -> None:
    held = {1: WEAK, 2: KNOWN, 3: KNOWN, 4: KNOWN}
    served = [Served(exercise_id=number, concept_id=1) for number in (11, 10, 13)]
    assert exercises_chosen(situation(held, served=served)) == {12}
    served.append(Served(exercise_id=12, concept_id=1))
    assert exercises_chosen(situation(held, served=served)) == {11}


def test_the_exercise_nearest_to_the_target_is_taken_and_pace_shifts_it() -> None:
    predictions = {100: 0.95, 110: 0.81, 120: 0.74, 130: 0.66}
    assert exercises_chosen(situation(predictions=predictions)) == {12}
    assert exercises_chosen(situation(predictions=predictions, pace="calm")) == {11}
    assert exercises_chosen(situation(predictions=predictions, pace="brisk")) == {13}
    assert best(situation(predictions=predictions)).chance == 0.74


def test_without_predictions_what_others_did_tells_hard_from_easy() -> None:
    counts = {100: (95, 100), 110: (80, 100), 120: (10, 100), 130: (30, 100)}
    given = situation(step_counts=counts, concept_counts={1: (215, 400)})
    assert exercises_chosen(given) == {11}
    choice = best(given)
    assert 0.5 < choice.chance < 0.9


def test_without_any_knowledge_of_steps_all_exercises_of_the_concept_are_as_good() -> None:
    assert exercises_chosen(situation()) == {10, 11, 12, 13}


def test_predictions_for_some_steps_only_are_mixed_with_the_plain_estimate() -> None:
    assert exercises_chosen(situation(predictions={100: 0.75})) == {10}
    assert exercises_chosen(situation(predictions={})) == {10, 11, 12, 13}


def test_a_long_exercise_is_judged_by_its_steps_not_by_their_number() -> None:
    course = make_course({1: ()}, {1: ((1,), (1,), (1,), (1,)), 2: ((1,),)})
    predictions = {10: 0.75, 11: 0.75, 12: 0.75, 13: 0.75, 20: 0.4}
    assert exercises_chosen(situation(course=course, predictions=predictions)) == {1}


def test_the_example_comes_first_for_those_who_asked_and_for_those_who_struggle() -> None:
    assert best(situation(examples=[1])).strategy == Strategy.PRACTICE
    assert best(situation(examples=[1], example_first=True)).strategy == Strategy.WORKED_EXAMPLE
    assert best(situation(examples=[2], example_first=True)).strategy == Strategy.PRACTICE
    assert best(situation({1: WEAK}, examples=[1], example_first=True)).strategy == Strategy.PRACTICE
    held = {1: replace(WEAK, wrong_in_a_row=2)}
    assert best(situation(held, examples=[1])).strategy == Strategy.WORKED_EXAMPLE


def test_a_graph_with_a_cycle_or_turned_round_still_gives_a_choice() -> None:
    course = make_course({1: (2,), 2: (1,)}, {10: ((1,),), 20: ((2,),)})
    assert best(situation(course=course)).concept_id in {1, 2}


MIXED = make_course(
    {1: (), 2: (), 3: (1,)},
    {1: ((1,),), 2: ((1, 2),), 3: ((1,), (2,)), 4: ((2,),), 5: ((3,),), 6: ((3, 1),)},
)


@pytest.mark.parametrize(
    "given",
    [
        situation(),
        situation(course=MIXED),
        situation({1: WEAK}, course=MIXED, predictions={10: 0.7, 20: 0.74, 21: 0.7, 30: 0.76, 40: 0.2}),
        situation({1: FADED}, course=MIXED, served=[Served(exercise_id=1, concept_id=1, skipped=True)]),
        situation({1: WEAK, 2: FADED, 3: KNOWN, 4: KNOWN}),
        situation({1: replace(WEAK, wrong_in_a_row=2)}, course=MIXED, served=[Served(exercise_id=2, concept_id=1)]),
        situation({1: NEARLY, 2: NEARLY}, course=MIXED, pace="calm", step_counts={10: (1, 9), 40: (9, 9)}),
        situation(dict.fromkeys((1, 2, 3), FADED), course=MIXED, served=[Served(exercise_id=6, concept_id=3)]),
    ],
    ids=["chain", "shared", "predicted", "review", "two", "struggling", "nearly", "all faded"],
)
def test_propensities_sum_to_one_and_are_what_really_happens(given: Situation) -> None:
    stated = policy.propensities(given)
    assert sum(stated.values()) == pytest.approx(1)
    rng, times = Random(5), 4000
    seen: Counter[int] = Counter()
    for _ in range(times):
        choice = policy.choose(given, rng=rng)
        assert choice is not None
        assert choice.propensity == pytest.approx(stated[choice.exercise_id])
        seen[choice.exercise_id] += 1
    for exercise, probability in stated.items():
        # Four standard deviations of a binomial share.
        assert abs(seen[exercise] / times - probability) < 4 * (probability * (1 - probability) / times) ** 0.5 + 1e-9


def test_one_choice_in_ten_explores_what_is_ready_and_says_so() -> None:
    rng = Random(3)
    choices = [policy.choose(situation({1: KNOWN}), rng=rng) for _ in range(3000)]
    explored = [choice for choice in choices if choice and choice.explored]
    assert 0.08 < len(explored) / 3000 < 0.12
    assert {choice.concept_id for choice in explored} == {2, 3, 4}
    assert {choice.reason["code"] for choice in explored} == {"explore"}


def test_chance_does_not_leap_to_the_end_of_a_long_book() -> None:
    requires = {concept: ((concept - 1,) if concept > 50 else ()) for concept in range(1, 101)}
    course = make_course(requires, {number: ((number % 100 + 1,),) for number in range(200)})
    given = situation(course=course)
    explored = [
        choice for seed in range(2000) if (choice := policy.choose(given, rng=Random(seed))) and choice.explored
    ]
    assert len({choice.concept_id for choice in explored}) == EXPLORED
    assert {choice.exercise_id * 10 for choice in explored} <= set(policy.steps_to_predict(given))


def test_the_same_seed_gives_the_same_choice() -> None:
    assert [policy.choose(situation(), rng=Random(seed)) for seed in range(9)] == [
        policy.choose(situation(), rng=Random(seed)) for seed in range(9)
    ]


def test_at_most_five_hundred_steps_are_to_be_predicted_and_the_next_choice_is_among_them() -> None:
    requires = {concept: ((concept - 1,) if concept % 10 != 1 else ()) for concept in range(1, 201)}
    course = make_course(requires, {number: ((number % 200 + 1,),) for number in range(2500)})
    given = situation(course=course)
    steps = policy.steps_to_predict(given)
    assert len(steps) == len(set(steps)) == policy.MOST_PREDICTIONS
    assert {exercise * 10 for exercise in exercises_chosen(given, times=20)} <= set(steps)


def test_what_is_mastered_is_predicted_last_as_the_new_estimate_may_let_it_fade() -> None:
    steps = policy.steps_to_predict(situation({1: KNOWN}))
    assert {step // 100 for step in steps} == {1, 2, 3, 4}
    assert {step // 100 for step in steps[-4:]} == {1}


# --- simulated classes ------------------------------------------------------------------------------------------------


@dataclass
class TwoStateStudent:
    """Knows a concept or does not, and hardly learns one whose prerequisites are missing (Corbett & Anderson 1994)."""

    requires: Mapping[str, tuple[str, ...]]
    seed: int
    half_life: float  # days
    known: dict[str, bool] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        start = self.rng.uniform(0.05, 0.4)
        self.speed = {name: 0.05 + self.rng.betavariate(2, 8) for name in self.requires}
        for name, needed in self.requires.items():
            self.known[name] = self.rng.random() < start and all(self.known[one] for one in needed)

    def _kept(self, concept: str, at: float) -> float:
        days = (at - self.last.get(concept, at)) / 86_400
        return float(self.known[concept] * 0.5 ** (days / self.half_life))

    def mastery(self, *, concept: str, requires: Mapping[str, tuple[str, ...]], at: float) -> float:
        return 0.2 + 0.7 * self._kept(concept, at)

    def respond(
        self,
        *,
        item: str,
        concepts: tuple[str, ...],
        difficulty: float,
        requires: Mapping[str, tuple[str, ...]],
        at: float,
    ) -> SimulatedResponse:
        chance = 1.0
        for concept in concepts:
            self.known[concept] = self.rng.random() < self._kept(concept, at)
            chance *= 0.9 if self.known[concept] else 0.2
        correct = self.rng.random() < chance
        for concept in concepts:
            ready = all(self.known[one] for one in requires[concept])
            self.known[concept] |= self.rng.random() < self.speed[concept] * (1 if ready else 0.1)
            self.last[concept] = at
        return SimulatedResponse(correct=correct, hints=0, seconds=30, gives_up=False)


def by_policy(given: Situation, rng: Random) -> tuple[int, int, str] | None:
    choice = policy.choose(given, rng=rng)
    return (choice.exercise_id, choice.concept_id, choice.strategy) if choice else None


def exercises_of(given: Situation) -> list[ExerciseNode]:
    """All exercises of the course, in the order of their ids."""
    found = {one.id: one for on_concept in given.course.exercises_on.values() for one in on_concept}
    return [found[id] for id in sorted(found)]


def without_graph(given: Situation, rng: Random) -> tuple[int, int, str] | None:
    bare = make_course(
        {one.id: () for one in given.course.concepts},
        {one.id: tuple(map(tuple, one.concept_ids)) for one in exercises_of(given)},
    )
    return by_policy(replace(given, course=bare), rng)


def at_random(given: Situation, rng: Random) -> tuple[int, int, str]:
    exercise = rng.choice(exercises_of(given))
    return exercise.id, exercise.concept_ids[0][0], "practice"


def round_robin(given: Situation, rng: Random) -> tuple[int, int, str]:
    concept = given.course.concepts[len(given.served) % len(given.course.concepts)].id
    return rng.choice([one.id for one in exercises_of(given) if concept in one.concept_ids[0]]), concept, "practice"


STUDENTS = 10
Students = Callable[[SimulatedCourse, int], list[object]]


def of_many_kinds(course: SimulatedCourse, seed: int) -> list[object]:
    return list(draw_students(STUDENTS, seed=seed))


def with_two_states(course: SimulatedCourse, seed: int) -> list[object]:
    return [TwoStateStudent(course.requires, seed * 100 + place, half_life=40) for place in range(STUDENTS)]


def who_never_forget(course: SimulatedCourse, seed: int) -> list[object]:
    return [TwoStateStudent(course.requires, seed * 100 + place, half_life=1e9) for place in range(STUDENTS)]


@cache
def class_gain(students: Students, rule: Rule) -> float:
    """Mean hidden mastery gained by 80 exercises, over three courses of 20 concepts."""
    gains = []
    for seed in (1, 2, 3):
        simulated = draw_course(concepts=20, items=100, seed=seed)
        course = course_of(simulated)
        for place, student in enumerate(students(simulated, seed)):
            pupil = Pupil(student=student, simulated=simulated, course=course)  # type: ignore[arg-type]
            gains.append(gained(pupil, rule, exercises=80, seed=place))
    return statistics.mean(gains)


@pytest.mark.parametrize("students", [of_many_kinds, with_two_states, who_never_forget])
def test_a_simulated_class_learns_more_than_by_chance_or_in_turn(students: Students) -> None:
    by_rule = class_gain(students, by_policy)
    assert by_rule > 1.08 * class_gain(students, at_random)
    assert by_rule > 1.02 * class_gain(students, round_robin)


@pytest.mark.parametrize("students", [of_many_kinds, with_two_states])
def test_it_teaches_even_where_the_graph_is_not_known(students: Students) -> None:
    assert class_gain(students, without_graph) > 0.9 * class_gain(students, at_random)
