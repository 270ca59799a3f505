"""Courses in the administration: every page opens, texts are previewed, and an edit raises the revisions."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from content import catalog, importing
from content.models import Concept, Course, Exercise, ExerciseVersion, Misconception, Prerequisite, Step, WrongAnswer
from students.models import User

MODELS = (
    *("course", "concept", "prerequisite", "rule", "misconception", "exercise", "step", "hint", "wronganswer"),
    *("resource", "figure"),
)


@pytest.fixture
def office(client: Client, administrator: User, course: Course) -> Client:
    client.force_login(administrator)
    return client


def form_of(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back from a page of the administration, with changes."""
    page = client.get(address)
    assert page.status_code == 200
    forms = [
        page.context["adminform"].form,
        *(one for each in page.context["inline_admin_formsets"] for one in each.formset),
    ]
    forms += [each.formset.management_form for each in page.context["inline_admin_formsets"]]
    data: dict[str, Any] = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            data[bound.html_name] = "" if value is None or value is False else value
    return {name: value for name, value in data.items() if value != ""} | changes


@pytest.mark.parametrize("name", MODELS)
def test_every_list_and_its_search_open(office: Client, name: str) -> None:
    assert office.get(reverse(f"admin:content_{name}_changelist")).status_code == 200
    assert office.get(reverse(f"admin:content_{name}_changelist") + "?q=add").status_code == 200
    assert office.get(reverse(f"admin:content_{name}_add")).status_code == 200


def test_everything_of_the_app_is_registered() -> None:
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "content"}
    assert registered == {*MODELS, "exerciseversion"}


@pytest.mark.parametrize("model", [Course, Concept, Prerequisite, Misconception, Exercise, Step, WrongAnswer])
def test_every_row_opens(office: Client, model: Any) -> None:
    row = model.objects.order_by("pk").first()
    page = office.get(reverse(f"admin:content_{model._meta.model_name}_change", args=[row.pk]))
    assert page.status_code == 200


def test_texts_are_shown_as_students_see_them(office: Client) -> None:
    row = Exercise.objects.get(key="add-small")
    Exercise.objects.filter(pk=row.pk).update(prompt="What is $2+3$? <script>alert(1)</script>")
    html = office.get(reverse("admin:content_exercise_change", args=[row.pk])).content.decode()
    assert "<math><mn>2</mn>" in html
    assert "<script>alert" not in html


def test_a_template_is_shown_in_some_of_its_variants(office: Client) -> None:
    row = Exercise.objects.get(key="add-small")
    variables = {"draw": {"a": {"from": 2, "to": 9}}}
    Exercise.objects.filter(pk=row.pk).update(prompt="What is $@{a}+3$?", variables=variables, revision=50)
    step = row.steps.get()
    Step.objects.filter(pk=step.pk).update(answer={"kind": "number", "value": "@{a}+3"}, solution="It is $@{a}+3$.")
    WrongAnswer.objects.filter(step=step).delete()
    pages = [("exercise", row.pk), ("step", step.pk), ("hint", step.hints.all()[0].pk)]
    for name, pk in pages:
        html = office.get(reverse(f"admin:content_{name}_change", args=[pk])).content.decode()
        shown = html[html.index("field-preview") :]
        assert "@{" not in shown[: shown.index("fieldset")]
        assert ("What is" in shown) == (name == "exercise")


def test_a_templates_key_is_checked_with_values(office: Client) -> None:
    row = Step.objects.get(key="add-small")
    Exercise.objects.filter(pk=row.exercise_id).update(variables={"draw": {"a": {"from": 2, "to": 9}}}, revision=51)
    address = reverse("admin:content_step_change", args=[row.pk])
    for answer in ('{"kind": "number", "value": "@{a}+(("}', '{"kind": "number", "value": "@{b}"}', '"@{a}"'):
        sent = office.post(address, form_of(office, address, answer=answer, concepts=str(row.concepts.get().pk)))
        assert sent.status_code == 200
        assert sent.context["errors"]
    sent = office.post(
        address,
        form_of(office, address, answer='{"kind": "number", "value": "@{a}"}', concepts=str(row.concepts.get().pk)),
    )
    assert sent.status_code == 302, sent.context["errors"]


