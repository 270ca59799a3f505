"""The snapshot: only what may be used, nobody recognisable, whole or not there at all."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from students.models import Classroom, Consent, Enrolment, User
from tests.training.conftest import NOW, Site, answer
from training import consented, dataset, export, pseudonyms
from training.seal import file_hash
from training.snapshot import TABLES

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def make_student(name: str, *, consents: bool) -> User:
    student = User.objects.create(username=name)
    if consents:
        Consent.objects.create(student=student, purpose="fine_tuning", given=True, decided_at=NOW)
    return student


def write(folder: Path, **changes: Any) -> dict[str, list[Any]]:
    export.write_snapshot(folder, **{"objective": "tracing", "now": LATER, **changes})
    rows: dict[str, list[Any]] = pq.read_table(folder / "attempts.parquet").to_pydict()
    return rows


def test_the_answers_of_students_without_consent_are_left_out(
    empty_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consented, "REAL_ANSWERS", 5)
    willing, silent = make_student("willing", consents=True), make_student("silent", consents=False)
    answer(empty_site, students=[willing, silent], each=6, seed=2)

    rows = write(tmp_path / "snapshot")

    assert set(rows["student"]) == {pseudonyms.student_hash(willing.pk)}
    assert len(rows["item"]) == 6


def test_consent_that_was_withdrawn_takes_the_answers_out_again(
    empty_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consented, "REAL_ANSWERS", 5)
    changed, steady = make_student("changed", consents=True), make_student("steady", consents=True)
    answer(empty_site, students=[changed, steady], each=6, seed=2)
    Consent.objects.create(student=changed, purpose="fine_tuning", given=False, decided_at=LATER)

    assert set(write(tmp_path / "snapshot")["student"]) == {pseudonyms.student_hash(steady.pk)}


def test_simulated_answers_are_used_only_until_there_are_enough_real_ones(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(site, students=[make_student("real", consents=True)], each=6, seed=2)
    assert set(write(tmp_path / "demo")["simulated"]) == {True, False}

    monkeypatch.setattr(consented, "REAL_ANSWERS", 6)
    assert set(write(tmp_path / "school")["simulated"]) == {False}


def test_nothing_in_the_folder_names_a_student(site: Site, tmp_path: Path) -> None:
    rows = write(tmp_path / "snapshot")

    assert len(set(rows["student"])) == len(site.students)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "snapshot").iterdir())
    assert not any(student.username.encode() in everything for student in site.students)
    assert all(len(name) == 32 for name in rows["student"])


def test_classes_are_hashed_and_only_those_of_students_who_are_in_the_folder(site: Site, tmp_path: Path) -> None:
    seven, empty = (
        Classroom.objects.create(name=f"Class {code}", course=site.course, join_code=code) for code in ("7a", "9z")
    )
    silent = make_student("silent", consents=False)
    for student in (*site.students[:3], silent):
        Enrolment.objects.create(classroom=seven, student=student)
    Enrolment.objects.create(classroom=empty, student=silent)

    write(tmp_path / "snapshot")

    rows = pq.read_table(tmp_path / "snapshot" / "classes.parquet").to_pydict()
    assert set(rows["class"]) == {pseudonyms.class_hash(seven.pk)}
    assert rows["student"] == [pseudonyms.student_hash(student.pk) for student in site.students[:3]]
    assert set(rows["course"]) == {str(site.course.pk)}
    languages = pq.read_table(tmp_path / "snapshot" / "courses.parquet").to_pydict()
    assert languages == {"course": [str(site.course.pk)], "language": ["en"]}


def test_another_secret_gives_other_names(site: Site, settings: Any) -> None:
    before = pseudonyms.student_hash(1)
    settings.SECRET_KEY = "another secret"
    assert pseudonyms.student_hash(1) != before


def test_the_core_reads_what_was_written(site: Site, tmp_path: Path) -> None:
    write(tmp_path / "snapshot")

    snapshot = dataset.read_snapshot(tmp_path / "snapshot")

    assert len(snapshot.answers) == 20 * 40
    assert len(snapshot.steps.items) == len(site.steps)
    assert snapshot.steps.concepts == tuple(sorted(str(concept.pk) for concept in site.concepts))
    assert len(snapshot.steps.requires) == len(site.concepts) - 1


def test_each_students_answers_are_numbered_in_order_across_portions(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PORTION", 7)

    rows = write(tmp_path / "snapshot")

    by_student: dict[str, list[tuple[int, float]]] = {}
    for student, index, at in zip(rows["student"], rows["index"], rows["timestamp"], strict=True):
        by_student.setdefault(student, []).append((index, at))
    for numbered in by_student.values():
        assert [index for index, _ in numbered] == list(range(40))
        assert [at for _, at in numbered] == sorted(at for _, at in numbered)


def test_the_manifest_counts_and_the_hashes_hold(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    rows = write(folder)
    manifest = json.loads((folder / "manifest.json").read_text())

    assert manifest["cutoff"] == LATER.isoformat()
    assert (manifest["students"], manifest["answers"]) == (20, 800)
    assert manifest["labels"] == sum(rows["label"])
    assert manifest["sha256"] == {f"{name}.parquet": file_hash(folder / f"{name}.parquet") for name in TABLES}


def test_a_label_is_a_first_try_without_a_hint(site: Site, tmp_path: Path) -> None:
    rows = write(tmp_path / "snapshot")
    for label, hints, number in zip(rows["label"], rows["hints"], rows["try_number"], strict=True):
        assert label == (number == 1 and hints == 0)


def test_answers_after_the_cut_off_are_left_out(site: Site, tmp_path: Path) -> None:
    rows = write(tmp_path / "snapshot", now=NOW + timedelta(minutes=9))
    assert len(rows["item"]) == 20 * 10


def test_the_number_of_queries_does_not_grow_with_the_answers(empty_site: Site, tmp_path: Path) -> None:
    counts = []
    for round_of_answers in range(2):
        answer(empty_site, students=empty_site.students, each=30, seed=round_of_answers)
        with CaptureQueriesContext(connection) as queries:
            write(tmp_path / str(round_of_answers))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_new_answers_are_those_after_the_last_one_seen(site: Site) -> None:
    newest = answer(site, students=site.students[:1], each=3, seed=9)[0].pk
    assert consented.count(after=newest) == 2
