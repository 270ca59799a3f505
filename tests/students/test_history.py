"""What pages are told about students: the same numbers for everyone who asks, in a fixed number of queries."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from content.models import Concept, Course, Step
from students import history, knowledge
from students.history import Worry
from students.knowledge import Standing
from students.models import Attempt, Classroom, ConceptState, Enrolment, User
from tests.students.practising import answer, step

DAY = timedelta(days=1)


def concept_id(course: Course, key: str) -> int:
    return course.concepts.get(key=key).pk


def worries(classroom: Classroom, now: datetime) -> list[tuple[int, Worry]]:
    overview = history.class_overview(classroom.pk, now=now)
    return [(concern.student_id, concern.worry) for concern in overview.concerns]


@pytest.fixture
def joined(student: User, classmate: User, now: datetime) -> datetime:
    """Both have joined just now."""
    Enrolment.objects.update(joined_at=now)
    return now


def test_every_concept_has_an_estimate_before_anything_was_answered(
    student: User, course: Course, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        found = history.estimates(student.pk, course.pk, now=now)
    assert [course.concepts.get(pk=key).key for key in found] == ["adding", "subtracting", "multiplying", "equations"]
    assert {one.standing for one in found.values()} == {Standing.NOT_SEEN}
    assert {one.value for one in found.values()} == {knowledge.estimate(knowledge.prior(), now=0.0).value}


def test_a_retired_concept_is_left_out(student: User, course: Course, now: datetime) -> None:
    answer(student, step(course, "add-small"), correct=True, now=now)
    Concept.objects.filter(key="adding").update(retired=True)
    assert len(history.estimates(student.pk, course.pk, now=now)) == 3


def test_what_was_mastered_is_fading_some_weeks_later(student: User, course: Course, now: datetime) -> None:
    for _ in range(6):
        answer(student, step(course, "add-small"), correct=True, now=now)
    adding = concept_id(course, "adding")
    today, later = (history.estimates(student.pk, course.pk, now=now + days * DAY)[adding] for days in (0, 60))
    assert (today.standing, later.standing) == (Standing.LIKELY_KNOWS, Standing.FADING)
    assert (today.mastered, later.mastered, later.fading) == (True, True, True)
    assert later.value < knowledge.REVIEW_BELOW < today.value
    assert later.high - later.low > today.high - today.low


def test_population_counts_of_a_course_come_in_one_query(
    student: User, course: Course, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer(student, step(course, "solve-steps:2"), correct=True, now=now)
    answer(student, step(course, "multiply-small"), correct=False, now=now)
    with django_assert_num_queries(1):
        steps, concepts = history.population_counts(course.pk, Step.objects.values_list("pk", flat=True))
    assert steps == {step(course, "solve-steps:2").pk: (1, 1), step(course, "multiply-small").pk: (0, 1)}
    assert concepts == {concept_id(course, "equations"): (1, 1), concept_id(course, "multiplying"): (1, 2)}


def test_teacher_and_student_see_the_same_numbers(
    student: User, classmate: User, classroom: Classroom, course: Course, now: datetime
) -> None:
    answer(student, step(course, "solve-steps:2"), correct=True, now=now)
    later = now + 3 * DAY
    rows = {row.student_id: row for row in history.class_overview(classroom.pk, now=later).students}
    assert rows[student.pk].estimates == history.estimates(student.pk, course.pk, now=later)
    assert rows[classmate.pk].estimates == history.estimates(classmate.pk, course.pk, now=later)


def test_a_class_of_sixty_takes_as_many_queries_as_one_of_two(
    student: User,
    classmate: User,
    classroom: Classroom,
    course: Course,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):
        history.class_overview(classroom.pk, now=now)
    Concept.objects.bulk_create(Concept(course=course, key=f"c{n}", title=f"C{n}", position=9 + n) for n in range(16))
    users = User.objects.bulk_create(User(username=f"pupil{n:02}") for n in range(58))
    Enrolment.objects.bulk_create(Enrolment(classroom=classroom, student=user) for user in users)
    fields = {"value": 0.6, "low": 0.3, "high": 0.8, "estimated_at": now, "tries": 12, "stuck_since": now}
    ConceptState.objects.bulk_create(
        ConceptState(student=user, concept=concept, **fields) for user in users for concept in course.concepts.all()
    )
    with django_assert_num_queries(5):
        overview = history.class_overview(classroom.pk, now=now)
    assert len(overview.students) == 60
    assert {len(row.estimates) for row in overview.students} == {20}
    assert len([one for one in overview.concerns if one.worry == Worry.STUCK]) == 58 * 20


def test_nobody_to_worry_about_in_a_class_that_has_just_begun(
    classroom: Classroom, joined: datetime, student: User, course: Course
) -> None:
    answer(student, step(course, "add-small"), correct=False, now=joined)
    assert worries(classroom, joined) == []


def test_three_wrong_in_a_row_are_named_since_the_first_of_them(
    classroom: Classroom, joined: datetime, student: User, course: Course
) -> None:
    outcomes = [True, False, False, False]
    for minute, correct in enumerate(outcomes):
        answer(student, step(course, "add-small"), correct=correct, now=joined + timedelta(minutes=minute))
    (concern,) = history.class_overview(classroom.pk, now=joined + timedelta(hours=1)).concerns
    assert (concern.student_id, concern.worry, concern.concept_id) == (
        student.pk,
        Worry.FAILING,
        concept_id(course, "adding"),
    )
    assert concern.since == joined + timedelta(minutes=1)
    assert concern.figures == {"wrong_in_a_row": 3, "tries": 4, "right": 1}


def test_ten_tries_without_mastery_are_named_as_stuck(
    classroom: Classroom, joined: datetime, student: User, course: Course
) -> None:
    for number in range(10):
        answer(student, step(course, "add-small"), correct=number % 2 == 1, now=joined)
    (concern,) = history.class_overview(classroom.pk, now=joined).concerns
    assert (concern.worry, concern.figures) == (Worry.STUCK, {"tries": 10, "right": 5})


def test_a_week_without_an_answer_is_named_since_the_last_one(
    classroom: Classroom, joined: datetime, student: User, classmate: User, course: Course
) -> None:
    answer(student, step(course, "add-small"), correct=True, now=joined + 2 * DAY)
    assert worries(classroom, joined + 8 * DAY) == [(classmate.pk, Worry.AWAY)]
    away = history.class_overview(classroom.pk, now=joined + 9 * DAY).concerns
    assert [(one.student_id, one.since, one.figures) for one in away] == [
        (classmate.pk, joined, {"days": 9, "attempts": 0}),
        (student.pk, joined + 2 * DAY, {"days": 7, "attempts": 1}),
    ]


def test_hints_on_most_exercises_lately_are_named(
    classroom: Classroom, joined: datetime, student: User, course: Course
) -> None:
    for number in range(8):
        answer(student, step(course, "add-small"), correct=True, now=joined, hints_used=number % 2)
    (concern,) = history.class_overview(classroom.pk, now=joined + DAY).concerns
    assert (concern.worry, concern.since, concern.figures) == (Worry.HINTS, joined, {"tries": 8, "hinted": 4})
    assert (student.pk, Worry.HINTS) not in worries(classroom, joined + 20 * DAY)


def test_the_actual_wrong_answers_are_counted_by_step(
    classroom: Classroom,
    student: User,
    classmate: User,
    course: Course,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    misconception = course.misconceptions.get()
    add, large = step(course, "add-small"), step(course, "add-large")
    answer(student, add, correct=False, now=now, response="6", misconception_id=misconception.pk)
    answer(student, add, correct=False, now=now, response="8", try_number=2)
    answer(classmate, add, correct=False, now=now + DAY, response="6", misconception_id=misconception.pk)
    answer(classmate, large, correct=True, now=now, response="62")
    answer(classmate, step(course, "subtract-small"), correct=False, now=now, response=None)
    with django_assert_num_queries(2):
        first, second = history.wrong_answers(classroom.pk)
    assert (first.step_id, first.tries, first.wrong) == (add.pk, 3, 3)
    assert [(one.response, one.count, one.students, one.last_at) for one in first.responses] == [
        ("6", 2, 2, now + DAY),
        ("8", 1, 1, now),
    ]
    assert [one.misconception for one in first.responses] == ["Another operation", ""]
    assert second.responses[0].response is None
    (only,) = history.wrong_answers(classroom.pk, concept_id=concept_id(course, "subtracting"))
    assert only.step_id == second.step_id
    (mine,) = history.wrong_answers(classroom.pk, student_id=student.pk)
    assert mine.wrong == 2


def test_the_wrong_answers_of_another_class_are_not_shown(
    other_teacher: User, classroom: Classroom, student: User, course: Course, now: datetime
) -> None:
    answer(student, step(course, "add-small"), correct=False, now=now)
    other = other_teacher.classes_taught.get()
    assert history.wrong_answers(other.pk) == ()
    assert history.class_overview(other.pk, now=now).students == ()
    assert Attempt.objects.count() == 1
