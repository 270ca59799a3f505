"""What earlier answers are graded by once a key was corrected: the key of now, in the variant they were given to.

Reads: Regrading, exercises of a course.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from content import catalog, grading, markup, package
from content.package import StepKind
from content.variants import VariantProblem
from students import records
from students.models import Regrading
from tutor.models import Turn

TYPED = {
    StepKind.NUMBER,
    StepKind.EXPRESSION,
    StepKind.EQUATION,
    StepKind.INEQUALITY,
    StepKind.LIST,
    StepKind.MATRIX,
    StepKind.TEXT,
}  # a response to one of them is a text, and may be read as another
SHOWN = ("choices", "stems", "options", "columns", "rows", "text")  # of a key, to the student


class Left(StrEnum):
    """Why an answer cannot be graded by the key of now, and is left as it is."""

    GONE = "gone"  # the step is no longer in the exercise, or was not in it then
    VARIABLES = "variables"  # the numbers of the variant are drawn in another way now
    REWORDED = "reworded"  # another question was asked
    KIND = "kind"  # another kind of answer is asked for
    UNREADABLE = "unreadable"  # cannot be read by the key of now
    NO_RESPONSE = "no_response"  # it is not known what was answered
    BY_PERSON = "by_person"  # a person judges this


def judge(exercise: package.Exercise, step: package.Step, response: grading.Response) -> grading.Grade:
    """Grade a response to a step of a concrete exercise. Raises Unreadable."""
    key, given = grading.parse_key(step.answer), formulas(exercise.title, exercise.prompt, step.prompt)
    return grading.grade(key, response, wrong_answers=step.wrong_answers, given=given)


def formulas(*texts: str) -> list[str]:
    """The formulas of what was asked: an answer that only repeats one of them is no answer."""
    return [formula for text in texts if "$" in text for formula in markup.formulas(text)]


def obstacle(exercise_id: int, step_key: str, *, served: int, wanted: int, reworded: bool) -> Left | None:
    """Why answers to one revision cannot be graded by the key of another, or None where they can."""
    if served == wanted:
        return None
    found = _obstacle(exercise_id, step_key, served, wanted)
    return None if found == Left.REWORDED and reworded else found


def in_force(turn: Turn, step: package.Step) -> package.Step:
    """The step of a turn with the key that counts for it: that of the latest regrading, where the turn is older.

    Until the transaction ends no regrading moves the student's record, so that none can miss this answer.
    """
    if turn.revision == turn.exercise.revision:
        return step
    records.lock_student(turn.session.student_id)
    regradings = Regrading.objects.filter(
        step__exercise=turn.exercise_id, step__key=step.key, state=Regrading.State.DONE, undone_at=None
    )
    latest = regradings.filter(key__isnull=False, revision__gt=turn.revision).order_by("-pk").first()
    if latest is None:
        return step
    revisions = {"served": turn.revision, "wanted": latest.revision}
    if obstacle(turn.exercise_id, step.key, **revisions, reworded=latest.reworded):
        return step
    try:
        exercise = catalog.variant(turn.exercise_id, latest.revision, turn.seed, turn.theme)
    except VariantProblem:
        return step
    return next(one for one in exercise.steps if one.key == step.key)


def step_of(exercise: package.Exercise, key: str) -> package.Step | None:
    """The step of that key, if the exercise has it."""
    return next((step for step in exercise.steps if step.key == key), None)


@lru_cache(maxsize=1024)
def _obstacle(exercise_id: int, step_key: str, served: int, wanted: int) -> Left | None:
    then, now = catalog.exercise(exercise_id, served), catalog.exercise(exercise_id, wanted)
    was, is_now = step_of(then, step_key), step_of(now, step_key)
    if was is None or is_now is None:
        return Left.GONE
    if _plain(then.variables) != _plain(now.variables):
        return Left.VARIABLES
    kinds = {StepKind(was.answer["kind"]), StepKind(is_now.answer["kind"])}
    if len(kinds) > 1 and not kinds <= TYPED:
        return Left.KIND
    texts = [(_words(one.prompt), _words(step.prompt)) for one, step in ((then, was), (now, is_now))]
    same = texts[0] == texts[1] and (len(kinds) > 1 or _shown(was.answer) == _shown(is_now.answer))
    return None if same else Left.REWORDED


def _shown(answer: Mapping[str, Any]) -> list[Any]:
    """What of a key the student sees."""
    names = [name for name in SHOWN if name != "rows" or answer["kind"] == StepKind.TABLE]
    return [_plain(answer.get(name)) for name in (*names, *(["items"] if answer["kind"] == StepKind.ORDERING else []))]


def _plain(part: Any) -> Any:
    """Mappings and lists all the way down, with every scalar as its text."""
    if isinstance(part, Mapping):
        return {str(name): _plain(value) for name, value in part.items()}
    return [_plain(one) for one in part] if isinstance(part, list | tuple) else str(part)


def _words(text: str) -> str:
    return " ".join(text.split())
