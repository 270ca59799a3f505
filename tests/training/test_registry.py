"""The gate, promotion and the way back: exactly one version serves, and never one that is worse."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.conftest import NOW
from training import registry, seal
from training.models import ModelVersion, TrainingRun
from training.registry import GateConfig, NotPromotable

pytestmark = pytest.mark.django_db
GATE = GateConfig(min_answers=100, min_subgroup_answers=50)


def make_version(number: int, state: str = "candidate", *, served: bool = False) -> ModelVersion:
    version = ModelVersion.objects.create(
        objective="tracing",
        number=number,
        state=state,
        bundle=f"training/versions/tracing-{number}",
        promoted_at=NOW if served or state == "serving" else None,
    )
    registry.folder(version).mkdir(parents=True)
    for name in seal.FILES:
        (registry.folder(version) / name).write_text(f"{name} of {number}")
    seal.close(registry.folder(version), {"number": number})
    return version


def spoil(version: ModelVersion, name: str = "model.safetensors") -> None:
    """Cut the end off one of its files."""
    path = registry.folder(version) / name
    path.write_bytes(path.read_bytes()[:-1])


def make_report(**changes: Any) -> dict[str, Any]:
    plain = {"logloss": 0.60, "auc": 0.70, "ece": 0.02}
    report: dict[str, Any] = {
        "answers": 500,
        "candidate": {"logloss": 0.55, "auc": 0.75, "ece": 0.02},
        "serving": {"logloss": 0.56, "auc": 0.74, "ece": 0.02},
        "baselines": {"knowledge": plain},
        "gain": make_gain(),
        "subgroups": {"new students": make_group()},
    }
    return {**report, **changes}


def make_gain(**changes: Any) -> dict[str, Any]:
    doubt = {"confidence": 0.95, "resamples": 2000, "students": 40}
    return {"over": "serving", "mean": 0.01, "low": 0.004, "high": 0.016, **doubt, **changes}


def make_group(**changes: Any) -> dict[str, Any]:
    figures = {who: {"logloss": 0.5} for who in ("candidate", "serving", "knowledge")}
    return {"answers": 80, "students": 9, "loss": 0.0, "error": 0.004, **figures, **changes}


def failed(report: Mapping[str, Any]) -> list[str]:
    reasons = registry.judge(report, gate=GATE)
    return [reason["code"] for reason in reasons if not reason["passed"]]


def test_a_candidate_that_is_better_beyond_doubt_passes() -> None:
    assert failed(make_report()) == []


@pytest.mark.parametrize("doubt", [{"low": -0.0001}, {"low": 0.0}, {"low": None, "high": None}])
def test_a_candidate_that_is_better_only_in_the_mean_is_refused(doubt: dict[str, Any]) -> None:
    assert failed(make_report(gain=make_gain(mean=0.01, **doubt))) == ["better_than_serving"]


def test_the_first_candidate_must_beat_the_plain_estimate() -> None:
    better, worse = make_gain(over="knowledge"), make_gain(over="knowledge", low=-0.02)
    assert failed(make_report(serving=None, gain=better)) == []
    assert failed(make_report(serving=None, gain=worse)) == ["better_than_knowledge"]


def test_the_reasons_state_the_gain_its_interval_and_how_sure_that_is() -> None:
    reason = next(reason for reason in registry.judge(make_report(), gate=GATE) if reason["code"].startswith("better"))
    stated = ("passed", "gain", "low", "high", "confidence", "students", "resamples")
    assert [reason[name] for name in stated] == [True, 0.01, 0.004, 0.016, 95, 40, 2000]


def test_a_candidate_that_is_badly_calibrated_is_refused() -> None:
    badly = {"logloss": 0.5, "auc": 0.8, "ece": 0.031}
    assert failed(make_report(candidate=badly, answers=100_000)) == ["calibration"]
    assert failed(make_report(candidate={**badly, "ece": 0.029}, answers=100_000)) == []


def test_on_few_answers_a_calibration_error_that_chance_explains_is_forgiven() -> None:
    badly = {"logloss": 0.5, "auc": 0.8, "ece": 0.06}
    assert registry.calibration_error_by_chance(500) == pytest.approx(0.0564, abs=1e-4)
    assert failed(make_report(candidate=badly, answers=500)) == []
    assert failed(make_report(candidate={**badly, "ece": 0.07}, answers=500)) == ["calibration"]


@pytest.mark.parametrize(
    ("group", "refused"),
    [
        ({"loss": 0.0179}, False),  # the margin of 0.01, and two standard errors of 0.004
        ({"loss": 0.0181}, True),
        ({"loss": 0.0101, "error": 0.0}, True),
        ({"loss": 0.0501, "error": 0.1}, True),  # whatever chance explains
        ({"loss": 0.0499, "error": 0.1}, False),
        ({"loss": 0.0101, "error": None}, True),  # one student
        ({"loss": 0.9, "answers": 49}, False),  # says nothing
    ],
)
def test_a_candidate_that_fails_one_group_is_refused_and_the_group_is_named(
    group: dict[str, Any], refused: bool
) -> None:
    groups = {"class_x": make_group(**group), "language_en": make_group()}
    reasons = registry.judge(make_report(subgroups=groups), gate=GATE)
    assert [reason["subgroup"] for reason in reasons if not reason["passed"]] == (["class_x"] if refused else [])


def test_too_few_later_answers_or_students_decide_nothing() -> None:
    assert failed(make_report(answers=99)) == ["held_out"]
    assert failed(make_report(gain=make_gain(students=4))) == ["held_out"]
    assert failed(make_report(answers=0, gain=None)) == ["held_out"]


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
    report = make_report(candidate={"logloss": 0.58, "auc": 0.7, "ece": 0.02}, gain=make_gain(mean=-0.02, low=-0.03))

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


@pytest.mark.parametrize("name", seal.FILES)
def test_a_version_whose_files_are_not_whole_is_not_promoted(name: str) -> None:
    cut, gone = make_version(1), make_version(2)
    spoil(cut, name)
    (registry.folder(gone) / name).unlink()
    for version in (cut, gone):
        with pytest.raises(NotPromotable, match="bundle_broken"):
            registry.promote(version, replacing=None, now=NOW)
    assert registry.serving("tracing") is None


def test_a_candidate_that_passes_but_is_broken_is_refused_and_the_reasons_say_so() -> None:
    now_serving, candidate = make_version(1, "serving"), make_version(2)
    spoil(candidate)
    assert not registry.consider(candidate, report=make_report(), against=now_serving, gate=GATE, now=NOW)
    assert registry.serving("tracing") == now_serving
    assert candidate.reasons[-1] == {"code": "bundle_broken", "passed": False}


def test_the_reasons_are_there_from_the_moment_that_a_version_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies in the middle of it leaves both or neither."""

    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    candidate = make_version(1)
    monkeypatch.setattr(ModelVersion, "refresh_from_db", die)
    original = registry.promote

    def promote_and_die(*given: Any, **named: Any) -> None:
        original(*given, **named)
        die()

    monkeypatch.setattr(registry, "promote", promote_and_die)
    report = make_report(serving=None, gain=make_gain(over="knowledge"))
    with pytest.raises(Killed):
        registry.consider(candidate, report=report, against=None, gate=GATE, now=NOW)
    assert list(ModelVersion.objects.values_list("state", "reasons")) == [("candidate", [])]


