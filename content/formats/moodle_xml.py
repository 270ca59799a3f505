"""Moodle XML, the format in which Moodle's question bank is exported: to a course and back.

What maps onto what is said in docs/content.md. Every kind of question has its room: the plain ones in
moodle_xml_questions.py, those with gaps in moodle_xml_gaps.py, calculated ones in moodle_xml_calculated.py, STACK's in
moodle_xml_stack.py; moodle_xml_writing.py is the way back.
"""

from pathlib import PurePosixPath

from content.formats import moodle_xml_writing
from content.formats.collected import Collected, Place, category_of
from content.formats.moodle_xml_item import Item, said
from content.formats.moodle_xml_questions import READERS, Untranslatable, read_description
from content.formats.source import Files, Loaded, Written, head_of, name_of, open_file
from content.formats.xml_tree import Element, XmlProblem, elements, root_of
from content.package import CoursePackage

TITLE = "Moodle XML"


def recognises(files: Files) -> bool:
    """Say whether there is an XML file whose root is `quiz`."""
    return any(_is_quiz(files, name) for name in files)


def _is_quiz(files: Files, name: str) -> bool:
    return PurePosixPath(name).suffix.lower() == ".xml" and root_of(head_of(files, name)) == "quiz"


def read(files: Files) -> Loaded:
    """Translate every file, question by question. Raises CourseError if nothing at all can be used."""
    collected = Collected(files)
    for name in (name for name in sorted(files) if _is_quiz(files, name)):
        _Reading(collected, name).run()
    return collected.loaded()


def write(package: CoursePackage) -> Written:
    """Translate a course to one Moodle XML file, figures in it."""
    return moodle_xml_writing.write(package)


class _Reading:
    """One file."""

    def __init__(self, collected: Collected, name: str) -> None:
        self.collected, self.name = collected, name
        folder = str(PurePosixPath(name).parent)
        self.category = name_of(collected.files) or PurePosixPath(name).stem
        if folder != ".":  # files without a category of their own are told apart by their folders
            self.category = folder
        self.number = 0

    def run(self) -> None:
        """Read the file; what follows a fault in the XML is lost, what stands before it is kept."""
        try:
            with open_file(self.collected.files, self.name) as stream:
                for element in elements(stream, frozenset({"question"})):
                    self._element(element)
        except XmlProblem as problem:
            self.collected.journal.report(self.name, f"the rest of the file: {problem}", dropped=True)

    def _element(self, element: Element) -> None:
        kind = element.get("type", "")
        if kind == "category":
            self._category(element)
            return
        self.number += 1
        title = " ".join(said(element, "name").split())
        place = Place(item=f"{self.name}, question {self.number}", category=self.category)
        journal = self.collected.journal
        journal.begin(place.item, title=title, kind=kind)
        item = Item(element, place, self.collected)
        if kind == "description":
            read_description(item)
            return
        reader = READERS.get(kind)
        if reader is None:
            journal.report(place.item, f"a kind of question that is not known: {kind}", item=place.item, dropped=True)
            return
        try:
            question = reader(item)
        except Untranslatable as problem:
            journal.report(place.item, str(problem), item=place.item, dropped=True)
            return
        self.collected.question(place, question)

    def _category(self, element: Element) -> None:
        self.category = category_of(said(element, "category")) or self.category
        place = Place(item=f"{self.name}, category {self.category}", category=self.category)
        info = Item(element, place, self.collected).markdown(element.find("info"))
        self.collected.category(self.category, name=said(element, "idnumber"), info=info)
