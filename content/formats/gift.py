"""GIFT, the text format for questions (https://docs.moodle.org/en/GIFT_format): to a course and back.

What maps onto what is said in docs/content.md. The syntax is read in gift_reading.py and written in gift_writing.py.
"""

import io
import re
from pathlib import PurePosixPath

from content.formats import gift_reading, gift_writing
from content.formats.collected import Collected, Place, Question, Reading, category_of
from content.formats.encodings import encoding_of
from content.formats.gift_questions import translate
from content.formats.gift_reading import Format, Text, Unreadable, unescaped
from content.formats.pictures import PictureProblem
from content.formats.rights import rights_in
from content.formats.source import Files, Loaded, Written, head_of, name_of, open_file
from content.html import from_html, from_markdown, from_plain
from content.package import CoursePackage

TITLE = "GIFT"
_ENDINGS = {".gift", ".txt"}
_LOOKS_LIKE = re.compile(r"(?m)^\s*\$CATEGORY:|^\s*::.+?::|(?<!\\)\{\s*(?:[#=~]|T\b|F\b|TRUE\b|FALSE\b|\})")


def recognises(files: Files) -> bool:
    """Say whether there is a file in GIFT: by its ending, or a text with a category, a named question or answers."""
    return any(_is_gift(files, name) for name in files)


def _is_gift(files: Files, name: str) -> bool:
    ending = PurePosixPath(name).suffix.lower()
    if ending not in _ENDINGS:
        return False
    return ending == ".gift" or bool(_LOOKS_LIKE.search(head_of(files, name, 20_000).decode("utf-8", "replace")))


def read(files: Files) -> Loaded:
    """Translate every GIFT file. Raises CourseError if nothing at all can be used."""
    collected = Collected(files)
    names = [name for name in sorted(files) if _is_gift(files, name)]
    rights = ("", "")
    for name in names:
        stem = PurePosixPath(name).stem
        reading = _Reading(collected, name, stem if len(names) > 1 or not name_of(files) else name_of(files))
        reading.is_alone = len(names) == 1
        reading.run()
        rights = reading.rights if reading.is_alone else rights
    licence, attribution = rights
    return collected.loaded(licence=licence, attribution=attribution)


def write(package: CoursePackage) -> Written:
    """Translate a course to one GIFT file, and its figures in a folder beside it."""
    return gift_writing.write(package)


class _Reading:
    """One file."""

    def __init__(self, collected: Collected, name: str, stem: str) -> None:
        self.collected, self.name = collected, name
        self.category = stem
        self.rights = ("", "")  # licence and attribution, as the comments at the head of the file say
        self.head: gift_reading.Block | None = None  # the first question or category, whose comments speak for all
        self.is_alone = True  # of several files, each question has what its file says

    def run(self) -> None:
        """Read the file block by block."""
        with open_file(self.collected.files, self.name) as stream:
            encoding = encoding_of(stream)
            if encoding not in {"utf-8", "utf-8-sig"}:
                self.collected.journal.report(self.name, f"the file is not in UTF-8: read as: {encoding}")
            stream.seek(0)
            with io.TextIOWrapper(stream, encoding=encoding, errors="replace") as lines:
                for block in gift_reading.blocks(gift_reading.lines_of(lines)):
                    if self.head is None:
                        self.head, self.rights = block, rights_in(block.comments)
                    if block.category:
                        self.category = category_of(unescaped(block.text)) or self.category
                    else:
                        self._question(block)

    def _question(self, block: gift_reading.Block) -> None:
        item = f"{self.name}, line {block.line}"
        journal = self.collected.journal
        try:
            found = gift_reading.question(block)
        except Unreadable as error:
            journal.begin(item, title=" ".join(block.text[:500].split())[:80])
            journal.report(item, str(error), item=item, dropped=True)
            return
        title = " ".join(unescaped(found.title).split())
        journal.begin(item, title=title or " ".join(unescaped(found.text.said).split())[:80], kind=found.kind)
        place = Place(item=item, category=self.category)

        def markdown(text: Text, *, inline: bool = False) -> str:
            return self._markdown(item, text, inline=inline)

        prompt = markdown(found.text)
        own = rights_in(block.comments) if block is not self.head else ("", "")
        licence, by = own if self.is_alone else (one or other for one, other in zip(own, self.rights, strict=True))
        if found.kind == "description":
            reading = Reading(title=title, text=prompt, name=block.id, tags=block.tags, licence=licence, attribution=by)
            self.collected.reading(place, reading)
            return
        made = translate(found, markdown)
        self.collected.question(
            place,
            Question(
                title=title,
                prompt=prompt,
                steps=(("", made),),
                name=block.id,
                solution=markdown(found.general) if found.general else "",
                tags=block.tags,
                licence=licence,
                attribution=by,
            ),
        )

    def _markdown(self, item: str, text: Text, *, inline: bool) -> str:
        said = unescaped(text.said)

        def picture(address: str) -> str | None:
            path = address.removeprefix("@@PLUGINFILE@@/")
            folder = self.name.rpartition("/")[0]
            try:
                for name in (f"{folder}/{path}".lstrip("/"), path):
                    if name in self.collected.files:
                        return self.collected.pictures.add_file(name)
                return self.collected.pictures.add_address(address)
            except PictureProblem as problem:
                self.collected.journal.report(item, str(problem), item=item, dropped=True)
                return None

        if text.format is Format.PLAIN:
            made = from_plain(said, inline=inline)
        elif text.format is Format.MARKDOWN:
            made = from_markdown(said, pictures=picture, inline=inline)
        else:
            if text.format is Format.MOODLE:
                said = said.strip().replace("\n", "<br>")
            made = from_html(said, pictures=picture, inline=inline)
        for problem in made.problems:
            self.collected.journal.report(item, problem, item=item)
        return made.text
