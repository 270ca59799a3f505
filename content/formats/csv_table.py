"""A table of exercises, a row each, as teachers write it in a spreadsheet: CSV to a CoursePackage.

Commas, semicolons or tabs; UTF-8, UTF-16 or GBK, with or without a byte order mark; headings in English or Chinese.
The columns are described in docs/content.md. Whatever is wrong with a row is said with the row's line.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from content import schema, shelf
from content.formats.csv_answers import CellProblem, Cells, key_of, kind_of, parts, response_of
from content.formats.naming import Concepts, Keys, language_of, mark_of, slug_of
from content.formats.naming import key_of as plain_key
from content.formats.rights import rights_in
from content.formats.source import CourseError, Files, Journal, Loaded, head_of, name_of, open_file
from content.package import CoursePackage, Exercise, Hint, Json, Step, StepKind, WrongAnswer

TITLE = "CSV"
MAX_LINE = 1_000_000  # characters
COLUMNS = (
    *("id", "step", "title", "prompt", "kind", "answer", "choices", "shuffle", "tolerance", "unit", "case", "rubric"),
    *("concepts", "lesson", "tags", "difficulty", "solution", "licence", "attribution"),
)
_NUMBERED = ("hint", "wrong", "feedback", "choice")
ALIASES = {
    **{"question": "prompt", "text": "prompt", "type": "kind", "options": "choices", "concept": "concepts"},
    **{"skill": "concepts", "skills": "concepts", "topic": "lesson", "explanation": "solution", "license": "licence"},
    **{"question text": "prompt", "question type": "kind", "correct answer": "answer", "correct answers": "answer"},
    **{
        "option": "choice",
        "问题": "prompt",
        "试题": "prompt",
        "题目内容": "prompt",
        "题目类型": "kind",
        "类型": "kind",
    },
    **{"正确答案": "answer", "标准答案": "answer", "参考答案": "answer", "答案解析": "solution", "所属章节": "lesson"},
    **{"wrong answer": "wrong", "wrong_answer": "wrong", "correct": "answer", "units": "unit", "tag": "tags"},
    **{
        "编号": "id",
        "步骤": "step",
        "标题": "title",
        "题目": "prompt",
        "题干": "prompt",
        "题型": "kind",
        "答案": "answer",
    },
    **{
        "选项": "choices",
        "打乱": "shuffle",
        "误差": "tolerance",
        "单位": "unit",
        "大小写": "case",
        "评分标准": "rubric",
    },
    **{
        "知识点": "concepts",
        "概念": "concepts",
        "章节": "lesson",
        "标签": "tags",
        "难度": "difficulty",
        "解答": "solution",
    },
    **{
        "解析": "solution",
        "许可": "licence",
        "来源": "attribution",
        "提示": "hint",
        "错误答案": "wrong",
        "反馈": "feedback",
    },
}
_COMMENT = re.compile(r"\ufeff?[\"']?(?://|#\s*[^\s,;，；\"'])")  # a heading may be `#` alone, before the numbers
_ENDINGS = (".csv", ".tsv", ".txt")
_SEPARATORS = ",;\t；，"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def recognises(files: Files) -> bool:
    """Say whether these files are tables whose first row names a question and an answer."""
    names = list(files)
    return len(names) > 0 and all(name.lower().endswith(_ENDINGS) for name in names) and bool(_tables(files))


def _tables(files: Files) -> list[str]:
    return [name for name in files if name.lower().endswith(_ENDINGS) and _is_table(head_of(files, name))]


def _is_table(head: bytes) -> bool:
    text = head.decode(_encoding([head]), errors="ignore")
    names = {_column(cell) for row in _rows(io.StringIO(text), limit=3) for cell in row}
    return {"prompt", "answer"} <= names


def read(files: Files) -> Loaded:
    """Translate tables. Raises CourseError if there is no row that can be used."""
    reading = _Reading(files)
    tables = _tables(files)
    reading.is_alone = len(tables) == 1
    for name in tables:
        reading.table(name)
    if not reading.exercises:
        reasons = dict.fromkeys(f"{defect.place}: {defect.problem}" for defect in reading.journal.defects)
        raise CourseError(f"no row that can be used: {'; '.join(list(reasons)[:3]) or 'there are none'}")
    return reading.loaded()


@dataclass(frozen=True)
class _Row:
    line: int
    cells: Cells


class _Reading:
    """One pass over the tables."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.journal = Journal()
        self.keys, self.concepts = Keys(), Concepts()
        self.exercises = shelf.exercises()
        self.places: shelf.Index[int] = shelf.Index()  # key -> where it stands among them
        self.lines: shelf.Index[int] = shelf.Index()  # key -> the line that it first stood in
        self.used: set[str] = set()  # concepts
        self.source_steps = 0
        self.rights = ("", "")  # licence and attribution, as the lines above the headings say
        self.is_alone = True  # of several tables, each exercise has what its table says

    def table(self, name: str) -> None:
        """Read a table, row by row."""
        shown = name if len(self.files) > 1 else ""
        with open_file(self.files, name) as stream:
            encoding = _encoding(iter(lambda: stream.read(65_536), b""))
        with open_file(self.files, name) as stream:
            text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
            comments: list[str] = []
            for row in _numbered(_rows(text), self.journal, shown, comments):
                if comments:
                    self.rights = rights_in(comments)
                    comments.clear()
                self.source_steps += 1
                self._row(row, f"{shown}, line {row.line}" if shown else f"line {row.line}")

    def _row(self, row: _Row, place: str) -> None:
        cells = row.cells
        more = [cells[f"choice{column}"] for column in _numbers(cells, "choice")]
        name = cells["id"].strip() or mark_of(cells["prompt"], cells["answer"], cells["choices"], *more)
        item = f"{name} ({place})"
        self.journal.begin(item, title=cells["title"].strip(), kind=cells["kind"].strip())
        try:
            self._use(replace(row, cells=_with_choices(cells)), name, item, place)
        except CellProblem as problem:
            self.journal.report(place, str(problem), item=item, dropped=True)

    def _use(self, row: _Row, name: str, item: str, place: str) -> None:
        """Make an exercise of a row, or a further step of the one with its id."""
        key = plain_key(name)
        if not key:
            raise CellProblem(f"id: letters or digits are missing: {name}")
        if key != name:
            self.journal.report(place, f"id: it becomes another one: {key}", item=item)
        step_name = plain_key(row.cells["step"])
        place_of = self.places.get(key)
        if place_of is not None and not step_name:
            raise CellProblem(f"id: it stands in another line: {self.lines[key]}")
        step = self._step(row.cells, f"{key}:{step_name}" if step_name else key, item, place)
        earlier = None if place_of is None else self.exercises[place_of]
        if earlier and step.key in {one.key for one in earlier.steps}:
            raise CellProblem(f"step: it stands there twice: {step_name}")
        exercise = (
            replace(earlier, steps=(*earlier.steps, step)) if earlier else self._exercise(row.cells, step, item, place)
        )
        self._check(exercise, step)
        if place_of is None:
            self.places[key], self.lines[key] = len(self.exercises), row.line
            self.exercises.append(exercise)
        else:
            self.exercises.replace(place_of, exercise)
        self.used.update(step.concepts)
        self.journal.became(item, key)

    def _check(self, exercise: Exercise, step: Step) -> None:
        alone = replace(exercise, steps=(step,))
        for found in schema.check_exercise(alone, texts=False):
            raise CellProblem(f"{found.part or 'row'}: {found.problem}")

    def _exercise(self, cells: Cells, step: Step, item: str, place: str) -> Exercise:
        has_steps = bool(cells["step"].strip())
        licence, attribution = ("", "") if self.is_alone else self.rights
        return Exercise(
            key=step.key.partition(":")[0],
            steps=(step,),
            title=cells["title"].strip()[: schema.EXERCISE_TITLE_LENGTH],
            prompt="" if has_steps or step.answer["kind"] == StepKind.CLOZE else cells["prompt"].strip(),
            lesson=cells["lesson"].strip()[: schema.TITLE_LENGTH],
            licence=(cells["licence"].strip() or licence)[: schema.TITLE_LENGTH],
            attribution=cells["attribution"].strip() or attribution,
            tags=tuple(dict.fromkeys(_several(cells["tags"]))),
            difficulty=self._difficulty(cells["difficulty"], item, place),
        )

    def _difficulty(self, cell: str, item: str, place: str) -> str:
        text = cell.strip()
        if not text or re.fullmatch(r"0(?:\.\d{1,6})?|1(?:\.0{1,6})?|\.\d{1,6}", text):
            return text
        self.journal.report(place, f"difficulty: not a number from 0 to 1: {text}", item=item)
        return ""

    def _step(self, cells: Cells, key: str, item: str, place: str) -> Step:
        if not cells["prompt"].strip():
            raise CellProblem("prompt: it is empty")
        kind = kind_of(cells)
        answer = key_of(kind, cells)
        named = _several(cells["concepts"])
        lesson = cells["lesson"].strip() or name_of(self.files) or TITLE
        concepts = [self.concepts.of(name, title=name, name=name) for name in named or [lesson]]
        return Step(
            key=key,
            answer=answer,
            prompt=cells["prompt"].strip() if cells["step"].strip() and kind != StepKind.CLOZE else "",
            concepts=tuple(dict.fromkeys(concepts)),
            hints=tuple(Hint(key=f"h{index}", text=text) for index, text in enumerate(_series(cells, "hint"), 1)),
            solution=cells["solution"].strip(),
            wrong_answers=tuple(self._wrong(cells, kind, answer, place)),
        )

    def _wrong(self, cells: Cells, kind: StepKind, answer: Json, place: str) -> Iterator[WrongAnswer]:
        """The wrong answers, each with what is said about it."""
        for number in _numbers(cells, "wrong"):
            given, said = cells[f"wrong{number}"].strip(), cells.get(f"feedback{number}", "").strip()
            if not given and not said:
                continue
            if not given or not said:
                raise CellProblem(f"wrong answer {number}: a wrong answer and its feedback come together")
            yield WrongAnswer(response=response_of(kind, answer, given), feedback=said)

    def loaded(self) -> Loaded:
        """The course, with everything that was reported."""
        title = name_of(self.files) or TITLE
        package = CoursePackage(
            slug=slug_of(title),
            title=title[: schema.TITLE_LENGTH],
            language=language_of(exercise.prompt for exercise in self.exercises[:1000]),
            concepts=self.concepts.all(self.used),
            exercises=self.exercises,
            licence=self.rights[0] if self.is_alone else "",
            attribution=self.rights[1] if self.is_alone else "",
        )
        return Loaded(
            package=package,
            defects=self.journal.defects,
            items=self.journal.items(),
            source_steps=self.source_steps,
        )


