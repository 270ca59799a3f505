"""STACK's questions: variables drawn and worked out to the rows of a template, answer tests to our kinds of steps.

Every input becomes a step. Which test of the response trees makes it right is read from their nodes; where none asks
about the input alone, the teacher's answer is what is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import sympy

from content import schema
from content.formats.answers import Made, number_of
from content.formats.collected import Question
from content.formats.maxima import MaximaProblem, Session
from content.formats.maxima_writing import latex_of, text_of, typed
from content.formats.moodle_xml_item import Item, Untranslatable, said
from content.formats.moodle_xml_stack_trees import Test, test_of, unheard
from content.formats.naming import mark_of
from content.formats.xml_tree import Element
from content.package import WrongAnswer

DRAWS, ROWS = 120, 50  # tries, and how many different rows are enough
_GRAPHS = re.compile(
    r"\[\[\s*(jsxgraph|if|iframe|foreach|geogebra|parsons|define|hint|reveal)\b|\bplot\s*\(", re.IGNORECASE
)
_SHOWN = re.compile(r"\{@(.+?)@\}|\{#(.+?)#\}", re.DOTALL)
_HOW = re.compile(r"\s*,\s*simp\s*=\s*\w+\s*\Z")  # how it is worked out, behind the formula
_INPUT = re.compile(r"\[\[\s*input\s*:\s*(\w+)\s*\]\]")
_LEFT_OUT = re.compile(r"\[\[\s*(?:validation|feedback|facts)\s*:\s*[\w ]+\]\]|\[\[\s*/?\s*(?:comment|lang)[^\]]*\]\]")
_MATH_AROUND = re.compile(r"(\\\(|\\\[|\$\$)(.*?)(\\\)|\\\]|\$\$)", re.DOTALL)
_FORMS = {
    **{"AlgEquiv": ["any"], "SubstEquiv": ["any"], "SameType": [], "Diff": ["any"], "Int": [], "Sets": ["any"]},
    **{
        "EqualComAss": ["simplified", "any"],
        "EqualComAssRules": ["simplified", "any"],
        "CasEqual": ["simplified", "any"],
    },
    **{"FacForm": ["factored"], "PartFrac": ["simplified", "any"], "Expanded": ["expanded"], "SingleFrac": ["any"]},
    **{"LowestTerms": ["simplified"], "CompSquare": ["any"], "AlgEquivNouns": ["any"], "PropLogic": []},
}
_NUMERICAL = {"NumAbsolute", "NumRelative", "GT", "NumSigFigs", "NumDecPlaces", "UnitsStrict", "Units"}
_NUMERICAL |= {"UnitsStrictAbsolute", "UnitsAbsolute", "UnitsStrictRelative", "UnitsRelative", "NumDecPlacesWrong"}
_TYPED = {"algebraic", "numerical", "units", "singlechar", "textarea", "equiv", "matrix", "varmatrix", "numeric"}
_CHOSEN = {"radio", "dropdown", "checkbox"}


def read_stack(item: Item) -> Question:
    """A STACK question. Raises Untranslatable."""
    element = item.element
    text = item.raw(element.find("questiontext"))
    if found := _GRAPHS.search(text):
        raise Untranslatable(f"text that is worked out in the page: {found[0].strip('[ ')}")
    inputs = {said(each, "name"): each for each in element.findall("input")}
    if not inputs or not _INPUT.search(text):
        raise Untranslatable("no input")
    reading = _Stack(item, list(inputs))
    tests = {name: test_of(item, name, each) for name, each in inputs.items()}
    reading.begin(text, tests)
    rows = reading.rows(tests, inputs)
    for problem in (*unheard(item, tests), *reading.lost):
        item.report(problem)
    feedback = reading.general
    if feedback and not set(_places(feedback)) <= set(rows[0]):
        item.report("the general feedback, which is worked out")
        feedback = ""
    made = [
        (f"({number})" if len(inputs) > 1 else "", reading.made(name, inputs[name], tests[name], rows))
        for number, name in enumerate(inputs, 1)
    ]
    part = element.find("questiontext")
    question = item.question(*made, prompt=item.markdown(part, text=reading.prompt))
    solution = item.markdown(element.find("generalfeedback"), text=feedback) if feedback else ""
    question = replace(question, solution=solution)
    return _as_template(question, rows)


@dataclass
class _Said:
    """What a node says of an answer to the input with this number: a text with places, and the answer's column."""

    at: int
    part: Element
    text: str
    columns: dict[str, str]
    formula: str = ""  # none: said of the right answer
    column: str = ""
    credit: str = ""


