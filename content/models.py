"""Tables of the domain model: courses, concepts, exercises, steps, and what helps with them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.fields import OrderedJSONField
from content.package import HintKind, ResourceKind, StepKind


class Course(models.Model):
    """A course as imported or authored; `slug` is its stable name."""

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=16, choices=[("en", "English"), ("zh-hans", "简体中文")])
    description = models.TextField(_("description"), blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    attribution = models.TextField(_("attribution"), blank=True)
    published = models.BooleanField(_("published"), default=True)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="courses_authored", verbose_name=_("authors")
    )  # who may change it in the browser, beside administrators
    revision = models.PositiveIntegerField(_("revision"), default=1)  # raised by every change to the course
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # of the package last imported
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class Concept(models.Model):
    """Something that can be learned. Concepts gone from a package are retired, never deleted: attempts point here."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="concepts", verbose_name=_("course"))
    key = models.CharField(_("key"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    example = models.TextField(_("worked example"), blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    retired = models.BooleanField(_("retired"), default=False)
    imported = models.BooleanField(default=False, editable=False)  # retired once a package no longer has it
    requires = models.ManyToManyField(
        "self", through="Prerequisite", symmetrical=False, related_name="unlocks", verbose_name=_("prerequisites")
    )

    class Meta:
        verbose_name = _("concept")
        verbose_name_plural = _("concepts")
        ordering = ("course", "position")
        constraints = (models.UniqueConstraint(fields=("course", "key"), name="concept_key_unique_in_course"),)

    def __str__(self) -> str:
        return self.title


class Prerequisite(models.Model):
    """An edge of the prerequisite graph: `concept` builds on `requires`."""

    concept = models.ForeignKey(Concept, models.CASCADE, related_name="prerequisites", verbose_name=_("concept"))
    requires = models.ForeignKey(Concept, models.CASCADE, related_name="dependents", verbose_name=_("requires"))

    class Meta:
        verbose_name = _("prerequisite")
        verbose_name_plural = _("prerequisites")
        constraints = (
            models.UniqueConstraint(fields=("concept", "requires"), name="prerequisite_once"),
            models.CheckConstraint(condition=~models.Q(concept=models.F("requires")), name="prerequisite_not_itself"),
        )

    def __str__(self) -> str:
        return f"{self.requires} → {self.concept}"


class Rule(models.Model):
    """Something that is true of a concept: the statement, when it applies, an example."""

    concept = models.ForeignKey(Concept, models.CASCADE, related_name="rules", verbose_name=_("concept"))
    key = models.CharField(_("key"), max_length=120)
    position = models.PositiveIntegerField(_("position"), default=0)
    statement = models.TextField(_("what is true"))
    when = models.TextField(_("when it applies"), blank=True)
    example = models.TextField(_("example"), blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ("concept", "position")
        constraints = (models.UniqueConstraint(fields=("concept", "key"), name="rule_key_unique_in_concept"),)

    def __str__(self) -> str:
        return self.key


class Misconception(models.Model):
    """A named way of being wrong, shared by wrong answers of several steps."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="misconceptions", verbose_name=_("course"))
    key = models.CharField(_("key"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    explanation = models.TextField(_("explanation"), blank=True)
    shows = models.TextField(_("what students do instead"), blank=True)
    concepts = models.ManyToManyField(
        Concept, blank=True, related_name="misconceptions", verbose_name=_("concepts it is about")
    )
    rewritings = models.JSONField(_("what it does to a formula"), default=list, blank=True)  # [[before, after], …]

    class Meta:
        verbose_name = _("misconception")
        verbose_name_plural = _("misconceptions")
        constraints = (models.UniqueConstraint(fields=("course", "key"), name="misconception_key_unique_in_course"),)

    def __str__(self) -> str:
        return self.title


class Exercise(models.Model):
    """One or more steps under a common prompt; with `variables`, a template for variants."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="exercises", verbose_name=_("course"))
    key = models.CharField(_("key"), max_length=120)
    title = models.CharField(_("title"), max_length=300, blank=True)
    prompt = models.TextField(_("prompt"), blank=True)
    lesson = models.CharField(_("lesson"), max_length=200, blank=True)
    variables = OrderedJSONField(_("variables"), default=dict, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    attribution = models.TextField(_("attribution"), blank=True)
    tags = ArrayField(models.CharField(max_length=60), verbose_name=_("tags"), default=list, blank=True)
    difficulty = models.FloatField(_("difficulty by its author, 0 to 1"), null=True, blank=True)
    position = models.FloatField(_("position"), default=0)  # between any two there is room for a third
    retired = models.BooleanField(_("retired"), default=False)
    published = models.BooleanField(_("published"), default=True)  # False: it never was, all there is is a draft
    draft = OrderedJSONField(_("draft"), null=True, blank=True, editable=False)  # what an author goes on with
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    draft_at = models.DateTimeField(_("draft of"), null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=1)  # raised when anything in it changes
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    words = SearchVectorField(null=True, editable=False)  # what it is found by: content/search.py

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        ordering = ("course", "position")
        indexes = (
            GinIndex(fields=("words",), name="exercise_words"),
            models.Index(fields=("course", "position", "id"), name="exercise_in_order"),
        )
        constraints = (models.UniqueConstraint(fields=("course", "key"), name="exercise_key_unique_in_course"),)

    def __str__(self) -> str:
        return self.title or self.key


class ExerciseVersion(models.Model):
    """Append-only: an exercise as it was published under a number, whole; what somebody has answered stays readable."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="versions", verbose_name=_("exercise"))
    number = models.PositiveIntegerField(_("number"))  # Exercise.revision at the time
    content = OrderedJSONField(_("content"))  # a content.package.Exercise
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("author")
    )  # null: an import
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("version of an exercise")
        verbose_name_plural = _("versions of exercises")
        ordering = ("exercise", "-number")
        constraints = (models.UniqueConstraint(fields=("exercise", "number"), name="exercise_version_once"),)

    def __str__(self) -> str:
        return f"{self.exercise} · {self.number}"


class Step(models.Model):
    """One question with one answer key. Its id is what attempts and predictions refer to."""

    exercise = models.ForeignKey(Exercise, models.CASCADE, related_name="steps", verbose_name=_("exercise"))
    key = models.CharField(_("key"), max_length=120)
    position = models.PositiveIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=20, choices=[(kind.value, kind.value) for kind in StepKind])
    prompt = models.TextField(_("prompt"), blank=True)
    answer = OrderedJSONField(_("answer key"))
    solution = models.TextField(_("worked solution"), blank=True)
    concepts = models.ManyToManyField(Concept, related_name="steps", verbose_name=_("concepts"))
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("exercise", "position")
        constraints = (models.UniqueConstraint(fields=("exercise", "key"), name="step_key_unique_in_exercise"),)

    def __str__(self) -> str:
        return self.key


class Hint(models.Model):
    """One piece of help for a step; a scaffold asks, and so has an answer key."""

    step = models.ForeignKey(Step, models.CASCADE, related_name="hints", verbose_name=_("step"))
    key = models.CharField(_("key"), max_length=120)
    position = models.PositiveIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=20, choices=[(kind.value, kind.value) for kind in HintKind])
    title = models.CharField(_("title"), max_length=300, blank=True)
    text = models.TextField(_("text"))
    answer = OrderedJSONField(_("answer key"), null=True, blank=True)

    class Meta:
        verbose_name = _("hint")
        verbose_name_plural = _("hints")
        ordering = ("step", "position")
        constraints = (models.UniqueConstraint(fields=("step", "position"), name="hint_position_unique_in_step"),)

    def __str__(self) -> str:
        return self.key


class WrongAnswer(models.Model):
    """A wrong answer that is recognised and explained."""

    step = models.ForeignKey(Step, models.CASCADE, related_name="wrong_answers", verbose_name=_("step"))
    position = models.PositiveIntegerField(_("position"), default=0)
    response = models.JSONField(_("response"))  # a text, a choice's id, or a list of texts or ids
    applied_to = models.TextField(_("formula that the misconception is applied to"), blank=True)
    credit = models.CharField(_("credit"), max_length=40, blank=True)
    feedback = models.TextField(_("feedback"))
    misconception = models.ForeignKey(
        Misconception,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="wrong_answers",
        verbose_name=_("misconception"),
    )

    class Meta:
        verbose_name = _("recognised wrong answer")
        verbose_name_plural = _("recognised wrong answers")
        ordering = ("step", "position")

    def __str__(self) -> str:
        return f"{self.step}: {self.response}"


class Resource(models.Model):
    """Something to learn from: a text of its own, or an address elsewhere."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="resources", verbose_name=_("course"))
    key = models.CharField(_("key"), max_length=120)
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=[
            (ResourceKind.READING.value, _("reading")),
            (ResourceKind.VIDEO.value, _("video")),
            (ResourceKind.INTERACTIVE.value, _("interactive")),
            (ResourceKind.GAME.value, _("game")),
            (ResourceKind.WORKED_EXAMPLE.value, _("worked example")),
        ],
    )
    text = models.TextField(_("text"), blank=True)
    url = models.URLField(_("address"), max_length=1000, blank=True)
    concepts = models.ManyToManyField(Concept, blank=True, related_name="resources", verbose_name=_("concepts"))
    minutes = models.PositiveIntegerField(_("minutes"), null=True, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    attribution = models.TextField(_("attribution"), blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    retired = models.BooleanField(_("retired"), default=False)
    imported = models.BooleanField(default=False, editable=False)  # retired once a package no longer has it
    words = SearchVectorField(null=True, editable=False)  # what it is found by: content/search.py

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        ordering = ("course", "position")
        indexes = (GinIndex(fields=("words",), name="resource_words"),)
        constraints = (models.UniqueConstraint(fields=("course", "key"), name="resource_key_unique_in_course"),)

    def __str__(self) -> str:
        return self.title


class Figure(models.Model):
    """A picture that a course's texts refer to by name."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="figures", verbose_name=_("course"))
    name = models.CharField(_("name"), max_length=200)
    file = models.FileField(_("file"), upload_to="figures/", max_length=200)  # stored under its content hash
    content_type = models.CharField(_("type"), max_length=60)

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints = (models.UniqueConstraint(fields=("course", "name"), name="figure_name_unique_in_course"),)

    def __str__(self) -> str:
        return self.name
