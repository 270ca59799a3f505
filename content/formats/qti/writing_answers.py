"""The answer of a step as an interaction of QTI 2.1: how it is shown, when it is right, what its parts are worth."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from content import grading
from content.formats.qti.declarations import number, numeral
from content.formats.qti.elements import add, append, extend, make
from content.formats.qti.names import long
from content.formats.qti.texts import Report
from content.package import Json, Step, WrongAnswer

Html = Callable[[str], Element]  # Markdown -> a div
Match = Callable[[WrongAnswer], Element | None]
_GAP = re.compile(r"\[\[(\w+)\]\]")
_MARK = "\ue000"  # around the name of a gap while its text is made into HTML
_LOST = ("unit", "significant_figures", "form", "punctuation", "wildcards", "domain", "words_least", "words_most")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A step's interactions and rules. `right` is None where people grade.

    `partly` is what a response is worth that is not right; with `parts` each test is worth its share by itself.
    """

    body: Sequence[Element]
    declarations: Sequence[Element]
    right: Element | None
    matches: Match = lambda _: None
    partly: Element | None = None
    parts: Sequence[tuple[Element, str]] = ()


@dataclass(frozen=True)
class _Step:
    name: str
    answer: Json
    html: Html
    report: Report


def ask(step: Step, name: str, html: Html, report: Report) -> Asked:
    """Write a step's answer. What QTI cannot say of it is reported."""
    kind = str(step.answer["kind"])
    asked = _Step(name, step.answer, html, report)
    for part in _LOST:
        if step.answer.get(part) and not (part == "form" and step.answer[part] in {"integer", "any"}):
            report(f"{part}: QTI has no place for this: {step.answer[part]}")
    return _KINDS.get(kind, _typed)(asked)


def _choices(step: _Step) -> Asked:
    several = step.answer["kind"] == "several_choices"
    texts = {str(one): str(text) for one, text in step.answer["choices"].items()}
    correct = [str(one) for one in step.answer["correct"]] if several else [str(step.answer["correct"])]
    return _choice(step, texts, correct, several=several)


def _true_false(step: _Step) -> Asked:
    right = "true" if step.answer["correct"] in {True, "yes", "true"} else "false"
    return _choice(step, {"true": "True", "false": "False"}, [right], several=False)


def _choice(step: _Step, texts: Mapping[str, str], correct: Sequence[str], *, several: bool) -> Asked:
    ids = long(texts, prefix="choice")
    interaction = make(
        "choiceInteraction",
        responseIdentifier=step.name,
        shuffle="true" if step.answer.get("shuffle") in {True, "yes", "true"} else "false",
        maxChoices="0" if several else "1",
    )
    for one, text in texts.items():
        interaction.append(extend(make("simpleChoice", identifier=ids[one]), step.html(text)))
    declared = _declaration(step.name, "multiple" if several else "single", "identifier", [ids[one] for one in correct])
    credit = {str(one): number(str(share)) or Fraction(0) for one, share in (step.answer.get("credit") or {}).items()}
    partly = None
    if credit:
        _mapping(declared, {ids[one]: share for one, share in credit.items() if one in ids})
        partly = make("mapResponse", identifier=step.name)
    elif several:
        # Each right one counts the same and a wrong one takes one away, as the step is graded here.
        size = Fraction(1, len(correct))
        _mapping(declared, {ids[one]: size if one in correct else -size for one in texts})
        partly = make("mapResponse", identifier=step.name)

    def matches(wrong: WrongAnswer) -> Element | None:
        given = [wrong.response] if isinstance(wrong.response, str) else list(wrong.response)
        if not set(given) <= set(ids):
            return None
        values = [_value(ids[one], "identifier") for one in given]
        return make(
            "match", make("variable", identifier=step.name), make("multiple", *values) if several else values[0]
        )

    return Asked(
        body=[interaction], declarations=[declared], right=_is_correct(step.name), matches=matches, partly=partly
    )


