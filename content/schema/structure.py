"""What must hold before rows can be written: keys, references, the graph, and what a table takes."""

import re
from collections.abc import Iterable, Iterator

from content import graph
from content.package import Concept, CoursePackage, Defect, Exercise, Resource, Step
from content.shelf import Index

KEY_LENGTH = 120  # as in content/models
TITLE_LENGTH = 200
EXERCISE_TITLE_LENGTH = 300  # and that of a resource
TAG_LENGTH = 60
ADDRESS_LENGTH = 1000
LANGUAGES = ("en", "zh-hans")
_ADDRESS = re.compile(r"https?://[^\s/]+\S*\Z")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,15})?\Z", re.ASCII)
_KEY = re.compile(r"[\w.-]+\Z")
_STEP_KEY = re.compile(r"[\w.:-]+\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_FIGURE = re.compile(r"[\w][\w. -]*\.(?:png|jpe?g|gif|webp|svg)\Z", re.IGNORECASE)


def check_structure(package: CoursePackage) -> list[Defect]:
    """Return what is wrong with keys, references and the graph: what must hold before rows can be written."""
    defects = [*_course_fields(package)]
    for name, parts in (
        ("concept", package.concepts),
        ("misconception", package.misconceptions),
        ("resource", package.resources),
    ):
        defects += _keys(name, (part.key for part in parts))
    concepts = {concept.key for concept in package.concepts}
    for concept in package.concepts:
        place = f"concept {concept.key}"
        defects += _unknown(place, "requires", concept.requires, concepts)
        defects += _length(place, concept.title, TITLE_LENGTH, required=True)
        defects += _rules(concept)
    for misconception in package.misconceptions:
        place = f"misconception {misconception.key}"
        defects += _length(place, misconception.title, TITLE_LENGTH, required=True)
        defects += _unknown(place, "concepts", misconception.concepts, concepts)
    for resource in package.resources:
        defects += _resource(resource, concepts)
    requires = {concept.key: [key for key in concept.requires if key in concepts] for concept in package.concepts}
    if cycle := graph.find_cycle(requires):
        defects.append(Defect(place=f"concept {cycle[0]}", problem=f"prerequisites in a circle: {' → '.join(cycle)}"))
    misconceptions = {misconception.key for misconception in package.misconceptions}
    known: tuple[Index[int], Index[int]] = Index(), Index()
    for exercise in package.exercises:
        defects += _exercise_keys(exercise, *known)
        defects += _exercise_references(exercise, concepts, misconceptions)
    defects += [
        Defect(place=f"figures/{name}", problem="not the name of a picture (letters, digits, - . _ and an extension)")
        for name in package.files
        if not is_figure_name(name)
    ]
    return defects


def check_one(exercise: Exercise, *, concepts: set[str], misconceptions: set[str]) -> list[Defect]:
    """Return what is wrong with an exercise's own keys and references, given the keys that its course has."""
    keys = _exercise_keys(exercise, Index(), Index())
    return [*keys, *_exercise_references(exercise, concepts, misconceptions)]


def is_figure_name(name: str) -> bool:
    """Say whether a file can be a course's figure under this name."""
    return bool(_FIGURE.match(name)) and len(name) <= TITLE_LENGTH


def _course_fields(package: CoursePackage) -> Iterator[Defect]:
    if package.slug and (not _SLUG.match(package.slug) or len(package.slug) > 80):
        yield Defect(place="course", problem="slug: small letters, digits and - are needed, at most 80")
    if package.language and package.language not in LANGUAGES:
        yield Defect(
            place="course",
            problem=f"language: this is not known: {package.language}: possible are: {', '.join(LANGUAGES)}",
        )
    if len(package.title) > TITLE_LENGTH or len(package.licence) > TITLE_LENGTH:
        yield Defect(place="course", problem=f"the title or the licence is too long: at most {TITLE_LENGTH} characters")
    if not package.exercises:
        yield Defect(place="course", problem="there are no exercises")


def _exercise_keys(exercise: Exercise, exercises: Index[int], steps: Index[int]) -> Iterator[Defect]:
    """What is wrong with the keys of an exercise and its steps, given those that came before."""
    yield from _keys("exercise", [exercise.key], exercises)
    yield from _keys("step", (step.key for step in exercise.steps), steps)


def _keys(name: str, keys: Iterable[str], known: Index[int] | None = None) -> Iterator[Defect]:
    pattern = _STEP_KEY if name == "step" else _KEY
    known = Index() if known is None else known
    for key in keys:
        if key and (not pattern.match(key) or len(key) > KEY_LENGTH):
            yield Defect(place=f"{name} {key}", problem=f"a key is letters, digits, - . _: at most {KEY_LENGTH}")
        if not known.add(key, 1):
            yield Defect(place=f"{name} {key}", problem="this key is used twice")


def _length(place: str, title: str, most: int, *, required: bool = False) -> Iterator[Defect]:
    if len(title) > most:
        yield Defect(place=place, problem=f"the title is too long: at most {most} characters")
    elif required and not title.strip():
        yield Defect(place=place, problem="there is no title")


def _unknown(place: str, name: str, keys: Iterable[str], known: set[str]) -> Iterator[Defect]:
    seen: set[str] = set()
    for key in keys:
        if key not in known:
            yield Defect(place=place, problem=f"{name}: not in the course: {key}")
        elif key in seen:
            yield Defect(place=place, problem=f"{name}: it stands there twice: {key}")
        seen.add(key)


def _exercise_references(exercise: Exercise, concepts: set[str], misconceptions: set[str]) -> Iterator[Defect]:
    place = f"exercise {exercise.key}"
    yield from _length(place, exercise.title, EXERCISE_TITLE_LENGTH)
    yield from _length(place, exercise.lesson, TITLE_LENGTH)
    yield from _length(place, exercise.licence, TITLE_LENGTH)
    for tag in exercise.tags:
        if not tag.strip() or len(tag) > TAG_LENGTH:
            yield Defect(place=place, problem=f"tags: empty or too long: {tag}: at most {TAG_LENGTH} characters")
    if len(set(exercise.tags)) < len(exercise.tags):
        yield Defect(place=place, problem="tags: one of them stands there twice")
    if exercise.difficulty and not _is_share(exercise.difficulty):
        yield Defect(place=place, problem=f"difficulty: not a number from 0 to 1: {exercise.difficulty}")
    if not exercise.steps:
        yield Defect(place=place, problem="there is no step yet")
    for step in exercise.steps:
        yield from _step_references(step, concepts, misconceptions)


def _step_references(step: Step, concepts: set[str], misconceptions: set[str]) -> Iterator[Defect]:
    yield from _unknown(f"step {step.key}", "concepts", step.concepts, concepts)
    if not step.concepts:
        yield Defect(place=f"step {step.key}", problem="choose the concept that it practises")
    for index, wrong in enumerate(step.wrong_answers):
        part = f"step {step.key}, wrong answer {index + 1}"
        if wrong.credit and not (_is_share(wrong.credit) and float(wrong.credit) < 1):
            yield Defect(place=part, problem=f"credit: not a number from 0 to below 1: {wrong.credit}")
        if wrong.applied_to and not wrong.misconception:
            yield Defect(place=part, problem="applied_to: the misconception whose rule is applied is missing")
        if wrong.misconception:
            yield from _unknown(f"step {step.key}", "misconception", [wrong.misconception], misconceptions)


def _rules(concept: Concept) -> Iterator[Defect]:
    """What is wrong with the rules of a concept; their keys are unique in it."""
    seen: set[str] = set()
    for index, rule in enumerate(concept.rules):
        place = f"concept {concept.key}, rule {index + 1}"
        if not _KEY.match(rule.key) or len(rule.key) > KEY_LENGTH:
            yield Defect(place=place, problem=f"a key is letters, digits, - . _: at most {KEY_LENGTH}")
        if rule.key in seen:
            yield Defect(place=place, problem=f"this key is used twice in the concept: {rule.key}")
        if not rule.statement.strip():
            yield Defect(place=place, problem="it states nothing")
        seen.add(rule.key)


def _resource(resource: Resource, concepts: set[str]) -> Iterator[Defect]:
    place = f"resource {resource.key}"
    yield from _length(place, resource.title, EXERCISE_TITLE_LENGTH, required=True)
    yield from _length(place, resource.licence, TITLE_LENGTH)
    yield from _unknown(place, "concepts", resource.concepts, concepts)
    if resource.url and (not _ADDRESS.match(resource.url) or len(resource.url) > ADDRESS_LENGTH):
        yield Defect(place=place, problem="url: not an address that begins with https:// or http://")
    if not resource.url and not resource.text.strip():
        yield Defect(place=place, problem="neither a text nor an address (url)")


def _is_share(text: str) -> bool:
    return bool(_NUMBER.match(text)) and 0 <= float(text) <= 1
