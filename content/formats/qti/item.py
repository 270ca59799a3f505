"""An item of QTI 2.0, 2.1, 2.2 or 3.0 as an exercise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from content.formats.qti import interactions, names, trials, variables
from content.formats.qti.assembly import About, Made, assemble, sound
from content.formats.qti.declarations import Declaration, declarations
from content.formats.qti.interactions import Reading
from content.formats.qti.parts import Part, Unusable
from content.formats.qti.processing import Processing
from content.formats.qti.texts import COMMON, Texts, as_html, place, unescaped
from content.package import Hint

COMMON_CLASS = "common"  # of the text before all questions, in items that are written here
_CANDIDATES = 60  # responses that are tried where an item does not say which is right


def read_item(item: Element, about: About, texts: Texts) -> Made:
    """Make an exercise of an `assessmentItem` whose names are those of version 2. Raises Unusable."""
    reading = _Item(item, texts)
    body, parts = reading.body()
    if not parts:
        raise Unusable(reading.why_nothing())
    solution = reading.solution()
    made = assemble(
        replace(
            about,
            common=reading.passage(),
            solution=solution or about.solution,
            hints=(*about.hints, *reading.early_hints),
        ),
        body,
        parts,
        variables=reading.template.variables,
    )
    for rule in sorted(reading.processing.unknown):
        texts.report(f"a rule that is not understood: {rule}")
    return sound(made, texts.report)


def read_passage(item: Element, texts: Texts) -> str:
    """The text of an `assessmentItem` that asks nothing; of one that asks something, or should, nothing."""
    body = item.find("itemBody")
    asks = _interactions(item) or item.find("responseDeclaration") is not None
    return "" if body is None or asks else texts.markdown(unescaped(as_html(body)))


class _Item:
    def __init__(self, item: Element, texts: Texts) -> None:
        self.item, self.texts = item, texts
        self.responses = declarations(item, "response")
        self.found = _interactions(item)
        self._rename()
        self.template = variables.read(item)
        for name, formula in self.template.answers.items():
            if name in self.responses:
                self.responses[name] = replace(self.responses[name], correct=(formula,))
        self.processing = Processing(item, self.responses, declarations(item, "outcome"))
        self.refused: list[str] = []
        self.hint_count, self.early_hints = 0, list[Hint]()
        right: dict[str, Sequence[str]] = {name: _given(declared) for name, declared in self.responses.items()}
        self.reading = Reading(texts=texts, processing=self.processing, right=right, show=self.show)
        self.reading.rubric = self._rubric("scorer")
        self._find_right()

    def _rename(self) -> None:
        """Right answers that name a choice by a number written in another way, as some tools do, name that choice."""
        for element in self.found:
            name = element.get("responseIdentifier", "")
            known = {one: one for one in interactions.identifiers(element) if one}
            if name not in self.responses or not known:
                continue
            declared = self.responses[name]

            def real(value: str, known: Mapping[str, str] = known) -> str:
                return " ".join(names.resolve(one, known) or one for one in value.split(" "))

            correct = tuple(real(value) for value in declared.correct)
            if declared.base_type in {"identifier", "pair", "directedPair"} and correct != declared.correct:
                self.texts.report("a right answer that names its choice with another number of zeros: understood")
                mapping = {real(key): entry for key, entry in declared.mapping.items()}
                self.responses[name] = replace(declared, correct=correct, mapping=mapping)

    def _find_right(self) -> None:
        """The right response of what declares none: the one that scores most."""
        for element in self.found:
            name = element.get("responseIdentifier", "")
            if name in self.responses and not self.reading.right.get(name):
                candidates = list(_candidates(element, self.responses[name], self.processing))[:_CANDIDATES]
                found = trials.best(self.processing, self.reading.right, name, candidates)
                if found:
                    self.reading.right[name] = found

    def body(self) -> tuple[str, dict[int, Part]]:
        """The text with places for the interactions, and what these became."""
        body = self.item.find("itemBody")
        if body is None:
            raise Unusable("no text")
        parts: dict[int, Part] = {}
        html = as_html(body, lambda one: self._replace(one, parts))
        text = self.texts.markdown(unescaped(html))
        for number, part in list(parts.items()):
            if part.answer["kind"] == "gaps":  # a text with gaps of its own stands where the interaction stood
                text = text.replace(place(number, inline=True), f"\n\n{part.prompt}\n\n")
                del parts[number]
            elif part.prompt and part.prompt in text:
                parts[number] = replace(part, prompt="")  # said twice, as some tools export it
        return text, parts | self.reading.nested

    def _replace(self, element: Element, parts: dict[int, Part]) -> str | None:
        tag = element.tag
        if tag == "rubricBlock":
            return None if "candidate" in element.get("view", "candidate").split() else ""
        if tag in {"feedbackInline", "feedbackBlock"}:
            if _interactions(element):
                self.texts.report("a question that comes after an answer only", dropped=True)
            return ""
        if tag == "object" and element.get("type", "").startswith("text/html"):
            return f"<div>{self.texts.included(element.get('data', ''))}</div>"
        if tag == "div" and element.get("class") == COMMON_CLASS:
            return f"{as_html(element)}<p>{COMMON}</p>"
        if tag in interactions.SILENT:
            self._silent(element, parts)
            return ""
        if not tag.endswith("Interaction"):
            return None
        try:
            made = interactions.read(element, self.reading)
        except Unusable as problem:
            self.refused.append(str(problem))
            self.texts.report(str(problem), dropped=True)
            return ""
        places = []
        for part in made:
            number = len(parts) + 1
            parts[number] = part
            places.append(place(number, inline=part.inline))
        return "".join(places)

    def _silent(self, element: Element, parts: dict[int, Part]) -> None:
        """What is no question: a button that brings a hint, or a film."""
        if element.tag == "mediaInteraction":
            self.texts.report("a film or sound: left out", dropped=True)
        else:
            self._with_hint(element, parts)

    def why_nothing(self) -> str:
        """Why nothing of the item can be asked."""
        if self.found and not self.refused:
            return "what is asked depends on what was answered before"
        return self.refused[0] if self.refused else "nothing is asked"

    def passage(self) -> str:
        """The texts that the item refers to."""
        named = [one.get("href", "") for one in self.item.findall("assessmentStimulusRef")]
        said = [self.texts.markdown(self.texts.included(address)) for address in named]
        return "\n\n".join(text for text in said if text)

    def show(self, shown: Sequence[str]) -> str:
        """The text of feedback, by its places among the item's."""
        found = [self.processing.feedback[int(number)] for number in shown]
        said = [self.texts.markdown(unescaped(as_html(element))) for element in found]
        return "\n\n".join(dict.fromkeys(text for text in said if text))

    def solution(self) -> str:
        """What is said when everything is right, and what only teachers were shown."""
        shown = self.processing.run(self.reading.right).shown
        return "\n\n".join(text for text in (self.show(shown), self._rubric("tutor")) if text)

    def _hint(self, element: Element) -> str:
        """What is said to a student who asks for help: the feedback that a button for it brings."""
        none = self.processing.run({}).shown
        shown = self.processing.run({element.get("responseIdentifier", ""): ["true"]}).shown
        return self.show([one for one in shown if one not in none])

    def _with_hint(self, element: Element, parts: dict[int, Part]) -> None:
        """Give a hint to the interaction that its button stands behind, or to the first one."""
        if said := self._hint(element):
            self.hint_count += 1
            hint = Hint(key=f"h{self.hint_count}", text=said)
            if parts:
                parts[len(parts)] = replace(parts[len(parts)], hints=(*parts[len(parts)].hints, hint))
            else:
                self.early_hints.append(hint)

    def _rubric(self, viewer: str) -> str:
        """What only those who score or teach are shown; a block for students as well is a part of the text."""
        views = [(one, one.get("view", "").split()) for one in self.item.iter("rubricBlock")]
        found = [one for one, view in views if viewer in view and "candidate" not in view]
        said = [self.texts.markdown(unescaped(as_html(one))) for one in found]
        return "\n\n".join(text for text in said if text)


def _given(declared: Declaration) -> Sequence[str]:
    """The declared right response; of alternatives to a single one, the first."""
    return declared.correct[:1] if declared.cardinality == "single" else declared.correct


def _interactions(item: Element) -> list[Element]:
    return [one for one in item.iter() if one.tag.endswith("Interaction") and one.tag not in interactions.SILENT]


def _candidates(element: Element, declared: Declaration, processing: Processing) -> Sequence[Sequence[str]]:
    """Responses that may be right: choices, what has a worth, what the rules name."""
    singles = [*declared.mapping, *interactions.identifiers(element), *processing.literals()]
    found: list[Sequence[str]] = [*processing.containers(), *([one] for one in dict.fromkeys(singles))]
    worthy = [key for key, entry in declared.mapping.items() if entry.worth > 0]
    if declared.cardinality != "single" and worthy:
        found.insert(0, worthy)
    return found
