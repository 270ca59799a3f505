"""Tables of the pedagogical model: what was served, why, and what came of it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.models import Concept, Course, Exercise
from students.models import Attempt
from training.models import ModelVersion


class Session(models.Model):
    """One sitting of one student with one course."""

    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions", verbose_name=_("student")
    )
    course = models.ForeignKey(Course, models.CASCADE, related_name="sessions", verbose_name=_("course"))
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = (
            models.UniqueConstraint(
                fields=("student", "course"), condition=models.Q(ended_at__isnull=True), name="one_open_session"
            ),
        )

    def __str__(self) -> str:
        return f"{self.student} · {self.course}"


class Turn(models.Model):
    """One exercise served to one student: the choice and its reason, then how it went."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        SKIPPED = "skipped", _("not this now")

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # its public name in URLs
    session = models.ForeignKey(Session, models.CASCADE, related_name="turns", verbose_name=_("session"))
    exercise = models.ForeignKey(Exercise, models.PROTECT, related_name="turns", verbose_name=_("exercise"))
    concept = models.ForeignKey(Concept, models.PROTECT, related_name="+", verbose_name=_("concept"))
    number = models.PositiveIntegerField(_("place in the session"), default=1)
    revision = models.PositiveIntegerField(_("revision of the exercise"), default=1)
    seed = models.BigIntegerField(_("variant"), default=0)
    theme = models.CharField(_("theme"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    # The choice.
    policy = models.CharField(_("policy"), max_length=40)
    strategy = models.CharField(_("strategy"), max_length=20)
    reason = models.JSONField(_("reason"))  # {"code": ..., values that its sentence needs}
    propensity = models.FloatField(_("propensity"))
    explored = models.BooleanField(_("explored"), default=False)
    version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("model version")
    )  # null: chosen without a fresh prediction
    probability = models.FloatField(_("P(correct) of the first step"), null=True, blank=True)
    evidence = models.JSONField(_("answers that mattered most"), default=list, blank=True)  # for the concept
    # How it goes.
    progress = models.JSONField(_("progress by step key"), default=dict, blank=True)  # tutor/turns/progress.py
    first_hint_at_once = models.BooleanField(_("first hint shown at once"), default=False)
    served_at = models.DateTimeField(_("served"))
    waiting_since = models.DateTimeField(_("waits for an answer since"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ("-id",)
        indexes = (models.Index(fields=("session", "-id")),)
        constraints = (
            models.UniqueConstraint(fields=("session",), condition=models.Q(state="open"), name="one_open_turn"),
            models.CheckConstraint(
                condition=models.Q(propensity__gt=0, propensity__lte=1), name="turn_propensity_0_to_1"
            ),
        )

    def __str__(self) -> str:
        return f"{self.session} · {self.exercise}"


class TurnAttempt(models.Model):
    """An attempt made in a turn, with what the student was shown for it: a repeated request gets the same again."""

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="attempts", verbose_name=_("turn"))
    attempt = models.OneToOneField(Attempt, models.CASCADE, related_name="in_turn", verbose_name=_("attempt"))
    feedback = models.JSONField(_("feedback"))

    class Meta:
        verbose_name = _("attempt in a turn")
        verbose_name_plural = _("attempts in turns")

    def __str__(self) -> str:
        return f"{self.turn_id} · {self.attempt_id}"


class CourseImport(models.Model):
    """A course file that an author has handed in: looked through first, imported when the author says so."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being looked through")
        READY = "ready", _("looked through")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")
        REFUSED = "refused", _("refused")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("author"))
    course = models.ForeignKey(
        Course, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("course")
    )  # what it became, or what it would change
    adds_to = models.ForeignKey(
        Concept, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("adds exercises to")
    )  # where its exercises become drafts of a course that is there already: what they practise if nothing else
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(_("file"), upload_to="imports/", max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    problem = models.TextField(_("why it was refused"), blank=True)
    report = models.JSONField(_("report"), default=dict, blank=True)  # tutor/uploads.py
    made_at = models.DateTimeField(_("handed in"))

    class Meta:
        verbose_name = _("import of a course")
        verbose_name_plural = _("imports of courses")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name
