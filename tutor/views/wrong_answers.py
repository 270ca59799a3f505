"""The actual wrong answers of a class or a student, with the questions they answer. Reads only.

The same answer stands once, with how often it was given; answers that show the same misconception stand together,
whatever the numbers of their variant were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from content import catalog, grading, package, variants
from content.models import Step
from students import history

GROUPS_SHOWN = 4  # misconceptions, and what shows none, of one step
ANSWERS_SHOWN = 6  # different answers of a group
READ = 40  # responses of a step that are looked at
MATHEMATICS = {package.StepKind.NUMBER, package.StepKind.EXPRESSION}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One wrong answer as it is shown. `latex` where it could be read as mathematics, else `texts`."""

    latex: str
    texts: tuple[str, ...]  # Markdown for choices, typed text otherwise
    is_choice: bool
    gave_up: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Answers that show the same misconception (empty: none that is known), each with how often it was given."""

    misconception: str
    count: int
    answers: tuple[tuple[Answered, int], ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A step that was answered wrongly: what it asks in its most answered variant, and the answers."""

    prompt: str
    step_prompt: str
    varies: bool  # other students had other numbers
    tries: int
    wrong: int
    groups: tuple[Group, ...]


def questions(found: Sequence[history.WrongStep]) -> list[Question]:
    """The steps with their texts. One query, and what the catalog does not hold yet."""
    steps = Step.objects.select_related("exercise").in_bulk([one.step_id for one in found])
    return [_question(one, steps[one.step_id]) for one in found if one.step_id in steps]


def _question(found: history.WrongStep, row: Step) -> Question:
    first = _concrete(row, found.responses[0].seed)
    return Question(
        prompt=first.prompt,
        step_prompt=_step(first, row.key).prompt,
        varies=any(one.seed != found.responses[0].seed for one in found.responses),
        tries=found.tries,
        wrong=found.wrong,
        groups=_groups(found.responses[:READ], row),
    )


def _groups(responses: Iterable[history.WrongResponse], row: Step) -> tuple[Group, ...]:
    """The responses by misconception, the most frequent first; what shows none comes last."""
    counts: dict[str, dict[Answered, int]] = {}
    for one in responses:
        group = counts.setdefault(one.misconception, {})
        shown = _answered(one, row)
        group[shown] = group.get(shown, 0) + one.count
    groups = [
        Group(
            misconception=misconception,
            count=sum(answers.values()),
            answers=tuple(sorted(answers.items(), key=lambda pair: -pair[1])[:ANSWERS_SHOWN]),
        )
        for misconception, answers in counts.items()
    ]
    return tuple(sorted(groups, key=lambda group: (not group.misconception, -group.count))[:GROUPS_SHOWN])


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