def _several(cell: str) -> list[str]:
    """Names in one cell, between bars, semicolons or on lines of their own."""
    return [name for part in parts(cell) for one in re.split(r"[;；]", part) if (name := one.strip())]


def _with_choices(cells: Cells) -> Cells:
    """A row whose choices stand in columns of their own, as one that has them in one cell.

    Under numbered headings the answer may be the numbers of the right ones. Raises CellProblem.
    """
    columns = _numbers(cells, "choice")
    texts = [" ".join(cells[f"choice{column}"].split()) for column in columns]
    while texts and not texts[-1]:
        texts.pop()
    if not texts or cells["choices"].strip():
        return cells
    if "" in texts:
        raise CellProblem(f"choices: an empty one stands before others: {columns[texts.index('')].upper()}")
    answer = cells["answer"].strip()
    named = re.findall(r"\d+", answer) if re.fullmatch(r"\d+(?:\s*[,;，；、]\s*\d+)*", answer) else []
    if named and columns[0].isdecimal():
        if answer in texts and texts.index(answer) + 1 != int(answer):
            raise CellProblem(f"answer: it is the number of one choice and the text of another: {answer}")
        if any(not 1 <= int(number) <= len(texts) for number in named) and answer not in texts:
            raise CellProblem(f"answer: it is none of the choices: {answer}")
        if answer not in texts:
            answer = ", ".join(ascii_uppercase[int(number) - 1] for number in named)
    return {**cells, "choices": " | ".join(text.replace("|", "\\|") for text in texts), "answer": answer}


