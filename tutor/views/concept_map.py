"""Where the concepts of a course stand on their map: foundations left, what builds on them to the right.

Plain drawing arithmetic; the template draws. Columns are depths in the prerequisite graph; within a column concepts
stand near what they build on (the mean place of their prerequisites: the barycentre rule of layered graph drawing,
Sugiyama, Tagawa & Toda 1981). Lengths are SVG units, which are CSS pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from unicodedata import east_asian_width

WIDTH, HEIGHT = 152, 76  # of a box
ACROSS, DOWN = 190, 92  # from box to box
MARGIN = 8
TALLEST = 9  # boxes in a column; a fuller depth takes several columns
LINE = 20  # narrow characters in a line of a box
LINES = 3  # of a title


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
    """A concept at its place: top left corner, and its title in at most three lines."""

    of: E
    x: int
    y: int
    lines: tuple[tuple[str, int], ...]  # each with the height of its baseline

    @property
    def middle(self) -> int:
        """Where its text is centred."""
        return self.x + WIDTH // 2

    @property
    def foot(self) -> int:
        """The baseline of its standing, below the title."""
        return self.y + HEIGHT - 8


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
                lines=_baselines(title_lines(entry.title), top + down * DOWN),
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


def title_lines(title: str) -> tuple[str, ...]:
    """A title in at most three lines that fit a box; a wide character counts for two, and what is cut ends in «…»."""
    pieces = [part for word in title.replace("$", "").split() for part in _parts(word)]
    lines = [""]
    for piece, glue in pieces:
        longer = lines[-1] + (glue if lines[-1] else "") + piece
        if _wide(longer) <= LINE:
            lines[-1] = longer
        else:
            lines.append(piece)
    if len(lines) > LINES:
        last = lines[LINES - 1]
        while _wide(last) > LINE - 1:
            last = last[:-1]
        lines[LINES - 1 :] = [last + "…"]
    return tuple(lines)


def _parts(word: str) -> list[tuple[str, str]]:
    """Pieces between which a line may end, each with what stands before it in a line: wide characters one by one."""
    if any(_wide(character) == 2 for character in word):
        return [(character, " " if not place else "") for place, character in enumerate(word)]
    return [(word[start : start + LINE], "" if start else " ") for start in range(0, len(word), LINE)]


def _baselines(lines: Sequence[str], top: int) -> tuple[tuple[str, int], ...]:
    """The lines stand in the middle of what is above the lowest line, which is the standing's."""
    first = top + 34 - 8 * (len(lines) - 1)
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
