"""One interaction of an item as an answer key, whatever version of QTI it stands in.

The reader of a version says what there is to choose or fill in and hands a trial of it over; from its outcomes come
the key, the shares of credit and the wrong answers with their feedback.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from content.formats.qti import names
from content.formats.qti.declarations import number, numeral
from content.formats.qti.trials import Trial, interval
from content.package import Hint, Json, WrongAnswer

Show = Callable[[Sequence[str]], str]  # identifiers of feedback -> what it says, Markdown
MAX_WRONG = 50  # wrong answers that are tried of one interaction
_TRUE = {"true", "对", "正确", "是", "真"}
_FALSE = {"false", "错", "错误", "否", "假"}


class Unusable(ValueError):
    """An interaction that has no place in a course; the message says why, a fixed phrase first."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What became of one interaction. `own` is the response that the item itself has as the right one."""

    name: str
    answer: Json
    own: str | list[str]
    inline: bool = False
    prompt: str = ""
    wrong_answers: tuple[WrongAnswer, ...] = ()
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ask:
    """An interaction that is to become a part: its name, its trial, and what shows feedback."""

    trial: Trial
    show: Show
    inline: bool = False
    prompt: str = ""
    candidates: tuple[tuple[str, ...], ...] = ()  # responses that the rules name
    literals: tuple[Fraction, ...] = ()  # numbers that the rules name

    @property
    def name(self) -> str:
        """The identifier of the response."""
        return self.trial.name

    @property
    def right(self) -> tuple[str, ...]:
        """The right response. Raises Unusable where there is none."""
        found = tuple(self.trial.right.get(self.name, ()))
        if not found:
            raise Unusable(f"no right answer is given: {self.name}")
        return found


def choices(ask: Ask, texts: Mapping[str, str], *, several: bool, shuffle: bool) -> Part:
    """One or several of some choices. Raises Unusable."""
    if len(texts) < 2:
        raise Unusable("fewer than two choices")
    ids = names.short(texts)
    right = [ids[one] for one in _known(ask, texts)]
    wrong = [one for one in texts if ids[one] not in right]
    answer: dict[str, object]
    if not several and (truth := _truth(texts)) and len(texts) == 2:
        answer = {"kind": "true_false", "correct": truth[ask.right[0]] == "true"}
        foreseen = _wrong(ask, ([one] for one in wrong), lambda values: truth[values[0]])
        return _part(ask, answer, truth[ask.right[0]], foreseen)
    answer = {
        "kind": "several_choices" if several else "one_choice",
        "choices": {ids[one]: texts[one] for one in texts},
    }
    if several:
        answer["correct"] = right
        tried: list[Sequence[str]] = [[one] for one in wrong]
        tried += [values for values in ask.candidates if set(values) <= set(texts) and len(values) > 1]
        foreseen = _wrong(ask, tried, lambda values: tuple(ids[one] for one in values))
        answer |= _credit(ask, texts, ids, right)
    else:
        answer["correct"] = right[0]
        foreseen = _wrong(ask, ([one] for one in wrong), lambda values: ids[values[0]])
        named = {wrong_answer.response for wrong_answer in foreseen}
        shares = {ids[one]: ask.trial.share([one]) for one in wrong if ids[one] not in named}
        if credit := {name: _rounded(share) for name, share in shares.items() if 0 < share < 1}:
            answer["credit"] = credit
    if shuffle:
        answer["shuffle"] = True
    return _part(ask, answer, right if several else right[0], foreseen)


def _known(ask: Ask, texts: Iterable[str]) -> list[str]:
    right = [one for one in ask.right if one in set(texts)]
    if len(right) < len(ask.right):
        raise Unusable(f"the right answer is no choice: {', '.join(set(ask.right) - set(right))}")
    return list(dict.fromkeys(right))


def _truth(texts: Mapping[str, str]) -> dict[str, str]:
    """Which choice says true and which false, if they say just that."""
    said = {one: text.strip(" .。*_").casefold() for one, text in texts.items()}
    made = {one: "true" if text in _TRUE else "false" if text in _FALSE else "" for one, text in said.items()}
    return made if set(made.values()) == {"true", "false"} else {}


def _credit(ask: Ask, texts: Mapping[str, str], ids: Mapping[str, str], right: Sequence[str]) -> dict[str, object]:
    """What each choice is worth, unless each right one is worth the same and each wrong one takes as much away."""
    # A wrong one is tried beside all the right ones: alone, many rules give it no less than nothing.
    shares = {
        ids[one]: ask.trial.share([one]) if ids[one] in right else ask.trial.share([*ask.right, one]) - 1
        for one in texts
    }
    usual = {name: Fraction(1 if name in right else -1, len(right)) for name in shares}
    unsaid = not any(shares[name] for name in right) if len(right) > 1 else True
    if unsaid or all(abs(shares[name] - usual[name]) < Fraction(1, 10**6) for name in shares):
        return {}
    return {"credit": {name: _rounded(share) for name, share in shares.items() if share}}


def _rounded(share: Fraction) -> str:
    """A share with at most four decimals."""
    return numeral(Fraction(round(share * 10_000), 10_000))


def text(ask: Ask, accept: Sequence[str], *, case: bool) -> Part:
    """A typed text. Raises Unusable."""
    ask.right  # noqa: B018 (refuses what has no right answer)
    tried = [(one,) for one in dict.fromkeys([*accept, *(values[0] for values in ask.candidates if values)])]
    plain = _folded if not case else str
    right = list({plain(one[0]): one[0] for one in reversed(tried) if ask.trial.share(one) == 1}.values())[::-1]
    if not right:
        raise Unusable("no right answer is given")
    answer: dict[str, object] = {"kind": "text", "accept": right}
    if case:
        answer["case"] = True
    others = [one for one in tried if plain(one[0]) not in {plain(good) for good in right}]
    return _part(ask, answer, right[0], _wrong(ask, others, lambda values: values[0], partly=True))


