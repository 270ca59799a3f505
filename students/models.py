"""Tables of the student model: who learns, what they did, and what we believe about it."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from content.fields import OrderedJSONField
from content.models import Concept, Course, Misconception, Step


class User(AbstractUser):
    """Anyone who signs in. Students are everybody; teachers are made by an administrator."""

    display_name = models.CharField(_("name shown to others"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    is_teacher = models.BooleanField(_("teacher"), default=False)
    is_simulated = models.BooleanField(_("simulated"), default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class Classroom(models.Model):
    """A class that takes a course, with its teachers and the code by which students join."""

    name = models.CharField(_("name"), max_length=120)
    course = models.ForeignKey(Course, models.PROTECT, related_name="classrooms", verbose_name=_("course"))
    teachers = models.ManyToManyField(User, related_name="classes_taught", verbose_name=_("teachers"))
    join_code = models.CharField(_("join code"), max_length=12, unique=True)
    consents_to_tuning = models.BooleanField(_("the school consents to fine-tuning for this class"), default=False)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Enrolment(models.Model):
    """A student's place in a class."""

    classroom = models.ForeignKey(Classroom, models.CASCADE, related_name="enrolments", verbose_name=_("class"))
    student = models.ForeignKey(User, models.CASCADE, related_name="enrolments", verbose_name=_("student"))
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = (models.UniqueConstraint(fields=("classroom", "student"), name="enrolled_once"),)

    def __str__(self) -> str:
        return f"{self.student} · {self.classroom}"


class Consent(models.Model):
    """Append-only, as attempts: what a student allowed; the newest row for a purpose is in force. Off until given."""

    class Purpose(models.TextChoices):
        FINE_TUNING = "fine_tuning", _("use my answers to improve the models of this site")

    student = models.ForeignKey(User, models.CASCADE, related_name="consents", verbose_name=_("student"))
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    given = models.BooleanField(_("given"))
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("-decided_at", "-id")

    def __str__(self) -> str:
        return f"{self.student}: {self.purpose} = {self.given}"


