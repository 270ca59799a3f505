"""A course as Moodle XML: one file, texts as HTML, figures within the texts that show them.

A question carries its exercise's key as its idnumber, so that reading it again finds the same exercise. The document is
put together as text: what stands in it is escaped here, and nowhere else.
"""

import base64
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from html import escape

from content import markup
from content.formats import answers
from content.formats.answers import Given, decimal
from content.formats.gift_writing import Inexpressible, percent
from content.formats.moodle_xml_gaps import ASK
from content.formats.source import Written
from content.html import to_html
from content.package import Concept, CoursePackage, Defect, Exercise, HintKind, Json, Step

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(package: CoursePackage) -> Written:
    """Translate a course; what Moodle cannot say is among the defects."""
    return _Writing(package).run()


class _Writing:
    def __init__(self, package: CoursePackage) -> None:
        self.package = package
        self.defects: list[Defect] = []
        self.parts: list[str] = []
        self.category = ""

    def run(self) -> Written:
        concepts = {concept.key: concept for concept in self.package.concepts}
        for resource in self.package.resources:
            self._enter(concepts, resource.concepts)
            text = f"{resource.text}\n\n[{resource.url}]({resource.url})" if resource.url else resource.text
            said = f"{self._name(resource.title)}{self.text('questiontext', text)}{_tag('idnumber', resource.key)}"
            self.parts.append(f'<question type="description">{said}</question>')
        for exercise in self.package.exercises:
            self._enter(concepts, exercise.steps[0].concepts if exercise.steps else ())
            self._exercise(exercise)
        for concept in self.package.concepts:
            if concept.requires or concept.example or concept.rules:
                self._report(f"concept {concept.key}", "not in Moodle: prerequisites, example or rules")
        if self.package.misconceptions:
            self._report("misconceptions", "not in Moodle: misconceptions, what is said to wrong answers is kept")
        document = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>", *self.parts, "</quiz>", ""])
        name = f"{self.package.slug}.xml"
        return Written(files={name: document.encode("utf-8", "replace")}, defects=tuple(self.defects))

    def _report(self, place: str, problem: str, *, item: str = "", dropped: bool = False) -> None:
        self.defects.append(Defect(place=place, problem=problem, item=item, dropped=dropped))

    def _enter(self, concepts: Mapping[str, Concept], keys: tuple[str, ...]) -> None:
        concept = concepts.get(keys[0]) if keys else None
        if concept is None or concept.key == self.category:
            return
        self.category = concept.key
        path = f"$course$/top/{concept.title.replace('/', '//')}"
        info = self.text("info", concept.summary)
        self.parts.append(
            f'<question type="category"><category>{_text(path)}</category>{info}'
            f"{_tag('idnumber', concept.key)}</question>"
        )

    def _exercise(self, exercise: Exercise) -> None:
        if exercise.variables:
            problem = "not in Moodle: variables"
            self._report(f"exercise {exercise.key}", problem, item=exercise.key, dropped=True)
            return
        if len(exercise.steps) > 1:
            problem = "not in Moodle: several steps of one exercise, each becomes a question"
            self._report(f"exercise {exercise.key}", problem, item=exercise.key)
        for step in exercise.steps:
            try:
                self.parts.append(self._question(exercise, step))
            except Inexpressible as problem:
                self._report(f"step {step.key}", str(problem), item=exercise.key, dropped=True)

    def _question(self, exercise: Exercise, step: Step) -> str:
        kind = str(step.answer["kind"])
        if kind not in _WRITERS:
            raise Inexpressible(f"not in Moodle: a step of the kind: {kind}")
        prompt = "\n\n".join(part for part in (exercise.prompt, step.prompt) if part.strip())
        type_, text, inside = _WRITERS[kind](self, step, prompt)
        hints = ""
        for hint in step.hints:
            if hint.kind is HintKind.SCAFFOLD:
                self._report(f"step {step.key}", "not in Moodle: the question of a scaffold", item=exercise.key)
            said = f"**{hint.title}**\n\n{hint.text}" if hint.title else hint.text
            hints += self.text("hint", said)
        tags = "".join(f"<tag>{_text(tag)}</tag>" for tag in exercise.tags)
        key = exercise.key if len(exercise.steps) == 1 else step.key.replace(":", "--")
        name = self._name(exercise.title or markup.readable(prompt)[:80])
        return (
            f'<question type="{type_}">{name}{text}{self.text("generalfeedback", step.solution)}'
            f"<defaultgrade>1</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden>{_tag('idnumber', key)}"
            f"{inside}{hints}{f'<tags>{tags}</tags>' if tags else ''}</question>"
        )

    def _name(self, title: str) -> str:
        return f"<name>{_text(title)}</name>"

    def text(self, tag: str, text: str, *, attributes: str = "", inline: bool = False, more: str = "") -> str:
        """A part with a text of ours, and the figures in it."""
        files = "".join(
            f'<file name="{escape(name)}" path="/" encoding="base64">{base64.b64encode(data).decode()}</file>'
            for name in dict.fromkeys(markup.figure_names(text))
            if (data := self.package.files.get(name)) is not None
        )
        html = to_html(text, figures=lambda name: f"@@PLUGINFILE@@/{name}", inline=inline)
        return f'<{tag}{attributes} format="html">{_text(html)}{files}{more}</{tag}>'

    def answer(self, given: Given, *, plain: bool, more: str = "") -> str:
        """An answer with what it is worth and what is said to it."""
        feedback = self.text("feedback", given.feedback) if given.feedback else ""
        fraction = f' fraction="{percent(given.share)}"'
        if plain:
            return f'<answer{fraction} format="moodle_auto_format">{_text(given.text)}{feedback}{more}</answer>'
        return self.text("answer", given.text, attributes=fraction, inline=True, more=feedback + more)


