"""One problem of OATutor's pool while it is translated: its texts, pictures and answers, with defects reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from content import markup, schema
from content.formats import oatutor_answers, oatutor_text


class Report(Protocol):
    """Takes a defect: the id it belongs to, what it is, and whether that part was dropped."""

    def __call__(self, place: str, problem: str, *, dropped: bool = False) -> None: ...


def said(source: Mapping[str, Any], name: str) -> str:
    """A text field, or nothing when it is missing or no text."""
    found = source.get(name)
    return _storable(found) if isinstance(found, str) else ""


def items(source: Mapping[str, Any], name: str) -> list[str]:
    """A list field's texts and numbers, as texts."""
    found = source.get(name)
    return (
        [_storable(str(one)) for one in found if isinstance(one, str | int | float)] if isinstance(found, list) else []
    )


def _storable(text: str) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def mapping(found: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one when it is something else."""
    return found if isinstance(found, dict) else {}


@dataclass
class Problem:
    """A problem's key, its pictures (names in the source to names in the course), and where defects go."""

    key: str
    source: Mapping[str, Any]
    pictures: Mapping[str, str]
    report: Report
    used: set[str] = field(default_factory=set)

    def text(self, source: str, place: str) -> str:
        """A text of it as Markdown."""
        made = oatutor_text.convert(source, figures=self.pictures)
        self.used.update(made.figures)
        for problem in dict.fromkeys(made.problems):
            self.report(place, problem)
        text = made.text
        for formula in markup.unreadable_math(text) if "$" in text else ():
            self.report(place, f"LaTeX that cannot be shown, kept as its source: {formula}")
            text = text.replace(f"${formula}$", f"`{formula}`")
        return text

    def answer(self, source: Mapping[str, Any], place: str, name: str) -> oatutor_answers.Converted:
        """The answer key of a step (`name` is stepAnswer) or scaffold (hintAnswer), sound or none."""
        kind = said(source, "problemType")
        given, choices = items(source, name), items(source, "choices")
        if kind == "MultipleChoice":
            given, choices = ([self.text(one, place) for one in texts] for texts in (given, choices))
        made = oatutor_answers.convert(
            problem_type=kind,
            answer_type=said(source, "answerType"),
            answers=given,
            choices=choices,
            answer_latex=said(source, "answerLatex"),
        )
        for problem in made.problems:
            self.report(place, problem, dropped=made.answer is None)
        if made.answer is None or "@{" in str(made.answer):
            return made  # the variants of a template are checked with the whole exercise
        return self._checked(made, place)

    def _checked(self, made: oatutor_answers.Converted, place: str) -> oatutor_answers.Converted:
        """Mathematics that cannot be graded is asked for as text if somebody typed it; LaTeX is dropped."""
        problems = schema.key_problems(made.answer or {})
        if not problems:
            return made
        typed = (
            isinstance(made.own, str)
            and "\\" not in made.own
            and (made.answer or {})["kind"] in {"number", "expression"}
        )
        self.report(place, ("asked for as text: " if typed else "") + "; ".join(problems), dropped=not typed)
        if not typed:
            return oatutor_answers.Converted(answer=None)
        return oatutor_answers.Converted(answer={"kind": "text", "accept": [made.own]}, own=made.own)