def _number(step: _Step) -> Asked:
    value = _exact(str(step.answer["value"]))
    if value is None or "/" in numeral(value):
        return _typed(step)
    kind = "integer" if step.answer.get("form") == "integer" else "float"
    declared = _declaration(step.name, "single", kind, [numeral(value)])
    return Asked(
        body=[_entry(step.name, step.answer)],
        declarations=[declared],
        right=_near(step.name, make("correct", identifier=step.name), step.answer),
        matches=lambda wrong: _number_match(step.name, wrong.response),
    )


def _exact(text: str) -> Fraction | None:
    """A decimal or a fraction."""
    if (value := number(text)) is not None:
        return value
    found = re.fullmatch(r"(-?\d{1,30})/(\d{1,30})", text.strip())
    return Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None


def _near(name: str, value: Element, answer: Json) -> Element:
    """Whether a response is equal to a value, or near enough."""
    mode, size = "exact", ""
    if answer.get("relative_tolerance"):
        mode, size = "relative", numeral((number(str(answer["relative_tolerance"])) or Fraction(0)) * 100)
    elif answer.get("tolerance"):
        made = _exact(str(answer["tolerance"]))
        mode, size = ("absolute", numeral(made)) if made else ("exact", "")
    equal = make("equal", make("variable", identifier=name), value, toleranceMode=mode)
    if size:
        equal.set("tolerance", f"{size} {size}")
    return equal


def _number_match(name: str, response: str | tuple[str, ...]) -> Element | None:
    if not isinstance(response, str):
        return None
    low, _, high = response.partition("..")
    if high and number(low) is not None and number(high) is not None:
        return make(
            "and",
            make("gte", make("variable", identifier=name), _value(low.strip(), "float")),
            make("lte", make("variable", identifier=name), _value(high.strip(), "float")),
        )
    value = _exact(response)
    if value is None or "/" in numeral(value):
        return None
    return make("equal", make("variable", identifier=name), _value(numeral(value), "float"), toleranceMode="exact")


def _text(step: _Step) -> Asked:
    accept = step.answer["accept"]
    return _string(step, [accept] if isinstance(accept, str) else [str(one) for one in accept])


def _typed(step: _Step) -> Asked:
    """Mathematics: QTI compares it letter by letter."""
    step.report(f"QTI compares this as a text: {step.answer['kind']}")
    right = grading.right_response(step.answer)
    accept = [right] if isinstance(right, str) else [", ".join(right)]
    more = step.answer.get("accept") or []
    return _string(step, [*accept, *([more] if isinstance(more, str) else map(str, more))])


def _string(step: _Step, accept: Sequence[str]) -> Asked:
    case = step.answer.get("case") in {True, "yes", "true"}
    accept = list(dict.fromkeys(accept))
    declared = _declaration(step.name, "single", "string", accept[:1])
    tests = [_same_text(step.name, one, case=case) for one in accept]
    return Asked(
        body=[_entry(step.name, step.answer)],
        declarations=[declared],
        right=tests[0] if len(tests) == 1 else make("or", *tests),
        matches=lambda wrong: (
            _same_text(step.name, wrong.response, case=case) if isinstance(wrong.response, str) else None
        ),
    )


def _same_text(name: str, text: str, *, case: bool) -> Element:
    variable = make("variable", identifier=name)
    return make("stringMatch", variable, _value(text, "string"), caseSensitive="true" if case else "false")


def _entry(name: str, answer: Json) -> Element:
    entry = make("p", make("textEntryInteraction", responseIdentifier=name))
    if unit := str(answer.get("unit") or ""):
        return make("div", make("p", f"({unit})"), entry)
    return entry


