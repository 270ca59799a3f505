"""GIFT as it is found in the world, beyond what Moodle's own page says: nothing gets a wrong key or is lost unsaid."""

import pytest

from content.formats import gift
from content.formats.gift_reading import MAX_BLOCK
from content.package import Exercise


def exercises(text: str) -> list[Exercise]:
    return list(gift.read({"a.gift": text.encode()}).package.exercises)


def test_a_title_begins_another_question_without_an_empty_line() -> None:
    first, second = exercises("::A:: One? {=yes ~no}\n::B:: Two {~a =b} here.")
    assert list(first.steps[0].answer["choices"].values()) == ["yes", "no"]
    assert list(second.steps[0].answer["choices"].values()) == ["a", "b"]


def test_signs_in_the_attributes_of_unescaped_html_begin_no_answer() -> None:
    (made,) = exercises("""Which? {=<b style="color:#f00">one</b> ~<i class='x=y'>two</i>#No.}""")
    assert list(made.steps[0].answer["choices"].values()) == ["**one**", "*two*"]


@pytest.mark.parametrize("answers", ["=2 =-2", "=$x_{2}$ ~$\\frac\\{1\\}{2}$"])
def test_braces_of_formulas_before_and_in_the_answers_are_theirs(answers: str) -> None:
    (made,) = exercises(f"What is $\\frac{{1}}{{2}}$ of it? {{{answers}}}")
    assert made.prompt == "What is $\\frac{1}{2}$ of it?"


def test_answers_in_several_places_are_dropped_with_the_reason_and_not_mixed() -> None:
    loaded = gift.read({"a.gift": b"Water has {=1 =one} and {=2 =two} atoms.\n\nSure? {T}"})
    assert [item.outcome for item in loaded.items] == ["dropped", "kept"]
    assert loaded.items[0].reasons == ("a question has answers in several places",)


def test_a_question_longer_than_may_be_costs_itself_only() -> None:
    long = "x" * (MAX_BLOCK + 10)
    loaded = gift.read({"a.gift": f"Before? {{T}}\n\n{long}\nand more {{T}}\n\nAfter? {{F}}".encode()})
    assert [item.outcome for item in loaded.items] == ["kept", "dropped", "kept"]
    assert loaded.items[1].reasons[0].startswith("a question is too long: ")
