"""The texts of an item: QTI's mixture of its own elements, HTML and escaped HTML, as Markdown of a course."""

import base64
import binascii
import html as markup
import io
import re
from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from content import html
from content.formats.encodings import encoding_of
from content.formats.pictures import PictureProblem, Pictures
from content.formats.source import CourseError, Files

Replace = Callable[[Element], str | None]  # an element of QTI -> what stands for it; None: it is HTML

OPEN, CLOSE = "\ue000", "\ue001"  # around the number of an interaction, until the text is taken apart there
COMMON = "\ue004"  # after the text that is common to all questions of an item
_VARIABLE = re.compile("\ue002([^\ue002\ue003]*)\ue003")
_VOID = {"br", "hr", "img", "col", "input", "source", "wbr"}
_SKIPPED = {
    "style",
    "stylesheet",
    "infoControl",
    "templateInline",
    "templateBlock",
    "catalogInfo",
    "companionMaterials",
}
_HTML = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>")
_DATA = re.compile(r"data:image/([a-z+]+)[^,]*;base64,", re.IGNORECASE)
_CANVAS = re.compile(r"""<canvas\b[^>]*?\bid=["']([^"']+)["'][^>]*?(?:/>|>\s*</canvas>)""", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^>]*?(?:/>|>(.*?)</script>)", re.IGNORECASE | re.DOTALL)
_SMILES = re.compile(r"""\bsmiles\s*=\s*["']([^"'<>`\s]{1,500})["']""", re.IGNORECASE)
_HIDDEN = re.compile(r"""<span\b[^<>]*\bvisibility:\s*hidden[^<>]*>[^<>]*</span>""", re.IGNORECASE)
_EQUATION = re.compile(r"<img\b[^>]*\bequation_image\b[^>]*>", re.IGNORECASE)
_SAID = (("data-equation-content", ""), ("alt", r"LaTeX:\s*"))
_FORMULAS = [re.compile(rf"""\b{name}="{before}([^"]*)\"""") for name, before in _SAID]
_BLOCK_MATHS = re.compile(r"\$\$([^$]+)\$\$")
_BODY = re.compile(r"<(?:body|qti-stimulus-body)\b[^>]*>(.*)</(?:body|qti-stimulus-body)>", re.IGNORECASE | re.DOTALL)
_FILE_BASE = re.compile(r"\A(?:\$IMS[-_]CC[-_]FILEBASE\$|\$CANVAS_[A-Z_]*REFERENCE\$)/*")


class Report(Protocol):
    """Notes a problem of the item that is being read."""

    def __call__(self, problem: str, *, dropped: bool = False) -> None:
        """A fixed phrase, then `: ` and details; `dropped` says that a part of the item is lost."""


