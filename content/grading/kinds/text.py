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

_SAME = str.maketrans(
    {
        **dict.fromkeys("−–—‐‑", "-"),
        **dict.fromkeys("‘’`´", "'"),
        **dict.fromkeys("“”„「」『』", '"'),
        **dict.fromkeys("。．｡", "."),
        "、": ",",
    }
)
_FINAL = ".。!?,;:、"


@dataclass(frozen=True, kw_only=True)
class TextKey:
    """The texts that are right, normalised; with `wildcards`, a * in them stands for anything."""

    kind: ClassVar[StepKind] = StepKind.TEXT
    accept: frozenset[str]
    case: bool = False
    punctuation: bool = False
    wildcards: bool = False

    def plain(self, text: str) -> str:
        """A text as it is compared."""
        return normalise(text, case=self.case, punctuation=self.punctuation)

    def accepts(self, given: str) -> bool:
        """Whether a normalised text is right."""
        return given in self.accept or (self.wildcards and any(_fits(given, pattern) for pattern in self.accept))


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
        Part(name="punctuation", shape=Shape.SWITCH, label=gettext_noop("A full stop at the end matters")),
        Part(
            name="wildcards",
            shape=Shape.SWITCH,
            label=gettext_noop("A * stands for anything"),
            help=gettext_noop("So that colo*r is answered by color and colour."),
        ),
    )
    example: Json = {"kind": "text", "accept": ["slope", "gradient"]}

    def parse(self, answer: Json) -> TextKey:
        """Read accept, case, punctuation and wildcards."""
        reader = KeyReader(answer)
        reader.only("accept", "case", "punctuation", "wildcards")
        case, punctuation, wildcards = map(reader.switch, ("case", "punctuation", "wildcards"))
        accept = frozenset(normalise(each, case=case, punctuation=punctuation) for each in reader.texts("accept"))
        if "" in accept or (wildcards and any(not each.strip("*") for each in accept)):
            reader.problems.append("accept: one of the texts is empty")
        reader.finish()
        return TextKey(accept=accept, case=case, punctuation=punctuation, wildcards=wildcards)

    def grade(self, key: TextKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade one text."""
        text = one_text(response)
        given = key.plain(text)
        if key.accepts(given):
            return right(text.strip())
        foreseen = [key.plain(each.response) if isinstance(each.response, str) else "" for each in wrong_answers]
        return wrong(text.strip(), wrong_answer=foreseen.index(given) if given in foreseen else None)

    def read_as(self, key: TextKey, response: Response) -> str:
        """The text."""
        return one_text(response).strip()

    def field(self, answer: Json, seed: int) -> Field:
        """A line to type in."""
        return Field(label=gettext_noop("Your answer, in words"), inputs=(Input(widget=Widget.TEXT),))

    def right_response(self, answer: Json) -> Response:
        """The first text that is right, nothing for its wildcards."""
        first = str(answer["accept"][0])
        return first.replace("*", "") if self.parse(answer).wildcards else first

    def right_answer(self, answer: Json) -> str:
        """The first text that is right, as the author wrote it."""
        return str(self.right_response(answer))

    def told(self, answer: Json, response: Response) -> str:
        """The text as it was typed."""
        return escaped(one_text(response))

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Words that say nothing."""
        yield from ("not sure", "?")


def normalise(text: str, *, case: bool = False, punctuation: bool = False) -> str:
    """The text as it is compared; `case` keeps capitals apart, `punctuation` what stands at the end."""
    plain = "".join(unicodedata.normalize("NFKC", text.replace("$$", "")).translate(_SAME).split())
    if not punctuation:
        plain = plain.rstrip(_FINAL) or plain
    return plain if case else plain.casefold()


def _fits(given: str, pattern: str) -> bool:
    """Whether a text has the pieces of a pattern in their order, the first in front and the last at the end."""
    first, *middle = pattern.split("*")
    if not middle:
        return given == pattern
    *middle, last = middle
    if not given.startswith(first) or not given.endswith(last) or len(given) < len(first) + len(last):
        return False
    place, end = len(first), len(given) - len(last)
    for piece in middle:
        found = given.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True


KIND = Text()
