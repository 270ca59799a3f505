"""A text of several sentences, read by a person: nothing is right or wrong until that person says so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Response, waiting
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Part, Shape, Widget, escaped, gettext_noop
from content.grading.responses import MAX_LONG_TEXT, one_text
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer

_WORD = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")  # a Chinese character counts as a word


@dataclass(frozen=True, kw_only=True)
class LongTextKey:
    """How long the text is to be; what it is judged by, and how a good one reads (both for teachers)."""

    kind: ClassVar[StepKind] = StepKind.LONG_TEXT
    words_least: int = 1
    words_most: int | None = None
    rubric: str = ""
    sample: str = ""


class LongText(Kind[LongTextKey]):
    """Several lines to write in."""

    name = StepKind.LONG_TEXT
    title = gettext_noop("Long text")
    form = (
        Part(name="rubric", shape=Shape.PROSE, label=gettext_noop("What it is judged by")),
        Part(
            name="sample",
            shape=Shape.PROSE,
            label=gettext_noop("A good answer"),
            help=gettext_noop("Shown to the student once the step is over."),
        ),
        Part(name="words_least", shape=Shape.LINE, label=gettext_noop("Words at least")),
        Part(name="words_most", shape=Shape.LINE, label=gettext_noop("Words at most")),
    )
    example: Json = {"kind": "long_text", "words_least": "5", "sample": "Both sides were divided by the same number."}

    def parse(self, answer: Json) -> LongTextKey:
        """Read the bounds, the rubric and the sample."""
        reader = KeyReader(answer)
        reader.only("words_least", "words_most", "rubric", "sample")
        least, most = reader.count("words_least") or 1, reader.count("words_most")
        if most is not None and most < least:
            reader.problems.append("words_most: fewer than the words that are needed at least")
        reader.finish()
        return LongTextKey(
            words_least=least, words_most=most, rubric=reader.text("rubric"), sample=reader.text("sample")
        )

    def grade(self, key: LongTextKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Nothing is judged here. Raises Unreadable for a text that is too short or too long to be handed in."""
        return waiting(self.read_as(key, response))

    def read_as(self, key: LongTextKey, response: Response) -> str:
        """The text. Raises Unreadable."""
        text = one_text(response, longest=MAX_LONG_TEXT).strip()
        count = len(_WORD.findall(text))
        if count < key.words_least:
            raise Unreadable(Code.TOO_FEW_WORDS, str(key.words_least))
        if key.words_most is not None and count > key.words_most:
            raise Unreadable(Code.TOO_MANY_WORDS, str(key.words_most))
        return text

    def field(self, answer: Json, seed: int) -> Field:
        """Several lines."""
        return Field(label=gettext_noop("Your answer, in a few sentences"), inputs=(Input(widget=Widget.LONG),))

    def right_response(self, answer: Json) -> Response:
        """The sample, or words enough: nothing is right before a person says so."""
        key = self.parse(answer)
        return key.sample if len(_WORD.findall(key.sample)) >= key.words_least else " ".join(["…"] * key.words_least)

    def right_answer(self, answer: Json) -> str:
        """The sample."""
        return self.parse(answer).sample

    def told(self, answer: Json, response: Response) -> str:
        """The text as it was typed, paragraph by paragraph."""
        return "\n\n".join(map(escaped, one_text(response, longest=MAX_LONG_TEXT).splitlines()))

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Words enough."""
        yield " ".join(["…"] * self.parse(answer).words_least)


KIND = LongText()
