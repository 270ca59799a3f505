"""How texts enter the tracer: what is expected of a step nobody answered, and a relation to past answers."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from content.models import Step
from students.models import PopulationCount, User
from tests.training.conftest import NOW, Site
from training import asking, dataset, embeddings, export, features, population, serving, texts
from training.dataset import Answers, Snapshot, Steps
from training.histories import as_asked
from training.models import Embedding
from training.population import Population
from training.serving import StepFacts, StudentQuery

ROOT = Path(__file__).resolve().parents[2]

EASY, HARD = np.array([1, 0, 0], np.float32), np.array([0, 1, 0], np.float32)
ITEMS = 40  # the first half with easy texts, the second half with hard ones


def steps_with_texts(vectors: list[np.ndarray | None] | None = None) -> Steps:
    """Items of one concept; the first and the last are answered by nobody."""
    rng = np.random.default_rng(0)
    said = [EASY if item < ITEMS // 2 else HARD for item in range(ITEMS)]
    vectors = vectors or [one + 0.1 * rng.normal(size=3).astype(np.float32) for one in said]
    return dataset.build_steps(
        items=[f"i{item:02}" for item in range(ITEMS)],
        concepts=["c"] * ITEMS,
        kinds=["number"] * ITEMS,
        courses=["1"] * ITEMS,
        texts=texts.centred(vectors, ["1"] * ITEMS),
    )


def record_of(steps: Steps, *, students: int = 50) -> Snapshot:
    """Students who answer all items but the first and the last, most of the easy ones right."""
    rng = np.random.default_rng(1)
    item = np.tile(np.arange(1, ITEMS - 1, dtype=np.int32), students)
    size = len(item)
    correct = rng.random(size) < np.where(item < ITEMS // 2, 0.85, 0.35)
    answers = Answers(
        item, correct, np.ones(size, bool), np.ones(size, np.int32), np.zeros(size, np.int32), np.full(size, np.nan)
    )
    names = tuple(f"s{student}" for student in range(students))
    return Snapshot(names, np.arange(students + 1, dtype=np.int64) * (ITEMS - 2), answers, steps, simulated=False)


def expected_of(steps: Steps, items: list[int]) -> np.ndarray:
    record = record_of(steps)
    others = Population(record, record.answers.label, folds=0).others()
    return features.facts(steps, others.counts, np.array(items, np.int32))[1]


def test_a_step_nobody_answered_is_expected_as_steps_with_texts_like_its_own_are() -> None:
    easy, hard = expected_of(steps_with_texts(), [0, ITEMS - 1])
    assert easy > 0.7
    assert hard < 0.5


def test_without_texts_it_is_expected_as_its_concept_is() -> None:
    steps = replace(steps_with_texts(), texts=np.zeros((ITEMS, 0), np.float32))
    one, other = expected_of(steps, [0, ITEMS - 1])
    assert one == other == pytest.approx(0.6, abs=0.03)


def test_what_texts_tell_does_not_move_a_step_that_many_answered() -> None:
    steps = steps_with_texts()
    bare = replace(steps, texts=np.zeros((ITEMS, 0), np.float32))
    assert expected_of(steps, [5, 30]) == pytest.approx(expected_of(bare, [5, 30]), abs=0.05)


def test_a_share_of_students_is_described_without_what_it_told_of_other_steps() -> None:
    record = record_of(steps_with_texts())
    people = Population(record, record.answers.label, folds=2)
    shifts = [people.others([fold]).counts.item_shift for fold in range(2)]
    hidden = (people.fold == 0)[record.student_of_row]
    turned = replace(record, answers=replace(record.answers, correct=record.answers.correct ^ hidden))
    again = Population(turned, record.answers.label, folds=2)
    assert np.array_equal(again.others([1]).counts.item_shift, shifts[1])
    assert not np.array_equal(again.others([0]).counts.item_shift, shifts[0])


def test_past_answers_to_texts_alike_are_related_and_a_step_without_text_is_to_none() -> None:
    record = record_of(steps_with_texts(), students=1)
    asked = as_asked(record)
    code = features.relations(record.steps, asked, asked, most=ITEMS)
    bare = replace(record.steps, texts=np.zeros((ITEMS, 0), np.float32))
    plain = features.relations(bare, asked, asked, most=ITEMS)
    seen = plain != features.HIDDEN
    more = (code - plain)[seen] // (features.DISTANCES * features.PAUSES)
    same_half = ((record.answers.item < ITEMS // 2)[:, None] == (record.answers.item < ITEMS // 2))[seen]
    assert np.array_equal(more == features.ALIKE, same_half)
    assert set(np.unique(more)) == {0, features.ALIKE}


def test_a_network_that_met_no_texts_looks_at_texts_alike_as_at_others_until_it_learns() -> None:
    layer = serving.Predictor(ROOT / "training" / "base").model.stack[0]
    kin = torch.arange(features.ALIKE) * features.DISTANCES * features.PAUSES
    alike = kin + features.ALIKE * features.DISTANCES * features.PAUSES
    plain, same = (layer.bias(code[None, None]) for code in (kin, alike))
    assert torch.equal(plain, same)
    with torch.no_grad():
        layer.kinship[:, features.ALIKE + 2] += 1.0
    learned = layer.bias(alike[None, None]) - plain
    assert torch.allclose(learned[..., 1 + 2], torch.ones(()))
    assert learned.sum() == layer.heads


@pytest.mark.django_db
def test_serving_knows_of_texts_what_training_knew(site: Site, tmp_path: Path) -> None:
    """The counts of the site are those of the snapshot here: all students are in both."""
    rng = np.random.default_rng(2)
    rows = list(Step.objects.order_by("pk"))
    Embedding.objects.bulk_create(
        Embedding(step=step, encoder="x", text_hash="x", vector=rng.normal(size=8), made_at=NOW) for step in rows
    )
    export.write_snapshot(tmp_path / "snapshot", objective="tracing", now=NOW + timedelta(days=1))
    record = dataset.read_snapshot(tmp_path / "snapshot")
    counts = Population(record, record.answers.label, folds=0).others().counts
    _count_as(record, counts)

    question = asking.about(
        User.objects.create(username="new").pk, course_id=site.course.pk, step_ids=[step.pk for step in rows], now=NOW
    )

    assert np.abs(counts.item_shift).max() > 0
    for place, item in enumerate(record.steps.items):
        facts = question.query.steps[item]
        assert facts.text is not None
        assert np.allclose(facts.text, record.steps.texts[place], atol=1e-3)
        assert facts.shift == pytest.approx(counts.item_shift[place], abs=1e-3)


def _count_as(record: Snapshot, counts: population.Counts) -> None:
    PopulationCount.objects.all().delete()
    for names, tries, right, key in (
        (record.steps.items, counts.item_tries, counts.item_right, "step_id"),
        (record.steps.concepts, counts.concept_tries, counts.concept_right, "concept_id"),
    ):
        PopulationCount.objects.bulk_create(
            PopulationCount(tries=int(tries[i]), right=int(right[i]), **{key: int(name)})
            for i, name in enumerate(names)
        )


@pytest.mark.django_db
def test_embeddings_that_came_later_are_seen_by_a_process_that_knew_the_course(site: Site) -> None:
    student, ids = User.objects.create(username="new").pk, [site.steps[0].pk]
    before = asking.about(student, course_id=site.course.pk, step_ids=ids, now=NOW).query
    assert before.steps[str(ids[0])].text is None
    embeddings.embed(now=NOW)
    Embedding.objects.update(vector=[1.0, 0.0])
    Embedding.objects.filter(step_id=ids[0]).update(vector=[0.0, 1.0])
    after = asking.about(student, course_id=site.course.pk, step_ids=ids, now=NOW).query
    assert after.steps[str(ids[0])].text is not None


def test_steps_of_no_concept_are_expected_as_their_course_is() -> None:
    steps = dataset.build_steps(items=["a", "b"], concepts=["", ""], kinds=["", ""], courses=["1", "1"])
    counts = population.count(steps, item=np.zeros(100, np.int32), right=np.zeros(100))
    assert features.facts(steps, counts, np.array([1], np.int32))[1] == pytest.approx(0.06, abs=0.02)


def test_a_new_step_is_predicted_harder_where_texts_say_so() -> None:
    steps = {
        name: StepFacts(concepts=("c",), kind="number", course="1", text=np.ones(3, np.float32), shift=shift)
        for name, shift in (("easier", 1.5), ("as usual", 0.0), ("harder", -1.5))
    }
    base = serving.Predictor(ROOT / "training" / "base")
    query = StudentQuery(
        history=[],
        candidates=list(steps),
        steps=steps,
        concept_counts={"c": (200, 130)},
        course_counts={"1": (200, 130)},
    )
    easier, usual, harder = base.predict(query).probabilities
    assert easier > usual + 0.02 > harder + 0.04
