"""Texts compared exactly, but for what is no part of an answer: spaces, capitals, full-width signs, a full stop."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Response, right, wrong
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Part, Shape, Widget, escaped, gettext_noop
from content.grading.responses import one_text
from content.package import Json, StepKind, WrongAnswer

_SAME = str.maketrans({**dict.fromkeys("−–—‐‑", "-"), **dict.fromkeys("‘’`´", "'"), **dict.fromkeys("“”„", '"')})
_FINAL = ".。!?,;:、"


@dataclass(frozen=True, kw_only=True)
class TextKey:
    """The texts that are right, normalised."""

    kind: ClassVar[StepKind] = StepKind.TEXT
    accept: frozenset[str]
    case: bool = False


class Text(Kind[TextKey]):
    """One line of text."""

    name = StepKind.TEXT
    title = gettext_noop("Text")
    form = (
        Part(
            name="accept",
            shape=Shape.LINES,
            label=gettext_noop("Right answers"),
            help=gettext_noop("The first one is shown as the right answer."),
            needed=True,
        ),
        Part(name="case", shape=Shape.SWITCH, label=gettext_noop("Capital letters matter")),
    )
    example: Json = {"kind": "text", "accept": ["slope", "gradient"]}

    def parse(self, answer: Json) -> TextKey:
        """Read accept and case."""
        reader = KeyReader(answer)
        reader.only("accept", "case")
        case = reader.switch("case")
        accept = frozenset(normalise(each, case=case) for each in reader.texts("accept"))
        if "" in accept:
            reader.problems.append("accept: one of the texts is empty")
        reader.finish()
        return TextKey(accept=accept, case=case)

    def grade(self, key: TextKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade one text."""
        text = one_text(response)
        given = normalise(text, case=key.case)
        if given in key.accept:
            return right(text.strip())
        foreseen = [
            normalise(each.response, case=key.case) if isinstance(each.response, str) else "" for each in wrong_answers
        ]
        return wrong(text.strip(), wrong_answer=foreseen.index(given) if given in foreseen else None)

    def read_as(self, key: TextKey, response: Response) -> str:
        """The text."""
        return one_text(response).strip()

    def field(self, answer: Json, seed: int) -> Field:
        """A line to type in."""
        return Field(label=gettext_noop("Your answer, in words"), inputs=(Input(widget=Widget.TEXT),))

    def right_response(self, answer: Json) -> Response:
        """The first text that is right."""
        return str(answer["accept"][0])

    def right_answer(self, answer: Json) -> str:
        """The first text that is right, as the author wrote it."""
        return str(answer["accept"][0])

    def told(self, answer: Json, response: Response) -> str:
        """The text as it was typed."""
        return escaped(one_text(response))

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Words that say nothing."""
        yield from ("not sure", "?")


def normalise(text: str, *, case: bool = False) -> str:
    """The text as it is compared; `case` keeps capitals apart."""
    plain = unicodedata.normalize("NFKC", text.replace("$$", "")).translate(_SAME)
    plain = "".join(plain.split()).rstrip(_FINAL) or "".join(plain.split())
    return plain if case else plain.casefold()


KIND = Text()
