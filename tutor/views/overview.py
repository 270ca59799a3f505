"""How one student stands with a course, for their own pages and for their teacher's alike. Reads only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from content import catalog
from content.models import Course
from students import history
from students.history import ConceptEstimate
from students.knowledge import Standing

GROUPS = ("fading", "learning", "next", "likely_knows", "not_seen")
AHEAD = ("fading", "learning", "next")  # the groups of which practice takes its exercises
NAMED = 3  # concepts that are named as examples of what may come
MINUTES_PER_REVIEW = 2  # a rough promise: one or two exercises


@dataclass(frozen=True, kw_only=True)
class Row:
    """A concept, where the student stands with it, and whether it is what can be learned next."""

    id: int
    title: str
    requires: tuple[int, ...]
    unlocks: tuple[int, ...]
    estimate: ConceptEstimate
    ready: bool

    @property
    def standing(self) -> Standing:
        """In what word it stands."""
        return self.estimate.standing


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many concepts of a course stand where."""

    total: int
    likely: int
    learning: int
    fading: int

    @property
    def review_minutes(self) -> int:
        """About how long going over what is fading takes."""
        return self.fading * MINUTES_PER_REVIEW

    @property
    def bars(self) -> list[tuple[str, float, float]]:
        """(name, start, length) of the parts of its bar, in percent."""
        share = 100 / max(self.total, 1)
        return [
            ("likely", 0.0, self.likely * share),
            ("fading", self.likely * share, self.fading * share),
            ("learning", (self.likely + self.fading) * share, self.learning * share),
        ]


def rows_of(student_id: int, course: Course, *, now: datetime) -> list[Row]:
    """Every concept of a course in teaching order, with what is believed about this student."""
    estimates = history.estimates(student_id, course.pk, now=now)
    known = {one for one, estimate in estimates.items() if estimate.standing == Standing.LIKELY_KNOWS}
    return [
        Row(
            id=entry.id,
            title=entry.title,
            requires=entry.requires,
            unlocks=entry.unlocks,
            estimate=estimates[entry.id],
            ready=entry.id not in known and known.issuperset(entry.requires),
        )
        for entry in catalog.course_map(course.pk, course.revision).concepts
        if entry.id in estimates
    ]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Concepts that stand alike, in teaching order: what is under way first, what is far off last."""

    code: str  # a Standing, or "next": not seen yet, and everything it builds on is known
    rows: tuple[Row, ...]


def groups_of(rows: Sequence[Row]) -> list[Group]:
    """The rows by standing; no group is empty."""
    by_code: dict[str, list[Row]] = {code: [] for code in GROUPS}
    for row in rows:
        is_next = row.ready and row.standing == Standing.NOT_SEEN
        by_code["next" if is_next else str(row.standing)].append(row)
    return [Group(code=code, rows=tuple(held)) for code, held in by_code.items() if held]


def ahead(rows: Sequence[Row]) -> tuple[Row, ...]:
    """A few concepts that practice may turn to next, what is due first; none when everything is likely known."""
    return tuple(row for group in groups_of(rows) if group.code in AHEAD for row in group.rows)[:NAMED]


def switched_at(estimates: Iterable[ConceptEstimate]) -> datetime | None:
    """When another way of estimating last moved one of these numbers, where that was lately."""
    return max((held.switch.at for held in estimates if held.switch), default=None)


def tally(rows: Sequence[Row]) -> Tally:
    """Count concepts by standing."""
    standings = Counter(row.standing for row in rows)
    return Tally(
        total=len(rows),
        likely=standings[Standing.LIKELY_KNOWS],
        learning=standings[Standing.LEARNING],
        fading=standings[Standing.FADING],
    )
