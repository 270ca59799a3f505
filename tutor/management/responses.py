"""Answers that simulated students type: the right one as the key writes it, or a likely wrong one."""

from collections.abc import Iterator
from random import Random

from content import grading
from content.grading import Response
from content.package import Step


def likely(step: Step, *, right: bool, rng: Random) -> Iterator[Response]:
    """Answers to try one after the other, until one can be read. Wrong ones are recognised ones first."""
    if right:
        yield grading.right_response(step.answer)
        return
    recognised = [one.response if isinstance(one.response, str) else list(one.response) for one in step.wrong_answers]
    rng.shuffle(recognised)
    if recognised and rng.random() < 0.7:  # most errors are known ones, not all
        yield from recognised
    yield from grading.guesses(step.answer, rng)
    yield from recognised
