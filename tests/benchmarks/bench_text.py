"""What the texts of exercises are worth: whether they find exercises alike, and foretell difficulty and success.

    python tests/benchmarks/bench_text.py neighbours BOOK.zip …
    python tests/benchmarks/bench_text.py difficulty TRACING_FOLDER TEXT_FOLDER
    python tests/benchmarks/bench_text.py answers TRACING_FOLDER

neighbours: of the nearest texts in a course (not of the same exercise), the share that shares a skill, beside chance;
time and memory of embedding it. difficulty: each item or concept is held out and its logit foretold from the others'
texts; beside it the same with the texts dealt out at random. answers: test students' first answers to concepts of
ASSISTments 2009, told apart by the concepts' names. Each prints one JSON object a line.
"""

import gzip
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutor.settings")

import django
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from content import formats
from training import texts
from training.dataset import Floats
from training.encoder import PACKAGED, Encoder

NEAREST, DEALS, FOLDS, LEAST_ANSWERS = 5, 3, 10, 10
ANSWERED_PRIOR = 5.0  # answers as expected that a student's record starts with


def show(**figures: Any) -> None:
    """One line of figures."""
    rounded = {
        name: np.round(value, 4).tolist() if not isinstance(value, str) else value for name, value in figures.items()
    }
    print(json.dumps(rounded, ensure_ascii=False), flush=True)  # noqa: T201


def centred(vectors: Sequence[Floats | None]) -> Floats:
    return texts.centred(vectors, np.zeros(len(vectors), np.int32))


