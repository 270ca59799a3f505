"""The actual wrong answers of a class or a student, with the questions they answer. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from content import catalog, grading, package, variants
from content.models import Step
from students import history

SHOWN = 5  # different wrong answers to one step
MATHEMATICS = {package.StepKind.NUMBER, package.StepKind.EXPRESSION}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One wrong answer as it is shown. `latex` where it could be read as mathematics, else `texts`."""

    latex: str
    texts: tuple[str, ...]  # Markdown for choices, typed text otherwise
    is_choice: bool
    gave_up: bool
    misconception: str
    count: int
    students: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Question:
    """A step that was answered wrongly: what it asks in its most answered variant, and the answers."""

    prompt: str
    step_prompt: str
    tries: int
    wrong: int
    answers: tuple[Answered, ...]


def questions(found: Sequence[history.WrongStep]) -> list[Question]:
    """The steps with their texts. One query, and what the catalog does not hold yet."""
    steps = Step.objects.select_related("exercise").in_bulk([one.step_id for one in found])
    return [_question(one, steps[one.step_id]) for one in found if one.step_id in steps]


def _question(found: history.WrongStep, row: Step) -> Question:
    first = _concrete(row, found.responses[0].seed)
    return Question(
        prompt=first.prompt,
        step_prompt=_step(first, row.key).prompt,
        tries=found.tries,
        wrong=found.wrong,
        answers=tuple(_answered(one, row) for one in found.responses[:SHOWN]),
    )


def _concrete(row: Step, seed: int) -> package.Exercise:
    return variants.instantiate(catalog.exercise(row.exercise_id, row.exercise.revision), seed)


def _step(exercise: package.Exercise, key: str) -> package.Step:
    """The step of this key; a retired one is no longer in its exercise, and has nothing to say."""
    return next((step for step in exercise.steps if step.key == key), package.Step(key=key, answer={"kind": "text"}))


def _answered(found: history.WrongResponse, row: Step) -> Answered:
    step = _step(_concrete(row, found.seed), row.key)
    choices = step.answer.get("choices", {})
    return Answered(
        latex=_latex(step.answer, found.response),
        texts=tuple(str(choices.get(one, one)) for one in _listed(found.response)),
        is_choice=bool(choices),
        gave_up=found.response is None,
        misconception=found.misconception,
        count=found.count,
        students=found.students,
        last_at=found.last_at,
    )


def _listed(response: str | list[str] | None) -> Iterable[str]:
    if response is None:
        return ()
    return (response,) if isinstance(response, str) else response


def _latex(answer: package.Json, response: str | list[str] | None) -> str:
    """How it was read, or nothing when it is no mathematics, or cannot be read by today's key."""
    if not isinstance(response, str) or answer["kind"] not in MATHEMATICS:
        return ""
    try:
        return grading.read_as(grading.parse_key(answer), response)
    except (grading.Unreadable, grading.KeyProblem):
        return ""
