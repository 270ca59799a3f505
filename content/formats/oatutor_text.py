r"""OATutor's texts as Markdown: `$$…$$` is mathematics in the line, `##name##` a picture, `\n` a new paragraph.

Everything else in such a text is plain, so characters that mean something to Markdown are escaped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$])")
_LINE_START = re.compile(r"(?m)^(\s*)([-+=]|\d+(?=[.)]))")
# \n is a new line unless it begins one of the few commands that authors left outside of the dollars.
_NEW_LINE = re.compile(r"\\n(?!eq|e\b|ot\b)")
_PLAIN_COMMANDS = {r"\neq": "≠", r"\ne": "≠", r"\cdot": "·", r"\leq": "≤", r"\geq": "≥", r"\times": "×", r"\pm": "±"}
_PLAIN_COMMAND = re.compile(r"\\(?:neq|ne|cdot|leq|geq|times|pm)(?![a-z])")
_FIGURE = re.compile(r"##\s*([\w.-]+\.(?:png|jpe?g|gif|webp|svg))\s*(?:##)?", re.IGNORECASE)
_HYPHENATED = re.compile(r"[A-Za-z]{2,}(?:-[A-Za-z]{2,})+\Z")
_WRONG_OPERATOR = re.compile(r"\\operatorname\{((?:[^{}a-zA-Z]|\\left|\\right)*)\}")  # round a number or a bracket
_POWER = re.compile(r"\*\*\s*(?:(\{)|(\()|(-?[\d.]+|[A-Za-z]|@\{\w+\}))")


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A text in Markdown, the names of the figures in it as the source has them, and what was wrong with it."""

    text: str
    figures: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def convert(text: str, *, figures: Mapping[str, str]) -> Converted:
    """Translate one text. `figures` maps the source's names to the package's; others are left out and reported."""
    pieces = text.split("$$")
    problems: list[str] = []
    if len(pieces) % 2 == 0:
        problems.append("an odd number of $$: the last one is left out")
        pieces[-2:] = [pieces[-2] + " " + pieces[-1]] if len(pieces) > 2 else ["".join(pieces)]
    used: list[str] = []
    parts: list[str] = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            parts.append(_plain(piece, figures, used, problems))
        elif made := _mathematics(piece):
            following = pieces[index + 1]
            # A digit right behind the dollar would make it money.
            parts.append(made + (" " if made.endswith("$") and following[:1].isdigit() else ""))
    joined = re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()
    return Converted(text=joined, figures=tuple(used), problems=tuple(problems))


def latex(source: str) -> str:
    """LaTeX as OATutor has it, with the powers that it writes as `**` put right."""
    made = _WRONG_OPERATOR.sub(r"{\1}", source.strip().rstrip("\\")).replace(r"\operatorname{log_", r"\log_{")
    while found := _POWER.search(made):
        made = made[: found.start()] + _power(made, found)
    return re.sub(r"(?<!\\)\$", r"\\$", made.replace("*", r"\cdot "))


def _power(source: str, found: re.Match[str]) -> str:
    """What replaces `**…` from where it starts to the end of the source."""
    if found[1]:
        return "^{" + source[found.end() :]
    if found[3]:
        return f"^{{{found[3]}}}{source[found.end() :]}"
    depth, at = 1, found.end()
    while at < len(source) and depth:
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        at += 1
    return f"^{{({source[found.end() : at]}}}{source[at:]}"


def _mathematics(piece: str) -> str:
    made = latex(piece)
    if not made:
        return ""
    # Words with hyphens between $$ are an accident of the source's own conversion.
    return made if _HYPHENATED.match(made) else f"${made}$"


def _plain(piece: str, figures: Mapping[str, str], used: list[str], problems: list[str]) -> str:
    piece = _NEW_LINE.sub("\n\n", piece)
    piece = _PLAIN_COMMAND.sub(lambda command: _PLAIN_COMMANDS[command[0]], piece)
    parts: list[str] = []
    at = 0
    for found in _FIGURE.finditer(piece):
        parts.append(_escaped(piece[at : found.start()]))
        at = found.end()
        used.append(found[1])
        if found[1] in figures:
            parts.append(f"\n\n![{found[1].rpartition('.')[0]}](figures/{figures[found[1]]})\n\n")
        else:
            problems.append(f"a figure is missing: {found[1]}")
    return "".join([*parts, _escaped(piece[at:])])


def _escaped(piece: str) -> str:
    """Plain text that Markdown leaves alone; `**` between numbers is a power."""
    piece = re.sub(r"(?<=[\w)])\*\*(?=[\w({-])", "^", piece)
    piece = _MARKDOWN.sub(r"\\\1", piece)
    return _LINE_START.sub(lambda start: f"{start[1]}{_line_start(start[2])}", piece)


def _line_start(mark: str) -> str:
    """A line that starts like a list or a heading is neither; behind a number the full stop is what makes the list."""
    return mark + "\\" if mark.isdigit() else "\\" + mark
