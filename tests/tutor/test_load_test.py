"""The load test: it walks the real pages as a browser does, and its last line says how long they took."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from content.models import Course
from students.models import Attempt, User
from tests.conftest import make_course
from tutor.management.load import Figures, Forms
from tutor.models import Turn


def test_hidden_fields_are_kept_by_form() -> None:
    page = """
      <form action="/practice/1/answer/"><input type="hidden" name="step" value="s"><input name="response"></form>
      <input type="hidden" name="stray" value="x">
      <form action="/courses/c/next/"></form>
    """
    forms = Forms(page)
    assert forms.ending("/answer/") == ("/practice/1/answer/", {"step": "s"})
    assert forms.ending("/next/") == ("/courses/c/next/", {})
    assert forms.ending("/nothing/") is None


def test_percentiles_are_of_the_page_asked_for() -> None:
    figures = Figures(times={"answer": [float(number) for number in range(1, 101)], "next": [7.0]})
    assert figures.percentile("answer", 0.5) == 51.0
    assert figures.percentile("answer", 0.95) == 96.0
    assert figures.percentile("next", 0.99) == 7.0
    assert figures.percentile("yardstick", 0.95) == 0.0
    assert figures.count() == 101


@pytest.mark.django_db(transaction=True)
def test_students_practise_over_http_and_the_figures_come_out(live_server: Any) -> None:
    make_course()
    out = StringIO()
    call_command("load_test", students=3, seconds=3, think=0.05, url=live_server.url, stdout=out, stderr=StringIO())
    figures = json.loads(out.getvalue().strip().splitlines()[-1])
    assert figures["errors"] == 0, out.getvalue()
    assert set(figures) == {
        "answer_p95_ms",
        "next_p95_ms",
        "yardstick_p95_ms",
        "requests_per_s",
        "errors",
        "fresh_share",
    }
    assert min(figures["answer_p95_ms"], figures["next_p95_ms"], figures["yardstick_p95_ms"]) > 0
    assert Attempt.objects.filter(is_simulated=True).count() == Attempt.objects.count() > 3
    assert Turn.objects.filter(state=Turn.State.DONE).exists()
    assert User.objects.filter(username__startswith="load-", is_simulated=True).count() == 3


def test_a_site_that_does_not_run_is_said_in_one_line(course: Course) -> None:
    with pytest.raises(CommandError, match="No site is running"):
        call_command("load_test", students=1, seconds=1, url="http://127.0.0.1:9", stderr=StringIO())
    assert not User.objects.exists()