class Preference(models.Model):
    """What a student asked for. Declared, changeable any time, never used to predict ability."""

    class Order(models.TextChoices):
        EXAMPLE_FIRST = "example_first", _("show me an example first")
        PROBLEM_FIRST = "problem_first", _("let me try first")

    class Help(models.TextChoices):
        LITTLE = "little", _("only when I ask")
        USUAL = "usual", _("offer a hint after a mistake")
        MUCH = "much", _("show the first hint at once")

    class Pace(models.TextChoices):
        CALM = "calm", _("calm: easier exercises")
        USUAL = "usual", _("usual")
        BRISK = "brisk", _("brisk: harder exercises")

    class Form(models.TextChoices):
        READING = "reading", _("reading")
        VIDEO = "video", _("video")
        INTERACTIVE = "interactive", _("interactive")
        GAME = "game", _("game")
        __empty__ = _("whatever there is")

    class TextSize(models.TextChoices):
        USUAL = "usual", _("usual")
        LARGE = "large", _("large")
        LARGEST = "largest", _("largest")

    student = models.OneToOneField(User, models.CASCADE, related_name="preference", verbose_name=_("student"))
    order = models.CharField(_("on something new"), max_length=20, choices=Order, default=Order.PROBLEM_FIRST)
    help = models.CharField(_("help"), max_length=20, choices=Help, default=Help.USUAL)
    pace = models.CharField(_("pace"), max_length=20, choices=Pace, default=Pace.USUAL)
    form = models.CharField(_("explanations"), max_length=20, choices=Form, blank=True, default="")
    text_size = models.CharField(_("text size"), max_length=20, choices=TextSize, default=TextSize.USUAL)
    interests = models.JSONField(_("themes of interest"), default=list, blank=True)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.student)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Attempts with what counts now, which is what was said at the time unless a correction says otherwise."""

    def with_verdicts(self) -> "models.QuerySet[Any]":
        """Each with `verdict`, `credit` and `shows` (a misconception's id) as they count now, and whether it does.

        The latest correction whose regrading was not undone is in force, else what the attempt itself says.
        """
        latest = Correction.objects.filter(attempt=OuterRef("pk"), regrading__undone_at=None).order_by("-pk")
        misconception = Subquery(latest.values("misconception")[:1])
        return self.annotate(
            verdict=Coalesce(Subquery(latest.values("correct")[:1]), F("correct")),
            credit=Coalesce(Subquery(latest.values("score")[:1]), F("score")),
            shows=Case(
                When(Exists(latest), then=misconception),
                default=F("misconception"),
                output_field=models.BigIntegerField(),
            ),
            counted=Coalesce(Subquery(latest.values("counted")[:1]), Value(True)),
        )

    def judged(self) -> "models.QuerySet[Any]":
        """The same, without those that are set aside: the one way to read whether answers are right."""
        return self.with_verdicts().filter(counted=True)


class Attempt(models.Model):
    """One try at one step. Append-only, and the database holds it: never changed, and deleted only with its student.

    `correct`, `score` and `misconception` are what was said at the time; what counts now is read by `judged()`.
    """

    class Source(models.TextChoices):
        SITE = "site", _("this site")
        IMPORT = "import", _("imported")

    student = models.ForeignKey(User, models.CASCADE, related_name="attempts", verbose_name=_("student"))
    step = models.ForeignKey(Step, models.PROTECT, related_name="attempts", verbose_name=_("step"))
    revision = models.PositiveIntegerField(_("revision of the exercise"), default=1)
    seed = models.BigIntegerField(_("variant"), default=0)
    theme = models.CharField(_("theme"), max_length=40, blank=True)
    response = models.JSONField(_("response"), null=True)  # text, or list of texts or ids; null: gave up
    correct = models.BooleanField(_("correct"))
    score = models.FloatField(_("score"))
    hints_used = models.PositiveSmallIntegerField(_("hints used"), default=0)
    try_number = models.PositiveSmallIntegerField(_("try"), default=1)  # of this step in this turn, from 1
    seconds = models.FloatField(_("seconds"), null=True)
    created_at = models.DateTimeField(_("time"))
    submission_id = models.UUIDField(_("submission"), default=uuid.uuid4)
    misconception = models.ForeignKey(
        Misconception, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("misconception")
    )
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.SITE)
    is_simulated = models.BooleanField(_("simulated"), default=False)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = (models.Index(fields=("student", "created_at", "id")), models.Index(fields=("step", "created_at")))
        constraints = (
            models.UniqueConstraint(fields=("student", "submission_id"), name="submission_counts_once"),
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=1), name="attempt_score_0_to_1"),
            models.CheckConstraint(condition=models.Q(try_number__gte=1), name="attempt_try_from_1"),
        )

    def __str__(self) -> str:
        return f"{self.student_id} · {self.step_id} · {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_label(self) -> bool:
        """Whether this is a first try without a hint: what mastery and tracing are about."""
        return self.try_number == 1 and self.hints_used == 0


class ConceptState(models.Model):
    """What we believe a student can do with a concept, by whom it was estimated, and the plain belief behind it."""

    class Source(models.TextChoices):
        KNOWLEDGE = "knowledge", _("plain estimate")
        TRACER = "tracer", _("adapted model")

    student = models.ForeignKey(User, models.CASCADE, related_name="concept_states", verbose_name=_("student"))
    concept = models.ForeignKey(Concept, models.CASCADE, related_name="states", verbose_name=_("concept"))
    # What people see and the policy uses.
    value = models.FloatField(_("mastery"))
    low = models.FloatField(_("low end of the interval (80 %)"))
    high = models.FloatField(_("high end of the interval (80 %)"))
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.KNOWLEDGE)
    version = models.CharField(_("version"), max_length=40, blank=True)
    estimated_at = models.DateTimeField(_("estimated"))
    # The plain belief of students/knowledge.py, which goes on whatever serves.
    belief = models.JSONField(_("belief"), default=dict)
    answers_since_tracer = models.PositiveSmallIntegerField(_("answers since the model's estimate"), default=0)
    tries = models.PositiveIntegerField(_("steps tried"), default=0)  # first tries; later ones only move the belief
    right = models.PositiveIntegerField(_("right first tries without a hint"), default=0)
    wrong_in_a_row = models.PositiveSmallIntegerField(_("first tries wrong in a row"), default=0)
    wrong_since = models.DateTimeField(_("wrong since"), null=True, blank=True)  # the first of these
    stuck_since = models.DateTimeField(_("stuck since"), null=True, blank=True)  # many tries and never mastered
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True)
    # The rule in force when mastery was first reached, so that it cannot change under a student.
    mastered_at = models.DateTimeField(_("mastered"), null=True)
    mastery_rule = models.CharField(_("rule"), max_length=120, blank=True)
    # When another way of estimating last took over and moved the number, with both, so that pages can say so.
    switched_at = models.DateTimeField(_("way of estimating changed"), null=True)
    switched_from = models.FloatField(_("mastery by the earlier way"), null=True)
    switched_to = models.FloatField(_("mastery by the new way"), null=True)

    class Meta:
        verbose_name = _("concept state")
        verbose_name_plural = _("concept states")
        constraints = (
            models.UniqueConstraint(fields=("student", "concept"), name="one_state_per_concept"),
            models.CheckConstraint(
                condition=models.Q(low__gte=0, high__lte=1, low__lte=models.F("value"), value__lte=models.F("high")),
                name="concept_state_interval",
            ),
        )

    def __str__(self) -> str:
        return f"{self.student_id} · {self.concept_id}: {self.value:.2f}"


class PopulationCount(models.Model):
    """Tries and right first tries by step and by concept, over everybody; kept by students/records."""

    step = models.OneToOneField(
        Step, models.CASCADE, null=True, blank=True, related_name="count", verbose_name=_("step")
    )
    concept = models.OneToOneField(
        Concept, models.CASCADE, null=True, blank=True, related_name="count", verbose_name=_("concept")
    )
    tries = models.PositiveIntegerField(_("first tries without a hint"), default=0)
    right = models.PositiveIntegerField(_("of these right"), default=0)

    class Meta:
        verbose_name = _("population count")
        verbose_name_plural = _("population counts")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(step__isnull=True) ^ models.Q(concept__isnull=True), name="count_of_one_thing"
            ),
            models.CheckConstraint(condition=models.Q(right__lte=models.F("tries")), name="count_right_within_tries"),
        )

    def __str__(self) -> str:
        return f"{self.step or self.concept}: {self.right}/{self.tries}"


class Regrading(models.Model):
    """A key, or a person's judgement, that was wrong and is corrected: its corrections count from then until undone."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")

    step = models.ForeignKey(Step, models.PROTECT, related_name="regradings", verbose_name=_("step"))
    revision = models.PositiveIntegerField(_("revision of the exercise that has the right key"))
    key = OrderedJSONField(_("answer key"), null=True)  # null: a person judged one answer anew
    reworded = models.BooleanField(_("answers to an earlier wording too"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    figures = models.JSONField(_("figures"), default=dict, blank=True)  # how many answers of which kind
    moved = models.JSONField(_("moved counts"), default=dict, blank=True, editable=False)  # what undoing takes back
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )

    class Meta:
        verbose_name = _("regrading")
        verbose_name_plural = _("regradings")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("step",), condition=models.Q(state="waiting", undone_at=None), name="one_regrading_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} · {self.made_at:%Y-%m-%d %H:%M}"


class Correction(models.Model):
    """Append-only, as attempts: what an attempt counts as by a regrading."""

    regrading = models.ForeignKey(Regrading, models.CASCADE, related_name="corrections", verbose_name=_("regrading"))
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="corrections", verbose_name=_("attempt"))
    student = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("student"))  # the attempt's
    correct = models.BooleanField(_("correct"))
    score = models.FloatField(_("score"))
    misconception = models.ForeignKey(
        Misconception, models.SET_NULL, null=True, related_name="+", verbose_name=_("misconception")
    )
    counted = models.BooleanField(_("counts"), default=True)  # False: an earlier try is right, so this one is not asked

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints = (
            models.UniqueConstraint(fields=("attempt", "regrading"), name="corrected_once_by_a_regrading"),
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=1), name="correction_score_0_to_1"),
        )

    def __str__(self) -> str:
        return f"{self.attempt_id}: {self.score:.2f}"


