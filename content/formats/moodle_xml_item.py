"""One question of Moodle XML, ready to be asked: its texts in Markdown, its pictures kept, its common parts."""

import base64
import binascii
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import unquote

from content.formats.answers import Given, share_of
from content.formats.collected import Collected, Place, Question
from content.formats.pictures import PictureProblem
from content.formats.xml_tree import Element
from content.html import from_html, from_markdown, from_plain

_YES = {"1", "true", "yes"}
# What Moodle itself says after every answer, unless the author says something else.
_USUAL = {
    *("your answer is correct.", "your answer is partially correct.", "your answer is incorrect."),
    *("你的答案正确", "你的答案部分正确", "你的答案不正确", "您的回答正确", "您的回答部分正确。", "您的回答不正确。"),
    *("votre réponse est correcte.", "votre réponse est partiellement correcte.", "votre réponse est incorrecte."),
    *("die antwort ist richtig.", "die antwort ist teilweise richtig.", "die antwort ist falsch."),
    *("respuesta correcta", "respuesta parcialmente correcta.", "respuesta incorrecta."),
    *("ваш ответ верный.", "ваш ответ частично правильный.", "ваш ответ неправильный."),
    *("您的答案正确", "您的答案部分正确", "您的答案错误", "", "correct", "incorrect"),
}


class Untranslatable(ValueError):
    """A question that cannot be expressed; the message says why."""


def said(element: Element | None, path: str) -> str:
    """The plain text of a part, `<part><text>…</text></part>` or `<part>…</part>`; "" where there is none."""
    part = element.find(path) if element is not None else None
    if part is None:
        return ""
    return (part.findtext("text") or part.text or "").strip()


class Item:
    """A question element. Whatever of it cannot be kept goes to the journal under its name."""

    def __init__(self, element: Element, place: Place, collected: Collected) -> None:
        self.element, self.place, self.collected = element, place, collected

    def report(self, problem: str, *, dropped: bool = False) -> None:
        """Note what could not be kept as it is."""
        self.collected.journal.report(self.place.item, problem, item=self.place.item, dropped=dropped)

    def said(self, path: str) -> str:
        """The plain text of a part."""
        return said(self.element, path)

    def is_set(self, path: str, *, default: bool = False) -> bool:
        """Whether a part says yes; an empty part says yes too."""
        part = self.element.find(path)
        if part is None:
            return default
        return (part.findtext("text") or part.text or "1").strip().lower() in _YES

    def raw(self, part: Element | None) -> str:
        """A part's text as it stands."""
        return (part.findtext("text") or "") if part is not None else ""

    def markdown(self, part: Element | None, *, inline: bool = False, text: str | None = None) -> str:
        """A part's text in Markdown; `text` is what to read in place of its own."""
        if part is None:
            return ""
        text = self.raw(part) if text is None else text
        if not text.strip():
            return ""
        kind = part.get("format") or self._usual_format()

        def picture(address: str) -> str | None:
            return self._picture(part, address)

        if kind == "plain_text":
            made = from_plain(text, inline=inline)
        elif kind == "markdown":
            made = from_markdown(text, pictures=picture, inline=inline)
        else:
            if kind == "moodle_auto_format" and not any(tag in text.lower() for tag in ("<p", "<br", "<div", "<li")):
                text = text.strip().replace("\n", "<br>")
            made = from_html(text, pictures=picture, inline=inline)
        for problem in made.problems:
            self.report(problem)
        return made.text

    def _usual_format(self) -> str:
        text = self.element.find("questiontext")
        return (text.get("format") if text is not None else None) or "html"

    def _picture(self, part: Element, address: str) -> str | None:
        try:
            if address.startswith("data:"):
                return self.collected.pictures.add_address(address)
            path = unquote(address.removeprefix("@@PLUGINFILE@@").partition("?")[0]).lstrip("/")
            for file in (*part.findall("file"), *self.element.iter("file")):
                where = f"{(file.get('path') or '/').strip('/')}/{file.get('name') or ''}".lstrip("/")
                if path in {where, file.get("name")}:
                    data = base64.b64decode("".join((file.text or "").split()), validate=True)
                    return self.collected.pictures.add(file.get("name") or "picture", data)
            folder = self.place.item.rpartition(",")[0].rpartition("/")[0]
            for name in (f"{folder}/{path}".lstrip("/"), path):
                if name in self.collected.files:
                    return self.collected.pictures.add_file(name)
        except PictureProblem as problem:
            self.report(str(problem))
        except (binascii.Error, ValueError):
            self.report(f"a picture that cannot be read: {address[:100]}")
        return None

    def given(self, answer: Element, text: str) -> Given:
        """An answer element with what it is worth and what is said to it."""
        percent = answer.get("fraction") or said(answer, "fraction") or "0"
        share = share_of(percent)
        if share is None:
            self.report(f"a weight that is none: {percent}")
            share = Fraction(0)
        return Given(text=text, share=share, feedback=self.markdown(answer.find("feedback")))

    def question(self, *steps: "tuple[str, object]", prompt: str | None = None) -> Question:
        """The question with what all kinds have in common, and these steps."""
        self._points()
        shown = self.markdown(self.element.find("questiontext")) if prompt is None else prompt
        return Question(
            title=" ".join(self.said("name").split()),
            prompt="\n\n".join(part for part in (shown, self._old_picture()) if part),
            steps=steps,  # type: ignore[arg-type]
            name=self.said("idnumber"),
            solution=self._solution(),
            hints=tuple(hint for part in self.element.findall("hint") if (hint := self.markdown(part))),
            tags=tuple(
                dict.fromkeys(
                    tag for part in self.element.findall("tags/tag") if (tag := said(part, "text") or said(part, "."))
                )
            ),
        )

    def _old_picture(self) -> str:
        """The picture of a question as Moodle 1 has it, beside the text."""
        name = self.said("image")
        if not name:
            return ""
        try:
            data = base64.b64decode("".join(self.said("image_base64").split()), validate=True)
            if data:
                return f"![](figures/{self.collected.pictures.add(PurePosixPath(name).name, data)})"
        except PictureProblem as problem:
            self.report(str(problem))
            return ""
        except (binascii.Error, ValueError):
            pass  # said as one that is not there
        self.report(f"a picture that is not among the files: {name}")
        return ""

    def _points(self) -> None:
        points = self.said("defaultgrade") or self.said("defaultmark")
        if points and share_of(points) not in {Fraction(1, 100), None}:
            self.report(f"the number of points: {points.rstrip('0').rstrip('.') if '.' in points else points}")

    def _solution(self) -> str:
        """The general feedback, and what is said to right answers if it is the author's own."""
        right = self.markdown(self.element.find("correctfeedback"))
        for name in ("partiallycorrectfeedback", "incorrectfeedback"):
            wrong = self.markdown(self.element.find(name))
            if not _is_usual(wrong):
                self.report(f"feedback for every other answer: {wrong[:200]}")
        parts = ["" if _is_usual(right) else right, self.markdown(self.element.find("generalfeedback"))]
        return "\n\n".join(part for part in parts if part)


def _is_usual(text: str) -> bool:
    return text.strip().lower() in _USUAL or text.strip().rstrip("。.!！") in _USUAL
