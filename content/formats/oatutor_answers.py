r"""OATutor's answers as answer keys: `arithmetic` as numbers and expressions, choices as choices, words as text.

A `string` answer becomes mathematics only if all of it is: `4, -12` and `(0,6), (-6,0)` do, «DNE» and «x = 3, DNE» not.
An `arithmetic` answer is mathematics, except where it says in words that there is none: «DNE» is not D·N·E.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from content import mathematics
from content.package import Json

Response = str | list[str]
_PLAIN_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?\Z")
_FRACTION = re.compile(r"(-?)\\d?frac\{(-?\d+)\}\{(\d+)\}\Z|(-?\d+)\s*/\s*(\d+)\Z")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+\Z")
_WORD = re.compile(r"[A-Za-z]{2,}|^[A-Z]$")
_FUNCTIONS = {"sqrt", "log", "ln", "sin", "cos", "tan", "abs", "pi", "or", "and", "frac", "left", "right", "infty"}
_NO_VALUE = re.compile(  # in capitals where small letters could be a product
    r"(?:(?-i:DNE|D\.N\.E|UND|UNDEF)|does\s*not\s*exist|undefined|none|not\s*(?:defined|real|possible)"
    r"|no(?:\s*real)?\s*(?:solutions?|roots?|values?|answers?)|infinite(?:ly\s*many)?(?:\s*solutions?)?"
    r"|(?:all|any)\s*real(?:\s*numbers?)?)\.?\Z",
    re.IGNORECASE,
)
_UPRIGHT = re.compile(r"\\(?:text|mathrm|textrm|operatorname)\s*\{([^{}]*)\}|\\[ ,;]")
_UNKNOWN_KIND = "neither a box nor choices"


@dataclass(frozen=True, kw_only=True)
class Converted:
    """An answer key with the response that the source stores as right, or none where nothing can be made of it.

    in_words: whether it says in words that there is no value, and so is no mathematics in the source either.
    """

    answer: Json | None
    own: Response = ""
    problems: tuple[str, ...] = ()
    in_words: bool = False


def convert(
    *, problem_type: str, answer_type: str, answers: Sequence[str], choices: Sequence[str], answer_latex: str = ""
) -> Converted:
    """Make an answer key of what a step or scaffold stores. `choices` are already Markdown, like `answers` then."""
    given = [answer.strip() for answer in answers if answer.strip()]
    if not given:
        return Converted(answer=None, problems=("no answer is stored",))
    if problem_type == "MultipleChoice":
        return _choices(given, choices)
    if problem_type != "TextBox":
        return Converted(answer=None, problems=(_UNKNOWN_KIND,))
    bare = [undollared(answer) for answer in given]
    if _NO_VALUE.match(_spoken(bare[0])):
        told = list(dict.fromkeys(map(_spoken, bare)))
        return Converted(answer={"kind": "text", "accept": told}, own=told[0], in_words=True)
    if answer_type == "string" and not _all_mathematics(bare[0]):
        return Converted(answer={"kind": "text", "accept": list(dict.fromkeys(bare))}, own=bare[0])
    further = [*bare[1:], undollared(answer_latex)] if answer_type == "string" else bare[1:]
    return Converted(answer=_mathematics(bare[0], further), own=bare[0])


def undollared(text: str) -> str:
    r"""The mathematics of an answer without the `$$` that mark it: `$$m=4$$, $$m=-2$$` is `m=4, m=-2`."""
    return text.replace("$$", "").strip()


def _spoken(text: str) -> str:
    r"""The words of an answer without LaTeX around them: `\text{no solution}` is «no solution»."""
    return " ".join(_UPRIGHT.sub(r" \1 ", text).split())


def _mathematics(value: str, further: Sequence[str]) -> Json:
    """A number where it is one, otherwise an expression; as in OATutor, all that is equivalent is right."""
    accept = list(dict.fromkeys(other for other in further if other and other != value and _readable(other)))
    if accept:
        return {"kind": "expression", "value": value, "accept": accept, "form": "any"}
    if number := _number(value):
        return {"kind": "number", "value": number, "form": "any"}
    return {"kind": "expression", "value": value, "form": "any"}


def _number(value: str) -> str:
    """A plain number or fraction as its key, or nothing. A template's value is one if its name stands alone."""
    if value and _PLAIN_NUMBER.match(value) and any(map(str.isdigit, value)):
        return value.replace(",", "")
    if re.match(r"-?@\{\w+\}\Z", value):
        return value
    found = _FRACTION.match(value)
    if not found:
        return ""
    if found[4]:
        return f"{found[4]}/{found[5]}"
    return f"{found[1]}{found[2]}/{found[3]}".replace("--", "")


def _all_mathematics(text: str) -> bool:
    """Whether a typed answer is mathematics as a whole. «615,195» are two numbers to some and one to others: text."""
    if _THOUSANDS.match(text) or any(word not in _FUNCTIONS for word in _WORD.findall(text)):
        return False
    return _readable(text)


def _readable(text: str) -> bool:
    try:
        mathematics.parse(text)
    except ValueError:
        return False
    return True


def _choices(answers: Sequence[str], choices: Sequence[str]) -> Converted:
    """Choices by letters, equal ones once."""
    problems: list[str] = []
    offered = [choice.strip() for choice in dict.fromkeys(choices) if choice.strip()]
    if len(offered) < len(choices):
        problems.append("equal or empty choices: each is kept once")
    known = {_squeezed(choice): choice for choice in offered}
    right: list[str] = []
    for answer in answers:
        if _squeezed(answer) not in known:
            problems.append(f"the right answer is not among the choices: added: {answer}")
            offered.append(answer)
            known[_squeezed(answer)] = answer
        right.append(known[_squeezed(answer)])
    if len(offered) < 2:
        return Converted(answer=None, problems=(*problems, "one choice only"))
    if len(offered) > len(ascii_lowercase):
        return Converted(answer=None, problems=(*problems, "too many choices"))
    letters = dict(zip(offered, ascii_lowercase, strict=False))
    named = {letter: choice for choice, letter in letters.items()}
    ids = [letters[choice] for choice in dict.fromkeys(right)]
    if len(ids) == 1:
        return Converted(
            answer={"kind": "one_choice", "choices": named, "correct": ids[0]}, own=ids[0], problems=tuple(problems)
        )
    several = {"kind": "several_choices", "choices": named, "correct": ids}
    return Converted(answer=several, own=ids, problems=tuple(problems))


def _squeezed(text: str) -> str:
    return "".join(text.split())
