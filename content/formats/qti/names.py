"""QTI's own names: those of version 3 as version 2 has them, and identifiers as short as a course wants them.

Version 3.0 writes `qti-choice-interaction` and `response-identifier` where 2.x writes `choiceInteraction` and
`responseIdentifier`; nothing else of what is read here differs, so one reader serves both.
"""

import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

_NUMBERED = re.compile(r"(.*?)0*(\d+)\Z")
_IDENTIFIER = re.compile(r"[^\W\d][\w.-]*\Z")
_PREFIX = "qti-"


def as_version_two(root: Element) -> Element:
    """Rename the elements and attributes of version 3 in place, all the way down; return the root."""
    for element in root.iter():
        if element.tag.startswith(_PREFIX):
            element.tag = _camel(element.tag.removeprefix(_PREFIX))
            renamed = {_camel(name) if "{" not in name else name: value for name, value in element.attrib.items()}
            element.attrib.clear()
            element.attrib.update(renamed)
    return root


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


def short(identifiers: Iterable[str]) -> dict[str, str]:
    """Give each identifier of an interaction the id that it has in a course.

    Identifiers that differ in their number alone, such as `choice_001` and `choice_002`, become `1` and `2`: formats
    and tools that count alike give the same course. All others stay as they are.
    """
    names = list(dict.fromkeys(identifiers))
    found = [_NUMBERED.match(name) for name in names]
    numbers = [match[2] for match in found if match]
    prefixes = {match[1] for match in found if match}
    if len(numbers) == len(names) and len(prefixes) == 1 and len(set(numbers)) == len(names):
        return dict(zip(names, numbers, strict=True))
    return {name: name for name in names}


def long(identifiers: Iterable[str], *, prefix: str) -> dict[str, str]:
    """Give each id of a course an identifier that QTI allows: `short` gives the ids back where they are numbers."""
    names = list(dict.fromkeys(identifiers))
    if all(re.fullmatch(r"0|[1-9]\d*", name) for name in names):
        return {name: f"{prefix}_{name}" for name in names}
    made = {name: name if _IDENTIFIER.match(name) else _identifier(name) for name in names}
    # Where replacing made two of them one, or `short` would take them for numbers, the whole set gets marks.
    if len(set(made.values())) < len(made) or set(short(made.values()).values()) != set(made.values()):
        return {name: f"{value}_{index}_" for index, (name, value) in enumerate(made.items(), 1)}
    return made


def _identifier(name: str) -> str:
    plain = re.sub(r"[^\w.-]", "_", name)
    return plain if _IDENTIFIER.match(plain) else f"_{plain}"


def resolve(name: str, known: Mapping[str, str]) -> str:
    """Return the short id of an identifier, also of one that pads its number unlike the choice it means; or nothing."""
    if name in known:
        return known[name]
    if match := _NUMBERED.match(name):
        alike = [
            value
            for other, value in known.items()
            if (found := _NUMBERED.match(other)) and (found[1], found[2]) == (match[1], match[2])
        ]
        if len(alike) == 1:
            return alike[0]
    return ""
