"""What an administrator sees of the models that learn, and can do."""

import shutil
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from content.models import Course
from students.models import Classroom, User
from tests.training.conftest import NOW
from tests.training.test_registry import make_gain, make_group, make_report, make_version, spoil
from training import charts, registry, wording
from training.config import FinetuneConfig, NetworkConfig, SplitConfig
from training.models import ModelVersion, TrainingRun
from training.pseudonyms import class_hash

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
    report = make_report(gain=make_gain(mean=-0.02, low=-0.0311, high=-0.0089))
    version = make_version(1)
    reasons = registry.judge(report, gate=registry.GateConfig())
    ModelVersion.objects.filter(pk=version.pk).update(report=report, reasons=reasons)

    for page in (
        admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])),
        admin.get(reverse(f"{VERSIONS}_changelist")),
    ):
        shown = body(page)
        assert "✗ Log loss 0.5500, the serving version&#x27;s 0.5600: a gain of -0.0200. With 95 % confidence" in shown
        assert "between -0.0311 and -0.0089 (40 students, drawn anew 2000 times)" in shown


def test_every_reason_of_the_gate_has_words_for_its_figures() -> None:
    groups = {"class_x": make_group(loss=0.9), "language_en": make_group()}
    reports = [
        make_report(),
        make_report(serving=None, gain=make_gain(over="knowledge")),
        make_report(subgroups=groups),
        make_report(answers=0, gain=None),
        make_report(candidate={"logloss": float("nan"), "ece": 0.1}),
    ]
    reasons = [reason for report in reports for reason in registry.judge(report, gate=registry.GateConfig())]
    assert {"subgroup", "subgroups", "not_finite", "better_than_knowledge"} <= {reason["code"] for reason in reasons}
    for reason in reasons:
        assert "–" not in wording.reason(reason)
        assert "%" not in wording.reason(reason).replace(" % ", "")


def test_a_reason_of_an_earlier_time_that_lacks_figures_is_still_shown() -> None:
    assert wording.reason({"code": "held_out", "answers": 300}) == (
        "Judged on 300 later answers of – students (at least – of – are needed)."
    )


def test_a_version_s_page_says_everything_in_words(admin: Client) -> None:
    version, course = make_version(1), Course.objects.create(slug="sums", title="Sums & more", language="en")
    figures = {
        "candidate": {"logloss": 0.5},
        "serving": {"logloss": 0.512},
        "knowledge": {"logloss": 0.6},
    }
    seven = Classroom.objects.create(name="Class 7a", course=course, join_code="SEVEN")
    names = (f"course_{course.pk}", f"class_{class_hash(seven.pk)}", "class_gone", "language_zh-hans")
    groups = {name: make_group(**figures) for name in names}
    until = NOW.timestamp()
    settings = FinetuneConfig().to_dict()
    report = make_report(settings=settings, spread=0.71, trained_on=4000, seen_until=until, subgroups=groups)
    ModelVersion.objects.filter(pk=version.pk).update(report=report)

    page = body(admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])))

    for words in (
        "first tries trained on",
        "weight decay",
        "width of the network",
        "course «Sums &amp; more»",
        "class «Class 7a»",
        "a class that is no longer there",
        "courses in 简体中文",
        "March 1, 2026, noon",
        "+0.0000 ± 0.0080",
        "0.5120",
    ):
        assert words in page
    known = {*FinetuneConfig().to_dict(), *NetworkConfig.__annotations__, *SplitConfig.__annotations__}
    assert known - {"network", "split"} <= set(wording.SETTINGS)
    for raw in ("weight_decay", "residual_width", "course_", "trained_on", "best_lr", "logloss"):
        assert f">{raw}" not in page


HISTORY = [
    {"epoch": 0, "loss": 0.61, "valid_loss": 0.58, "valid_auc": 0.71},
    {"epoch": 1, "loss": 0.55, "valid_loss": 0.541, "valid_auc": 0.74},
    {"epoch": 2, "loss": 0.52, "valid_loss": 0.56, "valid_auc": 0.735},
]
BINS = [{"answers": 40, "expected": 0.45, "right": 0.5}, {"answers": 200, "expected": 0.82, "right": 0.8}]


def test_a_version_s_curves_are_pictures_with_words_and_tables(admin: Client) -> None:
    version = make_version(1)
    report = make_report(history=HISTORY, calibration={"candidate": BINS, "serving": BINS, "knowledge": BINS})
    ModelVersion.objects.filter(pk=version.pk).update(report=report)

    page = body(admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])))

    assert page.count('role="img"') == 3
    for words in (
        "on later answers it was lowest after pass 2 of 3, 0.5410",
        "the AUC was highest after pass 2 of 3, 0.7400",
        "Most answers, 200, were expected right with 0.8200 on average, and 0.8000 of them were.",
        "<td>0.7350</td>",
        "the version that served then",
    ):
        assert words in page
    assert page.count("<title ") == page.count("<desc ") == page.count("The figures as a table") == 3


@pytest.mark.parametrize(
    ("report", "keys"),
    [
        ({}, []),
        ({"history": [{"epoch": 0, "loss": 0.6, "valid_loss": 0.6}]}, ["loss"]),
        ({"history": HISTORY, "calibration": {"candidate": BINS, "knowledge": BINS}}, ["loss", "auc", "calibration"]),
    ],
)
def test_there_are_pictures_of_what_the_report_has(report: dict[str, Any], keys: list[str]) -> None:
    drawn = charts.of_report(report)
    assert [chart.key for chart in drawn] == keys
    for chart in drawn:
        labels = [label for _place, label in chart.y_ticks]
        assert len(set(labels)) == len(labels) >= 2


