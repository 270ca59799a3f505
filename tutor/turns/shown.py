"""A turn as a student may see it. Reads: Turn.

Answer keys and solutions whose time has not come are not in a TurnView at all, so no page can leak them.
Texts are Markdown with LaTeX; `figures` says where their pictures are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from content import catalog, grading, package
from content.grading import Field
from content.models import Course, Resource
from students.models import User
from training.predictions import Mattered
from tutor import feedback
from tutor.feedback import Feedback
from tutor.models import Turn
from tutor.turns import resources
from tutor.turns.progress import Progress, Response, StepProgress

WORKED_EXAMPLE = "worked_example"  # the strategy of tutor/policy that starts with the concept's example

SHOWN = ("session__student__preference", "session__course", "exercise", "concept")  # what showing a turn needs


class NotYours(Exception):
    """There is no such turn, or it is another student's: to the asker these are the same."""


class StepState(StrEnum):
    """Where a step stands: later, in hand, or behind."""

    PENDING = "pending"
    CURRENT = "current"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class ScaffoldView:
    """What a scaffold asks, and what came of the answer; `correct` is None while it waits."""

    kind: str  # a content.package.StepKind
    field: Field  # what to answer with
    correct: bool | None
    response: Response | None
    feedback: Feedback | None


@dataclass(frozen=True, kw_only=True)
class HintView:
    """One hint that has been shown; `scaffold` where it asks a smaller question."""

    key: str
    number: int
    total: int
    title: str
    text: str
    scaffold: ScaffoldView | None


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step. `prompt` is empty for steps still pending; `solution` and `right_answer` until the step is done."""

    key: str
    number: int
    prompt: str
    state: StepState
    kind: str  # a content.package.StepKind
    field: Field | None  # what to answer with; None for steps still pending
    hints: tuple[HintView, ...]
    hints_total: int
    hint_label: str  # «Hint 2 of 3», the words on the button; empty when there are no more
    tries: int
    gave_up: bool
    response: Response | None  # the last one given
    feedback: Feedback | None  # on the last answer
    solution: str
    right_answer: str

    @property
    def can_ask_hint(self) -> bool:
        """Whether another hint can be shown."""
        return bool(self.hint_label)


@dataclass(frozen=True, kw_only=True)
class ReasonView:
    """Why this exercise: the policy's code and values, and the sentence for people."""

    code: str
    values: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class TurnView:
    """A turn as its student may see it."""

    token: UUID
    number: int = 1  # place in the session
    state: str  # a tutor.models.Turn.State
    course_id: int
    course_slug: str
    course_title: str
    language: str
    concept_id: int
    concept_title: str
    exercise_id: int
    exercise_revision: int = 1
    seed: int = 0
    theme: str = ""
    title: str
    prompt: str
    licence: str
    attribution: str
    steps: tuple[StepView, ...]
    current: StepView | None  # None when the turn is over
    strategy: str
    example: str  # the concept's worked example where it belongs on the page
    resources: tuple[Resource, ...] = ()  # on what the step in hand is about
    reason: ReasonView
    rests_on: tuple[Mattered, ...] = ()  # the answers that mattered most for the mastery of its concept
    served_at: datetime | None = None
    figures: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Whether there is still something to answer."""
        return self.state == Turn.State.OPEN

    @property
    def can_skip(self) -> bool:
        """Whether «not this now» is on offer."""
        return self.is_open

    @property
    def last(self) -> StepView | None:
        """The step that was answered or given up last, if any."""
        done = [step for step in self.steps if step.state == StepState.DONE]
        return done[-1] if done else None


def find(*, turn_token: UUID | str, student: User, lock: bool = False) -> Turn:
    """The student's turn with all that showing it needs. With `lock`, nobody else can change it in this transaction.

    Raises NotYours for another student's turn and for one that does not exist.
    """
    turns = Turn.objects.select_related(*SHOWN)
    if lock:
        turns = turns.select_for_update(of=("self",))
    try:
        return turns.get(token=turn_token, session__student=student)
    except (Turn.DoesNotExist, ValidationError):
        raise NotYours from None


def view(*, turn_token: UUID | str, student: User) -> TurnView:
    """A turn by its token, open or over. Raises NotYours."""
    return show(find(turn_token=turn_token, student=student))


def current(student: User, course: Course) -> TurnView | None:
    """The turn in hand: the open one, or the last one of the open session while nothing newer was asked for."""
    turn = (
        Turn.objects.filter(session__student=student, session__course=course, session__ended_at=None)
        .select_related(*SHOWN)
        .first()
    )
    return show(turn) if turn and turn.state != Turn.State.SKIPPED else None


def concrete_of(served: TurnView) -> package.Exercise:
    """The exercise of a turn with its blanks filled as they were when it was served, keys and all."""
    return catalog.variant(served.exercise_id, served.exercise_revision, served.seed, served.theme)


def concrete(turn: Turn) -> package.Exercise:
    """The same from the row."""
    return catalog.variant(turn.exercise_id, turn.revision, turn.seed, turn.theme)


def show(turn: Turn) -> TurnView:
    """The view of a turn that was read with all its relations: no query when the course is warm."""
    course = turn.session.course
    exercise = concrete(turn)
    progress = Progress.from_json(turn.progress)
    in_hand = progress.current(exercise.steps) if turn.state == Turn.State.OPEN else None
    steps = tuple(
        step_view(step, number, progress=progress.of(step.key), in_hand=step is in_hand, order=turn.pk)
        for number, step in enumerate(exercise.steps, start=1)
    )
    return TurnView(
        token=turn.token,
        number=turn.number,
        state=turn.state,
        course_id=course.pk,
        course_slug=course.slug,
        course_title=course.title,
        language=course.language,
        concept_id=turn.concept_id,
        concept_title=turn.concept.title,
        exercise_id=turn.exercise_id,
        exercise_revision=turn.revision,
        seed=turn.seed,
        theme=turn.theme,
        title=exercise.title,
        prompt=exercise.prompt,
        licence=exercise.licence,
        attribution=exercise.attribution,
        steps=steps,
        current=next((step for step in steps if step.state == StepState.CURRENT), None),
        strategy=turn.strategy,
        example=_example(turn, steps),
        resources=_resources(turn, in_hand, progress),
        reason=_reason(turn),
        rests_on=Mattered.from_json(turn.evidence),
        served_at=turn.served_at,
        figures=catalog.figures(course.pk, revision=course.revision),
    )


def step_view(step: package.Step, number: int, *, progress: StepProgress, in_hand: bool, order: int = 0) -> StepView:
    """A step as it looks after some progress; what is shuffled is in the order of that number, all through a turn."""
    state = StepState.DONE if progress.done else StepState.CURRENT if in_hand else StepState.PENDING
    reached = state != StepState.PENDING
    total = len(step.hints)
    more = in_hand and progress.hints < total
    return StepView(
        key=step.key,
        number=number,
        prompt=step.prompt if reached else "",
        state=state,
        kind=str(step.answer["kind"]),
        field=grading.field(step.answer, order) if reached else None,
        hints=tuple(
            _hint(hint, place, total, progress, order) for place, hint in enumerate(step.hints[: progress.hints], 1)
        ),
        hints_total=total,
        hint_label=feedback.hint_label(number=progress.hints + 1, total=total) if more else "",
        tries=progress.tries,
        gave_up=progress.gave_up,
        response=progress.response,
        feedback=feedback.words(feedback.Marking.from_json(progress.marking)) if progress.marking else None,
        solution=step.solution if progress.done else "",
        right_answer=right_answer(step.answer) if progress.done else "",
    )


def _hint(hint: package.Hint, number: int, total: int, progress: StepProgress, order: int) -> HintView:
    scaffold = None
    if hint.kind == package.HintKind.SCAFFOLD and hint.answer is not None:
        asked = progress.asked.get(hint.key)
        scaffold = ScaffoldView(
            kind=str(hint.answer["kind"]),
            field=grading.field(hint.answer, order),
            correct=asked["correct"] if asked else None,
            response=asked["response"] if asked else None,
            feedback=feedback.words(feedback.Marking.from_json(asked["marking"])) if asked else None,
        )
    return HintView(key=hint.key, number=number, total=total, title=hint.title, text=hint.text, scaffold=scaffold)


def right_answer(answer: package.Json) -> str:
    """The right answer of a key, as Markdown, for a step that is done."""
    return _spoken(answer, grading.right_answer(answer))


def told(answer: package.Json, response: Response) -> str:
    """A response as people read it, Markdown. Raises Unreadable."""
    return _spoken(answer, grading.told(answer, response))


def _spoken(answer: package.Json, text: str) -> str:
    return gettext(text) if grading.kind_of(answer).speaks else text


def _example(turn: Turn, steps: tuple[StepView, ...]) -> str:
    """The worked example: before practice on something new, and once feedback has offered it."""
    offered = any(step.feedback and step.feedback.offer == feedback.Offer.EXAMPLE for step in steps)
    return turn.concept.example if offered or turn.strategy == WORKED_EXAMPLE else ""


def _resources(turn: Turn, in_hand: package.Step | None, progress: Progress) -> tuple[Resource, ...]:
    if in_hand is None:
        return ()
    session = turn.session
    return resources.offered(session.student, session.course, in_hand, tries=progress.of(in_hand.key).tries)


def _reason(turn: Turn) -> ReasonView:
    values = {name: value for name, value in turn.reason.items() if name != "code"}
    course = turn.session.course
    titles = catalog.course_map(course.pk, course.revision).titles
    return ReasonView(
        code=str(turn.reason["code"]), values=values, sentence=feedback.reason_sentence(turn.reason, titles=titles)
    )
