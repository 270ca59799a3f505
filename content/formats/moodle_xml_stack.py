"""STACK's questions: variables drawn and worked out to the rows of a template, answer tests to our kinds of steps.

Every input becomes a step. Which test of the response trees makes it right is read from their nodes; where none asks
about the input alone, the teacher's answer is what is right.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import sympy

from content import schema
from content.formats.answers import Made, number_of
from content.formats.collected import Question
from content.formats.maxima import MaximaProblem, Session
from content.formats.moodle_xml_item import Item, Untranslatable, said
from content.formats.naming import mark_of
from content.formats.xml_tree import Element

DRAWS, ROWS = 120, 50  # tries, and how many different rows are enough
_GRAPHS = re.compile(
    r"\[\[\s*(jsxgraph|if|iframe|foreach|geogebra|parsons|define|hint|reveal)\b|\bplot\s*\(", re.IGNORECASE
)
_SHOWN = re.compile(r"\{@(.+?)@\}|\{#(.+?)#\}", re.DOTALL)
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


@dataclass(frozen=True)
class _Test:
    """The node that makes an input right."""

    name: str
    answer: str
    option: str
    exact: bool = True  # False: no node asks about the input alone


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
    tests = {name: _test_of(item, name, each) for name, each in inputs.items()}
    columns: dict[str, str] = {}
    prompt = reading.shown(text, columns)
    try:
        feedback = reading.shown(item.raw(element.find("generalfeedback")), columns)
    except Untranslatable:
        feedback = ""
    rows = reading.rows(tests, inputs, columns)
    if feedback and not set(_places(feedback)) <= set(rows[0]):
        item.report("the general feedback, which is worked out")
        feedback = ""
    made = [
        (f"({number})" if len(inputs) > 1 else "", _made(item, name, inputs[name], tests[name], rows))
        for number, name in enumerate(inputs, 1)
    ]
    part = element.find("questiontext")
    question = item.question(*made, prompt=item.markdown(part, text=prompt))
    solution = item.markdown(element.find("generalfeedback"), text=feedback) if feedback else ""
    question = replace(question, solution=solution)
    return _as_template(question, rows)


class _Stack:
    """The variables of one question, and what of its texts is worked out."""

    def __init__(self, item: Item, inputs: list[str]) -> None:
        self.item, self.inputs = item, inputs
        self.source = item.said("questionvariables")

    def shown(self, text: str, columns: dict[str, str]) -> str:
        """A text with places for what is worked out (columns: their names to their formulas) and for the inputs."""
        text = _LEFT_OUT.sub("", text)
        text = _MATH_AROUND.sub(lambda found: found[1] + self._places(found[2], columns, bare=True) + found[3], text)
        text = self._places(text, columns, bare=False)
        alone = len(self.inputs) == 1

        def gap(found: re.Match[str]) -> str:
            number = self.inputs.index(found[1]) + 1 if found[1] in self.inputs else 0
            return "_____" if alone else f"_____ ({number})"

        text = _INPUT.sub(gap, text)
        if "[[" in text and (left := re.search(r"\[\[\s*[a-z]+[^\]]{0,40}", text)):
            raise Untranslatable(f"text that is worked out in the page: {left[0].strip('[ ')}")
        return text

    def _places(self, text: str, columns: dict[str, str], *, bare: bool) -> str:
        def place(found: re.Match[str]) -> str:
            formula = (found[1] or found[2]).strip()
            name = next((name for name, known in columns.items() if known == formula), f"s{len(columns) + 1}")
            columns[name] = formula
            return f"{{\ue300{name}\ue301}}" if bare else f"\\(\ue300{name}\ue301\\)"

        return _SHOWN.sub(place, text)

    def rows(
        self, tests: Mapping[str, _Test], inputs: Mapping[str, Element], columns: Mapping[str, str]
    ) -> list[dict[str, str]]:
        """Different rows of what is shown and what is right, from many draws. Raises Untranslatable."""
        rows: list[dict[str, str]] = []
        for seed in range(DRAWS):
            session = Session(Random(f"{self.item.said('name')}:{seed}"))  # noqa: S311 (variety is wanted, not secrecy)
            try:
                session.run(self.source)
                row = {name: _latex(session.work_out(formula)) for name, formula in columns.items()}
                for at, (name, test) in enumerate(tests.items(), 1):
                    row |= _right(session, inputs[name], test, at)
            except MaximaProblem as problem:
                raise Untranslatable(f"what cannot be worked out: {problem}") from None
            if row not in rows:
                rows.append(row)
            if len(rows) >= ROWS or not session.drawn:
                break
        return rows


def _test_of(item: Item, name: str, element: Element) -> _Test:
    """The node that asks whether the input is right."""
    for node in item.element.findall("prt/node"):
        asked = " ".join(said(node, "sans").split())
        score = number_of(said(node, "truescore") or "0") or 0
        if asked in {name, f"setify({name})", f"ev({name},simp)"} and score > 0:
            return _Test(said(node, "answertest"), said(node, "tans"), said(node, "testoptions"))
    return _Test("AlgEquiv", said(element, "tans"), "", exact=False)


def _right(session: Session, element: Element, test: _Test, at: int) -> dict[str, str]:
    """The columns of what is right for an input."""
    kind = said(element, "type")
    if kind in _CHOSEN:
        choices = session.work_out(said(element, "tans"))
        if not isinstance(choices, list) or not all(isinstance(each, list) and len(each) > 1 for each in choices):
            raise MaximaProblem("choices that are no list of lists")
        made = {}
        for number, choice in enumerate(choices, 1):
            made[f"a{at}t{number}"] = _said(choice[2] if len(choice) > 2 else choice[0])
            made[f"a{at}r{number}"] = "1" if choice[1] in (True, sympy.true) else "0"
        return made
    if kind == "boolean":
        return {f"a{at}": "true" if session.work_out(test.answer) in (True, sympy.true) else "false"}
    value = session.work_out(test.answer)
    return {f"a{at}": _typed(value)}


def _made(item: Item, name: str, element: Element, test: _Test, rows: list[dict[str, str]]) -> Made:  # noqa: C901 (a table of kinds)
    """The key of an input."""
    at = [said(each, "name") for each in item.element.findall("input")].index(name) + 1
    kind = said(element, "type")
    if kind in _CHOSEN:
        return _choices(rows, at, several=kind == "checkbox")
    if kind == "boolean":
        if any(row[f"a{at}"] != rows[0][f"a{at}"] for row in rows):
            return Made(answer=None, problems=("an answer that is true in some variants only",))
        return Made(answer={"kind": "true_false", "correct": rows[0][f"a{at}"] == "true"})
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


def _numerical(test: _Test, at: int, problems: list[str]) -> Made:
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


def _choices(rows: list[dict[str, str]], at: int, *, several: bool) -> Made:
    """Choices whose order is the same in all variants; which are right must be too."""
    count = sum(bool(re.fullmatch(rf"a{at}t\d+", name)) for name in rows[0])
    right = [[row.get(f"a{at}r{number}") for number in range(1, count + 1)] for row in rows]
    if any(each != right[0] for each in right):
        return Made(answer=None, problems=("choices of which others are right in each variant",))
    for row in rows:
        texts = [row[f"a{at}t{number}"] for number in range(1, count + 1)]
        if len(set(texts)) < len(texts):
            return Made(answer=None, problems=("choices that are equal in some variant",))
    ids = [mark_of(str(at), str(number))[:6] for number in range(1, count + 1)]
    correct = [choice for choice, is_right in zip(ids, right[0], strict=True) if is_right == "1"]
    if not correct or count < 2:
        return Made(answer=None, problems=("no right answer",))
    answer: dict[str, Any] = {
        "choices": {choice: f"\ue300a{at}t{number}\ue301" for number, choice in enumerate(ids, 1)},
        "kind": "several_choices" if several or len(correct) > 1 else "one_choice",
    }
    answer["correct"] = correct if answer["kind"] == "several_choices" else correct[0]
    return Made(answer=answer)


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
            return replace(value, answer=fill(value.answer), solution=fill(value.solution))
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


def _latex(value: Any) -> str:
    if isinstance(value, str):
        return rf"\text{{{value}}}" if not set(value) & set("\\{}$") else value
    if isinstance(value, bool):
        return rf"\text{{{str(value).lower()}}}"
    if isinstance(value, list):
        return r"\left[" + ", ".join(map(_latex, value)) + r"\right]"
    if isinstance(value, frozenset):
        return r"\left\{" + ", ".join(map(_latex, sorted(value, key=sympy.default_sort_key))) + r"\right\}"
    return str(sympy.latex(value))


def _said(value: Any) -> str:
    """A choice as a text: words as they are, mathematics as a formula."""
    return value if isinstance(value, str) else f"${_latex(value)}$"


def _typed(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_typed, value))
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(_typed, sorted(value, key=sympy.default_sort_key))) + "}"
    if isinstance(value, sympy.Eq):
        return f"{_typed(value.lhs)} = {_typed(value.rhs)}"
    if isinstance(value, sympy.And | sympy.Or):
        return f" {'and' if isinstance(value, sympy.And) else 'or'} ".join(map(_typed, value.args))
    if isinstance(value, sympy.Float):
        return f"{float(value):.12g}"
    return (
        str(value).replace("**", "^").replace("log(", "ln(").replace("E", "e")
        if isinstance(value, sympy.Basic)
        else str(value)
    )
