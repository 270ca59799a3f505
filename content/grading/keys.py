"""Answer keys, read from a step's `answer` and checked: one frozen dataclass for each kind of step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar

from content import mathematics
from content.grading import texts, units
from content.mathematics import numerics, trees
from content.mathematics.forms import Form
from content.package import StepKind

LONGEST = 80  # characters of a value that a problem repeats


class KeyProblem(ValueError):
    """An answer key that cannot be used: the author's fault. `problems` says each in words."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class NumberForm(StrEnum):
    """How a number is to be written."""

    ANY = "any"  # any calculation that gives the value
    INTEGER = "integer"
    DECIMAL = "decimal"
    FRACTION = "fraction"
    SIMPLEST = "simplest"  # a fraction in lowest terms, or an integer


@dataclass(frozen=True, kw_only=True)
class OneChoiceKey:
    """Choices by their ids, and the id of the right one."""

    kind: ClassVar[StepKind] = StepKind.ONE_CHOICE
    choices: Mapping[str, str]
    correct: str


@dataclass(frozen=True, kw_only=True)
class SeveralChoicesKey:
    """Choices by their ids, and the ids of the right ones."""

    kind: ClassVar[StepKind] = StepKind.SEVERAL_CHOICES
    choices: Mapping[str, str]
    correct: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class NumberKey:
    """A value with an absolute tolerance, in `unit`.

    form: the one asked for, or None where the author says nothing (see content/grading/expressions.py).
    """

    kind: ClassVar[StepKind] = StepKind.NUMBER
    value: trees.Node
    tolerance: Fraction = Fraction(0)
    unit: str = ""
    unit_required: bool = False
    form: NumberForm | None = None


@dataclass(frozen=True, kw_only=True)
class ExpressionKey:
    """A formula, equation, list …; all readings of the value and of what else is accepted.

    form: the one asked for, or None where the author says nothing (see content/grading/expressions.py).
    """

    kind: ClassVar[StepKind] = StepKind.EXPRESSION
    readings: tuple[trees.Node, ...]
    form: Form | None = None


@dataclass(frozen=True, kw_only=True)
class TextKey:
    """The texts that are right, normalised."""

    kind: ClassVar[StepKind] = StepKind.TEXT
    accept: frozenset[str]
    case: bool = False


AnswerKey = OneChoiceKey | SeveralChoicesKey | NumberKey | ExpressionKey | TextKey


def parse_key(answer: Mapping[str, Any]) -> AnswerKey:
    """Read an answer key as described in docs/content.md. Raises KeyProblem with every problem at once."""
    return _KeyReader(answer).read()


def readings(text: str) -> tuple[trees.Node, ...]:
    """All readings of a text: `1,234` is a number, and also a list of two. Raises Unreadable."""
    first = mathematics.parse(text)
    if "," not in text:
        return (first,)
    second = mathematics.parse(text, thousands=False)
    return (first,) if first == second else (first, second)


@dataclass
class _KeyReader:
    answer: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    def read(self) -> AnswerKey:
        kind = self.answer.get("kind")
        made: AnswerKey | None = None
        match kind:
            case StepKind.ONE_CHOICE:
                made = self.one_choice()
            case StepKind.SEVERAL_CHOICES:
                made = self.several_choices()
            case StepKind.NUMBER:
                made = self.number()
            case StepKind.EXPRESSION:
                made = self.expression()
            case StepKind.TEXT:
                made = self.text()
            case _:
                self.problems.append(f"kind: {kind!r} is none of {', '.join(StepKind)}")
        if self.problems or made is None:
            raise KeyProblem(*self.problems)
        return made

    def only(self, *allowed: str) -> None:
        self.problems += [f"unknown field {name}" for name in self.answer if name not in ("kind", *allowed)]

    def choices(self) -> dict[str, str]:
        self.only("choices", "correct")
        given = self.answer.get("choices")
        if not isinstance(given, Mapping) or len(given) < 2:
            self.problems.append("choices: a mapping of at least two ids to texts is needed")
            return {}
        return {str(choice): str(text) for choice, text in given.items()}

    def one_choice(self) -> OneChoiceKey:
        choices, correct = self.choices(), str(self.answer.get("correct", ""))
        if choices and correct not in choices:
            self.problems.append(f"correct: {correct!r} is not the id of a choice")
        return OneChoiceKey(choices=choices, correct=correct)

    def several_choices(self) -> SeveralChoicesKey:
        choices, given = self.choices(), self.answer.get("correct")
        correct = frozenset(map(str, given)) if isinstance(given, list | tuple) else frozenset()
        if not correct:
            self.problems.append("correct: a list of ids is needed")
        self.problems += [f"correct: {each!r} is not the id of a choice" for each in sorted(correct - set(choices))]
        return SeveralChoicesKey(choices=choices, correct=correct)

    def number(self) -> NumberKey | None:
        self.only("value", "tolerance", "unit", "unit_required", "form")
        value = self.constant("value")
        tolerance = self.constant("tolerance") if self.answer.get("tolerance") is not None else None
        if tolerance is not None and (tolerance.value is None or tolerance.value < 0):
            self.problems.append("tolerance: not a number from 0 up")
        if self.answer.get("unit_required") and not self.answer.get("unit"):
            self.problems.append("unit_required: there is no unit")
        form = self.form(NumberForm)
        if value is None:
            return None
        return NumberKey(
            value=value,
            tolerance=(tolerance and tolerance.value) or Fraction(0),
            unit=units.normalise(str(self.answer.get("unit") or "")),
            unit_required=bool(self.answer.get("unit_required")),
            form=form,
        )

    def constant(self, name: str) -> trees.Node | None:
        found = self.formulas(name, [self.answer.get(name, "")], all_readings=False)
        if found and found[0].value is None:
            try:
                numerics.value_at(found[0], {})
            except (numerics.NoValue, KeyError):
                self.problems.append(f"{name}: {str(self.answer.get(name))[:LONGEST]} is not one number")
        return found[0] if found else None

    def expression(self) -> ExpressionKey:
        self.only("value", "accept", "form")
        accept = self.answer.get("accept") or []
        if not isinstance(accept, list | tuple):
            self.problems.append("accept: not a list")
            accept = []
        found = self.formulas("value", [self.answer.get("value", "")]) + self.formulas("accept", accept)
        return ExpressionKey(readings=tuple(found), form=self.form(Form))

    def formulas(self, place: str, given: Any, *, all_readings: bool = True) -> list[trees.Node]:
        found: list[trees.Node] = []
        for each in given:
            try:
                found += readings(str(each)) if all_readings else (mathematics.parse(str(each)),)
            except mathematics.Unreadable as problem:
                self.problems.append(f"{place}: {str(each)[:LONGEST]} cannot be read: {problem}")
        return found

    def form(self, forms: Any) -> Any:
        given = self.answer.get("form")
        if given is not None and given not in list(forms):
            self.problems.append(f"form: {given!r} is none of {', '.join(forms)}")
            return None
        return None if given is None else forms(given)

    def text(self) -> TextKey:
        self.only("accept", "case")
        given, case = self.answer.get("accept"), bool(self.answer.get("case"))
        accept = frozenset(texts.normalise(str(each), case=case) for each in given) if isinstance(given, list) else None
        if not accept or "" in accept:
            self.problems.append("accept: a list of texts is needed")
        return TextKey(accept=accept or frozenset(), case=case)
