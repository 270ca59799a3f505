"""The interactions of QTI 2 and 3, each as a part of an exercise or refused with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti import parts
from content.formats.qti.declarations import NUMBERS, Declaration, number
from content.formats.qti.parts import Ask, Part, Show, Unusable
from content.formats.qti.processing import Processing
from content.formats.qti.texts import Report, Texts, as_html, place, unescaped
from content.formats.qti.trials import Responses, Run, Trial

INLINE = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})
REFUSED = {
    "hotspotInteraction": "places in a picture are to be clicked",
    "selectPointInteraction": "points in a picture are to be clicked",
    "graphicOrderInteraction": "places in a picture are to be put in order",
    "graphicAssociateInteraction": "places in a picture are to be joined",
    "graphicGapMatchInteraction": "pictures are to be laid on a picture",
    "positionObjectInteraction": "pictures are to be laid on a picture",
    "positionObjectStage": "pictures are to be laid on a picture",
    "drawingInteraction": "something is to be drawn",
    "uploadInteraction": "a file is to be handed in",
    "customInteraction": "a program of its own is needed",
    "portableCustomInteraction": "a program of its own is needed",
}
SILENT = frozenset({"mediaInteraction", "endAttemptInteraction"})  # nothing in them is graded


@dataclass
class Reading:
    """What the interactions of one item share while it is read."""

    texts: Texts
    processing: Processing
    right: dict[str, Sequence[str]]
    show: Show
    rubric: str = ""
    nested: dict[int, Part] = field(default_factory=dict)  # gaps within an interaction, by their places
    next_place: int = 10_000

    @property
    def responses(self) -> Mapping[str, Declaration]:
        """The declared responses."""
        return self.processing.responses

    def ask(self, element: Element, *, inline: bool = False, prompt: str = "") -> Ask:
        """An interaction, ready to be tried. Raises Unusable if its response is not declared."""
        name = element.get("responseIdentifier", "")
        if name not in self.responses:
            raise Unusable(f"its response is not declared: {name}")
        declared = self.responses[name]
        if declared.cardinality == "record":
            raise Unusable("a response of several fields")
        literals = self.processing.literals()
        beside = self.processing.compared_with(name)
        singles = [(value,) for value in dict.fromkeys([*declared.correct, *declared.mapping, *beside])]
        return Ask(
            trial=Trial(self.processing, self.right, name),
            show=self.show,
            inline=inline,
            prompt=prompt,
            candidates=(*singles, *self.processing.containers(name)),
            literals=tuple(made for one in literals if (made := number(one)) is not None),
        )

    def prompt(self, element: Element) -> str:
        """The question that an interaction itself asks."""
        found = element.find("prompt")
        return "" if found is None else self.texts.markdown(unescaped(as_html(found)))

    def option(self, element: Element) -> str:
        """What a choice shows."""
        return self.texts.line(unescaped(as_html(element, _without_feedback))) or _picture(self.texts, element)


def _without_feedback(element: Element) -> str | None:
    return "" if element.tag in {"feedbackInline", "feedbackBlock", "gap"} else None


def _picture(texts: Texts, element: Element) -> str:
    """A choice that is an object: its picture, or the label it has."""
    return texts.line("".join(as_html(element))) or element.get("objectLabel", "")


def read(element: Element, reading: Reading) -> list[Part]:
    """Return the parts that an interaction becomes. Raises Unusable."""
    reader = _READERS.get(element.tag)
    if reader is None:
        raise Unusable(f"an interaction that a course does not have: {REFUSED.get(element.tag, element.tag)}")
    return reader(element, reading)


def identifiers(element: Element) -> list[str]:
    """The identifiers of everything to choose in an interaction."""
    return [one.get("identifier", "") for one in element.iter() if one is not element and "identifier" in one.attrib]


def _choice(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, prompt=reading.prompt(element))
    found = element.findall("simpleChoice")
    shown = {one.get("identifier", ""): reading.option(one) for one in found}
    several = reading.responses[ask.name].cardinality != "single"
    return [parts.choices(ask, shown, several=several, shuffle=_shuffled(element, found))]


def _shuffled(element: Element, found: Sequence[Element]) -> bool:
    """Whether the order changes: choices that are all fixed stay where they are, whatever the interaction says."""
    return element.get("shuffle") == "true" and not all(one.get("fixed") == "true" for one in found)


def _inline_choice(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, inline=True)
    shown = {one.get("identifier", ""): reading.option(one) for one in element.findall("inlineChoice")}
    part = parts.choices(ask, shown, several=False, shuffle=element.get("shuffle") == "true")
    return [part]


def _hottext(element: Element, reading: Reading) -> list[Part]:
    found = list(element.iter("hottext"))
    body = as_html(element, lambda one: "" if one.tag == "prompt" else _marked(one))
    ask = reading.ask(element, prompt=_joined(reading.prompt(element), reading.texts.markdown(body)))
    shown = {one.get("identifier", ""): reading.option(one) for one in found}
    several = reading.responses[ask.name].cardinality != "single"
    return [parts.choices(ask, shown, several=several, shuffle=False)]


def _marked(element: Element) -> str | None:
    return f"<strong>{as_html(element)}</strong>" if element.tag == "hottext" else None


def _text_entry(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, inline=True)
    declared = reading.responses[ask.name]
    if declared.base_type in NUMBERS:
        return [parts.numeric(ask, integer=declared.base_type == "integer")]
    if not ask.trial.right.get(ask.name) and not reading.processing.tests(ask.name):
        return [replace(parts.essay(ask), inline=False)]
    if reading.processing.compares_numbers(ask.name):
        return [parts.numeric(ask)]
    accept = tuple(dict.fromkeys((*declared.correct, *declared.mapping)))
    return [parts.text(ask, accept, case=_case_matters(ask, declared))]


def _case_matters(ask: Ask, declared: Declaration) -> bool:
    """Whether another case of the right answer is refused: the rules say so when they are given one."""
    if any(not entry.case for entry in declared.mapping.values()):
        return False
    right = ask.right[0]
    other = right.swapcase()
    return other.casefold() == right.casefold() and other != right and ask.trial.share([other]) < 1


def _extended(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, prompt=reading.prompt(element))
    declared = reading.responses[ask.name]
    if declared.base_type in NUMBERS and declared.correct:
        return [parts.numeric(ask)]
    sample = "\n\n".join(declared.correct)
    return [parts.essay(ask, rubric=reading.rubric, sample=sample)]


def _slider(element: Element, reading: Reading) -> list[Part]:
    reading.texts.report("a slider: the number is typed instead")
    low, high = element.get("lowerBound", ""), element.get("upperBound", "")
    shown = reading.prompt(element)
    return [parts.numeric(reading.ask(element, prompt=_joined(shown, f"({low} – {high})" if low and high else "")))]


def _order(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, prompt=reading.prompt(element))
    return [
        parts.order(ask, {one.get("identifier", ""): reading.option(one) for one in element.findall("simpleChoice")})
    ]


def _match(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, prompt=reading.prompt(element))
    sets = element.findall("simpleMatchSet")
    if len(sets) != 2:
        raise Unusable("a match without two sets")
    first, second = ({one.get("identifier", ""): reading.option(one) for one in part} for part in sets)
    return _paired(ask, first, second, reading.texts.report)


def _paired(ask: Ask, first: Mapping[str, str], second: Mapping[str, str], report: Report) -> list[Part]:
    """Matching, from whichever side each has one partner; else a choice of several for each of the first side."""
    right = [pair.split(" ", 1) for pair in ask.right if " " in pair]
    stems = [pair[0] for pair in right]
    if len(set(stems)) == len(stems) and set(stems) == set(first):
        return [parts.pairs(ask, first, second)]
    options = [pair[1] for pair in right]
    if len(set(options)) == len(options) and set(options) == set(second):
        trial = Trial(ask.trial.judge, {**ask.trial.right, ask.name: _turned(ask.right)}, ask.name, _turned)
        turned = replace(ask, trial=trial, candidates=())
        return [parts.pairs(turned, second, first)]
    rows = {stem: [pair[1] for pair in right if pair[0] == stem] for stem in first}
    for stem in [stem for stem, chosen in rows.items() if not chosen]:
        report(f"a row that nothing belongs to is left out: {first[stem]}")
        del rows[stem]
    return [_column(stem, first[stem], second, chosen) for stem, chosen in rows.items()]


def _turned(values: Sequence[str]) -> list[str]:
    """Pairs told the other way round."""
    return [" ".join(reversed(pair.split(" ", 1))) for pair in values]


def _column(stem: str, shown: str, options: Mapping[str, str], right: Sequence[str]) -> Part:
    judge = _OneStem(right)
    asked = Ask(trial=Trial(judge, {stem: right}, stem), show=lambda _: "", prompt=shown)
    return parts.choices(asked, options, several=True, shuffle=False)


@dataclass(frozen=True)
class _OneStem:
    """What belongs to one stem, by itself."""

    right: Sequence[str]

    def run(self, responses: Responses) -> Run:
        """Right is exactly what belongs to it."""
        given = set(next(iter(responses.values()), ()))
        return Run(score=Fraction(given == set(self.right)))


def _associate(element: Element, reading: Reading) -> list[Part]:
    ask = reading.ask(element, prompt=reading.prompt(element))
    shown = {one.get("identifier", ""): reading.option(one) for one in element.findall("simpleAssociableChoice")}
    right = [pair.split(" ", 1) for pair in ask.right if " " in pair]
    left, other = [pair[0] for pair in right], [pair[1] for pair in right]
    if len(set(left)) < len(left) or set(left) & set(other):
        raise Unusable("pairs within one set of which something is used twice")
    reading.texts.report("pairs within one set: shown as two sides")
    options = {one: said for one, said in shown.items() if one not in left}
    return [parts.pairs(ask, {one: shown[one] for one in left if one in shown}, options)]


def _gap_match(element: Element, reading: Reading) -> list[Part]:
    """Texts that are laid into gaps: a choice in each gap."""
    ask = reading.ask(element, prompt=reading.prompt(element))
    texts = {one.get("identifier", ""): reading.option(one) for one in element if one.tag in {"gapText", "gapImg"}}
    right = {gap: one for one, gap in (pair.split(" ", 1) for pair in ask.right if " " in pair)}
    gaps: dict[int, Part] = {}

    def gap(one: Element) -> str | None:
        if one.tag in {"prompt", "gapText", "gapImg"}:
            return ""
        if one.tag != "gap":
            return None
        name = one.get("identifier", "")
        if name not in right:
            raise Unusable(f"nothing belongs into a gap: {name}")
        number, reading.next_place = reading.next_place, reading.next_place + 1
        gaps[number] = parts.choices(_in_gap(ask, name, right), texts, several=False, shuffle=False)
        gaps[number] = replace(gaps[number], inline=True)
        return place(number, inline=True)

    body = reading.texts.markdown(as_html(element, gap))
    if not gaps:
        raise Unusable("no gap to fill")
    reading.nested |= gaps
    return [Part(name=ask.name, answer={"kind": "gaps"}, own="", prompt=_joined(ask.prompt, body))]


def _in_gap(ask: Ask, name: str, right: Mapping[str, str]) -> Ask:
    """One gap, tried while the others are filled right."""
    others = [pair for pair in ask.right if not pair.endswith(f" {name}")]
    trial = Trial(
        ask.trial.judge,
        {**ask.trial.right, ask.name: [right[name]]},
        ask.name,
        lambda values: [*others, *(f"{value} {name}" for value in values)],
    )
    return replace(ask, trial=trial, prompt="", candidates=())


def _hotspot(element: Element, reading: Reading) -> list[Part]:
    """Labelled places of a picture are choices; without labels there is nothing to write down."""
    found = element.findall("hotspotChoice")
    shown = {one.get("identifier", ""): one.get("hotspotLabel", "").strip() for one in found}
    if not all(shown.values()) or len(set(shown.values())) < len(found):
        raise Unusable(f"an interaction that a course does not have: {REFUSED[element.tag]}")
    reading.texts.report("places in a picture: their labels are chosen instead")
    picture = element.find("object") if element.find("object") is not None else element.find("img")
    drawn = Element("div")
    if picture is not None:
        drawn.append(picture)
    ask = reading.ask(element, prompt=_joined(reading.prompt(element), reading.texts.markdown(as_html(drawn))))
    several = reading.responses[ask.name].cardinality != "single"
    return [parts.choices(ask, shown, several=several, shuffle=False)]


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


_READERS: dict[str, Callable[[Element, Reading], list[Part]]] = {
    "choiceInteraction": _choice,
    "inlineChoiceInteraction": _inline_choice,
    "hottextInteraction": _hottext,
    "textEntryInteraction": _text_entry,
    "extendedTextInteraction": _extended,
    "sliderInteraction": _slider,
    "orderInteraction": _order,
    "matchInteraction": _match,
    "associateInteraction": _associate,
    "gapMatchInteraction": _gap_match,
    "hotspotInteraction": _hotspot,
}
