"""What texts tell of exercises: likeness within a course, and the difficulty of what nobody has answered."""

import numpy as np
import pytest

from training import texts
from training.texts import Floats, Ints

ITEMS, WIDTH = 120, 24


def course_of_texts(seed: int) -> tuple[Floats, Floats]:
    """Centred texts, and the logits by which they make items easier."""
    rng = np.random.default_rng(seed)
    there = texts.centred(list(rng.normal(size=(ITEMS, WIDTH)).astype(np.float32)), np.zeros(ITEMS, np.int32))
    return there, (there @ rng.normal(size=WIDTH)).astype(np.float32)


def counts(logits: Floats, *, each: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    tries = np.full(len(logits), each, np.float32)
    return tries, rng.binomial(each, 1 / (1 + np.exp(-0.6 - logits))).astype(np.float32)


def shift(there: Floats, tries: Floats, right: Floats, courses: Ints | None = None) -> Floats:
    courses = np.zeros(len(there), np.int32) if courses is None else courses
    return texts.prior_shift(there, courses, tries=tries, right=right, prior=np.full(len(there), 0.65, np.float32))


def test_products_of_centred_texts_are_similarities_within_their_course() -> None:
    rows = [np.array(row, np.float16) for row in ([1, 0, 0.2], [1, 0.1, 0], [1, -1, 0], [0.5, 0, 0])]
    there = texts.centred([*rows, None], np.array([1, 1, 1, 2, 1], np.int32))
    assert np.allclose(np.linalg.norm(there[:3], axis=1), 1)
    assert there[0] @ there[1] > 0 > there[0] @ there[2]
    assert not there[3:].any()  # alone in its course; without a text


def test_texts_are_alike_only_within_a_course_and_only_where_there_is_one() -> None:
    rows = [np.array(row, np.float32) for row in ([1, 0], [1, 0.1], [0, 1], [1, 0], [0, 1])]
    courses = np.array([0, 0, 0, 1, 1], np.int32)
    there = texts.centred(rows, courses)
    asked, past = np.array([0, 3, -1]), np.array([0, 1, 2, 3])
    found = texts.alike(there, courses, asked, past)
    assert found.tolist() == [[True, True, False, False], [False, False, False, True], [False] * 4]
    windows = texts.alike(there, courses, np.stack([asked, asked[::-1]]), np.stack([past, past]))
    assert np.array_equal(windows[0], found)
    assert np.array_equal(windows[1], found[::-1])
    nothing = texts.centred([None] * 5, courses)
    assert not texts.alike(nothing, courses, asked, past).any()


def test_courses_without_texts_have_no_columns() -> None:
    nothing = texts.centred([None, None], np.zeros(2, np.int32))
    assert nothing.shape == (2, 0)
    assert not shift(nothing, np.ones(2, np.float32), np.ones(2, np.float32)).any()


def test_encoders_of_different_widths_stand_side_by_side() -> None:
    rows = [np.ones(3, np.float32), np.zeros(3, np.float32), np.ones(5, np.float32), np.zeros(5, np.float32)]
    assert texts.centred(rows, np.array([0, 0, 1, 1], np.int32)).shape == (4, 5)


def test_difficulty_that_texts_foretell_is_foretold_for_items_nobody_answered() -> None:
    there, logits = course_of_texts(1)
    tries, right = counts(logits, each=60, seed=2)
    new = np.arange(ITEMS) % 4 == 0
    tries[new], right[new] = 0, 0

    moved = shift(there, tries, right)

    assert np.corrcoef(moved[new], logits[new])[0, 1] > 0.7
    assert np.mean((logits[new] - moved[new]) ** 2) < 0.6 * np.mean((logits[new] - logits.mean()) ** 2)


def test_difficulty_that_texts_do_not_foretell_moves_next_to_nothing() -> None:
    for seed in range(5):
        there, _ = course_of_texts(seed)
        other = np.random.default_rng(seed + 100).normal(size=ITEMS).astype(np.float32)
        tries, right = counts(other, each=60, seed=seed)
        new = np.arange(ITEMS) % 4 == 0
        tries[new], right[new] = 0, 0
        assert np.abs(shift(there, tries, right)[new]).mean() < 0.15


def test_an_items_own_answers_never_move_its_own_prior() -> None:
    there, logits = course_of_texts(3)
    tries, right = counts(logits, each=60, seed=4)
    before = shift(there, tries, right)
    assert np.abs(before).max() > 0.1
    right[5] = 60 - right[5]
    after = shift(there, tries, right)
    assert after[5] == pytest.approx(before[5], abs=0.05)  # how much texts are believed at all may move it a little
    assert np.abs(after - before).argmax() != 5


def test_another_courses_answers_move_nothing() -> None:
    there, logits = course_of_texts(5)
    tries, right = counts(logits, each=60, seed=6)
    courses = (np.arange(ITEMS) % 2).astype(np.int32)
    before = shift(there, tries, right, courses)
    right[courses == 1] = 30
    after = shift(there, tries, right, courses)
    assert np.array_equal(before[courses == 0], after[courses == 0])
    assert not np.array_equal(before[courses == 1], after[courses == 1])


def test_a_few_answered_items_tell_nothing_of_the_others() -> None:
    there, logits = course_of_texts(7)
    tries, right = counts(logits, each=60, seed=8)
    tries[texts.LEAST - 1 :], right[texts.LEAST - 1 :] = 0, 0
    assert not shift(there, tries, right).any()


def test_items_all_right_or_all_wrong_make_no_infinite_shift() -> None:
    there, _ = course_of_texts(9)
    tries = np.full(ITEMS, 3, np.float32)
    right = np.where(there[:, 0] > 0, 3, 0).astype(np.float32)
    moved = shift(there, tries, right)
    assert np.isfinite(moved).all()
    assert np.abs(moved).max() < 5
