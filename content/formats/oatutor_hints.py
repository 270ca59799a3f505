"""A pathway of OATutor's hints and scaffolds in an order in which each comes after what it depends on."""

from collections.abc import Mapping, Sequence
from typing import Any

from content import graph
from content.formats.oatutor_answers import Converted
from content.formats.oatutor_problem import Problem, items, mapping, said
from content.package import Hint, HintKind

MAX_TITLE = 300


def read_pathway(problem: Problem, step: str, pathway: Any) -> tuple[Hint, ...]:
    """Translate one pathway. A hint's own hints stand behind it."""
    sources = [source for source in pathway if isinstance(source, dict)] if isinstance(pathway, list) else []
    if not sources:
        problem.report(step, "an empty pathway of hints")
        return ()
    hints: list[Hint] = []
    for key, source in _ordered(problem, step, _named(problem, step, sources)):
        hints += _hint(problem, key, source)
        below = source.get("subHints")
        for at, inner in enumerate(below if isinstance(below, list) else []):
            if isinstance(inner, dict):
                hints += _hint(problem, said(inner, "id") or f"{key}-s{at + 1}", inner)
    return tuple(hints)


def _named(problem: Problem, step: str, sources: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The hints by their ids, each id once."""
    named: dict[str, Mapping[str, Any]] = {}
    for at, source in enumerate(sources):
        key = said(source, "id") or f"{step}-h{at + 1}"
        if key in named:
            problem.report(step, f"two hints are called the same: {key}")
            key = next(other for number in range(2, 10_000) if (other := f"{key}-{number}") not in named)
        named[key] = source
    return named


def _ordered(
    problem: Problem, step: str, named: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Dependencies first, the source's own order where they leave it open, or where they run in a circle."""
    needs: dict[str, list[str]] = {}
    for key, source in named.items():
        asked = items(source, "dependencies")
        for unknown in (one for one in asked if one not in named):
            problem.report(step, f"a hint depends on one that does not exist: {key}, {unknown}")
        needs[key] = [one for one in asked if one in named]
    try:
        order = graph.topological_order(needs)
    except graph.Cyclic as cycle:
        problem.report(step, f"hints depend on each other in a circle: {cycle}")
        order = list(named)
    return [(key, named[key]) for key in order]


def _hint(problem: Problem, key: str, source: Mapping[str, Any]) -> list[Hint]:
    title = problem.text(said(source, "title"), key).replace("\n\n", " ")
    text = problem.text(said(source, "text"), key)
    if not text:
        text, title = title, ""
    if not text:
        problem.report(key, "an empty hint", dropped=True)
        return []
    short = title if len(title) <= MAX_TITLE else ""
    made = Converted(answer=None)
    if said(source, "type") == "scaffold":
        made = problem.answer(mapping(source), key, "hintAnswer")
    kind = HintKind.SCAFFOLD if made.answer else HintKind.HINT
    return [Hint(key=key[:120], text=text, kind=kind, title=short, answer=made.answer)]
