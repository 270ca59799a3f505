"""What an administrator sees of the models that learn, and can do."""

import shutil
from typing import Any

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse

from content.models import Course
from students.models import User
from tests.training.test_registry import make_report, make_version
from training import registry, wording
from training.config import FinetuneConfig, NetworkConfig, SplitConfig
from training.models import ModelVersion, TrainingRun

pytestmark = pytest.mark.django_db
RUNS = "admin:training_trainingrun"
VERSIONS = "admin:training_modelversion"


@pytest.fixture
def admin(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def body(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_running_run_shows_its_stage_and_bar_and_asks_to_be_refreshed(admin: Client) -> None:
    message = {"code": "epoch", "epoch": 2, "epochs": 8, "loss": 0.51234}
    run = TrainingRun.objects.create(
        objective="tracing", trigger="person", state="running", stage="finetune", progress=0.25, message=message
    )

    page = body(admin.get(reverse(f"{RUNS}_changelist")))
    fragment = body(admin.get(reverse(f"{RUNS}_now", args=[run.pk])))

    assert fragment in page
    assert 'value="25"' in fragment
    assert "fine-tuning" in fragment
    assert "Pass 2 of 8; log loss on answers held out 0.5123." in fragment
    assert f'data-refresh="{reverse(f"{RUNS}_now", args=[run.pk])}"' in fragment


def test_a_run_that_ended_is_refreshed_no_more(admin: Client) -> None:
    run = TrainingRun.objects.create(
        objective="tracing", trigger="person", state="failed", message={"code": "disk_full"}
    )
    fragment = body(admin.get(reverse(f"{RUNS}_now", args=[run.pk])))
    assert 'data-refresh=""' in fragment
    assert "The disk is full." in fragment


def test_nothing_on_the_pages_runs_inline(admin: Client) -> None:
    TrainingRun.objects.create(objective="tracing", trigger="person", state="running")
    for name in ("changelist", "train"):
        page = body(admin.get(reverse(f"{RUNS}_{name}")))
        assert "<style" not in page
        assert "<script>" not in page


def test_train_now_queues_a_run_with_the_settings_given(admin: Client, administrator: User) -> None:
    given = {"objective": "tracing", "base": "none", "dropout": "0.3", "epochs": "4", "seed": "0"}

    response = admin.post(reverse(f"{RUNS}_train"), given)

    run = TrainingRun.objects.get()
    assert response.url == reverse(f"{RUNS}_change", args=[run.pk])  # type: ignore[attr-defined]
    assert (run.state, run.trigger, run.requested_by) == ("queued", "person", administrator)
    assert run.options == {"base": "none", "dropout": 0.3, "epochs": 4, "seed": 0}


@pytest.mark.parametrize(
    ("name", "value"), [("dropout", "1.5"), ("epochs", "0"), ("learning_rate", "-1"), ("base", "99"), ("seed", "x")]
)
def test_settings_out_of_bounds_are_refused_beside_their_field(admin: Client, name: str, value: str) -> None:
    response = admin.post(reverse(f"{RUNS}_train"), {"objective": "tracing", name: value})
    assert name in response.context["form"].errors
    assert not TrainingRun.objects.exists()


def test_train_now_while_a_run_goes_on_leads_to_that_run(admin: Client) -> None:
    going = TrainingRun.objects.create(objective="tracing", trigger="schedule", state="running")
    response = admin.post(reverse(f"{RUNS}_train"), {"objective": "tracing"})
    assert response.url == reverse(f"{RUNS}_change", args=[going.pk])  # type: ignore[attr-defined]
    assert TrainingRun.objects.count() == 1


def test_a_version_shows_its_report_and_the_gates_reasons_in_words(admin: Client) -> None:
    reasons = [
        {"code": "better_than_serving", "passed": False, "needed": 0.001, "gain": -0.02, "ours": 0.6, "theirs": 0.58}
    ]
    version = make_version(1)
    ModelVersion.objects.filter(pk=version.pk).update(report=make_report(), reasons=reasons)

    for page in (
        admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])),
        admin.get(reverse(f"{VERSIONS}_changelist")),
    ):
        assert "✗ Log loss 0.6000, the serving version&#x27;s 0.5800" in body(page)


def test_a_version_s_page_says_everything_in_words(admin: Client) -> None:
    version, course = make_version(1), Course.objects.create(slug="sums", title="Sums & more", language="en")
    figures = {
        "candidate": {"logloss": 0.5},
        "serving": {"logloss": 0.512},
        "knowledge": {"logloss": 0.6},
    }
    groups = {f"course_{course.pk}": {"answers": 300, **figures}}
    report = make_report(settings=FinetuneConfig().to_dict(), spread=0.71, trained_on=4000, subgroups=groups)
    ModelVersion.objects.filter(pk=version.pk).update(report=report)

    page = body(admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])))

    for words in (
        "first tries trained on",
        "weight decay",
        "width of the network",
        "course «Sums &amp; more»",
        "0.5120",
    ):
        assert words in page
    known = {*FinetuneConfig().to_dict(), *NetworkConfig.__annotations__, *SplitConfig.__annotations__}
    assert known - {"network", "split"} <= set(wording.SETTINGS)
    for raw in ("weight_decay", "residual_width", "course_", "trained_on", "best_lr", "logloss"):
        assert f">{raw}" not in page


def test_the_first_page_names_what_is_out_of_order(admin: Client) -> None:
    version = make_version(3, "serving")
    TrainingRun.objects.create(objective="tracing", trigger="person", state="refused")
    page = body(admin.get(reverse("admin:index")))
    assert "No worker answers: exercises are chosen from plain estimates until one does." in page
    assert "version 3 serves" in page
    assert "Its files are no longer there" not in page
    shutil.rmtree(registry.folder(version))
    assert "Its files are no longer there" in body(admin.get(reverse("admin:index")))


def test_without_the_queue_nothing_is_said_of_workers_and_schedule(admin: Client) -> None:
    conf: Any = current_app.conf
    address = conf.broker_write_url, conf.broker_url
    conf.broker_write_url = conf.broker_url = "redis+socket:///nowhere.sock"
    try:
        page = body(admin.get(reverse("admin:index")))
    finally:
        conf.broker_write_url, conf.broker_url = address
    assert "Practice goes on with plain estimates" in page
    assert page.count("not known without the queue") == 3
    assert "No worker answers" not in page
    assert "until the scheduler runs again" not in page


def test_rolling_back_takes_exactly_one_version(admin: Client) -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")

    def roll_back(*chosen: ModelVersion) -> None:
        given = {"action": "roll_back", "_selected_action": [version.pk for version in chosen]}
        admin.post(reverse(f"{VERSIONS}_changelist"), given)

    roll_back(first, second)
    assert registry.serving("tracing") == second
    roll_back(first)
    assert registry.serving("tracing") == first


def test_a_student_cannot_reach_any_of_it(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create(username="curious"))
    run = TrainingRun.objects.create(objective="tracing", trigger="person", state="running")
    for address in (reverse(f"{RUNS}_now", args=[run.pk]), reverse(f"{RUNS}_train"), reverse(f"{VERSIONS}_changelist")):
        assert client.get(address).status_code in (302, 404)
