"""An attempt moves every concept of its step, counts once, and leaves everybody else alone."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from content.models import Concept, Course, Step
from students import history, knowledge, records
from students.knowledge import Estimate
from students.models import Attempt, Classroom, ConceptState, Consent, PopulationCount, User
from tests.students.practising import answer, new_attempt, step

SURE = Estimate(value=0.9, low=0.8, high=0.95)


def state(student: User, key: str) -> ConceptState:
    return ConceptState.objects.get(student=student, concept__key=key)


def concept(course: Course, key: str) -> Concept:
    return course.concepts.get(key=key)


def test_a_right_answer_is_stored_and_raises_the_mastery_of_its_concept(
    student: User, course: Course, now: datetime
) -> None:
    recorded = answer(student, step(course, "add-small"), correct=True, now=now, seconds=4.5, seed=3)
    stored = Attempt.objects.get()
    assert (stored.student, stored.correct, stored.seconds, stored.seed, stored.created_at) == (
        student,
        True,
        4.5,
        3,
        now,
    )
    (change,) = recorded.changes
    assert change.before == pytest.approx(knowledge.estimate(knowledge.prior(), now=0.0).value)
    assert change.after > change.before
    assert state(student, "adding").value == change.after
    assert (state(student, "adding").tries, state(student, "adding").right) == (1, 1)


def test_a_step_with_several_concepts_moves_all_of_them(student: User, course: Course, now: datetime) -> None:
    recorded = answer(student, step(course, "solve-steps:2"), correct=False, now=now)
    assert [change.concept_id for change in recorded.changes] == sorted(
        concept(course, key).pk for key in ("equations", "multiplying")
    )
    assert all(change.after < change.before for change in recorded.changes)


def test_recording_takes_six_queries_the_first_time_and_ever_after(
    student: User, course: Course, now: datetime
) -> None:
    new = [new_attempt(student, step(course, "solve-steps:2"), correct=True) for _ in range(3)]
    for one in new:
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            records.record_attempt(one, now=now)
        assert len(queries) == 6


def test_the_same_submission_counts_once_even_when_sent_twice(student: User, course: Course, now: datetime) -> None:
    new = new_attempt(student, step(course, "add-small"), correct=True, submission_id=uuid.uuid4())
    with transaction.atomic():
        records.record_attempt(new, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        records.record_attempt(new, now=now)
    assert Attempt.objects.count() == 1
    assert state(student, "adding").tries == 1


@pytest.mark.django_db(transaction=True)
def test_answers_that_come_at_once_are_all_counted(
    student: User, classmate: User, course: Course, now: datetime
) -> None:
    attempts = [
        new_attempt(who, step(course, key), correct=True)
        for _ in range(4)
        for who in (student, classmate)
        for key in ("solve-steps:2", "multiply-small")
    ]

    def record(new: records.NewAttempt) -> None:
        with transaction.atomic():
            records.record_attempt(new, now=now)
        connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record, attempts))
    assert (state(student, "multiplying").tries, state(classmate, "multiplying").tries) == (8, 8)
    assert PopulationCount.objects.get(concept__key="multiplying").tries == 16
    with pytest.raises(transaction.TransactionManagementError):
        records.record_attempt(attempts[0], now=now)


def test_another_students_states_stay_as_they_are(
    student: User, classmate: User, course: Course, now: datetime
) -> None:
    answer(classmate, step(course, "add-small"), correct=True, now=now)
    before = state(classmate, "adding").belief
    answer(student, step(course, "add-small"), correct=False, now=now)
    assert state(classmate, "adding").belief == before


def test_only_first_tries_without_a_hint_count_for_the_population(
    student: User, classmate: User, course: Course, now: datetime
) -> None:
    add = step(course, "add-small")
    answer(student, add, correct=False, now=now)
    answer(student, add, correct=True, now=now, try_number=2)
    answer(student, step(course, "add-large"), correct=True, now=now, hints_used=1)
    answer(classmate, add, correct=True, now=now)
    count = PopulationCount.objects.get(step=add)
    assert (count.tries, count.right) == (2, 1)
    count = PopulationCount.objects.get(concept=concept(course, "adding"))
    assert (count.tries, count.right) == (2, 1)
    assert not PopulationCount.objects.filter(step__key="add-large").exists()


def test_later_tries_move_the_belief_but_are_no_steps_tried(student: User, course: Course, now: datetime) -> None:
    add = step(course, "add-small")
    answer(student, add, correct=False, now=now)
    low = state(student, "adding").value
    answer(student, add, correct=True, now=now, try_number=2)
    moved = state(student, "adding")
    assert moved.value > low
    assert (moved.tries, moved.right, moved.wrong_in_a_row, moved.wrong_since) == (1, 0, 1, now)


@pytest.mark.parametrize(
    "key", ["add-small", "add-choice", "subtract-name", "multiply-several", "solve-steps", "solve-any"]
)
def test_mastery_can_be_reached_by_practising_any_shape_of_exercise(
    student: User, course: Course, now: datetime, key: str
) -> None:
    steps = list(Step.objects.filter(exercise__course=course, exercise__key=key).order_by("position"))
    for times in range(1, 7):
        for one in steps:
            answer(student, one, correct=True, now=now + timedelta(minutes=times))
    states = ConceptState.objects.filter(student=student)
    assert len(states) == Concept.objects.filter(steps__in=steps).distinct().count()
    assert all(one.mastered_at is not None and one.mastery_rule == knowledge.RULE for one in states)


def test_mastery_once_reached_survives_a_slip(student: User, course: Course, now: datetime) -> None:
    for _ in range(5):
        answer(student, step(course, "add-small"), correct=True, now=now)
    answer(student, step(course, "add-small"), correct=False, now=now + timedelta(minutes=1))
    assert state(student, "adding").mastered_at == now
    shown = history.estimates(student.pk, course.pk, now=now + timedelta(minutes=1))[concept(course, "adding").pk]
    assert shown.mastered
    assert shown.standing == knowledge.Standing.LIKELY_KNOWS


def test_ten_tries_without_mastery_are_being_stuck_since_the_tenth(
    student: User, course: Course, now: datetime
) -> None:
    for minute in range(12):
        answer(student, step(course, "add-small"), correct=minute % 2 == 0, now=now + timedelta(minutes=minute))
    assert state(student, "adding").stuck_since == now + timedelta(minutes=9)
    for _ in range(12):
        answer(student, step(course, "add-small"), correct=True, now=now + timedelta(hours=1))
    assert state(student, "adding").stuck_since is None


def test_a_models_estimate_is_shown_and_then_follows_the_answers(student: User, course: Course, now: datetime) -> None:
    adding = concept(course, "adding")
    assert records.store_estimates(student.pk, {adding.pk: SURE}, version="v7", now=now)
    shown = history.estimates(student.pk, course.pk, now=now)[adding.pk]
    assert (shown.value, shown.low, shown.high) == pytest.approx((0.9, 0.8, 0.95))
    assert (shown.source, shown.version) == ("tracer", "v7")
    recorded = answer(student, step(course, "add-small"), correct=False, now=now)
    assert recorded.changes[0].before == pytest.approx(0.9)
    assert 0.7 < recorded.changes[0].after < 0.9
    assert state(student, "adding").source == "tracer"


def test_a_model_that_looks_no_more_gives_way_to_the_plain_estimate(
    student: User, course: Course, now: datetime
) -> None:
    records.store_estimates(student.pk, {concept(course, "adding").pk: SURE}, version="v7", now=now)
    sources = []
    for _ in range(records.TRACER_HOLDS + 1):
        answer(student, step(course, "add-small"), correct=False, now=now)
        sources.append(state(student, "adding").source)
    assert sources == ["tracer"] * records.TRACER_HOLDS + ["knowledge"]
    plain = knowledge.estimate(knowledge.Belief.from_json(state(student, "adding").belief), now=now)
    assert state(student, "adding").value == plain.value


def test_an_estimate_made_before_the_last_answer_is_not_stored(student: User, course: Course, now: datetime) -> None:
    adding = concept(course, "adding").pk
    answer(student, step(course, "add-small"), correct=True, now=now)
    assert not records.store_estimates(student.pk, {adding: SURE}, version="v7", now=now, attempts_seen=0)
    assert state(student, "adding").source == "knowledge"
    assert records.store_estimates(student.pk, {adding: SURE}, version="v7", now=now, attempts_seen=1)
    assert state(student, "adding").source == "tracer"
    assert state(student, "adding").tries == 1


def test_a_model_may_find_mastery_but_only_after_three_tries(student: User, course: Course, now: datetime) -> None:
    adding = concept(course, "adding").pk
    for tries in range(4):
        records.store_estimates(student.pk, {adding: SURE}, version="v7", now=now)
        assert (state(student, "adding").mastered_at is not None) == (tries >= 3)
        answer(student, step(course, "add-small"), correct=False, now=now)


def test_an_estimate_that_only_moved_along_since_its_model_looked_calls_nothing_mastered(
    student: User, course: Course, now: datetime
) -> None:
    adding = concept(course, "adding").pk
    nearly = Estimate(value=0.84, low=0.72, high=0.93)
    for _ in range(4):
        records.store_estimates(student.pk, {adding: nearly}, version="v7", now=now)
        answer(student, step(course, "add-small"), correct=True, now=now)
    moved = state(student, "adding")
    assert knowledge.is_mastered(Estimate(value=moved.value, low=moved.low, high=moved.high), moved.tries)
    assert moved.mastered_at is None
    records.store_estimates(student.pk, {adding: SURE}, version="v7", now=now)
    assert state(student, "adding").mastered_at == now


def test_rebuilding_from_the_attempts_gives_the_states_that_were_kept_on_the_way(
    student: User, course: Course, now: datetime
) -> None:
    for day, (key, correct) in enumerate(
        [("add-small", True), ("solve-steps:2", False), ("add-large", True), ("solve-steps:2", True)]
    ):
        answer(student, step(course, key), correct=correct, now=now + timedelta(days=day), hints_used=day % 2)
    fields = ("concept_id", "value", "belief", "tries", "right", "wrong_in_a_row", "wrong_since", "last_attempt_at")
    kept = list(ConceptState.objects.order_by("concept_id").values(*fields))
    ConceptState.objects.update(belief={}, tries=0, value=0.5, low=0.1, high=0.9)
    assert records.rebuild([student.pk]) == len(kept)
    assert list(ConceptState.objects.order_by("concept_id").values(*fields)) == kept


def test_consent_is_off_until_given_and_the_latest_word_counts(student: User, classmate: User, now: datetime) -> None:
    assert list(history.consenting_students()) == []
    records.set_consent(student.pk, True, now)
    assert list(history.consenting_students()) == [student.pk]
    assert history.has_consent(student.pk)
    records.set_consent(student.pk, False, now + timedelta(seconds=1))
    assert list(history.consenting_students()) == []
    assert not history.has_consent(student.pk)
    assert Consent.objects.count() == 2


def test_a_school_may_consent_for_a_class(
    student: User, classmate: User, other_teacher: User, classroom: Classroom
) -> None:
    Classroom.objects.filter(pk=classroom.pk).update(consents_to_tuning=True)
    assert set(history.consenting_students()) == {student.pk, classmate.pk}


def test_a_students_own_word_goes_before_the_schools(
    student: User, classmate: User, classroom: Classroom, now: datetime
) -> None:
    Classroom.objects.filter(pk=classroom.pk).update(consents_to_tuning=True)
    records.set_consent(student.pk, False, now)
    assert list(history.consenting_students()) == [classmate.pk]
    assert not history.has_consent(student.pk)
    assert history.has_consent(classmate.pk)
    Classroom.objects.filter(pk=classroom.pk).update(consents_to_tuning=False)
    records.set_consent(student.pk, True, now + timedelta(seconds=1))
    assert list(history.consenting_students()) == [student.pk]
