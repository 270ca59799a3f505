"""The peers: they learn what they should from records where it is known, and see nothing that comes later."""

from dataclasses import replace

import numpy as np
import pytest

from tests.benchmarks import learning_curve, made_school
from tests.benchmarks.peers import PEERS, bkt, counts
from tests.benchmarks.scoring import score
from tests.training.records import answers_to, small_steps, with_flipped
from training import benchmark
from training.dataset import Snapshot, Split


def record_of(items: list[list[int]], correct: list[list[int]]) -> Snapshot:
    """One list a student, of items and of results."""
    answers = answers_to([i for row in items for i in row], [c for row in correct for c in row])
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in items])]).astype(np.int64)
    students = tuple(f"s{place}" for place in range(len(items)))
    return Snapshot(students, offsets, answers, small_steps(), simulated=False)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Split]:
    """A small part of the made-up school."""
    data, split = made_school.write(tmp_path_factory.mktemp("school"), seed=0)
    record = benchmark.read_answers(data)
    parts = benchmark.read_split(split, record)
    return learning_curve.drawn(record, parts, answers=3_000, seed=0)


@pytest.mark.parametrize("who", PEERS)
def test_a_peer_predicts_every_test_answer_better_than_not_at_all(who: str, school: tuple[Snapshot, Split]) -> None:
    record, split = school
    p = PEERS[who](record, split, seed=0)
    assert p.shape == (split.test.sum(),)
    assert ((p > 0) & (p < 1)).all()
    figures = score(record, split, p)["all"]
    if who != "base rate":
        assert figures["auc"] > 0.55


@pytest.mark.parametrize("who", PEERS)
def test_a_peer_does_not_see_an_answer_before_it_is_given(who: str, school: tuple[Snapshot, Split]) -> None:
    record, split = school
    asked = np.flatnonzero(split.test)
    place = 40  # within the first test student's answers
    before = PEERS[who](record, split, seed=0)
    after = PEERS[who](with_flipped(record, int(asked[place])), split, seed=0)
    np.testing.assert_allclose(after[: place + 1], before[: place + 1], rtol=0, atol=1e-6)
    other = record.student_of_row[asked] != record.student_of_row[asked[0]]
    np.testing.assert_allclose(after[other], before[other], rtol=0, atol=1e-6)
    if who != "base rate":
        assert not np.allclose(after, before, rtol=0, atol=1e-6)


def test_bkt_finds_the_parameters_that_made_the_answers() -> None:
    rng = np.random.default_rng(1)
    students, length, truth = 1500, 12, {"known": 0.3, "learn": 0.15, "guess": 0.2, "slip": 0.05}
    known = rng.random(students) < truth["known"]
    rows = []
    for _ in range(length):
        rows.append(rng.random(students) < np.where(known, 1 - truth["slip"], truth["guess"]))
        known |= rng.random(students) < truth["learn"]
    correct = np.stack(rows, 1).astype(int)
    record = record_of([[0] * length] * students, correct.tolist())
    everybody = np.ones(len(record.answers), bool)
    found = bkt.fit(bkt.sequences(record, everybody), record.answers.correct.astype(float), sets=3)
    place = record.steps.item_set[0]
    for name, value in truth.items():
        assert getattr(found, name)[place] == pytest.approx(value, abs=0.03), name
    other = 1 if place != 1 else 2
    assert found.guess[other] == pytest.approx(bkt.GUESS)  # nobody was asked


def test_bkt_lines_sequences_up_by_student_and_concept_set() -> None:
    record = record_of([[0, 2, 0, 2, 2], [2]], [[1, 0, 0, 1, 1], [1]])
    found = bkt.sequences(record, np.ones(6, bool))
    assert [rows.tolist() for rows in found.steps] == [[1, 0, 5], [3, 2], [4]]
    assert found.set.tolist() == record.steps.item_set[[2, 0, 2]].tolist()