class StateChange(models.Model):
    """What a regrading did to a concept state: the row before and after, so that undoing brings it back exactly."""

    regrading = models.ForeignKey(Regrading, models.CASCADE, related_name="state_changes", verbose_name=_("regrading"))
    student = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("student"))
    concept = models.ForeignKey(Concept, models.CASCADE, related_name="+", verbose_name=_("concept"))
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))
    value_before = models.FloatField(_("mastery before"))
    value_after = models.FloatField(_("mastery after"))

    class Meta:
        verbose_name = _("change of a state")
        verbose_name_plural = _("changes of states")
        constraints = (models.UniqueConstraint(fields=("regrading", "student", "concept"), name="state_changed_once"),)

    def __str__(self) -> str:
        return f"{self.student_id} · {self.concept_id}: {self.value_before:.2f} → {self.value_after:.2f}"


class Writing(models.Model):
    """A text that was handed in, to be judged by a person. Append-only, as attempts."""

    student = models.ForeignKey(User, models.CASCADE, related_name="writings", verbose_name=_("student"))
    step = models.ForeignKey(Step, models.PROTECT, related_name="writings", verbose_name=_("step"))
    revision = models.PositiveIntegerField(_("revision of the exercise"), default=1)
    seed = models.BigIntegerField(_("variant"), default=0)
    theme = models.CharField(_("theme"), max_length=40, blank=True)
    text = models.TextField(_("text"))
    hints_used = models.PositiveSmallIntegerField(_("hints used"), default=0)
    seconds = models.FloatField(_("seconds"), null=True)
    handed_in_at = models.DateTimeField(_("handed in"))
    submission_id = models.UUIDField(_("submission"), default=uuid.uuid4)

    class Meta:
        verbose_name = _("text handed in")
        verbose_name_plural = _("texts handed in")
        indexes = (models.Index(fields=("student", "handed_in_at")),)
        constraints = (models.UniqueConstraint(fields=("student", "submission_id"), name="text_handed_in_once"),)

    def __str__(self) -> str:
        return f"{self.student_id} · {self.step_id} · {self.handed_in_at:%Y-%m-%d %H:%M}"


class Assessment(models.Model):
    """Append-only: what a person said of a text. The latest is in force; the first made the attempt it counts as."""

    writing = models.ForeignKey(Writing, models.CASCADE, related_name="assessments", verbose_name=_("text"))
    student = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("student"))  # the text's
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="assessments", verbose_name=_("attempt"))
    score = models.FloatField(_("score"))
    comment = models.TextField(_("comment"), blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ("writing", "-pk")
        constraints = (
            models.CheckConstraint(condition=models.Q(score__gte=0, score__lte=1), name="assessment_score_0_to_1"),
        )

    def __str__(self) -> str:
        return f"{self.writing_id}: {self.score:.2f}"
