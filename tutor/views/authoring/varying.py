"""The form of a template's variables: what was sent of it, and how its rows are drawn."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from content import variants
from content.authoring import variables
from tutor.views.authoring import answers
from tutor.views.authoring.tree import Node, items, one, path_id

MOST = 60  # rows of one kind
PATH = "variables"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row as it is drawn: what was typed into it, by field."""

    path: str
    name: str  # what it is called where it is moved or removed
    fields: Mapping[str, str]

    @property
    def element(self) -> str:
        """The id of its element."""
        return path_id(self.path)


@dataclass(frozen=True, kw_only=True)
class Form:
    """All of them."""

    draw: tuple[Row, ...]
    let: tuple[Row, ...]
    where: tuple[Row, ...]
    themes: tuple[Row, ...]
    rows: str
    large: bool
    more: str
    topics: tuple[tuple[str, str], ...]  # that stories can be about, in words

    @property
    def varies(self) -> bool:
        """Whether the exercise is a template."""
        return bool(self.draw or self.let or self.where or self.themes or self.rows or self.more)


def read(node: Node) -> variables.Form:
    """The form of variables out of what was sent."""
    return {
        "draw": [_drawn(row) for row in items(node.get("draw"))[:MOST]],
        "let": [{name: one(row, name) for name in ("name", "formula")} for row in items(node.get("let"))[:MOST]],
        "where": [{"condition": one(row, "condition")} for row in items(node.get("where"))[:MOST]],
        "themes": [
            {name: one(row, name) for name in variables.FIRST_STORY} for row in items(node.get("themes"))[:MOST]
        ],
        "rows": [answers.cells(line) for line in one(node, "rows").splitlines() if line.strip()],
        "large": bool(one(node, "large")),
        "more": one(node, "more"),
    }


def form_of(form: variables.Form) -> Form:
    """The form as it is drawn."""
    return Form(
        **{part: tuple(_rows(part, form[part])) for part in ("draw", "let", "where", "themes")},
        rows="\n".join(f" {answers.CELL} ".join(row) for row in form["rows"]),
        large=form["large"],
        more=form["more"],
        topics=tuple((name, _(words)) for name, words in variants.THEMES),
    )


def blank_row(name: str, form: variables.Form) -> dict[str, Any] | None:
    """A row to begin with: a number out of a range, one of a list, what is computed, a condition or a story."""
    match name:
        case "draw":
            return {"name": variables.free_name(form), "from": "2", "to": "9", "step": "", "except": []}
        case "lists":
            return {"name": variables.free_name(form), "choose": []}
        case "let":
            return {"name": variables.free_name(form), "formula": ""}
        case "where":
            return {"condition": ""}
        case "themes":
            used = {row["theme"] for row in form["themes"]}
            fresh = next((theme for theme, _words in variants.THEMES if theme not in used), "")
            return {**variables.FIRST_STORY, **({"theme": fresh} if fresh else {})}
    return None


def _drawn(row: Node) -> dict[str, Any]:
    name = {"name": one(row, "name")}
    if "choose" in row:
        return {**name, "choose": _listed(one(row, "choose"))}
    return {**name, **{part: one(row, part) for part in variables.RANGE}, "except": _listed(one(row, "except"))}


def _listed(text: str) -> list[str]:
    """Values with commas between them; where a value has a comma itself, with bars."""
    return [value for part in re.split(r"\|" if "|" in text else r"[,，]", text) if (value := part.strip())]


def _joined(values: Sequence[str]) -> str:
    if any(re.search(r"[,，]", value) for value in values):
        return f" {answers.CELL} ".join([*values, ""] if len(values) == 1 else values).strip()
    return ", ".join(values)


def _rows(part: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [
        Row(
            path=f"{PATH}.{part}.{index}",
            name=str(next(iter(row.values()))),
            fields={field: _joined(value) if isinstance(value, list) else value for field, value in row.items()},
        )
        for index, row in enumerate(rows)
    ]
