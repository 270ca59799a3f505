"""Choices: one right one, or several, of which some may be found."""

from collections.abc import Sequence

from content.grading.grades import Grade, Reason, right, wrong
from content.grading.keys import OneChoiceKey, SeveralChoicesKey
from content.mathematics import Code, Unreadable
from content.package import WrongAnswer


def grade_one_choice(key: OneChoiceKey, response: str, wrong_answers: Sequence[WrongAnswer]) -> Grade:
    """Grade the id of one choice. Raises Unreadable for an id that the step does not have."""
    if response not in key.choices:
        raise Unreadable(Code.UNKNOWN_CHOICE, response)
    if response == key.correct:
        return right(response)
    return wrong(response, wrong_answer=_recognised(wrong_answers, {response}))


def grade_several_choices(
    key: SeveralChoicesKey, response: Sequence[str], wrong_answers: Sequence[WrongAnswer]
) -> Grade:
    """Grade the ids of several choices: each right one counts, each wrong one takes one away. Raises Unreadable."""
    chosen = set(response)
    if unknown := sorted(chosen - set(key.choices)):
        raise Unreadable(Code.UNKNOWN_CHOICE, unknown[0])
    read_as = ", ".join(choice for choice in key.choices if choice in chosen)
    if chosen == key.correct:
        return right(read_as)
    recognised = _recognised(wrong_answers, chosen)
    missing, extra = key.correct - chosen, chosen - key.correct
    score = max(0.0, (len(key.correct & chosen) - len(extra)) / len(key.correct))
    if recognised is not None or not score:
        return wrong(read_as, wrong_answer=recognised)
    details = {"missing": str(len(missing)), "extra": str(len(extra))}
    return Grade(correct=False, score=score, reason=Reason.PARTLY, read_as=read_as, details=details)


def _recognised(wrong_answers: Sequence[WrongAnswer], chosen: set[str]) -> int | None:
    for index, foreseen in enumerate(wrong_answers):
        expected = {foreseen.response} if isinstance(foreseen.response, str) else set(foreseen.response)
        if expected == chosen:
            return index
    return None