def _text(text: str) -> str:
    return f"<text>{escape(_CONTROL.sub('', text), quote=False)}</text>"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"


Part = tuple[str, str, str]  # the type, the text of the question, what else there is


def _choices(writing: _Writing, step: Step, prompt: str) -> Part:
    single = step.answer["kind"] == "one_choice"
    inside = f"<single>{str(single).lower()}</single>"
    inside += f"<shuffleanswers>{int(bool(step.answer.get('shuffle')))}</shuffleanswers>"
    inside += "".join(writing.answer(each, plain=False) for each in answers.choices_of(step))
    return "multichoice", writing.text("questiontext", prompt), inside


def _true_false(writing: _Writing, step: Step, prompt: str) -> Part:
    right = "true" if str(step.answer["correct"]).lower() in {"true", "yes"} else "false"
    said = {str(wrong.response): wrong.feedback for wrong in step.wrong_answers}
    inside = "".join(
        writing.answer(Given(text=each, share=Fraction(each == right), feedback=said.get(each, "")), plain=True)
        for each in ("true", "false")
    )
    return "truefalse", writing.text("questiontext", prompt), inside


def _short(writing: _Writing, step: Step, prompt: str) -> Part:
    inside = f"<usecase>{int(str(step.answer.get('case', '')).lower() in {'true', 'yes'})}</usecase>"
    inside += "".join(writing.answer(each, plain=True) for each in answers.texts_of(step))
    return "shortanswer", writing.text("questiontext", prompt), inside


def _number(writing: _Writing, step: Step, prompt: str) -> Part:
    given = answers.numbers_of(step)
    if given is None:
        raise Inexpressible("not in Moodle: a number that is a calculation")
    inside = "".join(
        writing.answer(each, plain=True, more=f"<tolerance>{decimal(each.tolerance)}</tolerance>") for each in given
    )
    required = str(step.answer.get("unit_required", "")).lower() in {"true", "yes"}
    if unit := str(step.answer.get("unit") or ""):
        inside += f"<units><unit><multiplier>1</multiplier>{_tag('unit_name', unit)}</unit></units>"
        inside += f"<unitgradingtype>{int(required)}</unitgradingtype><unitpenalty>{int(required)}</unitpenalty>"
        inside += f"<showunits>{0 if required else 3}</showunits>"
    return "numerical", writing.text("questiontext", prompt), inside


def _expression(writing: _Writing, step: Step, prompt: str) -> Part:
    """Several numbers that are right are expressions with us; other expressions need more than Moodle itself has."""
    accept = step.answer.get("accept") or []
    every = [str(step.answer["value"]), *([accept] if isinstance(accept, str) else map(str, accept))]
    if any(answers.number_of(each) is None for each in every):
        raise Inexpressible("not in Moodle: a step of the kind: expression")
    given = [Given(text=each, share=Fraction(1)) for each in every]
    inside = "".join(writing.answer(each, plain=True, more="<tolerance>0</tolerance>") for each in given)
    return "numerical", writing.text("questiontext", prompt), inside


