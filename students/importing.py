"""A log from another system, as attempts. Writes: User, Attempt, ConceptState, PopulationCount.

The file is read whole and checked before anything is written: either every row comes in, or nothing does. Each row's
submission id follows from what the row says, so that the same file read twice adds nothing.
"""

import csv
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from content.models import Course, Step
from students import records
from students.models import Attempt, User

REQUIRED = ("student", "correct", "timestamp")
PLACES = ("step", "exercise")  # one of these must be there
OPTIONAL = ("response", "hints", "seconds")
TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
NAMESPACE = uuid.UUID("6f0c3c0e-6d1b-5a7e-9d0a-2f6b6a4f7c11")
LONGEST_NAME = 150  # of an account
LONGEST_RESPONSE = 2000
MOST_HINTS = 1000
MOST_SECONDS = 30 * 86_400
BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a line of the file; line 1 is its head."""

    line: int
    code: str  # column_missing, not_utf8, unknown_step, unknown_exercise, bad_student, bad_correct, bad_timestamp, …
    value: str = ""


class BadLog(ValueError):
    """The file cannot be imported. `problems` holds everything that is wrong with it, by line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """`problems` is never empty."""
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class LogReport:
    """What an import came to."""

    rows: int
    added: int
    known: int  # rows that had come in before
    students: int
    accounts_made: int


@dataclass(frozen=True, kw_only=True)
class _Row:
    line: int
    student: str
    step: Step
    correct: bool
    at: datetime
    response: str | None
    hints: int
    seconds: float | None
    submission_id: uuid.UUID


@dataclass
class _Reader:
    """Turns lines into rows and gathers what is wrong with them."""

    steps: Mapping[str, Step]
    exercises: Mapping[str, Sequence[Step]]
    latest: datetime
    problems: list[Problem] = field(default_factory=list)
    repeated: Counter[str] = field(default_factory=Counter)

    def row(self, line: int, cells: Mapping[str, str | None], course: Course) -> _Row | None:
        found = len(self.problems)
        text = {name: (cells.get(name) or "").strip() for name in (*REQUIRED, *PLACES, *OPTIONAL)}
        student = text["student"]
        if not student or len(student) > LONGEST_NAME or not student.isprintable():
            self._refuse(line, "bad_student", student)
        step = self._step(line, text)
        correct = TRUTHS.get(text["correct"].lower())
        if correct is None:
            self._refuse(line, "bad_correct", text["correct"])
        at = self._time(line, text["timestamp"])
        hints = self._number(line, "hints", text["hints"])
        seconds = self._number(line, "seconds", text["seconds"])
        if len(text["response"]) > LONGEST_RESPONSE or "\x00" in text["response"]:
            self._refuse(line, "bad_response", text["response"][:40])
        if step is None or correct is None or at is None or len(self.problems) > found:
            return None
        # The same student may answer the same step twice in one second: such rows are told apart by their number.
        same = "\x1f".join([course.slug, student, str(step.pk), at.isoformat(), str(correct), *text.values()])
        self.repeated[same] += 1
        return _Row(
            line=line,
            student=student,
            step=step,
            correct=correct,
            at=at,
            response=text["response"] or None,
            hints=int(hints or 0),
            seconds=seconds,
            submission_id=uuid.uuid5(NAMESPACE, f"{same}\x1f{self.repeated[same]}"),
        )

    def _step(self, line: int, text: Mapping[str, str]) -> Step | None:
        if text["step"]:
            if text["step"] not in self.steps:
                self._refuse(line, "unknown_step", text["step"])
            return self.steps.get(text["step"])
        of_exercise = self.exercises.get(text["exercise"], ())
        if len(of_exercise) != 1:
            self._refuse(line, "exercise_has_several_steps" if of_exercise else "unknown_exercise", text["exercise"])
            return None
        return of_exercise[0]

    def _time(self, line: int, text: str) -> datetime | None:
        """Seconds since the epoch, or an ISO date and time, in UTC where it names no zone; not in the future."""
        try:
            time = datetime.fromtimestamp(float(text), UTC) if _is_number(text) else datetime.fromisoformat(text)
            time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            self._refuse(line, "bad_timestamp", text)
            return None
        if time > self.latest:  # everything answered afterwards would be older than what is believed already
            self._refuse(line, "future_timestamp", text)
        return time

    def _number(self, line: int, column: str, text: str) -> float | None:
        if not text:
            return None
        most = MOST_HINTS if column == "hints" else MOST_SECONDS
        whole = column == "hints"
        if not _is_number(text) or not 0 <= float(text) <= most or (whole and not float(text).is_integer()):
            self._refuse(line, f"bad_{column}", text)
            return None
        return float(text)

    def _refuse(self, line: int, code: str, value: str) -> None:
        self.problems.append(Problem(line=line, code=code, value=value[:80]))