class Texts:
    """Turns the texts of one item into Markdown; what is lost is reported."""

    def __init__(self, files: Files, pictures: Pictures, folder: str, report: Report) -> None:
        self._files = files
        self._pictures = pictures
        self._folder = folder
        self.report = report

    def markdown(self, source: str) -> str:
        """Markdown of HTML: paragraphs, lists, tables."""
        return self._converted(source, inline=False)

    def line(self, source: str) -> str:
        """Markdown of HTML that stands in one line, such as a choice."""
        return self._converted(source, inline=True)

    def _converted(self, source: str, *, inline: bool) -> str:
        seen = _EQUATION.sub(_formula, _HIDDEN.sub("", self._drawn(source)))
        made = html.from_html(seen, pictures=self._picture, inline=inline)
        for problem in made.problems:
            self.report(problem)
        text = _VARIABLE.sub(r"@{\1}", made.text.strip())
        return _BLOCK_MATHS.sub(r"$\1$", text) if inline else text  # in a line no formula stands alone

    def included(self, address: str) -> str:
        """What stands in a file of HTML, or of QTI's passages, that an item shows in its text; nothing of others."""
        name = self._file(address)
        if not name:
            self.report(f"a part of the text that is missing: {address}", dropped=True)
            return ""
        try:
            data = self._files[name]
        except CourseError as problem:
            self.report(f"a part of the text that cannot be read: {problem}", dropped=True)
            return ""
        source = data.decode(encoding_of(io.BytesIO(data)), "replace")
        return found[1] if (found := _BODY.search(source)) else source

    def _drawn(self, source: str) -> str:
        """Structures that a script draws from SMILES formulas, as the formulas: a student can still read these."""
        if "<script" not in source.lower() or "smiles" not in source.lower():
            return source
        scripts = [found[1] or "" for found in _SCRIPT.finditer(source)]

        def formula(canvas: re.Match[str]) -> str:
            for script in scripts:
                if canvas[1] in script and (found := _SMILES.search(markup.unescape(script))):
                    self.report("a structure that a script draws: its SMILES formula is shown instead")
                    return f"SMILES: <code>{markup.escape(found[1])}</code>"
            return canvas[0]

        return _SCRIPT.sub("", _CANVAS.sub(formula, source))

    def _picture(self, source: str) -> str | None:
        try:
            if found := _DATA.match(source):
                data = base64.b64decode(unquote(source[found.end() :]), validate=False)
                return self._pictures.add(f"picture.{found[1].split('+')[0]}", data)
            if name := self._file(source):
                return self._pictures.add_file(name)
        except (PictureProblem, binascii.Error) as problem:
            self.report(str(problem))
        return None

    def _file(self, source: str) -> str:
        """The file that an address in a text means: beside the item, from the package's root, or by its name alone."""
        address = unquote(source.strip())
        if re.match(r"[a-z][a-z0-9+.-]*:|//", address, re.IGNORECASE):
            return ""
        plain = re.split(r"[?#]", _FILE_BASE.sub("", address))[0]
        for folder in (self._folder, "", "web_resources"):
            if (name := joined(folder, plain)) in self._files:
                return name
        ending = f"/{plain.rpartition('/')[2]}"
        alike = [name for name in self._files if f"/{name}".endswith(ending)] if len(ending) > 1 else []
        return alike[0] if len(alike) == 1 else ""


def _formula(image: re.Match[str]) -> str:
    """Canvas's picture of a formula as the formula, which it has as well."""
    found = next((one for pattern in _FORMULAS if (one := pattern.search(image[0]))), None)
    return rf"\({found[1]}\)" if found else image[0]


def joined(folder: str, address: str) -> str:
    """A file's name from the folder it is named in; nothing that leads out of the package."""
    parts: list[str] = [] if address.startswith("/") else [part for part in folder.split("/") if part]
    for part in address.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", ".", ".."}:
            parts.append(part)
    return "/".join(parts)


def as_html(element: Element, replace: Replace = lambda _: None) -> str:
    """The inside of an element as HTML; `replace` says what stands for the elements that are QTI's own."""
    parts = [markup.escape(element.text or "", quote=False)]
    for child in element:
        parts += [_one(child, replace), markup.escape(child.tail or "", quote=False)]
    return "".join(parts)


def _one(element: Element, replace: Replace) -> str:
    tag = element.tag
    if tag in _SKIPPED:
        return ""
    made = replace(element)
    if made is not None:
        return made
    if tag == "printedVariable":
        return variable(element.get("identifier", ""))
    if tag == "object" and element.get("type", "").startswith("image"):
        alt = "".join(element.itertext()).strip()
        return f'<img src="{markup.escape(element.get("data", ""))}" alt="{markup.escape(alt)}">'
    attributes = "".join(
        f' {name}="{markup.escape(value)}"' for name, value in element.attrib.items() if "}" not in name
    )
    if tag in _VOID:
        return f"<{tag}{attributes}>"
    if tag == "script":  # its text is no HTML
        return f"<script{attributes}>{element.text or ''}</script>"
    return f"<{tag}{attributes}>{as_html(element, replace)}</{tag}>"


def variable(name: str) -> str:
    """What stands for a variable in HTML: an `@{` that an author wrote would be shown as it is."""
    return f"\ue002{name}\ue003"


def unescaped(source: str) -> str:
    """HTML that was written as text, tags and all, as the HTML that was meant."""
    if "<" in _HTML.sub("", source) or not (plain := markup.unescape(source)) or not _HTML.search(plain):
        return source
    return plain if not _HTML.search(source) else source


def place(number: int, *, inline: bool) -> str:
    """What stands for an interaction in HTML that is not taken apart yet."""
    mark = f"{OPEN}{number}{CLOSE}"
    return mark if inline else f"<p>{mark}</p>"
