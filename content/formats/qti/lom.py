"""Metadata of packages and items: LOM in its several bindings, and Canvas's and Blackboard's own fields."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from content.formats.qti.declarations import number, numeral

_DIFFICULTY = {
    "very easy": "0.1",
    "easy": "0.3",
    "medium": "0.5",
    "difficult": "0.7",
    "hard": "0.7",
    "very difficult": "0.9",
}
_TEXTS = ("string", "langstring", "langString")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is said about a package, a test or an item. `concepts` are (id, title)."""

    title: str = ""
    description: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    difficulty: str = ""
    concepts: tuple[tuple[str, str], ...] = ()


def read(holder: Element | None) -> Metadata:
    """Read the metadata in an element; without any, everything is empty."""
    lom = None if holder is None else next((one for one in holder.iter() if one.tag == "lom"), None)
    if lom is None:
        return Metadata()
    return Metadata(
        title=_said(lom.find("general/title")),
        description=_said(lom.find("general/description")),
        language=(lom.findtext("general/language") or "").strip(),
        tags=tuple(dict.fromkeys(tag for one in lom.findall("general/keyword") for tag in _all(one) if tag)),
        licence=_said(lom.find("rights/description")),
        attribution=_contributors(lom),
        difficulty=_difficulty(lom),
        concepts=_concepts(lom),
    )


def _all(element: Element) -> list[str]:
    found = [one for one in element.iter() if one.tag in _TEXTS]
    return [" ".join("".join(one.itertext()).split()) for one in found or [element]]


def _said(element: Element | None) -> str:
    return next((said for said in _all(element) if said), "") if element is not None else ""


def _contributors(lom: Element) -> str:
    """The names of authors, out of their vCards."""
    found: list[str] = []
    for holder in ("lifeCycle", "lifecycle"):
        for contribute in lom.findall(f"{holder}/contribute"):
            for entity in [*contribute.findall("entity"), *contribute.findall("centity")]:
                card = "".join(entity.itertext())
                name = re.search(r"^(?:FN|N|ORG)[^:\n]*:(.+)$", card, re.MULTILINE)
                said = (name[1] if name else "" if "BEGIN:VCARD" in card else card).strip()
                if said and said not in found:
                    found.append(said)
    return ", ".join(found)


def _difficulty(lom: Element) -> str:
    found = lom.find("educational/difficulty")
    if found is None:
        return ""
    value = found.find("value")
    return difficulty(_said(value if value is not None else found))


def difficulty(said: str) -> str:
    """A difficulty in words or as a number from 0 to 1, as a course has it; of anything else, nothing."""
    value = number(said)
    if value is not None and 0 <= value <= 1:
        return numeral(value)
    return _DIFFICULTY.get(said.strip().lower().replace("_", " "), "")


def _concepts(lom: Element) -> tuple[tuple[str, str], ...]:
    """The last place of each path of a classification by what is taught."""
    found: dict[str, str] = {}
    for classification in lom.findall("classification"):
        purpose = _said(
            classification.find("purpose/value")
            if classification.find("purpose/value") is not None
            else classification.find("purpose")
        )
        if purpose.lower() not in {"discipline", "idea", "competency", "educational objective", "skill level", ""}:
            continue
        for path in [*classification.findall("taxonPath"), *classification.findall("taxonpath")]:
            taxons = [one for one in path.iter() if one.tag == "taxon"]
            if taxons:
                title = _said(taxons[-1].find("entry"))
                key = (taxons[-1].findtext("id") or title).strip()
                if key:
                    found.setdefault(key, title or key)
    return tuple(found.items())
