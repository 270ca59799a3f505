"""Prerequisites: circles are found and named, everything comes after what it requires."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import graph

DIAMOND = {
    "adding": [],
    "subtracting": ["adding"],
    "multiplying": ["adding"],
    "solving": ["subtracting", "multiplying"],
}


def test_a_graph_without_a_circle_has_none() -> None:
    assert graph.find_cycle(DIAMOND) == []


def test_a_circle_is_named_by_its_path() -> None:
    path = graph.find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]})
    assert path in (["b", "c", "b"], ["c", "b", "c"])


def test_a_concept_that_requires_itself_is_a_circle() -> None:
    assert graph.find_cycle({"a": ["a"]}) == ["a", "a"]


def test_a_chain_of_ten_thousand_concepts_is_no_trouble() -> None:
    chain = {number: [number + 1] for number in range(10_000)}
    assert graph.find_cycle(chain) == []
    assert graph.find_cycle(chain | {10_000: [0]})[0] == graph.find_cycle(chain | {10_000: [0]})[-1]
    assert graph.topological_order(chain)[0] == 9_999


def test_everything_comes_after_what_it_requires_and_keeps_its_place_otherwise() -> None:
    assert graph.topological_order(DIAMOND) == ["adding", "subtracting", "multiplying", "solving"]
    assert graph.topological_order({"late": ["early"], "middle": [], "early": []}) == ["early", "late", "middle"]


def test_ordering_a_circle_says_which() -> None:
    with pytest.raises(graph.Cyclic) as caught:
        graph.topological_order({1: [2], 2: [1]})
    assert caught.value.path[0] == caught.value.path[-1]


def test_ready_is_what_is_not_mastered_and_has_all_it_requires() -> None:
    assert graph.ready(DIAMOND, {"adding", "subtracting"}) == ["multiplying"]
    assert graph.ready(DIAMOND, set()) == ["adding"]


def test_unlocks_turns_the_graph_round() -> None:
    assert graph.unlocks(DIAMOND)["adding"] == ("subtracting", "multiplying")
    assert graph.unlocks(DIAMOND)["solving"] == ()


@given(st.dictionaries(st.integers(0, 12), st.lists(st.integers(0, 12), max_size=4), max_size=13))
def test_every_graph_has_either_a_circle_or_an_order(requires: dict[int, list[int]]) -> None:
    if cycle := graph.find_cycle(requires):
        assert cycle[0] == cycle[-1]
        assert all(later in requires[earlier] for earlier, later in pairwise(cycle))
    else:
        order = graph.topological_order(requires)
        assert sorted(order) == sorted(requires)
        assert all(
            order.index(needed) < order.index(node)
            for node in requires
            for needed in requires[node]
            if needed in requires
        )
