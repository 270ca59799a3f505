"""Wrong answers that a misconception's rule makes in a variant, and the choices made of them.

A computed wrong answer is left out where it comes out right, equals another, or its rule does not apply. The ids of
choices are hashes that tell nothing; sorting by them shuffles, and leaving one out does not rename the others.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from content import grading, mathematics, rewriting
from content.mathematics import trees
from content.package import Rewriting, Step, StepKind, WrongAnswer
from content.variants.template import VariantProblem

MAX_CHOICES = 6
KINDS = frozenset(
    {
        StepKind.NUMBER,
        StepKind.EXPRESSION,
        StepKind.EQUATION,
        StepKind.INEQUALITY,
        StepKind.LIST,
        StepKind.TEXT,
        StepKind.ONE_CHOICE,
    }
)  # whose answers can be computed from a formula
_FORMULA = re.compile(r"\$([^$]+)\$")
_NEARLY = {grading.Reason.FORM, grading.Reason.UNIT, grading.Reason.MISSING_UNIT, grading.Reason.ROUNDING}
_YES = {"true", "yes", "on", "1"}

Rules = Mapping[str, Sequence[Rewriting]]


def is_computed(step: Step) -> bool:
    """Whether anything in a step has to be computed."""
    return has_distractors(step.answer) or any(wrong.applied_to for wrong in step.wrong_answers)


def has_distractors(answer: Mapping[str, Any]) -> bool:
    """Whether an answer key asks for choices made of wrong answers."""
    return answer.get("kind") == StepKind.ONE_CHOICE and str(answer.get("distractors", "")).lower() in _YES


def completed(step: Step, rules: Rules, seed: int) -> Step:
    """A step without blanks, its computed wrong answers filled in. Raises VariantProblem."""
    if has_distractors(step.answer):
        return _with_choices(step, rules, seed)
    kept: list[WrongAnswer] = []
    for wrong in step.wrong_answers:
        if not wrong.applied_to:
            kept.append(wrong)
        elif (made := _applied(wrong, rules)) is not None:
            response = _response(made, step.answer)
            if response and _is_wrong(step.answer, response, kept):
                kept.append(replace(wrong, response=response))
    return replace(step, wrong_answers=tuple(kept))


def problems(step: Step, rules: Rules) -> Iterator[str]:
    """Say what can never work in the computed wrong answers of a step without blanks."""
    for wrong in step.wrong_answers:
        if not wrong.applied_to:
            continue
        if step.answer.get("kind") not in KINDS:
            yield f"applied_to: wrong answers of this kind cannot be computed: {step.answer.get('kind')}"
        elif not rules.get(wrong.misconception):
            yield f"applied_to: a misconception with a rule is needed: {wrong.misconception or wrong.applied_to}"
        else:
            try:
                rewriting.rewrite(wrong.applied_to, rules[wrong.misconception])
            except mathematics.Unreadable as problem:
                yield f"applied_to: it or a rule of its misconception cannot be read: {wrong.applied_to}: {problem}"


def _applied(wrong: WrongAnswer, rules: Rules) -> trees.Node | None:
    """What comes of the formula; None where no rule applies. What can never work is said by `problems`."""
    try:
        return rewriting.rewrite(wrong.applied_to, rules.get(wrong.misconception, ()))
    except mathematics.Unreadable:
        return None


def _response(made: trees.Node, answer: Mapping[str, Any]) -> str:
    """A formula as a student would answer with it; "" where this kind of step cannot be answered so."""
    kind = answer.get("kind")
    if kind == StepKind.ONE_CHOICE:
        return next((name for name, text in answer.get("choices", {}).items() if _is_same(_shown(made), text)), "")
    if kind == StepKind.NUMBER:
        size = _solved(made)
        return "" if size.names else f"{_plain(size)} {answer.get('unit') or ''}".strip()
    return mathematics.latex(made) if kind in KINDS else ""


def _plain(size: trees.Node) -> str:
    """A number as it is typed: 2/7 and not \\frac{2}{7}."""
    is_fraction = size.value is not None and any(isinstance(part, trees.Quotient) for part in trees.walk(size))
    return str(size.value) if is_fraction else mathematics.latex(size)


def _solved(made: trees.Node) -> trees.Node:
    """What an equation says its variable is; anything else as it is."""
    match made:
        case trees.Relation(sides=(trees.Name(), right), signs=("=",)):
            return right
        case trees.Relation(sides=(left, trees.Name()), signs=("=",)):
            return left
    return made


def _is_wrong(answer: Mapping[str, Any], response: str, others: Sequence[WrongAnswer]) -> bool:
    """Whether a response is wrong, and none of the others."""
    try:
        grade = grading.grade(grading.parse_key(answer), response, wrong_answers=others)
    except (grading.Unreadable, grading.KeyProblem):
        return False
    return not grade.correct and grade.reason not in _NEARLY and grade.wrong_answer is None


def _with_choices(step: Step, rules: Rules, seed: int) -> Step:
    """The step with its choices: the right one, the author's, and those of computed wrong answers."""
    answer = step.answer
    right = str(answer.get("right", ""))
    authored = {str(name): str(text) for name, text in (answer.get("choices") or {}).items()}
    texts, ids = {"right": right}, {name: f"choice {name}" for name in authored}
    texts |= {ids[name]: text for name, text in authored.items()}
    kept: list[WrongAnswer] = []
    for number, wrong in enumerate(step.wrong_answers, 1):
        if not wrong.applied_to:
            kept.append(replace(wrong, response=_id(step.key, seed, ids.get(str(wrong.response), ""))))
            continue
        made = _applied(wrong, rules)
        text = "" if made is None else _like(right, _shown(made))
        if text and len(texts) < MAX_CHOICES and not any(_is_same(text, other) for other in texts.values()):
            texts[f"wrong {number}"] = text
            kept.append(replace(wrong, response=_id(step.key, seed, f"wrong {number}")))
    choices = dict(sorted((_id(step.key, seed, name), text) for name, text in texts.items()))
    if len(choices) < 2:
        raise VariantProblem(f"{step.key}: nothing to choose from but the right answer: {right}")
    key = {name: value for name, value in answer.items() if name not in ("distractors", "right", "choices")}
    key |= {"choices": choices, "correct": _id(step.key, seed, "right"), "shuffle": True}
    return replace(step, answer=key, wrong_answers=tuple(kept))


