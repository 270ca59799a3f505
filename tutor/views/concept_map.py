"""Where the concepts of a course stand on their map: foundations left, what builds on them to the right.

Plain drawing arithmetic; the template draws. Columns are depths in the prerequisite graph; within a column concepts
stand near what they build on (the mean place of their prerequisites: the barycentre rule of layered graph drawing,
Sugiyama, Tagawa & Toda 1981). Lengths are SVG units, which are CSS pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from unicodedata import east_asian_width

WIDTH, HEIGHT = 144, 60  # of a box
ACROSS, DOWN = 182, 76  # from box to box
MARGIN = 8
TALLEST = 9  # boxes in a column; a fuller depth takes several columns
LINE = 20  # narrow characters in a line of a box


class Entry(Protocol):
    """A concept to be placed."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def title(self) -> str:
        """What stands in its box."""

    @property
    def requires(self) -> tuple[int, ...]:
        """The ids of what it builds on."""


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, kw_only=True)
class Box(Generic[E]):
    """A concept at its place: top left corner, and its title in at most two lines."""

    of: E
    x: int
    y: int
    lines: tuple[tuple[str, int], ...]  # each with the height of its baseline

    @property
    def middle(self) -> int:
        """Where its text is centred."""
        return self.x + WIDTH // 2


@dataclass(frozen=True, kw_only=True)
class Map(Generic[E]):
    """The whole drawing: its size, its boxes, and the curves between them as SVG paths."""

    width: int
    height: int
    boxes: tuple[Box[E], ...]
    curves: tuple[str, ...]
    box_width: int = WIDTH
    box_height: int = HEIGHT


def draw(entries: Sequence[E]) -> Map[E]:
    """Place every concept; those in `requires` that are not among the entries are left out."""
    known = {entry.id: entry for entry in entries}
    columns = _columns(entries, _depths(known))
    boxes: dict[int, Box[E]] = {}
    tallest = max((len(column) for column in columns), default=0)
    for across, column in enumerate(columns):
        top = MARGIN + (tallest - len(column)) * DOWN // 2
        for down, entry in enumerate(column):
            boxes[entry.id] = Box(
                of=entry,
                x=MARGIN + across * ACROSS,
                y=top + down * DOWN,
                lines=_baselines(two_lines(entry.title), top + down * DOWN),
            )
    curves = [
        _curve(boxes[before], boxes[entry.id]) for entry in entries for before in entry.requires if before in known
    ]
    return Map(
        width=2 * MARGIN + max(len(columns) - 1, 0) * ACROSS + WIDTH,
        height=2 * MARGIN + max(tallest - 1, 0) * DOWN + HEIGHT,
        boxes=tuple(boxes[entry.id] for entry in entries),
        curves=tuple(curves),
    )


def two_lines(title: str) -> tuple[str, ...]:
    """A title in at most two lines that fit a box; a wide character counts for two, and what is cut ends in «…»."""
    text = title.replace("$", "")
    if _wide(text) <= LINE:
        return (text,)
    words = text.split(" ") if " " in text else list(text)
    glue = " " if " " in text else ""
    first = ""
    while words and _wide(first + glue + words[0]) <= LINE:
        first += (glue if first else "") + words.pop(0)
    second = glue.join(words)
    if not first:
        first, second = text[: LINE // 2], text[LINE // 2 :]
    while _wide(second) > LINE:
        second = second[:-2] + "…"
    return first, second


def _baselines(lines: Sequence[str], top: int) -> tuple[tuple[str, int], ...]:
    """Two lines fill the upper part of a box; one stands in the middle of it. The lowest line is the standing's."""
    first = top + (26 if len(lines) == 1 else 18)
    return tuple((line, first + 16 * number) for number, line in enumerate(lines))


def _wide(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _depths(known: Mapping[int, E]) -> dict[int, int]:
    """The longest way from a foundation to each concept. A cycle, which importing refuses, would be cut."""
    depths: dict[int, int] = {}

    def depth(node: int, above: frozenset[int]) -> int:
        if node not in depths:
            before = [one for one in known[node].requires if one in known and one not in above]
            depths[node] = max((depth(one, above | {node}) + 1 for one in before), default=0)
        return depths[node]

    for node in known:
        depth(node, frozenset())
    return depths


def _columns(entries: Sequence[E], depths: Mapping[int, int]) -> list[list[E]]:
    """The concepts of each column from top to bottom."""
    columns: list[list[E]] = []
    place: dict[int, float] = {}
    for depth in range(max(depths.values(), default=-1) + 1):
        level = [entry for entry in entries if depths[entry.id] == depth]
        if depth:
            level.sort(key=lambda entry: _mean([place[one] for one in entry.requires if one in place]))
        columns += [level[start : start + TALLEST] for start in range(0, len(level), TALLEST)]
        place |= {entry.id: (index % TALLEST) / min(len(level), TALLEST) for index, entry in enumerate(level)}
    return columns


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _curve(start: Box[E], end: Box[E]) -> str:
    """From the right side of one box to the left side of another."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    bend = (x2 - x1) // 2
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