def _pairs(step: _Step) -> Asked:
    stems = {str(one): str(text) for one, text in step.answer["stems"].items()}
    options = {str(one): str(text) for one, text in step.answer["options"].items()}
    stem_ids, option_ids = long(stems, prefix="stem"), long(options, prefix="option")
    interaction = make(
        "matchInteraction", responseIdentifier=step.name, shuffle="true", maxAssociations=str(len(stems))
    )
    for texts, ids, most in ((stems, stem_ids, "1"), (options, option_ids, "0")):
        side = add(interaction, "simpleMatchSet")
        for one, text in texts.items():
            choice = make("simpleAssociableChoice", identifier=ids[one], matchMax=most)
            side.append(extend(choice, step.html(text)))
    right = [f"{stem_ids[str(stem)]} {option_ids[str(option)]}" for stem, option in step.answer["pairs"].items()]
    declared = _declaration(step.name, "multiple", "directedPair", right)
    _mapping(declared, {pair: Fraction(1, len(right)) for pair in right})

    def matches(wrong: WrongAnswer) -> Element | None:
        given = zip(stems, wrong.response, strict=False) if isinstance(wrong.response, tuple) else ()
        pairs = [f"{stem_ids[stem]} {option_ids[option]}" for stem, option in given if option in option_ids]
        values = [_value(pair, "directedPair") for pair in pairs]
        return make("match", make("variable", identifier=step.name), make("multiple", *values)) if values else None

    return Asked(
        body=[interaction],
        declarations=[declared],
        right=_is_correct(step.name),
        matches=matches,
        partly=make("mapResponse", identifier=step.name),
    )


def _order(step: _Step) -> Asked:
    items = {str(one): str(text) for one, text in step.answer["items"].items()}
    ids = long(items, prefix="item")
    interaction = make("orderInteraction", responseIdentifier=step.name, shuffle="true")
    for one, text in items.items():
        interaction.append(extend(make("simpleChoice", identifier=ids[one]), step.html(text)))

    def matches(wrong: WrongAnswer) -> Element | None:
        if isinstance(wrong.response, str) or not set(wrong.response) <= set(ids):
            return None
        values = [_value(ids[one], "identifier") for one in wrong.response]
        return make("match", make("variable", identifier=step.name), make("ordered", *values))

    right = [ids[str(one)] for one in step.answer["correct"]]
    declared = _declaration(step.name, "ordered", "identifier", right)
    return Asked(body=[interaction], declarations=[declared], right=_is_correct(step.name), matches=matches)


def _cloze(step: _Step) -> Asked:
    """A text in which inputs stand; each gap is worth its part."""
    gaps: Mapping[str, Json] = step.answer["gaps"]
    names = {str(gap): f"{step.name}_{gap}" for gap in gaps}
    asked = {gap: _gap(_Step(names[gap], gaps[gap], step.html, step.report)) for gap in names}
    text = _GAP.sub(lambda found: f"{_MARK}{found[1]}{_MARK}" if found[1] in names else found[0], step.answer["text"])
    body = _with_inputs(step.html(text), {gap: one.body[0] for gap, one in asked.items()})
    weights = {gap: number(str((step.answer.get("weights") or {}).get(gap, 1))) or Fraction(1) for gap in names}
    whole = sum(weights.values(), Fraction(0)) or Fraction(1)
    order = [found for found in dict.fromkeys(_GAP.findall(step.answer["text"])) if found in names]
    rights = [one.right for one in asked.values() if one.right is not None]
    parts = [(one.right, _float(weights[gap] / whole)) for gap, one in asked.items() if one.right is not None]

    def matches(wrong: WrongAnswer) -> Element | None:
        if isinstance(wrong.response, str) or len(wrong.response) != len(order):
            return None
        tests = [
            asked[gap].matches(WrongAnswer(response=given, feedback=""))
            for gap, given in zip(order, wrong.response, strict=True)
        ]
        found = [test for test in tests if test is not None]
        return make("and", *found) if found and len(found) == len(tests) else None

    return Asked(
        body=[body],
        declarations=[declared for one in asked.values() for declared in one.declarations],
        right=rights[0],
        matches=matches,
        parts=parts,
    )


def _gap(step: _Step) -> Asked:
    if step.answer["kind"] != "one_choice":
        asked = _KINDS.get(str(step.answer["kind"]), _typed)(step)
        entry = next(one for one in asked.body[0].iter("textEntryInteraction"))
        return Asked(body=[entry], declarations=asked.declarations, right=asked.right, matches=asked.matches)
    texts = {str(one): str(text) for one, text in step.answer["choices"].items()}
    asked = _choices(step)
    ids = long(texts, prefix="choice")
    entry = make("inlineChoiceInteraction", responseIdentifier=step.name, shuffle="false")
    for one, text in texts.items():
        add(entry, "inlineChoice", " ".join("".join(step.html(text).itertext()).split()), identifier=ids[one])
    return Asked(body=[entry], declarations=asked.declarations, right=asked.right, matches=asked.matches)