class _Stack:
    """The variables of one question, and what of its texts is worked out."""

    def __init__(self, item: Item, inputs: list[str]) -> None:
        self.item, self.inputs = item, inputs
        self.source = item.said("questionvariables")
        self.prompt = self.general = ""
        self.columns: dict[str, str] = {}
        self.said: list[_Said] = []
        self.lost: list[str] = []

    def begin(self, text: str, tests: Mapping[str, Test]) -> None:
        """Find the places in all texts. Raises Untranslatable for the text of the question."""
        self.prompt = self.shown(text, self.columns)
        try:
            self.general = self.shown(self.item.raw(self.item.element.find("generalfeedback")), self.columns)
        except Untranslatable:
            self.lost.append("the general feedback, which is worked out")
        for at, test in enumerate(tests.values(), 1):
            parts = [(test.right, None)] if test.right is not None else []
            for part, foreseen in [*parts, *((each.feedback, each) for each in test.foreseen)]:
                number = len(self.said) + 1
                columns: dict[str, str] = {}
                try:
                    said_of = self.shown(self.item.raw(part), columns, prefix=f"f{number}s")
                except Untranslatable as problem:
                    self.lost.append(f"feedback of a response tree: {problem}")
                    continue
                self.said.append(_Said(at, part, said_of, columns))
                if foreseen is not None:
                    made = self.said[-1]
                    made.formula, made.column, made.credit = foreseen.formula, f"a{at}w{number}", foreseen.credit

    def shown(self, text: str, columns: dict[str, str], *, prefix: str = "s") -> str:
        """A text with places for what is worked out (columns: their names to their formulas) and for the inputs."""
        text = _LEFT_OUT.sub("", text)
        text = _MATH_AROUND.sub(lambda found: found[1] + _placed(found[2], columns, prefix, bare=True) + found[3], text)
        text = _placed(text, columns, prefix, bare=False)
        alone = len(self.inputs) == 1

        def gap(found: re.Match[str]) -> str:
            number = self.inputs.index(found[1]) + 1 if found[1] in self.inputs else 0
            return "_____" if alone else f"_____ ({number})"

        text = _INPUT.sub(gap, text)
        if "[[" in text and (left := re.search(r"\[\[\s*[a-z]+[^\]]{0,40}", text)):
            raise Untranslatable(f"text that is worked out in the page: {left[0].strip('[ ')}")
        return text

    def rows(self, tests: Mapping[str, Test], inputs: Mapping[str, Element]) -> list[dict[str, str]]:
        """Different rows of what is shown and what is right, from many draws. Raises Untranslatable."""
        rows: list[dict[str, str]] = []
        for seed in range(DRAWS):
            session = Session(Random(f"{self.item.said('name')}:{seed}"))  # noqa: S311 (variety is wanted, not secrecy)
            try:
                session.run(self.source)
                row = {name: latex_of(session.work_out(formula)) for name, formula in self.columns.items()}
                for at, (name, test) in enumerate(tests.items(), 1):
                    row |= _right(session, inputs[name], test, at)
            except MaximaProblem as problem:
                raise Untranslatable(f"what cannot be worked out: {problem}") from None
            row |= self._feedback(session, list(tests.values()), list(inputs.values()), row)
            if row not in rows:
                rows.append(row)
            if len(rows) >= ROWS or not session.drawn:
                break
        return rows

    def _feedback(
        self, session: Session, tests: list[Test], inputs: list[Element], row: Mapping[str, str]
    ) -> dict[str, str]:
        """The columns of what nodes say; what cannot be worked out is said nowhere, and is lost."""
        made: dict[str, str] = {}
        for said_of in list(self.said):
            inside = session.branch()
            try:
                inside.run(tests[said_of.at - 1].variables)
                made |= {name: latex_of(inside.work_out(formula)) for name, formula in said_of.columns.items()}
                if said_of.column:
                    value = inside.work_out(said_of.formula)
                    made[said_of.column] = _response(value, inputs[said_of.at - 1], said_of.at, row)
            except MaximaProblem as problem:
                self.said.remove(said_of)
                self.lost.append(f"feedback of a response tree: {problem}")
        return made

    def made(self, name: str, element: Element, test: Test, rows: list[dict[str, str]]) -> Made:
        """The key of an input, with the wrong answers that are foreseen."""
        at = self.inputs.index(name) + 1
        made = _made(at, element, test, rows)
        wrong: list[WrongAnswer] = []
        solution: list[str] = []
        for said_of in (each for each in self.said if each.at == at):
            text = self.item.markdown(said_of.part, text=said_of.text)
            if not said_of.column:
                solution.append(text)
                continue
            response = f"\ue300{said_of.column}\ue301"
            if said(element, "type") in _CHOSEN:
                numbers = {row[said_of.column] for row in rows}
                response = _choice_id(at, numbers.pop()) if len(numbers) == 1 else ""
            if response and text.strip():
                wrong.append(WrongAnswer(response=response, feedback=text, credit=said_of.credit))
        return replace(made, wrong_answers=tuple(wrong), solution=(*made.solution, *solution))