def test_what_is_drawn_lies_where_the_axes_say() -> None:
    losses = charts.of_report({"history": HISTORY})[0]
    assert [line.name for line in losses.lines] == ["answers trained on", "later answers, to stop by"]
    assert [label for _place, label in losses.x_ticks] == ["1", "2", "3"]
    assert [label for _place, label in charts.of_report({"history": HISTORY[:1]})[0].x_ticks] == ["1"]
    assert [place for place, _label in losses.x_ticks] == [x for x, _y, _radius in losses.lines[0].dots]
    height = {label: float(place) for place, label in losses.y_ticks}
    first = float(losses.lines[0].dots[0][1])  # 0.61
    assert height["0.62"] < first < height["0.60"]
    assert first == pytest.approx((height["0.62"] + height["0.60"]) / 2, abs=0.1)


def test_the_first_page_names_what_is_out_of_order(admin: Client) -> None:
    version = make_version(3, "serving")
    TrainingRun.objects.create(objective="tracing", trigger="person", state="refused")
    page = body(admin.get(reverse("admin:index")))
    assert "No worker answers: exercises are chosen from plain estimates until one does." in page
    assert "version 3 serves" in page
    assert "Its file" not in page
    spoil(version)
    assert "Its file model.safetensors was altered or cut off." in body(admin.get(reverse("admin:index")))
    shutil.rmtree(registry.folder(version))
    assert "Its file report.json is missing." in body(admin.get(reverse("admin:index")))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "its file model.safetensors was altered or cut off. Version 1 took its place."),
        ("zh-hans", "它的文件 model.safetensors 被改动或被截断。由版本 1 接替。"),
    ],
)
def test_a_version_that_was_withdrawn_is_named_as_a_fault(admin: Client, language: str, words: str) -> None:
    make_version(1, "retired", served=True)
    broken = make_version(2, "serving")
    spoil(broken)
    registry.serving_or_before("tracing", now=NOW.replace(hour=20))

    with override(language):
        front = body(admin.get(reverse("admin:index"), headers={"accept-language": language}))
        page = admin.get(reverse(f"{VERSIONS}_change", args=[broken.pk]), headers={"accept-language": language})

    assert words in front
    assert 'class="faulty"' in front
    assert words in body(page)


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


def test_one_click_rolls_back_to_the_version_before_and_another_undoes_it(admin: Client) -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")
    make_version(3)

    page = body(admin.get(reverse(f"{VERSIONS}_changelist")))
    address = reverse(f"{VERSIONS}_roll_back", args=[first.pk])
    assert f'action="{address}"' in page
    assert "Roll back to tracing 1" in page
    assert "Tracing 1 serves now." in body(admin.post(address, follow=True))
    assert registry.serving("tracing") == first

    assert "Roll back to tracing 2" in body(admin.get(reverse(f"{VERSIONS}_changelist")))
    admin.post(reverse(f"{VERSIONS}_roll_back", args=[second.pk]))
    assert registry.serving("tracing") == second


def test_only_a_version_that_served_and_has_its_files_offers_to_serve_again(admin: Client) -> None:
    served, serving, refused, pruned = (
        make_version(1, "retired", served=True),
        make_version(2, "serving"),
        make_version(3),
        make_version(4, "retired", served=True),
    )
    ModelVersion.objects.filter(pk=pruned.pk).update(bundle="")
    offers = {
        version.number: "Roll back to this version" in body(admin.get(reverse(f"{VERSIONS}_change", args=[version.pk])))
        for version in (served, serving, refused, pruned)
    }
    assert offers == {1: True, 2: False, 3: False, 4: False}
    page = body(admin.post(reverse(f"{VERSIONS}_roll_back", args=[refused.pk]), follow=True))
    assert "there is nothing to roll back to" in page
    assert registry.serving("tracing") == serving


def test_a_click_on_a_version_that_is_broken_changes_nothing_and_says_why(admin: Client) -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")
    spoil(first)
    page = body(admin.post(reverse(f"{VERSIONS}_roll_back", args=[first.pk]), follow=True))
    assert "Its files are not whole" in page
    assert "Roll back to tracing" not in page
    assert registry.serving("tracing") == second


def test_rolling_back_takes_a_post_and_the_right_to_it(admin: Client, client: Client, django_user_model: Any) -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")
    address = reverse(f"{VERSIONS}_roll_back", args=[first.pk])
    assert admin.get(address).status_code == 405
    reader = django_user_model.objects.create(username="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    client.force_login(reader)
    assert client.post(address).status_code == 404
    assert "Roll back to tracing" not in body(client.get(reverse(f"{VERSIONS}_changelist")))
    assert registry.serving("tracing") == second


def test_a_student_cannot_reach_any_of_it(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create(username="curious"))
    run = TrainingRun.objects.create(objective="tracing", trigger="person", state="running")
    for address in (reverse(f"{RUNS}_now", args=[run.pk]), reverse(f"{RUNS}_train"), reverse(f"{VERSIONS}_changelist")):
        assert client.get(address).status_code in (302, 404)
