"""OATutor's content pool (https://github.com/CAHLR/OATutor): problems, steps, pathways and skills to a CoursePackage.

What is sound comes through; every defect is reported with the id it has in the source, and dropped is only what cannot
be used. How each thing is translated is said in docs/content.md.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from content import schema, variants
from content.formats import oatutor_answers, oatutor_text
from content.formats.oatutor_course import Course, read_course
from content.formats.oatutor_hints import read_pathway
from content.formats.oatutor_problem import Problem, items, mapping, said
from content.formats.source import CourseError, Files, Journal, Loaded
from content.package import Concept, CoursePackage, Exercise, Hint, Json, Step

TITLE = "OATutor"
_PROBLEM = re.compile(r"(?:.*/)?content-pool/([^/]+)/\1\.json\Z")


def recognises(files: Files) -> bool:
    """Say whether these files are a content pool of OATutor."""
    return any(_PROBLEM.match(name) for name in files)


def read(files: Files) -> Loaded:
    """Translate a pool. Raises CourseError if there is no problem in it at all."""
    reading = _Reading(files)
    for name in sorted(files):
        if found := _PROBLEM.match(name):
            reading.problem(name.removesuffix(f"/{found[1]}.json"), found[1])
    if not reading.exercises:
        raise CourseError("no problem of OATutor that can be used")
    return reading.loaded()


class _Reading:
    """One pass over a pool."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.journal = Journal()
        self.current = ""  # the problem that is being read
        self.exercises: list[tuple[str, Exercise]] = []  # with the id of its lesson
        self.own_answers: dict[str, str | list[str]] = {}
        self.figures: dict[str, bytes] = {}
        self.seen: dict[str, str] = {}  # content hash -> id, to find identical problems
        self.source_steps = 0
        self.exercise_keys: set[str] = set()
        self.step_keys: set[str] = set()
        self.as_text: set[str] = set()
        self.lesson_concepts: dict[str, Concept] = {}
        self.course: Course = read_course(files, self.report)
        self.folders: dict[str, list[str]] = {}
        for name in files:
            parts = name.split("/")
            if "content-pool" in parts:
                at = parts.index("content-pool")
                self.folders.setdefault("/".join(parts[: at + 2]), []).append(name)

    def report(self, place: str, problem: str, *, dropped: bool = False) -> None:
        self.journal.report(place, problem, item=self.current, dropped=dropped)

    def json(self, name: str, place: str) -> Any:
        """A file's JSON, or None with a defect."""
        if name not in self.files:
            self.report(place, f"a file is missing: {name.rpartition('/')[2]}", dropped=True)
            return None
        try:
            return json.loads(self.files[name].decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            self.report(place, f"not JSON: {error}", dropped=True)
            return None

    def problem(self, folder: str, key: str) -> None:
        """Translate one problem with its steps, if anything of it can be used."""
        self.current = key
        self.journal.begin(key)
        source = mapping(self.json(f"{folder}/{key}.json", key))
        problem = Problem(key=key, source=source, pictures=self._pictures(folder), report=self.report)
        step_names = self._step_names(folder)
        self.source_steps += len(step_names)
        if not source:
            return
        raw_steps = {name: mapping(self.json(f"{folder}/steps/{name}/{name}.json", name)) for name in step_names}
        prompt = problem.text(said(source, "body"), key)
        title = problem.text(said(source, "title"), key).replace("\n\n", " ")
        steps = [step for name, raw in raw_steps.items() if raw and (step := self._step(problem, folder, name, raw))]
        if not steps:
            self.report(key, "no step of it can be used", dropped=True)
            return
        exercise = Exercise(
            key=self._unique(key, self.exercise_keys),
            title=title if len(title) <= schema.EXERCISE_TITLE_LENGTH else "",
            prompt=prompt,
            steps=tuple(steps),
            lesson=said(source, "lesson")[: schema.TITLE_LENGTH],
            licence=_named_link(said(source, "license") or self.course.licence),
            attribution=_attribution(said(source, "oer")),
        )
        if kept := self._sound(self._with_variables(exercise, source, raw_steps)):
            self._identical(folder, source, raw_steps)
            self._keep_pictures(problem, folder)
            self.exercises.append((said(source, "lessonId"), kept))
            self.journal.became(key, kept.key)

    def _step_names(self, folder: str) -> list[str]:
        start = f"{folder}/steps/"
        names = {name.removeprefix(start).split("/")[0] for name in self.folders[folder] if name.startswith(start)}
        return sorted(names)

    def _pictures(self, folder: str) -> dict[str, str]:
        """The figures of a problem: names in its texts to names in the course, where they must be unique."""
        start = f"{folder}/figures/"
        owner = folder.rpartition("/")[2]
        names = [name.removeprefix(start) for name in self.folders[folder] if name.startswith(start)]
        pictures = {name: f"{owner}-{name}" for name in names}
        return {name: stored for name, stored in pictures.items() if schema.is_figure_name(stored)}

    def _keep_pictures(self, problem: Problem, folder: str) -> None:
        for name, stored in problem.pictures.items():
            if name in problem.used:
                self.figures[stored] = self.files[f"{folder}/figures/{name}"]
            else:
                self.report(problem.key, f"a figure that is not used: {name}", dropped=True)

    def _step(self, problem: Problem, folder: str, key: str, source: Mapping[str, Any]) -> Step | None:
        made = problem.answer(source, key, "stepAnswer")
        if made.answer is None:
            return None
        stored = self._unique(key, self.step_keys)
        self.own_answers[stored] = made.own
        if said(source, "answerType") == "arithmetic" and made.answer["kind"] == "text" and not made.in_words:
            self.as_text.add(stored)
        hints = self._hints(problem, folder, key)
        prompts = (problem.text(said(source, name), key) for name in ("stepTitle", "stepBody"))
        return Step(
            key=stored,
            prompt="\n\n".join(prompt for prompt in prompts if prompt),
            answer=made.answer,
            concepts=self._concepts(problem, key),
            hints=hints,
            solution=_solution(hints, made),
        )

    def _unique(self, key: str, taken: set[str]) -> str:
        """A key as a course can have it, once: what a key may not contain is replaced, and a second one is numbered."""
        plain = made = re.sub(r"[^\w.-]+", "-", key)[: schema.KEY_LENGTH - 6]
        number = 1
        while made in taken:
            number += 1
            made = f"{plain}-{number}"
        if made != key:
            self.report(key, f"its key becomes another one: {made}")
        taken.add(made)
        return made

    def _concepts(self, problem: Problem, key: str) -> tuple[str, ...]:
        """The step's skills; without any, one concept stands for the lesson, so that the step can be practised."""
        if found := self.course.skills.get(key):
            return found
        self.report(key, "no skill is named for it: its lesson's concept is used")
        lesson = said(problem.source, "lesson") or "Other exercises"
        name = re.sub(r"[^\w.-]+", "-", f"lesson-{lesson}").strip("-")[: schema.KEY_LENGTH]
        self.lesson_concepts.setdefault(name, Concept(key=name, title=lesson[: schema.TITLE_LENGTH]))
        return (name,)

    def _hints(self, problem: Problem, folder: str, key: str) -> tuple[Hint, ...]:
        start = f"{folder}/steps/{key}/tutoring/"
        names = sorted(name for name in self.folders[folder] if name.startswith(start) and name.endswith(".json"))
        if not names:
            self.report(key, "no pathway of hints")
            return ()
        default = next((name for name in names if name.endswith("DefaultPathway.json")), names[0])
        return read_pathway(problem, key, self.json(default, key))

    def _with_variables(
        self, exercise: Exercise, source: Mapping[str, Any], raw_steps: Mapping[str, Mapping[str, Any]]
    ) -> Exercise:
        """Lists of values, drawn together, as rows. A shorter list starts again, as OATutor itself does it."""
        lists: dict[str, list[str]] = {}
        for raw in (source, *raw_steps.values()):
            described = mapping(raw.get("variabilization"))
            lists |= {name: values for name in described if (values := items(described, name))}
        blanks = variants.blanks(exercise)
        lists = {name: values for name, values in lists.items() if name in blanks}
        if not lists:
            return exercise
        count = max(map(len, lists.values()))
        rows = [{name: values[at % len(values)] for name, values in lists.items()} for at in range(count)]
        return replace(exercise, variables={"rows": rows})

    def _sound(self, exercise: Exercise) -> Exercise | None:
        """Drop the steps whose key refuses its own answer or cannot be read."""
        # The keys of an exercise without variables have been checked while they were made.
        findings = schema.check_exercise(exercise, texts=False) if exercise.variables else _blanks(exercise)
        for found in findings:
            self.report(found.step or exercise.key, f"{found.part}: {found.problem}", dropped=True)
        if any(not found.step for found in findings):
            return None
        bad = {found.step for found in findings}
        steps = tuple(step for step in exercise.steps if step.key not in bad)
        for key in bad:
            self.own_answers.pop(key, None)
        return replace(exercise, steps=steps) if steps else None

    def _identical(self, folder: str, source: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]) -> None:
        """Report a problem whose texts, answers and pictures another one has already."""
        shown = [source.get("title"), source.get("body")]
        shown += [
            [raw.get(name) for name in ("stepTitle", "stepBody", "stepAnswer", "choices")] for raw in steps.values()
        ]
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode())
        for name in sorted(self.folders[folder]):
            if name.startswith(f"{folder}/figures/"):
                digest.update(hashlib.sha256(self.files[name]).digest())
        key = folder.rpartition("/")[2]
        if first := self.seen.get(digest.hexdigest()):
            self.report(key, f"identical to another problem: {first}")
        self.seen.setdefault(digest.hexdigest(), key)

    def loaded(self) -> Loaded:
        self.exercises.sort(key=lambda entry: (self.course.lesson_position(entry[0]), natural(entry[1].key)))
        exercises = tuple(exercise for _, exercise in self.exercises)
        used = {concept for exercise in exercises for step in exercise.steps for concept in step.concepts}
        package = CoursePackage(
            slug=self.course.slug,
            title=self.course.title,
            language=self.course.language,
            licence=_named_link(self.course.licence),
            attribution=_attribution(self.course.oer),
            concepts=tuple(one for one in (*self.course.concepts, *self.lesson_concepts.values()) if one.key in used),
            exercises=exercises,
            files=self.figures,
        )
        steps = {step.key for exercise in exercises for step in exercise.steps}
        return Loaded(
            package=package,
            defects=(*dict.fromkeys(self.journal.defects), *schema.check_structure(package)),
            items=self.journal.items(),
            own_answers={key: own for key, own in self.own_answers.items() if key in steps},
            source_steps=self.source_steps,
            as_text=frozenset(self.as_text & steps),
        )


