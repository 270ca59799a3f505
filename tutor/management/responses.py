"""Answers that simulated students type: the right one as the key writes it, or a likely wrong one."""

from collections.abc import Iterator
from random import Random

from content.package import Step, StepKind

Response = str | list[str]


def likely(step: Step, *, right: bool, rng: Random) -> Iterator[Response]:
    """Answers to try one after the other, until one can be read. Wrong ones are recognised ones first."""
    if right:
        yield right_response(step)
        return
    recognised = [one.response if isinstance(one.response, str) else list(one.response) for one in step.wrong_answers]
    rng.shuffle(recognised)
    if recognised and rng.random() < 0.7:  # most errors are known ones, not all
        yield from recognised
    yield from _other(step, rng)
    yield from recognised


def right_response(step: Step) -> Response:
    """What the key itself would answer."""
    answer = step.answer
    match answer["kind"]:
        case StepKind.ONE_CHOICE:
            return str(answer["correct"])
        case StepKind.SEVERAL_CHOICES:
            return [str(choice) for choice in answer["correct"]]
        case StepKind.TEXT:
            return str(answer["accept"][0])
        case StepKind.NUMBER if answer.get("unit_required"):
            return f"{answer['value']} {answer['unit']}"
    return str(answer["value"])


def _other(step: Step, rng: Random) -> Iterator[Response]:
    """Wrong answers that nobody foresaw."""
    answer = step.answer
    match answer["kind"]:
        case StepKind.ONE_CHOICE:
            others = [str(choice) for choice in answer["choices"] if choice != answer["correct"]]
            yield from rng.sample(others, len(others))
        case StepKind.SEVERAL_CHOICES:
            choices = [str(choice) for choice in answer["choices"]]
            yield sorted(set(choices) ^ set(rng.sample(choices, 1)) ^ (set(choices) - set(answer["correct"])))
        case StepKind.TEXT:
            yield from ("not sure", "?")
        case _:
            yield str(rng.randint(2, 99))
            yield "0"
