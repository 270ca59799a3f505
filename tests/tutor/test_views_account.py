"""Sign-up, consent, preferences, languages, pictures, and the pages for errors."""

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from content.models import Course, Figure
from students import history
from students.models import Classroom, Consent, Preference, User
from tests.conftest import PASSWORD

WISHES = {"order": "problem_first", "help": "usual", "pace": "usual", "text_size": "usual"}
SIGN_UP = {
    "username": "lena",
    "display_name": "Lena",
    "password1": PASSWORD,
    "email": "",
    "language": "zh-hans",
}


@pytest.mark.parametrize(("ticked", "given"), [({}, False), ({"consent": "on"}, True)])
def test_consent_is_off_unless_somebody_ticks_it(client: Client, db: None, ticked: dict[str, str], given: bool) -> None:
    client.post(reverse("account_signup"), {**SIGN_UP, **ticked})
    lena = User.objects.get(username="lena")
    assert history.has_consent(lena.pk) is given
    assert (lena.display_name, lena.language) == ("Lena", "zh-hans")


def test_nobody_makes_themselves_more_than_a_student(client: Client, db: None) -> None:
    more = dict.fromkeys(("is_teacher", "is_staff", "is_superuser", "is_simulated"), "on")
    client.post(reverse("account_signup"), {**SIGN_UP, **more})
    client.post(reverse("preferences"), {**WISHES, **more, "language": "en", "username": "root"})
    lena = User.objects.get(username="lena")
    assert lena.language == "en"  # it was saved
    assert not any(getattr(lena, name) for name in more)


def test_a_teacher_takes_no_class_by_its_form(client: Client, classroom: Classroom, other_teacher: User) -> None:
    client.force_login(other_teacher)
    more = {"id": classroom.pk, "join_code": "MINE", "consents_to_tuning": "on", "teachers": [other_teacher.pk]}
    client.post(reverse("classes"), {"name": "Class 7a", "course": classroom.course_id, **more})
    made = Classroom.objects.exclude(pk=classroom.pk).get(name="Class 7a")
    assert (made.join_code == "MINE", made.consents_to_tuning) == (False, False)
    assert other_teacher not in classroom.teachers.all()


def test_a_box_left_alone_at_sign_up_is_no_decision(client: Client, classroom: Classroom) -> None:
    client.post(reverse("account_signup"), SIGN_UP)
    assert not Consent.objects.exists()
    Classroom.objects.update(consents_to_tuning=True)
    told = client.post(reverse("join"), {"code": "JOINSEVEN"}, follow=True).content.decode()
    assert "The school has agreed" in told or "学校已同意" in told
    assert history.has_consent(User.objects.get(username="lena").pk)


def test_who_is_in_a_class_that_consents_is_told_and_may_say_no(
    client: Client, student: User, classroom: Classroom
) -> None:
    Classroom.objects.update(consents_to_tuning=True)
    client.force_login(student)
    shown = client.get(reverse("preferences")).content.decode()
    assert "Class 7a" in shown
    assert "your answers are left out" in shown
    assert re.search(r'name="consent"[^>]*checked', shown)
    client.post(reverse("preferences"), {**WISHES, "language": "en", "consent": "on"})
    assert not Consent.objects.exists()  # nothing was changed, so nothing was decided
    client.post(reverse("preferences"), {**WISHES, "language": "en"})
    assert not history.has_consent(student.pk)


def test_the_consent_box_is_not_ticked_beforehand(client: Client, db: None) -> None:
    shown = client.get(reverse("account_signup")).content.decode()
    box = re.search(r"<input[^>]*name=\"consent\"[^>]*>", shown)
    assert box
    assert "checked" not in box[0]


def test_no_field_of_the_account_pages_uses_a_placeholder_as_its_label(client: Client, db: None) -> None:
    for name in ("account_login", "account_signup", "account_reset_password"):
        assert "placeholder" not in client.get(reverse(name)).content.decode()


def test_signing_in_speaks_the_language_the_person_chose(client: Client, student: User) -> None:
    User.objects.filter(pk=student.pk).update(language="zh-hans")
    client.post(reverse("account_login"), {"login": "student", "password": PASSWORD})
    assert 'lang="zh-hans"' in client.get("/").content.decode()


def test_the_language_can_be_changed_before_signing_in(client: Client, db: None) -> None:
    client.post(reverse("language"), {"language": "zh-hans", "next": "/accounts/login/"})
    assert '<html lang="zh-hans"' in client.get(reverse("account_login")).content.decode()


def test_preferences_and_consent_are_kept_and_can_be_taken_back(client: Client, student: User) -> None:
    client.force_login(student)
    wishes = {
        "order": "example_first",
        "help": "much",
        "pace": "calm",
        "text_size": "large",
        "interests": ["music", "games"],
        "display_name": "Somebody with quite a long name indeed yes",
        "language": "en",
    }
    for consent in ({"consent": "on"}, {}):
        assert client.post(reverse("preferences"), {**wishes, **consent}).status_code == 302
        assert history.has_consent(student.pk) is bool(consent)
    assert Preference.objects.get(student=student).interests == ["music", "games"]
    assert 'data-text-size="large"' in client.get("/").content.decode()


def test_a_mistake_in_the_preferences_keeps_what_was_chosen(client: Client, student: User) -> None:
    client.force_login(student)
    came = client.post(reverse("preferences"), {"order": "upside_down", "help": "much"})
    assert came.status_code == 422
    assert re.search(r'value="much"[^>]*checked', came.content.decode())


def test_the_theme_of_the_device_is_on_the_page(client: Client, db: None) -> None:
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get(reverse("account_login")).content.decode()
    client.cookies["theme"] = '"><script>'
    assert 'data-theme=""' in client.get(reverse("account_login")).content.decode()


def test_only_pictures_leave_the_figures_and_an_svg_gets_no_rights(
    client: Client, student: User, course: Course, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    for name, kind in (("line.svg", "image/svg+xml"), ("page.html", "text/html")):
        Figure.objects.create(course=course, name=name, file=ContentFile(b"<svg/>", name), content_type=kind)
    client.force_login(student)
    picture = client.get(reverse("figure", args=[course.pk, "line.svg"]))
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert "max-age" in picture.headers["Cache-Control"]
    assert client.get(reverse("figure", args=[course.pk, "page.html"])).status_code == 404


def test_a_missing_page_says_that_nothing_was_lost(client: Client, db: None) -> None:
    came = client.get("/no-such-page/")
    assert came.status_code == 404
    assert "Nothing of yours was lost." in came.content.decode()


def test_a_form_of_another_site_is_refused_with_a_reason(student: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(student)
    came = strict.post(reverse("join"), {"code": "X"})
    assert came.status_code == 403
    assert "This form was too old" in came.content.decode()