def _with_inputs(element: Element, inputs: Mapping[str, Element]) -> Element:
    """The HTML of a text with the inputs in the places of their marks."""
    for child in list(element):
        _with_inputs(child, inputs)
    made = Element(element.tag, element.attrib)
    _fill(made, element.text or "", inputs)
    for child in list(element):
        tail, child.tail = child.tail or "", None
        made.append(child)
        _fill(made, tail, inputs)
    after = element.tail
    element.clear()
    element.attrib.update(made.attrib)
    extend(element, made)
    element.tail = after
    return element


def _fill(element: Element, text: str, inputs: Mapping[str, Element]) -> None:
    for index, part in enumerate(text.split(_MARK)):
        append(element, inputs[part] if index % 2 and part in inputs else part)


def _table(step: _Step) -> Asked:
    """A table whose cells are gaps."""
    step.report("QTI has no place for this: a table to fill in, written as a text with gaps")
    rows: list[str] = []
    gaps: dict[str, Any] = {}
    columns = [str(one) for one in step.answer.get("columns") or []]
    names = [str(one) for one in step.answer.get("rows") or []]
    width = max((len(row) for row in step.answer["cells"]), default=0)
    heads = columns or [""] * width
    rows.append("| " + " | ".join([*([""] if names else []), *heads]) + " |")
    rows.append("|" + "---|" * (len(heads) + bool(names)))
    for index, row in enumerate(step.answer["cells"]):
        cells = [names[index]] if index < len(names) else []
        for cell in map(str, row):
            if cell.startswith("[") and cell.endswith("]"):
                gap = str(len(gaps) + 1)
                key = {"kind": "number", "value": cell[1:-1]}
                gaps[gap] = key | ({"tolerance": step.answer["tolerance"]} if step.answer.get("tolerance") else {})
                cell = f"[[{gap}]]"
            cells.append(cell)
        rows.append("| " + " | ".join(cells) + " |")
    return _cloze(_Step(step.name, {"kind": "cloze", "text": "\n".join(rows), "gaps": gaps}, step.html, step.report))


def _essay(step: _Step) -> Asked:
    body: list[Element] = []
    if rubric := str(step.answer.get("rubric") or ""):
        body.append(extend(make("rubricBlock", view="scorer"), step.html(rubric)))
    body.append(make("extendedTextInteraction", responseIdentifier=step.name))
    sample = str(step.answer.get("sample") or "")
    return Asked(
        body=body, declarations=[_declaration(step.name, "single", "string", [sample] if sample else [])], right=None
    )


def _declaration(name: str, cardinality: str, kind: str, correct: Sequence[str]) -> Element:
    declared = make("responseDeclaration", identifier=name, cardinality=cardinality, baseType=kind)
    if correct:
        values = add(declared, "correctResponse")
        for one in correct:
            add(values, "value", one)
    return declared


def _mapping(declared: Element, worth: Mapping[str, Fraction]) -> None:
    mapping = add(declared, "mapping", lowerBound="0", upperBound="1", defaultValue="0")
    for one, share in worth.items():
        add(mapping, "mapEntry", mapKey=one, mappedValue=_float(share))


def _float(value: Fraction) -> str:
    shown = numeral(value)
    return shown if "/" not in shown else f"{float(value):.10g}"


def _is_correct(name: str) -> Element:
    return make("match", make("variable", identifier=name), make("correct", identifier=name))


def _value(text: str, kind: str) -> Element:
    return make("baseValue", text, baseType=kind)


_KINDS: dict[str, Callable[[_Step], Asked]] = {
    "one_choice": _choices,
    "several_choices": _choices,
    "true_false": _true_false,
    "number": _number,
    "text": _text,
    "matching": _pairs,
    "ordering": _order,
    "cloze": _cloze,
    "table": _table,
    "long_text": _essay,
}