def import_log(file: Path, *, course: Course) -> LogReport:
    """Bring in a CSV log of a course: everything or, raising BadLog, nothing. Students without an account get one.

    Columns: student, step or exercise (keys of the course), correct, timestamp, and optionally response, hints,
    seconds. A student is the account of that user name.
    """
    rows = _read(file, course)
    with transaction.atomic():
        Course.objects.select_for_update(no_key=True).get(pk=course.pk)  # two imports wait for each other
        accounts, made = _accounts({row.student for row in rows})
        known = set(
            Attempt.objects.filter(student__in=accounts.values(), source=Attempt.Source.IMPORT).values_list(
                "submission_id", flat=True
            )
        )
        new = [row for row in rows if row.submission_id not in known]
        new.sort(key=lambda row: (row.at, row.line))
        _write(new, accounts)
    return LogReport(
        rows=len(rows), added=len(new), known=len(rows) - len(new), students=len(accounts), accounts_made=made
    )


def _read(file: Path, course: Course) -> list[_Row]:
    """All rows of the file. Raises BadLog with everything that is wrong."""
    reader = _reader(course)
    rows: list[_Row] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream)
            columns = {(name or "").strip().lower() for name in lines.fieldnames or ()}
            lines.fieldnames = [(name or "").strip().lower() for name in lines.fieldnames or ()]
            missing = [name for name in REQUIRED if name not in columns]
            missing += [] if columns & set(PLACES) else [" or ".join(PLACES)]
            if missing:
                raise BadLog([Problem(line=1, code="column_missing", value=name) for name in missing])
            for cells in lines:
                row = reader.row(lines.line_num, cells, course)
                rows += [row] if row else []
    except UnicodeDecodeError:
        raise BadLog([Problem(line=1, code="not_utf8")]) from None
    except csv.Error as error:
        raise BadLog([Problem(line=lines.line_num, code="not_csv", value=str(error))]) from None
    if reader.problems:
        raise BadLog(reader.problems)
    return rows


def _reader(course: Course) -> _Reader:
    steps = Step.objects.filter(exercise__course=course).select_related("exercise").prefetch_related("concepts")
    by_exercise: dict[str, list[Step]] = defaultdict(list)
    by_key: dict[str, Step] = {}
    for step in steps.order_by("retired", "pk").defer("answer", "prompt", "solution"):
        by_key.setdefault(step.key, step)
        if not step.retired:
            by_exercise[step.exercise.key].append(step)
    # A day for clocks that are wrong, and for times without a zone.
    return _Reader(steps=by_key, exercises=by_exercise, latest=timezone.now() + timedelta(days=1))


def _accounts(names: Iterable[str]) -> tuple[dict[str, int], int]:
    """The id of each student's account, and how many had to be made. Nobody can sign in to these."""
    wanted = sorted(set(names))
    found = dict(User.objects.filter(username__in=wanted).values_list("username", "pk"))
    missing = [User(username=name) for name in wanted if name not in found]
    for user in missing:
        user.set_unusable_password()
    made = User.objects.bulk_create(missing, batch_size=BATCH)
    return found | {user.username: user.pk for user in made}, len(made)


def _write(rows: Sequence[_Row], accounts: Mapping[str, int]) -> None:
    attempts = [_attempt(row, accounts) for row in rows]
    Attempt.objects.bulk_create(attempts, batch_size=BATCH)
    records.rebuild({attempt.student_id for attempt in attempts})
    by_step: Counter[int] = Counter()
    right_by_step: Counter[int] = Counter()
    by_concept: Counter[int] = Counter()
    right_by_concept: Counter[int] = Counter()
    for row in rows:
        if row.hints == 0:
            concepts = [concept.pk for concept in row.step.concepts.all()]
            by_step[row.step.pk] += 1
            right_by_step[row.step.pk] += row.correct
            by_concept.update(concepts)
            right_by_concept.update(concepts if row.correct else [])
    records.add_counts(
        {step: (tries, right_by_step[step]) for step, tries in by_step.items()},
        {concept: (tries, right_by_concept[concept]) for concept, tries in by_concept.items()},
    )


def _attempt(row: _Row, accounts: Mapping[str, int]) -> Attempt:
    """A log has no tries: each row counts as a first one."""
    return Attempt(
        student_id=accounts[row.student],
        step_id=row.step.pk,
        response=row.response,
        correct=row.correct,
        score=float(row.correct),
        hints_used=row.hints,
        seconds=row.seconds,
        created_at=row.at,
        submission_id=row.submission_id,
        source=Attempt.Source.IMPORT,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
