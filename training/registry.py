"""Which model serves: the gate, promotion, and the way back. Reads and writes: model versions and their folders."""

import logging
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from training import seal
from training.models import ModelVersion, TrainingRun

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "base"  # the bundle that comes with the code, to start from until a version serves
CHANCE = 2.0  # standard errors that chance explains
WITHDRAWN = "withdrawn_"  # begins the codes of reasons why a version serves no more: missing, altered, unreadable
States = ModelVersion.State


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """What a candidate must show to serve. Losses are mean log losses in nats, on the same later answers.

    Better than the rival beyond doubt: the whole interval of the gain lies above `margin`.
    """

    min_answers: int = 200  # later answers, first tries without a hint
    min_students: int = 5  # whose answers they are: fewer cannot be drawn again and again
    margin: float = 0.0
    calibration_slack: float = 0.01  # calibration error may be higher by this than the rival's, or than chance
    subgroup_margin: float = 0.01  # no group may be worse by more than this and what chance explains
    subgroup_most: float = 0.05  # nor by more than this, whatever chance explains
    min_subgroup_answers: int = 50  # smaller groups say nothing


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


def fault(version: ModelVersion) -> seal.BadBundle | None:
    """What is wrong with the files of a version: one that is missing or altered; or None. Reads them all."""
    try:
        seal.verify(folder(version))
    except seal.BadBundle as found:
        return found
    return None


def shipped_base() -> Path | None:
    """The bundle that came with the code, if there is one and it is whole."""
    if not SHIPPED.is_dir():
        return None
    try:
        seal.verify(SHIPPED)
    except seal.BadBundle as found:
        logger.error("the base that came with the code is not used: %s", found)
        return None
    return SHIPPED


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
    """Promote `version` if its report says that it should serve. Reasons are stored either way, in the same moment.

    `against` is the version that served when the report was made, and that the report compares with if it could.
    Returns whether it serves now.
    """
    reasons = judge(report, gate=gate)
    with transaction.atomic():
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
    answers, ours, gain = int(report["answers"]), report["candidate"], report["gain"]
    students = gain["students"] if gain else 0
    enough = answers >= gate.min_answers and students >= gate.min_students
    needed = {"needed": gate.min_answers, "needed_students": gate.min_students}
    reasons: list[Reason] = [{"code": "held_out", "passed": enough, "answers": answers, "students": students, **needed}]
    if not answers:
        return reasons
    if not all(math.isfinite(ours[name]) for name in ("logloss", "ece")):
        return [*reasons, {"code": "not_finite", "passed": False}]
    rival = report["serving"] or report["baselines"]["knowledge"]
    better = gain["low"] is not None and gain["low"] > gate.margin
    doubt = {name: gain[name] for name in ("low", "high", "resamples", "students")}
    figures = {"gain": gain["mean"], "ours": ours["logloss"], "theirs": rival["logloss"], **doubt}
    certainty = {"needed": gate.margin, "confidence": round(100 * gain["confidence"])}
    reasons.append({"code": f"better_than_{gain['over']}", "passed": better, **certainty, **figures})
    allowed = max(rival["ece"], calibration_error_by_chance(answers)) + gate.calibration_slack
    reasons.append({"code": "calibration", "passed": ours["ece"] <= allowed, "ours": ours["ece"], "allowed": allowed})
    return [*reasons, *_judge_subgroups(report["subgroups"], gate=gate)]


def calibration_error_by_chance(answers: int) -> float:
    """The ten-bin calibration error that a perfect model shows on so many answers, at most, on average.

    A bin of n answers is off by sqrt(2/pi) * sqrt(p(1 - p) / n) in the mean (the mean absolute deviation of a normal
    variable); with p(1 - p) <= 1/4 and, by Cauchy and Schwarz, the sum of sqrt(n) over the bins <= sqrt(10 * answers).
    """
    return math.sqrt(2 / math.pi) * 0.5 * math.sqrt(10 / answers)


def _judge_subgroups(subgroups: Mapping[str, Figures], *, gate: GateConfig) -> list[Reason]:
    worse: list[Reason] = []
    judged = 0
    for name, group in subgroups.items():
        if group["answers"] < gate.min_subgroup_answers:
            continue
        judged += 1
        allowed = min(gate.subgroup_most, gate.subgroup_margin + CHANCE * (group["error"] or 0.0))
        if group["loss"] > allowed:
            worse.append(
                {"code": "subgroup", "passed": False, "subgroup": name, "loss": group["loss"], "allowed": allowed}
            )
    stated = {"allowed": gate.subgroup_margin, "most": gate.subgroup_most}
    return worse or [{"code": "subgroups", "passed": True, "groups": judged, **stated}]