def _placed(text: str, columns: dict[str, str], prefix: str, *, bare: bool) -> str:
    def place(found: re.Match[str]) -> str:
        formula = _HOW.sub("", (found[1] or found[2]).strip())
        name = next((name for name, known in columns.items() if known == formula), f"{prefix}{len(columns) + 1}")
        columns[name] = formula
        return f"{{\ue300{name}\ue301}}" if bare else f"\\(\ue300{name}\ue301\\)"

    return _SHOWN.sub(place, text)


def _response(value: Any, element: Element, at: int, row: Mapping[str, str]) -> str:
    """A foreseen answer as a student gives it; of a choice, its number."""
    kind = said(element, "type")
    if kind in _CHOSEN:
        numbers = [
            name.rpartition("v")[2] for name, held in row.items() if name.startswith(f"a{at}v") and held == str(value)
        ]
        if not numbers:
            raise MaximaProblem("a choice that is not offered")
        return numbers[0]
    if kind == "boolean":
        return "true" if value in (True, sympy.true) else "false"
    return typed(value)


def _right(session: Session, element: Element, test: Test, at: int) -> dict[str, str]:
    """The columns of what is right for an input."""
    kind = said(element, "type")
    if kind in _CHOSEN:
        choices = session.work_out(said(element, "tans"))
        if not isinstance(choices, list) or not all(isinstance(each, list) and len(each) > 1 for each in choices):
            raise MaximaProblem("choices that are no list of lists")
        made = {}
        for number, choice in enumerate(choices, 1):
            made[f"a{at}t{number}"] = text_of(choice[2] if len(choice) > 2 else choice[0])
            made[f"a{at}r{number}"] = "1" if choice[1] in (True, sympy.true) else "0"
            made[f"a{at}v{number}"] = str(choice[0])
        return made
    if kind == "boolean":
        return {f"a{at}": "true" if session.work_out(test.formula) in (True, sympy.true) else "false"}
    value = session.work_out(test.formula)
    if isinstance(value, sympy.MatrixBase):
        return {
            f"a{at}c{row}x{column}": typed(value[row, column])
            for row in range(value.rows)
            for column in range(value.cols)
        }
    return {f"a{at}": typed(value)}


def _made(at: int, element: Element, test: Test, rows: list[dict[str, str]]) -> Made:  # noqa: C901 (a table of kinds)
    """The key of an input."""
    kind = said(element, "type")
    if kind in _CHOSEN:
        return _choices(rows, at, several=kind == "checkbox")
    if kind == "boolean":
        if any(row[f"a{at}"] != rows[0][f"a{at}"] for row in rows):
            return Made(answer=None, problems=("an answer that is true in some variants only",))
        return Made(answer={"kind": "true_false", "correct": rows[0][f"a{at}"] == "true"})
    if f"a{at}" not in rows[0]:
        return _matrix(rows, at, kind)
    problems = [] if test.exact else ["a response tree that cannot be translated: the teacher's answer is right"]
    if test.name in {"String", "StringSloppy", "SRegExp"} or kind == "string":
        answer: dict[str, Any] = {"kind": "text", "accept": [f"\ue300a{at}\ue301"]}
        return Made(answer=answer, problems=tuple(problems))
    if kind not in _TYPED:
        return Made(answer=None, problems=(f"an input of a kind that is not known: {kind}",))
    if test.name in _NUMERICAL:
        return _numerical(test, at, problems)
    if not _FORMS.get(test.name):
        return Made(answer=None, problems=(f"an answer test that maps onto nothing here: {test.name}",))
    for form in _FORMS[test.name]:
        answer = {"kind": "expression", "value": f"\ue300a{at}\ue301", "form": form}
        first = {"kind": "expression", "value": rows[0][f"a{at}"], "form": form}
        if not schema.key_problems(first):
            if form == "any" and test.name not in {"AlgEquiv", "SubstEquiv", "AlgEquivNouns", "Sets"}:
                problems.append(f"the form that is asked for: {test.name}")
            return Made(answer=answer, problems=tuple(problems))
    return Made(answer=None, problems=(f"an answer that cannot be read: {rows[0][f'a{at}'][:80]}",))


def _numerical(test: Test, at: int, problems: list[str]) -> Made:
    answer: dict[str, Any] = {"kind": "number", "value": f"\ue300a{at}\ue301"}
    size = number_of(test.option.strip("[] ").split(",")[0]) if test.option.strip() else None
    if "Absolute" in test.name:
        answer["tolerance"] = test.option.strip() or "0.05"
    elif "Relative" in test.name:
        answer["relative_tolerance"] = test.option.strip() or "0.05"
    elif test.name == "NumSigFigs" and size is not None:
        answer["significant_figures"] = str(int(size))
    elif test.name == "NumDecPlaces" and size is not None:
        answer["tolerance"] = f"{5 * 10.0 ** -(int(size) + 1):.12f}".rstrip("0")
    if test.name.startswith("Units"):
        problems.append("units as STACK reads them")
        return Made(answer=None, problems=tuple(problems))
    return Made(answer=answer, problems=tuple(problems))


