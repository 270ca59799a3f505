"""A prediction counts only while it is fresh, and older knowledge never replaces newer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from students.models import User
from tests.training.conftest import NOW, Site
from training import predictions
from training.models import ModelVersion, Prediction
from training.predictions import Grounds, Mattered

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> ModelVersion:
    return ModelVersion.objects.create(objective="tracing", number=1, state="serving", bundle="b")


def keep(student_id: int, version: ModelVersion, *, seen: int, value: float = 0.5) -> bool:
    return predictions.store(
        student_id=student_id, version=version, attempts_seen=seen, probabilities={7: value}, grounds={}, now=NOW
    )


def test_a_prediction_of_the_serving_version_from_all_answers_is_fresh(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    assert keep(student, version, seen=3, value=0.25)

    found = predictions.fresh(student, attempts_seen=3)

    assert found == predictions.FreshPrediction(version_id=version.pk, probabilities={7: 0.25})


def test_finding_it_takes_one_query(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    keep(student, version, seen=3)
    with CaptureQueriesContext(connection) as queries:
        predictions.fresh(student, attempts_seen=3)
    assert len(queries) == 1


def test_after_one_more_answer_it_is_out_of_date(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    keep(student, version, seen=3)
    assert predictions.fresh(student, attempts_seen=4) is None


def test_when_another_version_serves_it_is_out_of_date(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    keep(student, version, seen=3)
    ModelVersion.objects.filter(pk=version.pk).update(state="retired")
    ModelVersion.objects.create(objective="tracing", number=2, state="serving", bundle="c")
    assert predictions.fresh(student, attempts_seen=3) is None


def test_a_slow_worker_does_not_replace_newer_knowledge(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    keep(student, version, seen=5, value=0.9)

    assert not keep(student, version, seen=4, value=0.1)

    found = predictions.fresh(student, attempts_seen=5)
    assert found is not None
    assert found.probabilities == {7: 0.9}


def test_a_version_that_no_longer_serves_stores_nothing(empty_site: Site, version: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(state="retired")
    assert not keep(empty_site.students[0].pk, version, seen=5)
    assert not Prediction.objects.exists()


def test_a_new_version_replaces_what_the_old_one_stored(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    keep(student, version, seen=5)
    ModelVersion.objects.filter(pk=version.pk).update(state="retired")
    newer = ModelVersion.objects.create(objective="tracing", number=2, state="serving", bundle="c")

    assert keep(student, newer, seen=5, value=0.75)

    found = predictions.fresh(student, attempts_seen=5)
    assert found == predictions.FreshPrediction(version_id=newer.pk, probabilities={7: 0.75})


@pytest.mark.django_db(transaction=True)
def test_a_student_who_was_erased_meanwhile_is_no_error(empty_site: Site, version: ModelVersion) -> None:
    gone = empty_site.students[0].pk
    empty_site.students[0].delete()
    assert not keep(gone, version, seen=1)


def mattered(*effects: float) -> tuple[Mattered, ...]:
    return tuple(Mattered(attempt_id=place, effect=effect) for place, effect in enumerate(effects))


def keep_with_grounds(student_id: int, version: ModelVersion, grounds: Grounds, *, seen: int = 3) -> None:
    assert predictions.store(
        student_id=student_id, version=version, attempts_seen=seen, probabilities={7: 0.5}, grounds=grounds, now=NOW
    )


def test_what_it_rests_on_is_kept_with_it_and_goes_out_of_date_with_it(empty_site: Site, version: ModelVersion) -> None:
    student = empty_site.students[0].pk
    grounds = {3: mattered(0.7, -0.2), 4: mattered(-0.4)}
    keep_with_grounds(student, version, grounds)

    found = predictions.fresh(student, attempts_seen=3)

    assert found is not None
    assert found.grounds == grounds
    assert predictions.fresh(student, attempts_seen=4) is None
    keep(student, version, seen=4)
    found = predictions.fresh(student, attempts_seen=4)
    assert found is not None
    assert found.grounds == {}


def test_what_is_kept_of_its_grounds_is_bounded_and_the_strongest_first(
    empty_site: Site, version: ModelVersion
) -> None:
    student = empty_site.students[0].pk
    keep_with_grounds(student, version, {1: mattered(0.1, -0.9123456, 0.3, 0.2, -0.05)})
    assert Prediction.objects.get().evidence == {"1": [[1, -0.912], [2, 0.3], [3, 0.2]]}


def test_what_it_rests_on_is_erased_with_the_student(empty_site: Site, version: ModelVersion) -> None:
    keep_with_grounds(empty_site.students[0].pk, version, {3: mattered(0.7)})
    empty_site.students[0].delete()
    assert not Prediction.objects.exists()


def test_behind_are_those_with_answers_whom_the_version_has_not_looked_at(site: Site, version: ModelVersion) -> None:
    seen, old, never = site.students[:3]
    earlier = ModelVersion.objects.create(objective="tracing", number=2, state="retired", bundle="c")
    keep(seen.pk, version, seen=1)
    Prediction.objects.create(student=old, version=earlier, attempts_seen=40, made_at=NOW)
    User.objects.create(username="has-not-answered")
    with CaptureQueriesContext(connection) as queries:
        found = predictions.behind(version, limit=100)
    assert len(queries) == 1
    assert set(found) == {(one.pk, site.course.pk) for one in site.students if one != seen}
    assert {old.pk, never.pk} <= {student for student, _course in found}
    assert len(predictions.behind(version, limit=4)) == 4