def promote(version: ModelVersion, *, replacing: ModelVersion | None, now: datetime) -> None:
    """Let `version` serve instead of `replacing`, in one transaction.

    Raises NotPromotable when something else serves by now, when the version already serves, or its files are not whole.
    """
    if fault(version):
        raise NotPromotable("bundle_broken")
    try:
        with transaction.atomic():
            if replacing is not None:
                retired = ModelVersion.objects.filter(pk=replacing.pk, state=States.SERVING).update(
                    state=States.RETIRED
                )
                if retired != 1:
                    raise NotPromotable("serving_changed")
            waiting = ModelVersion.objects.filter(pk=version.pk, state__in=(States.CANDIDATE, States.RETIRED))
            if waiting.update(state=States.SERVING, promoted_at=now) != 1:
                raise NotPromotable("already_serving")
    except IntegrityError:  # the constraint: another version began to serve meanwhile
        raise NotPromotable("serving_changed") from None


def roll_back(objective: str, *, now: datetime, to: ModelVersion | None = None) -> ModelVersion:
    """Let a version serve again that did before: `to`, or the last one that did. Returns it.

    Raises NotPromotable when there is none, or when `to` never served.
    """
    version = before(objective) if to is None else _earlier(objective).filter(pk=to.pk).first()
    if version is None:
        raise NotPromotable("never_served")
    promote(version, replacing=serving(objective), now=now)
    return version


def before(objective: str) -> ModelVersion | None:
    """The last version that served before the one that does and is whole, or None."""
    return next((version for version in _earlier(objective) if not fault(version)), None)


def _earlier(objective: str) -> QuerySet[ModelVersion]:
    """Versions that served and do no more, the last one first."""
    served = ModelVersion.objects.filter(objective=objective, state=States.RETIRED, promoted_at__isnull=False)
    return served.exclude(bundle="").order_by("-promoted_at")


def serving_or_before(objective: str, *, now: datetime) -> ModelVersion | None:
    """The version that serves; if its files are not whole, the last whole one serves from now on.

    Where no version is whole, the one that serves by name.
    """
    version = serving(objective)
    while version is not None and (found := fault(version)):
        instead = withdraw(version, why=found, now=now)
        if instead is None:
            break
        version = instead
    return version


def withdraw(version: ModelVersion, *, why: Exception, now: datetime) -> ModelVersion | None:
    """The serving version cannot be used: let the last one that served before it and is whole serve instead.

    Returns that one. The fault is added to the reasons of the version. Where no earlier version is whole, nothing
    changes and None is returned: the plain estimate goes on, and what is broken may yet be mended.
    """
    earlier = before(version.objective)
    if earlier is None:
        return None
    problem = why.problem if isinstance(why, seal.BadBundle) else "unreadable"
    told = {"file": getattr(why, "file", ""), "detail": str(why), "at": now.isoformat(), "instead": earlier.number}
    try:
        with transaction.atomic():
            promote(earlier, replacing=version, now=now)
            reasons = [*version.reasons, {"code": f"{WITHDRAWN}{problem}", "passed": False, **told}]
            ModelVersion.objects.filter(pk=version.pk).update(reasons=reasons)
    except NotPromotable:  # another process was faster
        return serving(version.objective)
    logger.error("%s is withdrawn (%s); %s serves instead", version, why, earlier)
    return earlier


def withdrawn(objective: str) -> Reason | None:
    """Why the version that served last does no more, if it was withdrawn, and nothing new has served since."""
    version = _earlier(objective).first()
    last: Reason = version.reasons[-1] if version and version.reasons else {}
    return last if last.get("code", "").startswith(WITHDRAWN) else None


def clean_up(objective: str) -> None:
    """Delete the folders of versions that nobody will roll back to. Their rows and figures stay."""
    versions = ModelVersion.objects.filter(objective=objective).exclude(bundle="")
    keep = set(versions.filter(state=States.SERVING).values_list("pk", flat=True))
    keep |= set(_earlier(objective).values_list("pk", flat=True)[: settings.KEEP_SERVED_BUNDLES])
    keep |= set(versions.order_by("-number").values_list("pk", flat=True)[: settings.KEEP_NEW_BUNDLES])
    for version in versions.exclude(pk__in=keep):
        shutil.rmtree(folder(version), ignore_errors=True)
        ModelVersion.objects.filter(pk=version.pk).update(bundle="")
