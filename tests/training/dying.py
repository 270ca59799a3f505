"""A process that walks a run and is killed in the middle of it, as by a machine that goes down.

    python -m tests.training.dying RUN MODULE OBJECT.NAME MOMENT [ENDING] [TIME]

The gate is the easy one of the tests. SIGKILL comes before, after or half-way through the call of that name (the
TIME-th one, of those whose first argument ends in ENDING). Half-way through: of a method that writes bytes to a file.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import django


def main(arguments: Sequence[str]) -> None:
    """Walk the run until the call."""
    run, module, name, moment, ending, time = (*arguments, *("", "1")[len(arguments) - 4 :])
    django.setup()
    owner: Any = importlib.import_module(module)
    *path, attribute = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, attribute)
    left = int(time)

    def dying(*given: Any, **named: Any) -> Any:
        nonlocal left
        left -= not ending or str(given[0]).endswith(ending)
        if left:
            return original(*given, **named)
        if moment == "half":
            original(given[0], bytes(given[1])[: len(given[1]) // 2])
        elif moment == "after":
            original(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(owner, attribute, dying)
    pipeline: Any = importlib.import_module("training.pipeline")
    pipeline.GATE = importlib.import_module("tests.training.conftest").EASY_GATE
    pipeline.retrain(run_id=int(run))


if __name__ == "__main__":
    main(sys.argv[1:])
