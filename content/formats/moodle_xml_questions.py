"""Moodle's kinds of questions to ours: each element to a Question, or the reason why it cannot be one."""

from collections.abc import Callable
from fractions import Fraction

from content.formats import answers
from content.formats.answers import Given, Made, number_of
from content.formats.collected import Question, Reading
from content.formats.moodle_xml_calculated import read_calculated
from content.formats.moodle_xml_gaps import read_cloze, read_gap_select
from content.formats.moodle_xml_item import Item, Untranslatable, said
from content.formats.moodle_xml_stack import read_stack
from content.formats.naming import mark_of
from content.formats.xml_tree import Element
from content.html import from_plain
from content.package import WrongAnswer

__all__ = ["READERS", "Untranslatable", "read_description"]


def read_description(item: Item) -> None:
    """A text that asks nothing is a reading."""
    text = item.markdown(item.element.find("questiontext"))
    more = item.markdown(item.element.find("generalfeedback"))
    item.collected.reading(
        item.place,
        Reading(
            title=" ".join(item.said("name").split()),
            text="\n\n".join(part for part in (text, more) if part),
            name=item.said("idnumber"),
            tags=tuple(said(part, "text") for part in item.element.findall("tags/tag")),
        ),
    )


def _multiple_choice(item: Item) -> Question:
    given = [item.given(each, item.markdown(each, inline=True)) for each in item.element.findall("answer")]
    several = not item.is_set("single", default=item.element.get("type") != "oumultiresponse")
    return item.question(("", answers.from_choices(given, several=several, shuffle=_shuffled(item))))


def _shuffled(item: Item) -> bool:
    return item.is_set("shuffleanswers") or item.is_set("shuffle")


def _true_false(item: Item) -> Question:
    said_to: dict[str, str] = {}
    correct = ""
    for each in item.element.findall("answer"):
        response = item.raw(each).strip().lower()
        given = item.given(each, response)
        said_to[response] = given.feedback
        correct = response if given.share > 0 else correct
    if correct not in {"true", "false"}:
        raise Untranslatable("no right answer")
    wrong = "false" if correct == "true" else "true"
    feedback = said_to.get(wrong, "")
    made = Made(
        answer={"kind": "true_false", "correct": correct == "true"},
        wrong_answers=(WrongAnswer(response=wrong, feedback=feedback),) if feedback else (),
        solution=(said_to[correct],) if said_to.get(correct) else (),
    )
    return item.question(("", made))


def _short_answer(item: Item) -> Question:
    given = [item.given(each, item.raw(each).strip()) for each in item.element.findall("answer")]
    return item.question(("", answers.from_texts(given, case=item.is_set("usecase"))))


def _numerical(item: Item) -> Question:
    given = []
    for each in item.element.findall("answer"):
        made = item.given(each, item.raw(each).strip() or (each.text or "").strip())
        tolerance = number_of(said(each, "tolerance") or "0") or Fraction(0)
        given.append(Given(text=made.text, share=made.share, feedback=made.feedback, tolerance=abs(tolerance)))
    units = [
        (said(unit, "unit_name"), number_of(said(unit, "multiplier") or "1"))
        for unit in item.element.findall("units/unit")
    ]
    unit = next((name for name, multiplier in units if multiplier == 1), units[0][0] if units else "")
    required = item.said("unitgradingtype") not in {"", "0"}
    if required and item.said("unitpenalty") not in {"", "0"}:
        item.report("a missing unit costs a part of the points: it is asked for")
    return item.question(("", answers.from_numbers(given, unit=unit, unit_required=required)))


def _matching(item: Item) -> Question:
    pairs = [(item.markdown(each, inline=True), _partner(item, each)) for each in item.element.findall("subquestion")]
    made = answers.from_pairs(pairs)
    return item.question(("", made))


def _partner(item: Item, pair: Element) -> str:
    """What belongs to a stem: plain text, or what its format says where it is dragged."""
    answer = pair.find("answer")
    if answer is not None and answer.get("format"):
        return item.markdown(answer, inline=True)
    return from_plain(said(pair, "answer"), inline=True).text


def _ordering(item: Item) -> Question:
    """The answers stand in the right order; older exports number them by their fractions."""
    texts = [item.markdown(each, inline=True) for each in item.element.findall("answer")]
    shares = [number_of(each.get("fraction") or "0") or Fraction(0) for each in item.element.findall("answer")]
    if shares == [Fraction(at + 1) for at in range(len(shares))] or len(set(shares)) == len(shares):
        texts = [text for _, text in sorted(zip(shares, texts, strict=True), key=lambda pair: pair[0])]
    items = {mark_of(text)[:6]: text for text in texts if text.strip()}
    if len(items) < 2 or len(items) != len(texts):
        raise Untranslatable("items to order that are equal or empty")
    return item.question(("", Made(answer={"kind": "ordering", "items": items, "correct": list(items)})))


def _essay(item: Item) -> Question:
    answer: dict[str, object] = {"kind": "long_text"}
    for ours, theirs in (("words_least", "minwordlimit"), ("words_most", "maxwordlimit")):
        if item.said(theirs).isdecimal() and int(item.said(theirs)) > 0:
            answer[ours] = item.said(theirs)
    if rubric := item.markdown(item.element.find("graderinfo")):
        answer["rubric"] = rubric
    if item.markdown(item.element.find("responsetemplate")):
        item.report("a text to begin with")
    if item.said("attachmentsrequired") not in {"", "0"}:
        item.report("files to hand in")
    return item.question(("", Made(answer=answer)))


def _refuse(reason: str) -> Callable[[Item], Question]:
    def reader(item: Item) -> Question:
        raise Untranslatable(reason)

    return reader


READERS: dict[str, Callable[[Item], Question]] = {
    "multichoice": _multiple_choice,
    "oumultiresponse": _multiple_choice,
    "truefalse": _true_false,
    "shortanswer": _short_answer,
    "numerical": _numerical,
    "matching": _matching,
    "match": _matching,
    "ddmatch": _matching,
    "ordering": _ordering,
    "essay": _essay,
    "cloze": read_cloze,
    "multianswer": read_cloze,
    "gapselect": read_gap_select,
    "ddwtos": read_gap_select,
    "calculated": read_calculated,
    "calculatedsimple": read_calculated,
    "calculatedmulti": read_calculated,
    "stack": read_stack,
    "ddimageortext": _refuse("places on a picture"),
    "ddmarker": _refuse("places on a picture"),
    "randomsamatch": _refuse("questions drawn from others"),
    "random": _refuse("questions drawn from others"),
}