def _folded(one: str) -> str:
    return one.casefold()


def numeric(ask: Ask, *, integer: bool = False) -> Part:
    """A number, with the tolerance that the rules allow. Raises Unusable."""
    if "@{" in ask.right[0]:  # a formula of a template's variables
        return _part(ask, {"kind": "number", "value": ask.right[0]}, ask.right[0], ())
    value = number(ask.right[0])
    if value is None:
        raise Unusable(f"the right answer is no number: {ask.right[0]}")
    trial = replace(ask.trial, right={**ask.trial.right, ask.name: [numeral(value)]})

    def is_right(given: Fraction) -> bool:
        return trial.share([decimal(given)]) == 1

    below, above = interval(is_right, value, ask.literals)
    if value - below != above - value:
        value = (below + above) / 2
    named = dict.fromkeys(made for values in ask.candidates if (made := number(values[0])) is not None)
    if others := [one for one in named if not below <= one <= above and is_right(one)]:
        return _part(ask, _several(ask, [value, *others]), numeral(value), ())
    answer: dict[str, object] = {"kind": "number", "value": numeral(value)}
    if above > below:
        answer["tolerance"] = numeral((above - below) / 2)
    elif integer and value.denominator == 1:
        answer["form"] = "integer"
    tried = [values for values in ask.candidates if (made := number(values[0])) is not None and not is_right(made)]
    foreseen = _wrong(replace(ask, trial=trial), tried, lambda values: values[0], partly=True)
    return _part(ask, answer, numeral(value), foreseen)


def _several(ask: Ask, right: Sequence[Fraction]) -> Json:
    """Several numbers of which each is right: in a gap as texts, else as expressions, which are read as they are."""
    shown = [numeral(one) for one in right]
    if ask.inline:
        return {"kind": "text", "accept": shown}
    return {"kind": "expression", "value": shown[0], "accept": shown[1:], "form": "any"}


def decimal(value: Fraction) -> str:
    """A number as a response holds it: decimals, cut where they do not end."""
    shown = numeral(value)
    return shown if "/" not in shown else numeral(Fraction(round(value * 10**12), 10**12))


def pairs(ask: Ask, stems: Mapping[str, str], options: Mapping[str, str]) -> Part:
    """Stems, each with the one option that belongs to it. Raises Unusable."""
    found: dict[str, str] = {}
    for pair in ask.right:
        stem, _, option = pair.partition(" ")
        if stem not in stems or option not in options:
            raise Unusable(f"the right answer names what is not there: {pair}")
        if found.setdefault(stem, option) != option:
            raise Unusable(f"more than one option belongs to a stem: {stem}")
    if missing := [stem for stem in stems if stem not in found]:
        raise Unusable(f"no option belongs to a stem: {', '.join(missing)}")
    stem_ids, option_ids = names.short(stems), names.short(options)
    answer = {
        "kind": "matching",
        "stems": {stem_ids[one]: shown for one, shown in stems.items()},
        "options": {option_ids[one]: shown for one, shown in options.items()},
        "pairs": {stem_ids[stem]: option_ids[found[stem]] for stem in stems},
    }

    def response(values: Sequence[str]) -> tuple[str, ...]:
        given = dict(pair.split(" ", 1) for pair in values if " " in pair)
        return tuple(option_ids.get(given.get(stem, ""), "") for stem in stems)

    return _part(ask, answer, list(response(ask.right)), _wrong(ask, ask.candidates, response))


def order(ask: Ask, items: Mapping[str, str]) -> Part:
    """Everything in its order. Raises Unusable."""
    right = _known(ask, items)
    if len(right) < len(items):
        raise Unusable("the right order leaves something out")
    ids = names.short(items)
    answer = {
        "kind": "ordering",
        "items": {ids[one]: items[one] for one in items},
        "correct": [ids[one] for one in right],
    }
    tried = [values for values in ask.candidates if set(values) == set(items)]
    foreseen = _wrong(ask, tried, lambda values: tuple(ids[one] for one in values))
    return _part(ask, answer, [ids[one] for one in right], foreseen)


def essay(ask: Ask, *, rubric: str = "", sample: str = "", words_most: int = 0) -> Part:
    """A long text, which people grade."""
    answer: dict[str, object] = {"kind": "long_text"}
    if words_most:
        answer["words_most"] = str(words_most)
    answer |= {name: said for name, said in (("rubric", rubric), ("sample", sample)) if said}
    return Part(name=ask.name, answer=answer, own=sample, inline=False, prompt=ask.prompt)


def _part(ask: Ask, answer: Json, own: str | list[str], wrong: tuple[WrongAnswer, ...]) -> Part:
    return Part(name=ask.name, answer=answer, own=own, inline=ask.inline, prompt=ask.prompt, wrong_answers=wrong)


def _wrong(
    ask: Ask,
    tried: Iterable[Sequence[str]],
    response: Callable[[Sequence[str]], str | tuple[str, ...]],
    *,
    partly: bool = False,
) -> tuple[WrongAnswer, ...]:
    """The wrong answers that the item says something about; with `partly` also those it only gives credit for."""
    made: dict[str | tuple[str, ...], WrongAnswer] = {}
    for values in list(dict.fromkeys(tuple(values) for values in tried))[:MAX_WRONG]:
        said, share = ask.show(ask.trial.feedback(values)), ask.trial.share(values)
        if share == 1 or not (said or (partly and share > 0)):
            continue
        credit = _rounded(share) if share > 0 else ""
        made.setdefault(response(values), WrongAnswer(response=response(values), feedback=said, credit=credit))
    return tuple(made.values())