def test_an_edited_step_raises_its_exercise_and_course(office: Client, course: Course) -> None:
    row = Step.objects.get(key="add-small")
    before = row.exercise.revision, course.revision
    address = reverse("admin:content_step_change", args=[row.pk])
    answer = '{"kind": "number", "value": "7"}'
    sent = office.post(address, form_of(office, address, answer=answer, concepts=str(row.concepts.get().pk)))
    assert sent.status_code == 302, sent.context["errors"]
    row.refresh_from_db()
    course.refresh_from_db()
    assert (row.exercise.revision, course.revision) == (before[0] + 1, before[1] + 1)
    assert catalog.exercise(row.exercise_id, row.exercise.revision).steps[0].answer["value"] == "7"


def test_an_edit_is_a_version_by_its_author_which_shows_what_it_changed(
    office: Client, administrator: User, course: Course
) -> None:
    row = Exercise.objects.get(key="add-small")
    importing.touch(exercise_ids=[row.pk])
    address = reverse("admin:content_exercise_change", args=[row.pk])
    assert office.post(address, form_of(office, address, prompt="Edited by hand")).status_code == 302
    version = ExerciseVersion.objects.get(exercise=row, number=3)
    assert (version.author, catalog.exercise(row.pk, 3).prompt) == (administrator, "Edited by hand")
    address = reverse("admin:content_exerciseversion_change", args=[version.pk])
    page = office.get(address).content.decode()
    assert "<ins>  prompt: Edited by hand</ins>" in page
    assert f"<del>  prompt: {row.prompt}" in page
    assert office.post(address, {"note": "rewritten"}).status_code == 403
    assert office.get(reverse("admin:content_exerciseversion_changelist") + "?q=add").status_code == 200


def test_an_answer_key_that_cannot_be_used_is_not_stored(office: Client) -> None:
    row = Step.objects.get(key="add-small")
    address = reverse("admin:content_step_change", args=[row.pk])
    for answer in ('{"kind": "number", "value": "(("}', '{"kind": "guess"}', "[1]"):
        sent = office.post(address, form_of(office, address, answer=answer, concepts=str(row.concepts.get().pk)))
        assert sent.status_code == 200
        assert sent.context["errors"]
    row.refresh_from_db()
    assert row.answer["value"] == 5


def test_prerequisites_in_a_circle_are_refused_with_their_path(office: Client) -> None:
    adding, equations = Concept.objects.get(key="adding"), Concept.objects.get(key="equations")
    sent = office.post(reverse("admin:content_prerequisite_add"), {"concept": adding.pk, "requires": equations.pk})
    assert "Adding → " in str(sent.context["errors"])
    assert not Prerequisite.objects.filter(concept=adding).exists()


def test_deleting_raises_the_course_and_makes_the_next_import_look_again(office: Client, course: Course) -> None:
    Course.objects.filter(pk=course.pk).update(fingerprint="known")
    row = Exercise.objects.get(key="add-large")
    office.post(reverse("admin:content_exercise_delete", args=[row.pk]), {"post": "yes"})
    course.refresh_from_db()
    assert (course.revision, course.fingerprint) == (2, "")
    chosen = {
        "action": "delete_selected",
        "_selected_action": [WrongAnswer.objects.order_by("pk")[0].pk],
        "post": "yes",
    }
    office.post(reverse("admin:content_wronganswer_changelist"), chosen)
    course.refresh_from_db()
    assert course.revision == 3


def test_courses_are_withdrawn_and_published_by_an_action(office: Client, course: Course) -> None:
    address = reverse("admin:content_course_changelist")
    office.post(address, {"action": "withdraw", "_selected_action": [course.pk]})
    course.refresh_from_db()
    assert (course.published, course.revision) == (False, 2)
    office.post(address, {"action": "publish", "_selected_action": [course.pk]})
    course.refresh_from_db()
    assert course.published


def test_an_exercise_page_names_what_is_wrong_with_it(office: Client) -> None:
    row = Exercise.objects.get(key="add-small")
    Step.objects.filter(exercise=row).update(answer={"kind": "number", "value": "(("})
    Exercise.objects.filter(pk=row.pk).update(revision=99)
    html = office.get(reverse("admin:content_exercise_change", args=[row.pk])).content.decode()
    assert "add-small answer: " in html
