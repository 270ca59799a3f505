"""A text with gaps, each graded as a kind of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar

from content.grading.grades import Grade, Response
from content.grading.keys import KeyProblem, KeyReader
from content.grading.kind import (
    OPEN,
    AnswerKey,
    Field,
    Input,
    Kind,
    Layout,
    Option,
    Part,
    Reads,
    Shape,
    Widget,
    escaped,
    gettext_noop,
    numbered,
)
from content.grading.kinds import expression, number, one_choice, text
from content.grading.places import Place, judged, same_texts
from content.grading.responses import at_place, texts, texts_so_far
from content.mathematics import Unreadable
from content.package import Json, StepKind, WrongAnswer

GAP = re.compile(r"\[\[([^\[\]\s]{1,20})\]\]")
_IN_FORMULA = re.compile(r"\$\$.*?\$\$|(?<!\\)\$(?!\s)[^$\n]*?(?<![\s\\])\$(?!\d)", re.S)
MOST_GAPS = 30
KINDS: Mapping[str, Kind[Any]] = {kind.KIND.name: kind.KIND for kind in (text, number, expression, one_choice)}
SIZES = {StepKind.TEXT: 10, StepKind.NUMBER: 5, StepKind.EXPRESSION: 8}


@dataclass(frozen=True, kw_only=True)
class ClozeKey:
    """The keys of the gaps, in the order in which they stand in the text, and their weights."""

    kind: ClassVar[StepKind] = StepKind.CLOZE
    gaps: Mapping[str, AnswerKey]
    weights: Mapping[str, float]


class Cloze(Kind[ClozeKey]):
    """Inputs within a text. The response is one text for each gap, in the order of the text."""

    name = StepKind.CLOZE
    title = gettext_noop("Text with gaps")
    reads = Reads.MARKDOWN
    form = (
        Part(
            name="text",
            shape=Shape.PROSE,
            label=gettext_noop("Text"),
            help=gettext_noop("A gap is its name in double brackets, such as [[1]]."),
            needed=True,
        ),
        Part(
            name="gaps",
            shape=Shape.KEYS,
            label=gettext_noop("Gaps"),
            options=tuple(Option(id=name, word=kind.title) for name, kind in KINDS.items()),
            needed=True,
        ),
        Part(name="weights", shape=Shape.SHARES_OF, of="gaps", label=gettext_noop("Weights")),
    )
    example: Json = {
        "kind": "cloze",
        "text": "A square of side 3 has [[1]] corners and the area [[2]].",
        "gaps": {"1": {"kind": "text", "accept": ["four", "4"]}, "2": {"kind": "number", "value": "9"}},
    }

    def parse(self, answer: Json) -> ClozeKey:
        """Read text, gaps and weights."""
        reader = KeyReader(answer)
        reader.only("text", "gaps", "weights")
        names = GAP.findall(reader.text("text"))
        given = answer.get("gaps")
        gaps: Mapping[str, Any] = {str(name): key for name, key in given.items()} if isinstance(given, Mapping) else {}
        reader.problems += _gap_problems(reader.text("text"), names, gaps)
        keys = {name: key for name in names if name in gaps and (key := _gap(reader, name, gaps[name])) is not None}
        weights = _weights(reader, names)
        reader.finish()
        return ClozeKey(gaps=keys, weights=weights)

    def grade(self, key: ClozeKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade gap by gap. Raises Unreadable with the gap's place."""
        given = texts(response, len(key.gaps))
        grades = [
            _in(place, gap, one) for place, (gap, one) in enumerate(zip(key.gaps.values(), given, strict=True), 1)
        ]
        places = [
            Place(correct=grade.correct, form=grade.details.get("form", "") if grade.is_message else "", weight=weight)
            for grade, weight in zip(grades, key.weights.values(), strict=True)
        ]
        return judged(places, self.read_as(key, given), part="gap", wrong_answer=_recognised(key, given, wrong_answers))

    def read_as(self, key: ClozeKey, response: Response) -> str:
        """Gap by gap, Markdown, those that are filled so far. Raises Unreadable."""
        given = texts_so_far(response, len(key.gaps))
        pairs = zip(key.gaps.values(), given, strict=True)
        return numbered([_told(place, gap, one) if one else OPEN for place, (gap, one) in enumerate(pairs, 1)])

    def field(self, answer: Json, seed: int) -> Field:
        """The text with an input at each gap."""
        inputs: list[Input] = []
        for name in GAP.findall(str(answer["text"])):
            gap = {str(one): key for one, key in answer["gaps"].items()}[name]
            inner = KINDS[gap["kind"]].field(gap, seed).inputs[0]
            widget = Widget.SELECT if inner.widget == Widget.CHOICE else inner.widget
            inputs.append(replace(inner, widget=widget, place=len(inputs), size=SIZES.get(gap["kind"], 0)))
        numbered = iter(range(1, len(inputs) + 1))
        return Field(
            label=gettext_noop("Fill the gaps"),
            inputs=tuple(inputs),
            layout=Layout.INLINE,
            reads=self.reads,
            is_list=True,
            text=GAP.sub(lambda _: f"[[{next(numbered)}]]", str(answer["text"])),
        )

    def right_response(self, answer: Json) -> Response:
        """What is right in each gap."""
        return [str(KINDS[gap["kind"]].right_response(gap)) for gap in _in_order(answer)]

    def right_answer(self, answer: Json) -> str:
        """The text with what is right in each gap, in bold."""
        shown = iter([KINDS[gap["kind"]].right_answer(gap) for gap in _in_order(answer)])
        return GAP.sub(lambda _: f"**{next(shown)}**", str(answer["text"]))

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """A guess in one gap."""
        found = list(map(str, self.right_response(answer)))
        place = rng.randrange(len(found))
        gap = _in_order(answer)[place]
        found[place] = str(next(KINDS[gap["kind"]].guesses(gap, rng)))
        yield found


