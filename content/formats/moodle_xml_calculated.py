"""Moodle's calculated questions: each item of the data sets becomes a row of a template, formulas worked out for it."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from content.formats import answers
from content.formats.answers import Made
from content.formats.collected import Question
from content.formats.formulas import FormulaProblem, evaluate
from content.formats.moodle_xml_item import Item, Untranslatable, said
from content.formats.xml_tree import Element

MAX_ROWS = 200
_WILD = re.compile(r"\{([A-Za-z][^{}=<>\s]{0,40})\}")
_COMPUTED = re.compile(r"\{=((?:[^{}]|\{[A-Za-z]\w*\})+)\}")

Row = dict[str, str]


def read_calculated(item: Item) -> Question:
    """A question with data sets. Raises Untranslatable."""
    table = _Table(item)
    part = item.element.find("questiontext")
    prompt = item.markdown(part, text=table.filled(item.raw(part)))
    if item.element.get("type") == "calculatedmulti":
        given = [
            item.given(each, item.markdown(each, inline=True, text=table.filled(item.raw(each), answer=each)))
            for each in item.element.findall("answer")
        ]
        single = item.is_set("single", default=True)
        made = answers.from_choices(given, several=not single, shuffle=item.is_set("shuffleanswers"))
    else:
        made = _number(item, table)
    question = item.question(("", made), prompt=_blanks(prompt))
    if not table.used:
        return question
    rows = [{name: row[name] for name in table.used} for row in table.rows]
    return replace(
        question,
        steps=tuple((text, _with_blanks(step)) for text, step in question.steps),
        solution=_blanks(question.solution),
        variables={"rows": rows},
    )


class _Table:
    """The data sets of a question, one row an item, with a column for everything that is computed."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.names: dict[str, str] = {}  # as the source has it -> a name that a variable can have
        columns: dict[str, dict[int, str]] = {}
        for definition in item.element.findall("dataset_definitions/dataset_definition"):
            name = said(definition, "name")
            self.names[name] = f"v{len(self.names) + 1}_" + re.sub(r"[^A-Za-z0-9]", "", name)
            columns[name] = {
                int(number): value
                for entry in definition.findall("dataset_items/dataset_item")
                if (number := (entry.findtext("number") or "").strip()).isdecimal()
                and (value := (entry.findtext("value") or "").strip())
            }
        numbers = sorted(set.intersection(*map(set, columns.values()))) if columns else []
        self.rows: list[Row] = []
        for at in numbers[:MAX_ROWS]:
            if all(answers.number_of(column[at]) is not None for column in columns.values()):
                self.rows.append({self.names[name]: _short(column[at]) for name, column in columns.items()})
        self.used: list[str] = []
        if columns and not self.rows:
            raise Untranslatable("data sets without values")

    def filled(self, text: str, *, answer: Element | None = None) -> str:
        """A text with a marked place for every value in it; `answer` says how its numbers are shown."""
        shown = _shown_like(answer) if answer is not None else _plain_number
        text = _COMPUTED.sub(lambda found: self._place(self.column(found[1], shown)), text)
        return _WILD.sub(lambda found: self._place(self._named(found[1])) if found[1] in self.names else found[0], text)

    def _place(self, name: str) -> str:
        return f"\ue300{name}\ue301"

    def _named(self, name: str) -> str:
        column = self.names[name]
        if column not in self.used:
            self.used.append(column)
        return column

    def column(self, formula: str, shown: Callable[[float], str]) -> str:
        """The name of a column that holds a formula's value for every row. Raises Untranslatable."""
        name = f"c{sum(name.startswith('c') for name in self.used) + 1}"
        for row in self.rows:
            values = {source: float(row[column]) for source, column in self.names.items()}
            try:
                row[name] = shown(evaluate(formula, values))
            except FormulaProblem as problem:
                raise Untranslatable(f"a formula that cannot be worked out: {formula[:100]}: {problem}") from None
        self.used.append(name)
        return name


def _number(item: Item, table: _Table) -> Made:
    """One formula is right; the others are recognised where they are plain."""
    elements = item.element.findall("answer")
    given = [item.given(each, item.raw(each).strip()) for each in elements]
    right = [(each, element) for each, element in zip(given, elements, strict=True) if each.share == 1]
    if not right:
        return Made(answer=None, problems=("no right answer",))
    if len(given) > 1:
        item.report("further answers of a calculated question", dropped=True)
    best, element = right[0]
    if not table.rows:
        table.rows.append({})
    shown = _shown_like(element)
    value = table.column(best.text, shown)
    answer: dict[str, object] = {"kind": "number", "value": f"\ue300{value}\ue301"}
    tolerance, kind = said(element, "tolerance") or "0", said(element, "tolerancetype") or "1"
    share = answers.number_of(tolerance)
    if share is None:
        raise Untranslatable(f"a tolerance that is no number: {tolerance[:40]}")
    if share:
        for row in table.rows:
            size = abs(float(row[value])) if kind in {"1", "3"} else 1.0
            row["tolerance"] = _plain_number(abs(float(share)) * size)
        table.used.append("tolerance")
        answer["tolerance"] = "\ue300tolerance\ue301"
    units = [said(unit, "unit_name") for unit in item.element.findall("units/unit")]
    if units:
        answer["unit"] = units[0]
    return Made(answer=answer, solution=(best.feedback,) if best.feedback else ())


def _shown_like(answer: Element) -> Callable[[float], str]:
    """How an answer's numbers are shown: with so many decimals, or so many significant figures."""
    length = said(answer, "correctanswerlength") or "2"
    digits = int(length) if length.isdecimal() and int(length) < 16 else 2
    significant = said(answer, "correctanswerformat") == "2"

    def shown(value: float) -> str:
        if significant and value:
            digits_after = digits - 1 - math.floor(math.log10(abs(value)))
            return _rounded(value, max(-20, min(digits_after, 20)))
        return _rounded(value, digits)

    return shown


def _rounded(value: float, digits: int) -> str:
    made = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return _short(format(made, "f"))


def _plain_number(value: float) -> str:
    return _short(format(Decimal(f"{value:.12g}"), "f"))


def _short(text: str) -> str:
    """A number without zeros that say nothing."""
    try:
        text = format(Decimal(text.replace(",", ".")), "f")
    except InvalidOperation:
        return text
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _blanks(text: str) -> str:
    return re.sub("\ue300(\\w+)\ue301", r"@{\1|decimal}", text)


def _with_blanks(made: Made) -> Made:
    def deep(value: object) -> object:
        if isinstance(value, str):
            return _blanks(value)
        if isinstance(value, Mapping):
            return {name: deep(each) for name, each in value.items()}
        return value

    answer = deep(made.answer) if made.answer is not None else None
    return replace(
        made,
        answer=answer,  # type: ignore[arg-type]
        wrong_answers=tuple(replace(wrong, feedback=_blanks(wrong.feedback)) for wrong in made.wrong_answers),
        solution=tuple(map(_blanks, made.solution)),
    )