def _matching(writing: _Writing, step: Step, prompt: str) -> Part:
    answer = step.answer
    used = {str(option) for option in answer["pairs"].values()}
    pairs = [(str(text), str(answer["options"][answer["pairs"][stem]])) for stem, text in answer["stems"].items()]
    pairs += [("", str(text)) for option, text in answer["options"].items() if str(option) not in used]
    inside = "<shuffleanswers>1</shuffleanswers>"
    for stem, option in pairs:
        more = f"<answer>{_text(plain_option(option))}</answer>"
        inside += writing.text("subquestion", stem, inline=True, more=more)
    return "matching", writing.text("questiontext", prompt), inside


def plain_option(text: str) -> str:
    """What belongs to a stem is plain text in Moodle. Raises Inexpressible."""
    if markup.formulas(text) or markup.figure_names(text):
        raise Inexpressible("not in Moodle: formulas or pictures in what belongs to a stem")
    return markup.readable(text)


def _ordering(writing: _Writing, step: Step, prompt: str) -> Part:
    inside = "<layouttype>VERTICAL</layouttype><selecttype>ALL</selecttype><gradingtype>ABSOLUTE_POSITION</gradingtype>"
    for number, item in enumerate(step.answer["correct"], start=1):
        text = str(step.answer["items"][item])
        inside += writing.text("answer", text, attributes=f' fraction="{number}.0000000"', inline=True)
    return "ordering", writing.text("questiontext", prompt), inside


def _essay(writing: _Writing, step: Step, prompt: str) -> Part:
    answer = step.answer
    inside = "<responseformat>editor</responseformat><responserequired>1</responserequired>"
    for theirs, ours in (("minwordlimit", "words_least"), ("maxwordlimit", "words_most")):
        inside += _tag(theirs, str(answer[ours])) if answer.get(ours) else f"<{theirs}/>"
    rubric = answer.get("rubric")
    if rubric and isinstance(rubric, str):
        inside += writing.text("graderinfo", rubric)
    elif rubric:
        raise Inexpressible("not in Moodle: a rubric of several points")
    if answer.get("sample"):
        writing.defects.append(Defect(place=f"step {step.key}", problem="not in Moodle: a sample answer"))
    return "essay", writing.text("questiontext", prompt), inside


def _cloze(writing: _Writing, step: Step, prompt: str) -> Part:
    """Gaps as embedded answers; they are put in once the text is HTML."""
    answer = step.answer
    weights = answer.get("weights") or {}

    def gap(found: re.Match[str]) -> str:
        number = found[1]
        if number not in answer["gaps"]:
            return found[0]
        return escape(f"{{{weights.get(number, 1)}:{_embedded(answer['gaps'][number])}}}", quote=False)

    lead = "" if prompt.strip() == ASK else prompt
    text = writing.text("questiontext", "\n\n".join(part for part in (lead, str(answer["text"])) if part))
    start, end = text.index("<text>"), text.index("</text>")
    return "cloze", text[:start] + re.sub(r"\[\[(\d+)\]\]", gap, text[start:end]) + text[end:], ""


def _embedded(key: Json) -> str:
    step = Step(key="gap", answer=key)
    match key["kind"]:
        case "one_choice":
            given = [(to_html(each.text, inline=True), each.share) for each in answers.choices_of(step)]
            kind = "MULTICHOICE"
        case "text":
            given = [(escape(each.text, quote=False), each.share) for each in answers.texts_of(step)]
            kind = "SHORTANSWER_C" if key.get("case") else "SHORTANSWER"
        case "number" if (numbers := answers.numbers_of(step)) is not None:
            given = [(f"{each.text}:{decimal(each.tolerance)}", each.share) for each in numbers]
            kind = "NUMERICAL"
        case other:
            raise Inexpressible(f"not in Moodle: a gap of the kind: {other}")
    return f"{kind}:" + "~".join(
        ("=" if share == 1 else f"%{percent(share)}%" if share else "") + re.sub(r"([}~#\"/\\])", r"\\\1", text)
        for text, share in given
    )


_WRITERS: dict[str, Callable[[_Writing, Step, str], Part]] = {
    "one_choice": _choices,
    "several_choices": _choices,
    "true_false": _true_false,
    "text": _short,
    "number": _number,
    "expression": _expression,
    "matching": _matching,
    "ordering": _ordering,
    "long_text": _essay,
    "cloze": _cloze,
}
