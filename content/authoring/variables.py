"""The variables of a template as its author fills them in: rows of a form, which may still be incomplete.

A form is JSON: `draw`, `let`, `where` and `themes` are lists of rows, `rows` is a table whose first row has the names,
`large` says that large numbers are meant, and `more` is what the rest cannot say, in the notation of docs/content.md.
"""

import re
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content import package
from content.formats import yaml_tree
from content.schema import Finding

Form = dict[str, Any]
RANGE = ("from", "to", "step", "except")
FIRST_STORY = {"theme": "sport", "name": "story", "text": ""}
_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a form comes to, and what is wrong with its rows."""

    variables: package.Json
    findings: tuple[Finding, ...] = ()


def blank() -> Form:
    """Of an exercise that is no template."""
    return {"draw": [], "let": [], "where": [], "themes": [], "rows": [], "large": False, "more": ""}


def free_name(form: Form) -> str:
    """A name that no row has yet."""
    taken: set[str] = {row["name"] for row in (*form["draw"], *form["let"])}
    names: tuple[str, ...] = (*string.ascii_lowercase, *(f"v{number}" for number in range(1, len(taken) + 2)))
    return next(name for name in names if name not in taken)


def of_package(variables: package.Json) -> Form:
    """The form in which a template's variables are edited."""
    form, more = blank(), dict(variables)
    if _is_mapping(more.get("draw"), _is_drawn):
        form["draw"] = [_draw_row(str(name), drawn) for name, drawn in more.pop("draw").items()]
    if _is_mapping(more.get("let"), _is_plain):
        form["let"] = [{"name": str(name), "formula": _text(formula)} for name, formula in more.pop("let").items()]
    if _is_list(more.get("where"), _is_plain):
        form["where"] = [{"condition": _text(condition)} for condition in more.pop("where")]
    if _is_mapping(more.get("themes"), lambda texts: _is_mapping(texts, _is_plain)):
        form["themes"] = [
            {"theme": str(theme), "name": str(name), "text": _text(text)}
            for theme, texts in more.pop("themes").items()
            for name, text in texts.items()
        ]
    if _is_list(more.get("rows"), lambda row: _is_mapping(row, _is_plain) and row.keys() == more["rows"][0].keys()):
        rows = more.pop("rows")
        form["rows"] = [list(rows[0]), *([_text(row[name]) for name in rows[0]] for row in rows)] if rows else []
    if more.get("allow") in ("large", ["large"]):
        form["large"] = bool(more.pop("allow"))
    return form | {"more": write_notation(more)}


def to_package(form: Form) -> Read:
    """The variables that a form comes to; rows that nothing was typed into are left out."""
    more, problems = read_notation(form["more"])
    findings = [Finding(step="", part="variables", problem=problem) for problem in problems]

    def named(part: str, row: Mapping[str, Any], taken: Collection[str]) -> str:
        name: str = row["name"].strip()
        if not name:
            findings.append(Finding(step="", part=part, problem="it has no name yet"))
        elif name in taken:
            findings.append(Finding(step="", part=part, problem=f"this name is given twice: {name}"))
        return name

    drawn: dict[str, Any] = {}
    for place, row in _filled(form["draw"]):
        name = named(f"draw {place}", row, drawn)
        drawn[name] = _drawn(row)
    computed: dict[str, str] = {}
    for place, row in _filled(form["let"]):
        name = named(f"let {place}", row, (*drawn, *computed))
        computed[name] = row["formula"].strip()
        if not computed[name]:
            findings.append(Finding(step="", part=f"let {place}", problem="say how it is computed"))
    themes: dict[str, dict[str, str]] = {}
    for place, row in _filled(form["themes"]):
        texts = themes.setdefault(row["theme"], {})
        texts[named(f"themes {place}", row, texts)] = row["text"].strip()
    made = {
        "draw": drawn,
        "rows": _mappings(form["rows"], findings),
        "let": computed,
        "where": [row["condition"].strip() for _, row in _filled(form["where"])],
        "themes": themes,
        "allow": "large" if form["large"] else "",
    }
    return Read(variables={**more, **{name: part for name, part in made.items() if part}}, findings=tuple(findings))


def row_of(form: Form, problem: str) -> str:
    """The row that a problem of content/variants speaks of, such as `draw 2`; "" where it names none."""
    for place, row in _filled(form["where"]):
        if row["condition"].strip() in problem:
            return f"where {place}"
    places: dict[str, str] = {}
    for part, name in (("themes", "theme"), ("let", "name"), ("draw", "name")):
        places |= {row[name].strip(): f"{part} {place}" for place, row in reversed(_filled(form[part]))}
    return next((places[word] for word in _NAME.findall(problem) if word in places), "")


def read_notation(text: str) -> tuple[package.Json, tuple[str, ...]]:
    """Names with values in YAML, and what cannot be read of them, each problem with its line."""
    if not text.strip():
        return {}, ()
    tree = yaml_tree.read_tree("", text.encode())
    problems = tuple(f"{defect.place.strip()}: {defect.problem}" for defect in tree.defects)
    if problems:
        return {}, problems
    if not isinstance(tree.value, dict):
        problems = ("line 1: not names with values, such as draw:",)
        return {}, problems
    return tree.value, ()


def write_notation(fields: package.Json) -> str:
    """The text that `read_notation` reads."""
    return yaml_tree.write_tree(_texts(fields)).decode() if fields else ""


def _filled(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """The rows that something was typed into, each with its place, counted from 1."""
    return [(place, row) for place, row in enumerate(rows, 1) if any(row.values())]


def _draw_row(name: str, drawn: Mapping[str, Any]) -> dict[str, Any]:
    if "choose" in drawn:
        return {"name": name, "choose": [_text(value) for value in drawn["choose"]]}
    without = [_text(value) for value in drawn.get("except", ())]
    return {"name": name, **{part: _text(drawn.get(part, "")) for part in RANGE}, "except": without}


def _drawn(row: Mapping[str, Any]) -> package.Json:
    if "choose" in row:
        return {"choose": row["choose"]}
    return {part: row[part] for part in RANGE if row[part] or part in ("from", "to")}


def _mappings(table: Sequence[Sequence[str]], findings: list[Finding]) -> list[dict[str, str]]:
    """The rows of a table under the names in its first row."""
    names = table[0] if table else ()
    for row in table[1:]:
        if len(row) != len(names):
            problem = f"a row with another number of cells than names: {' | '.join(row)}"
            findings.append(Finding(step="", part="rows", problem=problem))
    return [dict(zip(names, row, strict=False)) for row in table[1:]]


def _is_drawn(drawn: Any) -> bool:
    if not isinstance(drawn, Mapping):
        return False
    if "choose" in drawn:
        return set(drawn) == {"choose"} and _is_list(drawn["choose"], _is_plain)
    plain = {name: value for name, value in drawn.items() if name != "except"}
    return set(drawn) <= set(RANGE) and _is_mapping(plain, _is_plain) and _is_list(drawn.get("except", []), _is_plain)


def _is_mapping(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and all(map(of, value.values()))


def _is_list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list | tuple) and all(map(of, value))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _texts(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    return _text(value)
