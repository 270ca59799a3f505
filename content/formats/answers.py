"""Answers as question banks have them, each with what it is worth, to our answer keys and back.

GIFT, Moodle XML and their like say of every answer a share between -1 and 1 and a feedback. Here that becomes a key of
one of our kinds and the wrong answers that are recognised; and the other way round.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from content.formats.naming import mark_of
from content.package import Json, Step, WrongAnswer

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\Z")


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer of the source: a choice in Markdown, or a text or number as it is typed."""

    text: str
    share: Fraction
    feedback: str = ""
    tolerance: Fraction = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of the answers: the key (none: nothing to grade), wrong answers, what is said of right ones."""

    answer: Json | None
    wrong_answers: tuple[WrongAnswer, ...] = ()
    solution: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Making:
    wrong: list[WrongAnswer] = field(default_factory=list)
    solution: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def done(self, answer: Json | None) -> Made:
        return Made(
            answer=answer,
            wrong_answers=tuple(self.wrong),
            solution=tuple(dict.fromkeys(self.solution)),
            problems=tuple(self.problems),
        )

    def note(self, response: str | tuple[str, ...], given: Given) -> None:
        """Keep an answer that is not wholly right, if there is anything to say of it."""
        credit = decimal(given.share) if 0 < given.share < 1 else ""
        if given.feedback or credit:
            self.wrong.append(WrongAnswer(response=response, feedback=given.feedback, credit=credit))


def share_of(percent: str) -> Fraction | None:
    """A weight in percent, as 33.33333, as the share that is meant (1/3); None if it is no number."""
    number = number_of(percent)
    if number is None or abs(number) > 100:
        return None
    return (number / 100).limit_denominator(120)


def number_of(text: str) -> Fraction | None:
    """A plain decimal number; a decimal comma is taken as a point. None if it is none."""
    text = text.strip().replace("−", "-")
    if "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    return Fraction(text) if _NUMBER.match(text) else None


def decimal(number: Fraction) -> str:
    """A number in decimal digits: exactly, or to six places."""
    if number.denominator == 1:
        return str(number.numerator)
    text = f"{float(number):.12f}".rstrip("0") if _finite(number) else f"{float(number):.6f}".rstrip("0")
    return text if float(text) else f"{float(number):.6e}"


def _finite(number: Fraction) -> bool:
    left = number.denominator
    for prime in (2, 5):
        while left % prime == 0:
            left //= prime
    return left == 1 and number.denominator <= 10**12


def from_choices(given: Sequence[Given], *, several: bool, shuffle: bool = False) -> Made:
    """Choices to a key: of one right answer, or of several."""
    making = _Making()
    kept = _different(given, making)
    right = [choice for choice, each in kept.items() if each.share > 0] if several else _best(kept, making)
    if len(kept) < 2 or not right:
        making.problems.append("no right answer" if len(kept) > 1 else "one choice only")
        return making.done(None)
    answer: dict[str, object] = {"choices": {choice: each.text for choice, each in kept.items()}}
    several = several or len(right) > 1
    for choice, each in kept.items():
        if right == [choice]:
            making.solution += [each.feedback] if each.feedback else []
        elif several and each.feedback:
            making.note((choice,), each)
        elif not several:
            making.note(choice, each)
    if several and any(each.feedback for each in kept.values()) and len(right) > 1:
        making.problems.append("feedback to a choice is given when it alone is chosen")
    if several:
        shares = {choice: each.share for choice, each in kept.items()}
        usual = {choice: Fraction(1 if choice in right else -1, len(right)) for choice in kept}
        answer |= {"kind": "several_choices", "correct": right}
        if shares != usual and not all(shares[choice] == 1 for choice in right):
            answer["credit"] = {choice: decimal(share) for choice, share in shares.items() if share}
    else:
        answer |= {"kind": "one_choice", "correct": right[0]}
        if credit := {choice: decimal(each.share) for choice, each in kept.items() if 0 < each.share < 1}:
            answer["credit"] = credit
    return making.done(answer | ({"shuffle": True} if shuffle else {}))


def _different(given: Sequence[Given], making: _Making) -> dict[str, Given]:
    """The choices by ids that come of what they say; of equal ones the one that is worth more."""
    kept: dict[str, Given] = {}
    for each in given:
        if not each.text.strip():
            making.problems.append("a choice that is empty")
            continue
        choice = mark_of(" ".join(each.text.split()))[:6]
        if choice in kept:
            making.problems.append(f"two choices that are equal: {each.text}")
        if choice not in kept or kept[choice].share < each.share:
            kept[choice] = each
    return kept


def _best(kept: dict[str, Given], making: _Making) -> list[str]:
    most = max((each.share for each in kept.values()), default=Fraction(0))
    right = [choice for choice, each in kept.items() if each.share == most > 0]
    if 0 < most < 1:
        making.problems.append(f"the best answer is not worth all: {decimal(most * 100)} %")
    if len(right) > 1:
        making.problems.append("each of several choices is right: all of them are asked for")
    return right


def from_texts(given: Sequence[Given], *, case: bool = False) -> Made:
    """Texts to be typed, in which `*` stands for anything, to a key."""
    making = _Making()
    right = [each for each in given if each.share == 1 and each.text.strip()]
    if not right and any(each.share > 0 for each in given):
        best = max(given, key=lambda each: each.share)
        making.problems.append(f"the best answer is not worth all: {decimal(best.share * 100)} %")
        right = [best]
    if not right:
        making.problems.append("no right answer")
        return making.done(None)
    for each in given:
        if each in right:
            making.solution += [each.feedback] if each.feedback else []
        elif each.text.strip() == "*" or not each.text.strip():
            making.problems.append(f"feedback for every other answer: {each.feedback}")
        else:
            making.note(each.text.strip(), each)
    accept = list(dict.fromkeys(each.text.strip() for each in right))
    answer: dict[str, object] = {"kind": "text", "accept": accept}
    answer |= {"case": True} if case else {}
    if any(has_wildcard(text) for text in [*accept, *(str(each.response) for each in making.wrong)]):
        answer["wildcards"] = True
    else:  # without wildcards a star is a star
        answer["accept"] = [text.replace(r"\*", "*") for text in accept]
        making.wrong = [
            WrongAnswer(response=str(each.response).replace(r"\*", "*"), feedback=each.feedback, credit=each.credit)
            for each in making.wrong
        ]
    return making.done(answer)


def has_wildcard(text: str) -> bool:
    """Say whether a text has a star that is not escaped."""
    return bool(re.search(r"(?<!\\)\*", text))


def from_numbers(given: Sequence[Given], *, unit: str = "", unit_required: bool = False) -> Made:
    """Numbers with tolerances to a key; intervals that touch are one."""
    making = _Making()
    numbers: list[tuple[Given, Fraction]] = []
    for each in given:
        number = number_of(each.text)
        if number is not None:
            numbers.append((each, number))
        elif each.text.strip() in {"*", ""}:
            making.problems += [f"feedback for every other answer: {each.feedback}"] if each.feedback else []
        else:
            making.problems.append(f"an answer that is no number: {each.text}")
    right = [(each, number) for each, number in numbers if each.share == 1]
    if not right:
        making.problems.append("no right answer")
        return making.done(None)
    low, high = _interval(*right[0])
    others: list[Fraction] = []
    for each, number in sorted(right[1:], key=lambda pair: _interval(*pair)):
        more_low, more_high = _interval(each, number)
        if more_low <= high and low <= more_high:
            low, high = min(low, more_low), max(high, more_high)
        else:
            others.append(number)
            making.problems += ["the tolerance of a further right number"] if each.tolerance else []
    making.solution += [each.feedback for each, _ in right if each.feedback]
    for each, number in numbers:
        if each.share < 1 and each.share >= 0:
            low_, high_ = _interval(each, number)
            edge = (high_ - low_) / 1000  # a range that begins where the right ones end does not hold their last one
            low_, high_ = (low_ + edge if low_ == high else low_), (high_ - edge if high_ == low else high_)
            making.note(decimal(number) if low_ == high_ else f"{decimal(low_)}..{decimal(high_)}", each)
    if others:
        every = [decimal((low + high) / 2), *map(decimal, others)]
        making.problems.append("several right numbers: each is taken as an expression")
        making.wrong = [wrong for wrong in making.wrong if ".." not in str(wrong.response)]
        return making.done({"kind": "expression", "value": every[0], "accept": every[1:], "form": "any"})
    answer: dict[str, object] = {"kind": "number", "value": decimal((low + high) / 2)}
    answer |= {"tolerance": decimal((high - low) / 2)} if high > low else {}
    answer |= {"unit": unit} if unit else {}
    answer |= {"unit_required": True} if unit and unit_required else {}
    return making.done(answer)


def _interval(given: Given, number: Fraction) -> tuple[Fraction, Fraction]:
    return number - given.tolerance, number + given.tolerance


def from_pairs(pairs: Iterable[tuple[str, str]]) -> Made:
    """Stems with what belongs to them; an empty stem's partner is one that belongs to nothing."""
    making = _Making()
    stems: dict[str, str] = {}
    options: dict[str, str] = {}
    belongs: dict[str, str] = {}
    for stem, option in pairs:
        if not option.strip():
            making.problems.append(f"a stem that nothing belongs to: {stem}")
            continue
        option_id = mark_of(option)[:6]
        options[option_id] = option
        if not stem.strip():
            continue
        stem_id = mark_of(stem)[:6]
        if stem_id in stems:
            making.problems.append(f"two stems that are equal: {stem}")
            continue
        stems[stem_id], belongs[stem_id] = stem, option_id
    if len(stems) < 1 or len(options) < 2:
        making.problems.append("too few pairs to match")
        return making.done(None)
    return making.done({"kind": "matching", "stems": stems, "options": options, "pairs": belongs})


