"""The walks of models that learn: from the record to a serving version, and from a student to predictions.

The stages of a run meet in files, so that a run whose worker died goes on where it stopped. Uses: every stage.
"""

import errno
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from students.knowledge import Estimate
from students.records import store_estimates
from training import asking, bundle, dataset, evaluate, export, finetune, predictions, registry, runs, serving
from training.models import ModelVersion, Objective, TrainingRun
from training.snapshot import read_manifest

logger = logging.getLogger(__name__)

LEAST_ANSWERS = 200  # fewer cannot be split into training, stopping and judging
GATE = registry.GateConfig()


class TooFewAnswers(Exception):
    """There is not enough to train on."""

    def __init__(self, answers: int) -> None:
        super().__init__(f"{answers} answers")
        self.answers = answers


def retrain(*, run_id: int) -> TrainingRun | None:
    """Walk a queued run to its end: promoted, refused or failed. Returns it, or None when it is not ours to walk.

    Safe to call twice: the second call finds the run owned or finished.
    """
    with runs.owning(run_id) as mine:
        run = runs.claim(run_id) if mine else None
        if run is None:
            return None
        reporter = runs.Reporter(run)
        try:
            _walk(run, reporter)
        except runs.LostRun:
            logger.warning("run %s was given to somebody else", run_id)
            return None
        except Exception as error:  # whatever it was, the run must not look alive
            logger.exception("run %s failed", run_id)
            reporter.finish(TrainingRun.State.FAILED, message=_message_of(error))
        _clean_up_runs()
        return run


def _walk(run: TrainingRun, reporter: runs.Reporter) -> None:
    place = run_folder(run)
    registry.serving_or_before(run.objective, now=timezone.now())
    run.options = runs.with_base(run.options, objective=run.objective)
    reporter.save(options=run.options)
    base, config = runs.read_options(run.options, objective=run.objective)

    reporter.stage("snapshot")
    snapshot = place / "snapshot"
    if snapshot.exists():
        manifest = read_manifest(snapshot)
    else:
        manifest = export.write_snapshot(snapshot, objective=run.objective, now=timezone.now())
    run.answers = manifest["answers"]
    reporter.save(answers=run.answers)
    if manifest["labels"] < LEAST_ANSWERS:
        raise TooFewAnswers(manifest["labels"])

    reporter.stage("finetune")
    if run.version is None:
        tell = _told(reporter, config.row_epochs + config.epochs)
        made = finetune.finetune(snapshot=snapshot, out=place, base=base, config=config, progress=tell)
        reporter.save()
        version = registry.register(run, made)
    else:
        version = run.version

    if not version.reasons:  # else it died between the gate and its last report
        _judge(version, snapshot=snapshot, base=run.options["base"], reporter=reporter)
    promoted = version.state != ModelVersion.State.CANDIDATE
    state = TrainingRun.State.PROMOTED if promoted else TrainingRun.State.REFUSED
    reporter.finish(state, message={"code": state.value, "number": version.number})
    registry.clean_up(run.objective)


def _judge(version: ModelVersion, *, snapshot: Path, base: str, reporter: runs.Reporter) -> None:
    """Evaluation and gate. What was seen by the version it started from, or by its rival, is not judged by."""
    reporter.stage("evaluate")
    against = registry.serving_or_before(version.objective, now=timezone.now())
    rival = registry.folder(against) if against and not registry.fault(against) else None
    started = ModelVersion.objects.filter(objective=version.objective, number=int(base)) if base.isdecimal() else ()
    earlier = (one.report.get("seen_until") for one in (*started, against) if one)
    after = max((seen for seen in earlier if seen is not None), default=None)
    report = evaluate.evaluate(bundle=registry.folder(version), snapshot=snapshot, rival=rival, after=after)

    reporter.stage("gate")
    registry.consider(version, report=report, against=against, gate=GATE, now=timezone.now())


