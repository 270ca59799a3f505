"""An item's text and its interactions as an exercise: one step, several, or a text with gaps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from content import schema
from content.formats.naming import mark_of
from content.formats.qti.parts import Part, Unusable
from content.formats.qti.texts import CLOSE, COMMON, OPEN, Report
from content.package import Exercise, Hint, Json, Step, WrongAnswer

_PLACE = re.compile(f"{OPEN}(\\d+){CLOSE}")
_IN_GAPS = {"text", "number", "one_choice"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """An exercise and what its item has as right, by step."""

    exercise: Exercise
    own_answers: Mapping[str, str | list[str]]


@dataclass(frozen=True, kw_only=True)
class About:
    """What is said of an item besides its question."""

    key: str
    title: str = ""
    common: str = ""  # a text that the question refers to, shown before it
    lesson: str = ""
    licence: str = ""
    attribution: str = ""
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    concepts: tuple[str, ...] = ()
    solution: str = ""
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A step in the making: its prompt, and the parts in it by the numbers of their places."""

    prompt: str
    numbers: tuple[int, ...] = ()


def assemble(about: About, body: str, parts: Mapping[int, Part], *, variables: Json | None = None) -> Made:
    """Make an exercise of Markdown in which places stand for parts. Raises Unusable."""
    before, pieces = _pieces(body, parts)
    if not pieces:
        raise Unusable("nothing is asked")
    single = len(pieces) == 1
    steps, own = [], {}
    for piece in pieces:
        part = _part(piece, parts)
        key = about.key if single else f"{about.key}:{_step_name(part.name)}"
        prompt = "" if single else part.prompt
        steps.append(
            Step(
                key=key,
                answer=part.answer,
                prompt=prompt,
                concepts=about.concepts,
                hints=part.hints,
                wrong_answers=part.wrong_answers,
            )
        )
        own[key] = part.own
        if single:
            before = _joined(before, part.prompt)
    steps[-1] = replace(steps[-1], solution=about.solution, hints=(*steps[-1].hints, *about.hints))
    exercise = Exercise(
        key=about.key,
        title=about.title[: schema.EXERCISE_TITLE_LENGTH],
        prompt=_joined(about.common, before),
        steps=tuple(steps),
        lesson=about.lesson[: schema.TITLE_LENGTH],
        licence=about.licence[: schema.TITLE_LENGTH],
        attribution=about.attribution,
        tags=about.tags,
        difficulty=about.difficulty,
        variables=variables or {},
    )
    return Made(exercise=exercise, own_answers=own)


def _step_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)[:40] or mark_of(name)


def _pieces(body: str, parts: Mapping[int, Part]) -> tuple[str, list[_Piece]]:
    """What stands before the first question, and the questions with what stands before each of them.

    Interactions that stand in the text come together as one question with gaps, up to the next one that stands alone.
    """
    pieces: list[_Piece] = []
    waiting = ""
    gaps: list[int] = []
    start = 0
    for found in _PLACE.finditer(body):
        number = int(found[1])
        if number not in parts:
            continue
        before = body[start : found.start()]
        alone = _stands_alone(body, found)
        if parts[number].inline and (gaps or not alone):
            waiting += f"{before}{OPEN}{number}{CLOSE}"
            gaps.append(number)
        else:
            if gaps:  # a question with gaps ends where one that stands alone begins
                pieces.append(_Piece(waiting, tuple(gaps)))
                waiting, gaps = "", []
            pieces.append(_Piece(_joined(waiting, before.strip()), (number,)))
            waiting = ""
        start = found.end()
    rest = _PLACE.sub("", body[start:])
    if gaps:
        pieces.append(_Piece(waiting + rest, tuple(gaps)))
    elif pieces:
        last = pieces[-1]
        pieces[-1] = replace(last, prompt=_joined(last.prompt, rest.strip()))
    common = ""
    if COMMON in body:
        common, _, rest = pieces[0].prompt.partition(COMMON)
        pieces[0] = replace(pieces[0], prompt=rest.strip())
    elif len(pieces) > 1 and not _PLACE.search(pieces[0].prompt):
        common, own = _split(pieces[0].prompt, others=[piece.prompt for piece in pieces[1:]])
        pieces[0] = replace(pieces[0], prompt=own)
    return common.strip(), pieces