def choices_of(step: Step) -> list[Given]:
    """The choices of a step with what each is worth, the way back from `from_choices`."""
    answer = step.answer
    several = answer["kind"] == "several_choices"
    right = [str(each) for each in answer["correct"]] if several else [str(answer["correct"])]
    credit = {str(choice): Fraction(str(share)) for choice, share in (answer.get("credit") or {}).items()}
    said = {
        (wrong.response if isinstance(wrong.response, str) else wrong.response[0]): wrong.feedback
        for wrong in step.wrong_answers
        if isinstance(wrong.response, str) or len(wrong.response) == 1
    }
    made = []
    for choice, text in answer["choices"].items():
        usual = Fraction(1 if choice in right else -1, len(right)) if several else Fraction(choice in right)
        share = credit.get(choice, Fraction(0) if several else usual) if credit else usual
        share = max(min(share, Fraction(1)), Fraction(-1))
        made.append(Given(text=str(text), share=share, feedback=said.get(choice, "")))
    return made


def texts_of(step: Step) -> list[Given]:
    """The texts of a step; stars that are meant as stars are escaped."""
    accept = step.answer["accept"]
    wild = bool(step.answer.get("wildcards"))
    right = [accept] if isinstance(accept, str) else list(map(str, accept))
    made = [Given(text=text, share=Fraction(1)) for text in right] + _foreseen(step)
    return [
        each if wild else Given(text=each.text.replace("*", r"\*"), share=each.share, feedback=each.feedback)
        for each in made
    ]


