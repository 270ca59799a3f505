"""Forms of the account pages and of the teacher's pages. Writes: only through what their views call."""

from typing import Any, ClassVar, cast

from allauth.account.forms import SignupForm as AccountSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from content import variants
from content.models import Course
from students import records
from students.models import Classroom, Preference, User

CONSENT = _("Let this site learn from my answers")
CONSENT_HELP = _(
    "If you tick this, your answers, without your name, are used to improve the models that choose exercises here. "
    "Everything works the same without it, and you can change your mind at any time under Preferences."
)
YOUR_NAME = _("Your name, as teachers and classmates see it")
INTERESTS = tuple((theme, _(words)) for theme, words in variants.THEMES)


class SignupForm(AccountSignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign-up: allauth's fields, the name others see, the language, and consent, which is off until given."""

    display_name = forms.CharField(label=YOUR_NAME, max_length=80, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    consent = forms.BooleanField(label=CONSENT, help_text=CONSENT_HELP, required=False)
    field_order = ("username", "display_name", "password1", "email", "language", "consent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = get_language()
        self.fields["username"].help_text = _("You sign in with it. Letters, digits and @ . + - _")
        self.fields["username"].label = _("User name")
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].help_text = _("Only to set a new password when the old one is forgotten.")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        """The account, whole or not at all. Of a double click, the second is let in to what the first has made."""
        try:
            with transaction.atomic():
                return cast("tuple[User | None, HttpResponseBase | None]", super().try_save(request))
        except IntegrityError:
            given = self.cleaned_data
            user = authenticate(request, username=given["username"], password=given["password1"])
            if user is not None:
                login(request, user)
            return None, redirect("home")

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth when the account exists: keeps what it does not know."""
        user.display_name = self.cleaned_data["display_name"]
        user.language = self.cleaned_data["language"]
        user.save(update_fields=["display_name", "language"])
        if self.cleaned_data["consent"]:  # a box left alone is no decision: a class that is joined later may decide
            records.set_consent(user.pk, True, timezone.now())


class JoinForm(forms.Form):
    """The code by which a student joins a class."""

    code = forms.CharField(
        label=_("Join code"),
        max_length=20,
        help_text=_("Your teacher has it. Capitals and spaces do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> Classroom:
        """The class with this code. Raises ValidationError when there is none."""
        code = "".join(self.cleaned_data["code"].split()).upper()
        classroom = Classroom.objects.select_related("course").filter(join_code=code).first()
        if classroom is None:
            raise forms.ValidationError(_("No class has this code. Please compare it with what your teacher wrote."))
        return classroom


class ClassroomForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new class."""

    class Meta:
        model = Classroom
        fields = ("name", "course")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        courses = cast("forms.ModelChoiceField[Course]", self.fields["course"])
        courses.queryset = Course.objects.filter(published=True)
        courses.empty_label = None


class PreferenceForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a student asks for; never about ability. Only wishes that change something, and each says what."""

    interests = forms.MultipleChoiceField(
        label=_("Themes I like"),
        choices=INTERESTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Stories in exercises are about them where they can be; the mathematics stays the same. Teachers see them."
        ),
    )

    class Meta:
        model = Preference
        fields = ("order", "help", "form", "pace", "text_size", "interests")
        widgets = dict.fromkeys(("order", "help", "form", "pace", "text_size"), forms.RadioSelect)
        help_texts: ClassVar = {
            "order": _("Whether something new begins with a worked example, where there is one."),
            "help": _("Hints are there in any case. A first hint shown at once stays away when things go well."),
            "form": _("What comes first when you look for an explanation. The other forms stay there."),
            "pace": _("How hard the exercises are: calm ones go right at once about 4 times in 5, brisk ones 2 in 3."),
            "text_size": _("Of everything on these pages."),
        }


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The name others see, the language, and consent."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    consent = forms.BooleanField(label=CONSENT, help_text=CONSENT_HELP, required=False)

    class Meta:
        model = User
        fields = ("display_name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].label = YOUR_NAME
