"""The form of an answer key, made from what its kind says of its parts: as it is drawn, and as it comes back.

A part that is a set of choices brings the parts that speak of it along: which is right, what each is worth.
"""

import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from content import authoring, grading
from content.authoring import variables
from content.grading.kind import Part, Shape
from content.package import StepKind
from tutor.views.authoring.tree import Node, items, one, path_id, some

CELL = "|"  # between the cells of a row


@dataclass(frozen=True, kw_only=True)
class Row:
    """One choice, with what the other parts say of it."""

    path: str
    id: str
    text: str
    right: bool = False
    share: str = ""
    partner: str = ""
    key: "Form | None" = None  # of a gap

    @property
    def element(self) -> str:
        """The id of its text's element."""
        return path_id(f"{self.path}.text")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One part of an answer key as it is drawn."""

    part: Part
    path: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    rows: tuple[Row, ...] = ()
    picks: str = ""  # how rows are marked as right: "one", "some", or not at all
    marks: str = ""  # the path of that mark
    shares: str = ""  # the path of their shares
    pairs: str = ""  # the path of what each belongs to
    partners: tuple[tuple[str, str], ...] = ()
    ordered: bool = False  # written in the right order

    @property
    def element(self) -> str:
        """The id of its element."""
        return path_id(self.path)

    @property
    def shape(self) -> str:
        """Its shape's name."""
        return str(self.part.shape)

    @property
    def label(self) -> str:
        """Its label in the language in force."""
        return _(self.part.label)

    @property
    def help(self) -> str:
        """Its help in the language in force."""
        return _(self.part.help) if self.part.help else ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form of one answer key."""

    path: str
    kind: str
    kinds: tuple[tuple[str, str], ...]  # that may be chosen, each with its title
    parts: tuple[Asked, ...] = field(default_factory=tuple)
    finer: tuple[Asked, ...] = field(default_factory=tuple)  # that most answers do without
    more: str = ""  # fields of the key that its kind's form has no part for, as YAML

    @property
    def element(self) -> str:
        """The id of the element that says which kind."""
        return path_id(f"{self.path}.kind")

    @property
    def is_fine(self) -> bool:
        """Whether any of the finer parts says something."""
        return bool(self.more) or any(asked.value for asked in self.finer)


def kinds(among: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
    """The kinds of steps with their titles, in the order in which they are offered."""
    return tuple((str(name), _(kind.title)) for name, kind in grading.KINDS.items() if not among or str(name) in among)


def form_of(answer: Mapping[str, Any], path: str, among: Sequence[str] = ()) -> Form:
    """The form of an answer key; `among` names the kinds that it may be of."""
    kind = str(answer.get("kind", ""))
    parts = _parts(kind)
    carried = {part.of for part in parts if part.shape in _CARRIED} | {part.to for part in parts if part.to}
    asked = tuple(
        _asked(part, answer, path, parts) for part in parts if part.shape not in _CARRIED or part.of not in carried
    )
    known = {"kind", *(part.name for part in parts)}
    more = {name: value for name, value in answer.items() if name not in known}
    has_core = any(part.needed for part in parts)
    finer = tuple(one for one in asked if has_core and not one.part.needed and one.part.shape in _FINE)
    return Form(
        path=path,
        kind=kind,
        kinds=kinds(among),
        parts=tuple(one for one in asked if one not in finer),
        finer=finer,
        more=variables.write_notation(more),
    )


# What content/variants makes the choices of, where an author wants them made.
_COMPUTED_CHOICES = (
    Part(
        name="distractors",
        shape=Shape.SWITCH,
        label=gettext_noop("Wrong choices are worked out from misconceptions"),
        help=gettext_noop("Each wrong answer below that has a formula and a misconception gives one."),
    ),
    Part(
        name="right",
        shape=Shape.LINE,
        label=gettext_noop("Then the right choice is"),
        help=gettext_noop("Such as $@{a*b}$. The choices above, if any, are wrong ones."),
    ),
)
_FINE = frozenset({Shape.LINE, Shape.SWITCH, Shape.PICK})
_CARRIED = frozenset({Shape.ONE_OF, Shape.SOME_OF, Shape.ORDER_OF, Shape.SHARES_OF, Shape.PAIRS})


def _parts(kind: str) -> tuple[Part, ...]:
    found = grading.KINDS.get(StepKind(kind)) if kind in set(StepKind) else None
    return (*found.form, *(_COMPUTED_CHOICES if kind == StepKind.ONE_CHOICE else ())) if found else ()


def _asked(part: Part, answer: Mapping[str, Any], path: str, parts: Sequence[Part]) -> Asked:
    here = f"{path}.{part.name}"
    value = answer.get(part.name)
    match part.shape:
        case Shape.CHOICES:
            return _choices(part, answer, path, parts)
        case Shape.KEYS:
            gaps = value if isinstance(value, Mapping) else {}
            among = tuple(option.id for option in part.options)
            rows = tuple(
                Row(
                    path=f"{here}.{index}",
                    id=str(name),
                    text=str(name),
                    key=form_of(inner, f"{here}.{index}.key", among),
                )
                for index, (name, inner) in enumerate(gaps.items())
            )
            return Asked(part=part, path=here, rows=rows)
        case Shape.PICK:
            options = tuple((option.id, _(option.text)) for option in part.options)
            empty = () if part.needed else (("", "–"),)
            return Asked(part=part, path=here, value=_plain(value), options=(*empty, *options))
        case Shape.LINES:
            return Asked(part=part, path=here, value="\n".join(map(_plain, _list(value))))
        case Shape.GRID:
            lines = [f" {CELL} ".join(map(_plain, _list(row))) for row in _list(value)]
            return Asked(part=part, path=here, value="\n".join(lines))
        case Shape.SWITCH:
            return Asked(part=part, path=here, value="yes" if _is_on(value) else "")
    return Asked(part=part, path=here, value=_plain(value))


def _choices(part: Part, answer: Mapping[str, Any], path: str, parts: Sequence[Part]) -> Asked:
    """Choices with what is said of each."""
    here = f"{path}.{part.name}"
    found = answer.get(part.name)
    choices: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    about = {one.shape: one for one in parts if one.of == part.name}
    picking = about.get(Shape.ONE_OF) or about.get(Shape.SOME_OF)
    right = {_plain(one) for one in _list(answer.get(picking.name))} if picking else set()
    sharing, pairing, order = about.get(Shape.SHARES_OF), about.get(Shape.PAIRS), about.get(Shape.ORDER_OF)
    shares = _mapping(answer.get(sharing.name)) if sharing else {}
    pairs = _mapping(answer.get(pairing.name)) if pairing else {}
    names = list(choices)
    if order:
        wanted = [_plain(name) for name in _list(answer.get(order.name))]
        names = [*(name for name in wanted if name in choices), *(name for name in names if name not in wanted)]
    return Asked(
        part=part,
        path=here,
        rows=tuple(
            Row(
                path=f"{here}.{index}",
                id=str(name),
                text=_plain(choices[name]),
                right=str(name) in right,
                share=_plain(shares.get(name)),
                partner=_plain(pairs.get(name)),
            )
            for index, name in enumerate(names)
        ),
        picks="" if picking is None else "one" if picking.shape == Shape.ONE_OF else "some",
        marks=f"{path}.{picking.name}" if picking else "",
        shares=f"{path}.{sharing.name}" if sharing else "",
        pairs=f"{path}.{pairing.name}" if pairing else "",
        partners=tuple((str(name), _plain(text)) for name, text in _mapping(answer.get(pairing.to)).items())
        if pairing
        else (),
        ordered=order is not None,
    )


def read(node: Node) -> dict[str, Any]:
    """An answer key out of what came back from its form, as its kind has it; what is empty stays empty.

    The kind is the one that its fields are of: another that was chosen since has no fields yet.
    """
    kind = one(node, "was") or one(node, "kind")
    answer: dict[str, Any] = {"kind": kind}
    for part in _parts(kind):
        if part.shape == Shape.SWITCH:
            if part.needed or one(node, part.name):
                answer[part.name] = bool(one(node, part.name))
        elif part.shape in _ROWS:
            rows = items(node.get(part.of or part.name))
            answer[part.name] = _read_rows(part.shape, rows)
        else:
            answer[part.name] = _read_text(part.shape, node, part.name)
    more, problems = variables.read_notation(one(node, "more"))
    return answer | ({"more": one(node, "more")} if problems else dict(more))


_ROWS = frozenset({Shape.CHOICES, Shape.KEYS, Shape.ORDER_OF, Shape.SHARES_OF, Shape.PAIRS})


def _read_rows(shape: Shape, rows: Sequence[Node]) -> Any:
    """What rows of choices say for one part of a key."""
    match shape:
        case Shape.CHOICES:
            return {one(row, "id") or f"c{index}": one(row, "text") for index, row in enumerate(rows)}
        case Shape.KEYS:
            return {one(row, "text") or str(index): read(_node(row.get("key"))) for index, row in enumerate(rows, 1)}
        case Shape.ORDER_OF:
            return [one(row, "id") for row in rows]
    said = "share" if shape == Shape.SHARES_OF else "partner"
    return {one(row, "id"): one(row, said) for row in rows if one(row, said)}


def _read_text(shape: Shape, node: Node, name: str) -> Any:
    match shape:
        case Shape.LINES:
            return [line.strip() for line in one(node, name).splitlines() if line.strip()]
        case Shape.GRID:
            return [cells(line) for line in one(node, name).splitlines() if line.strip()]
        case Shape.SOME_OF:
            return some(node, name)
    return one(node, name)


def cells(line: str) -> list[str]:
    """The cells of a row: between bars with spaces around them, or tabs as spreadsheets put them."""
    return [cell.strip() for cell in line.replace("\t", f" {CELL} ").split(f" {CELL} ")]


def next_id(taken: Collection[str]) -> str:
    """An id for a new choice: the first letter that no other has."""
    letters: tuple[str, ...] = (*string.ascii_lowercase, *(f"c{number}" for number in range(len(taken) + 1)))
    return next(letter for letter in letters if letter not in taken)


def changed_kind(answer: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The key to go on with when another kind is chosen: what the two have in common stays."""
    example = dict(grading.KINDS[StepKind(kind)].example)
    old = str(answer.get("kind", ""))
    if old in set(StepKind) and authoring.filled(answer) == dict(grading.KINDS[StepKind(old)].example):
        return example  # nothing was typed yet
    before = {part.name: part.shape for part in _parts(old)}
    kept = {
        part.name: answer[part.name]
        for part in _parts(kind)
        if before.get(part.name) == part.shape and answer.get(part.name)
    }
    made = {**example, **kept, "kind": kind}
    try:
        grading.parse_key(authoring.filled(made))
    except grading.KeyProblem:
        return example  # what they have in common by name is something else here
    return made


@lru_cache
def answers_in_list(kind: str) -> bool:
    """Whether a response of a kind is a list."""
    known = grading.KINDS[StepKind(kind)]
    return isinstance(known.right_response(known.example), list)


def _node(found: Any) -> Node:
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value in (None, "") else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_on(value: Any) -> bool:
    return value is True or str(value).lower() in {"yes", "true", "on", "1"}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
