"""A table of numbers of which some are asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.grades import Grade, Response
from content.grading.keys import KeyReader
from content.grading.kind import (
    OPEN,
    Field,
    Input,
    Kind,
    Layout,
    Part,
    Reads,
    Row,
    Shape,
    Widget,
    gettext_noop,
    numbered,
)
from content.grading.kinds.matrix import is_near
from content.grading.places import Place, judged, same_texts
from content.grading.responses import in_place, texts, texts_so_far
from content.mathematics import Unreadable, trees
from content.package import Json, StepKind, WrongAnswer

MOST_CELLS = 60
SIZE = 5


@dataclass(frozen=True, kw_only=True)
class TableKey:
    """What is asked for, row by row, and by how much it may be off."""

    kind: ClassVar[StepKind] = StepKind.TABLE
    wanted: tuple[trees.Node, ...]
    tolerance: Fraction = Fraction(0)


class Table(Kind[TableKey]):
    """Small inputs within a table. The response is one text for each cell that is asked for, row by row."""

    name = StepKind.TABLE
    title = gettext_noop("Table")
    reads = Reads.MARKDOWN
    form = (
        Part(name="columns", shape=Shape.LINES, label=gettext_noop("Headers of the columns")),
        Part(name="rows", shape=Shape.LINES, label=gettext_noop("Headers of the rows")),
        Part(
            name="cells",
            shape=Shape.GRID,
            label=gettext_noop("Cells"),
            help=gettext_noop("What stands in [ ] is asked for, the rest is shown."),
            needed=True,
        ),
        Part(name="tolerance", shape=Shape.LINE, label=gettext_noop("Numbers may be off by")),
    )
    example: Json = {
        "kind": "table",
        "columns": ["$x$", "$2x+1$"],
        "rows": [],
        "cells": [["1", "3"], ["2", "[5]"], ["[3]", "7"]],
    }

    def parse(self, answer: Json) -> TableKey:
        """Read columns, rows, cells and tolerance."""
        reader = KeyReader(answer)
        reader.only("columns", "rows", "cells", "tolerance")
        columns, rows = reader.texts("columns", needed=False), reader.texts("rows", needed=False)
        cells, tolerance = _cells(reader), reader.size("tolerance")
        if cells and columns and any(len(row) != len(columns) for row in cells):
            reader.problems.append("columns: not one for each cell of a row")
        if cells and rows and len(rows) != len(cells):
            reader.problems.append("rows: not one for each row of cells")
        asked = [text for row in cells for cell in row if (text := _asked(cell)) is not None]
        if cells and not asked:
            reader.problems.append("cells: put what is asked for in [ ]")
        wanted = reader.formulas("cells", asked, all_readings=False)
        reader.finish()
        return TableKey(wanted=tuple(wanted), tolerance=tolerance)

    def grade(self, key: TableKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade cell by cell. Raises Unreadable with the cell's place."""
        given = _read(key, response)
        pairs = zip(given, key.wanted, strict=True)
        places = [Place(correct=is_near(one, wanted, key.tolerance)) for one, wanted in pairs]
        return judged(places, _told(given), part="cell", wrong_answer=_recognised(key, given, response, wrong_answers))

    def read_as(self, key: TableKey, response: Response) -> str:
        """Cell by cell, Markdown, those that are filled so far. Raises Unreadable."""
        given = texts_so_far(response, len(key.wanted))
        return _told(
            [in_place(mathematics.parse, text, place) if text else None for place, text in enumerate(given, 1)]
        )

    def field(self, answer: Json, seed: int) -> Field:
        """The table with an input in each cell that is asked for."""
        headers = list(map(str, answer.get("rows") or ()))
        inputs: list[Input] = []
        rows = []
        for number, row in enumerate(answer["cells"]):
            cells: list[str | Input] = []
            for cell in map(str, row):
                if _asked(cell) is None:
                    cells.append(cell)
                    continue
                inputs.append(Input(widget=Widget.MATH, place=len(inputs), size=SIZE))
                cells.append(inputs[-1])
            rows.append(Row(header=headers[number] if headers else "", cells=tuple(cells)))
        return Field(
            label=gettext_noop("Fill in the table"),
            inputs=tuple(inputs),
            layout=Layout.GRID,
            reads=self.reads,
            is_list=True,
            columns=tuple(map(str, answer.get("columns") or ())),
            rows=tuple(rows),
        )

    def right_response(self, answer: Json) -> Response:
        """What the cells hold."""
        return [text for row in answer["cells"] for cell in row if (text := _asked(str(cell))) is not None]

    def right_answer(self, answer: Json) -> str:
        """The whole table, what was asked for in bold."""
        headers, names = list(map(str, answer.get("columns") or ())), list(map(str, answer.get("rows") or ()))
        width = len(answer["cells"][0])
        lines = [[*([""] if names else []), *(headers or [""] * width)], ["---"] * (width + bool(names))]
        for number, row in enumerate(answer["cells"]):
            shown = [cell if (text := _asked(cell)) is None else f"**{_number(text)}**" for cell in map(str, row)]
            lines.append([*([names[number]] if names else []), *shown])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """A number in every cell."""
        yield [str(rng.randint(100, 999)) for _ in self.right_response(answer)]


def _asked(cell: str) -> str | None:
    """What is asked for in a cell, None where it is shown."""
    plain = cell.strip()
    return plain[1:-1].strip() if plain.startswith("[") and plain.endswith("]") and len(plain) > 2 else None


def _cells(reader: KeyReader) -> list[list[str]]:
    given = reader.answer.get("cells")
    if (
        not isinstance(given, list | tuple)
        or not given
        or not all(isinstance(row, list | tuple) and row for row in given)
    ):
        reader.problems.append("cells: a list of rows is needed, each a list")
        return []
    if len({len(row) for row in given}) > 1:
        reader.problems.append("cells: rows of unequal length")
    if sum(map(len, given)) > MOST_CELLS:
        reader.problems.append(f"cells: too many: at most {MOST_CELLS}")
        return []
    return [list(map(str, row)) for row in given]


def _read(key: TableKey, response: Response) -> list[trees.Node]:
    given = texts(response, len(key.wanted))
    return [in_place(mathematics.parse, text, place) for place, text in enumerate(given, 1)]


def _told(given: Sequence[trees.Node | None]) -> str:
    return numbered([OPEN if node is None else f"${mathematics.latex(node)}$" for node in given])


def _number(text: str) -> str:
    return f"${mathematics.latex(mathematics.parse(text))}$"


def _recognised(
    key: TableKey, given: Sequence[trees.Node], response: Response, wrong_answers: Sequence[WrongAnswer]
) -> int | None:
    """A foreseen wrong answer names what stands in each cell, "" for any."""
    if (index := same_texts(wrong_answers, response)) is not None:
        return index
    for index, foreseen in enumerate(wrong_answers):
        expected = list(foreseen.response) if isinstance(foreseen.response, tuple) else []
        if len(expected) != len(given) or not any(expected):
            continue
        try:
            nodes = [mathematics.parse(text) if text else None for text in expected]
        except Unreadable:
            continue
        if all(node is None or is_near(one, node, key.tolerance) for node, one in zip(nodes, given, strict=True)):
            return index
    return None


KIND = Table()
