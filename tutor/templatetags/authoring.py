"""What the authoring pages need: ids of fields by their paths, and the problems that belong to a field."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from content import markup, wording
from content.grading import KINDS
from content.package import StepKind

register = template.Library()


@register.filter
def element(path: str) -> str:
    """The id of the element of a path such as `steps.0.prompt`."""
    return path.replace(".", "-")


@register.filter
def at(problems: Iterable[Any], element_id: str) -> list[Any]:
    """The problems that are about an element."""
    return [problem for problem in problems or () if problem.element == element_id]


@register.filter
def lines(text: str) -> int:
    """How many lines a text needs to be seen whole, within reason."""
    return min(max(2, 1 + str(text).count("\n") + len(str(text)) // 70), 24)


@register.filter
def item(mapping: Mapping[str, str], name: str) -> str:
    """What a mapping has under a name, or nothing."""
    return mapping.get(name, "")


@register.filter
def in_words(message: str) -> str:
    """What content/ says is wrong, in the reader's language; each line is a message."""
    return "\n".join(map(wording.in_words, message.split("\n")))


@register.filter
def place_in_words(place: str) -> str:
    """Where that is."""
    return wording.place_in_words(place)


@register.filter
def kind_in_words(kind: str) -> str:
    """A kind of question: ours by its name, one of another program as that calls it."""
    return _(KINDS[StepKind(kind)].title) if kind in KINDS else kind


@register.filter
def beginning(text: str) -> SafeString:
    """The beginning of a course text, within a line."""
    return mark_safe(markup.render_beginning(text, width=90))  # noqa: S308 (content/markup sanitises)
