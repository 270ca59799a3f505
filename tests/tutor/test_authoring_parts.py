"""What a course is made of beside its exercises, in the browser; courses from elsewhere and to elsewhere."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content import authoring, catalog, package
from content.models import Concept, Course, Figure, Misconception, Resource, Rule
from students.models import User
from tutor import uploads
from tutor.models import CourseImport

GIFT = b"::Sum:: What is 2 + 3? {#5}\n\n::Capital:: The capital of France is {=Paris ~Rome ~Oslo}.\n"
SAMPLE = Path(__file__).resolve().parents[2] / "courses" / "linear-equations-en"


@pytest.fixture
def author(course: Course, teacher: User) -> Client:
    course.authors.add(teacher)
    client = Client()
    client.force_login(teacher)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def concept(key: str) -> Concept:
    return Concept.objects.get(key=key)


def rules(*statements: str, keys: tuple[str, ...] = ()) -> dict[str, str]:
    fields = {"rules-TOTAL_FORMS": str(len(statements)), "rules-INITIAL_FORMS": str(len(keys))}
    for index, statement in enumerate(statements):
        fields |= {
            f"rules-{index}-statement": statement,
            f"rules-{index}-key": keys[index] if index < len(keys) else "",
        }
    return fields


def test_a_concept_with_its_rules_is_written_changed_and_a_rule_emptied(author: Client, course: Course) -> None:
    address = reverse("author_new_concept", args=[course.pk])
    author.post(address, {"title": "Dividing", "summary": "Sharing.", **rules("$a/1=a$", "$a/a=1$", "")})
    made = concept("dividing")
    keys = tuple(Rule.objects.filter(concept=made).values_list("key", flat=True))
    assert len(keys) == 2
    change = reverse("author_concept", args=[course.pk, made.pk])
    author.post(change, {"title": "Division", "summary": "", **rules("$a/1=a$", "", keys=keys)})
    made.refresh_from_db()
    assert (made.title, made.key) == ("Division", "dividing")
    assert list(Rule.objects.filter(concept=made).values_list("key", flat=True)) == [keys[0]]


def test_a_prerequisite_is_added_and_removed_and_a_circle_is_refused_by_its_titles(
    author: Client, course: Course
) -> None:
    link, unlink = (reverse(name, args=[course.pk]) for name in ("author_link", "author_unlink"))
    pair = {"concept": concept("multiplying").pk, "requires": concept("subtracting").pk}
    author.post(link, pair)
    assert concept("subtracting") in concept("multiplying").requires.all()
    refused = author.post(link, {"concept": concept("adding").pk, "requires": concept("equations").pk})
    assert refused.status_code == 422
    assert re.search(r"circle, so nothing was changed: Adding → Equations → [\w → ]+ → Adding\b", text_of(refused))
    itself = author.post(link, {"concept": concept("adding").pk, "requires": concept("adding").pk})
    assert "Adding → Adding" in text_of(itself)
    author.post(unlink, pair)
    assert concept("subtracting") not in concept("multiplying").requires.all()


def test_a_concept_that_is_practised_stays_and_one_that_is_not_goes(author: Client, course: Course) -> None:
    author.post(reverse("author_retire_concept", args=[course.pk, concept("adding").pk]))
    assert not concept("adding").retired
    spare = Concept.objects.create(course=course, key="spare", title="Spare", position=9)
    author.post(reverse("author_retire_concept", args=[course.pk, spare.pk]))
    assert concept("spare").retired


def test_concepts_change_places(author: Client, course: Course) -> None:
    author.post(reverse("author_move_concept", args=[course.pk, concept("subtracting").pk]), {"to": "up"})
    course.refresh_from_db()
    entries = catalog.course_map(course.pk, course.revision).concepts
    assert [entry.key for entry in entries] == ["subtracting", "adding", "multiplying", "equations"]


def rewritings(before: str, after: str) -> dict[str, str]:
    return {
        "rewritings-TOTAL_FORMS": "1",
        "rewritings-INITIAL_FORMS": "0",
        "rewritings-0-before": before,
        "rewritings-0-after": after,
    }


def test_a_misconception_is_written_and_its_rule_tried_on_a_formula(author: Client, course: Course) -> None:
    rule = rewritings("a*(b + c)", "a*b + c")
    tried = author.post(reverse("author_try_rewritings", args=[course.pk]), {**rule, "formula": "3*(x + 2)"})
    assert text_of(tried).count("<math") == 2
    assert "No rule fits" in text_of(
        author.post(reverse("author_try_rewritings", args=[course.pk]), {**rule, "formula": "x^2"})
    )
    unreadable = author.post(reverse("author_try_rewritings", args=[course.pk]), {**rule, "formula": "3*("})
    assert unreadable.status_code == 200
    for wrong, said in (({"formula": ""}, "Write a formula"), ({"rewritings-0-after": "a*q"}, "stand there before: q")):
        address = reverse("author_try_rewritings", args=[course.pk])
        assert said in text_of(author.post(address, {**rule, "formula": "x", **wrong}))
    fields = {"title": "Half distributed", "explanation": "Both terms.", "concepts": [concept("multiplying").pk]}
    assert author.post(reverse("author_new_misconception", args=[course.pk]), {**fields, **rule}).status_code == 302
    made = Misconception.objects.get(key="half-distributed")
    assert (made.rewritings, made.concepts.get().key) == ([["a*(b + c)", "a*b + c"]], "multiplying")
    broken = {**fields, **rewritings("a*(b", "a")}
    assert author.post(reverse("author_new_misconception", args=[course.pk]), broken).status_code == 422


def test_a_resource_needs_a_text_or_an_address_and_students_meet_it_on_its_concepts(
    author: Client, course: Course, student: User
) -> None:
    address = reverse("author_new_resource", args=[course.pk])
    on = {"concepts": [concept("adding").pk], "minutes": "5"}
    assert author.post(address, {"title": "Empty", "kind": "video", **on}).status_code == 422
    author.post(address, {"title": "A film", "kind": "video", "url": "https://films.example/add", **on})
    author.post(address, {"title": "A text", "kind": "reading", "text": "Read **this** $1+1$.", **on})
    pupil = Client()
    pupil.force_login(student)
    page = text_of(pupil.get(reverse("concept_progress", args=[course.slug, concept("adding").pk])))
    assert 'href="https://films.example/add"' in page
    assert "<strong>this</strong>" in page
    film = Resource.objects.get(title="A film")
    author.post(reverse("author_retire_resource", args=[course.pk, film.pk]), {"retired": "yes"})
    page = text_of(pupil.get(reverse("concept_progress", args=[course.slug, concept("adding").pk])))
    assert "A film" not in page


def test_an_address_that_runs_a_script_is_no_address(author: Client, course: Course) -> None:
    address = reverse("author_new_resource", args=[course.pk])
    bad = {"title": "Bad", "kind": "video", "url": "javascript:alert(1)"}
    assert author.post(address, bad).status_code == 422


def test_a_picture_is_added_shown_and_taken_away_and_other_files_are_refused(
    author: Client, course: Course, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    address = reverse("author_figures", args=[course.pk])
    assert author.post(address, {"file": SimpleUploadedFile("page.html", b"<p>")}).status_code == 422
    author.post(address, {"file": SimpleUploadedFile("line.png", b"\x89PNG")})
    figure = Figure.objects.get(name="line.png")
    assert "figures/line.png" in text_of(author.get(address))
    author.post(reverse("author_delete_figure", args=[course.pk, figure.pk]))
    assert not Figure.objects.filter(name="line.png").exists()


def upload(author: Client, name: str, data: bytes) -> CourseImport:
    answer = author.post(reverse("author_import"), {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, text_of(answer)
    return CourseImport.objects.latest("pk")


def sample_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in SAMPLE.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(SAMPLE))
    return made.getvalue()


def test_a_file_is_looked_through_confirmed_and_imported_once(
    author: Client, teacher: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    row = upload(author, "quiz.gift", GIFT)
    assert (row.state, Course.objects.filter(title__icontains="quiz").exists()) == ("ready", False)
    page = text_of(author.get(reverse("author_import_report", args=[row.pk])))
    assert "Import it" in page
    assert page.count('class="report-row"') == 2
    for _ in range(2):
        author.post(reverse("author_import_confirm", args=[row.pk]))
    row.refresh_from_db()
    assert row.course
    assert (row.state, row.course.published, row.course.exercises.count()) == ("done", False, 2)
    assert list(row.course.authors.all()) == [teacher]
    again = upload(author, "quiz.gift", GIFT)
    assert (again.report["created"], again.report["same"], again.course) == (0, 2, row.course)
    table = author.get(reverse("author_import_csv", args=[row.pk])).content.decode()
    assert table.startswith("\ufeffitem,title,kind,outcome,exercise,reasons")
    assert table.count("\n") == 3


def test_a_file_that_was_not_confirmed_does_not_rename_the_next_of_the_same_name(
    author: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    first, second = upload(author, "quiz.gift", GIFT), upload(author, "quiz.gift", GIFT)
    assert (second.report["title"], second.report["slug"]) == (first.report["title"], first.report["slug"])
    assert {item["id"] for item in second.report["items"]} == {"quiz.gift, line 1", "quiz.gift, line 3"}
    uploads.forget_unconfirmed(timezone.now() + timedelta(days=60))
    assert list((tmp_path / "imports").rglob("*")) == []


def test_a_chinese_author_reads_in_chinese_why_something_was_dropped(
    author: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    author.cookies["django_language"] = "zh-hans"
    row = upload(author, "quiz.gift", GIFT + b"\n::Lost:: Pick {~a ~b}\n")
    page = text_of(author.get(reverse("author_import_report", args=[row.pk])))
    assert "quiz.gift，第 5 行" in page
    assert "没有正确答案" in page
    assert "no right answer" not in page
    table = author.get(reverse("author_import_csv", args=[row.pk])).content.decode()
    assert table.startswith("\ufeff题目,")
    assert "quiz.gift，第 5 行,Lost,multichoice,未采用,,没有正确答案" in table
    refused = upload(author, "notes.gift", b"PK")
    assert "不是可以读取的 zip 文件" in text_of(author.get(reverse("author_import_report", args=[refused.pk])))


def test_a_file_with_the_short_name_of_somebody_elses_course_becomes_a_course_of_its_own(
    author: Client, teacher: User, other_teacher: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    theirs = Course.objects.create(slug="linear-equations-en", title="Theirs", language="en")
    theirs.authors.add(other_teacher)
    row = upload(author, "course.zip", sample_zip())
    author.post(reverse("author_import_confirm", args=[row.pk]))
    theirs.refresh_from_db()
    assert (theirs.title, theirs.exercises.count()) == ("Theirs", 0)
    row.refresh_from_db()
    assert row.course
    assert row.course.slug == f"linear-equations-en-{teacher.pk}"


def test_what_is_no_course_is_refused_in_words_without_a_path(author: Client, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    row = upload(author, "notes.zip", b"PK not a zip")
    assert row.state == "refused"
    assert row.problem
    assert str(tmp_path) not in row.problem
    assert "Nothing was imported" in text_of(author.get(reverse("author_import_report", args=[row.pk])))


def add(author: Client, course: Course, name: str, data: bytes, key: str) -> CourseImport:
    """Hand in a file whose exercises are to be added to a course."""
    concept = Concept.objects.get(course=course, key=key)
    given = {"file": SimpleUploadedFile(name, data), "concept": concept.pk}
    answer = author.post(reverse("author_exchange", args=[course.pk]), given)
    return CourseImport.objects.get(pk=answer.headers["Location"].rstrip("/").rpartition("/")[2])


def test_exercises_of_a_file_become_drafts_of_a_course_once_and_nothing_else_changes(
    author: Client, course: Course, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    before = catalog.course_package(course)
    row = add(author, course, "bank.gift", GIFT, "equations")
    assert (row.state, row.report["created"], course.exercises.filter(published=False).count()) == ("ready", 2, 0)
    assert course.title in text_of(author.get(reverse("author_import_report", args=[row.pk])))
    author.post(reverse("author_import_confirm", args=[row.pk]))
    drafts = list(course.exercises.filter(published=False).order_by("position"))
    assert [draft.title for draft in drafts] == ["Sum", "Capital"]
    assert drafts[0].draft
    assert drafts[0].draft["steps"][0]["concepts"] == ["equations"]
    assert drafts[0].position > max(course.exercises.filter(published=True).values_list("position", flat=True))
    course.refresh_from_db()
    assert catalog.course_package(course).exercises == before.exercises
    assert "?state=draft" in text_of(author.get(reverse("author_import_report", args=[row.pk])))
    again = add(author, course, "bank.gift", GIFT, "adding")
    assert (again.report["created"], again.report["same"]) == (0, 2)
    author.post(reverse("author_import_confirm", args=[again.pk]))
    assert course.exercises.filter(published=False).count() == 2
    page = reverse("author_exercises", args=[course.pk])
    assert "Capital" in text_of(author.get(page, {"words": "France", "state": "draft"}))


def test_pictures_of_a_file_that_is_added_do_not_take_the_place_of_others(
    author: Client, course: Course, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    authoring.save_figure(course.pk, "map.png", b"mine")
    steps = (package.Step(key="s", answer={"kind": "number", "value": "1"}, prompt="![](figures/map.png)"),)
    source = package.CoursePackage(
        slug="bank",
        title="Bank",
        language="en",
        licence="CC BY 4.0",
        concepts=(),
        exercises=(package.Exercise(key="s", steps=steps),),
        files={"map.png": b"theirs"},
    )
    owner = course.authors.get()
    authoring.add_exercises(source, concept("adding"), author_id=owner.pk, now=owner.date_joined)
    made = course.exercises.get(published=False)
    assert made.draft
    shown = made.draft["steps"][0]["prompt"].removeprefix("![](figures/").removesuffix(")")
    assert made.draft["licence"] == "CC BY 4.0"
    assert shown != "map.png"
    files = {figure.name: Path(figure.file.path).read_bytes() for figure in Figure.objects.filter(course=course)}
    assert files == {"map.png": b"mine", shown: b"theirs"}


def test_files_that_nobody_confirms_are_removed_after_two_weeks(author: Client, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    old, young, done = (upload(author, f"{name}.gift", GIFT) for name in ("old", "young", "done"))
    author.post(reverse("author_import_confirm", args=[done.pk]))
    late = old.made_at + uploads.KEPT + timedelta(seconds=1)
    CourseImport.objects.filter(pk=young.pk).update(made_at=late)
    uploads.forget_unconfirmed(late)
    assert set(CourseImport.objects.all()) == {young, done}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [Path(young.file.path)]


def test_a_large_file_is_looked_through_by_a_worker(
    author: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    row = upload(author, "quiz.gift", GIFT)
    assert row.state == "waiting"
    assert "being looked through" in text_of(author.get(reverse("author_import_report", args=[row.pk])))
    uploads.look_through(row.pk)
    row.refresh_from_db()
    assert row.state == "ready"


def test_another_teacher_does_not_see_the_report(
    author: Client, other_teacher: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    row = upload(author, "quiz.gift", GIFT)
    other = Client()
    other.force_login(other_teacher)
    for name in ("author_import_report", "author_import_csv"):
        assert other.get(reverse(name, args=[row.pk])).status_code == 404


def test_a_course_is_downloaded_in_every_format_with_what_it_cannot_say_told_before(
    author: Client, course: Course
) -> None:
    told = text_of(author.get(reverse("author_exchange", args=[course.pk]), {"format": "gift"}))
    assert "cannot say" in told
    for name in ("yincai", "gift"):
        answer = author.get(reverse("author_download", args=[course.pk, name]))
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="arithmetic')
        assert answer.content
    assert author.get(reverse("author_download", args=[course.pk, "nothing"])).status_code == 404
