"""A corpus of simulated courses and students, as a snapshot folder. The same arguments give the same files.

python -m training.simulation OUT --answers 3000000 --courses 60 --seed 1
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.simulation.corpus import write_corpus
from training.snapshot import read_manifest

FEWEST = 200  # answers a course


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 2 where the request makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m training.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the folder to write; replaced if it is there")
    parser.add_argument("--answers", type=int, default=1_000_000, help="answers in all (1000000)")
    parser.add_argument("--courses", type=int, default=20, help="courses they are given in (20)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.courses < 1 or given.answers < FEWEST * given.courses or given.seed < 0:
        print(f"error: a course needs {FEWEST} answers, and a seed is not negative", file=sys.stderr)  # noqa: T201
        return 2
    write_corpus(given.out, answers=given.answers, courses=given.courses, seed=given.seed)
    manifest = read_manifest(given.out)
    print(f"{given.out}: {manifest['answers']} answers of {manifest['students']} students")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