def _numbers(cells: Cells, name: str) -> list[str]:
    """The numbers of the columns of a series, in their order; a column without a number comes first."""
    found = [column.removeprefix(name) for column in cells if re.fullmatch(rf"{name}(?:\d*|[a-z])", column)]
    return sorted(found, key=lambda number: int(number or 0) if number.isdecimal() or not number else ord(number))


def _series(cells: Cells, name: str) -> list[str]:
    return [cells[f"{name}{number}"].strip() for number in _numbers(cells, name) if cells[f"{name}{number}"].strip()]


def _encoding(pieces: Sequence[bytes] | Iterator[bytes]) -> str:
    """UTF-8 if all of it is, else what a byte order mark says, else the Chinese encoding of Windows."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for index, piece in enumerate(pieces):
        if not index:
            for mark, name in _BOMS.items():
                if piece.startswith(mark):
                    return name
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _rows(stream: io.TextIOBase | io.TextIOWrapper, *, limit: int = 0) -> Iterator[list[str]]:
    """The rows of a table whose separator is found in its first line. The first row says `sep=;` in some of Excel's."""
    first = stream.readline(MAX_LINE)
    while _COMMENT.match(first):
        yield [first.strip("\ufeff \r\n\t\"',;，；")]
        first = stream.readline(MAX_LINE)
    said = re.match(r"\ufeff?sep=(.)\s*\Z", first)
    head = stream.readline(MAX_LINE) if said else first
    separator = said[1] if said else max(_SEPARATORS, key=re.sub(r'"[^"]*"', "", head).count)
    count = 0

    def lines() -> Iterator[str]:
        line = head.lstrip("\ufeff")
        while line:
            if len(line) >= MAX_LINE:
                raise CourseError(f"refused: a line of the table is too long: at most {MAX_LINE} characters")
            yield line
            line = stream.readline(MAX_LINE)

    reader = csv.reader(lines(), delimiter=separator, skipinitialspace=True)
    while not limit or count < limit:
        count += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [f"\0{error}"]


