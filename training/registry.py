"""Which model serves: the gate, promotion, and the way back. Reads and writes: model versions and their folders."""

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from training.models import ModelVersion, TrainingRun

KEPT_FOR_ROLL_BACK = 5
KEPT_CANDIDATES = 2
BUNDLE_FILES = ("model.safetensors", "config.json", "residuals.safetensors", "ids.json", "report.json")


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """What a candidate must show to serve. Losses are mean log losses in nats."""

    min_answers: int = 200  # later answers, first tries without a hint
    margin: float = 0.0005  # better than the rival by at least this
    calibration_slack: float = 0.01  # calibration error may be higher by this than the rival's, or than chance
    subgroup_slack: float = 0.03  # no group may lose more
    min_subgroup_answers: int = 100  # smaller groups say nothing


Reason = dict[str, Any]
Figures = Mapping[str, Any]


class NotPromotable(ValueError):
    """This version cannot serve now; `code` says why (training/wording has the words)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def serving(objective: str) -> ModelVersion | None:
    """The version that serves now, or None while the plain estimate does. One query."""
    return ModelVersion.objects.filter(objective=objective, state=ModelVersion.State.SERVING).first()


def folder(version: ModelVersion) -> Path:
    """Where the bundle of `version` lies."""
    return Path(settings.DATA) / version.bundle


def has_files(version: ModelVersion) -> bool:
    """Whether its bundle is there, which somebody may have deleted, and all that is read of it."""
    return bool(version.bundle) and all((folder(version) / name).is_file() for name in BUNDLE_FILES)


def register(run: TrainingRun, made: Path) -> ModelVersion:
    """Give the bundle of the run a number, and move it to where versions live. Returns the candidate."""
    with transaction.atomic():
        last = ModelVersion.objects.filter(objective=run.objective).aggregate(last=Max("number"))["last"] or 0
        bundle = f"training/versions/{run.objective}-{last + 1}"
        version = ModelVersion.objects.create(objective=run.objective, number=last + 1, bundle=bundle)
        run.version = version
        run.save(update_fields=["version"])
        # Inside the transaction: a move that fails leaves no version without files. One that is killed right after
        # the move leaves a folder without a version, which the same number overwrites.
        target = folder(version)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return version


def consider(
    version: ModelVersion,
    *,
    report: Mapping[str, Any],
    against: ModelVersion | None,
    gate: GateConfig,
    now: datetime,
) -> bool:
    """Promote `version` if its report says that it should serve. Reasons are stored either way.

    `against` is the version that served when the report was made, and that the report compares with if it could.
    Returns whether it serves now.
    """
    reasons = judge(report, gate=gate)
    passed = all(reason["passed"] for reason in reasons)
    if passed:
        try:
            promote(version, replacing=against, now=now)
        except NotPromotable as refusal:
            reasons.append({"code": refusal.code, "passed": False})
            passed = False
    ModelVersion.objects.filter(pk=version.pk).update(report=report, reasons=reasons)
    version.refresh_from_db()
    return passed


def judge(report: Mapping[str, Any], *, gate: GateConfig) -> list[Reason]:
    """The gate: one reason a test, each with its figures and whether it was passed.

    The rival is the serving version; where there is none, the plain estimate of students/knowledge.
    All figures are of the same later answers, which the candidate did not train on.
    """
    ours = report["candidate"]
    rival_name = "serving" if report["serving"] else "knowledge"
    rival = report["serving"] or report["baselines"]["knowledge"]
    answers = int(report["answers"])
    reasons: list[Reason] = [
        {"code": "held_out", "passed": answers >= gate.min_answers, "answers": answers, "needed": gate.min_answers}
    ]
    if not answers:
        return reasons
    if not all(math.isfinite(ours[name]) for name in ("logloss", "ece")):
        return [*reasons, {"code": "not_finite", "passed": False}]
    gain = rival["logloss"] - ours["logloss"]
    better: Reason = {"code": f"better_than_{rival_name}", "passed": gain >= gate.margin, "needed": gate.margin}
    allowed = max(rival["ece"], calibration_error_by_chance(answers)) + gate.calibration_slack
    calibrated: Reason = {"code": "calibration", "passed": ours["ece"] <= allowed}
    reasons.append({**better, "gain": gain, "ours": ours["logloss"], "theirs": rival["logloss"]})
    reasons.append({**calibrated, "ours": ours["ece"], "allowed": allowed})
    return [*reasons, *_judge_subgroups(report["subgroups"], rival_name=rival_name, gate=gate)]


def calibration_error_by_chance(answers: int) -> float:
    """The ten-bin calibration error that a perfect model shows on so many answers, at most, on average.

    A bin of n answers is off by sqrt(2/pi) * sqrt(p(1 - p) / n) in the mean (the mean absolute deviation of a normal
    variable); with p(1 - p) <= 1/4 and, by Cauchy and Schwarz, the sum of sqrt(n) over the bins <= sqrt(10 * answers).
    """
    return math.sqrt(2 / math.pi) * 0.5 * math.sqrt(10 / answers)


def _judge_subgroups(subgroups: Mapping[str, Figures], *, rival_name: str, gate: GateConfig) -> list[Reason]:
    reasons: list[Reason] = []
    for name, figures in subgroups.items():
        if figures["answers"] < gate.min_subgroup_answers or rival_name not in figures:
            continue
        loss = figures["candidate"]["logloss"] - figures[rival_name]["logloss"]
        if loss > gate.subgroup_slack:
            reasons.append({"code": "subgroup", "passed": False, "subgroup": name, "loss": loss})
    return reasons or [{"code": "subgroups", "passed": True, "allowed": gate.subgroup_slack}]


def promote(version: ModelVersion, *, replacing: ModelVersion | None, now: datetime) -> None:
    """Let `version` serve instead of `replacing`, in one transaction.

    Raises NotPromotable when something else serves by now, when the version already serves, or its folder is gone.
    """
    if not has_files(version):
        raise NotPromotable("bundle_gone")
    states = ModelVersion.State
    try:
        with transaction.atomic():
            if replacing is not None:
                retired = ModelVersion.objects.filter(pk=replacing.pk, state=states.SERVING).update(
                    state=states.RETIRED
                )
                if retired != 1:
                    raise NotPromotable("serving_changed")
            waiting = ModelVersion.objects.filter(pk=version.pk, state__in=(states.CANDIDATE, states.RETIRED))
            if waiting.update(state=states.SERVING, promoted_at=now) != 1:
                raise NotPromotable("already_serving")
    except IntegrityError:  # the constraint: another version began to serve meanwhile
        raise NotPromotable("serving_changed") from None


def roll_back(objective: str, *, now: datetime, to: ModelVersion | None = None) -> ModelVersion:
    """Let a version serve again that did before: `to`, or the last one that did. Returns it.

    Raises NotPromotable when there is none, or when `to` never served.
    """
    earlier = ModelVersion.objects.filter(
        objective=objective, state=ModelVersion.State.RETIRED, promoted_at__isnull=False
    ).exclude(bundle="")
    version = earlier.order_by("-promoted_at").first() if to is None else earlier.filter(pk=to.pk).first()
    if version is None:
        raise NotPromotable("never_served")
    promote(version, replacing=serving(objective), now=now)
    return version


def clean_up(objective: str) -> None:
    """Delete the folders of versions that nobody will roll back to. Their rows and figures stay."""
    versions = ModelVersion.objects.filter(objective=objective).exclude(bundle="")
    keep = set(versions.filter(state=ModelVersion.State.SERVING).values_list("pk", flat=True))
    served = versions.filter(promoted_at__isnull=False).order_by("-promoted_at")
    keep |= set(served.values_list("pk", flat=True)[: KEPT_FOR_ROLL_BACK + 1])
    keep |= set(versions.order_by("-number").values_list("pk", flat=True)[:KEPT_CANDIDATES])
    for version in versions.exclude(pk__in=keep):
        shutil.rmtree(folder(version), ignore_errors=True)
        ModelVersion.objects.filter(pk=version.pk).update(bundle="")
