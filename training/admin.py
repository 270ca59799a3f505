"""Administration of the models that learn: runs and their progress, versions and their figures, roll back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from students.models import User
from training import charts, registry, runs, tasks, wording
from training.config import FinetuneConfig
from training.models import ModelVersion, Objective, Prediction, TrainingRun

RIVALS = ("candidate", "serving", "knowledge")  # whose figures stand side by side


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the program writes."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TrainForm(forms.Form):
    """Settings of a run that a person may choose; what is left empty keeps its default."""

    objective = forms.ChoiceField(label=gettext_lazy("objective"), choices=Objective.choices)
    base = forms.ChoiceField(
        label=gettext_lazy("start from"),
        required=False,
        help_text=gettext_lazy(
            "The model whose weights it begins with; every night the serving version, or the base that came with the "
            "site until there is one."
        ),
    )
    trainable_layers = forms.IntegerField(
        label=gettext_lazy("last layers to train"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("The layers below stay as they are. 0: the head alone; empty: all."),
    )
    dropout = forms.FloatField(label=gettext_lazy("dropout"), required=False, min_value=0, max_value=0.9)
    weight_decay = forms.FloatField(label=gettext_lazy("weight decay"), required=False, min_value=0, max_value=10)
    learning_rate = forms.FloatField(label=gettext_lazy("learning rate"), required=False, min_value=1e-7, max_value=1)
    epochs = forms.IntegerField(
        label=gettext_lazy("most passes over the data"), required=False, min_value=1, max_value=500
    )
    seed = forms.IntegerField(label=gettext_lazy("seed"), required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = ModelVersion.objects.exclude(bundle="")
        named = [(str(version.number), f"{version} ({version.get_state_display()})") for version in versions]
        base = self.fields["base"]
        assert isinstance(base, forms.ChoiceField)  # noqa: S101
        base.choices = [("", _("what a nightly run starts from")), *named, *wording.BASES.items()]
        defaults = FinetuneConfig()
        for name in ("dropout", "weight_decay", "epochs", "seed"):
            self.fields[name].widget.attrs["placeholder"] = getattr(defaults, name)
        rates = {"fresh": defaults.learning_rate, "base": defaults.base_learning_rate}
        self.fields["learning_rate"].help_text = _("Empty: %(fresh)s for new weights, %(base)s from a model.") % rates

    def options(self) -> dict[str, Any]:
        """What was filled in."""
        return {name: v for name, v in self.cleaned_data.items() if name != "objective" and v not in (None, "")}

    def clean(self) -> dict[str, Any]:
        """Settings that are fine one by one may not be so together."""
        if not self.errors:
            try:
                runs.read_options(self.options(), objective=self.cleaned_data["objective"])
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        return self.cleaned_data


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Runs with their live progress, and «Train now»."""

    list_display = ("__str__", "state_now", "asked", "created_at", "took")
    list_filter = ("objective", "state", "trigger")
    list_select_related = ("requested_by",)
    change_list_template = "admin/training/trainingrun/change_list.html"
    fields = (
        "objective",
        "state_now",
        "trigger",
        "requested_by",
        "settings_used",
        "answers",
        "starts",
        "created_at",
        "started_at",
        "heartbeat_at",
        "finished_at",
        "took",
        "version",
    )
    readonly_fields = fields

    class Media:
        js = ("admin/training.js",)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_now(self, run: TrainingRun) -> SafeString:
        """State, stage, progress bar and message; a script replaces it while the run goes on."""
        live = run.state in (TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)
        url = reverse("admin:training_trainingrun_now", args=[run.pk]) if live else ""
        bar: SafeString | str = ""
        if run.state == TrainingRun.State.RUNNING:
            percent = round(100 * run.progress)
            stage = wording.stage(run.stage)
            bar = format_html('<br>{}: <progress max="100" value="{}">{} %</progress>', stage, percent, percent)
        text = wording.message(run.message)
        note = format_html('<br><span class="help">{}</span>', text) if text else ""
        shape = '<span data-refresh="{}" aria-live="polite">{}{}{}</span>'
        return format_html(shape, url, run.get_state_display(), bar, note)

    @admin.display(description=gettext_lazy("trigger"), ordering="trigger")
    def asked(self, run: TrainingRun) -> str:
        """What asked for it, and who."""
        return f"{run.get_trigger_display()}: {run.requested_by}" if run.requested_by else run.get_trigger_display()

    @admin.display(description=gettext_lazy("duration"))
    def took(self, run: TrainingRun) -> str:
        if run.started_at is None:
            return "–"
        seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
        return _("%(minutes)s min %(seconds)s s") % {"minutes": int(seconds // 60), "seconds": int(seconds % 60)}

    @admin.display(description=gettext_lazy("settings"))
    def settings_used(self, run: TrainingRun) -> str:
        return "; ".join(wording.setting(name, value) for name, value in run.options.items()) or _("defaults")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("train/", view(self.train), name="training_trainingrun_train"),
            path("<int:run_id>/now/", view(self.now), name="training_trainingrun_now"),
        ]
        return own + super().get_urls()

    def now(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The state of one run as a fragment."""
        run = self.get_object(request, str(run_id))
        if run is None or not self.has_view_permission(request, run):
            return HttpResponse(status=404)
        return HttpResponse(self.state_now(run))

    def train(self, request: HttpRequest) -> HttpResponse:
        """The form «Train now»."""
        user = request.user
        if not (isinstance(user, User) and user.has_perm("training.add_trainingrun")):
            return HttpResponse(status=404)
        form = TrainForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            objective = form.cleaned_data["objective"]
            run = runs.request_retrain(
                objective, trigger=TrainingRun.Trigger.PERSON, requested_by=user, options=form.options()
            )
            self._queue(request, run)
            return redirect("admin:training_trainingrun_change", run.pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form, "title": _("Train now")}
        return TemplateResponse(request, "admin/training/trainingrun/train.html", context)

    def _queue(self, request: HttpRequest, run: TrainingRun) -> None:
        if run.state == TrainingRun.State.RUNNING:
            messages.info(request, _("A run is going on already: this one."))
        elif tasks.queue_retrain(run_id=run.pk):
            messages.success(request, _("The run is queued."))
        else:
            messages.warning(request, _("The queue does not answer. The run starts by itself as soon as it does."))


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Versions with their figures, the reasons of the gate, and the way back."""

    list_display = ("__str__", "state", "logloss", "verdict", "promoted_at")
    list_filter = ("objective", "state")
    actions = ("roll_back",)
    change_list_template = "admin/training/modelversion/change_list.html"
    change_form_template = "admin/training/modelversion/change_form.html"
    fields = ("objective", "number", "state", "bundle", "created_at", "promoted_at", "why", "curves", "figures")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("log loss"))
    def logloss(self, version: ModelVersion) -> str:
        return wording.figure(version.report.get("candidate"), "logloss")

    @admin.display(description=gettext_lazy("the gate"))
    def why(self, version: ModelVersion) -> SafeString:
        return _reasons(version.reasons)

    @admin.display(description=gettext_lazy("the gate"))
    def verdict(self, version: ModelVersion) -> SafeString:
        """What it failed, or what it was better than."""
        failed = [reason for reason in version.reasons if not reason["passed"]]
        return _reasons(failed or [one for one in version.reasons if one["code"].startswith("better")])

    @admin.display(description=gettext_lazy("curves"))
    def curves(self, version: ModelVersion) -> SafeString:
        """Losses, AUC and calibration as pictures, where the report has them."""
        drawn = charts.of_report(version.report)
        return (
            render_to_string("admin/training/modelversion/charts.html", {"charts": drawn}) if drawn else SafeString("–")
        )

    @admin.display(description=gettext_lazy("report"))
    def figures(self, version: ModelVersion) -> SafeString:
        return report_tables(version.report)

    def has_roll_back_permission(self, request: HttpRequest) -> bool:
        """Who may change models may roll back."""
        return request.user.has_perm("training.change_modelversion")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way back to the version that served before as one button."""
        before = registry.before(Objective.TRACING) if self.has_roll_back_permission(request) else None
        return super().changelist_view(request, {**(extra_context or {}), "before": before})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One version; if it served before and has its files, with a button that lets it serve again."""
        version = self.get_object(request, object_id)
        retired = version if version and version.state == ModelVersion.State.RETIRED else None
        again = retired and retired.promoted_at and retired.bundle and self.has_roll_back_permission(request)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "can_serve_again": again})

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(require_POST(self.roll_back_to))
        own = [path("<int:version_id>/roll-back/", again, name="training_modelversion_roll_back")]
        return own + super().get_urls()

    def roll_back_to(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """The button: nothing is lost by it, and the same button of the other version undoes it."""
        version = self.get_object(request, str(version_id))
        if version is None or not self.has_roll_back_permission(request):
            return HttpResponse(status=404)
        self._roll_back(request, version)
        return redirect("admin:training_modelversion_changelist")

    @admin.action(description=gettext_lazy("Roll back to this version"), permissions=["roll_back"])
    def roll_back(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> None:
        """Exactly one version, that served before, serves again."""
        version = chosen.first()
        if version is None or chosen.count() != 1:
            messages.error(request, _("Choose exactly one version."))
            return
        self._roll_back(request, version)

    def _roll_back(self, request: HttpRequest, version: ModelVersion) -> None:
        try:
            registry.roll_back(version.objective, to=version, now=timezone.now())
        except registry.NotPromotable as refusal:
            messages.error(request, wording.reason({"code": refusal.code}))
            return
        self.log_change(request, version, _("Rolled back to this version."))
        messages.success(request, _("%(version)s serves now.") % {"version": version})


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """What the serving model expects, as it was stored."""

    list_display = ("student", "version", "attempts_seen", "steps", "made_at")
    list_filter = ("version",)
    list_select_related = ("student", "version")
    search_fields = ("student__username",)
    fields = ("student", "version", "attempts_seen", "made_at", "probabilities", "evidence")

    @admin.display(description=gettext_lazy("steps"))
    def steps(self, prediction: Prediction) -> int:
        return len(prediction.probabilities)


def _reasons(reasons: list[dict[str, Any]]) -> SafeString:
    rows = (("✓" if reason["passed"] else "✗", wording.reason(reason)) for reason in reasons)
    return format_html_join(SafeString("<br>"), "{} {}", rows) or SafeString("–")


def report_tables(report: dict[str, Any]) -> SafeString:
    """A report in words: facts of the run, the models side by side, the groups, the settings."""
    models = {"candidate": report.get("candidate"), "serving": report.get("serving"), **report.get("baselines", {})}
    groups = report.get("subgroups", {})
    given = dict(report.get("settings", {}))
    given |= given.pop("network", {}) | given.pop("split", {})
    settings = {name: given[name] for name in (*wording.SETTINGS, *given) if name in given}  # rows keep no order
    facts = [(words, [wording.fact(name, report[name])]) for name, words in wording.FACTS.items() if name in report]
    figures = [
        (words, [wording.figure(models[who], name) for name in wording.FIGURES])
        for who, words in wording.WHO.items()
        if models.get(who)
    ]
    by_group = [
        (
            words,
            [
                wording.number(groups[name]["answers"]),
                *(wording.figure(groups[name].get(who), "logloss") for who in RIVALS),
                wording.change(groups[name]),
            ],
        )
        for name, words in wording.groups(groups).items()
    ]
    heads = [_("judged answers"), *(wording.WHO[who] for who in RIVALS), _("worse by (± two standard errors)")]
    parts = (
        _table("", [], facts),
        _table(_("On later answers"), list(wording.FIGURES.values()), figures),
        _table(_("Log loss by group"), heads, by_group),
        _table(_("settings"), [], [(wording.SETTINGS.get(n, n), [wording.number(v)]) for n, v in settings.items()]),
    )
    return format_html_join("", "{}", ((part,) for part in parts))


def _table(title: str, columns: list[Any], rows: list[tuple[Any, list[str]]]) -> SafeString:
    """A titled table with a name before each row; nothing where there are no rows."""
    if not rows:
        return SafeString("")
    head = format_html("<tr><th></th>{}</tr>", _cells("th", columns)) if columns else ""
    body = format_html_join("", "<tr><th>{}</th>{}</tr>", ((name, _cells("td", row)) for name, row in rows))
    return format_html("<h4>{}</h4><table>{}{}</table>", title, head, body)


def _cells(tag: str, values: list[Any]) -> SafeString:
    return format_html_join("", f"<{tag}>{{}}</{tag}>", ((value,) for value in values))
