"""An item of QTI 1.2 as an exercise, and what Canvas, Blackboard and Respondus write in that format of their own."""

import html as markup
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from content.formats.qti import old_calculated, parts, trials
from content.formats.qti.assembly import About, Made, assemble, sound
from content.formats.qti.old_rules import Rules
from content.formats.qti.parts import Ask, Part, Unusable
from content.formats.qti.texts import Texts, place
from content.formats.qti.trials import Trial
from content.package import Hint, Json

RESPONSES = ("response_lid", "response_str", "response_num", "response_grp", "response_xy", "response_extension")
_REFUSED = {
    "response_xy": "places in a picture are to be clicked",
    "response_extension": "a program of its own is needed",
}
_IN_BRACKETS = {"fill_in_multiple_blanks_question", "multiple_dropdowns_question"}
_NOTHING_ASKED = {"text_only_question": "a text that asks nothing", "file_upload_question": "a file is to be handed in"}
_NUMERIC = {"integer", "decimal", "scientific"}


def fields_of(element: Element) -> dict[str, str]:
    """The metadata fields of an item, a section or an assessment, by their labels."""
    found: dict[str, str] = {}
    for one in element.iter("qtimetadatafield"):
        found.setdefault((one.findtext("fieldlabel") or "").strip(), (one.findtext("fieldentry") or "").strip())
    for one in element.iter():
        if one.tag.startswith("bbmd_"):
            found.setdefault(one.tag, (one.text or "").strip())
    return found


def read_old_item(item: Element, about: About, texts: Texts) -> Made:
    """Make an exercise of an `item`. Raises Unusable."""
    fields = fields_of(item)
    kind = fields.get("question_type", "")
    if kind in _NOTHING_ASKED:
        raise Unusable(f"nothing is asked: {_NOTHING_ASKED[kind]}")
    reading = _Item(item, kind, texts)
    made = reading.calculated(about) or reading.made(about)
    for rule in sorted(reading.rules.unknown):
        texts.report(f"a rule that is not understood: {rule}")
    return sound(made, texts.report)


