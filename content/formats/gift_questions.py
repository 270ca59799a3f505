"""What GIFT's answers mean: a question as it was read to an answer key."""

from fractions import Fraction
from typing import Protocol

from content.formats import answers
from content.formats.answers import Given, Made
from content.formats.gift_reading import Answer, GiftQuestion, Text, unescaped
from content.html import from_plain
from content.package import WrongAnswer


class Markdown(Protocol):
    """Translates a text."""

    def __call__(self, text: Text, *, inline: bool = False) -> str:
        """Return it as Markdown."""


def translate(question: GiftQuestion, markdown: Markdown) -> Made:
    """Return the key of a question, and what is said to its answers."""
    match question.kind:
        case "essay":
            return Made(answer={"kind": "long_text"})
        case "truefalse":
            return _true_false(question, markdown)
        case "matching":
            pairs = [(markdown(each.text, inline=True), _plain(each.partner or "")) for each in question.answers]
            return answers.from_pairs(pairs)
        case "numerical":
            return answers.from_numbers([_number(each, markdown) for each in question.answers])
        case "multichoice":
            given = [_given(each, markdown, markdown(each.text, inline=True)) for each in question.answers]
            several = not any(each.right for each in question.answers)
            return answers.from_choices(given, several=several)
        case _:
            given = [_given(each, markdown, unescaped(each.text.said).strip()) for each in question.answers]
            return answers.from_texts(given)


def _given(answer: Answer, markdown: Markdown, text: str) -> Given:
    share = answer.share if answer.share is not None else Fraction(answer.right)
    return Given(text=text, share=share, feedback=markdown(answer.feedback) if answer.feedback else "")


def _number(answer: Answer, markdown: Markdown) -> Given:
    if answer.low is None or answer.high is None:
        return _given(answer, markdown, "*")
    made = _given(answer, markdown, answers.decimal((answer.low + answer.high) / 2))
    half = (answer.high - answer.low) / 2
    return Given(text=made.text, share=made.share, feedback=made.feedback, tolerance=half)


def _plain(text: str) -> str:
    return from_plain(unescaped(text), inline=True).text


def _true_false(question: GiftQuestion, markdown: Markdown) -> Made:
    wrong, right, *_ = [*(markdown(text) for text in question.feedback), "", ""]
    response = "false" if question.is_true else "true"
    return Made(
        answer={"kind": "true_false", "correct": question.is_true},
        wrong_answers=(WrongAnswer(response=response, feedback=wrong),) if wrong else (),
        solution=(right,) if right else (),
    )
