"""A teacher writes a course in the browser, without any script: courses, exercises, drafts, publishing, versions."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from content import catalog, grading
from content.authoring import drafts
from content.models import Concept, Course, Exercise, ExerciseVersion, Step
from content.package import StepKind
from students.models import User
from tests.tutor.writing import Desk, desk


@pytest.fixture
def author(course: Course, teacher: User) -> Client:
    """The teacher, who is an author of the course, signed in."""
    course.authors.add(teacher)
    client = Client()
    client.force_login(teacher)
    return client


@pytest.fixture
def colleague(course: Course, other_teacher: User) -> Client:
    """Another author of the same course."""
    course.authors.add(other_teacher)
    client = Client()
    client.force_login(other_teacher)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_teacher_makes_a_course_and_is_its_author(author: Client, teacher: User) -> None:
    answer = author.post(
        reverse("author_new_course"), {"title": "Fractions & more", "language": "en", "licence": "CC BY 4.0"}
    )
    made = Course.objects.get(title="Fractions & more")
    assert answer.headers["Location"] == reverse("author_course", args=[made.pk])
    assert (made.slug, made.published, list(made.authors.all())) == ("fractions-more", False, [teacher])
    assert "Fractions &amp; more" in text_of(author.get(reverse("author_courses")))


def test_a_course_with_a_chinese_title_gets_a_short_name_too(author: Client) -> None:
    author.post(reverse("author_new_course"), {"title": "分数", "language": "zh-hans"})
    assert Course.objects.get(title="分数").slug.startswith("course-")


def test_publishing_a_course_opens_it_and_withdrawing_closes_it(author: Client, course: Course) -> None:
    for said, published in (("no", False), ("yes", True)):
        author.post(reverse("author_publish_course", args=[course.pk]), {"published": said})
        course.refresh_from_db()
        assert course.published is published


def test_another_teacher_can_be_added_and_removed_but_never_the_last_author(
    author: Client, course: Course, teacher: User, other_teacher: User
) -> None:
    add = reverse("author_add_author", args=[course.pk])
    assert author.post(add, {"username": "nobody"}).status_code == 422
    author.post(add, {"username": "other-teacher"})
    assert set(course.authors.all()) == {teacher, other_teacher}
    author.post(reverse("author_remove_author", args=[course.pk, other_teacher.pk]))
    author.post(reverse("author_remove_author", args=[course.pk, teacher.pk]))
    assert list(course.authors.all()) == [teacher]


def test_a_new_exercise_is_a_draft_that_no_student_meets(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.open()
    at.exercise.refresh_from_db()
    assert (at.exercise.published, at.exercise.steps.count()) == (False, 0)
    course.refresh_from_db()
    assert at.exercise.pk not in catalog.course_map(course.pk, course.revision).exercise_of


def written(at: Desk) -> dict[str, Any]:
    return {
        "title": "Doubling",
        "steps.0.prompt": "What is $2\\cdot 7$?",
        "steps.0.answer.value": "14",
        "steps.0.concepts": ["multiplying"],
        "tags": "doubling, easy",
    }


def test_an_exercise_is_written_published_and_served_with_its_version_kept(
    author: Client, course: Course, teacher: User
) -> None:
    at = desk(author, course)
    answer = at.press("publish", {**written(at), "note": "first"})
    assert answer.status_code == 302, at.fields(answer)
    row = Exercise.objects.get(pk=at.exercise.pk)
    assert (row.published, row.draft, row.title, row.tags) == (True, None, "Doubling", ["doubling", "easy"])
    step = Step.objects.get(exercise=row)
    assert (step.kind, step.answer["value"], step.concepts.get().key) == ("number", "14", "multiplying")
    course.refresh_from_db()
    assert row.pk in catalog.course_map(course.pk, course.revision).exercise_of
    version = ExerciseVersion.objects.get(exercise=row)
    assert (version.author, version.note) == (teacher, "first")


def test_what_is_wrong_stands_in_a_list_and_beside_its_field_and_keeps_it_from_being_published(
    author: Client, course: Course
) -> None:
    at = desk(author, course)
    answer = at.press("publish", {**written(at), "steps.0.answer.value": "fourteen", "steps.0.concepts": []})
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'href="#steps-0-answer"' in page
    assert 'href="#steps-0-concepts"' in page
    assert page.count("data-problem") >= 2
    assert "Doubling" in page
    assert not Exercise.objects.get(pk=at.exercise.pk).published


def test_a_draft_saves_itself_and_comes_back_with_everything_typed(author: Client, course: Course) -> None:
    at = desk(author, course)
    answer = at.send(at.open() | written(at) | {"steps.0.solution": "Twice <seven> & so on"}, name="author_draft")
    assert answer.status_code == 200
    assert "saved at" in text_of(answer)
    back = at.open()
    assert back["steps.0.solution"] == ["Twice <seven> & so on"]
    assert back["steps.0.concepts"] == ["multiplying"]


def test_of_two_authors_the_later_is_told_and_nothing_is_overwritten(
    author: Client, colleague: Client, course: Course
) -> None:
    mine = desk(author, course)
    theirs = Desk(client=colleague, course=course, exercise=mine.exercise)
    opened = mine.open()
    assert theirs.send(theirs.open() | {"title": "Theirs"}, name="author_draft").status_code == 200
    late = mine.send(opened | {"title": "Mine"}, name="author_draft")
    assert late.status_code == 409
    assert "other-teacher" in text_of(late)
    assert mine.open()["title"] == ["Theirs"]
    again = mine.send(opened | {"title": "Mine", "do": "save"})
    assert again.status_code == 409
    assert 'value="Mine"' in text_of(again)
    kept = mine.fields(again)
    assert mine.send(kept | {"do": "publish"}).status_code == 409  # the stamp is still the old one
    button = text_of(again).split('name="mine"')[1].split('value="')[1].split('"')[0]
    assert mine.send(kept | {"mine": button}).status_code == 302
    assert mine.open()["title"] == ["Mine"]


@pytest.mark.parametrize(
    ("press", "look", "count"),
    [
        ("add steps", "steps", 2),
        ("add steps.0.hints", "steps.0.hints", 1),
        ("add steps.0.scaffolds", "steps.0.hints", 1),
        ("add steps.0.wrong_answers", "steps.0.wrong_answers", 1),
        ("remove steps.0", "steps", 0),
        ("add steps.9.hints", "steps", 1),
        ("remove __class__.0", "steps", 1),
        ("nonsense", "steps", 1),
        ("up steps.0", "steps", 1),
    ],
)
def test_a_button_changes_the_parts_of_a_draft_and_keeps_what_was_typed(
    author: Client, course: Course, press: str, look: str, count: int
) -> None:
    at = desk(author, course)
    assert at.press(press, {"title": "Kept"}).status_code == 302
    draft: Any = Exercise.objects.get(pk=at.exercise.pk).draft
    assert draft["title"] == "Kept"
    for name in look.split("."):
        draft = draft[int(name)] if name.isdecimal() else draft[name]
    assert len(draft) == count


def test_another_kind_brings_its_fields_and_choices_move_and_go(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press("kind steps.0.answer", {"steps.0.answer.kind": "one_choice"})
    fields = at.open()
    assert fields["steps.0.answer.choices.0.id"] == ["a"]
    at.press("add steps.0.answer.choices", {"steps.0.answer.choices.0.text": "first"})
    at.press("down steps.0.answer.choices.0")
    at.press("remove steps.0.answer.choices.2")
    draft: Any = Exercise.objects.get(pk=at.exercise.pk).draft
    choices = draft["steps"][0]["answer"]["choices"]
    assert list(choices) == ["b", "a", "d"]
    assert choices["a"] == "first"


def test_what_is_published_and_not_changed_comes_back_from_its_form_as_it_was(author: Client, course: Course) -> None:
    for row in Exercise.objects.filter(course=course):
        at = Desk(client=author, course=course, exercise=row)
        before = drafts.to_exercise(drafts.of_exercise(catalog.exercise(row.pk, row.revision)), row.key).exercise
        assert at.send(at.open(), name="author_draft").status_code == 200
        row.refresh_from_db()
        assert row.draft is not None
        assert drafts.to_exercise(row.draft, row.key).exercise == before, row.key


def test_an_old_version_comes_back_as_the_draft(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press("publish", written(at))
    at.press("publish", {"title": "Twice", "note": "a better title"})
    page = text_of(author.get(at.address("author_versions")))
    assert "a better title" in page
    assert "<del>" in page
    assert "<ins>" in page
    first = ExerciseVersion.objects.filter(exercise=at.exercise).order_by("number")[0]
    author.post(reverse("author_restore", args=[course.pk, at.exercise.pk, first.number]))
    assert at.open()["title"] == ["Doubling"]
    assert Exercise.objects.get(pk=at.exercise.pk).title == "Twice"


def test_trying_it_grades_and_leaves_no_trace(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press(
        "save",
        {
            **written(at),
            "steps.0.wrong_answers.0.response": "9",
            "steps.0.wrong_answers.0.feedback": "You added.",
            "steps.0.wrong_answers.0.misconception": "wrong-operation",
        },
    )
    right = author.post(at.address("author_try"), {"response": "14", "step": "0"})
    assert "Right." in text_of(right)
    wrong = text_of(author.post(at.address("author_try"), {"response": "9", "step": "0"}))
    assert "You added." in wrong
    assert "Another operation" in wrong
    assert author.post(at.address("author_try"), {"response": "1 +", "step": "0"}).status_code == 422


def test_a_copy_is_an_exercise_of_its_own_right_after_the_original(author: Client, course: Course) -> None:
    original = Exercise.objects.filter(course=course).order_by("position")[0]
    author.post(reverse("author_exercise_act", args=[course.pk, original.pk]), {"act": "duplicate"})
    copy = Exercise.objects.get(course=course, published=False)
    order = list(Exercise.objects.filter(course=course).order_by("position", "pk").values_list("pk", flat=True))
    assert order.index(copy.pk) == order.index(original.pk) + 1
    at = Desk(client=author, course=course, exercise=copy)
    assert at.press("publish").status_code == 302
    assert {step.key for step in copy.steps.all()}.isdisjoint({step.key for step in original.steps.all()})


def test_a_smaller_question_is_answered_where_an_exercise_is_tried(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press("save", written(at))
    at.press("add steps.0.scaffolds")
    at.press("save", {"steps.0.hints.0.text": "What is $1+1$?", "steps.0.hints.0.answer.value": "2"})
    page = reverse("author_try", args=[course.pk, at.exercise.pk])
    key = at.open()["steps.0.hints.0.key"][0]
    assert "Check this one" in text_of(author.get(page, {"hints": "1"}))
    asked = {"step": "0", "hints": "1", "scaffold": key}
    said = text_of(author.post(page, {**asked, "response": "2"}))
    assert "done-mark right" in said
    assert "Check this one" not in said
    wrong = text_of(author.post(page, {**asked, "response": "3"}))
    assert "Check this one" in wrong
    assert "done-mark right" not in wrong
    unread = author.post(page, {**asked, "response": "1 +"})
    assert unread.status_code == 422
    assert text_of(unread).count('role="alert"') == 1


def order_of(course: Course) -> list[str]:
    rows = Exercise.objects.filter(course=course, retired=False).order_by("position", "pk")
    return list(rows.values_list("key", flat=True))


def test_an_exercise_moves_by_one_among_those_that_are_shown(author: Client, course: Course) -> None:
    before = order_of(course)
    row = Exercise.objects.get(course=course, key=before[0])
    act = reverse("author_exercise_act", args=[course.pk, row.pk])
    for _ in range(2):
        author.post(act, {"act": "down"})
    assert order_of(course) == [*before[1:3], before[0], *before[3:]]
    author.post(act, {"act": "up"})
    assert order_of(course) == [before[1], before[0], *before[2:]]
    Exercise.objects.filter(key=before[4]).update(tags=["warm-up"])
    Exercise.objects.filter(pk=row.pk).update(tags=["warm-up"])
    author.post(act, {"act": "down", "for_tag": "warm-up"})
    assert order_of(course) == [*before[1:5], before[0], *before[5:]]


def test_exercises_in_one_place_are_told_apart_when_one_moves_and_nothing_moves_beyond_the_ends(
    author: Client, course: Course
) -> None:
    before = order_of(course)
    Exercise.objects.filter(course=course).update(position=7)
    by_age = list(Exercise.objects.filter(course=course).order_by("pk").values_list("key", flat=True))
    first, last = (Exercise.objects.get(course=course, key=by_age[place]) for place in (0, -1))
    author.post(reverse("author_exercise_act", args=[course.pk, first.pk]), {"act": "up"})
    assert order_of(course) == by_age
    author.post(reverse("author_exercise_act", args=[course.pk, last.pk]), {"act": "up"})
    assert order_of(course) == [*by_age[:-2], by_age[-1], by_age[-2]]
    assert len(before) == len(set(order_of(course)))


def test_pages_of_exercises_follow_their_order_between_whole_numbers(author: Client, course: Course) -> None:
    rows = list(Exercise.objects.filter(course=course).order_by("position", "pk"))
    Exercise.objects.filter(pk=rows[1].pk).update(position=rows[0].position + 2**-30)
    page = reverse("author_exercises", args=[course.pk])
    said = text_of(author.get(page, {"after": f"{rows[0].position + 2**-30}~{rows[1].pk}"}))
    assert f'id="e{rows[2].pk}"' in said
    assert f'id="e{rows[1].pk}"' not in said
    assert f'id="e{rows[0].pk}"' in text_of(author.get(page, {"after": "nonsense"}))


def test_a_draft_that_is_dropped_gives_way_to_what_is_published(author: Client, course: Course) -> None:
    row = Exercise.objects.filter(course=course, key="add-small").get()
    at = Desk(client=author, course=course, exercise=row)
    at.press("save", {"title": "Another"})
    author.post(at.address("author_discard"))
    assert at.open()["title"] == [""]


def test_many_are_tagged_moved_published_and_taken_out_at_once(author: Client, course: Course) -> None:
    many = reverse("author_exercises_act", args=[course.pk])
    two = list(Exercise.objects.filter(course=course).order_by("position")[:2])
    marked = {"exercise": [str(row.pk) for row in two]}
    revision = two[0].revision
    author.post(many, {**marked, "act": "tag", "tag": "warm-up"})
    author.post(many, {**marked, "act": "lesson", "lesson_to": "2.1"})
    concept = Concept.objects.get(course=course, key="equations")
    author.post(many, {**marked, "act": "concept", "concept_to": str(concept.pk)})
    for row in two:
        row.refresh_from_db()
        assert (row.tags, row.lesson) == (["warm-up"], "2.1")
        assert {one.key for step in row.steps.all() for one in step.concepts.all()} == {"equations"}
    assert two[0].revision > revision
    author.post(many, {**marked, "act": "untag", "tag": "warm-up"})
    author.post(many, {"for_lesson": "2.1", "all": "yes", "act": "retire"})
    assert Exercise.objects.filter(course=course, retired=True).count() == 2
    assert Exercise.objects.get(pk=two[0].pk).tags == []


def test_filters_find_by_words_concept_kind_tag_lesson_and_state(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press("save", {**written(at), "lesson": "Lesson A"})
    concept = Concept.objects.get(course=course, key="multiplying")
    address = reverse("author_exercises", args=[course.pk])
    for asked, shown in (
        ({"words": "doubling"}, True),
        ({"words": "27+35"}, False),
        ({"concept": str(concept.pk)}, True),
        ({"kind": "number"}, True),
        ({"kind": "text"}, False),
        ({"tag": "easy"}, True),
        ({"tag": "hard"}, False),
        ({"lesson": "Lesson A"}, True),
        ({"state": "draft"}, True),
        ({"state": "published"}, False),
        ({"state": "retired"}, False),
    ):
        assert ("Doubling" in text_of(author.get(address, asked))) is shown, asked


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    author: Client, course: Course, django_assert_num_queries: Any
) -> None:
    address = reverse("author_exercises", args=[course.pk])
    author.get(address)
    with django_assert_num_queries(9):
        author.get(address)
    Exercise.objects.bulk_create(
        Exercise(course=course, key=f"more-{number}", position=100 + number, title=f"More {number}")
        for number in range(300)
    )
    with django_assert_num_queries(9):
        page = text_of(author.get(address))
    assert page.count('class="exercise-row"') == 50


def test_pages_follow_one_another_and_lead_back(author: Client, course: Course) -> None:
    Exercise.objects.filter(course=course).delete()
    Exercise.objects.bulk_create(
        Exercise(course=course, key=f"e{number}", position=number // 3, title=f"Number {number}.")
        for number in range(120)
    )
    address, seen = reverse("author_exercises", args=[course.pk]), []
    query = ""
    for _ in range(3):
        answer = author.get(f"{address}?{query}")
        seen += [row.title for row in answer.context["exercises"]]
        query = f"after={answer.context['after']}"
    assert seen == [f"Number {number}." for number in range(120)]
    back = author.get(f"{address}?before={answer.context['before']}")
    assert [row.title for row in back.context["exercises"]] == seen[50:100]


@pytest.mark.parametrize("kind", sorted(grading.KINDS))
def test_every_kind_is_chosen_shown_kept_and_published_with_its_example(
    author: Client, course: Course, kind: str
) -> None:
    at = desk(author, course)
    typed = {name: value for name, value in written(at).items() if "answer" not in name}
    at.press("kind steps.0.answer", {**typed, "steps.0.answer.kind": kind})
    answer = at.press("publish")
    assert answer.status_code == 302, [problem.words for problem in answer.context["problems"]]
    step = Step.objects.get(exercise=at.exercise)
    example = dict(grading.KINDS[StepKind(kind)].example)
    assert grading.parse_key(step.answer) == grading.parse_key(example)
    assert 'class="preview-field"' in at.page


def test_a_gap_gets_another_kind_and_one_more_is_added(author: Client, course: Course) -> None:
    at = desk(author, course)
    at.press("kind steps.0.answer", {"steps.0.answer.kind": "cloze"})
    at.press("kind steps.0.answer.gaps.0.key", {"steps.0.answer.gaps.0.key.kind": "text"})
    at.press("add steps.0.answer.gaps")
    draft: Any = Exercise.objects.get(pk=at.exercise.pk).draft
    gaps = list(draft["steps"][0]["answer"]["gaps"].values())
    assert gaps[0]["kind"] == "text"
    assert len(gaps) == 1 + len(grading.KINDS[StepKind.CLOZE].example["gaps"])
