"""One equation: what it says counts, not how it is written, but for a form that is asked for.

Both sides may be exchanged, moved over and multiplied by a number that is not 0; see content/mathematics/equivalence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from content import mathematics
from content.grading.grades import Grade, Response
from content.grading.keys import KeyReader
from content.grading.kind import Field, Input, Kind, Option, Part, Reads, Shape, Widget, gettext_noop
from content.grading.kinds import expression
from content.grading.responses import one_text
from content.mathematics import Code, Form, Unreadable, trees
from content.package import Json, StepKind, WrongAnswer

FORMS = {
    Form.ANY: gettext_noop("any way of writing it"),
    Form.SOLVED: gettext_noop("solved for the variable"),
    Form.SLOPE_INTERCEPT: gettext_noop("in the form y = mx + b"),
    Form.STANDARD: gettext_noop("in standard form"),
    Form.EXACT: gettext_noop("exactly as the key is written"),
}


@dataclass(frozen=True, kw_only=True)
class EquationKey:
    """The equation as an expression's key."""

    kind: ClassVar[StepKind] = StepKind.EQUATION
    said: expression.ExpressionKey


class Equation(Kind[EquationKey]):
    """One equation, typed with a keyboard for mathematics."""

    name = StepKind.EQUATION
    title = gettext_noop("Equation")
    reads = Reads.LATEX
    form = (
        Part(name="value", shape=Shape.LINE, label=gettext_noop("Right answer"), needed=True),
        Part(name="accept", shape=Shape.LINES, label=gettext_noop("Also right")),
        Part(
            name="form",
            shape=Shape.PICK,
            label=gettext_noop("Form asked for"),
            options=tuple(Option(id=form.value, text=text) for form, text in FORMS.items()),
        ),
    )
    example: Json = {"kind": "equation", "value": "y = 2x + 3", "form": "slope_intercept"}

    def parse(self, answer: Json) -> EquationKey:
        """Read value, accept and form."""
        reader = KeyReader(answer)
        reader.only("value", "accept", "form")
        found = reader.formulas("value", [reader.text("value")])
        found += reader.formulas("accept", reader.texts("accept", needed=False))
        if any(not _is_equation(each) for each in found):
            reader.problems.append("value: an equation is needed, with one equals sign")
        form = reader.form(Form)
        if form is not None and form not in FORMS:
            reader.problems.append(f"form: this is not known: {form.value}: possible are: {', '.join(FORMS)}")
        reader.finish()
        return EquationKey(said=expression.ExpressionKey(readings=tuple(found), form=form or Form.ANY))

    def grade(self, key: EquationKey, response: Response, wrong_answers: Sequence[WrongAnswer]) -> Grade:
        """Grade one equation. Raises Unreadable, also for what is no equation."""
        self.read_as(key, response)
        return expression.grade_expression(key.said, one_text(response), wrong_answers)

    def read_as(self, key: EquationKey, response: Response) -> str:
        """The equation, as LaTeX. Raises Unreadable."""
        found = mathematics.parse(one_text(response))
        if not _is_equation(found):
            raise Unreadable(Code.EQUATION_EXPECTED, one_text(response))
        return mathematics.latex(found)

    def field(self, answer: Json, seed: int) -> Field:
        """A line for mathematics."""
        return Field(
            label=gettext_noop("Your answer: an equation"), inputs=(Input(widget=Widget.MATH),), reads=self.reads
        )

    def right_response(self, answer: Json) -> Response:
        """The value as the author wrote it."""
        return str(answer["value"])

    def guesses(self, answer: Json, rng: Random) -> Iterator[Response]:
        """An equation with another right side."""
        left = str(answer["value"]).partition("=")[0]
        yield f"{left}= {rng.randint(2, 99)}"

    def restates(self, key: EquationKey, response: Response, given: Sequence[str]) -> bool:
        """Whether it is a formula of the prompts."""
        return expression.KIND.restates(key.said, response, given)


def _is_equation(node: trees.Node) -> bool:
    return isinstance(node, trees.Relation) and node.signs == ("=",)


KIND = Equation()
