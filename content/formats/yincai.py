"""The native course package (docs/content.md): files to a CoursePackage, every complaint with file, line and part.

`content/formats/yincai_writing.py` is the way back.
"""

from pathlib import PurePosixPath

from content import grading, schema, shelf
from content.formats import yincai_writing
from content.formats.source import Files, Folder, Loaded, Written, open_file
from content.formats.yaml_tree import Tree, read_tree
from content.formats.yincai_reading import Reading, Section
from content.package import (
    Concept,
    CoursePackage,
    Defect,
    Exercise,
    Hint,
    HintKind,
    Json,
    Misconception,
    Resource,
    ResourceKind,
    Rewriting,
    Rule,
    Step,
    WrongAnswer,
)

TITLE = "Yincai"
_STEP = {"answer", "hints", "solution", "wrong_answers"}
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}
_LISTS = ("misconceptions.yaml", "resources.yaml")  # of what a course may do without


def recognises(files: Files) -> bool:
    """Say whether these files are meant as a native course."""
    return "course.yaml" in files


def read(files: Files) -> Loaded:
    """Read a native course and check all of it. Never raises: the defects say what is wrong, and then it is refused."""
    reading = Reading()
    course = reading.section(_tree(files, "course.yaml", reading))
    concepts = reading.every(_tree(files, "concepts.yaml", reading), _concept)
    misconceptions, resources = (_tree(files, name, reading) if name in files else Tree(name) for name in _LISTS)
    exercises, steps = shelf.exercises(), 0
    for name in sorted(name for name in files if name.startswith("exercises/") and name.endswith((".yaml", ".yml"))):
        with open_file(files, name) as stream:
            for exercise in reading.one_by_one(name, stream, _exercise):
                exercises.append(exercise)
                steps += len(exercise.steps)
    package = CoursePackage(
        slug=course.text("slug", required=True),
        title=course.text("title", required=True),
        language=course.text("language", required=True),
        description=course.text("description"),
        licence=course.text("licence"),
        attribution=course.text("attribution"),
        concepts=tuple(concepts),
        misconceptions=tuple(reading.every(misconceptions, _misconception)),
        resources=tuple(reading.every(resources, _resource)),
        exercises=exercises,
        files=Folder(files, "figures/"),
    )
    course.leftovers()
    defects = (*reading.defects, *_strangers(files), *schema.check(package, places=reading.places))
    return Loaded(
        package=package,
        defects=tuple(dict.fromkeys(defects)),
        source_steps=steps,
        strict=True,
    )


def _strangers(files: Files) -> list[Defect]:
    """Files that look like a part of the course and are not read."""
    known = {"course.yaml", "concepts.yaml", *_LISTS}
    found = []
    for name in files:
        path = PurePosixPath(name)
        placed = name in known or (path.parts[0] == "exercises" and path.suffix in {".yaml", ".yml"})
        if path.suffix in {".yaml", ".yml"} and not placed:
            found.append(Defect(place=name, problem="no part of a course: see the list of files in docs/content.md"))
        if path.parts[0] == "figures" and len(path.parts) > 2:
            found.append(Defect(place=name, problem="figures stand in figures/ itself, not in a folder below it"))
    return found


def _tree(files: Files, name: str, reading: "Reading") -> Tree:
    if name not in files:
        reading.defects.append(Defect(place=name, problem="the file is missing"))
        return Tree(name)
    tree = read_tree(name, files[name])
    reading.defects += tree.defects
    return tree


def write(package: CoursePackage) -> Written:
    """Write a course: reading its files gives the same package, byte for byte."""
    return Written(files=yincai_writing.write(package))


def _concept(section: Section) -> Concept:
    made = Concept(
        key=section.text("key", required=True),
        title=section.text("title", required=True),
        summary=section.text("summary"),
        example=section.text("example"),
        requires=section.texts("requires"),
        rules=tuple(_rule(item, index) for index, item in enumerate(section.sections("rules"))),
    )
    section.remember(f"concept {made.key}")
    return made


def _rule(item: "Section | str", index: int) -> Rule:
    key = f"r{index + 1}"
    if isinstance(item, str):
        return Rule(key=key, statement=item.strip("\n"))
    made = Rule(
        key=item.text("key") or key,
        statement=item.text("statement", required=True),
        when=item.text("when"),
        example=item.text("example"),
    )
    item.leftovers()
    return made


def _misconception(section: Section) -> Misconception:
    made = Misconception(
        key=section.text("key", required=True),
        title=section.text("title", required=True),
        explanation=section.text("explanation"),
        shows=section.text("shows"),
        concepts=section.texts("concepts"),
        rewritings=tuple(made for item in section.sections("rewritings") if (made := _rewriting(section, item))),
    )
    section.remember(f"misconception {made.key}")
    return made


def _rewriting(section: Section, item: "Section | str") -> Rewriting | None:
    if isinstance(item, str):
        section.complain("a rewriting has a before and an after", "rewritings")
        return None
    made = Rewriting(before=item.text("before", required=True), after=item.text("after", required=True))
    item.leftovers()
    return made


