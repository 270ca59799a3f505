"""An exercise as an item of QTI 2.1.

Every step is an interaction with a response of its own. The rules add up what the responses are worth and name the
feedback that is shown: on wrong answers, as hints behind a button each, and the solution after every attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from content import html
from content.formats.qti.elements import add, extend, from_html, make
from content.formats.qti.item import COMMON_CLASS
from content.formats.qti.names import long
from content.formats.qti.texts import Report
from content.formats.qti.writing_answers import Asked, ask
from content.package import Exercise, Hint, HintKind, Step, WrongAnswer

_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_FEEDBACK = "FEEDBACK"


def write_item(exercise: Exercise, identifier: str, report: Report) -> Element:
    """Write an exercise that has no variables."""
    return _Item(exercise, identifier, report).all()


@dataclass
class _Item:
    exercise: Exercise
    identifier: str
    report: Report
    declarations: list[Element] = field(default_factory=list)
    rules: list[Element] = field(default_factory=list)
    feedback: list[Element] = field(default_factory=list)
    hints: int = 0

    def all(self) -> Element:
        """The whole item, its parts in the order that the schema wants."""
        body = make("itemBody")
        self._texts(body, self.exercise.prompt, common=len(self.exercise.steps) > 1)
        names = self._names()
        solutions = []
        for step in self.exercise.steps:
            self._step(step, names[step.key], body)
            solutions.append(step.solution)
        self._solution([solution for solution in solutions if solution.strip()])
        root = make(
            "assessmentItem",
            xmlns=_QTI,
            identifier=self.identifier,
            title=self.exercise.title or self.identifier,
            adaptive="true" if self.hints else "false",
            timeDependent="false",
        )
        root.extend(self.declarations)
        score = add(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
        add(add(score, "defaultValue"), "value", "0")
        most = add(root, "outcomeDeclaration", identifier="MAXSCORE", cardinality="single", baseType="float")
        add(add(most, "defaultValue"), "value", str(len(self.exercise.steps)))
        add(root, "outcomeDeclaration", identifier=_FEEDBACK, cardinality="multiple", baseType="identifier")
        root.append(body)
        root.append(make("responseProcessing", *self.rules))
        root.extend(self.feedback)
        return root

    def _names(self) -> dict[str, str]:
        """Identifiers of the responses: a step's own name where it has one."""
        if len(self.exercise.steps) == 1:
            return {self.exercise.steps[0].key: "RESPONSE"}
        own = {step.key: step.key.removeprefix(f"{self.exercise.key}:") for step in self.exercise.steps}
        made = long([*own.values(), "SCORE", "MAXSCORE", _FEEDBACK, "x"], prefix="RESPONSE")
        return {key: made[name] for key, name in own.items()}

    def _texts(self, parent: Element, text: str, *, common: bool = False) -> None:
        if text.strip() or common:
            made = self._html(text)
            if common:
                made.set("class", COMMON_CLASS)
            parent.append(made)

    def _html(self, text: str) -> Element:
        return from_html(html.to_html(text, figures=lambda name: f"../figures/{name}"))

    def _step(self, step: Step, name: str, body: Element) -> None:
        asked = ask(step, name, self._html, self.report)
        self._texts(body, step.prompt)
        body.extend(asked.body)
        self.declarations += asked.declarations
        for hint in step.hints:
            body.append(self._hint(hint))
        self._score(step, name, asked)

    def _score(self, step: Step, name: str, asked: Asked) -> None:
        """What a response is worth: all if it is right, else what a foreseen answer or its parts are worth."""
        if asked.right is None:  # graded by people
            return
        branches = []
        if asked.parts:
            for test, share in asked.parts:
                self.rules.append(
                    make("responseCondition", make("responseIf", test, _add_score(_value(share, "float"))))
                )
        else:
            branches.append([asked.right, _add_score(_value("1", "float"))])
        branches += [
            found
            for index, wrong in enumerate(step.wrong_answers)
            if (found := self._wrong(wrong, f"{name}_{index + 1}", asked))
        ]
        tags = ["responseIf", *["responseElseIf"] * len(branches)]
        condition = make("responseCondition", *(make(tag, *found) for tag, found in zip(tags, branches, strict=False)))
        if asked.partly is not None:
            condition.append(make("responseElse", _add_score(asked.partly)))
        if len(condition):
            self.rules.append(condition)

    def _wrong(self, wrong: WrongAnswer, name: str, asked: Asked) -> list[Element]:
        """The test for a wrong answer, and what is done about it."""
        test = asked.matches(wrong)
        if test is None:
            self.report(f"a wrong answer that QTI cannot recognise: {wrong.response}", dropped=True)
            return []
        if wrong.misconception:
            self.report(f"QTI has no place for this: a misconception: {wrong.misconception}")
        credit = [_add_score(_value(wrong.credit, "float"))] if wrong.credit else []
        said = [self._shown(f"wrong_{name}", wrong.feedback)] if wrong.feedback else []
        return [test, *credit, *said]

    def _shown(self, identifier: str, text: str, *, title: str = "") -> Element:
        """A rule that shows a feedback, which is written too."""
        modal = make("modalFeedback", outcomeIdentifier=_FEEDBACK, identifier=identifier, showHide="show")
        if title:
            modal.set("title", title)
        self.feedback.append(extend(modal, self._html(text)))
        more = make("multiple", make("variable", identifier=_FEEDBACK), _value(identifier, "identifier"))
        return make("setOutcomeValue", more, identifier=_FEEDBACK)

    def _hint(self, hint: Hint) -> Element:
        """A button that brings the hint."""
        self.hints += 1
        name = f"HINT_{self.hints}"
        if hint.kind == HintKind.SCAFFOLD:
            self.report(f"a smaller question among the hints: only its text is written: {hint.key}")
        self.declarations.append(make("responseDeclaration", identifier=name, cardinality="single", baseType="boolean"))
        text = f"**{hint.title}**\n\n{hint.text}" if hint.title else hint.text
        shown = self._shown(name, text)
        asked = make("match", make("variable", identifier=name), _value("true", "boolean"))
        self.rules.append(make("responseCondition", make("responseIf", asked, shown)))
        return make("p", make("endAttemptInteraction", responseIdentifier=name, title="?"))

    def _solution(self, solutions: Sequence[str]) -> None:
        if len(solutions) > 1:
            self.report("solutions of several steps: written as one")
        if solutions:
            self.rules.append(self._shown("solution", "\n\n".join(solutions)))


def _add_score(value: Element) -> Element:
    return make("setOutcomeValue", make("sum", make("variable", identifier="SCORE"), value), identifier="SCORE")


def _value(text: str, kind: str) -> Element:
    return make("baseValue", text, baseType=kind)
