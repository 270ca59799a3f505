"""Runs as rows: one at a time, owned by one process, and picked up when it dies."""

from datetime import timedelta

import pytest

from tests.training.conftest import NOW, Site, answer
from tests.training.test_registry import make_version, spoil
from training import registry, runs, seal
from training.models import ModelVersion, TrainingRun

pytestmark = pytest.mark.django_db


def ask() -> TrainingRun:
    return runs.request_retrain("tracing", trigger="person")


def test_asking_twice_gives_the_run_that_is_there() -> None:
    first = ask()
    assert ask() == first
    assert TrainingRun.objects.count() == 1


def test_after_a_run_has_ended_asking_gives_a_new_one() -> None:
    first = ask()
    TrainingRun.objects.filter(pk=first.pk).update(state="refused")
    assert ask() != first


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"epochs": 0}, "epochs"),
        ({"colour": "red"}, "colour"),
        ({"base": "9"}, "9"),
        ({"base": "/nowhere"}, "/nowhere"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        runs.request_retrain("tracing", trigger="person", options=options)
    assert not TrainingRun.objects.exists()


def test_a_person_s_learning_rate_holds_from_a_base_too() -> None:
    _, config = runs.read_options({"learning_rate": 0.01, "base": "none"}, objective="tracing")
    assert (config.learning_rate, config.base_learning_rate) == (0.01, 0.01)


def test_a_run_starts_from_what_serves_or_from_the_version_named() -> None:
    for number, state in ((1, "retired"), (2, "serving")):
        make_version(number, state)

    bases = [runs.read_options(options, objective="tracing")[0] for options in ({}, {"base": "1"}, {"base": "none"})]

    assert [base and base.name for base in bases] == ["tracing-2", "tracing-1", None]


def test_until_a_version_serves_a_run_starts_from_the_bundle_that_came_with_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = registry.folder(make_version(7))
    monkeypatch.setattr(registry, "SHIPPED", base)
    assert runs.read_options({}, objective="tracing")[0] == base
    assert runs.with_base({"epochs": 3}, objective="tracing") == {"epochs": 3, "base": "shipped"}

    make_version(1, "serving")
    assert runs.with_base({}, objective="tracing") == {"base": "1"}

    ModelVersion.objects.all().delete()
    (base / "ids.json").write_text("altered")
    assert runs.with_base({}, objective="tracing") == {"base": "none"}
    with pytest.raises(ValueError, match=r"shipped is no whole bundle: ids\.json is altered"):
        runs.read_options({"base": "shipped"}, objective="tracing")


@pytest.mark.parametrize("name", seal.FILES)
def test_a_version_that_is_not_whole_is_no_base(name: str) -> None:
    spoil(make_version(1, "retired"), name)
    with pytest.raises(ValueError, match=rf"1 is no whole bundle: {name} is altered"):
        runs.read_options({"base": "1"}, objective="tracing")


def test_a_run_does_not_start_from_a_serving_version_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SHIPPED", registry.SHIPPED / "nowhere")
    version = make_version(1, "serving")
    assert runs.with_base({}, objective="tracing") == {"base": "1"}
    spoil(version)
    assert runs.read_options({}, objective="tracing")[0] is None


def test_only_one_process_owns_a_run_and_its_end_frees_it() -> None:
    run = ask()
    with runs.owning(run.pk) as first, runs.owning(run.pk) as second:
        assert (first, second) == (True, False)
    with runs.owning(run.pk) as again:
        assert again


def test_a_run_is_claimed_once() -> None:
    run = ask()
    claimed = runs.claim(run.pk)
    assert claimed is not None
    assert (claimed.state, claimed.starts) == ("running", 1)
    assert runs.claim(run.pk) is None


def test_a_run_that_nobody_owns_any_more_is_queued_again() -> None:
    run = ask()
    with runs.owning(run.pk):
        runs.claim(run.pk)
        runs.look_after(now=NOW)
        assert runs.waiting_runs() == []

    runs.look_after(now=NOW)

    assert runs.waiting_runs() == [run.pk]


def test_after_three_deaths_a_run_has_failed() -> None:
    run = ask()
    for _ in range(3):
        assert runs.claim(run.pk)
        runs.look_after(now=NOW)

    run.refresh_from_db()
    assert (run.state, run.finished_at) == ("failed", NOW)
    assert run.message == {"code": "gave_up", "starts": 3}


def test_an_owner_who_lost_the_run_writes_no_more() -> None:
    run = ask()
    claimed = runs.claim(run.pk)
    assert claimed is not None
    reporter = runs.Reporter(claimed)
    runs.look_after(now=NOW)
    runs.claim(run.pk)

    with pytest.raises(runs.LostRun):
        reporter.stage("evaluate")

    run.refresh_from_db()
    assert (run.stage, run.starts) == ("", 2)


def test_progress_is_written_at_most_about_once_a_second() -> None:
    claimed = runs.claim(ask().pk)
    assert claimed is not None
    reporter = runs.Reporter(claimed)
    reporter.stage("finetune")

    for step in range(100):
        reporter.progress(step / 100, message={"code": "epoch"})

    claimed.refresh_from_db()
    assert (claimed.stage, claimed.progress) == ("finetune", 0.0)


def test_new_answers_are_counted_from_the_last_run(site: Site) -> None:
    assert runs.new_answers("tracing") == 800
    ask()
    assert runs.new_answers("tracing") == 0
    answer(site, students=site.students[:1], each=4, seed=3, start=NOW + timedelta(days=1))
    assert runs.new_answers("tracing") == 4