def served_in_order(*numbers: int) -> list[ModelVersion]:
    """Versions that served one after the other, an hour each; the last one still does."""
    versions = [make_version(number, "retired", served=True) for number in numbers[:-1]]
    versions.append(make_version(numbers[-1], "serving"))
    for place, version in enumerate(versions):
        version.promoted_at = NOW.replace(hour=place)
        version.save()
    return versions


def test_when_the_serving_version_is_broken_the_last_whole_one_before_it_serves() -> None:
    first, second, third, fourth = served_in_order(1, 2, 3, 4)
    for broken in (third, fourth):
        spoil(broken)

    assert registry.serving_or_before("tracing", now=NOW) == second

    fourth.refresh_from_db()
    assert registry.serving("tracing") == second
    assert (fourth.state, first.state) == ("retired", "retired")
    reason = fourth.reasons[-1]
    stated = {"code": "withdrawn_altered", "file": "model.safetensors", "instead": 2, "passed": False}
    assert stated.items() <= reason.items()
    assert registry.withdrawn("tracing") == reason


def test_a_version_that_is_whole_goes_on_serving() -> None:
    _, second = served_in_order(1, 2)
    assert registry.serving_or_before("tracing", now=NOW) == second
    assert registry.withdrawn("tracing") is None


def test_without_a_whole_version_nothing_is_withdrawn() -> None:
    first, second = served_in_order(1, 2)
    for version in (first, second):
        shutil.rmtree(registry.folder(version))
    assert registry.serving_or_before("tracing", now=NOW) == second
    assert registry.serving("tracing") == second
    assert registry.withdrawn("tracing") is None


def test_a_withdrawn_version_that_was_mended_can_be_rolled_back_to() -> None:
    _, second = served_in_order(1, 2)
    (registry.folder(second) / "ids.json").rename(registry.folder(second) / "elsewhere")
    registry.serving_or_before("tracing", now=NOW)
    (registry.folder(second) / "elsewhere").rename(registry.folder(second) / "ids.json")

    registry.roll_back("tracing", to=second, now=NOW.replace(hour=20))

    assert registry.serving("tracing") == second
    assert registry.withdrawn("tracing") is None


def test_the_base_that_ships_is_whole() -> None:
    seal.verify(Path(registry.__file__).parent / "base")


def test_rolling_back_lets_the_version_before_serve_again() -> None:
    first, second = make_version(1, "retired", served=True), make_version(2, "serving")

    assert registry.roll_back("tracing", now=NOW) == first

    second.refresh_from_db()
    assert registry.serving("tracing") == first
    assert second.state == "retired"


def test_rolling_back_skips_a_version_that_is_broken() -> None:
    first, second, _third = served_in_order(1, 2, 3)
    spoil(second)
    assert registry.before("tracing") == first
    assert registry.roll_back("tracing", now=NOW) == first
    with pytest.raises(NotPromotable, match="bundle_broken"):
        registry.roll_back("tracing", to=second, now=NOW)


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


@pytest.mark.parametrize(("served", "new", "left"), [(1, 0, {3, 6}), (2, 1, {2, 3, 6}), (9, 2, {1, 2, 3, 5, 6})])
def test_how_many_bundles_are_kept_is_a_setting(settings: Any, served: int, new: int, left: set[int]) -> None:
    settings.KEEP_SERVED_BUNDLES, settings.KEEP_NEW_BUNDLES = served, new
    served_in_order(1, 2, 3, 6)
    for number in (4, 5):
        make_version(number)

    registry.clean_up("tracing")

    kept = ModelVersion.objects.exclude(bundle="")
    assert {version.number for version in kept} == left
    assert all(registry.fault(version) is None for version in kept)
