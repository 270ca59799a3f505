"""Pretraining: the base that ships, from simulated students, public logs or both.

Reads: logs as the benchmark reads them, if any are named. Writes: a bundle folder.

    python -m training.pretrain --out training/base [--log DATA.parquet ...] [--no-simulated] [--leave-out NAME]

A base knows no item and no concept: it has neither residual vectors nor contexts of its own.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training import benchmark, dataset, finetune, population, simulation
from training.bundle import write_bundle
from training.config import FinetuneConfig
from training.dataset import Answers, Snapshot
from training.team import Team

ANSWERS = 3_000_000  # simulated
COURSES = 300
VALID = 0.05  # share of the students by whom it is seen when to stop
CONFIG = FinetuneConfig(residuals=False, thin=True, row_epochs=4, epochs=1, dropout=0.2, batch_size=8192)


def joined(records: Iterable[Snapshot]) -> Snapshot:
    """Records as one; their ids are told apart by their place."""
    columns: dict[str, list[str]] = {name: [] for name in ("items", "concepts", "kinds", "courses")}
    requires: list[tuple[str, str]] = []
    students: list[str] = []
    offsets, parts, simulated = [np.zeros(1, np.int64)], [], False
    for place, record in enumerate(records):
        steps = record.steps
        names = [f"{place}/{name}" for name in steps.concepts]
        sets = [";".join(names[i] for i in row if i >= 0) for row in steps.set_concepts.tolist()]
        shift = len(columns["items"])
        columns["items"] += [f"{place}/{name}" for name in steps.items]
        columns["concepts"] += [sets[i] for i in steps.item_set]
        columns["kinds"] += [dataset.KINDS[i] for i in steps.item_kind]
        columns["courses"] += [f"{place}/{steps.courses[i]}" for i in steps.item_course]
        requires += [(names[a], names[b]) for a, b in steps.requires.tolist()]
        students += [f"{place}/{name}" for name in record.students]
        offsets.append(record.offsets[1:] + offsets[-1][-1])
        parts.append(replace(record.answers, item=record.answers.item + np.int32(shift)))
        simulated |= record.simulated
    answers = Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in Answers.__annotations__))
    made = dataset.build_steps(
        items=columns["items"],
        concepts=columns["concepts"],
        kinds=columns["kinds"],
        courses=columns["courses"],
        requires=requires,
    )
    return Snapshot(tuple(students), np.concatenate(offsets), answers, made, simulated)


def pretrain(*, out: Path, logs: Sequence[Path], simulated: int, courses: int, config: FinetuneConfig) -> Path:
    """Train a base on `simulated` answers and on logs, and return its folder. Raises TrainingFailed."""
    with tempfile.TemporaryDirectory() as folder:
        records = [benchmark.read_answers(log) for log in logs]
        if simulated:
            made = Path(folder) / "simulated"
            simulation.write_corpus(made, answers=simulated, courses=courses, seed=config.seed)
            records.append(dataset.read_snapshot(made))
        if not records:
            raise finetune.TrainingFailed("nothing to train on: neither a log nor simulated students")
        record = joined(records)
    chance = np.random.default_rng(config.seed).random(len(record.students))
    valid = {name for name, draw in zip(record.students, chance, strict=True) if draw < VALID}
    split = dataset.split_by_student(record, valid=valid, test=set())
    trained = finetune.train(record, split, out=None, base=None, config=config, progress=finetune.show)
    contexts, usual = population.nobody()
    sets = (*(log.stem for log in logs), *(("simulated",) if simulated else ()))
    others = replace(trained.others, contexts=contexts, usual=usual)
    trained = replace(trained, others=others, sets=sets)
    if Team.join().first:
        write_bundle(out, trained, snapshot=record, split=split, config=config, base=None)
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 2 where it fails. The last line printed is JSON."""
    parser = argparse.ArgumentParser(prog="python -m training.pretrain", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the base")
    parser.add_argument("--log", type=Path, action="append", default=[], help="a public log to learn from, too")
    parser.add_argument("--leave-out", default="", help="name of a log that must not be learned from")
    parser.add_argument("--answers", type=int, default=ANSWERS, help="of simulated students; 0 for none")
    parser.add_argument("--courses", type=int, default=COURSES, help="that these take")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    team = Team.join()
    logs = [log for log in given.log if log.stem != given.leave_out]
    try:
        made = pretrain(
            out=given.out,
            logs=logs,
            simulated=given.answers,
            courses=given.courses,
            config=replace(CONFIG, seed=given.seed),
        )
    except (OSError, ValueError, finetune.TrainingFailed) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    team.leave()
    if team.first:
        report = json.loads((made / "report.json").read_text(encoding="utf-8"))
        print(json.dumps({"bundle": str(made), **{name: report[name] for name in ("trained_on", "history")}}))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
