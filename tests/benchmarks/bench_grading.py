"""How the grading of mathematics does: against the library math-verify on the corpus, and in its slowest case.

    python -m tests.benchmarks.bench_grading verdicts          a table: who is right where, and how long it takes
    python -m tests.benchmarks.bench_grading slowest [SECONDS] searches for the answer that takes longest

math-verify is given each key and response between dollars, as its documentation asks, and the bare response too where
that is not read; nothing read counts as refused. It knows neither forms nor domains nor units: these topics are in
the table, and left out of the line «values alone».
"""

import json
import logging
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress

from content import grading, mathematics
from content.mathematics import factors, normal_forms, numerics
from tests.content.corpus import Case, cases, verdict
from tests.content.corpus.hostile import GROWTHS, HOSTILE, KEYS

BEYOND = ("forms", "domains", "quantities", "refused", "spellings")  # topics that are about more than values


WORDS = ("median", "mean", "99 in 100 under", "longest")


def tell(line: str = "") -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")


def verdicts() -> None:
    """Print the table of verdicts, as Markdown."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    ours, theirs = [], []
    for case in cases():
        began = time.process_time()
        mine = verdict(case) == case.verdict
        between = time.process_time()
        other = by_library(case) == case.verdict
        ours.append(between - began)
        theirs.append(time.process_time() - between)
        for topic in (case.topic, "all", *(() if case.topic in BEYOND else ("values alone",))):
            rows[topic].update({"cases": 1, "ours": mine, "theirs": other, "neither": not mine and not other})
            rows[topic].update({"only ours": mine and not other, "only theirs": other and not mine})
    columns = ("cases", "ours", "theirs", "only ours", "only theirs", "neither")
    tell(f"| topic | {' | '.join(columns)} |\n| --- |{' --: |' * len(columns)}")
    for topic, found in sorted(rows.items(), key=lambda row: (row[0] in ("values alone", "all"), row[0])):
        tell(f"| {topic} | {' | '.join(str(found[column]) for column in columns)} |")
    tell()
    for name, times in (("ours", ours), ("math-verify", theirs)):
        times.sort()
        middle, late = times[len(times) // 2], times[int(0.99 * len(times))]
        figures = (middle, statistics.mean(times), late, times[-1])
        told = " ms, ".join(f"{word} {1000 * each:.1f}" for word, each in zip(WORDS, figures, strict=True))
        tell(f"{name}: {told} ms")


def by_library(case: Case) -> str:
    """The verdict of math-verify."""
    import math_verify  # type: ignore[import-untyped]

    shown = grading.right_answer(case.key) if isinstance(case.key, dict) and "value" not in case.key else ""
    key = case.key.get("value") if isinstance(case.key, dict) else case.key
    gold = math_verify.parse(shown or f"${key}$", parsing_timeout=5)
    tried = [math_verify.parse(text, parsing_timeout=5) for text in (f"${case.response}$", case.response)]
    if not gold or not any(tried):
        return "refused"
    same = any(math_verify.verify(gold, answer, timeout_seconds=5) for answer in tried if answer)
    return "right" if same else "wrong"


def slowest(seconds: float) -> None:
    """Print the slowest answers found in so much time: those of HOSTILE, and what grows from them at random."""
    rng = random.Random(4)
    unit = calibrated()
    found = [(time_of(text) / unit, text) for text in HOSTILE]
    until = time.perf_counter() + seconds
    tried = len(found)
    while time.perf_counter() < until:
        found = sorted(found, reverse=True)[:40]
        text = rng.choice(found)[1] if rng.random() < 0.8 else rng.choice(HOSTILE)
        for _ in range(rng.randint(1, 3)):
            text = rng.choice(GROWTHS)(text, rng)
        if len(text) <= 500 and all(text != known for _, known in found):
            found.append((time_of(text) / unit, text))
            tried += 1
    tell(f"{tried} answers, each to {len(KEYS)} keys; a unit is {1000 * unit:.1f} ms here")
    for ratio, text in sorted(found, reverse=True)[:10]:
        tell(
            json.dumps({"units": round(ratio, 2), "ms": round(1000 * ratio * unit), "answer": text}, ensure_ascii=False)
        )


def calibrated() -> float:
    """How long a fixed piece of the same kind of work takes on this machine: a product of two polynomials of SymPy."""
    import sympy

    x = sympy.Symbol("x")
    one = sympy.Poly([*range(1, 60)], x, domain="QQ")
    began = time.process_time()
    for _ in range(10):
        one * one
    return (time.process_time() - began) / 10


def time_of(text: str) -> float:
    """The longest time that the answer takes for one of the keys, read and compared afresh."""
    return max(timed(key, text) for key in KEYS)


def timed(key: str, text: str) -> float:
    parsed = grading.parse_key({"kind": "expression", "value": key})
    for cached in forgotten():
        cached()
    began = time.process_time()
    with suppress(grading.Unreadable, mathematics.OutOfBounds):
        grading.grade(parsed, text)
        mathematics.same_solutions(mathematics.parse(key), mathematics.parse(text))
    return time.process_time() - began


def forgotten() -> Iterator[Callable[[], None]]:
    """What empties the caches."""
    for module in (normal_forms, numerics, factors):
        for part in vars(module).values():
            if hasattr(part, "cache_clear"):
                yield part.cache_clear


if __name__ == "__main__":
    logging.disable()
    if sys.argv[1:2] == ["verdicts"]:
        verdicts()
    else:
        slowest(float(sys.argv[2]) if sys.argv[2:] else 60)
