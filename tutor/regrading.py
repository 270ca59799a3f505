"""A corrected key, and everyone who answered: a plan that says what would change, the regrading, and its undoing.

An attempt stays as it was made; what it counts as now is a new row (students/corrections). Reads and writes: Regrading.
A plan is made in the same way before a regrading, to be shown, and in it, to be carried out.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Count

from content import catalog, grading
from content.models import Misconception, Step
from content.variants import VariantProblem
from students import corrections, records
from students.corrections import Verdict
from students.models import Attempt, AttemptQuerySet, Regrading, User
from training import predictions, queue
from tutor.models import Turn
from tutor.turns import keys
from tutor.turns.keys import Left

AT_ONCE = 200  # answers that are graded while their author waits; more go to a worker
PORTION = 2000
KEPT = 3600  # seconds that a plan made by a worker can be looked at
LEASE = 60  # seconds without a word, after which a worker counts as lost
REGRADE, PREPARE = "tutor.tasks.regrade", "tutor.tasks.prepare_regrading"

Progress = Callable[[int, int], None]  # answers looked at, of how many


@dataclass(frozen=True, kw_only=True)
class Change:
    """An answer that would count as something else: what it was, what it counts as so far, and what it would."""

    attempt_id: int
    student_id: int
    at: datetime
    revision: int
    seed: int
    theme: str
    response: grading.Response | None
    read_as: str
    before: Verdict
    after: Verdict

    @property
    def code(self) -> str:
        """What kind of change it is."""
        if not self.after.counted and self.before.counted:
            return "set_aside"
        if self.after.correct != self.before.correct:
            return "now_right" if self.after.correct else "now_wrong"
        return "counts_again" if self.after.counted != self.before.counted else "credit"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a regrading would do. `left` are answers that stay as they are, by why."""

    looked_at: int
    changes: tuple[Change, ...]
    left: Counter[Left]

    @cached_property
    def figures(self) -> dict[str, int]:
        """How many answers and students, in all and by kind of change."""
        kinds = Counter(change.code for change in self.changes)
        return {
            "looked_at": self.looked_at,
            "changed": len(self.changes),
            "students": len({change.student_id for change in self.changes}),
            **dict(sorted(kinds.items())),
            **{f"left_{why}": count for why, count in sorted(self.left.items())},
        }


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """A step with answers that were graded by an earlier revision of its exercise and not looked at since."""

    step_id: int
    key: str
    answers: int


class KeyChanged(Exception):
    """The exercise was changed since the plan was shown: it has to be looked at again."""


class AlreadyWaiting(Exception):
    """A regrading of this step is waiting already."""

    def __init__(self, regrading: Regrading) -> None:
        """`regrading` is that one."""
        super().__init__()
        self.regrading = regrading


class _Row(NamedTuple):
    pk: int
    student_id: int
    created_at: datetime
    revision: int
    seed: int
    theme: str
    response: grading.Response | None
    source: str
    correct: bool
    verdict: bool
    credit: float
    shows: int | None
    counted: bool
    turn: int | None


@dataclass
class Judge:
    """Grades answers to a step by its present key, each different one once."""

    step: Step
    reworded: bool
    grades: dict[tuple[int, int, str, str], grading.Grade | Left] = field(default_factory=dict)

    def of(self, row: _Row) -> grading.Grade | Left:
        """The grade of an answer, or why there is none."""
        if row.response is None:
            return Left.NO_RESPONSE
        same = (row.revision, row.seed, row.theme, repr(row.response))
        if same not in self.grades:
            self.grades[same] = self._grade(row, row.response)
        return self.grades[same]

    def _grade(self, row: _Row, response: grading.Response) -> grading.Grade | Left:
        exercise, key = self.step.exercise, self.step.key
        if row.source == Attempt.Source.IMPORT and exercise.variables:
            return Left.VARIABLES  # a log does not say which variant it was
        revisions = {"served": row.revision, "wanted": exercise.revision}
        if why := keys.obstacle(exercise.pk, key, **revisions, reworded=self.reworded):
            return why
        try:
            concrete = catalog.variant(exercise.pk, exercise.revision, row.seed, row.theme)
            step = keys.step_of(concrete, key)
            if step is None:
                return Left.GONE
            grade = keys.judge(concrete, step, response)
        except (grading.Unreadable, VariantProblem):
            return Left.UNREADABLE
        return Left.BY_PERSON if grade.is_waiting else grade

    @cached_property
    def misconceptions(self) -> dict[int, int | None]:
        """The misconception that each foreseen wrong answer shows, by its place."""
        template = keys.step_of(catalog.exercise(self.step.exercise_id, self.step.exercise.revision), self.step.key)
        ids = dict(Misconception.objects.filter(course=self.step.exercise.course_id).values_list("key", "pk"))
        foreseen = template.wrong_answers if template else ()
        return {place: ids.get(one.misconception) for place, one in enumerate(foreseen)}