def _matrix(rows: list[dict[str, str]], at: int, kind: str) -> Made:
    cells = [
        tuple(map(int, found.groups())) for name in rows[0] if (found := re.fullmatch(rf"a{at}c(\d+)x(\d+)", name))
    ]
    if any(f"a{at}c{row}x{column}" not in each for each in rows for row, column in cells):
        return Made(answer=None, problems=("a matrix whose size differs between the variants",))
    height, width = max(cells)
    entries = [[f"\ue300a{at}c{row}x{column}\ue301" for column in range(width + 1)] for row in range(height + 1)]
    return Made(answer={"kind": "matrix", "rows": entries, "size_shown": kind == "matrix"})


def _choice_id(at: int, number: str) -> str:
    return mark_of(str(at), number)[:6]


def _choices(rows: list[dict[str, str]], at: int, *, several: bool) -> Made:
    """Choices, which are the same ones in all variants: where others are right in each, the right ones come first."""
    count = sum(bool(re.fullmatch(rf"a{at}t\d+", name)) for name in rows[0])
    right = [[row.get(f"a{at}r{number}") for number in range(1, count + 1)] for row in rows]
    is_mixed = any(each != right[0] for each in right)
    if is_mixed:
        if len({(len(each), each.count("1"), each.count("0")) for each in right}) > 1:
            return Made(answer=None, problems=("choices of which others are right in each variant",))
        for row, flags in zip(rows, right, strict=True):
            _right_first(row, at, flags)
        right = [sorted(right[0], reverse=True)]  # type: ignore[type-var]
    for row in rows:
        texts = [row[f"a{at}t{number}"] for number in range(1, count + 1)]
        if len(set(texts)) < len(texts):
            return Made(answer=None, problems=("choices that are equal in some variant",))
    ids = [_choice_id(at, str(number)) for number in range(1, count + 1)]
    correct = [choice for choice, is_right in zip(ids, right[0], strict=True) if is_right == "1"]
    if not correct or count < 2:
        return Made(answer=None, problems=("no right answer",))
    answer: dict[str, Any] = {
        "choices": {choice: f"\ue300a{at}t{number}\ue301" for number, choice in enumerate(ids, 1)},
        "kind": "several_choices" if several or len(correct) > 1 else "one_choice",
    }
    answer["correct"] = correct if answer["kind"] == "several_choices" else correct[0]
    if is_mixed:
        answer["shuffle"] = True
    return Made(answer=answer)


def _right_first(row: dict[str, str], at: int, flags: Sequence[str | None]) -> None:
    """Put the right choices of a variant before the others, which are then shown in an order of chance."""
    order = sorted(range(1, len(flags) + 1), key=lambda number: flags[number - 1] != "1")
    for letter in "tv":
        held = [row[f"a{at}{letter}{number}"] for number in order]
        row |= {f"a{at}{letter}{number}": text for number, text in enumerate(held, 1)}
    moved = {str(before): str(after) for after, before in enumerate(order, 1)}
    row |= {name: moved[number] for name, number in row.items() if re.fullmatch(rf"a{at}w\d+", name)}


def _as_template(question: Question, rows: list[dict[str, str]]) -> Question:
    """Places become blanks of a template, or the one value that there is."""
    used = {name for name in _places(repr(question)) if name in rows[0]}
    same = {name: rows[0][name] for name in used if all(row[name] == rows[0][name] for row in rows)}

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub("\ue300(\\w+)\ue301", lambda found: same.get(found[1], f"@{{{found[1]}}}"), value)
        if isinstance(value, Mapping):
            return {name: fill(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(fill(each) for each in value)
        if isinstance(value, Made):
            wrong = tuple(
                replace(each, response=fill(each.response), feedback=fill(each.feedback))
                for each in value.wrong_answers
            )
            return replace(value, answer=fill(value.answer), solution=fill(value.solution), wrong_answers=wrong)
        return value

    different = sorted(used - set(same))
    table = [{name: row[name] for name in different} for row in rows] if different else []
    table = [row for at, row in enumerate(table) if row not in table[:at]]
    return replace(
        question,
        prompt=fill(question.prompt),
        solution=fill(question.solution),
        hints=fill(question.hints),
        steps=tuple((text, fill(made)) for text, made in question.steps),
        variables={"rows": table} if table else {},
    )


def _places(text: str) -> list[str]:
    return re.findall("(?:\ue300|\\\\ue300)(\\w+?)(?:\ue301|\\\\ue301)", text)