class _Item:
    def __init__(self, item: Element, kind: str, texts: Texts) -> None:
        self.item, self.kind, self.texts = item, kind, texts
        found = item.find("presentation")
        if found is None:
            raise Unusable("no text")
        self.presentation = found
        self.responses = [one for one in self.presentation.iter() if one.tag in RESPONSES]
        cardinality = {one.get("ident", ""): one.get("rcardinality", "Single").lower() for one in self.responses}
        exact = frozenset(one.get("ident", "") for one in self.responses if one.tag in {"response_lid", "response_grp"})
        self.rules = Rules(item, cardinality, exact=exact)
        self.right: dict[str, Sequence[str]] = dict(self.rules.right())
        self.feedback = {one.get("ident", ""): one for one in item.findall("itemfeedback")}
        self.refused: list[str] = []

    def calculated(self, about: About) -> Made | None:
        """A question whose numbers are drawn, as Canvas writes it."""
        drawn = old_calculated.read(self.item)
        if drawn is None:
            return None
        body = self.texts.markdown(drawn.filled(self.html(self.presentation, {})))
        part = Part(name="answer", answer=drawn.answer, own=str(drawn.answer["value"]))
        text = f"{body}\n\n{place(1, inline=True)}"
        return assemble(replace(about, solution=self.solution()), text, {1: part}, variables=drawn.variables)

    def made(self, about: About) -> Made:
        """The exercise. Raises Unusable."""
        found: dict[int, Part] = {}
        if self._is_matching():
            body = self.html(self.presentation, None)
            found[1] = self._matching()
            body += place(1, inline=False)
        elif self.kind in _IN_BRACKETS:
            body = self._with_blanks(found)
        else:
            body = self.html(self.presentation, found)
        if not found:
            raise Unusable(self.refused[0] if self.refused else "nothing is asked")
        text = self.texts.markdown(body)
        about = replace(about, solution=self.solution(), hints=self.hints())
        return assemble(about, text, found)

    def html(self, element: Element, found: dict[int, Part] | None) -> str:
        """The material in an element as HTML; interactions become parts, or are left out if `found` is None."""
        pieces: list[str] = []
        for one in element:
            if one.tag in RESPONSES:
                pieces.append(self._response(one, found) if found is not None else "")
            elif one.tag in {"material", "material_ref", "altmaterial"}:
                pieces.append(self.material(one))
            elif one.tag == "flow" or one.tag == "flow_mat":
                pieces.append(f"<div>{self.html(one, found)}</div>")
            elif one.tag in _MATERIAL:
                pieces.append(_MATERIAL[one.tag](self, one))
        return "".join(pieces)

    def material(self, element: Element) -> str:
        """One material as HTML."""
        return "".join(_MATERIAL[one.tag](self, one) for one in element if one.tag in _MATERIAL)

    def text_html(self, element: Element) -> str:
        """Text of the type it says, or HTML if it looks so."""
        said = "".join(element.itertext())
        kind = (element.get("texttype") or element.get("type") or "").lower()
        if (
            "html" in kind
            or "smart_text" in kind
            or re.search(r"</?(?:p|div|br|span|img|b|i|sub|sup|table|ul|strong|em)\b", said)
        ):
            return said
        return markup.escape(said, quote=False).strip().replace("\n", "<br>")

    def _picture(self, element: Element) -> str:
        source = element.get("uri") or element.get("entityref") or element.get("label") or ""
        alt = markup.escape(element.get("label", ""))
        return f'<img src="{markup.escape(source)}" alt="{alt}">'

    def _sound(self, element: Element) -> str:
        self.texts.report("a film or sound: left out", dropped=True)
        return ""

    def _response(self, element: Element, found: dict[int, Part]) -> str:
        try:
            part = self._part(element)
        except Unusable as problem:
            self.refused.append(str(problem))
            self.texts.report(str(problem), dropped=True)
            return ""
        number = len(found) + 1
        found[number] = part
        return place(number, inline=part.inline)

    def _part(self, element: Element) -> Part:
        if element.tag in _REFUSED:
            raise Unusable(f"an interaction that a course does not have: {_REFUSED[element.tag]}")
        ask = self._ask(element)
        prompt = self.texts.markdown("".join(self.material(one) for one in element.findall("material")))
        ask = replace(ask, prompt=prompt)
        if element.tag == "response_grp":
            return self._group(element, ask)
        labels = [one for one in element.iter("response_label") if one.get("ident")]
        if element.tag == "response_lid" or element.find("render_choice") is not None:
            return self._choice(element, ask, labels)
        return self._typed(element, ask)

    def _ask(self, element: Element) -> Ask:
        name = element.get("ident", "")
        values = [(one.value,) for one in self.rules.named() if one.response == name]
        labels = [(one.get("ident", ""),) for one in element.iter("response_label")]
        if not self.right.get(name):
            self.right[name] = trials.best(self.rules, self.right, name, [*values, *labels])
        return Ask(
            trial=Trial(self.rules, self.right, name),
            show=self.show,
            candidates=tuple(values),
            literals=self.rules.literals(name),
        )

    def _choice(self, element: Element, ask: Ask, labels: Sequence[Element]) -> Part:
        shown = {one.get("ident", ""): self.label(one) for one in labels}
        cardinality = element.get("rcardinality", "Single").lower()
        if cardinality == "ordered":
            return parts.order(ask, shown)
        render = element.find("render_choice")
        mixed = render is not None and render.get("shuffle", "No").lower() == "yes"
        mixed = mixed and not all(one.get("rshuffle", "Yes").lower() == "no" for one in labels)
        return parts.choices(ask, shown, several=cardinality == "multiple", shuffle=mixed)

    def label(self, element: Element) -> str:
        """What a choice shows, in one line."""
        return self.texts.line(self.html(element, None))

    def _typed(self, element: Element, ask: Ask) -> Part:
        name = ask.name
        kinds = {one.get("fibtype", "").lower() for one in element.iter("render_fib")}
        named = [one for one in self.rules.named() if one.response == name]
        if not named and not self.rules.compares_numbers(name):
            return parts.essay(ask, sample=self.solution())
        numeric = element.tag == "response_num" or kinds & _NUMERIC or self.kind == "numerical_question"
        ask = replace(ask, inline=self._is_in_text(element))
        if numeric or self.rules.compares_numbers(name):
            return parts.numeric(self._in_the_middle(ask), integer="integer" in kinds)
        accept = [one.value for one in named]
        return parts.text(ask, accept, case=any(one.case for one in named))

    def _is_in_text(self, element: Element) -> bool:
        """Whether a text goes on after what is typed, or another input follows: then it is a gap."""
        typed = [one for one in self.responses if one.tag in {"response_str", "response_num"}]
        within = {id(one) for response in self.responses for one in response.iter()}
        after = False
        for one in self.presentation.iter():
            after = after or one is element
            if after and one.tag in _MATERIAL and id(one) not in within and "".join(one.itertext()).strip():
                return True
        return len(typed) > 1

    def _in_the_middle(self, ask: Ask) -> Ask:
        """A number of which only bounds are given is the one halfway between them."""
        bounds = [one for one in ask.literals if ask.trial.share([parts.decimal(one)]) == 1] or list(ask.literals)
        if not bounds or (
            ask.trial.share(ask.trial.right.get(ask.name, ())) == 1
            and len(self.right.get(ask.name, ())) == 1
            and any(one.response == ask.name for one in self.rules.named())
        ):
            return ask
        middle = (min(bounds) + max(bounds)) / 2
        self.right[ask.name] = [parts.decimal(middle)]
        return replace(ask, trial=Trial(self.rules, self.right, ask.name))

    def _group(self, element: Element, ask: Ask) -> Part:
        """Pairs within one response: the labels that say which ones they match, and those that are matched."""
        labels = {one.get("ident", ""): one for one in element.iter("response_label")}
        stems = [name for name, one in labels.items() if one.get("match_group")]
        wanted = [re.split(r"[,.\s]+", value.strip()) for value in ask.trial.right.get(ask.name, ())]
        pairs = [f"{pair[0]} {pair[1]}" for pair in wanted if len(pair) == 2]
        stems = stems or [pair.split(" ")[0] for pair in pairs]
        trial = Trial(
            self.rules,
            {**self.right, ask.name: pairs},
            ask.name,
            lambda values: [one.replace(" ", ",") for one in values],
        )
        shown = {name: self.label(one) for name, one in labels.items()}
        return parts.pairs(
            replace(ask, trial=trial, candidates=()),
            {name: shown[name] for name in stems if name in shown},
            {name: text for name, text in shown.items() if name not in stems},
        )

    def _is_matching(self) -> bool:
        """Several choices among the same labels, each with a text of its own: one question of pairs."""
        if len(self.responses) < 2 or any(one.tag != "response_lid" for one in self.responses):
            return False
        if self.kind in _IN_BRACKETS or any(one.find("material") is None for one in self.responses):
            return False
        labels = [sorted(one.get("ident", "") for one in each.iter("response_label")) for each in self.responses]
        return all(each == labels[0] for each in labels)

    def _matching(self) -> Part:
        stems: dict[str, str] = {}
        options: dict[str, str] = {}
        pairs: list[str] = []
        for response in self.responses:
            name = response.get("ident", "")
            ask = self._ask(response)
            stems[name] = self.texts.line("".join(self.material(one) for one in response.findall("material")))
            options |= {one.get("ident", ""): self.label(one) for one in response.iter("response_label")}
            pairs.append(f"{name} {ask.right[0]}")
        judge = _Together(self.rules, self.right, tuple(stems))
        return parts.pairs(Ask(trial=Trial(judge, {"": pairs}, ""), show=self.show), stems, options)

    def _with_blanks(self, found: dict[int, Part]) -> str:
        """Canvas's blanks: `[name]` in the text, and a response that is named so."""
        body = self.html(self.presentation, None)
        for response in self.responses:
            name = "".join(self.material(one) for one in response.findall("material")).strip()
            name = name or response.get("ident", "").removeprefix("response_")
            try:
                part = replace(self._blank(response), inline=True)
            except Unusable as problem:
                raise Unusable(f"a gap that cannot be used: {problem}") from None
            if f"[{name}]" not in body:
                raise Unusable(f"a gap that is not in the text: {name}")
            found[len(found) + 1] = part
            body = body.replace(f"[{name}]", place(len(found), inline=True), 1)
        return body

    def _blank(self, response: Element) -> Part:
        ask, labels = self._ask(response), list(response.iter("response_label"))
        if self.kind == "multiple_dropdowns_question":
            return self._choice(response, ask, labels)
        # What is to be typed stands there as choices; all of them are right unless the rules say otherwise.
        typed = {one.get("ident", ""): "".join(one.itertext()).strip() for one in labels}
        right = [typed[one] for one in typed if ask.trial.share([one]) == 1] or [typed.get(ask.right[0], ask.right[0])]
        plain = Ask(trial=Trial(_Listed(right), {ask.name: right[:1]}, ask.name), show=lambda _: "")
        return parts.text(plain, right, case=False)

    def show(self, shown: Sequence[str]) -> str:
        """The text of feedback, by its idents."""
        return self._said([self.feedback[name] for name in shown if name in self.feedback], ("solution", "hint"))

    def _said(self, elements: Sequence[Element], without: tuple[str, ...]) -> str:
        said = [self.texts.markdown(self._feedback_html(one, without)) for one in elements]
        return "\n\n".join(dict.fromkeys(text for text in said if text))

    def _feedback_html(self, element: Element, without: tuple[str, ...] = ()) -> str:
        pieces = []
        for one in element:
            if one.tag in without:
                continue
            pieces.append(self.material(one) if one.tag == "material" else self._feedback_html(one, without))
        return "".join(pieces)

    def solution(self) -> str:
        """What is said when everything is right, and the worked solution."""
        found = self.show(self.rules.run(self.right).shown)
        solutions = [one for feedback in self.feedback.values() for one in feedback.findall("solution")]
        return "\n\n".join(text for text in (found, self._said(solutions, ())) if text)

    def hints(self) -> tuple[Hint, ...]:
        """The hints, in their order."""
        found = [one for feedback in self.feedback.values() for one in feedback.iter("hintmaterial")]
        said = [text for one in found if (text := self._said([one], ()))]
        return tuple(Hint(key=f"h{index}", text=text) for index, text in enumerate(said, 1))


