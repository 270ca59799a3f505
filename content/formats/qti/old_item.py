"""An item of QTI 1.2 as an exercise, and what Canvas, Blackboard and Respondus write in that format of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from content.formats.qti import old_calculated, parts, trials
from content.formats.qti.assembly import About, Made, assemble, sound
from content.formats.qti.old_dialects import RESPONSES, gaps, settle
from content.formats.qti.old_judges import Listed, Sorted, Together
from content.formats.qti.old_material import MATERIAL, Material
from content.formats.qti.old_rules import Rules
from content.formats.qti.parts import Ask, Part, Unusable
from content.formats.qti.texts import Texts, place
from content.formats.qti.trials import Trial
from content.package import Hint

TEXT_ONLY = "text_only_question"
_NO_PLACE = "an interaction that a course does not have"
_IN_BRACKETS = {"fill_in_multiple_blanks_question", "multiple_dropdowns_question"}
_HANDED_IN = {"file_upload_question", "File Upload"}
_CALCULATED = {"Arithmetic", "Significant Figures"}
_CHOSEN = {"dropdown", "wordbank"}  # how New Quizzes says that a gap is filled
_NUMERIC = {"integer", "decimal", "scientific"}


def fields_of(element: Element) -> dict[str, str]:
    """The metadata fields of an item, a section or an assessment, by their labels."""
    found: dict[str, str] = {}
    for one in element.iter():
        if one.tag in {"qtimetadatafield", "qti_metadatafield"}:
            found.setdefault((one.findtext("fieldlabel") or "").strip(), (one.findtext("fieldentry") or "").strip())
        if one.tag.startswith("bbmd_"):
            found.setdefault(one.tag, (one.text or "").strip())
    return found


def kind_of(item: Element) -> str:
    """What the tool that wrote it calls the kind of an item, or nothing."""
    fields = fields_of(item)
    named = ("question_type", "bbmd_questiontype", "qmd_questiontype", "QUESTIONTYPE", "cc_profile", "qmd_itemtype")
    return next((fields[name] for name in named if fields.get(name)), "")


def read_old_passage(item: Element, texts: Texts) -> str:
    """The text of an `item` that asks nothing."""
    return texts.markdown(_Item(item, TEXT_ONLY, texts).body())


def read_old_item(item: Element, about: About, texts: Texts) -> Made:
    """Make an exercise of an `item`. Raises Unusable."""
    kind = kind_of(item)
    if kind in _HANDED_IN:
        raise Unusable("nothing is asked: a file is to be handed in")
    if kind in _CALCULATED:
        raise Unusable("a calculated question without drawn numbers")
    settle(item, kind)
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
        self.shown = Material(texts)
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
        body = self.texts.markdown(drawn.filled(self.body()))
        part = Part(name="answer", answer=drawn.answer, own=str(drawn.answer["value"]))
        text = f"{body}\n\n{place(1, inline=True)}"
        return assemble(replace(about, solution=self.solution()), text, {1: part}, variables=drawn.variables)

    def made(self, about: About) -> Made:
        """The exercise. Raises Unusable."""
        found: dict[int, Part] = {}
        body = self.body()
        if names := self._gaps(body):
            body = self._with_blanks(body, names, found)
        elif self._is_sorting():
            found[1] = self._sorting()
            body += place(1, inline=False)
        elif self._is_matching():
            found[1] = self._matching()
            body += place(1, inline=False)
        else:
            body = self.html(self.presentation, found)
        if not found:
            raise Unusable(self.refused[0] if self.refused else self._why_nothing())
        text = self.texts.markdown(body)
        about = replace(about, solution=self.solution(), hints=self.hints())
        return assemble(about, text, found)

    def _why_nothing(self) -> str:
        if self.presentation.find(".//response_extension") is not None:
            return f"{_NO_PLACE}: a program of its own is needed"
        return "nothing is asked"

    def body(self) -> str:
        """The material of the item alone."""
        return self.html(self.presentation, None)

    def html(self, element: Element, found: dict[int, Part] | None) -> str:
        """The material in an element as HTML; interactions become parts, or are left out if `found` is None."""
        return self.shown.html(element, lambda one: self._response(one, found) if found is not None else "")

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
        if element.tag == "response_xy":
            raise Unusable(f"{_NO_PLACE}: places in a picture are to be clicked")
        ask = self._ask(element)
        prompt = self.texts.markdown("".join(self.shown.material(one) for one in element.findall("material")))
        ask = replace(ask, prompt=prompt)
        cardinality = element.get("rcardinality", "Single").lower()
        if element.tag == "response_grp" and cardinality != "ordered":
            return self._group(element, ask)
        labels = [one for one in element.iter("response_label") if one.get("ident")]
        if element.tag in {"response_lid", "response_grp"}:
            return self._choice(element, ask, labels)
        if element.find("render_choice") is not None:
            return self._choice(element, replace(ask, inline=self._is_in_text(element)), labels)
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
            return parts.essay(ask, sample=self.solution() or self._answer_key())
        numeric = element.tag == "response_num" or kinds & _NUMERIC or self.kind == "numerical_question"
        ask = replace(ask, inline=self._is_in_text(element))
        if numeric or self.rules.compares_numbers(name):
            part = parts.numeric(self._in_the_middle(ask), integer="integer" in kinds)
            if part.answer["kind"] == "expression":
                self.texts.report("several right numbers: each is taken as an expression")
            return part
        part = parts.text(ask, [one.value for one in named], case=any(one.case for one in named))
        return _anywhere(part) if any(one.within for one in named) else part

    def _is_in_text(self, element: Element) -> bool:
        """Whether a text goes on after what is typed, or another input follows: then it is a gap."""
        typed = [one for one in self.responses if one.tag in {"response_str", "response_num"}]
        within = {id(one) for response in self.responses for one in response.iter()}
        after = False
        for one in self.presentation.iter():
            after = after or one is element
            if after and one.tag in MATERIAL and id(one) not in within and "".join(one.itertext()).strip():
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
        if len(self.responses) < 2 or any(one.tag not in {"response_lid", "response_grp"} for one in self.responses):
            return False
        return self._alike()

    def _alike(self) -> bool:
        """Whether all responses have a text of their own and the same labels."""
        labels = [sorted(one.get("ident", "") for one in each.iter("response_label")) for each in self.responses]
        return all(each == labels[0] for each in labels) and all(
            one.find("material") is not None for one in self.responses
        )

    def _matching(self) -> Part:
        stems: dict[str, str] = {}
        options: dict[str, str] = {}
        pairs: list[str] = []
        for response in self.responses:
            name = response.get("ident", "")
            ask = self._ask(response)
            stems[name] = self.texts.line("".join(self.shown.material(one) for one in response.findall("material")))
            options |= {one.get("ident", ""): self.label(one) for one in response.iter("response_label")}
            pairs.append(f"{name} {ask.right[0]}")
        judge = Together(self.rules, self.right, tuple(stems))
        return parts.pairs(Ask(trial=Trial(judge, {"": pairs}, ""), show=self.show), stems, options)

    def _is_sorting(self) -> bool:
        """Groups among which the same labels are shared out: several of them belong to each group."""
        several = [one.get("rcardinality", "").lower() == "multiple" for one in self.responses]
        return len(several) > 1 and all(several) and self._alike()

    def _sorting(self) -> Part:
        """Each label with the group that it belongs to; what belongs to none is left out. Raises Unusable."""
        groups: dict[str, str] = {}
        labels: dict[str, str] = {}
        belongs: dict[str, str] = {}
        for response in self.responses:
            name = response.get("ident", "")
            groups[name] = self._own_text(response, inline=True)
            labels |= {one.get("ident", ""): self.label(one) for one in response.iter("response_label")}
            belongs |= dict.fromkeys(self.right.get(name, ()), name)
        for name in [name for name in labels if name not in belongs]:
            self.texts.report(f"something that belongs to no group is left out: {labels.pop(name)}")
        pairs = [f"{label} {group}" for label, group in belongs.items()]
        judge = Sorted(self.rules, self.right, tuple(groups))
        return parts.pairs(Ask(trial=Trial(judge, {"": pairs}, ""), show=self.show), labels, groups)

    def _own_text(self, response: Element, *, inline: bool) -> str:
        """The text that stands in a response, before what there is to choose."""
        html = "".join(self.shown.material(one) for one in response.findall("material"))
        return self.texts.line(html) if inline else html.strip()

    def _gaps(self, body: str) -> dict[str, str]:
        """What stands for each response in the text, `[name]`, if all of them stand there."""
        names = {
            one.get("ident", ""): (
                self._own_text(one, inline=False),
                one.get("ident", "").removeprefix("response_"),
            )
            for one in self.responses
        }
        found = gaps(body, names)
        if names and not found and self.kind in _IN_BRACKETS:
            raise Unusable(f"a gap that is not in the text: {', '.join(names)}")
        return found

    def _with_blanks(self, body: str, names: Mapping[str, str], found: dict[int, Part]) -> str:
        """Put a place for each gap where its name stands. Raises Unusable."""
        for response in self.responses:
            try:
                part = replace(self._blank(response), inline=True, prompt="")
            except Unusable as problem:
                raise Unusable(f"a gap that cannot be used: {problem}") from None
            found[len(found) + 1] = part
            body = body.replace(f"[{names[response.get('ident', '')]}]", place(len(found), inline=True), 1)
        return body

    def _blank(self, response: Element) -> Part:
        if response.find("render_choice") is None:
            return self._part(response)
        ask, labels = self._ask(response), list(response.iter("response_label"))
        typed = self.kind == "fill_in_multiple_blanks_question"
        if not typed or {one.get("answer_type", "") for one in labels} & _CHOSEN:
            return self._choice(response, ask, labels)
        how = {one.get("scoring_algorithm", "") for one in labels}
        if "TextRegex" in how:
            raise Unusable("a pattern of its own")
        if "TextCloseEnough" in how:
            self.texts.report("a gap in which nearly the right text is right: only that text is")
        # What is to be typed stands there as choices; all of them are right unless the rules say otherwise.
        texts = {one.get("ident", ""): "".join(one.itertext()).strip() for one in labels}
        right = [texts[one] for one in texts if ask.trial.share([one]) == 1 or "TextInChoices" in how]
        right = right or [texts.get(ask.right[0], ask.right[0])]
        plain = Ask(trial=Trial(Listed(right), {ask.name: right[:1]}, ask.name), show=lambda _: "")
        part = parts.text(plain, right, case=False)
        return _anywhere(part) if "TextContainsAnswer" in how else part

    def show(self, shown: Sequence[str]) -> str:
        """The text of feedback, by its idents."""
        said = [
            self.shown.said([self.feedback[name]], ("hint",) if name in self.rules.by_value else ("solution", "hint"))
            for name in shown
            if name in self.feedback
        ]
        return "\n\n".join(dict.fromkeys(text for text in said if text))

    def solution(self) -> str:
        """What is said when everything is right, and the worked solution."""
        found = self.show(self.rules.run(self.right).shown)
        labels = {one.get("ident", "") for one in self.presentation.iter("response_label")}
        solutions = [
            one
            for name, feedback in self.feedback.items()
            if name not in self.rules.by_value & labels
            for one in feedback.findall("solution")
        ]
        return "\n\n".join(text for text in (found, self.shown.said(solutions, ())) if text)

    def _answer_key(self) -> str:
        """What Brightspace keeps for those who grade."""
        return self.shown.said(self.item.findall("answer_key"), ())

    def hints(self) -> tuple[Hint, ...]:
        """The hints, in their order."""
        found = [one for feedback in self.feedback.values() for one in feedback.iter("hintmaterial")]
        said = [text for one in found if (text := self.shown.said([one], ()))]
        return tuple(Hint(key=f"h{index}", text=text) for index, text in enumerate(said, 1))


def _anywhere(part: Part) -> Part:
    """A text that is right with anything before and behind it."""
    accept = [f"*{one}*" for one in part.answer["accept"]]
    return replace(part, answer={**part.answer, "accept": accept, "wildcards": True})


__all__ = ["TEXT_ONLY", "fields_of", "kind_of", "read_old_item", "read_old_passage"]
