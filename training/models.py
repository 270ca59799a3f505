"""Tables of the models that learn: runs, versions, what the serving version predicts, and embeddings of texts."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from content.models import Step


class Objective(models.TextChoices):
    """What is fine-tuned; one module in training/objectives each."""

    TRACING = "tracing", _("tracing: the next answer")


class ModelVersion(models.Model):
    """A bundle that could serve. At most one per objective does."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        SERVING = "serving", _("serving")
        RETIRED = "retired", _("retired")

    objective = models.CharField(_("objective"), max_length=20, choices=Objective)
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CANDIDATE)
    bundle = models.CharField(_("bundle"), max_length=200)  # folder, relative to the data folder
    report = models.JSONField(_("report"), default=dict)
    reasons = models.JSONField(_("reasons of the gate"), default=list)  # codes and figures
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    promoted_at = models.DateTimeField(_("promoted"), null=True, blank=True)

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ("objective", "-number")
        constraints = (
            models.UniqueConstraint(fields=("objective", "number"), name="version_number_once"),
            models.UniqueConstraint(
                fields=("objective",), condition=models.Q(state="serving"), name="one_serving_version"
            ),
        )

    def __str__(self) -> str:
        return f"{self.objective} {self.number}"


class TrainingRun(models.Model):
    """One walk from snapshot to gate, with its settings, its progress and its end."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        PROMOTED = "promoted", _("finished: promoted")
        REFUSED = "refused", _("finished: refused by the gate")
        FAILED = "failed", _("failed")

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", _("nightly")
        ANSWERS = "answers", _("enough new answers")
        PERSON = "person", _("a person")

    objective = models.CharField(_("objective"), max_length=20, choices=Objective)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    trigger = models.CharField(_("trigger"), max_length=10, choices=Trigger)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    options = models.JSONField(_("options"), default=dict, blank=True)  # overrides of training/config
    stage = models.CharField(_("stage"), max_length=20, blank=True)
    progress = models.FloatField(_("progress"), default=0)  # 0 to 1
    message = models.JSONField(_("message"), default=dict, blank=True)  # code and values
    starts = models.PositiveSmallIntegerField(_("starts"), default=0)  # over 1: it was resumed
    newest_attempt = models.BigIntegerField(default=0, editable=False)  # id when asked: later ones are new answers
    answers = models.PositiveIntegerField(_("answers in the snapshot"), null=True, blank=True)
    version = models.OneToOneField(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="run", verbose_name=_("version")
    )
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    queued_at = models.DateTimeField(_("last put in the queue"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("objective",), condition=models.Q(state__in=("queued", "running")), name="one_run_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.objective} #{self.pk}"


class Prediction(models.Model):
    """What the serving tracer expects of one student now. Fresh while attempts and version still match."""

    student = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="prediction", verbose_name=_("student")
    )
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="predictions", verbose_name=_("version"))
    attempts_seen = models.PositiveIntegerField(_("attempts seen"))
    probabilities = models.JSONField(_("P(correct) by step id"), default=dict)
    evidence = models.JSONField(_("answers that mattered most"), default=dict)  # by concept id
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")

    def __str__(self) -> str:
        return f"{self.student_id} · {self.version}"


class Embedding(models.Model):
    """The text of a step as a vector. Made anew when the text or the encoder of its language is another."""

    step = models.OneToOneField(Step, models.CASCADE, related_name="embedding", verbose_name=_("step"))
    encoder = models.CharField(_("encoder"), max_length=200)
    text_hash = models.CharField(_("hash of the text"), max_length=64)
    vector = HalfVectorField(_("vector"), null=True)  # of length 1; null for a text that the encoder cannot read
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("embedding")
        verbose_name_plural = _("embeddings")

    def __str__(self) -> str:
        return f"{self.step_id} · {self.encoder}"
