"""A package of QTI: which files hold items, in which order and under which test and section they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from content.formats.naming import mark_of, slug_of
from content.formats.qti import lom
from content.formats.qti.names import as_version_two
from content.formats.qti.texts import joined
from content.formats.source import Files, Journal, head_of
from content.formats.xml_tree import XmlProblem, read_xml, root_of

MANIFEST = "imsmanifest.xml"
OWN = "course_"  # before the short name of a course, in the identifier of a package that is written here
_DRAWN = re.compile(r"(?=[a-fA-F-]*\d)[0-9a-fA-F-]{8}")
ITEM_ROOTS = frozenset({"assessmentItem", "qti-assessment-item"})
TEST_ROOTS = frozenset({"assessmentTest", "qti-assessment-test", "assessmentSection", "qti-assessment-section"})
OLD_ROOTS = frozenset({"questestinterop"})
_NAMED = (".xml", ".dat", ".qti")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One file with items, and where it stands in the course."""

    name: str
    root: str
    test: str = ""
    section: str = ""
    about: lom.Metadata = field(default_factory=lom.Metadata)


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a package says of itself, and its files with items in their order."""

    about: lom.Metadata
    places: tuple[Place, ...]
    identifier: str = ""  # what the tool that made the package calls it


def root(files: Files, name: str) -> str:
    """The name of a file's root element, or nothing."""
    return root_of(head_of(files, name)) if name.lower().endswith(_NAMED) else ""


def read(files: Files, journal: Journal) -> Package:
    """Find everything with items; what is named and missing is reported."""
    reading = _Reading(files, journal)
    reading.manifests()
    reading.loose()
    return Package(about=reading.about, places=tuple(reading.places.values()), identifier=reading.identifier)


def slug(identifier: str, title: str) -> str:
    """The short name of the course that a package becomes: its own if it was written here, else from its title.

    An identifier that a tool drew tells packages of one title apart; one such as `main_manifest` tells nothing.
    """
    if identifier.startswith(OWN):
        return identifier.removeprefix(OWN)
    return f"{slug_of(title)[:60]}-{mark_of(identifier)[:6]}" if _DRAWN.search(identifier) else slug_of(title)


class _Reading:
    def __init__(self, files: Files, journal: Journal) -> None:
        self.files, self.journal = files, journal
        self.about = lom.Metadata()
        self.identifier = ""
        self.places: dict[str, Place] = {}
        self.known: dict[str, lom.Metadata] = {}  # file -> what its manifest says about it
        self.roots = {name: found for name in files if (found := root(files, name))}

    def xml(self, name: str) -> Element | None:
        """A file's root with the names of version 2, or None with a defect."""
        try:
            return as_version_two(read_xml(self.files[name]))
        except (XmlProblem, ValueError) as problem:
            self.journal.report(name, f"a file that cannot be read: {problem}", dropped=True)
            return None

    def manifests(self) -> None:
        """Read each manifest, its tests first, because they say the order."""
        for name in [name for name in self.files if name.rpartition("/")[2] == MANIFEST]:
            manifest = self.xml(name)
            if manifest is None:
                continue
            folder = name.rpartition("/")[0]
            about = lom.read(manifest.find("metadata"))
            self.about = self.about if self.about.title else about
            self.identifier = self.identifier or manifest.get("identifier", "")
            self._resources(manifest, folder)
            if not self.about.title:
                self.about = replace(self.about, title=_organised(manifest))

    def _resources(self, manifest: Element, folder: str) -> None:
        for resource in manifest.iter("resource"):
            first = resource.find("file")
            address = resource.get("href", "") or (first.get("href", "") if first is not None else "")
            name = joined(folder, address) if address else ""
            kind = resource.get("type", "").lower()
            if name and name not in self.files and ("qti" in kind or "item" in kind):
                self.journal.begin(name, kind=resource.get("type", ""))
                self.journal.report(
                    name, f"a file that the manifest names is missing: {address}", item=name, dropped=True
                )
            if name:
                self.known[name] = lom.read(resource.find("metadata"))

    def loose(self) -> None:
        """Tests, and then all items that no test named, in the order of the package."""
        for name, found in self.roots.items():
            if found in TEST_ROOTS:
                self._test(name)
        for name, found in self.roots.items():
            if found in ITEM_ROOTS | OLD_ROOTS and name not in self.places:
                about = self.known.get(name, lom.Metadata())
                self.places[name] = Place(name=name, root=found, about=about)

    def _test(self, name: str) -> None:
        test = self.xml(name)
        if test is None:
            return
        title = test.get("title", "").strip()
        if not self.about.title:
            self.about = replace(self.about, title=title)
        folder = name.rpartition("/")[0]
        for section, reference in _references(test, ""):
            target = joined(folder, reference.get("href", ""))
            if target not in self.roots:
                self.journal.begin(target, kind="assessmentItemRef")
                self.journal.report(
                    target, f"an item that a test names is missing: {target}", item=target, dropped=True
                )
            elif target not in self.places:
                self.places[target] = Place(
                    name=target,
                    root=self.roots[target],
                    test=title,
                    section=section,
                    about=self.known.get(target, lom.Metadata()),
                )


def _references(element: Element, section: str) -> Iterator[tuple[str, Element]]:
    """Each reference to an item with the title of the section it stands in; hidden sections have no title."""
    for child in element:
        if child.tag == "assessmentItemRef":
            yield section, child
        elif child.tag == "assessmentSection":
            title = child.get("title", "").strip() if child.get("visible", "true") == "true" else ""
            yield from _references(child, title or section)
        elif child.tag == "testPart":
            yield from _references(child, section)


def _organised(manifest: Element) -> str:
    """The title of a manifest's organisation."""
    found = manifest.find("organizations/organization/title")
    return "" if found is None else " ".join("".join(found.itertext()).split())
