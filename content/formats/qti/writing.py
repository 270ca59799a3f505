"""A course as a package of QTI 2.1: a manifest, a test with a section for each lesson, an item for each exercise."""

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from content import variants
from content.formats.qti.elements import add, document, make
from content.formats.qti.manifest import OWN
from content.formats.qti.names import long
from content.formats.qti.writing_items import write_item
from content.formats.source import Written
from content.package import Concept, CoursePackage, Defect, Exercise

_PACKAGING = "http://www.imsglobal.org/xsd/imscp_v1p1"
_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_ITEM_TYPE, _TEST_TYPE = "imsqti_item_xmlv2p1", "imsqti_test_xmlv2p1"


def write(package: CoursePackage) -> Written:
    """Translate a course; what QTI cannot say is among the defects."""
    defects: list[Defect] = []
    files: dict[str, bytes] = {}
    concepts = {concept.key: concept for concept in package.concepts}
    written: list[tuple[str, Exercise]] = []
    for key, identifier in _identifiers(package.exercises).items():
        exercise = next(one for one in package.exercises if one.key == key)

        def report(problem: str, *, dropped: bool = False, key: str = key) -> None:
            defects.append(Defect(place=f"exercise {key}", problem=problem, dropped=dropped, item=key))

        if identifier != key:
            report(f"a key that is no identifier of QTI: it becomes another one: {identifier}")
        try:
            shown = variants.instantiate(exercise, 0, misconceptions=package.misconceptions)
        except variants.VariantProblem as problem:
            report(f"variables that cannot be filled: {problem}", dropped=True)
            continue
        if exercise.variables:
            report("numbers that are drawn: one variant of it is written")
        files[f"items/{identifier}.xml"] = document(write_item(shown, identifier, report), indented=False)
        written.append((identifier, exercise))
    defects += _course_defects(package)
    head = {
        "imsmanifest.xml": document(_manifest(package, written, concepts)),
        "test.xml": document(_test(package, written)),
    }
    return Written(files=_Files({**head, **files}, package.files), defects=tuple(defects))


def _identifiers(exercises: Iterable[Exercise]) -> dict[str, str]:
    made: dict[str, str] = {}
    taken: set[str] = set()
    for exercise in exercises:
        identifier = long([exercise.key, "x"], prefix="item")[exercise.key]
        while identifier in taken:
            identifier += "_"
        taken.add(identifier)
        made[exercise.key] = identifier
    return made


class _Files(Mapping[str, bytes]):
    """What was written, and the figures, which stay where they are until they are asked for."""

    def __init__(self, files: Mapping[str, bytes], figures: Mapping[str, bytes]) -> None:
        self._files, self._figures = files, figures

    def __getitem__(self, name: str) -> bytes:
        return self._files[name] if name in self._files else self._figures[name.removeprefix("figures/")]

    def __iter__(self) -> Iterator[str]:
        yield from self._files
        yield from (f"figures/{name}" for name in self._figures)

    def __len__(self) -> int:
        return len(self._files) + len(self._figures)


def _course_defects(package: CoursePackage) -> Iterator[Defect]:
    """What a course says that no package of QTI can."""
    lost = {
        "prerequisites": any(concept.requires for concept in package.concepts),
        "summaries, examples and rules of concepts": any(
            concept.summary or concept.example or concept.rules for concept in package.concepts
        ),
        "misconceptions": bool(package.misconceptions),
        "resources": bool(package.resources),
    }
    for what, is_lost in lost.items():
        if is_lost:
            yield Defect(place="course", problem=f"QTI has no place for this: {what}", dropped=True)


def _test(package: CoursePackage, written: list[tuple[str, Exercise]]) -> Element:
    """The order: a section whenever another lesson begins."""
    test = Element("assessmentTest", {"xmlns": _QTI, "identifier": "test", "title": package.title})
    part = add(test, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="individual")
    section: Element | None = None
    lesson = None
    for identifier, exercise in written:
        if section is None or exercise.lesson != lesson:
            lesson = exercise.lesson
            section = add(
                part, "assessmentSection", identifier=f"section_{len(part) + 1}", title=lesson or package.title
            )
            section.set("visible", "true" if lesson else "false")
        add(section, "assessmentItemRef", identifier=identifier, href=f"items/{identifier}.xml")
    return test


def _manifest(package: CoursePackage, written: list[tuple[str, Exercise]], concepts: Mapping[str, Concept]) -> Element:
    manifest = Element("manifest", {"xmlns": _PACKAGING, "identifier": f"{OWN}{package.slug}"})
    metadata = add(manifest, "metadata")
    add(metadata, "schema", "QTIv2.1 Package")
    add(metadata, "schemaversion", "1.0.0")
    lom = _lom(metadata)
    general = add(lom, "general")
    _string(general, "title", package.title)
    add(general, "language", package.language)
    _string(general, "description", package.description)
    _rights(lom, package.licence, package.attribution)
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    test = add(resources, "resource", identifier="test", type=_TEST_TYPE, href="test.xml")
    add(test, "file", href="test.xml")
    for identifier, exercise in written:
        add(test, "dependency", identifierref=identifier)
        name = f"items/{identifier}.xml"
        resource = add(resources, "resource", identifier=identifier, type=_ITEM_TYPE, href=name)
        _about(add(resource, "metadata"), exercise, concepts)
        add(resource, "file", href=name)
    for index, name in enumerate(package.files, 1):
        figure = add(resources, "resource", identifier=f"figure_{index}", type="webcontent", href=f"figures/{name}")
        add(figure, "file", href=f"figures/{name}")
    return manifest


def _about(metadata: Element, exercise: Exercise, concepts: Mapping[str, Concept]) -> None:
    """Tags, difficulty, licence and concepts of an exercise, in the order in which LOM wants them."""
    lom = _lom(metadata)
    general = add(lom, "general")
    _string(general, "title", exercise.title)
    for tag in exercise.tags:
        _string(general, "keyword", tag)
    if exercise.difficulty:
        difficulty = add(add(lom, "educational"), "difficulty")
        add(difficulty, "source", "from 0 to 1")
        add(difficulty, "value", exercise.difficulty)
    _rights(lom, exercise.licence, exercise.attribution)
    for key in dict.fromkeys(key for step in exercise.steps for key in step.concepts):
        classification = add(lom, "classification")
        purpose = add(classification, "purpose")
        add(purpose, "source", "LOMv1.0")
        add(purpose, "value", "competency")
        path = add(classification, "taxonPath")
        _string(path, "source", "concepts")
        taxon = add(path, "taxon")
        add(taxon, "id", key)
        _string(taxon, "entry", concepts[key].title if key in concepts else key)


def _lom(metadata: Element) -> Element:
    return add(metadata, "lom", xmlns=_LOM)


def _rights(lom: Element, licence: str, attribution: str) -> None:
    """The licence, and whose it is as a card of a contributor, put before it as LOM has it."""
    if attribution:
        card = f"BEGIN:VCARD\nVERSION:3.0\nFN:{attribution}\nN:{attribution}\nEND:VCARD"
        contribute = make("contribute")
        role = add(contribute, "role")
        add(role, "source", "LOMv1.0")
        add(role, "value", "author")
        add(contribute, "entity", card)
        lom.insert(1, make("lifeCycle", contribute))
    if licence:
        rights = add(lom, "rights")
        restricted = add(rights, "copyrightAndOtherRestrictions")
        add(restricted, "source", "LOMv1.0")
        add(restricted, "value", "yes")
        _string(rights, "description", licence)


def _string(parent: Element, tag: str, text: str) -> None:
    if text:
        add(add(parent, tag), "string", text)
