"""Two models on the same answers: the doubt is that of students, and of the answers that they share."""

import numpy as np
import pytest

from training import comparison


def draw(*, students: int, each: int, gain: float, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Differences of losses whose mean is `gain` in the long run, the same for all answers of a student; and whose."""
    rng = np.random.default_rng(seed)
    return np.repeat(gain + spread * rng.standard_normal(students), each), np.repeat(np.arange(students), each)


def low(differences: np.ndarray, student: np.ndarray, seed: int = 0) -> float:
    found = comparison.gain(np.zeros(len(differences)), differences, student=student, seed=seed)
    assert found["low"] <= found["mean"] <= found["high"]
    return float(found["low"])


@pytest.mark.parametrize("students", [5, 12, 60])
def test_models_that_are_the_same_in_the_long_run_are_taken_for_better_one_time_in_forty(students: int) -> None:
    """The differences are wholly the students': sixty answers of each tell no more than one does."""
    taken = [low(*draw(students=students, each=60, gain=0.0, spread=0.1, seed=seed)) > 0 for seed in range(400)]
    assert np.mean(taken) < 0.05  # 0.025, what chance adds to it in 400 trials, and what five students cannot tell


def test_a_model_that_is_better_for_nearly_everybody_is_better_beyond_doubt() -> None:
    found = [low(*draw(students=40, each=10, gain=0.05, spread=0.1, seed=seed)) > 0 for seed in range(40)]
    assert np.mean(found) > 0.7


def test_the_interval_is_as_wide_as_theory_has_it_and_counts_students_by_their_answers() -> None:
    differences, student = draw(students=400, each=5, gain=0.02, spread=0.2, seed=3)
    found = comparison.gain(np.zeros(2000), differences, student=student, seed=0)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * 0.2 / np.sqrt(400), rel=0.12)
    unequal = comparison.gain(np.zeros(4), np.array([1.0, 1.0, 1.0, 0.0]), student=np.array([0, 0, 0, 1]), seed=0)
    assert unequal["mean"] == 0.75


def test_one_student_tells_nothing_beyond_doubt() -> None:
    found = comparison.gain(np.zeros(50), np.ones(50), student=np.zeros(50, int), seed=0)
    assert (found["mean"], found["low"], found["high"]) == (1.0, None, None)
    assert comparison.standard_error(np.ones(50), student=np.zeros(50, int)) is None


def test_the_same_seed_gives_the_same_interval_however_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    differences, student = draw(students=30, each=4, gain=0.0, spread=0.1, seed=1)
    whole = comparison.gain(np.zeros(120), differences, student=student, seed=5)
    monkeypatch.setattr(comparison, "AT_ONCE", 100)
    assert comparison.gain(np.zeros(120), differences, student=student, seed=5) == whole
    assert comparison.gain(np.zeros(120), differences, student=student, seed=6) != whole


def test_the_error_of_a_group_is_that_of_its_students() -> None:
    differences, student = draw(students=400, each=5, gain=0.0, spread=0.2, seed=3)
    assert comparison.standard_error(differences, student=student) == pytest.approx(0.2 / np.sqrt(400), rel=0.1)


def test_losses_are_those_of_each_answer() -> None:
    found = comparison.losses(np.array([True, False, True]), np.array([0.8, 0.8, 0.0]))
    np.testing.assert_allclose(found, [-np.log(0.8), -np.log(0.2), -np.log(1e-6)])


def test_calibration_tells_for_each_bin_what_was_expected_and_what_came() -> None:
    right = np.array([True, False, True, True, False, True])
    found = comparison.calibration(right, np.array([0.72, 0.78, 0.75, 1.0, 0.05, 0.70]))
    assert [(row["answers"], row["right"]) for row in found] == [(1, 0.0), (4, 0.75), (1, 1.0)]
    assert [row["expected"] for row in found] == pytest.approx([0.05, 0.7375, 1.0])
