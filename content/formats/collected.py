"""The course that grows while a question bank is read: one exercise a question, one concept a category."""

from dataclasses import dataclass, field, replace
from html import unescape

from content import schema, shelf
from content.formats.answers import Made
from content.formats.naming import Concepts, Keys, language_of, mark_of, slug_of
from content.formats.pictures import Pictures
from content.formats.source import CourseError, Files, Journal, Loaded, name_of
from content.markup import readable
from content.package import CoursePackage, Exercise, Hint, Json, Resource, ResourceKind, Step, WrongAnswer

SAMPLED = 500  # questions that the language is told by


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a question stands: what a report calls it, and the category that it is in (`a/b`)."""

    item: str
    category: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question in our terms. `name` is the stable name that the source gives it, or nothing."""

    title: str
    prompt: str
    steps: tuple[tuple[str, Made], ...]  # the prompt of each step, and its answers
    name: str = ""
    solution: str = ""
    hints: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    variables: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A text that asks nothing."""

    title: str
    text: str
    name: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""


class Collected:
    """Exercises, readings, concepts, pictures and the journal of a source."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.journal = Journal()
        self.pictures = Pictures(files)
        self.concepts = Concepts()
        self.exercises = shelf.exercises()
        self.resources: list[Resource] = []
        self.source_steps = 0
        self._keys = Keys()
        self._seen: shelf.Index[int] = shelf.Index()  # marks of all that was read
        self._used: set[str] = set()  # concepts
        self._names: dict[str, str] = {}  # category -> the name that the source gives it
        self._infos: dict[str, str] = {}

    def category(self, path: str, *, name: str = "", info: str = "") -> None:
        """Note what a source says of a category."""
        self._names.setdefault(path, name)
        self._infos.setdefault(path, info)

    def reading(self, place: Place, reading: Reading) -> None:
        """Keep a text that asks nothing."""
        title, text, tags = reading.title, reading.text, reading.tags
        if not text.strip():
            self.journal.report(place.item, "nothing is said", item=place.item, dropped=True)
            return
        key = self._keys.give(reading.name, place.category, title, text)
        if key is None:
            self.journal.report(place.item, "the very same stands there twice", item=place.item, dropped=True)
            return
        if tags:
            self.journal.report(place.item, f"tags of a reading: {', '.join(tags)}", item=place.item)
        self.resources.append(
            Resource(
                key=key,
                title=(title or readable(text)[:80])[: schema.TITLE_LENGTH],
                kind=ResourceKind.READING,
                text=text,
                concepts=(self._concept(place.category),),
                licence=reading.licence[: schema.TITLE_LENGTH],
                attribution=reading.attribution,
            )
        )
        self.journal.became(place.item, key)

    def question(self, place: Place, question: Question) -> None:
        """Keep a question, if it can be graded; what is wrong with a part of it costs that part."""
        self.source_steps += len(question.steps)
        for _, made in question.steps:
            for problem in made.problems:
                self.journal.report(place.item, problem, item=place.item, dropped=made.answer is None)
        said = [question.prompt, *(part for prompt, made in question.steps for part in (prompt, repr(made.answer)))]
        # One that asks the same but is called otherwise, or says something else to an answer, is another one.
        more = [question.title, question.solution, repr([made for _, made in question.steps])]
        whole = mark_of(question.name, place.category, *said, *more)
        key = self._keys.give(question.name, place.category, *said)
        key = key or self._keys.give(question.name, place.category, *said, *more)
        if key is None or not self._seen.add(whole, 1):
            self.journal.report(place.item, "the very same stands there twice", item=place.item, dropped=True)
            return
        alone = len(question.steps) == 1
        steps = [
            self._step(place, question, key if alone else f"{key}:{number}", prompt, made)
            for number, (prompt, made) in enumerate(question.steps, start=1)
            if made.answer is not None
        ]
        exercise = Exercise(
            key=key,
            title=question.title[: schema.EXERCISE_TITLE_LENGTH],
            prompt=question.prompt,
            steps=tuple(steps),
            lesson=place.category.rpartition("/")[2][: schema.TITLE_LENGTH],
            licence=question.licence[: schema.TITLE_LENGTH],
            attribution=question.attribution,
            tags=question.tags,
            variables=question.variables,
        )
        if steps and (kept := self._sound(place, exercise)):
            self.exercises.append(kept)
            self._used.update(concept for step in kept.steps for concept in step.concepts)
            self.journal.became(place.item, key)

    def _step(self, place: Place, question: Question, key: str, prompt: str, made: Made) -> Step:
        solution = [*made.solution, *([question.solution] if question.solution else [])]
        return Step(
            key=key,
            prompt=prompt,
            answer=made.answer or {},
            concepts=(self._concept(place.category),),
            hints=tuple(Hint(key=f"h{at}", text=text) for at, text in enumerate(question.hints, start=1)),
            solution="\n\n".join(dict.fromkeys(solution)),
            wrong_answers=made.wrong_answers,
        )

    def _concept(self, category: str) -> str:
        title = category.rpartition("/")[2] or category
        return self.concepts.of(
            category, title=title, name=self._names.get(category, ""), summary=self._infos.get(category, "")
        )

    def _sound(self, place: Place, exercise: Exercise) -> Exercise | None:
        """Leave out steps whose keys refuse their own answers, and wrong answers that are right or not recognised."""
        findings = schema.check_exercise(exercise, figures=self.pictures)
        bad_steps: set[str] = set()
        bad_answers: set[tuple[str, int]] = set()
        for found in findings:
            if found.part in {"answer", "variables"} or found.problem.startswith("nothing is asked"):
                bad_steps.add(found.step)
            elif found.part.startswith("wrong answer ") and "LaTeX" not in found.problem:
                bad_answers.add((found.step, int(found.part.rpartition(" ")[2]) - 1))
            dropped = found.step in bad_steps or found.part.startswith("wrong answer ")
            problem = f"{found.part}: {found.problem}"
            self.journal.report(place.item, problem, item=place.item, dropped=dropped)
        if "" in bad_steps:
            return None
        steps = [
            replace(step, wrong_answers=_without(step, bad_answers))
            for step in exercise.steps
            if step.key not in bad_steps
        ]
        return replace(exercise, steps=tuple(steps)) if steps else None

    def loaded(self, *, title: str = "", licence: str = "", attribution: str = "") -> Loaded:
        """The course. Raises CourseError if nothing came through."""
        if not self.exercises and not self.resources:
            reasons = dict.fromkeys(defect.problem for defect in self.journal.defects)
            raise CourseError("no question that can be used" + "".join(f"; {reason}" for reason in list(reasons)[:3]))
        used = self._used | {concept for resource in self.resources for concept in resource.concepts}
        name = name_of(self.files) or title
        texts = [f"{one.title} {one.prompt} {one.steps[0].prompt}" for one in self.exercises[:SAMPLED]]
        package = CoursePackage(
            slug=slug_of(name or "questions"),
            title=(title or name.replace("_", " ") or "Questions")[: schema.TITLE_LENGTH],
            language=language_of([*texts, *(one.text for one in self.resources[:SAMPLED])]),
            licence=licence[: schema.TITLE_LENGTH],
            attribution=attribution,
            concepts=self.concepts.all(used),
            exercises=self.exercises,
            resources=tuple(self.resources),
            files=self.pictures,
        )
        for defect in schema.check_structure(package):
            self.journal.defects.append(defect)
        return Loaded(
            package=package,
            defects=self.journal.defects,
            items=self.journal.items(),
            source_steps=self.source_steps,
        )


def _without(step: Step, bad: set[tuple[str, int]]) -> tuple[WrongAnswer, ...]:
    return tuple(wrong for at, wrong in enumerate(step.wrong_answers) if (step.key, at) not in bad)


def category_of(said: str) -> str:
    """A category as banks write it, `$course$/top/Default for A/B`, as the path of it that means something: `A/B`."""
    parts = [part.replace("\0", "/").strip() for part in unescape(said).replace("//", "\0").split("/")]
    while parts and (parts[0] in {"top", ""} or (parts[0].startswith("$") and parts[0].endswith("$"))):
        parts.pop(0)
    return "/".join(part.replace("/", "∕") for part in parts if part)