def neighbours(book: Path) -> None:
    """Whether the nearest texts share a skill, by what is read of a text."""
    django.setup()
    from training import embeddings  # needs the settings, for its tables

    loaded = formats.load(book, format_name="").package
    start = time.process_time()
    read = [text for exercise in loaded.exercises for text in embeddings.texts_of(exercise)]
    show(book=book.stem, steps=len(read), reading_cpu_seconds=time.process_time() - start)
    skills = [set(step.concepts) for exercise in loaded.exercises for step in exercise.steps]
    exercise_of = np.repeat(np.arange(len(loaded.exercises)), [len(exercise.steps) for exercise in loaded.exercises])
    apart = exercise_of[:, None] != exercise_of[None, :]
    shared = np.array([[bool(a & b) for b in skills] for a in skills])
    encoder = Encoder(PACKAGED)
    start = time.process_time()
    both = embeddings.encode(encoder, read)
    seconds = time.process_time() - start
    show(book=book.stem, embedding_cpu_seconds=seconds, texts_per_cpu_second=2 * len(read) / seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    readings = {
        "with formulas": encoder.encode([text.whole for text in read]),
        "words alone": encoder.encode([text.words for text in read]),
        "mean of both": both,
    }
    for name, vectors in readings.items():
        there = centred(vectors)
        alike = np.where(apart, there @ there.T, -np.inf)
        nearest = np.argsort(-alike, axis=1)[:, :NEAREST]
        found = np.take_along_axis(shared, nearest, 1)
        distinct = len({np.round(row, 3).tobytes() for row in there})
        show(reading=name, nearest=float(found[:, 0].mean()), nearest_five=float(found.mean()), distinct=distinct)
    show(chance=float(shared[apart].mean()), peak_mb=peak)


def difficulty(tracing: Path, written: Path) -> None:
    """How well texts foretell the logit of what nobody has answered, one left out at a time."""
    encoder = Encoder(PACKAGED)
    for name, said, right, tries in _answered(tracing, written):
        often = tries >= LEAST_ANSWERS
        vectors = encoder.encode([text for text, kept in zip(said, often, strict=True) if kept])
        _leave_one_out(name, centred(vectors), right[often], tries[often])
    _fractions_with_concepts(tracing, encoder)


def _answered(tracing: Path, written: Path) -> Iterator[tuple[str, list[str], Floats, Floats]]:
    names = pd.read_csv(tracing / "assist2009_concepts.csv").set_index("concept").name
    table = pd.read_parquet(tracing / "assist2009.parquet", columns=["concepts", "correct"])
    table = table.assign(concept=table.concepts.str.split(";")).explode("concept")
    by = (
        table.groupby(table.concept.astype(int))
        .correct.agg(["sum", "count"])
        .loc[lambda rows: rows.index.isin(names.index)]
    )
    yield "assist2009, concepts by name", list(names[by.index]), by["sum"].to_numpy(), by["count"].to_numpy()
    said = pd.read_csv(tracing / "frcsub_items.csv").set_index("item").concept_text
    by = pd.read_parquet(tracing / "frcsub.parquet").groupby("item").correct.agg(["sum", "count"])
    yield "frcsub, items by their skills in words", list(said[by.index]), by["sum"].to_numpy(), by["count"].to_numpy()
    rows = pd.DataFrame(
        [*_lines(written / "sciEntsBank_train.jsonl.gz"), *_lines(written / "sciEntsBank_test_ua.jsonl.gz")]
    )
    rows["right"] = rows.label_2way == "correct"
    by = rows.groupby("qid").agg(said=("question", "first"), right=("right", "sum"), tries=("right", "size"))
    yield "SciEntsBank, questions", list(by.said), by.right.to_numpy(), by.tries.to_numpy()
    rows = pd.DataFrame(list(_lines(written / "mohler.jsonl.gz")))
    rows["right"] = rows.score / rows.max_score
    by = rows.groupby("qid").agg(said=("question", "first"), right=("right", "sum"), tries=("right", "size"))
    yield "Mohler, questions", list(by.said), by.right.to_numpy(), by.tries.to_numpy()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def _logit(p: Any) -> Any:
    return np.log(p / (1 - p))


def _leave_one_out(name: str, there: Floats, right: Any, tries: Any) -> None:
    """Beside the mean of the others; the texts as they are, and dealt out at random."""
    truth = _logit((right + 1) / (tries + 2))
    means = np.array([np.delete(truth, place).mean() for place in range(len(truth))])
    error = float(np.sqrt(np.mean((truth - means) ** 2)))
    foretold = means + _shifts(there, right, tries, 1 / (1 + np.exp(-means[:, None].repeat(len(truth), 1))))
    found = float(np.sqrt(np.mean((truth - foretold) ** 2)))
    rng = np.random.default_rng(0)
    dealt = []
    for _ in range(DEALS):
        order = rng.permutation(len(truth))
        other = means + _shifts(there[order], right, tries, 1 / (1 + np.exp(-means[:, None].repeat(len(truth), 1))))
        dealt.append(float(1 - np.mean((truth - other) ** 2) / error**2))
    show(
        set=name, held_out=len(truth), rmse_mean=error, rmse_text=found, r2=1 - (found / error) ** 2, r2_at_random=dealt
    )


def _shifts(there: Floats, right: Any, tries: Any, priors: Any) -> Any:
    """What each item's prior is moved by when its own answers are not there; `priors` [held out, items]."""
    found = np.zeros(len(tries))
    for place in range(len(tries)):
        seen = np.where(np.arange(len(tries)) == place, 0, 1.0)
        courses = np.zeros(len(tries), np.int32)
        shift = texts.prior_shift(there, courses, tries=tries * seen, right=right * seen, prior=priors[place])
        found[place] = shift[place]
    return found


def _fractions_with_concepts(tracing: Path, encoder: Encoder) -> None:
    """frcsub once more, beside the rates of the items' concepts, which hold what the texts hold."""
    table = pd.read_parquet(tracing / "frcsub.parquet")
    by = table.groupby("item").agg(right=("correct", "sum"), tries=("correct", "size"), concepts=("concepts", "first"))
    members = [set(text.split(";")) for text in by.concepts]
    right, tries = by.right.to_numpy(), by.tries.to_numpy()
    truth = _logit((right + 1) / (tries + 2))
    priors = np.array([_concept_priors(members, right, tries, out=place) for place in range(len(truth))])
    said = pd.read_csv(tracing / "frcsub_items.csv").set_index("item").concept_text
    there = centred(encoder.encode(list(said[by.index])))
    means = _logit(np.diagonal(priors))
    foretold = means + _shifts(there, right, tries, priors)
    errors = [float(np.sqrt(np.mean((truth - guess) ** 2))) for guess in (means, foretold)]
    show(set="frcsub, beside its concepts' rates", rmse_concepts=errors[0], rmse_text=errors[1])


def _concept_priors(members: list[set[str]], right: Any, tries: Any, *, out: int) -> Any:
    """The mean rate of each item's concepts, without the answers to the item `out`."""
    kept = [place for place in range(len(members)) if place != out]
    overall = right[kept].sum() / tries[kept].sum()
    rates = {
        concept: (sum(right[i] for i in kept if concept in members[i]) + 10 * overall)
        / (sum(tries[i] for i in kept if concept in members[i]) + 10)
        for concept in set().union(*members)
    }
    return np.array([np.mean([rates[concept] for concept in names]) for names in members])


def answers(tracing: Path) -> None:
    """First answers of test students to concepts that are new to them, or to everybody."""
    table = pd.read_parquet(tracing / "assist2009.parquet").sort_values(["student", "index"])
    split = json.loads((tracing / "splits" / "assist2009.json").read_text())
    names = pd.read_csv(tracing / "assist2009_concepts.csv").astype({"concept": str}).set_index("concept").name
    table = table[table.concepts.isin(names.index)]  # one concept, and a named one
    concepts = sorted(table.concepts.unique())
    there = centred(Encoder(PACKAGED).encode(list(names[concepts])))
    table["concept"] = table.concepts.map({concept: place for place, concept in enumerate(concepts)})
    train = table[table.student.astype(str).isin(set(map(str, split["train"])))]
    right = np.bincount(train.concept, weights=train.correct, minlength=len(concepts))
    tries = np.bincount(train.concept, minlength=len(concepts)).astype(float)
    rng = np.random.default_rng(0)
    dealt = there[rng.permutation(len(concepts))]
    mean = right.sum() / tries.sum()
    rate = (right + 10 * mean) / (tries + 10)
    columns = {
        "moved": _moved(there, right, tries, mean, rng),
        "moved_at_random": _moved(dealt, right, tries, mean, rng),
        "rate": _logit(rate),
    }
    tested = set(map(str, split["test"]))
    rows = pd.concat([_first_answers(one, rate, there, dealt) for _, one in table.groupby("student")])
    for name, column in columns.items():
        rows[name] = column[rows.concept]
    here = rows.student.astype(str).isin(tested)
    fitted = rows[rows.student.astype(str).isin(set(map(str, split["train"])))]
    sets = {
        "nobody answered the concept: the student alone": ["record"],
        "… and its difficulty foretold by texts": ["record", "moved"],
        "… and foretold by texts dealt at random": ["record", "moved_at_random"],
        "the concept's true rate is known": ["record", "rate"],
        "… and the record on concepts with texts alike": ["record", "rate", "alike"],
        "… and the record on concepts alike at random": ["record", "rate", "alike_at_random"],
    }
    for name, used in sets.items():
        model = LogisticRegression(C=1e6).fit(fitted[used], fitted.correct)
        p = model.predict_proba(rows[here][used])[:, 1]
        truth = rows[here].correct
        show(known=name, auc=float(roc_auc_score(truth, p)), logloss=float(log_loss(truth, p)), answers=int(here.sum()))


def _moved(there: Floats, right: Any, tries: Any, mean: float, rng: np.random.Generator) -> Any:
    """By how much texts move the prior of each concept when a tenth of the concepts is unknown at a time."""
    found = np.zeros(len(tries))
    fold = rng.permutation(len(tries)) % FOLDS
    for out in range(FOLDS):
        seen = (fold != out).astype(float)
        courses, prior = np.zeros(len(tries), np.int32), np.full(len(tries), mean)
        shift = texts.prior_shift(there, courses, tries=tries * seen, right=right * seen, prior=prior)
        found[fold == out] = shift[fold == out]
    return found


def _first_answers(one: pd.DataFrame, rate: Any, there: Floats, dealt: Floats) -> pd.DataFrame:
    """A student's first answers to each concept but the first one, with what the record says by then."""
    concept, correct = one.concept.to_numpy(), one.correct.to_numpy()
    over = correct - rate[concept]
    first = np.sort(np.unique(concept, return_index=True)[1])
    first = first[first > 0]
    before = np.arange(len(concept))[None, :] < first[:, None]
    columns = {"student": one.student.iloc[0], "concept": concept[first], "correct": correct[first]}
    columns["record"] = (before @ over) / (before.sum(1) + ANSWERED_PRIOR)
    for name, rows in (("alike", there), ("alike_at_random", dealt)):
        weight = np.maximum(rows[concept[first]] @ rows[concept].T, 0) * before
        columns[name] = (weight @ over) / (weight.sum(1) + 1)
    return pd.DataFrame(columns)


if __name__ == "__main__":
    what, *folders = sys.argv[1:]
    if what == "neighbours":
        for path in folders:
            neighbours(Path(path))
    elif what == "difficulty":
        difficulty(Path(folders[0]), Path(folders[1]))
    else:
        answers(Path(folders[0]))
