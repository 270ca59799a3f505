"""What a response is worth, found by giving it: the rules of an item are run, whatever they look like.

An item of QTI says what is right by rules that compute a score. Rather than recognise the forms that such rules take,
the reader runs them (content/formats/qti/processing for version 2 and 3, conditions for version 1) with the responses
in question, one interaction at a time while all others are answered right.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

Responses = Mapping[str, Sequence[str]]  # identifier of an interaction -> the values of its response


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the rules make of responses: the score, and the feedback that is shown (its identifiers)."""

    score: Fraction
    shown: tuple[str, ...] = ()


class Judge(Protocol):
    """The rules of an item."""

    def run(self, responses: Responses) -> Run:
        """Give responses and return what comes of them."""


@dataclass(frozen=True)
class Trial:
    """One interaction of an item, tried while the others are answered right."""

    judge: Judge
    right: Responses
    name: str
    tell: Callable[[Sequence[str]], Sequence[str]] = list  # what the rules are given for the values that are tried

    def _run(self, values: Sequence[str]) -> Run:
        return self.judge.run({**self.right, self.name: self.tell(values)})

    @cached_property
    def _full(self) -> Run:
        return self._run(self.right.get(self.name, ()))

    @cached_property
    def _none(self) -> Run:
        return self._run(())

    def share(self, values: Sequence[str]) -> Fraction:
        """What part of this interaction's score a response gets: 1 for the right one, below 0 for a penalty."""
        full, none, given = self._full, self._none, self._run(values)
        if full.score <= none.score:
            return Fraction(list(values) == list(self.right.get(self.name, ())))
        return max(Fraction(-1), min(Fraction(1), (given.score - none.score) / (full.score - none.score)))

    def feedback(self, values: Sequence[str]) -> tuple[str, ...]:
        """The feedback that this response gets and the right one does not."""
        usual = self._full.shown
        return tuple(name for name in self._run(values).shown if name not in usual)


def score_of(judge: Judge, responses: Responses) -> Fraction:
    """The score of responses."""
    return judge.run(responses).score


def best(judge: Judge, responses: Responses, name: str, candidates: Iterable[Sequence[str]]) -> Sequence[str]:
    """The response of one interaction that scores most, the first of equals; the given one if none is better."""
    chosen: Sequence[str] = responses.get(name, ())
    top = score_of(judge, responses)
    for values in candidates:
        if (score := score_of(judge, {**responses, name: values})) > top:
            top, chosen = score, values
    return chosen


def interval(
    is_right: Callable[[Fraction], bool], value: Fraction, literals: Iterable[Fraction]
) -> tuple[Fraction, Fraction]:
    """The numbers around a right one that are right as well, found among bounds that the rules' numbers can make."""
    bounds = {value}
    for literal in literals:
        bounds |= {literal, value + literal, value - literal}
        bounds |= {
            value * (1 + literal / 100),
            value * (1 - literal / 100),
            value * (1 + literal),
            value * (1 - literal),
        }
    below = _reach(is_right, sorted((one for one in bounds if one <= value), reverse=True))
    above = _reach(is_right, sorted(one for one in bounds if one >= value))
    return below, above


def _reach(is_right: Callable[[Fraction], bool], bounds: Sequence[Fraction]) -> Fraction:
    """The last of the bounds that is right with everything before it, a point halfway to each included."""
    reached = bounds[0]
    for bound in bounds[1:]:
        if not is_right((reached + bound) / 2):
            break
        if not is_right(bound):  # an open end: what lies just inside of it is right
            reached = bound
            break
        reached = bound
    return reached