def _resource(section: Section) -> Resource:
    kind, minutes = section.text("kind", required=True), section.text("minutes")
    if kind and kind not in list(ResourceKind):
        section.complain(f"kind: this is not known: {kind}: possible are: {', '.join(ResourceKind)}", "kind")
        kind = ""
    if minutes and not (minutes.isascii() and minutes.isdigit() and len(minutes) < 5):
        section.complain("minutes: not a whole number", "minutes")
        minutes = ""
    made = Resource(
        key=section.text("key", required=True),
        title=section.text("title", required=True),
        kind=ResourceKind(kind) if kind else ResourceKind.READING,
        text=section.text("text"),
        url=section.text("url"),
        concepts=section.texts("concepts"),
        minutes=int(minutes) if minutes else None,
        licence=section.text("licence"),
        attribution=section.text("attribution"),
    )
    section.remember(f"resource {made.key}")
    return made


def _exercise(section: Section) -> Exercise:
    key = section.text("key", required=True)
    section.remember(f"exercise {key}")
    concepts = section.texts("concepts")
    prompt = section.text("prompt")
    steps: list[Step] = []
    if "steps" in section.value:
        for name in sorted(_STEP & set(section.value)):
            section.complain(f"{name}: it belongs into one of the steps", name)
            section.asked.add(name)
        for inner in section.sections("steps"):
            if isinstance(inner, str):
                section.complain("a step is a mapping of names to values", "steps")
                continue
            steps.append(_step(inner, _full_key(inner, key), inner.text("prompt"), inner.texts("concepts") or concepts))
            inner.leftovers()
    else:
        steps.append(_step(section, key, "", concepts))
    return Exercise(
        key=key,
        steps=tuple(steps),
        title=section.text("title"),
        prompt=prompt,
        lesson=section.text("lesson"),
        licence=section.text("licence"),
        attribution=section.text("attribution"),
        tags=section.texts("tags"),
        difficulty=section.text("difficulty"),
        variables=section.mapping("variables"),
    )


def _full_key(section: Section, exercise: str) -> str:
    """`exercise:key`, or the `full_key` of a step that came from elsewhere and kept its name."""
    full = section.text("full_key")
    return full or f"{exercise}:{section.text('key', required=True)}"


def _step(section: Section, key: str, prompt: str, concepts: tuple[str, ...]) -> Step:
    section.remember(f"step {key}")
    return Step(
        key=key,
        prompt=prompt,
        answer=_answer(section, required=True) or {},
        concepts=concepts,
        hints=tuple(_hint(section, item, index) for index, item in enumerate(section.sections("hints"))),
        solution=section.text("solution"),
        wrong_answers=tuple(made for item in section.sections("wrong_answers") if (made := _wrong(section, item))),
    )


def _answer(section: Section, *, required: bool) -> Json | None:
    """An answer key, with its yes and no as such; everything else in it stays text."""
    found = section.mapping("answer", required=required)
    return _switched(section, found, ("answer",)) if found else None


def _switched(section: Section, answer: Json, path: tuple[str, ...]) -> Json:
    """An answer key, or one in a gap of another, with what its kind calls a switch as yes or no."""
    made = dict(answer)
    try:
        parts = grading.kind_of(answer).form
    except grading.KeyProblem:
        return made  # schema says what is wrong with it
    for part in parts:
        value = made.get(part.name)
        if part.shape == grading.Shape.KEYS and isinstance(value, dict):
            made[part.name] = {
                name: _switched(section, one, (*path, part.name, name)) if isinstance(one, dict) else one
                for name, one in value.items()
            }
        elif part.shape == grading.Shape.SWITCH and value is not None:
            said = str(value).lower()
            if said not in _YES | _NO:
                section.complain(f"{part.name}: neither yes nor no", *path, part.name)
            made[part.name] = said in _YES
    return made


def _hint(step: Section, item: "Section | str", index: int) -> Hint:
    key = f"h{index + 1}"
    if isinstance(item, str):
        return Hint(key=key, text=item.strip("\n"))
    asks = "scaffold" in item.value
    made = Hint(
        key=item.text("key") or key,
        text=item.text("scaffold" if asks else "text", required=True),
        kind=HintKind.SCAFFOLD if asks else HintKind.HINT,
        title=item.text("title"),
        answer=_answer(item, required=True) if asks else None,
    )
    item.leftovers()
    return made


def _wrong(step: Section, item: "Section | str") -> WrongAnswer | None:
    if isinstance(item, str):
        step.complain("a wrong answer has a response and a feedback", "wrong_answers")
        return None
    response, applied_to = item.raw("response"), item.text("applied_to")
    several = isinstance(response, list) and all(isinstance(one, str) for one in response)
    if applied_to and response:
        item.complain("either a response or what the misconception is applied_to, not both", "response")
    if applied_to and not response:
        response = ""
    elif not several and not (isinstance(response, str) and response):
        item.complain("response: it is missing, or neither a text nor a list of texts", "response")
        return None
    made = WrongAnswer(
        response=tuple(response) if isinstance(response, list) else response,
        feedback=item.text("feedback", required=not item.text("credit")),
        misconception=item.text("misconception"),
        applied_to=applied_to,
        credit=item.text("credit"),
    )
    item.leftovers()
    return made
