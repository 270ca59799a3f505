"""Writes: exercises with all their parts, any number at once, and a version of each. The caller has the transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from content import package, search, versions
from content.models import Concept, Exercise, Hint, Misconception, Step, WrongAnswer

BATCH = 1000
_TEXTS = ("title", "prompt", "lesson", "licence", "attribution")
FIELDS = (
    *(*_TEXTS, "variables", "tags", "difficulty", "position", "fingerprint"),
    *("retired", "published", "draft", "draft_by", "draft_at", "revision"),
)  # what `fill` sets and an import places

Pairs = Sequence[tuple[package.Exercise, Exercise]]


def fill(row: Exercise, exercise: package.Exercise) -> None:
    """Let a row, not stored yet, say what the exercise itself says, under its next revision; a draft has its end."""
    for name in _TEXTS:
        setattr(row, name, getattr(exercise, name))
    row.variables = dict(exercise.variables)
    row.tags = list(exercise.tags)
    row.difficulty = float(exercise.difficulty) if exercise.difficulty else None
    row.retired, row.published = False, True
    row.draft = row.draft_by = row.draft_at = None
    row.revision += 1


def write_parts(
    written: Pairs,
    concepts: Mapping[str, Concept],
    misconceptions: Mapping[str, Misconception],
    *,
    author: Any = None,
    note: str = "",
) -> None:
    """Write the parts of exercises whose rows are stored. Steps keep their ids, hints and the like do not."""
    owners = [row.pk for _, row in written]
    Step.objects.filter(exercise__in=owners).update(retired=True)
    wanted = [(step, row.pk, position) for exercise, row in written for position, step in enumerate(exercise.steps)]
    Step.objects.bulk_create(
        [
            Step(
                exercise_id=owner,
                key=step.key,
                position=position,
                kind=step.answer["kind"],
                prompt=step.prompt,
                answer=dict(step.answer),
                solution=step.solution,
                retired=False,
            )
            for step, owner, position in wanted
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["exercise", "key"],
        update_fields=["position", "kind", "prompt", "answer", "solution", "retired"],
    )
    # In no order: the usual one joins two tables, which the planner does badly in the middle of a large import.
    stored = Step.objects.filter(exercise__in=owners).order_by().values_list("pk", "exercise_id", "key")
    ids = {(owner, key): pk for pk, owner, key in stored}
    _of_steps([(step, ids[owner, step.key]) for step, owner, _ in wanted], concepts, misconceptions)
    versions.record(((row, exercise) for exercise, row in written), author=author, note=note)
    search.index(exercises=owners)


def _of_steps(
    steps: Sequence[tuple[package.Step, int]],
    concepts: Mapping[str, Concept],
    misconceptions: Mapping[str, Misconception],
) -> None:
    step_ids = [pk for _, pk in steps]
    practise = Step.concepts.through
    for model in (practise, Hint, WrongAnswer):
        model._default_manager.filter(step__in=step_ids).delete()
    practise._default_manager.bulk_create(
        [practise(step_id=pk, concept_id=concepts[key].pk) for step, pk in steps for key in step.concepts],
        batch_size=BATCH,
    )
    Hint.objects.bulk_create(
        [_hint(hint, pk, position) for step, pk in steps for position, hint in enumerate(step.hints)],
        batch_size=BATCH,
    )
    WrongAnswer.objects.bulk_create(
        [
            WrongAnswer(
                step_id=pk,
                position=position,
                response=list(wrong.response) if isinstance(wrong.response, tuple) else wrong.response,
                applied_to=wrong.applied_to,
                credit=wrong.credit,
                feedback=wrong.feedback,
                misconception=misconceptions[wrong.misconception] if wrong.misconception else None,
            )
            for step, pk in steps
            for position, wrong in enumerate(step.wrong_answers)
        ],
        batch_size=BATCH,
    )


def _hint(hint: package.Hint, step_id: int, position: int) -> Hint:
    return Hint(
        step_id=step_id,
        key=hint.key,
        position=position,
        kind=hint.kind.value,
        title=hint.title,
        text=hint.text,
        answer=dict(hint.answer) if hint.answer else None,
    )