def test_counts_are_what_they_are_called() -> None:
    record = record_of([[0, 1, 0, 2, 0], [0, 0]], [[1, 0, 1, 1, 0], [0, 1]])
    everybody = np.ones(7, bool)
    split = Split(train=everybody, valid=~everybody, test=~everybody, counted=everybody)
    table = counts.describe(record, split, seed=0)
    assert table.shape == (7, len(counts.NAMES)) == (7, 34)
    column = {name: table[:, place] for place, name in enumerate(counts.NAMES)}
    assert column["answers"].tolist() == pytest.approx(np.log1p([0, 1, 2, 3, 4, 0, 1]).tolist())
    assert column["rate"].tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 4, 3 / 5, 4 / 6, 1 / 2, 1 / 3])
    assert column["item_tries"].tolist() == [0, 0, 1, 0, 2, 0, 1]
    assert column["item_right"].tolist() == [0, 0, 1, 0, 2, 0, 0]
    assert column["item_last"].tolist() == [0, 0, 1, 0, 1, 0, -1]
    assert column["item_since"].tolist() == pytest.approx([-1, -1, np.log(3), -1, np.log(3), -1, np.log(2)])
    assert column["last"].tolist() == [0, 1, -1, 1, 1, 0, -1]
    assert column["last_but_two"].tolist() == [0, 0, 0, 1, -1, 0, 0]
    assert column["streak"].tolist() == [0, 1, -1, 1, 2, 0, -1]
    assert column["set_run"].tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert column["concepts"].tolist() == [1, 2, 1, 1, 1, 1, 1]
    assert column["right_0.5"].tolist() == pytest.approx([0, 0.5, 0.25, 0.625, 0.8125, 0, 0])
    # Item 1 is of two concepts: x was asked once before, z never.
    assert column["concept_answers"][1] == pytest.approx(np.log1p(1) / 2)
    assert column["concept_rate"][1] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert column["concept_since"].tolist() == pytest.approx([-1, *np.log1p([1, 1]), -1, np.log(3), -1, np.log(2)])


def test_counts_of_a_student_to_learn_from_leave_the_own_answers_out(school: tuple[Snapshot, Split]) -> None:
    record, split = school
    place = int(np.flatnonzero(split.train)[5])
    own = slice(*record.offsets[[record.student_of_row[place], record.student_of_row[place] + 1]])
    correct = record.answers.correct.copy()
    correct[own] = ~correct[own]
    turned = replace(record, answers=replace(record.answers, correct=correct))
    ease = counts.NAMES.index("item_ease")
    before, after = (counts.describe(each, split, seed=0)[:, ease] for each in (record, turned))
    # The mean of all, which the eases are shrunk towards, is the only way left.
    assert np.abs(after[own] - before[own]).max() < 0.02
    assert np.abs(after - before).max() > 0.02


def test_a_draw_has_so_many_answers_and_everything_of_the_test_students(school: tuple[Snapshot, Split]) -> None:
    record, split = school
    for answers in (0, 1, 100, 1_000):
        fewer, parts = learning_curve.drawn(record, split, answers=answers, seed=3)
        assert (parts.train | parts.valid).sum() == answers
        assert not (parts.train & parts.valid).any()
        assert parts.test.sum() == split.test.sum()
        assert len(fewer.answers) == answers + split.test.sum() == fewer.offsets[-1]
    once, again, other = (learning_curve.drawn(record, split, answers=100, seed=seed)[0] for seed in (3, 3, 4))
    assert once.students == again.students != other.students


def test_a_drawn_record_keeps_each_students_answers_from_the_first_on(school: tuple[Snapshot, Split]) -> None:
    record, split = school
    fewer, _ = learning_curve.drawn(record, split, answers=130, seed=3)
    for place, name in enumerate(fewer.students):
        mine = fewer.answers.part(slice(*fewer.offsets[[place, place + 1]]))
        start = record.offsets[record.students.index(name)]
        theirs = record.answers.part(slice(start, start + len(mine)))
        assert (mine.item == theirs.item).all()
        assert (mine.correct == theirs.correct).all()