def _in_order(answer: Json) -> list[Json]:
    gaps = {str(name): gap for name, gap in answer["gaps"].items()}
    return [gaps[name] for name in GAP.findall(str(answer["text"]))]


def _gap_problems(written: str, names: Sequence[str], gaps: Mapping[str, Any]) -> Iterator[str]:
    if not names:
        yield "text: there is no gap such as [[1]] in it"
    if len(names) > MOST_GAPS:
        yield f"text: too many gaps: at most {MOST_GAPS}"
    yield from (f"text: a gap stands there twice: {name}" for name in sorted(set(names)) if names.count(name) > 1)
    yield from (f"gaps: no such gap in the text: {name}" for name in gaps if name not in names)
    yield from (f"gaps: a gap is missing: {name}" for name in dict.fromkeys(names) if name not in gaps)
    for formula in _IN_FORMULA.findall(written):
        yield from (
            f"text: a gap within a formula, put it outside of the dollars: {name}" for name in GAP.findall(formula)
        )


def _gap(reader: KeyReader, name: str, gap: Any) -> AnswerKey | None:
    kind = KINDS.get(str(gap.get("kind"))) if isinstance(gap, Mapping) else None
    if kind is None:
        reader.problems.append(f"gaps: a kind that a gap cannot have: {name}: possible are: {', '.join(KINDS)}")
        return None
    try:
        found: AnswerKey = kind.parse(gap)
    except KeyProblem as problem:
        reader.problems += [f"gaps: {name}: {one}" for one in problem.problems]
        return None
    return found


def _weights(reader: KeyReader, names: Sequence[str]) -> dict[str, float]:
    found = dict.fromkeys(names, 1.0)
    for name, weight in reader.mapping("weights", needed=False).items():
        try:
            size = float(weight)
        except ValueError:
            size = 0.0
        if name not in found or not 0 < size <= 1000:
            reader.problems.append(f"weights: not the name of a gap and a number above 0: {name}")
        else:
            found[name] = size
    return found


def _in(place: int, gap: AnswerKey, given: str) -> Grade:
    try:
        return KINDS[gap.kind].grade(gap, given, ())
    except Unreadable as problem:
        raise at_place(problem, place) from None


def _told(place: int, gap: AnswerKey, given: str) -> str:
    kind = KINDS[gap.kind]
    try:
        found = kind.read_as(gap, given)
    except Unreadable as problem:
        raise at_place(problem, place) from None
    if kind.reads == Reads.LATEX:
        return f"${found}$"
    return gap.choices[found] if isinstance(gap, one_choice.OneChoiceKey) else escaped(found)


def _recognised(key: ClozeKey, given: list[str], wrong_answers: Sequence[WrongAnswer]) -> int | None:
    """A foreseen wrong answer names what stands in each gap, "" for any; numbers and texts are compared as such."""
    if (index := same_texts(wrong_answers, given)) is not None:
        return index
    for index, foreseen in enumerate(wrong_answers):
        expected = list(foreseen.response) if isinstance(foreseen.response, tuple) else []
        if len(expected) != len(given) or not any(expected):
            continue
        pairs = zip(key.gaps.values(), expected, given, strict=True)
        if all(not wanted or _is_recognised(gap, wanted, one) for gap, wanted, one in pairs):
            return index
    return None


def _is_recognised(gap: AnswerKey, wanted: str, given: str) -> bool:
    foreseen = (WrongAnswer(response=wanted, feedback=""),)
    grade = KINDS[gap.kind].grade(gap, given, foreseen)
    return grade.wrong_answer == 0 or (grade.correct and _rightly(gap, wanted))


def _rightly(gap: AnswerKey, wanted: str) -> bool:
    try:
        return KINDS[gap.kind].grade(gap, wanted, ()).correct
    except Unreadable:
        return False


KIND = Cloze()
