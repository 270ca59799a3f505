"""QTI of 1EdTech (IMS): packages and bare items of versions 1.2 and 2.0 to 3.0 to a CoursePackage, and back to 2.1.

One reader serves all versions from 2.0 on (names.py), another one 1.2 (old_item.py). Both say what there is to answer
and run the rules of the item to find out what is right (trials.py). How each thing is translated, and what has no place
in a course, is said in docs/content.md.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from xml.etree.ElementTree import Element, tostring

from content.formats.naming import Concepts, Keys, language_of, mark_of
from content.formats.pictures import Pictures
from content.formats.qti import lom, manifest, texts
from content.formats.qti.assembly import About, Made
from content.formats.qti.item import read_item, read_passage
from content.formats.qti.manifest import ITEM_ROOTS, MANIFEST, OLD_ROOTS, TEST_ROOTS, Place
from content.formats.qti.names import as_version_two
from content.formats.qti.old_item import TEXT_ONLY, fields_of, kind_of, read_old_item, read_old_passage
from content.formats.qti.parts import Unusable
from content.formats.qti.writing import write
from content.formats.source import CourseError, Files, Journal, Loaded, name_of, open_file
from content.formats.xml_tree import XmlProblem, nested, read_xml
from content.markup import readable
from content.package import CoursePackage, Exercise, Resource, ResourceKind
from content.schema import TITLE_LENGTH

TITLE = "QTI"
_CODE = re.compile(r"(?=\S*\d)(?=\S*[_-])\S+\Z|(?:question|item)(?:\s*\d+)?\Z", re.IGNORECASE)

__all__ = ["TITLE", "read", "recognises", "write"]


def recognises(files: Files) -> bool:
    """Say whether these files are a package of QTI, or bare files of its items and tests."""
    return any(manifest.root(files, name) in ITEM_ROOTS | TEST_ROOTS | OLD_ROOTS for name in files) or _names_items(
        files
    )


def _names_items(files: Files) -> bool:
    """A manifest of QTI whose items are missing is still one: so it is said what is missing."""
    return MANIFEST in files and b"imsqti_" in files[MANIFEST][:1_000_000]


def read(files: Files) -> Loaded:
    """Translate a package. Raises CourseError if there is nothing in it that can be used."""
    reading = _Reading(files)
    for place in reading.package.places:
        reading.place(place)
    if not reading.exercises and not reading.resources:
        reasons = dict.fromkeys(defect.problem for defect in reading.journal.defects)
        raise CourseError(f"no item of QTI that can be used: {'; '.join(list(reasons)[:3]) or 'there are none'}")
    return reading.loaded()


class _Reading:
    """One pass over a package."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.journal = Journal()
        self.package = manifest.read(files, self.journal)
        self.pictures = Pictures(files)
        self.keys, self.concepts = Keys(), Concepts()
        self.exercises: list[Exercise] = []
        self.resources: list[Resource] = []
        self.passages: dict[str, str] = {}  # texts that questions refer to, by their idents
        self.own_answers: dict[str, str | list[str]] = {}
        self.seen: set[tuple[str, str]] = set()
        self.ids: set[str] = set()
        self.source_steps = 0
        self.title = self.package.about.title

    def place(self, place: Place) -> None:
        """Read a file with items."""
        try:
            if place.root in OLD_ROOTS:
                self._old_file(place)
            else:
                item = as_version_two(read_xml(self.files[place.name]))
                self._item(place, item, item.get("identifier", "") or place.name, item.get("title", ""))
        except (XmlProblem, CourseError) as problem:
            self.journal.begin(place.name)
            self.journal.report(place.name, f"a file that cannot be read: {problem}", item=place.name, dropped=True)

    def _old_file(self, place: Place) -> None:
        """Read the items of a file of version 1.2 one by one: it may hold a whole pool."""
        with open_file(self.files, place.name) as stream:
            for around, item in nested(stream, frozenset({"item"})):
                test, section = _around(around)
                self.title = self.title or test
                held = replace(place, test=test, section=section)
                self._item(held, item, item.get("ident", ""), item.get("title", ""))

    def _item(self, place: Place, item: Element, identifier: str, title: str) -> None:
        source = tostring(item, encoding="unicode")
        mark = mark_of(source)
        name = identifier or mark
        known = name if name not in self.ids else f"{place.name}#{name}"
        self.ids.add(known)
        self.journal.begin(known, title=title, kind=_kind(item))
        if (name, mark) in self.seen:
            self._dropped(known, "the same item stands there twice")
            return
        self.seen.add((name, mark))
        key = self.keys.give(name, place.name) or self.keys.give(name, place.name, source)
        if key is None:
            self._dropped(known, "the same item stands there twice")
            return

        def report(problem: str, *, dropped: bool = False) -> None:
            self.journal.report(known, problem, item=known, dropped=dropped)

        told = texts.Texts(self.files, self.pictures, place.name.rpartition("/")[0], report)
        try:
            about = self._about(place, item, key, title)
            if item.tag == "assessmentItem":
                passage = read_passage(item, told)
                made = read_item(item, about, told) if not passage else None
            else:
                passage = read_old_passage(item, told) if kind_of(item) == TEXT_ONLY else ""
                made = read_old_item(item, self._with_passage(item, about), told) if not passage else None
        except Unusable as problem:
            self._dropped(known, str(problem))
            return
        if made is None:
            self._passage(known, name, about, passage)
        else:
            self._keep(known, made)

    def _passage(self, item: str, ident: str, about: About, text: str) -> None:
        """Keep a text that asks nothing as a reading, for those questions as well that refer to it."""
        self.passages[ident] = text
        title = (about.title or readable(text)[:80])[:TITLE_LENGTH]
        self.resources.append(
            Resource(key=about.key, title=title, kind=ResourceKind.READING, text=text, concepts=about.concepts)
        )
        self.journal.became(item, about.key)

    def _with_passage(self, item: Element, about: About) -> About:
        refers = fields_of(item).get("parent_stimulus_item_ident", "")
        return replace(about, common=self.passages.get(refers, ""))

    def _dropped(self, item: str, problem: str) -> None:
        self.source_steps += 1
        self.journal.report(item, problem, item=item, dropped=True)

    def _keep(self, item: str, made: Made) -> None:
        self.exercises.append(made.exercise)
        self.own_answers |= made.own_answers
        self.source_steps += len(made.exercise.steps)
        self.journal.became(item, made.exercise.key)

    def _about(self, place: Place, item: Element, key: str, title: str) -> About:
        said = place.about if item.tag == "assessmentItem" else _old_metadata(item)
        shown = " ".join(unescape(title).split())
        path = " / ".join(part for part in (place.test, place.section) if part)
        named = place.section or place.test or self.title or name_of(self.files) or "QTI"
        concepts = tuple(self.concepts.of(f"\0{key}", title=label, name=key) for key, label in said.concepts)
        return About(
            key=key,
            title="" if _CODE.match(shown) or shown == item.get("identifier") else shown,
            lesson=place.section or place.test,
            licence=said.licence,
            attribution=said.attribution,
            tags=said.tags,
            difficulty=said.difficulty,
            concepts=concepts or (self.concepts.of(path or named, title=named),),
        )

    def loaded(self) -> Loaded:
        """The course with everything that was reported."""
        about, exercises = self.package.about, tuple(self.exercises)
        title = (self.title or name_of(self.files) or "QTI")[:TITLE_LENGTH]
        used = [concept for exercise in exercises for step in exercise.steps for concept in step.concepts]
        used += [concept for resource in self.resources for concept in resource.concepts]
        course = CoursePackage(
            slug=manifest.slug(self.package.identifier, title),
            title=title,
            language=language_of([*(one.prompt for one in exercises), *(one.text for one in self.resources)]),
            description=about.description,
            licence=about.licence[:TITLE_LENGTH],
            attribution=about.attribution,
            concepts=self.concepts.all(used),
            exercises=exercises,
            resources=tuple(self.resources),
            files=self.pictures,
        )
        return Loaded(
            package=course,
            defects=tuple(self.journal.defects),
            items=self.journal.items(),
            own_answers=self.own_answers,
            source_steps=self.source_steps,
        )


def _around(around: tuple[Element, ...]) -> tuple[str, str]:
    """The title of the test, or of the bank, and of the section that an item of version 1.2 stands in."""
    test = section = ""
    for element in around:
        if element.tag in {"assessment", "objectbank"}:
            test = element.get("title", "") or fields_of(element).get("bank_title", "")
        elif element.tag == "section":
            section = element.get("title", "") or section
    return " ".join(test.split()), " ".join(section.split())


def _kind(item: Element) -> str:
    """What the source calls the kind of an item."""
    if item.tag == "item":
        return kind_of(item) or "item"
    return ", ".join(dict.fromkeys(_interactions(item))) or item.tag


def _interactions(item: Element) -> Iterator[str]:
    return (one.tag for one in item.iter() if one.tag.endswith("Interaction"))


def _old_metadata(item: Element) -> lom.Metadata:
    fields = fields_of(item)
    said = lom.read(item.find("itemmetadata"))
    tags = tuple(
        dict.fromkeys([*said.tags, *(tag.strip() for tag in fields.get("qmd_keywords", "").split(",") if tag.strip())])
    )
    return replace(
        said, tags=tags, difficulty=said.difficulty or lom.difficulty(fields.get("qmd_levelofdifficulty", ""))
    )
