"""Codes of runs and of the gate, in words. The rows hold codes and figures, so that every reader has their language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

MESSAGES = {
    "resumed": _("Resumed after its worker died (start %(starts)s)."),
    "gave_up": _("Its worker died %(starts)s times. It was not started again."),
    "too_few": _("Only %(answers)s first answers may be used for training; at least %(needed)s are needed."),
    "training_failed": _("The training cannot end in a model: %(detail)s"),
    "disk_full": _("The disk is full. Free some space and start again."),
    "options": _("This cannot be used: %(detail)s"),
    "unexpected": _("It stopped with an error: %(detail)s"),
    "epoch": _("Pass %(epoch)s of %(epochs)s; log loss on answers held out %(loss)s."),
    "promoted": _("Version %(number)s serves now."),
    "refused": _("Version %(number)s was refused by the gate; what served before goes on."),
}
STAGES = {
    "snapshot": _("collecting answers"),
    "finetune": _("fine-tuning"),
    "evaluate": _("evaluating on later answers"),
    "gate": _("passing the gate"),
    "done": _("done"),
}
REASONS = {
    "held_out": _("Judged on %(answers)s later answers (at least %(needed)s are needed)."),
    "better_than_serving": _(
        "Log loss %(ours)s, the serving version's %(theirs)s: better by %(gain)s (needed: %(needed)s)."
    ),
    "better_than_knowledge": _(
        "Log loss %(ours)s, the plain estimate's %(theirs)s: better by %(gain)s (needed: %(needed)s)."
    ),
    "calibration": _("Calibration error %(ours)s (allowed: %(allowed)s)."),
    "subgroup": _("Worse by %(loss)s in log loss for one group: %(subgroup)s."),
    "subgroups": _("For no group worse by more than %(allowed)s in log loss."),
    "not_finite": _("Its predictions are not all numbers."),
    "serving_changed": _("Another version began to serve in the meantime."),
    "already_serving": _("It serves already."),
    "bundle_gone": _("Its files are no longer there."),
    "never_served": _("It never served, so there is nothing to roll back to."),
}


def message(content: Mapping[str, Any]) -> str:
    """What a run's message says, or nothing."""
    return _fill(MESSAGES.get(content.get("code", ""), ""), content)


def stage(code: str) -> str:
    """The name of a stage of a run."""
    return str(STAGES.get(code, code))


def reason(content: Mapping[str, Any]) -> str:
    """One reason of the gate, or of a refused roll back, as a sentence with its figures."""
    return _fill(REASONS.get(content["code"], content["code"]), content)


def _fill(sentence: Any, content: Mapping[str, Any]) -> str:
    return str(sentence) % {name: f"{v:.4f}" if isinstance(v, float) else v for name, v in content.items()}
