"""Which past answers mattered: how faithful leaving one out is, beside the attention's weights and chance.

    python -m tests.benchmarks.bench_evidence DATA.parquet [--moments 300] [--row-epochs 10]

Trains a tracer on the train part of a public set (its split is splits/NAME.json beside it). At moments of test students
the mastery of a concept is asked, each method names as many past answers as leaving one out does, and mastery is asked
again of a student who never gave them: the more it moves, the better they were named. Prints one JSON object: mean and
median move in log odds by method, over the moments where the concept had been answered at least six times; and the AUC
of the part of the network that gives mastery beside that of the whole.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from training import batches, benchmark, features, finetune, population, scores, serving
from training.batches import Material
from training.bundle import Trained, write_bundle
from training.config import FinetuneConfig
from training.dataset import Floats, Snapshot, Split

LEAST = 6  # earlier answers on the concept
LONGEST = 300  # answers of a history


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--moments", type=int, default=300)
    parser.add_argument("--row-epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    record = benchmark.read_answers(given.data)
    parts = benchmark.read_split(given.data.parent / "splits" / f"{given.data.stem}.json", record)
    config = FinetuneConfig(row_epochs=given.row_epochs, epochs=1, seed=given.seed)
    trained = finetune.train(record, parts, out=None, base=None, config=config, progress=finetune.show)
    with tempfile.TemporaryDirectory() as folder:
        made = write_bundle(Path(folder) / "bundle", trained, snapshot=record, split=parts, config=config, base=None)
        predictor = serving.Predictor(made)
        rng = np.random.default_rng(given.seed)
        moves: dict[str, list[float]] = {"leaving one out": [], "attention": [], "chance": []}
        for query, concept in moments(record, parts, number=given.moments, rng=rng):
            before = mastery(predictor, query, concept)
            on_concept = [i for i, answer in enumerate(query.history) if concept in query.steps[answer.step].concepts]
            evidence = predictor.predict(query).evidence.get(concept, ())
            named = {
                "leaving one out": [one.place for one in evidence],
                "attention": attended(predictor, query, number=len(evidence)),
                "chance": rng.choice(on_concept[-LEAST:], len(evidence), replace=False).tolist(),
            }
            if not evidence:
                continue
            for method, places in named.items():
                kept = [answer for i, answer in enumerate(query.history) if i not in places]
                moves[method].append(abs(mastery(predictor, replace(query, history=kept), concept) - before))
    found = {
        method: {"mean": round(float(np.mean(some)), 4), "median": round(float(np.median(some)), 4)}
        for method, some in moves.items()
    }
    print(json.dumps({"moments": len(moves["chance"]), **found, "auc": cost(trained, record, parts)}))  # noqa: T201


def cost(trained: Trained, record: Snapshot, parts: Split) -> dict[str, float | None]:
    """AUC on the test students of the whole network, of its trunk, and of the part that gives mastery."""
    described = benchmark.describe(record, counted=parts.train | parts.valid, asked=parts.test)
    material = Material(record, table=trained.table, described=described, predicted=parts.test)
    with torch.inference_mode():
        scaled = trained.model.scaled(torch.from_numpy(described[parts.test]))
        p = {
            "whole": batches.predict(trained.model, trained.table, material)[parts.test],
            "trunk": batches.expect(trained.model, trained.table, material)[parts.test],
            "mastery": trained.model.mastery(scaled).numpy(),
        }
    return {name: scores.auc(record.answers.correct[parts.test], some) for name, some in p.items()}


def moments(
    record: Snapshot, parts: Split, *, number: int, rng: np.random.Generator
) -> list[tuple[serving.StudentQuery, str]]:
    """Moments of test students, each as a query about a concept that the student had answered some times."""
    steps = record.steps
    names = [tuple(steps.concepts[i] for i in row if i >= 0) for row in steps.set_concepts[steps.item_set].tolist()]
    described = {item: serving.StepFacts(concepts=names[i]) for i, item in enumerate(steps.items)}
    counts = population.Population(record, parts.counted, folds=0).others().counts
    found: list[tuple[serving.StudentQuery, str]] = []
    for row in rng.permutation(np.flatnonzero(parts.test)).tolist():
        start = max(int(record.offsets[record.student_of_row[row]]), row - LONGEST)
        concepts = names[record.answers.item[row]]
        earlier = [names[item] for item in record.answers.item[start:row]]
        if not concepts or sum(concepts[0] in one for one in earlier) < LEAST:
            continue
        history = [
            serving.PastAnswer(step=steps.items[item], correct=bool(correct), label=True)
            for item, correct in zip(record.answers.item[start:row], record.answers.correct[start:row], strict=True)
        ]
        query = serving.StudentQuery(
            history=history,
            candidates=[steps.items[record.answers.item[row]]],
            steps=described,
            concepts=[concepts[0]],
            item_counts=pairs(steps.items, counts.item_tries, counts.item_right),
            concept_counts=pairs(steps.concepts, counts.concept_tries, counts.concept_right),
            course_counts=pairs(steps.courses, counts.course_tries, counts.course_right),
        )
        found.append((query, concepts[0]))
        if len(found) == number:
            break
    return found


def pairs(names: Sequence[str], tries: Floats, right: Floats) -> dict[str, tuple[int, int]]:
    """Counts by name. Test students are in none, so nothing of their own is there to take off."""
    return {name: (int(a), int(b)) for name, a, b in zip(names, tries, right, strict=True)}


def mastery(predictor: serving.Predictor, query: serving.StudentQuery, concept: str) -> float:
    """Log odds of mastery."""
    return float(features.logit(predictor.predict(query).concept_values[concept]))


def attended(predictor: serving.Predictor, query: serving.StudentQuery, *, number: int) -> list[int]:
    """The places of the answers that the asked step attends to most, by the last layer's mean over the heads."""
    seen: list[torch.Tensor] = []
    hook = predictor.model.stack[-1].register_forward_hook(lambda _module, _inputs, outputs: seen.append(outputs[1]))
    predictor.predict(query)
    hook.remove()
    looks = seen[-1].mean(1)[0, 0, 1:]  # the first candidate; past answers, the latest max_history of them
    first = len(query.history) - len(looks)
    return [first + place for place in looks.topk(number).indices.tolist()]


if __name__ == "__main__":
    main()
