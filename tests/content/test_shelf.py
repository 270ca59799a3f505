"""What is kept on the disk comes back as it was put there, and takes no memory meanwhile."""

import tracemalloc

import pytest

from content import shelf
from content.package import Exercise, Hint, Step, WrongAnswer
from content.shelf import Index, Shelf


def exercise(key: str) -> Exercise:
    wrong = WrongAnswer(response=("a", "b"), feedback="No.", credit="0.5")
    answer = {"kind": "list", "items": ["1", "2"], "ordered": False}
    step = Step(
        key=key, answer=answer, concepts=("c",), hints=(Hint(key="h1", text="行\ud800"),), wrong_answers=(wrong,)
    )
    return Exercise(key=key, steps=(step,), prompt="Say it.\n", variables={"a": {"from": "1", "to": "9"}})


def test_exercises_come_back_in_their_order_and_equal_a_tuple_of_them() -> None:
    held = shelf.exercises()
    for key in ("one", "two", "three"):
        held.append(exercise(key))
    held.replace(1, exercise("other"))
    assert held == (exercise("one"), exercise("other"), exercise("three"))
    assert held[-1] == exercise("three")
    assert [one.key for one in held[:2]] == ["one", "other"]
    assert held != (exercise("one"),)


def test_ten_megabytes_on_a_shelf_take_less_than_two_of_the_memory() -> None:
    tracemalloc.start()
    try:
        held: Shelf[str] = Shelf(str, str, (str(at) * 25_000 for at in range(100, 230)))
        assert sum(map(len, held)) > 9_000_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_index_knows_its_names_and_takes_each_once() -> None:
    index: Index[int] = Index()
    assert index.add("a", 1)
    assert not index.add("a", 2)
    index["行\ud800"] = 3
    assert (index["a"], index["行\ud800"], "b" in index, len(index)) == (1, 3, False, 2)
    assert set(index) == {"a", "行\ud800"}
    del index["a"]
    assert index.get("a") is None
    with pytest.raises(KeyError):
        del index["a"]