_MATERIAL = {
    "mattext": _Item.text_html,
    "matemtext": lambda reading, one: f"<em>{reading.text_html(one)}</em>",
    "mat_formattedtext": _Item.text_html,
    "matbreak": lambda *_: "<br>",
    "matimage": _Item._picture,
    "mat_extension": lambda reading, one: reading.material(one),
    "mataudio": _Item._sound,
    "matvideo": _Item._sound,
}


class _Together:
    """Several responses as pairs of one."""

    def __init__(self, rules: Rules, right: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> None:
        self.rules, self.right, self.names = rules, right, names

    def run(self, responses: trials.Responses) -> trials.Run:
        """Give pairs of a response and its value."""
        given = dict(pair.split(" ", 1) for pair in responses.get("", ()))
        return self.rules.run({**self.right, **{name: [given[name]] if name in given else [] for name in self.names}})


class _Listed:
    """Right is what is in a list, capitals aside."""

    def __init__(self, right: Sequence[str]) -> None:
        self.right = {one.casefold() for one in right}

    def run(self, responses: trials.Responses) -> trials.Run:
        """One point for anything in the list."""
        given = next(iter(responses.values()), ())
        return trials.Run(score=Fraction(any(one.casefold() in self.right for one in given)))


__all__ = ["Json", "fields_of", "read_old_item"]
