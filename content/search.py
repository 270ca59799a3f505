"""Full-text search over exercises and resources. Reads and writes: the column `words` of both.

English words are stemmed by PostgreSQL. A Chinese run is kept as its characters and pairs of neighbours, and is found
by its pairs: word segmentation found less. Both are looked for in every course, whatever its language, for texts mix.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery, SearchRank
from django.db import connection
from django.db.models import F, Q, QuerySet

from content.models import Exercise, Hint, Resource, Step

BATCH = 1000
MOST_TEXT = 20_000  # characters of a row that can be found
MOST_WORDS = 12  # of a search
RANKED = 1000  # matches that are put in order; of more, any of them
LAST_POSITION = 16_383  # of a lexeme, PostgreSQL's own limit
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_COMMAND = re.compile(r"\\[A-Za-z]+|[@{}$_^\\|]")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for; what is empty is not asked."""

    text: str = ""
    courses: Sequence[int] = ()
    concept: int | None = None
    kind: str = ""  # of a step, or of a resource
    tag: str = ""
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of rows; `total` counts to RANKED and no further, so that it says «at least» there."""

    rows: list[Any] = field(default_factory=list)
    total: int = 0
    page: int = 1
    pages: int = 1

    @property
    def is_all(self) -> bool:
        """Whether `total` is the number of all."""
        return self.total < RANKED


def exercises(wanted: Wanted) -> QuerySet[Exercise]:
    """Exercises in use that are wanted, in no order yet; whether they are published is for the caller to say."""
    rows = Exercise.objects.filter(_common(wanted), retired=False)
    if wanted.concept or wanted.kind:
        steps = Step.objects.filter(retired=False)
        steps = steps.filter(concepts=wanted.concept) if wanted.concept else steps
        steps = steps.filter(kind=wanted.kind) if wanted.kind else steps
        rows = rows.filter(pk__in=steps.values("exercise"))
    return rows.filter(tags__contains=[wanted.tag]) if wanted.tag else rows


def resources(wanted: Wanted) -> QuerySet[Resource]:
    """Resources in use that are wanted, likewise."""
    rows = Resource.objects.filter(_common(wanted), retired=False)
    rows = rows.filter(concepts=wanted.concept) if wanted.concept else rows
    return rows.filter(kind=wanted.kind) if wanted.kind else rows


def page(rows: QuerySet[Any], wanted: Wanted, *, number: int = 1, size: int = 50) -> Found:
    """One page of what was found, the best first, or without a text in the order of the courses."""
    has_text = bool(wanted.text.strip())
    in_order = ("course_id", "position", "pk")  # by «course» it would be sorted by the titles of courses
    keys = list(rows.order_by(*(() if has_text else in_order)).values_list("pk", flat=True)[:RANKED])
    total = len(keys)
    number = max(1, min(number, -(-total // size)))
    if has_text:
        ranked = rows.model.objects.filter(pk__in=keys).annotate(rank=SearchRank(F("words"), query(wanted.text)))
        keys = list(ranked.order_by("-rank", *in_order).values_list("pk", flat=True))
    shown = keys[(number - 1) * size : number * size]
    by_key = rows.model.objects.select_related("course").in_bulk(shown)
    return Found(
        rows=[by_key[key] for key in shown if key in by_key], total=total, page=number, pages=max(1, -(-total // size))
    )


class Lexemes(SearchQuery):
    """A query that is given as PostgreSQL writes one, not to be taken apart into words."""

    template = "%(expressions)s::tsquery"


def query(text: str) -> SearchQuery | CombinedSearchQuery:
    """A text as a query: all of its words, the last of which may still be growing, and all pairs of characters."""
    pairs = [pair for run in _CHINESE.findall(text) for pair in _pairs(run)][: 2 * MOST_WORDS]
    words = _WORD.findall(_CHINESE.sub(" ", _COMMAND.sub(" ", text)))[:MOST_WORDS]
    chinese = Lexemes(" & ".join(f"'{pair}'" for pair in pairs))
    english = SearchQuery(" & ".join(words) + ":*" if words else "", config="english", search_type="raw")
    return chinese & english if pairs and words else chinese if pairs else english


def index(*, exercises: Iterable[int] = (), resources: Iterable[int] = ()) -> None:
    """Make rows findable by what they say now: whoever changes their texts calls this."""
    for some in _parts(exercises):
        _store(Exercise, _texts_of_exercises(some))
    for some in _parts(resources):
        rows = Resource.objects.filter(pk__in=some).prefetch_related("concepts")
        _store(
            Resource,
            ((row.pk, _titles(row.title, *(one.title for one in row.concepts.all())), row.text) for row in rows),
        )


_UPDATE = (
    "UPDATE {table} AS row SET words = setweight(to_tsvector('english', said.first), 'A') "
    "|| setweight(to_tsvector('english', said.second), 'C') || said.chinese::tsvector "
    "FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS said(id, first, second, chinese) "
    "WHERE row.id = said.id"
)


def _parts(keys: Iterable[int]) -> Iterator[Sequence[int]]:
    every = list(keys)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))


def _common(wanted: Wanted) -> Q:
    found = Q(course__in=wanted.courses) if wanted.courses else Q()
    if wanted.text.strip():
        found &= Q(words=query(wanted.text))
    if wanted.licence:
        found &= Q(licence=wanted.licence) | Q(licence="", course__licence=wanted.licence)
    return found


def _texts_of_exercises(keys: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """Key, what weighs most and what weighs less, of exercises; of one that was never published, its draft."""
    second: dict[int, list[str]] = {key: [] for key in keys}
    titles: dict[int, dict[str, None]] = {key: {} for key in keys}
    steps = Step.objects.filter(exercise__in=keys, retired=False).order_by("position")
    owners: dict[int, int] = {}
    for step in steps.only("exercise_id", "prompt", "answer", "solution").prefetch_related("concepts"):
        owners[step.pk] = step.exercise_id
        second[step.exercise_id] += [step.prompt, *_said(step.answer), step.solution]
        titles[step.exercise_id] |= dict.fromkeys(concept.title for concept in step.concepts.all())
    # By the ids of the steps and not by a join: in the middle of a large import the planner knows no sizes yet.
    for step_id, text in Hint.objects.filter(step__in=list(owners)).values_list("step", "text"):
        second[owners[step_id]].append(text)
    for row in Exercise.objects.filter(pk__in=keys).only(
        "key", "title", "prompt", "lesson", "tags", "draft", "published"
    ):
        drafted = () if row.published else _said(row.draft)
        first = _titles(row.title, row.key, row.lesson, *row.tags, *titles[row.pk])
        yield row.pk, first, "\n".join([row.prompt, *second[row.pk], *drafted])


def _said(part: Any) -> Iterator[str]:
    """Every text in JSON."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from _said(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _said(inner)


