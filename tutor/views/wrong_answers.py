"""The actual wrong answers of a class or a student, with the questions they answer. Reads only.

The same answer stands once, with how often it was given; answers that show the same misconception stand together,
whatever the numbers of their variant were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from content import catalog, grading, package
from content.models import Step
from students import history
from tutor.turns.shown import told

GROUPS_SHOWN = 4  # misconceptions, and what shows none, of one step
ANSWERS_SHOWN = 6  # different answers of a group
READ = 40  # responses of a step that are looked at


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One wrong answer as it is shown: `text`, or as it was `typed` where today's key cannot read it."""

    text: str  # Markdown
    typed: str
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
    steps = Step.objects.in_bulk([one.step_id for one in found])
    return [_question(one, steps[one.step_id]) for one in found if one.step_id in steps]


def _question(found: history.WrongStep, row: Step) -> Question:
    first = _concrete(row, found.responses[0])
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


def _concrete(row: Step, found: history.WrongResponse) -> package.Exercise:
    return catalog.variant(row.exercise_id, found.revision, found.seed, found.theme)


def _step(exercise: package.Exercise, key: str) -> package.Step:
    """The step of this key; a retired one is no longer in its exercise, and has nothing to say."""
    return next((step for step in exercise.steps if step.key == key), package.Step(key=key, answer={"kind": "text"}))


def _answered(found: history.WrongResponse, row: Step) -> Answered:
    if found.response is None:
        return Answered(text="", typed="", gave_up=True)
    step = _step(_concrete(row, found), row.key)
    try:
        return Answered(text=told(step.answer, found.response), typed="", gave_up=False)
    except (grading.Unreadable, grading.KeyProblem):
        typed = found.response if isinstance(found.response, str) else " | ".join(found.response)
        return Answered(text="", typed=typed, gave_up=False)
