"""The answers behind an estimate and a choice, in words: for the student, for the teacher, and on what they rest."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from content import catalog
from content.models import Concept, Course, Step
from students import history, records
from students.knowledge import Estimate
from students.models import Classroom, ConceptState, User
from tests.conftest import make_course
from tests.students.practising import answer, step
from training import predictions
from training.models import ModelVersion
from training.predictions import Mattered
from tutor.models import Turn

HIGH = Estimate(value=0.8, low=0.6, high=0.9)


@pytest.fixture
def version(db: None) -> ModelVersion:
    return ModelVersion.objects.create(objective="tracing", number=4, state="serving", bundle="b")


def concept(course: Course, key: str = "adding") -> Concept:
    return course.concepts.get(key=key)


def given(student: User, course: Course, key: str, *, correct: bool, ago: timedelta, **extra: object) -> int:
    """Let the student have answered; the attempt's id."""
    return answer(student, step(course, key), correct=correct, now=timezone.now() - ago, **extra).attempt.pk


def look(
    student: User,
    course: Course,
    version: ModelVersion,
    mattered: Sequence[tuple[int, float]],
) -> None:
    """What the serving worker leaves behind: an estimate of every concept tried, and what it rests on."""
    now, seen = timezone.now(), history.record_size(student.pk)
    grounds = [Mattered(attempt_id=attempt, effect=effect) for attempt, effect in mattered]
    tried = list(ConceptState.objects.filter(student=student).values_list("concept", flat=True))
    predictions.store(
        student_id=student.pk,
        version=version,
        attempts_seen=seen,
        probabilities=dict.fromkeys(Step.objects.values_list("pk", flat=True), 0.7),
        grounds=dict.fromkeys(course.concepts.values_list("pk", flat=True), grounds),
        now=now,
    )
    assert records.store_estimates(student.pk, dict.fromkeys(tried, HIGH), version=str(version), now=now)


def page(client: Client, reader: User, address: str) -> str:
    client.force_login(reader)
    return client.get(address).content.decode()


def own_page(client: Client, student: User, course: Course) -> str:
    return page(client, student, reverse("concept_progress", args=[course.slug, concept(course).pk]))


def teachers_page(client: Client, teacher: User, student: User, classroom: Classroom) -> str:
    address = reverse("class_student", args=[classroom.pk, student.pk])
    return page(client, teacher, f"{address}?concept={concept(classroom.course).pk}")


