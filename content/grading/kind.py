"""What a kind of step is: the one interface behind which every kind stands, and the plain shapes that it speaks in.

A kind is one module of content/grading/kinds with one object, `KIND`. It reads an answer key, grades and reads back
responses, says what to draw for the student to answer with, and what an editor asks the author. A response is one
text, or a list of texts: the ids of several choices, or one text for every input, in their order. Nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import ClassVar, Protocol, TypeVar

from content.grading.grades import Grade, Response
from content.package import Json, StepKind, WrongAnswer


def gettext_noop(text: str) -> str:
    """Mark a text for translation where there is no Django to translate it."""
    return text


class Reads(StrEnum):
    """What a kind's `read_as` is written in."""

    NOTHING = "nothing"  # there is nothing to read back: ids of choices, a text as it was typed
    LATEX = "latex"
    MARKDOWN = "markdown"


class Layout(StrEnum):
    """How the inputs of a field stand together."""

    STACK = "stack"  # one below the other
    INLINE = "inline"  # in the gaps of a text
    GRID = "grid"  # in a table or matrix
    SORTABLE = "sortable"  # one choices-like list, to be put in order


class Widget(StrEnum):
    """What one input is."""

    TEXT = "text"
    NUMBER = "number"  # mathematics too, with the digits nearest
    MATH = "math"
    CHOICE = "choice"  # one of the options, all of them in sight
    CHOICES = "choices"  # any of the options
    SELECT = "select"  # one of the options, opened by a press
    ORDER = "order"  # all the options, in an order
    LONG = "long"  # several lines of text


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something to choose: `text` is Markdown; or it is a `word` of the site, marked for translation."""

    id: str
    text: str = ""
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One thing to fill in. `label` is Markdown, "" where the field's own label says all."""

    widget: Widget
    place: int = 0  # of its text in the response
    label: str = ""
    options: tuple[Option, ...] = ()
    unit: str = ""  # shown beside it
    size: int = 0  # about how many characters; 0: no idea

    @property
    def number(self) -> int:
        """Its place as people count."""
        return self.place + 1


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a GRID: Markdown that is shown, and inputs."""

    header: str = ""
    cells: tuple[str | Input, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a student answers with. Nothing of the answer is in it."""

    label: str  # an English sentence that is marked for translation
    inputs: tuple[Input, ...]
    layout: Layout = Layout.STACK
    reads: Reads = Reads.NOTHING
    is_list: bool = False  # whether the response is a list
    text: str = ""  # INLINE: Markdown in which [[1]] is the first input, and so on
    columns: tuple[str, ...] = ()  # GRID: the headers, Markdown
    rows: tuple[Row, ...] = ()  # GRID
    brackets: bool = False  # GRID: a matrix rather than a table


class Shape(StrEnum):
    """What one part of an answer key is, for the editor that asks for it."""

    LINE = "line"  # one text or number
    PROSE = "prose"  # Markdown of several lines
    LINES = "lines"  # a list of texts
    SWITCH = "switch"  # yes or no
    PICK = "pick"  # one of `options`
    CHOICES = "choices"  # id -> Markdown
    ONE_OF = "one_of"  # one id of the part named by `of`
    SOME_OF = "some_of"  # several ids of it
    ORDER_OF = "order_of"  # all ids of it, in the right order
    SHARES_OF = "shares_of"  # id of it -> number
    PAIRS = "pairs"  # id of the part `of` -> id of the part `to`
    GRID = "grid"  # rows of texts
    KEYS = "keys"  # name -> answer key of a kind among `options`


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of an answer key. `label`, `help` and the options' texts are marked for translation."""

    name: str
    shape: Shape
    label: str
    help: str = ""
    options: tuple[Option, ...] = ()
    of: str = ""
    to: str = ""
    needed: bool = False


class AnswerKey(Protocol):
    """An answer key as its kind has read it."""

    kind: ClassVar[StepKind]


Key = TypeVar("Key", bound=AnswerKey)


class Kind(Protocol[Key]):
    """One kind of step. Answers that are handed to `field` and what follows it have been parsed without a problem."""

    name: StepKind
    title: str  # marked for translation
    reads: Reads = Reads.NOTHING
    speaks: bool = False  # whether `told` gives a word that is marked for translation
    form: tuple[Part, ...]
    example: Json  # a small key, for whoever begins a step of this kind

    def parse(self, answer: Json) -> Key:
        """Read an answer key. Raises content.grading.keys.KeyProblem with every problem at once."""
        ...

    def grade(self, key: Key, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Judge a response. Raises Unreadable."""
        ...

    def read_as(self, key: Key, response: Response) -> str:
        """How a response is understood so far, written in what `reads` says. Raises Unreadable."""
        ...

    def field(self, answer: Json, seed: int) -> Field:
        """What is shown to answer with; what is shuffled is shuffled by the seed."""
        ...

    def right_response(self, answer: Json) -> Response:
        """A response that is graded right."""
        ...

    def right_answer(self, answer: Json) -> str:
        """The right answer as it is shown to people, Markdown."""
        return self.told(answer, self.right_response(answer))

    def told(self, answer: Json, response: Response) -> str:
        """A response as it is shown to people, Markdown. Raises Unreadable."""
        found = self.read_as(self.parse(answer), response)
        return f"${found}$" if self.reads == Reads.LATEX else found

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Responses that are likely wrong, for simulated students."""
        ...

    def restates(self, key: Key, response: Response, given: Sequence[str]) -> bool:
        """Whether a right response is only a formula of the prompts (LaTeX) and not what the key itself names."""
        return False


OPEN = "…"  # what is read, so far, of a place that is empty


def numbered(places: Sequence[str]) -> str:
    """What stands in each of several places, as Markdown, by their numbers."""
    return " ".join(f"({number}) {text}" for number, text in enumerate(places, 1)) if len(places) > 1 else places[0]


def escaped(text: str) -> str:
    """A typed text as Markdown that shows it as it stands."""
    return "".join(rf"\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$&:" else sign for sign in " ".join(text.split()))


def shuffled(options: Sequence[Option], seed: int) -> tuple[Option, ...]:
    """The options in an order that depends on the seed and on their ids alone."""
    found = sorted(options, key=lambda option: option.id)
    Random(f"{seed}:{[option.id for option in found]}").shuffle(found)  # noqa: S311 (an order, not a secret)
    return tuple(found)