def _numbered(rows: Iterator[list[str]], journal: Journal, name: str, comments: list[str]) -> Iterator[_Row]:
    """Rows with their lines, by the headings of the first one; lines above that say something go to `comments`."""
    heads: list[str] = []
    line = 1
    for row in rows:
        place = f"{name}, line {line}" if name else f"line {line}"
        start, line = line, line + 1 + sum(cell.count("\n") for cell in row)
        if row and row[0].startswith("\0"):
            journal.report(place, f"a row that cannot be read: {row[0][1:]}", dropped=True)
        elif not any(cell.strip() for cell in row):
            continue
        elif not heads and _COMMENT.match(row[0]):
            comments.append(row[0])
        elif not heads:
            heads = _heads(row, journal, place)
        else:
            if len(row) > len(heads) and any(cell.strip() for cell in row[len(heads) :]):
                journal.report(place, "more cells than there are headings: the last ones are left out", dropped=True)
            cells = dict.fromkeys(COLUMNS, "") | dict(zip(heads, row, strict=False))
            yield _Row(start, cells)


def _heads(row: list[str], journal: Journal, place: str) -> list[str]:
    heads = [_column(cell) for cell in row]
    for cell, head in zip(row, heads, strict=True):
        if cell.strip() and re.sub(r"\d+$|(?<=^choice)[a-z]$", "", head) not in {*COLUMNS, *_NUMBERED}:
            journal.report(place, f"a column that is not known: {cell.strip()}", dropped=True)
    return [head or f"\0{index}" for index, head in enumerate(heads)]


def _column(cell: str) -> str:
    """A heading as the name of its column, with its number: «Wrong answer 2» is wrong2, «选项A» is choicea."""
    name = " ".join(cell.strip().lstrip("\ufeff").casefold().replace("_", " ").split())
    name = re.sub(r" ?[(（].*| [-–].*", "", name) or name  # what explains the heading
    if found := re.fullmatch(r"(?:option ?|choice ?|选项 ?)?([a-h])|answer ?(\d)", name):
        return f"choice{found[1] or found[2]}"
    found = re.fullmatch(r"(.*?) ?(\d*)", name)
    plain, number = (found[1], found[2]) if found else (name, "")
    return ALIASES.get(plain, plain) + number