def _told(reporter: runs.Reporter, epochs: int) -> Callable[[finetune.Progress], None]:
    """A callback of the training core that writes the run's row."""

    def tell(progress: finetune.Progress) -> None:
        loss = progress.valid_loss if progress.valid_loss is not None else progress.loss
        words = {"code": "epoch", "epoch": min(progress.epoch + 1, epochs), "epochs": epochs, "loss": loss}
        reporter.progress(progress.fraction, message=words if loss is not None else {})

    return tell


def _message_of(error: Exception) -> dict[str, Any]:
    """What went wrong, as a code that training/wording knows."""
    match error:
        case TooFewAnswers():
            return {"code": "too_few", "answers": error.answers, "needed": LEAST_ANSWERS}
        case finetune.TrainingFailed() | dataset.BadSnapshot() | bundle.NotFinite():
            return {"code": "training_failed", "detail": str(error)}
        case _ if os.strerror(errno.ENOSPC) in str(error):  # from Python, from Arrow or from safetensors
            return {"code": "disk_full"}
        case ValueError():
            return {"code": "options", "detail": str(error)}
        case _:
            return {"code": "unexpected", "detail": f"{type(error).__name__}: {error}"[:500]}


# --- what the serving model expects of a student ---------------------------------------------------------------------


def refresh_predictions(*, student_id: int, course_id: int, step_ids: Sequence[int], now: datetime) -> bool:
    """Store P(correct) of the steps and the mastery of their concepts for one student, by the version that serves.

    Returns whether they were stored: not without a model, nor when newer knowledge is there already.
    """
    version, predictor = _serving_predictor()
    if version is None or predictor is None:
        return False
    question = asking.about(student_id, course_id=course_id, step_ids=step_ids, now=now)
    predicted = predictor.predict(question.query)
    pairs = zip(question.query.candidates, predicted.probabilities.tolist(), strict=True)
    seen = question.attempts_seen
    kept = predictions.store(
        student_id=student_id,
        version=version,
        attempts_seen=seen,
        probabilities={int(step): p for step, p in pairs},
        grounds=_grounds(predicted, question),
        now=now,
    )
    if kept:  # an answer that came meanwhile moves the estimates itself, and its own refresh writes them
        estimates = {
            int(name): Estimate(value=value, low=predicted.concept_lows[name], high=predicted.concept_highs[name])
            for name, value in predicted.concept_values.items()
        }
        store_estimates(student_id, estimates, version=str(version), now=now, attempts_seen=seen)
    return kept


def _grounds(predicted: serving.Predicted, question: asking.Question) -> predictions.Grounds:
    """The evidence of a prediction, by the attempts that it is."""
    return {
        int(name): [predictions.Mattered(attempt_id=question.attempt_ids[one.place], effect=one.effect) for one in some]
        for name, some in predicted.evidence.items()
    }


def load_serving() -> None:
    """Read the serving version into memory, if there is one: its first prediction would have to wait for that."""
    _serving_predictor()


def _serving_predictor() -> tuple[ModelVersion | None, serving.Predictor | None]:
    """The version that serves, in memory; a process that has it goes on with it when its files are deleted.

    One that cannot be read is withdrawn, and the one before serves; without any, the plain estimate goes on.
    """
    version = registry.serving(Objective.TRACING)
    while version is not None:
        try:
            return version, serving.predictor(registry.folder(version))
        except (OSError, ValueError) as error:
            logger.error("%s cannot be read: %s", version, error)
            version = registry.withdraw(version, why=error, now=timezone.now())
    return None, None


# --- files -----------------------------------------------------------------------------------------------------------


def run_folder(run: TrainingRun) -> Path:
    """Where the run keeps its snapshot and checkpoints."""
    folder = Path(settings.DATA) / "training" / "runs" / str(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _clean_up_runs() -> None:
    """Delete the folders of all but the last runs: they hold copies of the record."""
    kept = set(TrainingRun.objects.order_by("-pk").values_list("pk", flat=True)[: settings.KEEP_RUN_FOLDERS])
    for folder in (Path(settings.DATA) / "training" / "runs").glob("*"):
        if folder.name.isdecimal() and int(folder.name) not in kept:
            shutil.rmtree(folder, ignore_errors=True)