def outdated(exercise_id: int) -> list[Outdated]:
    """Return the steps of an exercise with answers to earlier revisions that no regrading looked at. Two queries."""
    looked = dict(
        Regrading.objects.filter(step__exercise=exercise_id, state=Regrading.State.DONE, undone_at=None)
        .order_by("revision")
        .values_list("step", "revision")
    )
    counted = Attempt.objects.filter(step__exercise=exercise_id, step__retired=False)
    rows = counted.values_list("step", "step__key", "step__exercise__revision", "revision").annotate(n=Count("pk"))
    found: dict[int, Outdated] = {}
    for step, key, present, revision, answers in rows.order_by("step__position", "step"):
        if revision < present and looked.get(step, 0) < present:
            before = found[step].answers if step in found else 0
            found[step] = Outdated(step_id=step, key=key, answers=before + answers)
    return list(found.values())


def plan(judge: Judge, *, progress: Progress | None = None) -> Plan:
    """Say what grading all answers to a step by its present key would change. Nothing is written.

    Tries after one that is right are set aside: they were only asked for because of the wrong key.
    """
    answers = Attempt.objects.filter(step=judge.step)
    total = answers.count() if progress else 0
    changes: list[Change] = []
    left: Counter[Left] = Counter()
    solved: set[tuple[int, int]] = set()
    looked_at = 0
    for row in _rows(answers):
        looked_at += 1
        if progress and looked_at % 100 == 0:
            progress(looked_at, total)
        before = Verdict(
            attempt_id=row.pk,
            student_id=row.student_id,
            correct=row.verdict,
            score=row.credit,
            misconception_id=row.shows,
            counted=row.counted,
        )
        came = judge.of(row)
        place = (row.student_id, row.turn if row.turn is not None else -row.pk)
        after = _verdict(judge, came, before, counted=place not in solved)
        if isinstance(came, Left) and not (came == Left.NO_RESPONSE and row.source == Attempt.Source.SITE):
            left[came] += 1
        if after.correct and after.counted:
            solved.add(place)
        if after != before:
            read_as = "" if isinstance(came, Left) else came.read_as
            changes.append(
                Change(
                    attempt_id=row.pk,
                    student_id=row.student_id,
                    at=row.created_at,
                    revision=row.revision,
                    seed=row.seed,
                    theme=row.theme,
                    response=row.response,
                    read_as=read_as,
                    before=before,
                    after=after,
                )
            )
    return Plan(looked_at=looked_at, changes=tuple(changes), left=left)


def preview(step: Step, *, reworded: bool) -> Plan | None:
    """Return what would change, for people to look at; None while a worker is asked to work it out, as it is long.

    A worker's plan is shown for an hour, whoever answers meanwhile. Raises one of training.queue.DOWN.
    """
    total = step.attempts.count()
    if total <= AT_ONCE:
        return plan(Judge(step=step, reworded=reworded))
    name = _plan_name(step, reworded=reworded)
    made: Plan | None = cache.get(name)
    if made is None and cache.add(_progress_of(name), (0, total), timeout=LEASE):
        try:
            queue.send(PREPARE, expires=LEASE, step_id=step.pk, reworded=reworded)
        except queue.DOWN:
            cache.delete(_progress_of(name))
            raise
    return made


def preview_progress(step: Step, *, reworded: bool) -> tuple[int, int] | None:
    """Return how many answers a worker has looked at for a preview, of how many."""
    found: tuple[int, int] | None = cache.get(_progress_of(_plan_name(step, reworded=reworded)))
    return found


def prepare(step_id: int, *, reworded: bool) -> None:
    """Make the plan that a preview waits for. Safe to repeat."""
    step = Step.objects.select_related("exercise").get(pk=step_id)
    name = _plan_name(step, reworded=reworded)
    if cache.get(name) is None:
        made = plan(Judge(step=step, reworded=reworded), progress=_reporter(_progress_of(name)))
        cache.set(name, made, timeout=KEPT)


def request(step: Step, *, by: User, revision: int, reworded: bool, note: str, now: datetime) -> Regrading:
    """Write down that a step is to be regraded by its present key; `carry_out` does it.

    Raises KeyChanged where the exercise is no longer at that revision, and AlreadyWaiting.
    """
    if step.exercise.revision != revision:
        raise KeyChanged
    try:
        with transaction.atomic():
            return Regrading.objects.create(
                step=step,
                revision=revision,
                key=step.answer,
                reworded=reworded,
                note=note.strip(),
                made_by=by,
                made_at=now,
            )
    except IntegrityError:
        waiting = Regrading.objects.get(step=step, state=Regrading.State.WAITING, undone_at=None)
        raise AlreadyWaiting(waiting) from None


