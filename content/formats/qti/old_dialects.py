"""What tools write in QTI 1.2 otherwise than the specification has it, put right before an item is read.

Blackboard lists the partners of a matching question once, behind its stems, and marks what is right by its feedback
alone; Brightspace names responses by their labels and lets one choice be several; ILIAS names choices by their texts
and says the bounds of a number beside it; Canvas renames gaps and forgets the rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

from content.formats.qti.declarations import number

_SINGLE = {"multiple choice", "true/false"}
_PARTNERS = "RIGHT_MATCH_BLOCK"
RESPONSES = ("response_lid", "response_str", "response_num", "response_grp", "response_xy")


def settle(item: Element, kind: str) -> None:
    """Put an item right, in place; `kind` is what its tool calls it."""
    presentation = item.find("presentation")
    if presentation is None:
        return
    responses = [one for one in presentation.iter() if one.tag in RESPONSES]
    for one in responses:
        if "ident" not in one.attrib:
            one.set("ident", one.get("respident", ""))
        if one.tag == "response_lid" and kind.lower() in _SINGLE:
            one.set("rcardinality", "Single")
    _give_partners(item, presentation, responses)
    _name_responses(item, responses)
    _name_choices(item, responses)
    if kind == "CLOZE QUESTION":
        _give_bounds(item, responses)
    _count_feedback(item)


def _give_partners(item: Element, presentation: Element, responses: Sequence[Element]) -> None:
    """Write Blackboard's partners into the empty labels that stand for them, and each stem into its response."""
    block = next((one for one in presentation.iter("flow") if one.get("class") == _PARTNERS), None)
    if block is None:
        return
    parents = {child: parent for parent in presentation.iter() for child in parent}
    partners = block.findall("flow")
    meant: dict[tuple[str, str], str] = {}
    for response in responses:
        labels = list(response.iter("response_label"))
        if len(labels) != len(partners) or any(len(label) for label in labels):
            return
        for at, (label, partner) in enumerate(zip(labels, partners, strict=True), 1):
            meant[response.get("ident", ""), label.get("ident", "")] = f"partner_{at}"
            label.set("ident", f"partner_{at}")
            label.extend(partner)
        beside = [one for one in parents[response] if one is not response]
        response[:0] = [material for one in beside for material in one.iter("material")]
        for one in beside:
            parents[response].remove(one)
    parents[block].remove(block)
    for test in _tests(item):
        test.text = meant.get((test.get("respident", ""), _said(test)), test.text)


def _name_responses(item: Element, responses: Sequence[Element]) -> None:
    """Name the response in conditions that name one of its labels, or none that there is."""
    names = {one.get("ident", "") for one in responses}
    owners: dict[str, list[Element]] = {}
    for one in responses:
        for label in one.iter("response_label"):
            owners.setdefault(label.get("ident", ""), []).append(one)
    for test in _tests(item):
        named = test.get("respident", "")
        by_label, by_value = owners.get(named, []), owners.get(_said(test), [])
        if named in names:
            continue
        if len(by_label) == 1:
            if by_label[0].get("rcardinality", "").lower() == "ordered":  # what stands there is the label's place
                test.set("index", _said(test))
                test.text = named
            test.set("respident", by_label[0].get("ident", ""))
        elif len(by_value) == 1:
            test.set("respident", by_value[0].get("ident", ""))


def _name_choices(item: Element, responses: Sequence[Element]) -> None:
    """Name the choice in conditions that name its text."""
    for response in responses:
        labels = {one.get("ident", ""): _said(one) for one in response.iter("response_label")}
        for test in _tests(item):
            if test.get("respident") == response.get("ident") and _said(test) not in labels:
                alike = [ident for ident, text in labels.items() if text and text == _said(test)]
                test.text = alike[0] if len(alike) == 1 else test.text


def _give_bounds(item: Element, responses: Sequence[Element]) -> None:
    """Write the bounds of a number, which ILIAS keeps where the number is typed, beside the right one."""
    for response in responses:
        render = response.find("render_fib")
        for condition in item.findall("resprocessing/respcondition/conditionvar"):
            if render is not None and any(one.get("respident") == response.get("ident") for one in condition):
                for tag, bound in (("vargte", render.get("minnumber")), ("varlte", render.get("maxnumber"))):
                    if bound and number(bound) is not None:
                        SubElement(condition, tag, {"respident": response.get("ident", "")}).text = bound


def _count_feedback(item: Element) -> None:
    """Where no condition gives points, those that show the feedback `correct` are what is right."""
    conditions = item.findall("resprocessing/respcondition")
    if any(_gives(one) for condition in conditions for one in condition.findall("setvar")):
        return
    for condition in conditions:
        shown = {one.get("linkrefid", "") for one in condition.findall("displayfeedback")}
        if "correct" in shown and condition.find("setvar") is None:
            SubElement(condition, "setvar", {"action": "Add"}).text = "1"


def _gives(rule: Element) -> bool:
    said = _said(rule)
    return said.lower().endswith(".max") or (number(said) or 0) > 0


def _tests(item: Element) -> Iterator[Element]:
    return (one for part in item.findall("resprocessing") for one in part.iter() if "respident" in one.attrib)


def _said(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def gaps(body: str, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which of its names stands in brackets in the text, for each response; empty unless all of them do."""
    found = {ident: next((name for name in said if name and f"[{name}]" in body), "") for ident, said in names.items()}
    return found if all(found.values()) else {}
