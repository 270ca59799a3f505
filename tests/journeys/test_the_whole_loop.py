"""The whole loop in a browser: sign up, practise, see progress, train, promote, be served by the new model."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from content import importing
from content.grading import right_response
from content.models import Course, Exercise
from content.package import Step
from students import history
from students.models import Attempt, Classroom, ConceptState, User
from tests.conftest import PASSWORD
from tests.waiting import eventually
from tests.workers import Start
from training import asking, registry
from training.models import Prediction, TrainingRun
from training.serving import Predictor
from tutor import turns
from tutor.management import practising
from tutor.models import Turn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.xdist_group("journey"),
]
ROOT = Path(__file__).resolve().parents[2]
EXERCISES = 10
MISTAKEN, HINTED = 0, 1  # which of them go how
TOLD_AT_ONCE = ("one_choice", "several_choices", "true_false", "number", "expression", "text")
Someone = Callable[..., BrowserContext]


@pytest.fixture
def school(db: None) -> Classroom:
    """A class of simulated students who have practised the sample course for some weeks."""
    call_command("import_course", str(ROOT / "courses" / "linear-equations-en"), verbosity=0)
    course = Course.objects.get(slug="linear-equations-en")
    # What is answered in more than one place, or by a person, has a journey of its own.
    others = Exercise.objects.filter(course=course).exclude(steps__kind__in=TOLD_AT_ONCE)
    others.update(retired=True)
    importing.touch(course_ids=[course.pk])
    course.refresh_from_db()
    classroom = Classroom.objects.create(
        name="Class 8b", course=course, join_code="JOIN8B", consents_to_tuning=True, is_simulated=True
    )
    now = timezone.now()
    members = practising.make_class(course=course, students=50, seed=7, classroom=classroom, now=now)
    lives = practising.practise(
        course=course, members=members, answers=60, seed=7, now=now, progress=lambda _answers: None
    )
    assert sum(life.answers for life in lives) > 1000
    return classroom


def test_a_student_practises_a_model_learns_and_serves_and_the_teacher_sees_the_same(
    school: Classroom, live_server: LiveServer, someone: Someone, start_worker: Start
) -> None:
    teacher = User.objects.create_user("ms-okafor", password=PASSWORD, is_teacher=True)
    school.teachers.add(teacher)
    start_worker("serving")
    start_worker("training")

    page = someone().new_page()
    student = sign_up_and_join(page, live_server.url, school.join_code)
    before = progress(page, live_server.url, school)
    assert len(before) > 10
    assert not any("%" in row for row in before)
    practise(page, live_server.url)
    after = progress(page, live_server.url, school)
    assert sum("%" in row for row in after) == ConceptState.objects.filter(student=student).count() > 0

    first_tries = [attempt for attempt in Attempt.objects.filter(student=student) if attempt.try_number == 1]
    assert len(first_tries) >= EXERCISES
    assert {attempt.correct for attempt in first_tries} == {True, False}
    assert any(attempt.hints_used for attempt in first_tries)

    train_in_the_administration(someone().new_page(), live_server.url)
    serve_with_the_new_version(page, live_server.url, student)
    compare_with_the_teachers_page(page, someone().new_page(), live_server.url, school, student)


def sign_up_and_join(page: Page, site: str, join_code: str) -> User:
    """A new student, who lets the site learn from her answers."""
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("User name").fill("lena")
    page.get_by_label("Your name, as teachers and classmates see it").fill("Lena Vogt")
    page.get_by_label("Password", exact=True).fill("quiet harbour at dawn")
    page.get_by_label("Let this site learn from my answers").check()
    page.get_by_role("button", name="Make my account").click()
    page.goto(f"{site}/join/")
    page.get_by_label("code").fill(join_code)
    page.get_by_role("button", name="Join").click()
    expect(page.locator("body")).to_contain_text("Class 8b")
    return User.objects.get(username="lena")


def progress(page: Page, site: str, classroom: Classroom) -> list[str]:
    """What the student's progress page says of each concept."""
    page.goto(f"{site}/progress/{classroom.course.slug}/")
    return page.locator(".concept-row").all_inner_texts()


def practise(page: Page, site: str) -> None:
    """Ten exercises, from the home page: one with a mistake, one with a hint, one not to be read, all right at last."""
    page.goto(f"{site}/")
    page.locator("main button.primary").first.click()
    has_been_unreadable = False
    for number in range(EXERCISES):
        page.wait_for_url("**/practice/**")
        turn = Turn.objects.get(token=UUID(page.url.rstrip("/").split("/")[-1]))
        if number == HINTED:
            send(page, "hint", page.get_by_role("button", name="Hint 1 of"))
            expect(page.locator(".hints > li")).to_have_count(1)
        if not has_been_unreadable and page.locator("[data-math]").count():
            send_something_unreadable(page, turn)
            has_been_unreadable = True
        if number == MISTAKEN:
            send_a_mistake(page, turn)
        while page.locator("#check").count():
            answer_rightly(page, turn)
        page.get_by_role("button", name="Next").click()
        page.wait_for_url(re.compile(f"/practice/(?!{turn.token})"))
    assert has_been_unreadable


def send(page: Page, what: str, button: Locator) -> None:
    """Press a button and wait for the server's answer to be shown."""
    with page.expect_response(f"**/{what}/"):
        button.click()
    expect(page.locator(".htmx-request, .htmx-swapping")).to_have_count(0)


