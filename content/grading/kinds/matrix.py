"""A matrix or vector, entry by entry."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.grades import Grade, Reason, Response, partial, wrong
from content.grading.keys import KeyReader
from content.grading.kind import OPEN, Field, Input, Kind, Layout, Part, Reads, Row, Shape, Widget, gettext_noop
from content.grading.places import Place, judged, same_texts
from content.grading.responses import in_place, one_text, texts, texts_so_far
from content.mathematics import Code, Unreadable, numerics, trees
from content.package import Json, StepKind, WrongAnswer

MOST_ROWS = 6
SIZE = 4  # characters of an entry, about
_WRAPPED = re.compile(r"\s*[A-Za-z.]*(?:matrix|array)\s*\((.*)\)\s*", re.I | re.S)
_NESTED = re.compile(r"\s*[\[{(（｛【]\s*[\[{(（｛【]")
_SQUARE = str.maketrans("{}()（）｛｝【】", "[][][][][]")
_BETWEEN_ROWS = re.compile(r"\]\s*[,，;；]?\s*\[")
Rows = tuple[tuple[trees.Node, ...], ...]


@dataclass(frozen=True, kw_only=True)
class MatrixKey:
    """The entries; size_shown: whether the student is given a grid of the right size to fill in."""

    kind: ClassVar[StepKind] = StepKind.MATRIX
    rows: Rows
    size_shown: bool = True
    tolerance: Fraction = Fraction(0)


class Matrix(Kind[MatrixKey]):
    """A grid of small inputs, or one line for LaTeX and texts such as `1 2; 3 4`."""

    name = StepKind.MATRIX
    title = gettext_noop("Matrix or vector")
    reads = Reads.LATEX
    form = (
        Part(name="rows", shape=Shape.GRID, label=gettext_noop("Entries"), needed=True),
        Part(
            name="size_shown",
            shape=Shape.SWITCH,
            label=gettext_noop("Show how many rows and columns there are"),
        ),
        Part(name="tolerance", shape=Shape.LINE, label=gettext_noop("Numbers may be off by")),
    )
    example: Json = {"kind": "matrix", "rows": [["1", "2"], ["0", "-1"]], "size_shown": True}

    def parse(self, answer: Json) -> MatrixKey:
        """Read rows, size_shown and tolerance."""
        reader = KeyReader(answer)
        reader.only("rows", "size_shown", "tolerance")
        given = answer.get("rows")
        rows: list[tuple[trees.Node, ...]] = []
        if not _is_grid(given):
            reader.problems.append(f"rows: rows of equal length are needed, each a list: at most {MOST_ROWS}")
        else:
            rows = [
                tuple(reader.formulas(f"rows: {number}", list(row), all_readings=False))
                for number, row in enumerate(given or (), 1)
            ]
        size_shown, tolerance = reader.switch("size_shown", otherwise=True), reader.size("tolerance")
        reader.finish()
        return MatrixKey(rows=tuple(rows), size_shown=size_shown, tolerance=tolerance)

    def grade(self, key: MatrixKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade the entries one by one. Raises Unreadable."""
        rows = _read(key, response)
        read_as = mathematics.latex(trees.Matrix(rows))
        recognised = _recognised(key, rows, response, wrong_answers)
        if _size(rows) != _size(key.rows):
            if recognised is not None:
                return wrong(read_as, wrong_answer=recognised)
            if _are_same(key, tuple(zip(*rows, strict=True)), key.rows):
                return partial(Reason.TRANSPOSED, read_as)
            height, width = _size(key.rows)
            return partial(Reason.SIZE, read_as, score=0.0, rows=str(height), columns=str(width))
        turned = tuple(zip(*rows, strict=True))
        if recognised is None and not _are_same(key, rows, key.rows) and _are_same(key, turned, key.rows):
            return partial(Reason.TRANSPOSED, read_as)
        pairs = zip(_flat(rows), _flat(key.rows), strict=True)
        places = [Place(correct=_same(key, one, other)) for one, other in pairs]
        return judged(places, read_as, part="entry", wrong_answer=recognised)

    def read_as(self, key: MatrixKey, response: Response) -> str:
        """The matrix, as LaTeX, with the entries that are filled so far. Raises Unreadable."""
        return mathematics.latex(trees.Matrix(_read(key, response, given=texts_so_far)))

    def field(self, answer: Json, seed: int) -> Field:
        """A grid of the right size where that is shown, else one line."""
        key = self.parse(answer)
        label = gettext_noop("Your answer: a matrix")
        if not key.size_shown:
            return Field(
                label=gettext_noop("Your answer: a matrix, such as 1, 2; 3, 4"),
                inputs=(Input(widget=Widget.TEXT),),
                reads=self.reads,
            )
        height, width = _size(key.rows)
        inputs = tuple(Input(widget=Widget.MATH, place=place, size=SIZE) for place in range(height * width))
        rows = tuple(Row(cells=inputs[start : start + width]) for start in range(0, len(inputs), width))
        return Field(
            label=label, inputs=inputs, layout=Layout.GRID, reads=self.reads, is_list=True, rows=rows, brackets=True
        )

    def right_response(self, answer: Json) -> Response:
        """The entries row by row, or as one text."""
        key = self.parse(answer)
        if key.size_shown:
            return [str(entry) for row in answer["rows"] for entry in row]
        return "; ".join(", ".join(map(str, row)) for row in answer["rows"])

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """Numbers in every place."""
        key = self.parse(answer)
        height, width = _size(key.rows)
        entries = [[str(rng.randint(2, 99)) for _ in range(width)] for _ in range(height)]
        yield [one for row in entries for one in row] if key.size_shown else "; ".join(map(", ".join, entries))


