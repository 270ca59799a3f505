"""What the serving worker does after an answer: the steps that the next choice may need, predicted once."""

from datetime import timedelta
from random import Random

import pytest
from django.test import Client
from django.urls import reverse

from content.models import Concept, Course, Exercise, Step
from students import history, records
from students.models import Attempt, ConceptState, User
from tests.training.conftest import NOW, Site, answer
from training import asking, pipeline, predictions
from training.models import ModelVersion, Prediction
from tutor import tasks, turns

pytestmark = pytest.mark.django_db


def other_course(slug: str) -> Course:
    """A course of one concept and one exercise."""
    course = Course.objects.create(slug=slug, title=slug, language="en")
    step = Step.objects.create(
        exercise=Exercise.objects.create(course=course, key="e"),
        key="a",
        kind="number",
        answer={"kind": "number", "value": "1"},
    )
    step.concepts.add(Concept.objects.create(course=course, key="c", title="C"))
    return course


def test_after_a_refresh_the_next_choice_is_made_with_the_model(site: Site, serving_version: ModelVersion) -> None:
    student = site.students[0]
    tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    found = predictions.fresh(student.pk, attempts_seen=history.record_size(student.pk))
    assert found is not None
    assert set(found.probabilities) == set(turns.steps_wanted(student, site.course, now=NOW + timedelta(hours=1)))
    view = turns.next_turn(student, site.course, now=NOW + timedelta(hours=1), rng=Random(1))
    made = student.sessions.get().turns.get(token=view.token)
    assert made.version == serving_version
    assert made.probability in found.probabilities.values()


def test_several_answers_that_wait_come_to_one_refresh(
    site: Site, serving_version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    refresh = pipeline.refresh_predictions
    monkeypatch.setattr(pipeline, "refresh_predictions", lambda **given: made.append(refresh(**given)))
    student = site.students[0]
    for _queued in range(3):
        tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    assert made == [True]
    answer(site, students=[student], each=1, seed=4, start=NOW + timedelta(hours=2))
    for _queued in range(2):
        tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    assert made == [True, True]


def test_predictions_of_one_course_are_no_answer_for_another(site: Site, serving_version: ModelVersion) -> None:
    student, other = site.students[0], other_course("other")
    tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    tasks.refresh_predictions(student_id=student.pk, course_id=other.pk)
    assert set(Prediction.objects.get(student=student).probabilities) == {
        str(pk) for pk in Step.objects.filter(exercise__course=other).values_list("pk", flat=True)
    }


def test_nothing_happens_without_a_model_or_for_somebody_who_is_gone(site: Site) -> None:
    tasks.load_model()
    tasks.refresh_predictions(student_id=site.students[0].pk, course_id=site.course.pk)
    gone = User.objects.create(username="gone")
    tasks.refresh_predictions(student_id=gone.pk + 1, course_id=site.course.pk)
    assert not Prediction.objects.exists()


def test_whoever_has_not_answered_since_a_model_serves_is_shown_its_estimates_too(
    site: Site, serving_version: ModelVersion
) -> None:
    for student in site.students[:2]:
        records.rebuild([student.pk])
    assert set(ConceptState.objects.values_list("source", flat=True)) == {"knowledge"}
    tasks.catch_up()
    shown = set(ConceptState.objects.values_list("source", "version"))
    assert shown == {("tracer", str(serving_version))}
    assert predictions.behind(serving_version, limit=99) == []
    made = Prediction.objects.order_by("pk").values_list("made_at", flat=True)
    before = list(made)
    tasks.catch_up()
    assert list(made) == before


def test_one_look_brings_the_concepts_of_all_courses_up_to_date(site: Site, serving_version: ModelVersion) -> None:
    student, other = site.students[0], other_course("other")
    Attempt.objects.create(
        student=student, step=Step.objects.get(exercise__course=other), correct=True, score=1, created_at=NOW
    )
    records.rebuild([student.pk])
    tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    assert ConceptState.objects.filter(student=student, source="tracer", concept__course=other).count() == 1
    assert not ConceptState.objects.filter(source="knowledge").exists()


def test_when_no_model_serves_any_more_the_plain_estimates_come_back(site: Site, serving_version: ModelVersion) -> None:
    student = site.students[0]
    records.rebuild([student.pk])
    tasks.refresh_predictions(student_id=student.pk, course_id=site.course.pk)
    ModelVersion.objects.update(state="retired")
    tasks.catch_up()
    assert set(ConceptState.objects.values_list("source", flat=True)) == {"knowledge"}


def test_the_question_knows_by_which_attempt_each_answer_of_its_history_was_given(site: Site) -> None:
    student = site.students[0]
    question = asking.about(student.pk, course_id=site.course.pk, step_ids=[], now=NOW)
    attempts = Attempt.objects.in_bulk(question.attempt_ids)
    told = [(attempts[pk].step_id, attempts[pk].correct, attempts[pk].created_at) for pk in question.attempt_ids]
    history_told = [(int(one.step), one.correct) for one in question.query.history]
    assert [(step, correct) for step, correct, _at in told] == history_told
    assert len(told) == 40
    assert [at for _step, _correct, at in told] == sorted(at for _step, _correct, at in told)
    assert {one.student_id for one in attempts.values()} == {student.pk}


def test_what_mattered_for_mastery_is_kept_by_attempt_and_stands_on_the_students_page(
    site: Site, serving_version: ModelVersion, client: Client
) -> None:
    student = site.students[0]
    records.rebuild([student.pk])
    soon = NOW + timedelta(hours=1)  # months later hardly anything of it matters any more
    assert pipeline.refresh_predictions(student_id=student.pk, course_id=site.course.pk, step_ids=[], now=soon)
    found = predictions.fresh(student.pk, attempts_seen=history.record_size(student.pk))
    assert found is not None
    assert any(found.grounds.values())
    for concept, mattered in found.grounds.items():
        own = Attempt.objects.filter(student=student, step__concepts=concept)
        assert {one.attempt_id for one in mattered} <= set(own.values_list("pk", flat=True))
        for one in mattered:  # a right answer never lowers, a wrong one never raises its own concept
            assert (one.effect > 0) == own.get(pk=one.attempt_id).correct
    concept = max(found.grounds, key=lambda one: len(found.grounds[one]))
    client.force_login(student)
    shown = client.get(reverse("concept_progress", args=[site.course.slug, concept])).content.decode()
    assert "these mattered most for this estimate" in shown
    assert shown.count("the estimate") >= len(found.grounds[concept])
