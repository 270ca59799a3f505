"""Codes of runs and of the gate, in words. The rows hold codes and figures, so that every reader has their language."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from content.models import Course
from students.models import Classroom
from training.pseudonyms import class_hash

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
    "held_out": _(
        "Judged on %(answers)s later answers of %(students)s students (at least %(needed)s of %(needed_students)s are "
        "needed)."
    ),
    "better_than_serving": _(
        "Log loss %(ours)s, the serving version's %(theirs)s: a gain of %(gain)s. With %(confidence)s %% confidence it "
        "lies between %(low)s and %(high)s (%(students)s students, drawn anew %(resamples)s times); all of that must "
        "be above %(needed)s."
    ),
    "better_than_knowledge": _(
        "Log loss %(ours)s, the plain estimate's %(theirs)s: a gain of %(gain)s. With %(confidence)s %% confidence it "
        "lies between %(low)s and %(high)s (%(students)s students, drawn anew %(resamples)s times); all of that must "
        "be above %(needed)s."
    ),
    "calibration": _("Calibration error %(ours)s (allowed: %(allowed)s)."),
    "subgroup": _("Worse by %(loss)s in log loss for one group, where at most %(allowed)s is allowed: %(subgroup)s."),
    "subgroups": _(
        "None of the %(groups)s groups with enough answers is worse by more than %(allowed)s beyond what chance "
        "explains, or by more than %(most)s in any case."
    ),
    "not_finite": _("Its predictions are not all numbers."),
    "serving_changed": _("Another version began to serve in the meantime."),
    "already_serving": _("It serves already."),
    "bundle_broken": _("Its files are not whole: one of them is missing, cut off or altered."),
    "never_served": _("No version that served before has its files still, so there is nothing to roll back to."),
    "withdrawn_missing": _("%(at)s: its file %(file)s was missing. Version %(instead)s took its place."),
    "withdrawn_altered": _("%(at)s: its file %(file)s was altered or cut off. Version %(instead)s took its place."),
    "withdrawn_unreadable": _("%(at)s: it could not be read (%(detail)s). Version %(instead)s took its place."),
}

FACTS = {
    "trained_on": _("first tries trained on"),
    "students": _("students"),
    "simulated": _("simulated ones among them"),
    "base": _("started from"),
    "epochs": _("passes over the data"),
    "seconds": _("seconds of training"),
    "parameters": _("numbers learned"),
    "seen_until": _("has seen answers up to"),
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
    "row_learning_rate": _("learning rate of single answers, from nothing"),
    "trunk_rate": _("share of the learning rate for what learned from single answers"),
    "pull": _("pull towards the weights it starts from"),
    "dropout": _("dropout"),
    "residual_dropout": _("share of vectors of steps that is hidden"),
    "epochs": _("most passes over the data"),
    "row_epochs": _("most passes over single answers"),
    "thin": _("describe some students by what few others did"),
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
    "trunk": _("width of what is drawn from the features alone"),
    "layers": _("layers"),
    "heads": _("heads of the attention"),
    "residual_width": _("width of the vectors of steps"),
    "valid": _("share of answers to stop by"),
    "test": _("share of answers to judge by"),
    "new_students": _("share of students held out"),
    "base": _("start from"),
}
BASES = {"none": _("nothing: new weights"), "shipped": _("the base that came with the site")}
COURSE, CLASS, LANGUAGE = "course_", "class_", "language_"  # begin the names of groups; an id, hash or code follows


def groups(names: Iterable[str]) -> dict[str, str]:
    """What groups of answers are called, the general ones first; courses and classes by name while they are there."""
    found = {name: str(GROUPS.get(name, name)) for name in sorted(names, key=_kind)}
    course_ids = [name.removeprefix(COURSE) for name in found if name.startswith(COURSE)]
    titles = Course.objects.filter(pk__in=filter(str.isdecimal, course_ids)).values_list("pk", "title")
    words = {f"{COURSE}{pk}": _("course «%(name)s»") % {"name": title} for pk, title in titles}
    if any(name.startswith(CLASS) for name in found):
        classes = Classroom.objects.values_list("pk", "name")
        words |= {f"{CLASS}{class_hash(pk)}": _("class «%(name)s»") % {"name": name} for pk, name in classes}
        gone = str(_("a class that is no longer there"))
        words = {name: gone for name in found if name.startswith(CLASS)} | words
    for code, language in Course._meta.get_field("language").flatchoices:
        words[f"{LANGUAGE}{code}"] = _("courses in %(language)s") % {"language": language}
    return {name: words.get(name, given) for name, given in found.items()}


def _kind(name: str) -> int:
    kinds = (*GROUPS, LANGUAGE, COURSE, CLASS)
    return next((place for place, kind in enumerate(kinds) if name.startswith(kind)), len(kinds))


def setting(name: str, value: Any) -> str:
    """A setting of a run with its value."""
    return f"{SETTINGS.get(name, name)}: {BASES.get(value, value) if name == 'base' else number(value)}"


def fact(name: str, value: Any) -> str:
    """A fact of FACTS about a run, as people read it."""
    if name == "seen_until" and value is not None:
        return _moment(datetime.fromtimestamp(value, tz=UTC))
    return number(value)


def number(value: Any) -> str:
    """A value of a report as people read it."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def figure(figures: Mapping[str, Any] | None, name: str) -> str:
    """One figure of a model on the answers it was judged on."""
    value = figures.get(name) if figures else None
    return "–" if value is None else f"{value:.4f}"


def change(group: Mapping[str, Any]) -> str:
    """By how much a group of answers fares worse than with the rival, and how sure that is."""
    loss, error = group.get("loss"), group.get("error")
    return "–" if loss is None else f"{loss:+.4f}" + ("" if error is None else f" ± {2 * error:.4f}")


def message(content: Mapping[str, Any]) -> str:
    """What a run's message says, or nothing."""
    return _fill(MESSAGES.get(content.get("code", ""), ""), content)


def stage(code: str) -> str:
    """The name of a stage of a run."""
    return str(STAGES.get(code, code))


def reason(content: Mapping[str, Any]) -> str:
    """One reason of the gate, or of a refused roll back, as a sentence with its figures."""
    named = dict(content)
    if "subgroup" in content:
        named["subgroup"] = groups([content["subgroup"]])[content["subgroup"]]
    if "at" in content:
        named["at"] = _moment(datetime.fromisoformat(content["at"]))
    return _fill(REASONS.get(content["code"], content["code"]), named)


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")


class _Values(dict[str, Any]):
    """Values of a sentence; a dash for one that a row of an earlier time does not have."""

    def __missing__(self, name: str) -> str:
        return "–"


def _fill(sentence: Any, content: Mapping[str, Any]) -> str:
    return str(sentence) % _Values({name: _shown(value) for name, value in content.items() if value is not None})


def _shown(value: Any) -> Any:
    return f"{value:.4f}".replace("0.0000", "0") if isinstance(value, float) else value
