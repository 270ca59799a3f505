"""Moodle's texts with gaps: embedded answers (`{1:SHORTANSWER:=Paris}`), missing words and words to drag (`[[1]]`)."""

import re
from fractions import Fraction
from html import unescape

from content.formats import answers
from content.formats.answers import Given, Made, number_of, share_of
from content.formats.collected import Question
from content.formats.moodle_xml_item import Item, Untranslatable, said
from content.html import from_html
from content.package import Json

ASK = "Fill in the gaps."
_GAP = re.compile(
    r"\{\s*(?P<weight>\d{0,4})\s*:\s*(?P<kind>[A-Z_]{2,20})\s*:(?P<answers>(?:\\.|[^\\}]|\}(?<=&\}))*?)\}", re.DOTALL
)
_CHOICES = re.compile(r"(?:MULTICHOICE|MC)(?:_?[VH])?(?:_?S)?\Z")
_SEVERAL = re.compile(r"(?:MULTIRESPONSE|MR)(?:_?[VH])?(?:_?S)?\Z")
_TEXTS = {"SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"}
_NUMBERS = {"NUMERICAL", "NM"}
_PLACE = re.compile("\ue300(\\d+)\ue301")
_NUMBERED = re.compile(r"\[\[(\d{1,3})\]\]")


def read_cloze(item: Item) -> Question:
    """A text with embedded answers. Raises Untranslatable."""
    part = item.element.find("questiontext")
    gaps: dict[str, Json] = {}
    weights: dict[str, str] = {}

    def gap(found: re.Match[str]) -> str:
        number = str(len(gaps) + 1)
        gaps[number] = _gap(item, found["kind"], found["answers"])
        if found["weight"] not in {"", "1"}:
            weights[number] = found["weight"]
        return f"\ue300{number}\ue301"

    text = _GAP.sub(gap, item.raw(part))
    if not gaps:
        raise Untranslatable("a text without a gap that can be read")
    return _question(item, item.markdown(part, text=text), gaps, weights)


def _question(item: Item, text: str, gaps: dict[str, Json], weights: dict[str, str]) -> Question:
    """What stands before the paragraph with the first gap is the prompt."""
    blocks = _PLACE.sub(r"[[\1]]", text.replace("[[", r"\[\[")).split("\n\n")
    first = next((at for at, block in enumerate(blocks) if _NUMBERED.search(block)), 0)
    if lost := set(gaps) - set(_NUMBERED.findall("\n\n".join(blocks[first:]))):
        raise Untranslatable(f"gaps that are lost with the HTML around them: {', '.join(sorted(lost))}")
    answer: dict[str, object] = {"kind": "cloze", "text": "\n\n".join(blocks[first:]), "gaps": gaps}
    answer |= {"weights": weights} if weights else {}
    return item.question(("", Made(answer=answer)), prompt="\n\n".join(blocks[:first]) or ASK)


def _gap(item: Item, kind: str, inside: str) -> Json:
    """The key of one gap; what is said to single answers cannot be kept."""
    made = _made(item, kind, inside)
    for problem in made.problems:
        item.report(problem, dropped=made.answer is None)
    if made.answer is None:
        raise Untranslatable(f"a gap that cannot be graded: {made.problems[-1] if made.problems else kind}")
    if made.wrong_answers or made.solution:
        item.report("feedback or part of the points for an answer in a gap")
    return {name: value for name, value in made.answer.items() if name not in {"credit", "shuffle"}}


def _made(item: Item, kind: str, inside: str) -> Made:
    texts = list(_embedded(inside))
    if kind in _TEXTS:
        given = [Given(text=unescape(text), share=share, feedback=feedback) for text, share, feedback in texts]
        return answers.from_texts(given, case=kind.endswith("C"))
    if kind in _NUMBERS:
        return answers.from_numbers([_number(*each) for each in texts])
    if _CHOICES.match(kind):
        given = [Given(text=from_html(text, inline=True).text, share=share, feedback=f) for text, share, f in texts]
        return answers.from_choices(given, several=False)
    if _SEVERAL.match(kind):
        raise Untranslatable("a gap with several choices")
    raise Untranslatable(f"a gap of a kind that is not known: {kind}")


def _embedded(inside: str) -> list[tuple[str, Fraction, str]]:
    """The answers of a gap: text, what it is worth, feedback."""
    found = []
    for part in re.split(r"(?<!\\)~", inside):
        text, _, feedback = re.sub(r"\\#", "\ue302", part.strip()).partition("#")
        share = Fraction(0)
        if text.startswith("="):
            text, share = text[1:], Fraction(1)
        elif weight := re.match(r"%(-?\d*\.?\d*)%", text):
            text, share = text[weight.end() :], share_of(weight[1] or "0") or Fraction(0)
        if part.strip():
            found.append((_plain(text), share, _plain(feedback)))
    return found


def _plain(text: str) -> str:
    return re.sub(r"\\([}~#\"/\\])", r"\1", text.replace("\ue302", "#")).strip()


def _number(text: str, share: Fraction, feedback: str) -> Given:
    value, _, tolerance = unescape(text).partition(":")
    off = number_of(tolerance or "0") or Fraction(0)
    return Given(text=value.strip(), share=share, feedback=feedback, tolerance=abs(off))


def read_gap_select(item: Item) -> Question:
    """A text with gaps for words to choose from or to drag: `[[2]]` is the second word. Raises Untranslatable."""
    words = item.element.findall("selectoption") or item.element.findall("dragbox")
    texts = [item.markdown(word, inline=True) for word in words]
    groups = [said(word, "group") or "1" for word in words]
    part = item.element.find("questiontext")
    gaps: dict[str, Json] = {}

    def gap(found: re.Match[str]) -> str:
        right = int(found[1]) - 1
        if right >= len(words) or right < 0:
            raise Untranslatable(f"a gap for a word that is not there: {found[0]}")
        given = [
            Given(text=text, share=Fraction(at == right))
            for at, text in enumerate(texts)
            if groups[at] == groups[right]
        ]
        made = answers.from_choices(given, several=False)
        if made.answer is None:
            raise Untranslatable(f"a gap that cannot be graded: {made.problems[-1]}")
        gaps[str(len(gaps) + 1)] = made.answer
        return f"\ue300{len(gaps)}\ue301"

    text = _NUMBERED.sub(gap, item.raw(part))
    if not gaps:
        raise Untranslatable("a text without a gap that can be read")
    if any(word.find("infinite") is None for word in words) and item.element.get("type") == "ddwtos":
        item.report("words that can be used once only: each gap offers all of its group")
    return _question(item, item.markdown(part, text=text), gaps, {})