def _is_grid(given: object) -> bool:
    if not isinstance(given, list | tuple) or not 0 < len(given) <= MOST_ROWS:
        return False
    if not all(isinstance(row, list | tuple) and 0 < len(row) <= MOST_ROWS for row in given):
        return False
    return len({len(row) for row in given}) == 1


def _read(key: MatrixKey, response: Response, *, given: Callable[[Response, int], list[str]] = texts) -> Rows:
    """The entries. Raises Unreadable."""
    if isinstance(response, str):
        return _of_text(one_text(response))
    height, width = _size(key.rows)
    entries = [
        in_place(_entry, text, place) if text else trees.Name(OPEN)
        for place, text in enumerate(given(response, height * width), 1)
    ]
    return tuple(tuple(entries[start : start + width]) for start in range(0, len(entries), width))


def _of_text(text: str) -> Rows:
    """`1, 2; 3, 4`, one row a line, `[[1, 2], [3, 4]]` and how programs print it, or LaTeX. Raises Unreadable."""
    if "\\begin" in text:
        node = mathematics.parse(text)
        if isinstance(node, trees.Matrix):
            return node.rows
        raise Unreadable(Code.SIZE_EXPECTED, text)
    plain = wrapped[1] if (wrapped := _WRAPPED.fullmatch(text)) else text
    if _NESTED.match(plain):
        plain = plain.translate(_SQUARE)
    plain = _BETWEEN_ROWS.sub(";", plain).strip()
    lines = [line for line in plain.strip("[]()").replace("\n", ";").replace("；", ";").split(";") if line.strip()]
    rows = [line.replace("，", ",").split(",") if {",", "，"} & set(line) else line.split() for line in lines]
    if not 0 < len(rows) <= MOST_ROWS or len({len(row) for row in rows}) != 1 or len(rows[0]) > MOST_ROWS:
        raise Unreadable(Code.SIZE_EXPECTED, text)
    return tuple(tuple(map(_entry, row)) for row in rows)


def _entry(text: str) -> trees.Node:
    node = mathematics.parse(text)
    if isinstance(node, trees.COLLECTIONS):
        raise Unreadable(Code.NUMBER_EXPECTED, text.strip())
    return node


def _size(rows: Rows) -> tuple[int, int]:
    return len(rows), len(rows[0])


def _flat(rows: Rows) -> list[trees.Node]:
    return [entry for row in rows for entry in row]


def _are_same(key: MatrixKey, rows: Rows, wanted: Rows) -> bool:
    return _size(rows) == _size(wanted) and all(
        _same(key, one, other) for one, other in zip(_flat(rows), _flat(wanted), strict=True)
    )


def _same(key: MatrixKey, entry: trees.Node, wanted: trees.Node) -> bool:
    return is_near(entry, wanted, key.tolerance)


def is_near(entry: trees.Node, wanted: trees.Node, tolerance: Fraction) -> bool:
    """Whether two formulas are equal, or two numbers within a tolerance."""
    if mathematics.is_equivalent(entry, wanted):
        return True
    try:
        return bool(tolerance) and bool(numerics.distance(entry, wanted) <= tolerance)
    except (numerics.NoValue, KeyError):
        return False


def _recognised(key: MatrixKey, rows: Rows, response: Response, wrong_answers: Sequence[WrongAnswer]) -> int | None:
    """The foreseen wrong matrix that this is; among the entries of a grid, an empty one stands for any."""
    for index, foreseen in enumerate(wrong_answers):
        if isinstance(foreseen.response, tuple) and not all(foreseen.response):
            if same_texts((foreseen,), response) is not None:
                return index
            continue
        try:
            expected = _read(key, foreseen.response if isinstance(foreseen.response, str) else list(foreseen.response))
        except Unreadable:
            continue
        if _are_same(key, rows, expected):
            return index
    return None


KIND = Matrix()