def numbers_of(step: Step) -> list[Given] | None:
    """The numbers of a step; None if its value is no plain number."""
    value = fraction_of(str(step.answer["value"]))
    tolerance = fraction_of(str(step.answer.get("tolerance") or 0))
    if value is None or tolerance is None:
        return None
    if step.answer.get("relative_tolerance"):
        relative = fraction_of(str(step.answer["relative_tolerance"]))
        tolerance = max(tolerance, abs(value) * relative) if relative is not None else tolerance
    made = [Given(text=decimal(value), share=Fraction(1), tolerance=tolerance)]
    for each in _foreseen(step):
        low, _, high = each.text.partition("..")
        first, last = fraction_of(low), fraction_of(high or low)
        if first is not None and last is not None:
            middle, half = (first + last) / 2, abs(last - first) / 2
            made.append(Given(text=decimal(middle), share=each.share, feedback=each.feedback, tolerance=half))
    return made


def fraction_of(text: str) -> Fraction | None:
    """A decimal number or a fraction of integers."""
    text = text.strip().replace("−", "-")
    if found := re.fullmatch(r"([-+]?\d+)\s*/\s*(\d*[1-9]\d*)", text):
        return Fraction(int(found[1]), int(found[2]))
    return number_of(text)


def _foreseen(step: Step) -> list[Given]:
    return [
        Given(
            text=wrong.response,
            share=Fraction(wrong.credit) if wrong.credit else Fraction(0),
            feedback=wrong.feedback,
        )
        for wrong in step.wrong_answers
        if isinstance(wrong.response, str) and wrong.response
    ]
