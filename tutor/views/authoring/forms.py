"""Forms of what a course is made of beside its exercises."""

from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from content import package, rewriting, schema
from content.models import Concept, Course, Misconception, Resource
from content.wording import in_words
from students.models import User

MARKDOWN = _("Markdown, with formulas between dollar signs: $x^2$.")
LICENCES = ("CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "CC BY-NC-SA 4.0", "CC0 1.0")
LARGEST_FIGURE = 5_000_000  # bytes
LARGEST_UPLOAD = 300_000_000


class LicenceInput(forms.TextInput):
    """A licence: typed, with the usual ones on offer (the page has their list)."""

    def __init__(self) -> None:
        super().__init__({"list": "licences", "autocomplete": "off"})


class Text(forms.Textarea):
    """A text of some lines that grows with what is in it."""

    def __init__(self, rows: int = 3) -> None:
        super().__init__({"rows": rows})


class CourseForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A course's name, language and terms."""

    class Meta:
        model = Course
        fields = ("title", "language", "description", "licence", "attribution")
        widgets: ClassVar = {"description": Text(), "licence": LicenceInput(), "attribution": Text(2)}
        help_texts: ClassVar = {
            "language": _("Of its texts: it decides how they are set and searched."),
            "description": _("One or two sentences that students read before they begin."),
            "licence": _("Under which others may use it. Exercises may have one of their own."),
            "attribution": _("Who is to be named."),
        }


class ConceptForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A concept's own texts; its rules and prerequisites stand beside them."""

    class Meta:
        model = Concept
        fields = ("title", "summary", "example")
        widgets: ClassVar = {"summary": Text(), "example": Text(6)}
        help_texts: ClassVar = {
            "title": _("What can be learned, in a few words."),
            "summary": MARKDOWN,
            "example": _("Shown before the first practice and to whoever is stuck."),
        }


class RuleForm(forms.Form):
    """Something that is true of a concept. Left empty there is none; emptied it goes."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    statement = forms.CharField(label=_("What is true"), required=False, widget=Text(2), help_text=MARKDOWN)
    when = forms.CharField(label=_("When it applies"), required=False, widget=Text(2))
    example = forms.CharField(label=_("Example"), required=False, widget=Text(2))

    def clean(self) -> dict[str, Any]:
        """Whatever belongs to a rule needs the rule."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("statement") and (given.get("when") or given.get("example")):
            self.add_error("statement", _("Say what is true, or leave the other fields empty too."))
        return given


class MisconceptionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A way of being wrong: how it shows and how it is answered."""

    class Meta:
        model = Misconception
        fields = ("title", "shows", "explanation", "concepts")
        widgets: ClassVar = {"shows": Text(), "explanation": Text(4), "concepts": forms.CheckboxSelectMultiple}
        labels: ClassVar = {"explanation": _("How to answer it")}
        help_texts: ClassVar = {
            "shows": _("Read by teachers."),
            "explanation": _(
                "Said to the student whose answer shows it. Markdown, with formulas between dollar signs."
            ),
        }

    def __init__(self, *args: Any, concepts: QuerySet[Concept], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelMultipleChoiceField[Concept]", self.fields["concepts"]).queryset = concepts


class RewritingForm(forms.Form):
    """What a misconception does to a formula; letters stand for any part."""

    before = forms.CharField(label=_("What stands there"), required=False, max_length=200)
    after = forms.CharField(label=_("What is made of it"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        """One without the other is none."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name, other in (("before", "after"), ("after", "before")):
            if given.get(other) and not given.get(name):
                self.add_error(name, _("Both sides are needed."))
        if given.get("before") and given.get("after"):
            rule = package.Rewriting(before=given["before"], after=given["after"])
            for problem in rewriting.problems(rule):
                self.add_error("after" if problem.startswith("after") else "before", in_words(problem))
        return given


class UploadForm(forms.Form):
    """A course file from elsewhere."""

    file = forms.FileField(
        label=_("Course file"),
        help_text=_("A zip, or one file; at most 300 MB. It is looked through first: nothing is written yet."),
    )

    def clean_file(self) -> Any:
        """Refuses what is too large."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_UPLOAD:
            raise ValidationError(_("This file is larger than 300 MB."))
        return file


class AddingForm(UploadForm):
    """A file whose exercises are to become drafts of a course."""

    concept = forms.ModelChoiceField(
        Concept.objects.none(),
        label=_("What they practise"),
        help_text=_("Where the file does not name a concept of this course."),
        empty_label=None,
    )

    def __init__(self, *args: Any, concepts: QuerySet[Concept], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Concept]", self.fields["concept"]).queryset = concepts


class ResourceForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Something to learn from: a text of its own or an address elsewhere."""

    url = forms.URLField(
        label=_("Address"),
        required=False,
        assume_scheme="https",
        max_length=1000,
        help_text=_("Of a video, something interactive or a game: where it is."),
    )

    class Meta:
        model = Resource
        fields = ("title", "kind", "text", "url", "concepts", "minutes", "licence", "attribution")
        widgets: ClassVar = {
            "text": Text(8),
            "concepts": forms.CheckboxSelectMultiple,
            "licence": LicenceInput(),
            "attribution": Text(2),
        }
        help_texts: ClassVar = {
            "text": _("Of a reading or a worked example. Markdown, with formulas between dollar signs."),
            "concepts": _("Students meet it on the pages of these concepts."),
            "minutes": _("About how long it takes."),
        }

    def __init__(self, *args: Any, concepts: QuerySet[Concept], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelMultipleChoiceField[Concept]", self.fields["concepts"]).queryset = concepts

    def clean(self) -> dict[str, Any]:
        """A text where one is to be read, an address where one is to go."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        kind = given.get("kind")
        if kind in {package.ResourceKind.READING, package.ResourceKind.WORKED_EXAMPLE}:
            if not given.get("text") and not given.get("url"):
                self.add_error("text", _("Write the text, or give the address where it can be read."))
        elif kind and not given.get("url") and "url" not in self.errors:
            self.add_error("url", _("Give the address where it is."))
        return given


class FigureForm(forms.Form):
    """A picture that texts refer to by name."""

    file = forms.FileField(label=_("Picture"), help_text=_("PNG, JPEG, GIF, WebP or SVG, at most 5 MB."))

    def clean_file(self) -> Any:
        """Refuses what is no picture by name, or too large."""
        file = self.cleaned_data["file"]
        if not schema.is_figure_name(file.name):
            raise ValidationError(_("A picture's name is letters, digits, - . _ and an ending such as .png."))
        if file.size > LARGEST_FIGURE:
            raise ValidationError(_("This picture is larger than 5 MB."))
        return file


class AuthorForm(forms.Form):
    """Another teacher who may write the course."""

    username = forms.CharField(
        label=_("User name of a teacher"),
        max_length=150,
        help_text=_("They can change everything in this course, as you can."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def clean_username(self) -> User:
        """The teacher of this name."""
        found = User.objects.filter(username=self.cleaned_data["username"].strip(), is_teacher=True).first()
        if found is None:
            raise ValidationError(_("There is no teacher with this user name."))
        return found
