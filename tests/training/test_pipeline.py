"""The whole walk with real, tiny networks: from rows to a serving version and its predictions."""

import json
import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from django.db import connection
from django.test.utils import CaptureQueriesContext
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from students.models import Attempt, ConceptState
from tests.training.conftest import NOW, TINY, Site, answer, walk
from training import asking, evaluate, finetune, machinery, pipeline, predictions, registry, runs, seal, serving
from training.models import ModelVersion, TrainingRun

pytestmark = pytest.mark.django_db


def test_a_run_ends_in_a_version_that_serves(site: Site, easy_gate: None) -> None:
    run = walk()

    assert (run.state, run.stage, run.progress, run.answers) == ("promoted", "done", 1.0, 800)
    assert run.message == {"code": "promoted", "number": 1}
    assert run.version == registry.serving("tracing")
    assert run.version is not None
    assert run.version.report["candidate"]["logloss"] < 1
    assert all(reason["passed"] for reason in run.version.reasons)
    assert (registry.folder(run.version) / "model.safetensors").exists()


def test_a_deliberately_worse_candidate_is_refused_by_the_gate(
    serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidate is the serving network with its weights shuffled, judged by the real gate on real answers."""

    def spoil(**named: Any) -> Path:
        made = original(**named)
        weights = load_file(made / "model.safetensors")
        mixed = {
            name: rows.flatten()[torch.randperm(rows.numel())].reshape(rows.shape) for name, rows in weights.items()
        }
        save_file(
            {name: rows * (1 if "scale" in name else 3) for name, rows in mixed.items()}, made / "model.safetensors"
        )
        seal.close(made, seal.read_report(made))
        return made

    original = finetune.finetune
    monkeypatch.setattr(finetune, "finetune", spoil)
    monkeypatch.setattr(pipeline, "GATE", registry.GateConfig(min_answers=20))

    run = walk(seed=1)

    assert run.state == "refused"
    assert registry.serving("tracing") == serving_version
    assert run.version is not None
    failed = {reason["code"] for reason in run.version.reasons if not reason["passed"]}
    assert "better_than_serving" in failed


def test_a_thin_week_of_noise_promotes_nothing(
    site: Site, serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four dozen answers by tossing a coin, judged by the gate as it is, but for the number of answers it asks for."""
    monkeypatch.setattr(pipeline, "GATE", registry.GateConfig(min_answers=20))
    coin = random.Random(4)
    for place in range(48):
        Attempt.objects.create(
            student=site.students[place % 12],
            step=coin.choice(site.steps),
            correct=coin.random() < 0.5,
            score=0.5,
            created_at=NOW + timedelta(days=7, minutes=place),
            is_simulated=True,
        )

    run = walk(seed=0)

    assert run.version is not None
    assert (run.state, run.answers) == ("refused", 848)
    assert registry.serving("tracing") == serving_version
    failed = {reason["code"] for reason in run.version.reasons if not reason["passed"]}
    assert "better_than_serving" in failed


def test_a_run_whose_loss_is_no_number_fails_and_what_served_goes_on(serving_version: ModelVersion) -> None:
    run = walk(base="none", learning_rate=1e30)

    assert run.state == "failed"
    assert run.message["code"] == "training_failed"
    assert registry.serving("tracing") == serving_version
    assert ModelVersion.objects.count() == 1


def test_weights_that_are_no_numbers_at_the_very_end_fail_the_run_as_training(
    site: Site, easy_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step of all can spoil them, after its loss was worked out."""

    def spoil(model: Any, *_: Any, **__: Any) -> None:
        model.head.weight.data.fill_(float("nan"))

    monkeypatch.setattr(finetune, "calibrate", spoil)
    run = walk(epochs=1)
    assert (run.state, run.message["code"]) == ("failed", "training_failed")
    assert registry.serving("tracing") is None


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(28, "Error writing bytes to file. Detail: [errno 28] No space left on device"),  # Arrow's
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_fails_the_run_with_a_word_about_the_disk(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def no_space(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(finetune, "write_bundle", no_space)
    run = walk()
    assert (run.state, run.message) == ("failed", {"code": "disk_full"})
    assert registry.serving("tracing") is None


def test_a_disk_that_is_full_at_a_checkpoint_is_named_too(site: Site) -> None:
    run = runs.request_retrain("tracing", trigger="person", options=TINY)
    checkpoint = pipeline.run_folder(run) / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "state.new").symlink_to("/dev/full")  # takes nothing: «no space left on device»
    ended = pipeline.retrain(run_id=run.pk)
    assert ended is not None
    assert (ended.state, ended.message) == ("failed", {"code": "disk_full"})


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("model.safetensors", "cut off"),
        ("residuals.safetensors", "altered"),
        ("ids.json", "missing"),
        ("config.json", "altered"),
        ("report.json", "cut off"),
    ],
)
def test_a_serving_version_that_is_not_whole_is_refused_and_the_one_before_serves(
    site: Site, serving_version: ModelVersion, name: str, how: str
) -> None:
    """A worker that starts afterwards finds it out when it is asked; nobody has to do anything."""
    second = walk(seed=3).version
    assert second is not None
    assert second == registry.serving("tracing")
    path = registry.folder(second) / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if how == "cut off" else whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    if how == "missing":
        path.unlink()
    serving.predictor.cache_clear()

    assert refresh(site)

    assert registry.serving("tracing") == serving_version
    found = predictions.fresh(site.students[0].pk, attempts_seen=40)
    assert found is not None
    assert found.version_id == serving_version.pk
    state = machinery.state(now=NOW)["models"]["tracing"]
    assert (state["serving"], state["fault"]) == (1, None)
    assert (state["withdrawn"]["file"], state["withdrawn"]["instead"]) == (name, 1)


def test_a_version_that_is_whole_but_cannot_be_read_is_withdrawn_too(site: Site, serving_version: ModelVersion) -> None:
    """As one whose network sees other features than the code does now."""
    second = walk(seed=3).version
    assert second is not None
    config = registry.folder(second) / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"features": 3}))
    seal.close(registry.folder(second), seal.read_report(registry.folder(second)))
    serving.predictor.cache_clear()

    assert refresh(site)

    state = machinery.state(now=NOW)["models"]["tracing"]
    assert (state["serving"], state["withdrawn"]["code"]) == (1, "withdrawn_unreadable")


def test_a_run_starts_from_the_last_whole_version_and_compares_itself_with_it(
    site: Site, serving_version: ModelVersion
) -> None:
    second = walk(seed=3).version
    assert second is not None
    (registry.folder(second) / "config.json").unlink()

    run = walk(seed=4)

    assert run.options["base"] == "1"
    assert run.version is not None
    assert run.version.report["base"] == "tracing-1"
    assert run.version.report["gain"]["over"] == "serving"
    assert registry.serving("tracing") == run.version


def test_what_a_run_starts_from_is_named_at_its_first_start(
    site: Site, serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else may serve when it goes on."""
    run = runs.request_retrain("tracing", trigger="person", options=TINY)
    killed_in(monkeypatch, evaluate, "evaluate", run)
    ModelVersion.objects.filter(pk=serving_version.pk).update(state="retired")

    ended = pipeline.retrain(run_id=run.pk)

    assert ended is not None
    assert ended.options["base"] == "1"
    assert ended.state == "promoted"


def test_until_a_version_serves_a_run_starts_from_the_base_that_came_with_the_site(
    site: Site, serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry.folder(serving_version).rename(tmp_path / "base")
    ModelVersion.objects.all().delete()
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "base")

    run = walk(seed=3)

    assert run.version is not None
    assert (run.options["base"], run.version.report["base"], run.version.report["serving"]) == ("shipped", "base", None)


def test_only_answers_that_neither_the_base_nor_the_rival_has_seen_are_judged(
    site: Site, serving_version: ModelVersion
) -> None:
    """All were seen, says the version that serves; so nothing tells whether the next is better."""
    last = (NOW + timedelta(minutes=39)).timestamp()
    assert NOW.timestamp() < serving_version.report["seen_until"] < last
    report = serving_version.report | {"seen_until": last}
    ModelVersion.objects.filter(pk=serving_version.pk).update(report=report)

    run = walk(seed=3)

    assert run.version is not None
    assert run.version.report["answers"] == 0
    assert run.version.report["seen_until"] == last
    assert [reason["code"] for reason in run.version.reasons] == ["held_out"]
    assert registry.serving("tracing") == serving_version


def test_when_the_files_of_what_serves_are_gone_practice_goes_on_and_the_next_run_starts_anew(
    site: Site, serving_version: ModelVersion
) -> None:
    refresh(site)
    other = site.students[1].pk
    shutil.rmtree(registry.folder(serving_version))
    assert refresh(site, student_id=other)  # this process has it in memory
    serving.predictor.cache_clear()
    assert not refresh(site, student_id=other)
    pipeline.load_serving()
    state = machinery.state(now=NOW)
    assert not state["ok"]
    assert state["models"]["tracing"]["serving"] == 1
    assert state["models"]["tracing"]["fault"] == {"file": "report.json", "problem": "missing"}

    run = walk(seed=2)

    assert run.state == "promoted"
    assert run.version is not None
    assert run.version == registry.serving("tracing")
    assert run.version.report["serving"] is None
    assert refresh(site, student_id=other)


def test_too_few_answers_fail_the_run_with_their_number(empty_site: Site) -> None:
    answer(empty_site, students=empty_site.students[:1], each=3, seed=1)
    run = walk()
    assert run.state == "failed"
    assert run.message["code"] == "too_few"


def test_a_site_without_any_answer_fails_the_run_with_a_message(empty_site: Site) -> None:
    assert walk().message == {"code": "too_few", "answers": 0, "needed": pipeline.LEAST_ANSWERS}


def test_calling_twice_walks_once(site: Site, easy_gate: None) -> None:
    run = walk()
    assert pipeline.retrain(run_id=run.pk) is None
    assert ModelVersion.objects.count() == 1


class Killed(BaseException):
    """Nothing in the walk can catch it."""


def killed_in(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, run: TrainingRun) -> None:
    """Let the run go until it would call this, die there, and be queued again."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Killed):
            pipeline.retrain(run_id=run.pk)
    runs.look_after(now=NOW)


def test_a_run_that_stopped_after_fine_tuning_goes_on_with_the_same_snapshot_and_version(
    site: Site, easy_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.request_retrain("tracing", trigger="person", options=TINY)
    killed_in(monkeypatch, evaluate, "evaluate", run)
    answer(site, students=site.students, each=5, seed=8, start=NOW + timedelta(days=9))

    ended = pipeline.retrain(run_id=run.pk)

    assert ended is not None
    assert (ended.starts, ended.answers) == (2, 800)
    assert ended.version is not None
    assert ended.version.number == 1


def test_a_run_that_died_after_the_gate_keeps_what_the_gate_said(
    site: Site, serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves by then: judged once more it would have itself as rival."""
    run = runs.request_retrain("tracing", trigger="person", options={**TINY, "seed": 3})
    killed_in(monkeypatch, runs.Reporter, "finish", run)
    version = registry.serving("tracing")
    assert version is not None
    assert version != serving_version
    before = (version.report, version.reasons, seal.read_report(registry.folder(version)))

    ended = pipeline.retrain(run_id=run.pk)

    assert ended is not None
    assert (ended.state, ended.version) == ("promoted", version)
    version.refresh_from_db()
    assert (version.report, version.reasons, seal.read_report(registry.folder(version))) == before


@pytest.mark.parametrize("learning_rate", [1e-3, 1e30])
def test_old_run_folders_are_deleted_after_failed_runs_too(
    site: Site, easy_gate: None, settings: Any, learning_rate: float
) -> None:
    settings.KEEP_RUN_FOLDERS = 1
    first, second = walk(learning_rate=learning_rate), walk(learning_rate=learning_rate)
    folders = {path.name for path in (settings.DATA / "training" / "runs").iterdir()}
    assert folders == {str(second.pk)}
    assert first.pk != second.pk
    assert first.state == ("failed" if learning_rate > 1 else "promoted")


def refresh(site: Site, **changes: Any) -> bool:
    given = {
        "student_id": site.students[0].pk,
        "course_id": site.course.pk,
        "step_ids": [step.pk for step in site.steps],
        "now": NOW + timedelta(hours=1),
    }
    return pipeline.refresh_predictions(**{**given, **changes})


def test_a_refresh_stores_what_the_bundle_says_when_asked_directly(site: Site, serving_version: ModelVersion) -> None:
    student, at = site.students[0].pk, NOW + timedelta(hours=1)
    ids = [step.pk for step in site.steps]
    assert refresh(site)

    found = predictions.fresh(student, attempts_seen=40)
    question = asking.about(student, course_id=site.course.pk, step_ids=ids, now=at)
    direct = serving.predictor(registry.folder(serving_version)).predict(question.query)

    assert found is not None
    assert found.version_id == serving_version.pk
    assert found.probabilities == {
        pk: pytest.approx(p, abs=1e-5) for pk, p in zip(ids, direct.probabilities.tolist(), strict=True)
    }


def test_a_refresh_writes_the_mastery_of_the_concepts_tried(site: Site, serving_version: ModelVersion) -> None:
    refresh(site)
    states = ConceptState.objects.filter(student=site.students[0])
    assert {state.concept_id for state in states} == {concept.pk for concept in site.concepts}
    assert {(state.source, state.version) for state in states} == {("tracer", "tracing 1")}


def test_one_more_answer_makes_the_prediction_stale_and_the_next_refresh_fresh(
    site: Site, serving_version: ModelVersion
) -> None:
    student = site.students[0]
    refresh(site)
    answer(site, students=[student], each=1, seed=4, start=NOW + timedelta(hours=2))
    assert predictions.fresh(student.pk, attempts_seen=41) is None
    refresh(site, now=NOW + timedelta(hours=3))
    assert predictions.fresh(student.pk, attempts_seen=41) is not None


def test_without_a_serving_version_a_refresh_does_nothing(site: Site) -> None:
    assert not refresh(site)


def test_a_student_who_has_not_answered_yet_gets_predictions_too(
    site: Site, serving_version: ModelVersion, django_user_model: Any
) -> None:
    new = django_user_model.objects.create(username="new")
    assert refresh(site, student_id=new.pk)
    found = predictions.fresh(new.pk, attempts_seen=0)
    assert found is not None
    assert len(found.probabilities) == len(site.steps)


def test_steps_of_another_course_or_of_none_are_left_out(site: Site, serving_version: ModelVersion) -> None:
    refresh(site, step_ids=[site.steps[0].pk, 10**9])
    found = predictions.fresh(site.students[0].pk, attempts_seen=40)
    assert found is not None
    assert set(found.probabilities) == {site.steps[0].pk}


def test_the_queries_of_a_refresh_do_not_grow(site: Site, serving_version: ModelVersion) -> None:
    refresh(site)
    with CaptureQueriesContext(connection) as queries:
        refresh(site)
    assert len(queries) <= 16


def test_workers_follow_a_promotion_and_a_roll_back_without_a_restart(
    site: Site, serving_version: ModelVersion
) -> None:
    second = walk(seed=3).version
    refresh(site)
    after_promotion = predictions.fresh(site.students[0].pk, attempts_seen=40)

    registry.roll_back("tracing", now=NOW)
    in_between = predictions.fresh(site.students[0].pk, attempts_seen=40)
    refresh(site)
    after_roll_back = predictions.fresh(site.students[0].pk, attempts_seen=40)

    assert second is not None
    assert after_promotion is not None
    assert after_roll_back is not None
    assert (after_promotion.version_id, in_between, after_roll_back.version_id) == (second.pk, None, serving_version.pk)
    assert after_promotion.probabilities != after_roll_back.probabilities