def _titles(*texts: str) -> str:
    return "\n".join(filter(None, texts))


def _store(model: type[Exercise] | type[Resource], texts: Iterable[tuple[int, str, str]]) -> None:
    rows = [(key, _plain(first), _plain(second)) for key, first, second in texts]
    keys, firsts, seconds = zip(*rows, strict=True) if rows else ((), (), ())
    literals = [_lexemes(first, second) for first, second in zip(firsts, seconds, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(table=model._meta.db_table), [list(keys), list(firsts), list(seconds), literals])


def _plain(text: str) -> str:
    """A text without the commands of LaTeX, as long as can be kept."""
    return _COMMAND.sub(" ", text[:MOST_TEXT].replace("\0", " "))


def _lexemes(first: str, second: str) -> str:
    """The Chinese of both as a literal of the type tsvector: '一次':2A …"""
    made: list[str] = []
    for text, weight in ((first, "A"), (second, "C")):
        for run in _CHINESE.findall(text):
            for gram in (*run, *_pairs(run)) if len(run) > 1 else run:
                made.append(f"'{gram}':{min(len(made) + 1, LAST_POSITION)}{weight}")
    return " ".join(made)


def _pairs(run: str) -> list[str]:
    return ["".join(pair) for pair in pairwise(run)] or [run]
