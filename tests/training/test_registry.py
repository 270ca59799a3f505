"""The gate, promotion and the way back: exactly one version serves, and never one that is worse."""

import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.conftest import NOW
from training import registry
from training.models import ModelVersion, TrainingRun
from training.registry import GateConfig, NotPromotable

pytestmark = pytest.mark.django_db
GATE = GateConfig(min_answers=100, margin=0.001, calibration_slack=0.01, subgroup_slack=0.02, min_subgroup_answers=50)


def make_version(number: int, state: str = "candidate", *, served: bool = False) -> ModelVersion:
    version = ModelVersion.objects.create(
        objective="tracing",
        number=number,
        state=state,
        bundle=f"training/versions/tracing-{number}",
        promoted_at=NOW if served or state == "serving" else None,
    )
    registry.folder(version).mkdir(parents=True)
    for name in registry.BUNDLE_FILES:
        (registry.folder(version) / name).touch()
    return version


def make_report(**changes: Any) -> dict[str, Any]:
    plain = {"logloss": 0.60, "auc": 0.70, "ece": 0.02}
    report: dict[str, Any] = {
        "answers": 500,
        "candidate": {"logloss": 0.55, "auc": 0.75, "ece": 0.02},
        "serving": {"logloss": 0.56, "auc": 0.74, "ece": 0.02},
        "baselines": {"knowledge": plain},
        "subgroups": {
            "new students": {
                "answers": 80,
                "candidate": {"logloss": 0.5},
                "serving": {"logloss": 0.5},
                "knowledge": plain,
            }
        },
    }
    return {**report, **changes}


def failed(report: Mapping[str, Any]) -> list[str]:
    reasons = registry.judge(report, gate=GATE)
    return [reason["code"] for reason in reasons if not reason["passed"]]


def test_a_candidate_that_is_better_by_the_margin_passes() -> None:
    assert failed(make_report()) == []


def test_a_candidate_that_is_hardly_better_is_refused() -> None:
    report = make_report(candidate={"logloss": 0.5595, "auc": 0.9, "ece": 0.0})
    assert failed(report) == ["better_than_serving"]


def test_the_first_candidate_must_beat_the_plain_estimate() -> None:
    worse = make_report(serving=None, candidate={"logloss": 0.61, "auc": 0.75, "ece": 0.02})
    assert failed(make_report(serving=None)) == []
    assert failed(worse) == ["better_than_knowledge"]


def test_a_candidate_that_is_badly_calibrated_is_refused() -> None:
    badly = {"logloss": 0.5, "auc": 0.8, "ece": 0.031}
    assert failed(make_report(candidate=badly, answers=100_000)) == ["calibration"]
    assert failed(make_report(candidate={**badly, "ece": 0.029}, answers=100_000)) == []


def test_on_few_answers_a_calibration_error_that_chance_explains_is_forgiven() -> None:
    badly = {"logloss": 0.5, "auc": 0.8, "ece": 0.06}
    assert registry.calibration_error_by_chance(500) == pytest.approx(0.0564, abs=1e-4)
    assert failed(make_report(candidate=badly, answers=500)) == []
    assert failed(make_report(candidate={**badly, "ece": 0.07}, answers=500)) == ["calibration"]


def test_a_candidate_that_fails_one_group_is_refused_and_the_group_is_named() -> None:
    groups = {"hinted": {"answers": 60, "candidate": {"logloss": 0.7}, "serving": {"logloss": 0.6}}}
    reasons = registry.judge(make_report(subgroups=groups), gate=GATE)
    assert [reason["subgroup"] for reason in reasons if not reason["passed"]] == ["hinted"]


def test_a_group_of_a_few_answers_decides_nothing() -> None:
    groups = {"hinted": {"answers": 6, "candidate": {"logloss": 0.9}, "serving": {"logloss": 0.6}}}
    assert failed(make_report(subgroups=groups)) == []


def test_too_few_later_answers_decide_nothing() -> None:
    assert failed(make_report(answers=99)) == ["held_out"]


