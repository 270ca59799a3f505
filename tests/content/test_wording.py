"""Messages of content/ in the reader's language: each phrase is known, and what it is about stays as it was typed."""

import re
from collections.abc import Iterator

import pytest
from django.utils import translation

from content import wording
from content.grading import KINDS
from content.mathematics import Code
from content.wording import exercises, places, sources
from tests.content.messages import VALUE, messages

SAID = sorted(set(messages()))
LETTER = re.compile(r"[^\W\d_]")


def is_known(part: str) -> bool:
    """A phrase, a place or a number in words, or nothing but values and signs between them."""
    samples = (part.replace(VALUE, sample) for sample in ("7", "key"))
    return (
        part in wording.PHRASES
        or part in places.PLACES
        or part in KINDS
        or not LETTER.search(part)
        or any(wording.place_in_words(sample) != sample for sample in samples)
    )


@pytest.fixture
def _chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.mark.usefixtures("_chinese")
def test_every_message_is_made_of_known_phrases_with_what_varies_after_a_colon() -> None:
    unknown = [(place, part) for place, text in SAID for part in re.split(": |; ", text) if not is_known(part)]
    assert unknown == []


def test_no_phrase_is_kept_that_nothing_says_any_more() -> None:
    said = {part for _, text in SAID for part in re.split(": |; ", text)} | {code.replace("_", " ") for code in Code}
    assert {*exercises.PHRASES, *sources.PHRASES} - said == set()


def test_why_a_formula_cannot_be_read_has_words() -> None:
    assert {code.replace("_", " ") for code in Code} <= wording.PHRASES


@pytest.mark.usefixtures("_chinese")
@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("LaTeX that cannot be shown: \\frac{", "无法显示的 LaTeX：\\frac{"),
        ("value: it cannot be read: 2+: missing operand: +", "正确答案：无法识别：2+：后面缺少内容：+"),
        ("rows: too many: at most 60", "行：数量太多：最多 60"),
        ("its own answer is graded wrong: value: 1; 2", "它自己的答案被判错：value: 1; 2"),
        ("unknown field: text", "未知的字段：text"),
        ("not in GIFT: a step of the kind: matrix", "GIFT 无法表达：这种题型的步骤：矩阵或向量"),
        ("quiz.gift, line 3: nothing is asked; no right answer", "quiz.gift，第 3 行：没有提出问题；没有正确答案"),
        ("A title: and its rest", "A title: and its rest"),
    ],
)
def test_what_is_ours_is_translated_and_the_rest_stays_as_it_was_typed(message: str, words: str) -> None:
    assert wording.in_words(message) == words


@pytest.mark.usefixtures("_chinese")
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("course.yaml line 3 (step a:b, hint 2)", "course.yaml 第 3 行（步骤 a:b，提示 2）"),
        ("exercise slope, prompt", "练习 slope，题目"),
        ("figures/a (1).png", "figures/a (1).png"),
        ("items/item 3.xml", "items/item 3.xml"),
    ],
)
def test_a_place_is_named_in_the_language_of_the_reader(place: str, words: str) -> None:
    assert wording.place_in_words(place) == words


def test_kinds_come_after_phrases_that_there_are() -> None:
    assert wording.OF_A_KIND <= wording.PHRASES