def _blanks(exercise: Exercise) -> list[schema.Finding]:
    problems = variants.check_variants(exercise)
    return [schema.Finding(step="", part="variables", problem=problem) for problem in problems]


def _solution(hints: tuple[Hint, ...], answer: oatutor_answers.Converted) -> str:
    """What the hints say one after the other, scaffolds with their answers, and then the answer itself."""
    parts = [hint.text if hint.answer is None else f"{hint.text}\n\n{_shown(hint.answer)}" for hint in hints]
    return "\n\n".join([*parts, _shown(answer.answer or {})])


def _shown(answer: Json) -> str:
    """The right answer as a text in Markdown."""
    if answer["kind"] in {"one_choice", "several_choices"}:
        right = schema.own_answer(answer)
        return "; ".join(str(answer["choices"][one]) for one in ([right] if isinstance(right, str) else right))
    if answer["kind"] == "text":
        return oatutor_text.convert(str(answer["accept"][0]), figures={}).text
    return f"${oatutor_text.latex(str(answer['value']))}$"


_LINK = re.compile(r"\s*(\S+)\s*<([^<>]+)>\s*\Z")


def _named_link(source: str) -> str:
    """`https://… <CC BY 4.0>` as «CC BY 4.0 (https://…)»."""
    found = _LINK.match(source)
    return (f"{found[2]} ({found[1]})" if found else source.strip())[: schema.TITLE_LENGTH]


def _attribution(source: str) -> str:
    """Whose problem it is, and through whom it came."""
    named = _named_link(source)
    return (
        f"{named}, via OATutor (https://github.com/CAHLR/OATutor)"
        if named
        else "OATutor (https://github.com/CAHLR/OATutor)"
    )


def natural(key: str) -> list[tuple[int, str]]:
    """Order keys as people do: `exa2` before `exa10`."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", key)]
