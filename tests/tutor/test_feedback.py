"""What students are told: the reason, the part, the next thing to do; in their language."""

import pytest
from django.utils import translation

from content.grading import Unreadable, grade, parse_key
from content.mathematics import Code
from content.package import WrongAnswer
from tutor import feedback, policy
from tutor.feedback import Change, Direction, Help, Marking, Offer

ALL_HELP = Help(hints_left=2, has_example=True)
NO_HELP = Help(hints_left=0, has_example=False)


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_for_not_reading_has_its_sentence(code: Code) -> None:
    sentence = feedback.unreadable_sentence(Unreadable(code, "3 §", 2))
    assert sentence
    assert "%" not in sentence


def test_the_part_that_could_not_be_read_is_named() -> None:
    with pytest.raises(Unreadable) as refused:
        grade(parse_key({"kind": "number", "value": 5}), "5 § 2")
    assert "§" in feedback.unreadable_sentence(refused.value)


def test_a_marking_survives_its_storage() -> None:
    change = Change(concept_id=3, title="Slope", before=0.4, after=0.5)
    marking = Marking(step="s", correct=True, score=1.0, reason="right", offer="next", changes=(change,))
    assert Marking.from_json(marking.to_json()) == marking


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [(0.4, 0.5, Direction.UP), (0.5, 0.4, Direction.DOWN), (0.5, 0.501, Direction.SAME)],
)
def test_a_change_says_its_direction(before: float, after: float, direction: Direction) -> None:
    assert Change(concept_id=1, title="", before=before, after=after).direction == direction


def test_after_a_right_answer_the_way_goes_on() -> None:
    assert feedback.next_offer(correct=True, try_number=1, available=ALL_HELP) == Offer.NEXT


def test_after_a_wrong_answer_help_comes_in_small_steps() -> None:
    offers = [
        feedback.next_offer(correct=False, try_number=1, available=ALL_HELP),
        feedback.next_offer(correct=False, try_number=2, available=Help(hints_left=0, has_example=True)),
        feedback.next_offer(correct=False, try_number=2, available=NO_HELP),
        feedback.next_offer(correct=False, try_number=3, available=NO_HELP),
    ]
    assert offers == [Offer.HINT, Offer.EXAMPLE, Offer.TRY_AGAIN, Offer.SOLUTION]


def test_who_wants_little_help_is_left_to_try_again_first() -> None:
    little = Help(hints_left=2, has_example=True, wanted="little")
    assert feedback.next_offer(correct=False, try_number=1, available=little) == Offer.TRY_AGAIN
    assert feedback.next_offer(correct=False, try_number=2, available=little) == Offer.HINT


def test_a_wrong_answer_is_never_only_wrong() -> None:
    key = parse_key({"kind": "number", "value": 5})
    marked = feedback.mark(grade(key, "7"), step="s", offer=Offer.HINT)
    told = feedback.words(marked)
    assert told.headline == "Not yet."
    assert told.wrong_part
    assert told.offer_text


def test_a_recognised_error_counts_as_such() -> None:
    key = parse_key({"kind": "number", "value": 5})
    marked = feedback.mark(
        grade(key, "-5", wrong_answers=[WrongAnswer(response="-5", feedback="The sign.")]), step="s", offer=Offer.HINT
    )
    assert marked.reason == "misconception"


def test_the_same_marking_is_told_in_the_language_of_the_reader() -> None:
    marking = Marking(step="s", correct=False, score=0.0, reason="wrong", offer="try_again")
    english = feedback.words(marking)
    with translation.override("zh-hans"):
        assert feedback.words(marking).reason == english.reason
    assert english.offer == Offer.TRY_AGAIN


@pytest.mark.parametrize(
    ("key", "response", "reason"),
    [
        ({"kind": "number", "value": "1/2", "form": "simplest"}, "2/4", "form"),
        ({"kind": "number", "value": 5, "unit": "m", "unit_required": True}, "5", "missing_unit"),
        ({"kind": "expression", "value": "(x+1)(x+2)", "form": "factored"}, "x^2+3x+2", "form"),
    ],
)
def test_what_is_right_in_an_answer_is_said_as_well_as_what_is_not(
    key: dict[str, object], response: str, reason: str
) -> None:
    marked = feedback.mark(grade(parse_key(key), response), step="s", offer=Offer.TRY_AGAIN)
    assert marked.reason == reason
    told = feedback.words(marked)
    assert told.headline == "Partly right."
    assert told.right_part
    assert told.wrong_part


def test_the_question_written_again_and_a_sum_left_undone_are_told_apart() -> None:
    calculation = grade(parse_key({"kind": "number", "value": 12, "form": "any"}), "9+3", given=["3+9"])
    restated = feedback.words(feedback.mark(calculation, step="s", offer=Offer.TRY_AGAIN))
    assert (restated.headline, restated.right_part) == ("Not yet.", "")
    assert restated.wrong_part.startswith("That is the question itself, written again.")
    undone = grade(parse_key({"kind": "number", "value": 12}), "4+8", given=["3+9"])
    told = feedback.words(feedback.mark(undone, step="s", offer=Offer.TRY_AGAIN))
    assert (told.headline, told.right_part) == ("Partly right.", "The value is right.")
    assert told.wrong_part == "It is asked for as a result with nothing left to compute."


def test_missing_and_wrong_choices_are_counted() -> None:
    key = parse_key(
        {"kind": "several_choices", "choices": {"a": "1", "b": "2", "c": "3", "d": "4"}, "correct": ["a", "b", "c"]}
    )
    told = feedback.words(feedback.mark(grade(key, ["a", "b", "d"]), step="s", offer=Offer.TRY_AGAIN))
    assert told.right_part == "Some of your choices are right."
    assert told.wrong_part == "1 right choice is missing. 1 choice does not belong."


@pytest.mark.parametrize("code", list(policy.Reason))
def test_every_reason_of_the_policy_is_a_sentence_with_the_names_of_its_concepts(code: policy.Reason) -> None:
    reason = {"code": code.value, "concept": 1, "left": 2, "for": 3, "days": 4}
    sentence = feedback.reason_sentence(reason, titles={1: "Slope", 2: "Graphs", 3: "Lines"})
    assert "Slope" in sentence
    assert "%" not in sentence
    assert sentence != feedback.reason_sentence({"code": "practice", "concept": 1}, titles={1: "Slope"})