def test_a_candidate_whose_figures_are_no_numbers_is_refused() -> None:
    report = make_report(candidate={"logloss": float("nan"), "auc": 0.5, "ece": 0.0})
    assert failed(report) == ["not_finite"]


def test_a_passing_candidate_serves_and_the_one_before_retires() -> None:
    before, after = make_version(1, "serving"), make_version(2)

    assert registry.consider(after, report=make_report(), against=before, gate=GATE, now=NOW)

    before.refresh_from_db()
    assert (before.state, after.state, after.promoted_at) == ("retired", "serving", NOW)
    assert registry.serving("tracing") == after


def test_a_refused_candidate_keeps_its_report_and_reasons_and_what_served_goes_on() -> None:
    before, after = make_version(1, "serving"), make_version(2)
    report = make_report(candidate={"logloss": 0.58, "auc": 0.7, "ece": 0.02})

    assert not registry.consider(after, report=report, against=before, gate=GATE, now=NOW)

    assert registry.serving("tracing") == before
    assert (after.state, after.report) == ("candidate", report)
    assert any(reason["code"] == "better_than_serving" and not reason["passed"] for reason in after.reasons)


def test_a_comparison_with_a_version_that_no_longer_serves_promotes_nothing() -> None:
    compared, now_serving, candidate = make_version(1, "retired"), make_version(2, "serving"), make_version(3)

    assert not registry.consider(candidate, report=make_report(), against=compared, gate=GATE, now=NOW)

    assert registry.serving("tracing") == now_serving
    assert candidate.reasons[-1] == {"code": "serving_changed", "passed": False}


def test_a_first_version_does_not_push_aside_one_that_came_meanwhile() -> None:
    now_serving, candidate = make_version(1, "serving"), make_version(2)
    with pytest.raises(NotPromotable, match="serving_changed"):
        registry.promote(candidate, replacing=None, now=NOW)
    assert registry.serving("tracing") == now_serving


def test_a_version_whose_files_are_gone_is_not_promoted() -> None:
    version = make_version(1)
    shutil.rmtree(registry.folder(version))
    with pytest.raises(NotPromotable, match="bundle_gone"):
        registry.promote(version, replacing=None, now=NOW)


def test_rolling_back_lets_the_version_before_serve_again() -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")

    assert registry.roll_back("tracing", now=NOW) == first

    second.refresh_from_db()
    assert registry.serving("tracing") == first
    assert second.state == "retired"


def test_a_version_that_never_served_cannot_be_rolled_back_to() -> None:
    make_version(1, "serving")
    refused = make_version(2)
    with pytest.raises(NotPromotable, match="never_served"):
        registry.roll_back("tracing", to=refused, now=NOW)


def test_asking_what_serves_is_one_query() -> None:
    make_version(1, "serving")
    with CaptureQueriesContext(connection) as queries:
        registry.serving("tracing")
    assert len(queries) == 1


def test_registering_numbers_the_bundle_and_moves_it() -> None:
    make_version(1, "serving")
    run = TrainingRun.objects.create(objective="tracing", trigger="person")
    made = registry.folder(ModelVersion(bundle="made"))
    made.mkdir()
    (made / "config.json").write_text("{}")

    version = registry.register(run, made)

    assert (version.number, version.state) == (2, "candidate")
    assert (registry.folder(version) / "config.json").exists()
    assert not made.exists()


def test_cleaning_up_keeps_what_can_be_rolled_back_to() -> None:
    old = [make_version(number, "retired", served=True) for number in range(1, 9)]
    for place, version in enumerate(old):
        ModelVersion.objects.filter(pk=version.pk).update(promoted_at=NOW.replace(hour=place))
    refused = [make_version(number) for number in (9, 10, 11)]
    now_serving = make_version(12, "serving")

    registry.clean_up("tracing")

    left = {version.number for version in ModelVersion.objects.exclude(bundle="")}
    assert left == {4, 5, 6, 7, 8, 11, 12}
    assert not registry.folder(old[0]).exists()
    assert not registry.folder(refused[0]).exists()
    assert registry.folder(now_serving).exists()