def _split(text: str, *, others: Sequence[str]) -> tuple[str, str]:
    """What stands before the first question: common to all, but for its last paragraph if the others have one too."""
    if not any(others):
        return text, ""
    before, _, last = text.rpartition("\n\n")
    return (text, "") if re.match(r"[|>#\-*\s]|\d+[.)]\s|!\[", last) else (before, last)


def _stands_alone(body: str, found: re.Match[str]) -> bool:
    """Whether nothing but the place is in its paragraph."""
    return (
        body[: found.start()].rpartition("\n")[2].strip() == "" and body[found.end() :].partition("\n")[0].strip() == ""
    )


def _part(piece: _Piece, parts: Mapping[int, Part]) -> Part:
    inside = [parts[number] for number in piece.numbers]
    if len(inside) == 1 and not _PLACE.search(piece.prompt):
        return replace(inside[0], prompt=_joined(piece.prompt, inside[0].prompt))
    return _cloze(piece, inside)


def _cloze(piece: _Piece, inside: Sequence[Part]) -> Part:
    """A text with gaps. Feedback on one gap is kept as that of the whole answer with all the others right."""
    text = piece.prompt
    for index, number in enumerate(piece.numbers, 1):
        text = text.replace(f"{OPEN}{number}{CLOSE}", f"[[{index}]]")
    if unfit := [part.answer["kind"] for part in inside if part.answer["kind"] not in _IN_GAPS]:
        raise Unusable(f"a gap of a kind that has no place in a text: {unfit[0]}")
    own = [str(part.own) for part in inside]
    wrong = [
        replace(one, response=(*own[:index], str(one.response), *own[index + 1 :]), credit="")
        for index, part in enumerate(inside)
        for one in part.wrong_answers
        if one.feedback
    ]
    answer = {"kind": "cloze", "text": text.strip(), "gaps": {str(n): part.answer for n, part in enumerate(inside, 1)}}
    named = {part.name.rpartition("_")[0] for part in inside}  # gaps of one question, as they are written here
    name = named.pop() if len(named) == 1 and "" not in named else inside[0].name
    return Part(
        name=name,
        answer=answer,
        own=own,
        wrong_answers=tuple(wrong),
        hints=tuple(hint for part in inside for hint in part.hints),
    )


def _joined(*texts: str) -> str:
    return "\n\n".join(text.strip() for text in texts if text.strip())


def sound(made: Made, report: Report) -> Made:
    """Drop what would fail in front of a student: wrong answers that are right, steps whose key cannot be used.

    Raises Unusable if no step is left.
    """
    exercise = made.exercise
    bad: set[str] = set()
    for found in schema.check_exercise(exercise, texts=False):
        if not found.step:
            raise Unusable(f"{found.part}: {found.problem}")
        if found.part.startswith("answer"):
            bad.add(found.step)
            report(f"an answer that cannot be used: {found.problem}")
        elif found.part.startswith("wrong answer"):
            report(f"a wrong answer is left out: {found.problem}")
            exercise = _without_wrong(exercise, found.step, int(found.part.split()[2]) - 1)
        elif found.part.startswith("hint"):
            report(f"a hint is left out: {found.problem}")
            exercise = _without_hint(exercise, found.step, int(found.part.split()[1]) - 1)
    steps = tuple(_packed(step) for step in exercise.steps if step.key not in bad)
    if not steps:
        raise Unusable("no step of it can be used")
    return Made(
        exercise=replace(exercise, steps=steps),
        own_answers={key: own for key, own in made.own_answers.items() if key not in bad},
    )


_GONE = WrongAnswer(response="", feedback="\0")
_NO_HINT = Hint(key="", text="\0")


def _without_wrong(exercise: Exercise, key: str, index: int) -> Exercise:
    """With a wrong answer marked as gone, so that the others keep their places until all are found."""
    return replace(
        exercise,
        steps=tuple(
            replace(step, wrong_answers=(*step.wrong_answers[:index], _GONE, *step.wrong_answers[index + 1 :]))
            if step.key == key
            else step
            for step in exercise.steps
        ),
    )


def _without_hint(exercise: Exercise, key: str, index: int) -> Exercise:
    return replace(
        exercise,
        steps=tuple(
            replace(step, hints=(*step.hints[:index], _NO_HINT, *step.hints[index + 1 :])) if step.key == key else step
            for step in exercise.steps
        ),
    )


def _packed(step: Step) -> Step:
    return replace(
        step,
        wrong_answers=tuple(one for one in step.wrong_answers if one is not _GONE),
        hints=tuple(one for one in step.hints if one is not _NO_HINT),
    )