def _id(step: str, seed: int, name: str) -> str:
    return hashlib.sha256(f"{step}:{seed}:{name}".encode()).hexdigest()[:8]


def _shown(made: trees.Node) -> str:
    return f"${mathematics.latex(made)}$"


def _like(right: str, formula: str) -> str:
    """The formula in the words around the right one, where that is a single formula with words: `$5$ km`."""
    return _FORMULA.sub(lambda _: formula, right) if len(_FORMULA.findall(right)) == 1 else formula


def _is_same(left: str, right: str) -> bool:
    """Whether two choices say the same: equal texts, or equal words around equivalent formulas."""
    if " ".join(left.split()) == " ".join(right.split()):
        return True
    ours, theirs = _FORMULA.findall(left), _FORMULA.findall(right)
    if len(ours) != len(theirs) or _FORMULA.sub("$", left).split() != _FORMULA.sub("$", right).split():
        return False
    return bool(ours) and all(_are_equivalent(one, other) for one, other in zip(ours, theirs, strict=True))


def _are_equivalent(left: str, right: str) -> bool:
    read = [*_read(left), *_read(right)]
    return len(read) == 2 and mathematics.is_equivalent(*read)


def _read(formula: str) -> Iterator[trees.Node]:
    try:
        yield mathematics.parse(formula)
    except mathematics.Unreadable:
        return