def start(regrading: Regrading, *, now: datetime) -> None:
    """Do what was requested at once, or, where it is long, by a worker. Raises one of training.queue.DOWN."""
    if regrading.step.attempts.count() <= AT_ONCE:
        carry_out(regrading.pk, now=now)
    else:
        queue.send(REGRADE, regrading_id=regrading.pk)


def waiting() -> list[int]:
    """Return the ids of what was requested and is not carried out yet, the oldest first."""
    rows = Regrading.objects.filter(state=Regrading.State.WAITING, undone_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def carry_out(regrading_id: int, *, now: datetime) -> Regrading:
    """Do what was requested, all of it or nothing. Safe to repeat.

    Grading, which takes the time, comes first and holds nobody up; then the students are locked, what came in
    meanwhile is looked at too, and everything is written.
    """
    requested = Regrading.objects.select_related("step__exercise").get(pk=regrading_id)
    if requested.state == Regrading.State.DONE or requested.undone_at is not None:
        return requested
    judge = Judge(step=requested.step, reworded=requested.reworded)
    plan(judge, progress=_reporter(_progress_of(_name(regrading_id))))
    with transaction.atomic():
        # The step first: two regradings of it wait for each other.
        Step.objects.select_for_update(no_key=True).get(pk=requested.step_id)
        regrading = Regrading.objects.select_for_update().get(pk=regrading_id)
        if regrading.state == Regrading.State.DONE:
            return regrading
        records.lock_students(_students(requested.step))
        made = plan(judge)
        regrading.figures = made.figures
        corrections.apply(regrading, [change.after for change in made.changes], now=now)
        predictions.forget({change.student_id for change in made.changes})
    return regrading


def progress_of(regrading_id: int) -> tuple[int, int] | None:
    """Return how many answers were looked at for a regrading that is being carried out, of how many."""
    found: tuple[int, int] | None = cache.get(_progress_of(_name(regrading_id)))
    return found


def undo(regrading_id: int, *, by: User, now: datetime) -> Regrading:
    """Take a regrading back: what it corrected counts as before. Asked twice, it is undone once.

    Raises students.corrections.NotInForce and NotTheLatest.
    """
    with transaction.atomic():
        regrading = Regrading.objects.select_for_update(of=("self",)).get(pk=regrading_id)
        Step.objects.select_for_update(no_key=True).get(pk=regrading.step_id)
        predictions.forget(corrections.undo(regrading, by=by.pk, now=now))
    return regrading


def _name(regrading_id: int) -> str:
    return f"regrading:{regrading_id}"


def _plan_name(step: Step, *, reworded: bool) -> str:
    """What the cache calls a plan: another one where the exercise is published or a regrading done or undone."""
    last = Regrading.objects.filter(step=step).order_by("-pk").values_list("pk", "state", "undone_at").first()
    since = "-".join("" if part is None else str(part) for part in last or ()).replace(" ", "_")
    return f"regrading-plan:{step.pk}:{step.exercise.revision}:{reworded}:{since}"


def _progress_of(name: str) -> str:
    return f"{name}:progress"


def _reporter(name: str) -> Progress:
    return lambda looked_at, total: cache.set(name, (looked_at, total), timeout=LEASE)


def _verdict(judge: Judge, came: grading.Grade | Left, before: Verdict, *, counted: bool) -> Verdict:
    if isinstance(came, Left):
        return Verdict(**{**vars(before), "counted": counted})
    shows = None if came.wrong_answer is None else judge.misconceptions.get(came.wrong_answer)
    return Verdict(
        attempt_id=before.attempt_id,
        student_id=before.student_id,
        correct=came.correct,
        score=came.score,
        misconception_id=shows,
        counted=counted,
    )


def _rows(answers: AttemptQuerySet) -> Iterator[_Row]:
    """All answers to a step, each student's in order, with what they count as so far."""
    columns = [name for name in _Row._fields if name != "turn"]
    rows = answers.with_verdicts().order_by("student_id", "created_at", "pk")
    for row in rows.values_list(*columns, "in_turn__turn_id").iterator(chunk_size=PORTION):
        yield _Row(*row)


def _students(step: Step) -> set[int]:
    """Everybody who answered the step, or may be answering it now."""
    answered = Attempt.objects.filter(step=step).order_by().values_list("student", flat=True).distinct()
    answering = Turn.objects.filter(exercise=step.exercise_id, state=Turn.State.OPEN)
    return {*answered, *answering.order_by().values_list("session__student", flat=True)}
