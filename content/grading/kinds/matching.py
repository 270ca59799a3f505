"""Stems, each with the one option that belongs to it. There may be more options than are used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content.grading.grades import Grade, Response
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Reads, Shape, Widget, gettext_noop, shuffled
from content.grading.places import Place, judged, same_texts
from content.grading.responses import at_place, texts
from content.mathematics import Code, Unreadable
from content.package import Json, StepKind, WrongAnswer


@dataclass(frozen=True, kw_only=True)
class MatchingKey:
    """Stems and options by their ids, and the option of each stem."""

    kind: ClassVar[StepKind] = StepKind.MATCHING
    stems: Mapping[str, str]
    options: Mapping[str, str]
    pairs: Mapping[str, str]


class Matching(Kind[MatchingKey]):
    """A drop-down for every stem. The response is an option's id for each, in the order of the stems."""

    name = StepKind.MATCHING
    title = gettext_noop("Matching")
    reads = Reads.NOTHING
    form = (
        Part(name="stems", shape=Shape.CHOICES, label=gettext_noop("What is to be matched"), needed=True),
        Part(
            name="options",
            shape=Shape.CHOICES,
            label=gettext_noop("What it is matched with"),
            help=gettext_noop("There may be more of these than are used."),
            needed=True,
        ),
        Part(name="pairs", shape=Shape.PAIRS, of="stems", to="options", label=gettext_noop("Pairs"), needed=True),
    )
    example: Json = {
        "kind": "matching",
        "stems": {"a": "$2^3$", "b": "$3^2$", "c": "$5^0$"},
        "options": {"p": "$1$", "q": "$8$", "r": "$9$", "s": "$6$"},
        "pairs": {"a": "q", "b": "r", "c": "p"},
    }

    def parse(self, answer: Json) -> MatchingKey:
        """Read stems, options and pairs."""
        reader = KeyReader(answer)
        reader.only("stems", "options", "pairs")
        stems, options, pairs = reader.mapping("stems"), reader.mapping("options", least=2), reader.mapping("pairs")
        reader.problems += [f"pairs: not the id of a stem: {stem}" for stem in pairs if stem not in stems]
        reader.problems += [f"pairs: not the id of an option: {one}" for one in pairs.values() if one not in options]
        reader.problems += [f"pairs: no option belongs to it: {stem}" for stem in stems if stem not in pairs]
        reader.finish()
        return MatchingKey(stems=stems, options=options, pairs=pairs)

    def grade(self, key: MatchingKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade pair by pair. Raises Unreadable."""
        given = _read(key, response)
        pairs = zip(key.stems, given, strict=True)
        places = [Place(correct=_is_right(key, stem, one)) for stem, one in pairs]
        recognised = same_texts(wrong_answers, given)
        return judged(places, ", ".join(given), part="pair", wrong_answer=recognised)

    def read_as(self, key: MatchingKey, response: Response) -> str:
        """The ids."""
        return ", ".join(_read(key, response))

    def field(self, answer: Json, seed: int) -> Field:
        """The stems in the author's order, the options shuffled."""
        key = self.parse(answer)
        options = shuffled([Option(id=one, text=text) for one, text in key.options.items()], seed)
        return Field(
            label=gettext_noop("Choose what belongs to each"),
            inputs=tuple(
                Input(widget=Widget.SELECT, place=place, label=text, options=options)
                for place, text in enumerate(key.stems.values())
            ),
            is_list=True,
        )

    def right_response(self, answer: Json) -> Response:
        """The option of each stem."""
        key = self.parse(answer)
        return [key.pairs[stem] for stem in key.stems]

    def told(self, answer: Json, response: Response) -> str:
        """Each stem with its option."""
        key = self.parse(answer)
        pairs = zip(key.stems.values(), _read(key, response), strict=True)
        return "\n".join(f"- {stem} → {key.options[one]}" for stem, one in pairs)

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Options by chance."""
        key = self.parse(answer)
        yield [rng.choice(list(key.options)) for _ in key.stems]


def _read(key: MatchingKey, response: Response) -> list[str]:
    given = texts(response, len(key.stems))
    for place, one in enumerate(given, 1):
        if one not in key.options:
            raise at_place(Unreadable(Code.UNKNOWN_CHOICE, one), place)
    return given


def _is_right(key: MatchingKey, stem: str, option: str) -> bool:
    """Options that read alike are the same."""
    return key.options[option] == key.options[key.pairs[stem]]


KIND = Matching()
