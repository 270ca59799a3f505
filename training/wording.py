"""Codes of runs and of the gate, in words. The rows hold codes and figures, so that every reader has their language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from content.models import Course

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

FACTS = {
    "trained_on": _("first tries trained on"),
    "students": _("students"),
    "simulated": _("simulated ones among them"),
    "base": _("started from"),
    "epochs": _("passes over the data"),
    "seconds": _("seconds of training"),
    "parameters": _("numbers learned"),
    "answers": _("later answers judged on"),
    "spread": _("spread of abilities around what is expected (logits)"),
}
WHO = {
    "candidate": _("this version"),
    "serving": _("the version that served then"),
    "knowledge": _("the plain estimate"),
    "best_lr": _("logistic regression (Best-LR)"),
    "base_rate": _("the same for everybody"),
}
FIGURES = {
    "auc": "AUC",
    "logloss": _("log loss"),
    "ece": _("calibration error"),
    "accuracy": _("accuracy"),
    "rmse": _("RMSE"),
}
GROUPS = {
    "first_ten_answers": _("first ten answers of a student"),
    "rarely_answered_items": _("steps that were rarely answered"),
}
SETTINGS = {
    "learning_rate": _("learning rate, from nothing"),
    "base_learning_rate": _("learning rate, from a base"),
    "weight_decay": _("weight decay"),
    "residual_weight_decay": _("weight decay of the vectors of steps"),
    "dropout": _("dropout"),
    "residual_dropout": _("share of vectors of steps that is hidden"),
    "epochs": _("most passes over the data"),
    "patience": _("passes without gain before it stops"),
    "batch_size": _("windows a step (–: by the amount of data)"),
    "accumulate": _("parts a step is computed in"),
    "warmup": _("share of warm-up"),
    "clip": _("norm of the gradient, at most"),
    "average": _("averaging of the weights"),
    "residuals": _("vectors of single steps"),
    "max_history": _("past answers attended to"),
    "trainable_layers": _("last layers to train (–: all)"),
    "minutes": _("minutes, at most"),
    "seed": _("seed"),
    "width": _("width of the network"),
    "layers": _("layers"),
    "heads": _("heads of the attention"),
    "residual_width": _("width of the vectors of steps"),
    "valid": _("share of answers to stop by"),
    "test": _("share of answers to judge by"),
    "new_students": _("share of students held out"),
    "base": _("start from"),
}
COURSE = "course_"  # begins the name of the group of a course's answers; its id follows


def group(name: str) -> str:
    """What a group of answers is called; a course by its title while it is there."""
    if not name.startswith(COURSE):
        return str(GROUPS.get(name, name))
    title = Course.objects.filter(pk=name.removeprefix(COURSE)).values_list("title", flat=True).first()
    return _("course «%(title)s»") % {"title": title or name.removeprefix(COURSE)}


def setting(name: str, value: Any) -> str:
    """A setting of a run with its value."""
    return f"{SETTINGS.get(name, name)}: {number(value)}"


def number(value: Any) -> str:
    """A value of a report as people read it."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def figure(figures: Mapping[str, Any] | None, name: str) -> str:
    """One figure of a model on the answers it was judged on."""
    value = figures.get(name) if figures else None
    return "–" if value is None else f"{value:.4f}"


def message(content: Mapping[str, Any]) -> str:
    """What a run's message says, or nothing."""
    return _fill(MESSAGES.get(content.get("code", ""), ""), content)


def stage(code: str) -> str:
    """The name of a stage of a run."""
    return str(STAGES.get(code, code))


def reason(content: Mapping[str, Any]) -> str:
    """One reason of the gate, or of a refused roll back, as a sentence with its figures."""
    named = {**content, "subgroup": group(content["subgroup"])} if "subgroup" in content else content
    return _fill(REASONS.get(content["code"], content["code"]), named)


def _fill(sentence: Any, content: Mapping[str, Any]) -> str:
    return str(sentence) % {name: f"{v:.4f}" if isinstance(v, float) else v for name, v in content.items()}
