"""What drawing an answer field needs: the parts of a text with gaps, what was typed at a place, marks of places."""

import re
from collections.abc import Mapping, Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe

from content import markup
from content.grading import Field, Input, Option, Response

register = template.Library()

_GAP = re.compile(r"\[\[(\d+)\]\]")
_HELD = re.compile("\ue000(\\d+)\ue001")  # a gap while Markdown is made into HTML: signs that mean nothing to it
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@register.filter
def pieces(field: Field, figures: Mapping[str, str] | None = None) -> list[SafeString | Input]:
    """The text of a field with gaps: pieces of HTML and, between them, the inputs."""
    held = _GAP.sub(lambda gap: f"\ue000{gap[1]}\ue001", field.text)
    parts = _HELD.split(markup.render(held, figures=dict(figures or {})))
    return [
        field.inputs[int(part) - 1] if place % 2 else mark_safe(part)  # noqa: S308 (content/markup makes it safe)
        for place, part in enumerate(parts)
    ]


@register.filter
def as_typed(response: Response | None) -> tuple[str, ...]:
    """A response as the texts of its places."""
    if response is None:
        return ()
    return (response,) if isinstance(response, str) else tuple(response)


@register.filter
def at(typed: Sequence[str] | None, place: int) -> str:
    """What was typed at a place, or nothing."""
    return typed[place] if typed and place < len(typed) else ""


@register.filter
def in_order(options: Sequence[Option], typed: Sequence[str] | None) -> list[Option]:
    """The options in the order that was given; those that are not in it behind."""
    given = {one: place for place, one in enumerate(typed or ())}
    return sorted(options, key=lambda option: given.get(option.id, len(given)))


@register.filter
def input_id(field_input: Input, prefix: str) -> str:
    """The id of an input in the page: the prefix alone for the first one."""
    return f"{prefix}-{field_input.number}" if field_input.place else prefix


@register.filter
def mark(marks: Mapping[int, str] | None, place: int) -> str:
    """What is said of a place: `right`, `again`, or nothing."""
    return (marks or {}).get(place, "")


@register.filter
def letter(place: int) -> str:
    """A, B, C … for the options of a pair; then A1, B1 …"""
    turn, at_letter = divmod(place, len(LETTERS))
    return LETTERS[at_letter] + (str(turn) if turn else "")


@register.filter
def are_long(options: Sequence[Option]) -> bool:
    """Whether the options hold what a drop-down cannot show: formulas, pictures, long sentences."""
    return any("$" in option.text or "![" in option.text or len(option.text) > 40 for option in options)


@register.filter
def plain(text: str) -> str:
    """Markdown as the text of an option in a drop-down: formulas in plain signs."""
    return markup.readable(text)
