"""Rules of QTI 1.2 seen through one question that stands for several responses, or for a list of texts."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from content.formats.qti.old_rules import Rules
from content.formats.qti.trials import Responses, Run


class Sorted:
    """Groups as pairs of a label and its group."""

    def __init__(self, rules: Rules, right: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> None:
        self.rules, self.right, self.names = rules, right, names

    def run(self, responses: Responses) -> Run:
        """Give pairs of a label and a group."""
        given = [pair.split(" ", 1) for pair in responses.get("", ())]
        groups = {name: [label for label, group in given if group == name] for name in self.names}
        return self.rules.run({**self.right, **groups})


class Together:
    """Several responses as pairs of one."""

    def __init__(self, rules: Rules, right: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> None:
        self.rules, self.right, self.names = rules, right, names

    def run(self, responses: Responses) -> Run:
        """Give pairs of a response and its value."""
        given = dict(pair.split(" ", 1) for pair in responses.get("", ()))
        return self.rules.run({**self.right, **{name: [given[name]] if name in given else [] for name in self.names}})


class Listed:
    """Right is what is in a list, capitals aside."""

    def __init__(self, right: Sequence[str]) -> None:
        self.right = {one.casefold() for one in right}

    def run(self, responses: Responses) -> Run:
        """One point for anything in the list."""
        given = next(iter(responses.values()), ())
        return Run(score=Fraction(any(one.casefold() in self.right for one in given)))