def step_in_hand(page: Page, turn: Turn) -> Step:
    """The step that the page asks."""
    key = page.locator("input[name=step]").first.get_attribute("value")
    view = turns.view(turn_token=turn.token, student=turn.session.student)
    return next(step for step in turns.concrete_of(view).steps if step.key == key)


def answer_rightly(page: Page, turn: Turn) -> None:
    """Give the right answer of the step in hand."""
    right = right_response(step_in_hand(page, turn).answer)
    if page.locator("fieldset.choices").count():
        for box in page.locator("fieldset.choices input:checked").all():
            box.set_checked(False) if box.get_attribute("type") == "checkbox" else None
        for choice in [right] if isinstance(right, str) else right:
            page.locator(f"fieldset.choices input[value='{choice}']").check()
    else:
        write(page, str(right))
    send(page, "answer", page.locator("#check"))
    expect(page.locator(".feedback.good").or_(page.locator("#check")).first).to_be_visible()


def write(page: Page, text: str) -> None:
    """Put an answer into the field, in MathLive's notation where it is one."""
    field = page.locator("math-field.math-field")
    if page.locator("[data-math]").count():
        expect(field).to_be_visible()
        field.evaluate(
            "(field, text) => { field.setValue(text, {format: 'ascii-math'});"
            " field.dispatchEvent(new Event('input', {bubbles: true})); }",
            text,
        )
    else:
        page.locator("#response").fill(text)


def send_a_mistake(page: Page, turn: Turn) -> None:
    """A wrong answer counts, and is explained."""
    before = Attempt.objects.count()
    if page.locator("fieldset.choices").count():
        right = right_response(step_in_hand(page, turn).answer)
        wrong = next(one for one in page.locator("fieldset.choices input").all() if one.input_value() not in right)
        wrong.check()
    else:
        write(page, "987654")
    send(page, "answer", page.locator("#check"))
    expect(page.locator(".feedback.warn")).to_be_visible()
    assert Attempt.objects.count() == before + 1


def send_something_unreadable(page: Page, turn: Turn) -> None:
    """An answer that cannot be read does not count, and stays in the field."""
    before = Attempt.objects.filter(student=turn.session.student).count()
    field = page.locator("math-field.math-field")
    field.click()
    page.keyboard.type("3+")
    send(page, "answer", page.locator("#check"))
    expect(page.locator("[data-unreadable]")).to_be_visible()
    assert Attempt.objects.filter(student=turn.session.student).count() == before


def train_in_the_administration(page: Page, site: str) -> None:
    """The administrator trains with the form and watches the run until it is promoted."""
    User.objects.create_superuser("root", password=PASSWORD)
    page.goto(f"{site}/accounts/login/?next=/admin/training/trainingrun/")
    page.get_by_label("User name").or_(page.locator("input[name=login]")).first.fill("root")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.get_by_role("link", name="Train now").click()
    page.locator("form button[type=submit], form input[type=submit]").last.click()
    run = TrainingRun.objects.get()
    assert eventually(lambda: finished(run), 300.0), run.message
    run.refresh_from_db()
    assert run.state == TrainingRun.State.PROMOTED, (run.state, run.message, run.version and run.version.reasons)
    page.goto(f"{site}/admin/training/modelversion/")
    expect(page.locator("body")).to_contain_text("serving")


def finished(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return run.state not in (TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)


def serve_with_the_new_version(page: Page, site: str, student: User) -> None:
    """After the next answer the worker predicts, and the next turn is chosen with what it predicted."""
    version = registry.serving("tracing")
    assert version is not None
    page.goto(f"{site}/")
    page.locator("main button.primary").first.click()
    page.wait_for_url("**/practice/**")
    turn = Turn.objects.get(token=UUID(page.url.rstrip("/").split("/")[-1]))
    while page.locator("#check").count():
        answer_rightly(page, turn)
    seen = history.record_size(student.pk)
    assert eventually(lambda: Prediction.objects.filter(student=student, version=version, attempts_seen=seen).exists())

    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(f"/practice/(?!{turn.token})"))
    served = Turn.objects.get(token=UUID(page.url.rstrip("/").split("/")[-1]))
    assert served.version == version
    assert served.probability == pytest.approx(asked_directly(served, student), abs=2e-6)


def asked_directly(served: Turn, student: User) -> float:
    """What the bundle itself says, loaded here from its folder, of the first step of the turn."""
    version = registry.serving("tracing")
    step = served.exercise.steps.order_by("position").first()
    assert version is not None
    assert step is not None
    made = Prediction.objects.get(student=student).made_at
    question = asking.about(student.pk, course_id=served.session.course_id, step_ids=[step.pk], now=made)
    return float(Predictor(registry.folder(version)).predict(question.query).probabilities[0])


def compare_with_the_teachers_page(
    student_page: Page, page: Page, site: str, classroom: Classroom, student: User
) -> None:
    """Every estimate on the student's progress page stands on the teacher's page of that student too."""
    shown = progress(student_page, site, classroom)
    page.goto(f"{site}/accounts/login/?next=/classes/{classroom.pk}/")
    page.locator("input[name=login]").fill("ms-okafor")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.locator("#class-table")).to_contain_text("Lena Vogt")
    page.goto(f"{site}/classes/{classroom.pk}/students/{student.pk}/")
    assert len(shown) > 10
    assert any("%" in row for row in shown)
    assert page.locator(".concept-row").all_inner_texts() == shown
