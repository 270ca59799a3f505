"""A log from another system comes in whole, once, or not at all."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from content.models import Course
from students import importing
from students.importing import BadLog, import_log
from students.models import Attempt, ConceptState, PopulationCount, User
from tests.conftest import make_course

HEAD = "student,step,correct,timestamp,response,hints,seconds\n"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "log.csv"
        file.write_text(text, encoding="utf-8")
        return file

    return to_file


def test_a_log_becomes_attempts_states_and_counts(student: User, course: Course, write: Write) -> None:
    log = write(
        HEAD
        + "student,add-small,1,2026-01-05T10:00:00+01:00,5,0,12.5\n"
        + "student,solve-steps:2,0,1767607200,x=12,2,\n"
        + "王小明,add-small,false,2026-01-05 09:30,,,\n"
    )
    report = import_log(log, course=course)
    assert (report.rows, report.added, report.students, report.accounts_made) == (3, 3, 2, 1)
    first = Attempt.objects.get(student=student, step__key="add-small")
    assert (first.created_at.isoformat(), first.response, first.seconds, first.source) == (
        "2026-01-05T09:00:00+00:00",
        "5",
        12.5,
        "import",
    )
    assert Attempt.objects.get(step__key="solve-steps:2").hints_used == 2
    assert ConceptState.objects.filter(student=student).count() == 3
    assert not User.objects.get(username="王小明").has_usable_password()
    count = PopulationCount.objects.get(step__key="add-small")
    assert (count.tries, count.right) == (2, 1)


def test_the_same_log_twice_adds_nothing_and_a_longer_one_only_what_is_new(course: Course, write: Write) -> None:
    rows = HEAD + "ann,add-small,1,1767607200,5,,\n" * 2
    import_log(write(rows), course=course)
    before = list(ConceptState.objects.values()), list(PopulationCount.objects.values())
    again = import_log(write(rows), course=course)
    assert (again.added, again.known, again.accounts_made) == (0, 2, 0)
    assert (list(ConceptState.objects.values()), list(PopulationCount.objects.values())) == before
    longer = import_log(write(rows + "ann,add-large,0,1767607300,,,\n"), course=course)
    assert (longer.added, longer.known) == (1, 2)
    assert Attempt.objects.count() == 3


def test_an_exercise_of_one_step_may_be_named_instead_of_its_step(course: Course, write: Write) -> None:
    log = write("student,exercise,correct,timestamp\nann,add-small,yes,1767607200\n")
    assert import_log(log, course=course).added == 1


def test_everything_wrong_is_reported_with_its_line_and_nothing_comes_in(course: Course, write: Write) -> None:
    log = write(
        "student,step,exercise,correct,timestamp,response,hints,seconds\n"
        "ann,add-small,,1,1767607200,,,\n"
        "ann,no-such,,1,1767607200,,,\n"
        "ann,,nowhere,1,1767607200,,,\n"
        "ann,,solve-steps,1,1767607200,,,\n"
        ",add-small,,perhaps,yesterday,,many,inf\n"
    )
    with pytest.raises(BadLog) as refused:
        import_log(log, course=course)
    assert [(problem.line, problem.code) for problem in refused.value.problems] == [
        (3, "unknown_step"),
        (4, "unknown_exercise"),
        (5, "exercise_has_several_steps"),
        (6, "bad_student"),
        (6, "bad_correct"),
        (6, "bad_timestamp"),
        (6, "bad_hints"),
        (6, "bad_seconds"),
    ]
    assert not Attempt.objects.exists()
    assert not User.objects.filter(username="ann").exists()


@pytest.mark.parametrize(
    "timestamp", ["2999-01-01", "32503680000", "1e300", "nan", "-inf", "1767607200000", "26/01/05"]
)
def test_a_time_that_has_not_come_or_never_was_is_refused(course: Course, write: Write, timestamp: str) -> None:
    with pytest.raises(BadLog) as refused:
        import_log(write(HEAD + f"ann,add-small,1,{timestamp},,,\n"), course=course)
    assert [problem.code.split("_")[1] for problem in refused.value.problems] == ["timestamp"]
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_log_at_the_same_moment_comes_in_once(write: Write) -> None:
    course = make_course()
    log = write(HEAD + "".join(f"s{n % 7},add-small,{n % 2},{1767600000 + n},,,\n" for n in range(70)))
    start = Barrier(3)

    def bring_in(_place: int) -> int:
        try:
            start.wait(30)
            return import_log(log, course=course).added
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as desks:
        assert sorted(desks.map(bring_in, range(3))) == [0, 0, 70]
    assert (Attempt.objects.count(), User.objects.count()) == (70, 7)


def test_missing_columns_are_all_named(course: Course, write: Write) -> None:
    with pytest.raises(BadLog) as refused:
        import_log(write("student,right\nann,1\n"), course=course)
    assert [problem.value for problem in refused.value.problems] == ["correct", "timestamp", "step or exercise"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00student", b"", b'student,step,correct,timestamp\n"' + b"x" * 200_000]
)
def test_a_file_that_is_no_such_log_is_refused_in_one_piece(course: Course, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(BadLog):
        import_log(tmp_path / "log.csv", course=course)


def test_older_answers_are_put_before_those_already_there(course: Course, write: Write) -> None:
    later = "ann,add-small,0,1767700000,,,\n"
    earlier = "ann,add-large,1,1767600000,,,\n"
    import_log(write(HEAD + later), course=course)
    import_log(write(HEAD + earlier), course=course)
    one_by_one = ConceptState.objects.values("belief", "value", "wrong_in_a_row").get()
    User.objects.filter(username="ann").delete()
    import_log(write(HEAD + later + earlier), course=course)
    assert ConceptState.objects.values("belief", "value", "wrong_in_a_row").get() == one_by_one


def test_the_command_prints_its_figures_on_the_last_line(course: Course, write: Write) -> None:
    out = StringIO()
    call_command("import_attempts", write(HEAD + "ann,add-small,1,1767607200,5,,\n"), course="arithmetic", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["rows"], figures["added"], figures["problems"]) == (1, 1, 0)


def test_the_command_names_line_and_problem_and_fails(course: Course, write: Write) -> None:
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_attempts", write(HEAD + "ann,nope,1,1,,,\n"), course="arithmetic", stdout=out, stderr=err)
    assert "line 2: unknown step 'nope'" in err.getvalue()
    assert json.loads(out.getvalue().splitlines()[-1])["problems"] == 1
    with pytest.raises(CommandError, match="no course"):
        call_command("import_attempts", Path("log.csv"), course="nope")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_attempts", Path("no-such.csv"), course="arithmetic")


def test_a_big_log_takes_few_statements(
    course: Course, write: Write, django_assert_max_num_queries: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 200)
    rows = "".join(f"s{n % 50},add-small,{n % 2},{1767600000 + n},,,\n" for n in range(1000))
    with django_assert_max_num_queries(30):  # type: ignore[attr-defined]
        import_log(write(HEAD + rows), course=course)
    assert Attempt.objects.count() == 1000
