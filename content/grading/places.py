"""Several places that are judged one by one and come to one grade: gaps, cells, entries, pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

from content.grading.grades import Grade, Reason, Response, partial, right, wrong
from content.package import WrongAnswer


@dataclass(frozen=True, kw_only=True)
class Place:
    """What one place came to. form: what a right value lacks (Grade.details of a FORM), empty where nothing."""

    correct: bool
    form: str = ""
    weight: float = 1.0


def judged(places: Sequence[Place], read_as: str, *, part: str, wrong_answer: int | None = None) -> Grade:
    """The grade of all places; part: what one is called (tutor/feedback has the words)."""
    if all(place.correct for place in places):
        return right(read_as)
    if all(place.correct or place.form for place in places):
        number = next(number for number, place in enumerate(places, 1) if not place.correct)
        return partial(Reason.FORM, read_as, form=places[number - 1].form, place=str(number))
    if wrong_answer is not None:
        return wrong(read_as, wrong_answer=wrong_answer)
    score = sum(place.weight for place in places if place.correct) / sum(place.weight for place in places)
    return partial(
        Reason.PARTS,
        read_as,
        score=min(score, 0.99),
        part=part,
        right=str(sum(place.correct for place in places)),
        total=str(len(places)),
        wrong=" ".join(str(number) for number, place in enumerate(places, 1) if not place.correct),
    )


def same_texts(wrong_answers: Sequence[WrongAnswer], response: Response) -> int | None:
    """The index of the foreseen wrong answer with the same texts, spaces aside; an empty one stands for any text."""
    given = [response] if isinstance(response, str) else response
    for index, foreseen in enumerate(wrong_answers):
        expected = [foreseen.response] if isinstance(foreseen.response, str) else list(foreseen.response)
        if len(expected) != len(given) or not any(expected):
            continue
        pairs = zip(expected, given, strict=True)
        if all(not one or "".join(one.split()) == "".join(other.split()) for one, other in pairs):
            return index
    return None
