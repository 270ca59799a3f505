"""What a prediction takes in the worker, by length of history and number of candidates, with the base that ships.

    python -m tests.benchmarks.bench_serving [--repeats 9] [--plot docs/images/serving.svg]

One simulated student, one thread, database not included. Prints a table of medians in ms and, as its last line,
JSON; with --plot also draws them.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median

import torch

from training import simulation
from training.serving import PastAnswer, Predictor, StepFacts, StudentQuery

BASE = Path(__file__).resolve().parents[2] / "training" / "base"
HISTORIES = (0, 125, 250, 500, 1000, 2000)
CANDIDATES = (1, 125, 250, 500, 1000)
CONCEPTS, ITEMS = 60, 1000


def query(*, history: int, candidates: int) -> StudentQuery:
    """A student who gave so many answers in a simulated course, asked about so many of its steps."""
    course = simulation.draw_course(concepts=CONCEPTS, items=ITEMS, seed=1)
    steps = {name: StepFacts(concepts=concepts, course=course.name) for name, concepts in course.steps.items()}
    names = list(steps)
    student = simulation.draw_students(1, seed=1)[0]
    past, now = [], simulation.FIRST_DAY
    for place in range(history):
        name = names[(place * 7) % (ITEMS // 3)]
        answer = student.respond(
            item=name,
            concepts=course.steps[name],
            difficulty=course.difficulties[name],
            requires=course.requires,
            at=now,
        )
        past.append(PastAnswer(step=name, correct=answer.correct, label=not answer.hints, seconds=now))
        now += 60
    return StudentQuery(
        history=past,
        candidates=names[:candidates],
        steps=steps,
        concepts=sorted({concept for answer in past for concept in steps[answer.step].concepts}),
        item_counts=dict.fromkeys(steps, (50, 33)),
        concept_counts=dict.fromkeys(course.requires, (800, 530)),
        now=now,
    )


def milliseconds(predictor: Predictor, asked: StudentQuery, *, repeats: int) -> float:
    """The median of some runs."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        predictor.predict(asked)
        took.append(1000 * (time.perf_counter() - began))
    return round(median(took), 1)


def plot(found: dict[int, dict[int, float]]) -> str:
    """Time by history, a line for each number of candidates, as SVG."""
    width, height, edge = 640, 360, 50
    top = max(max(row.values()) for row in found.values())
    lines = []
    for number in CANDIDATES:
        points = [
            (edge + history / max(HISTORIES) * (width - 2 * edge), height - edge - took[number] / top * (height - 90))
            for history, took in found.items()
        ]
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        x, y = points[-1]
        lines.append(f'<polyline points="{path}" fill="none" stroke="#2563eb" stroke-width="2"/>')
        lines.append(f'<text x="{x + 4:.0f}" y="{y + 4:.0f}">{number}</text>')
    ticks = "".join(
        f'<text x="{edge + history / max(HISTORIES) * (width - 2 * edge):.0f}" y="{height - 30}" '
        f'text-anchor="middle">{history}</text>'
        for history in HISTORIES
        if history != 125
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="#555"><title>Milliseconds a prediction, by history and candidates</title>'
        f'<line x1="{edge}" y1="{height - edge}" x2="{width - edge}" y2="{height - edge}" stroke="#999"/>'
        f'<line x1="{edge}" y1="{height - edge}" x2="{edge}" y2="30" stroke="#999"/>{"".join(lines)}{ticks}'
        f'<text x="{edge - 6}" y="44" text-anchor="end">{top:.0f}</text>'
        f'<text x="{edge}" y="22">ms</text><text x="{width - 10}" y="22" text-anchor="end">candidates</text>'
        f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">answers of the student before</text></svg>\n'
    )


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor(BASE)
    found = {
        history: {
            number: milliseconds(predictor, query(history=history, candidates=number), repeats=given.repeats)
            for number in CANDIDATES
        }
        for history in HISTORIES
    }
    print("| history | " + " | ".join(f"{number} candidates" for number in CANDIDATES) + " |")  # noqa: T201
    for history, took in found.items():
        print(f"| {history} | " + " | ".join(map(str, took.values())) + " |")  # noqa: T201
    if given.plot:
        given.plot.write_text(plot(found), encoding="utf-8")
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
