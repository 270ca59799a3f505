"""No answer can take long: what is done for one is bounded by caps, here counted in calls and not in seconds."""

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.mathematics import OutOfBounds, Unreadable, has_form, is_equivalent, limits, parse, same_solutions
from content.mathematics.forms import Form
from content.mathematics.polynomials import Meter
from tests.content.corpus.hostile import GROWTHS, HOSTILE, KEYS

# Of Python and of C, for one answer and one key: under a tenth of a second of an ordinary processor.
MOST_CALLS = 400_000


class Counted(Exception):
    """The work was too much."""


def calls(work: Callable[[], object]) -> int:
    """How many functions were called; stops where it is too many."""
    count = 0

    def counting(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")
        if count > MOST_CALLS:
            raise Counted

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def compare(key: str, text: str) -> None:
    with suppress(Unreadable, OutOfBounds):
        wanted, node = parse(key), parse(text)
        is_equivalent(node, wanted)
        same_solutions(node, wanted)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:30])
def test_what_was_made_to_take_long_is_compared_within_a_bounded_number_of_calls(text: str) -> None:
    for key in ("(x+1)^2", "{1,2,3}", "x>3 or x<-2", r"\sqrt{x}+\log_2 x"):
        calls(lambda key=key: compare(key, text))  # type: ignore[misc]


@pytest.mark.parametrize("form", Form)
def test_no_form_of_what_was_made_to_take_long_takes_long(form: Form) -> None:
    for text in HOSTILE:
        with suppress(Unreadable):
            node = parse(text)
            calls(lambda node=node: has_form(node, form, key=node))  # type: ignore[misc]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(GROWTHS), min_size=1, max_size=4),
    st.randoms(),
    st.sampled_from(KEYS),
)
def test_whatever_grows_from_it_is_bounded_too(text: str, growths: list[Any], rng: Any, key: str) -> None:
    for grow in growths:
        text = grow(text, rng)
    calls(lambda: compare(key, text[: limits.LENGTH]))


def test_a_meter_stops_at_its_cap() -> None:
    meter = Meter(10)
    meter.spend(10)
    with pytest.raises(OutOfBounds):
        meter.spend(1)


def test_the_caps_are_the_ones_that_the_docs_state() -> None:
    told = (Path(__file__).resolve().parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) \|", told, re.MULTILINE))
    assert {name: int(size.replace(",", "")) for name, size in rows.items()} == {
        name: size for name, size in vars(limits).items() if name.isupper()
    }