def lines(html: str) -> list[str]:
    """The list of answers as one would read it out; formulas without their spaces."""
    found = re.search(r'<ul class="grounds".*?</ul>', html, re.DOTALL)
    assert found, html
    items = re.findall(r"<p>(.*?)</p>", found[0], re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", item)).split()) for item in items]


def lead(html: str) -> str:
    found = re.search(r'<p>([^<]*)</p>\s*<ul class="grounds"', html)
    assert found, html
    return unescape(found[1]).strip()


@pytest.fixture
def answered(student: User, course: Course) -> dict[str, int]:
    """Answers of every outcome, over two weeks."""
    day = timedelta(days=1)
    return {
        "wrong": given(student, course, "add-small", correct=False, ago=12 * day, response="6"),
        "second": given(student, course, "add-small", correct=True, ago=12 * day, try_number=2),
        "hinted": given(student, course, "add-choice", correct=True, ago=3 * day, hints_used=2),
        "shown": given(student, course, "add-choice", correct=False, ago=1 * day, response=None),
        "right": given(student, course, "add-large", correct=True, ago=timedelta()),
    }


def test_a_student_reads_which_answers_mattered_most_what_happened_when_and_which_way(
    client: Client, student: User, course: Course, version: ModelVersion, answered: dict[str, int]
) -> None:
    look(student, course, version, [(answered["right"], 0.61), (answered["wrong"], -0.4), (answered["second"], 0.1)])
    shown = own_page(client, student, course)
    assert lead(shown) == "Of the answers to this concept, these mattered most for this estimate:"
    first, second, third = lines(shown)
    assert first == "Today you solved “What is 27+35?” at the first try. It raised the estimate."
    assert re.fullmatch(r"On \d+ \w+ 20\d\d “What is 2\+3\?” was not right yet\. It lowered the estimate\.", second)
    assert third.endswith("you solved “What is 2+3?” at try 2. It raised the estimate a little.")
    assert "<math><mn>27</mn>" in shown
    assert "because" not in "".join(lines(shown)).lower()


def test_every_outcome_has_its_words(
    client: Client,
    student: User,
    teacher: User,
    classroom: Classroom,
    course: Course,
    version: ModelVersion,
    answered: dict[str, int],
) -> None:
    look(student, course, version, [(answered["shown"], -0.3), (answered["second"], 0.26), (answered["hinted"], 0.25)])
    first, second, third = (line.split(". It ")[0] for line in lines(own_page(client, student, course)))
    assert first == "Yesterday you had “Which is the sum of 4 and 5?” shown to you"
    assert second.endswith("you solved “What is 2+3?” at try 2")
    shown = lines(teachers_page(client, teacher, student, classroom))
    first, second, third = (line.split(". It ")[0] for line in shown)
    assert first == "Yesterday “Which is the sum of 4 and 5?” was not answered: the solution was shown"
    assert second.endswith("“What is 2+3?” was solved at try 2")
    then = timezone.localtime() - timedelta(days=3)
    assert third == f"On {then:%A} “Which is the sum of 4 and 5?” was solved with 2 hints"


def test_the_teacher_reads_the_same_facts_in_their_own_words(
    client: Client,
    student: User,
    teacher: User,
    classroom: Classroom,
    course: Course,
    version: ModelVersion,
    answered: dict[str, int],
) -> None:
    look(student, course, version, [(answered["right"], 0.61), (answered["wrong"], -0.4)])
    shown = teachers_page(client, teacher, student, classroom)
    assert lead(shown) == "Of the answers to this concept, these mattered most for this estimate:"
    first, second = lines(shown)
    assert first == "Today “What is 27+35?” was solved at the first try. It raised the estimate."
    assert "the answer to “What is 2+3?” was not right. It lowered the estimate." in second


def test_neither_page_tells_of_an_answer_to_anything_else(
    client: Client, student: User, teacher: User, classroom: Classroom, course: Course, version: ModelVersion
) -> None:
    given(student, course, "add-small", correct=True, ago=timedelta())
    there = given(student, make_course("elsewhere"), "add-choice", correct=True, ago=timedelta())
    look(student, course, version, [(there, 0.9)])
    for shown in (own_page(client, student, course), teachers_page(client, teacher, student, classroom)):
        assert "Which is the sum of" not in shown
        assert lead(shown).startswith("No single answer stands out")


def test_without_a_model_the_latest_answers_are_shown_and_called_that(
    client: Client, student: User, course: Course, answered: dict[str, int]
) -> None:
    shown = own_page(client, student, course)
    assert lead(shown) == "This estimate counts all answers to this concept. These are the latest:"
    first, second, third = lines(shown)
    assert first == "Today you solved “What is 27+35?” at the first try. It raised the estimate."
    assert second.endswith("It lowered the estimate.")
    assert third.endswith("with 2 hints. It raised the estimate a little.")


def test_answers_that_the_model_has_not_looked_at_yet_are_not_said_to_have_mattered(
    client: Client, student: User, course: Course, version: ModelVersion, answered: dict[str, int]
) -> None:
    look(student, course, version, [(answered["wrong"], -0.4)])
    given(student, course, "add-small", correct=True, ago=timedelta())
    shown = own_page(client, student, course)
    assert "has not looked at the latest answers yet" in lead(shown)
    assert lines(shown)[0] == "Today you solved “What is 2+3?” at the first try."


def test_when_another_version_serves_the_old_ones_evidence_is_gone(
    client: Client, student: User, course: Course, version: ModelVersion, answered: dict[str, int]
) -> None:
    look(student, course, version, [(answered["wrong"], -0.4)])
    ModelVersion.objects.update(state="retired")
    ModelVersion.objects.create(objective="tracing", number=5, state="serving", bundle="c")
    assert "mattered most" not in own_page(client, student, course)


def test_when_no_answer_stands_out_the_page_says_so(
    client: Client, student: User, course: Course, version: ModelVersion, answered: dict[str, int]
) -> None:
    look(student, course, version, [])
    shown = own_page(client, student, course)
    assert lead(shown).startswith("No single answer stands out")
    assert len(lines(shown)) == 3


def test_what_was_asked_is_shortened_between_words_and_shown_in_its_own_language(
    client: Client, student: User, course: Course, version: ModelVersion
) -> None:
    course.exercises.filter(key="add-small").update(prompt="Add $2$ and $3$, " + "then say how you did it, " * 9)
    long = given(student, course, "add-small", correct=True, ago=timedelta())
    look(student, course, version, [(long, 0.5)])
    (line,) = lines(own_page(client, student, course))
    assert re.search(r"“Add 2 and 3, then say how you did it, [a-z, ]{5,40}…” at the first try", line)
    with override("zh-hans"):
        client.cookies["django_language"] = "zh-hans"
        shown = own_page(client, student, course)
    assert "今天，你第一次就做对了“" in lines(shown)[0]
    assert '<span class="asked" lang="en">Add ' in shown


def test_a_page_takes_as_many_queries_after_many_answers_as_after_few(
    client: Client,
    student: User,
    teacher: User,
    classroom: Classroom,
    course: Course,
    version: ModelVersion,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    keys = ["add-small", "add-large", "add-choice"]
    few = [given(student, course, key, correct=True, ago=timedelta(hours=1)) for key in keys[:1]]
    look(student, course, version, [(few[0], 0.5)])
    own_page(client, student, course), teachers_page(client, teacher, student, classroom)  # warm
    own = reverse("concept_progress", args=[course.slug, concept(course).pk])
    theirs = f"{reverse('class_student', args=[classroom.pk, student.pk])}?concept={concept(course).pk}"
    for _time in range(2):
        client.force_login(student)
        with django_assert_num_queries(13):
            client.get(own)
        client.force_login(teacher)
        with django_assert_num_queries(15):
            client.get(theirs)
        many = [given(student, course, key, correct=True, ago=timedelta()) for key in keys * 8]
        look(student, course, version, [(attempt, 0.5) for attempt in many[:3]])


# --- why this exercise -----------------------------------------------------------------------------------------------


def start(client: Client, student: User, course: Course) -> str:
    """Go on with the course; the address of the exercise."""
    client.force_login(student)
    return str(client.post(reverse("next", args=[course.slug])).headers["Location"])


def why(client: Client, address: str) -> str:
    shown = client.get(address).content.decode()
    found = re.search(r'<details class="disclosure why.*?</details>', shown, re.DOTALL)
    assert found
    return found[0]


def test_before_the_first_answer_a_choice_rests_on_none(client: Client, student: User, course: Course) -> None:
    assert "grounds" not in why(client, start(client, student, course))


def test_a_choice_by_the_model_shows_the_answers_that_mattered_for_its_concept(
    client: Client, student: User, course: Course, version: ModelVersion, answered: dict[str, int]
) -> None:
    look(student, course, version, [(answered["wrong"], -0.5), (answered["right"], 0.3)])
    address = start(client, student, course)
    assert Turn.objects.get().evidence == [[answered["wrong"], -0.5], [answered["right"], 0.3]]
    shown = why(client, address)
    assert lead(shown) == "Of your answers to this concept, these mattered most for what we believe about it:"
    assert [line.split(". It ")[-1] for line in lines(shown)] == ["lowered the estimate.", "raised the estimate."]


def test_a_choice_without_a_model_shows_the_latest_answers_to_its_concept_and_calls_them_that(
    client: Client, student: User, course: Course, answered: dict[str, int]
) -> None:
    address = start(client, student, course)
    turn = Turn.objects.get()
    assert turn.evidence == []
    Turn.objects.update(concept=concept(course))
    shown = why(client, address)
    assert lead(shown) == "The choice rests on all your answers so far. These are the latest to this concept:"
    assert lines(shown)[0] == "Today you solved “What is 27+35?” at the first try."


def test_the_reason_stays_what_it_was_when_the_exercise_has_been_answered(
    client: Client, student: User, course: Course, answered: dict[str, int]
) -> None:
    address = start(client, student, course)
    Turn.objects.update(concept=concept(course))
    before = lines(why(client, address))
    turn = Turn.objects.get()
    key = turn.exercise.steps.order_by("position")[0].key
    client.post(reverse("answer", args=[turn.token]), {"step": key, "response": "7"})
    assert lines(why(client, address)) == before


def test_showing_why_costs_one_query(
    client: Client,
    student: User,
    course: Course,
    version: ModelVersion,
    answered: dict[str, int],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    look(student, course, version, [(answered[name], 0.5) for name in ("wrong", "right", "hinted")])
    address = start(client, student, course)
    client.get(address)
    for exercise in course.exercises.all():
        catalog.exercise(exercise.pk, exercise.revision)
    with django_assert_num_queries(4):
        assert len(lines(why(client, address))) == 3


# --- another way of estimating ---------------------------------------------------------------------------------------


def switched(student: User, course: Course, *, ago: timedelta) -> datetime:
    at = timezone.now() - ago
    ConceptState.objects.filter(student=student, concept=concept(course)).update(
        switched_at=at, switched_from=0.622, switched_to=0.741
    )
    return at


def test_a_number_that_another_way_of_estimating_moved_says_so_with_both_numbers_for_a_week(
    client: Client, student: User, teacher: User, classroom: Classroom, course: Course, answered: dict[str, int]
) -> None:
    switched(student, course, ago=timedelta(days=6))
    note = "By the earlier one this stood at 62%, by the new one at 74%."
    own, theirs = own_page(client, student, course), teachers_page(client, teacher, student, classroom)
    assert note in own
    assert "The difference comes from the estimating, not from what you did." in own
    assert note in theirs
    assert "The difference comes from the estimating, not from what the student did." in theirs
    switched(student, course, ago=timedelta(days=8))
    assert note not in own_page(client, student, course)
    assert note not in teachers_page(client, teacher, student, classroom)


def test_pages_of_many_numbers_say_that_some_moved(
    client: Client, student: User, teacher: User, classroom: Classroom, course: Course, answered: dict[str, int]
) -> None:
    addresses = [
        (student, reverse("course_progress", args=[course.slug])),
        (teacher, reverse("class_student", args=[classroom.pk, student.pk])),
        (teacher, reverse("classroom", args=[classroom.pk])),
    ]
    said = "some of these numbers moved for that reason alone"
    assert not any(said in page(client, reader, address) for reader, address in addresses)
    switched(student, course, ago=timedelta(days=1))
    assert all(said in page(client, reader, address) for reader, address in addresses)
