"""One row's answer, as people write it into a cell, as an answer key. Described for teachers in docs/content.md."""

import re
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase

from content.package import Json, StepKind

Cells = Mapping[str, str]

_ARROW = re.compile(r"\s*(?:=>|->|→|⇒)\s*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?(?:/\d+)?\Z", re.IGNORECASE)
_BAR = re.compile(r"(?<!\\)[|\n]|｜")
_YES = {"true", "t", "yes", "y", "1", "对", "正确", "是", "真"}
_NO = {"false", "f", "no", "n", "0", "错", "错误", "否", "假"}
_KINDS = {
    **{kind.value: kind for kind in StepKind},
    **{"choice": StepKind.ONE_CHOICE, "single choice": StepKind.ONE_CHOICE, "multiple choice": StepKind.ONE_CHOICE},
    **{"multiple response": StepKind.SEVERAL_CHOICES, "true/false": StepKind.TRUE_FALSE, "numeric": StepKind.NUMBER},
    **{"short answer": StepKind.TEXT, "gaps": StepKind.CLOZE, "essay": StepKind.LONG_TEXT, "order": StepKind.ORDERING},
    **{"单选题": StepKind.ONE_CHOICE, "单选": StepKind.ONE_CHOICE, "多选题": StepKind.SEVERAL_CHOICES},
    **{"多选": StepKind.SEVERAL_CHOICES, "判断题": StepKind.TRUE_FALSE, "判断": StepKind.TRUE_FALSE},
    **{"数值题": StepKind.NUMBER, "数值": StepKind.NUMBER, "表达式": StepKind.EXPRESSION, "方程": StepKind.EQUATION},
    **{"不等式": StepKind.INEQUALITY, "集合": StepKind.LIST, "列表": StepKind.LIST, "矩阵": StepKind.MATRIX},
    **{"填空题": StepKind.CLOZE, "填空": StepKind.CLOZE, "简答": StepKind.TEXT, "文本": StepKind.TEXT},
    **{"匹配题": StepKind.MATCHING, "配对": StepKind.MATCHING, "排序题": StepKind.ORDERING, "排序": StepKind.ORDERING},
    **{"问答题": StepKind.LONG_TEXT, "作文": StepKind.LONG_TEXT},
}


class CellProblem(ValueError):
    """A cell that cannot be used; the message begins with the name of its column."""


def parts(cell: str) -> list[str]:
    """The parts of a cell that holds several, between `|` or on lines of their own; `\\|` is a bar."""
    return [part.strip().replace("\\|", "|") for part in _BAR.split(cell) if part.strip()]


def kind_of(cells: Cells) -> StepKind:
    """The kind that a row names, or the one that its cells suggest. Raises CellProblem."""
    named = " ".join(cells["kind"].lower().split())
    if named:
        found = _KINDS.get(named) or _KINDS.get(named.replace(" ", "_"))
        if found is None:
            raise CellProblem(f"kind: no kind of question is called so: {cells['kind']}")
        return found
    answer = cells["answer"].strip()
    if cells["choices"].strip():
        several = len(_letters(answer, len(parts(cells["choices"])))) > 1
        return StepKind.SEVERAL_CHOICES if several else StepKind.ONE_CHOICE
    if "[[1]]" in cells["prompt"]:
        return StepKind.CLOZE
    if answer.lower() in (_YES | _NO) - {"1", "0", "t", "f", "y", "n"}:
        return StepKind.TRUE_FALSE
    if _ARROW.search(answer):
        return StepKind.MATCHING
    if not answer:
        return StepKind.LONG_TEXT
    return StepKind.NUMBER if _NUMBER.match(answer) else StepKind.TEXT


def key_of(kind: StepKind, cells: Cells) -> Json:
    """Return the answer key of a row. Raises CellProblem."""
    if kind not in _READERS:
        raise CellProblem(f"kind: a kind that has no place in a row: {kind.value}")
    if kind != StepKind.LONG_TEXT and not cells["answer"].strip():
        raise CellProblem("answer: it is empty")
    return {"kind": kind.value, **_READERS[kind](cells)}


def response_of(kind: StepKind, key: Json, cell: str) -> str | tuple[str, ...]:
    """A wrong answer as it stands in a cell, as a response. Raises CellProblem."""
    if kind == StepKind.ONE_CHOICE:
        return _ids(cell, key["choices"], "wrong answer")[0]
    if kind == StepKind.SEVERAL_CHOICES:
        return tuple(_ids(cell, key["choices"], "wrong answer"))
    if kind == StepKind.TRUE_FALSE:
        return "true" if _switch(cell, "wrong answer") else "false"
    if kind == StepKind.MATCHING:
        named = {text: one for one, text in key["options"].items()}
        given = dict(_pair(part, "wrong answer") for part in parts(cell))
        return tuple(named.get(given.get(text, ""), "") for text in key["stems"].values())
    if kind == StepKind.ORDERING:
        return tuple(_ids(cell, key["items"], "wrong answer"))
    return tuple(parts(cell)) if kind in {StepKind.CLOZE, StepKind.LIST} else cell.strip()


def _lettered(texts: Sequence[str]) -> dict[str, str]:
    """Choices under the letters A, B, C …"""
    if len(texts) > len(ascii_uppercase):
        raise CellProblem(f"choices: too many: at most {len(ascii_uppercase)}")
    return dict(zip(ascii_uppercase, texts, strict=False))


def _letters(cell: str, count: int) -> list[str]:
    """Letters of choices, if a cell holds nothing else."""
    plain = re.sub(r"[\s,;，；、|+和]+", "", cell.upper())
    known = ascii_uppercase[:count]
    return list(dict.fromkeys(plain)) if plain and all(letter in known for letter in plain) else []


def _ids(cell: str, choices: Mapping[str, str], column: str) -> list[str]:
    """Which choices a cell means: by their letters, or by what they say."""
    named = {" ".join(text.split()).casefold(): one for one, text in choices.items()}
    whole = named.get(" ".join(cell.split()).casefold())
    if whole:
        return [whole]
    if found := _letters(cell, len(choices)):
        return found
    made = []
    for part in parts(cell):
        if (one := named.get(" ".join(part.split()).casefold())) is None:
            raise CellProblem(f"{column}: it is none of the choices: {part}")
        made.append(one)
    return made


def _one_choice(cells: Cells) -> Json:
    choices = _lettered(parts(cells["choices"]))
    right = _ids(cells["answer"], choices, "answer")
    if len(right) != 1:
        raise CellProblem(f"answer: only one choice can be right, marked are: {len(right)}")
    return {"choices": choices, "correct": right[0], **_shuffled(cells)}


def _several_choices(cells: Cells) -> Json:
    choices = _lettered(parts(cells["choices"]))
    return {"choices": choices, "correct": _ids(cells["answer"], choices, "answer"), **_shuffled(cells)}


def _shuffled(cells: Cells) -> Json:
    return {"shuffle": True} if cells["shuffle"].strip() and _switch(cells["shuffle"], "shuffle") else {}


def _true_false(cells: Cells) -> Json:
    return {"correct": _switch(cells["answer"], "answer")}


def _switch(cell: str, column: str) -> bool:
    said = cell.strip().casefold()
    if said not in _YES | _NO:
        raise CellProblem(f"{column}: neither true nor false: {cell.strip()}")
    return said in _YES


def _number(cells: Cells) -> Json:
    key: dict[str, object] = {"value": cells["answer"].strip()}
    tolerance = cells["tolerance"].strip()
    if tolerance.endswith("%"):
        share = tolerance.rstrip("% ")
        if not _NUMBER.match(share):
            raise CellProblem(f"tolerance: not a number: {tolerance}")
        key["relative_tolerance"] = f"{float(share) / 100:.10g}"
    elif tolerance:
        key["tolerance"] = tolerance
    return key | ({"unit": cells["unit"].strip()} if cells["unit"].strip() else {})


def _formula(cells: Cells) -> Json:
    value, *accept = parts(cells["answer"])
    return {"value": value, **({"accept": accept} if accept else {})}


def _inequality(cells: Cells) -> Json:
    return {"value": cells["answer"].strip()}


def _list(cells: Cells) -> Json:
    return {"items": parts(cells["answer"])}


def _matrix(cells: Cells) -> Json:
    rows = [
        [cell.strip() for cell in re.split(r"[,，]", row)]
        for row in re.split(r"[;；\n]", cells["answer"])
        if row.strip()
    ]
    return {"rows": rows, "size_shown": True}


def _text(cells: Cells) -> Json:
    return {
        "accept": parts(cells["answer"]),
        **({"case": True} if cells["case"].strip() and _switch(cells["case"], "case") else {}),
    }


def _pair(part: str, column: str) -> tuple[str, str]:
    found = _ARROW.split(part, maxsplit=1)
    if len(found) != 2:
        raise CellProblem(f"{column}: not «this => that»: {part}")
    return found[0], found[1]


def _matching(cells: Cells) -> Json:
    pairs = [_pair(part, "answer") for part in parts(cells["answer"])]
    options = list(dict.fromkeys([*(pair[1] for pair in pairs), *parts(cells["choices"])]))
    # By what they say, so that their order does not give the pairs away.
    named = _lettered(sorted(options))
    back = {text: one for one, text in named.items()}
    stems = {str(number): pair[0] for number, pair in enumerate(pairs, 1)}
    return {
        "stems": stems,
        "options": named,
        "pairs": {str(number): back[pair[1]] for number, pair in enumerate(pairs, 1)},
    }


def _ordering(cells: Cells) -> Json:
    items = parts(cells["answer"])
    named = _lettered(sorted(items))
    back = {text: one for one, text in named.items()}
    return {"items": named, "correct": [back[item] for item in items]}


def _cloze(cells: Cells) -> Json:
    answers = parts(cells["answer"])
    gaps = {str(number): _gap(answer) for number, answer in enumerate(answers, 1)}
    wanted = set(re.findall(r"\[\[(\w+)\]\]", cells["prompt"]))
    if wanted != set(gaps):
        raise CellProblem(f"answer: not as many answers as gaps: {len(gaps)}, {len(wanted)}")
    return {"text": cells["prompt"].strip(), "gaps": gaps}


def _gap(answer: str) -> Json:
    """A gap: a number, or texts with `~` between those that are equally right."""
    if _NUMBER.match(answer):
        return {"kind": "number", "value": answer}
    return {"kind": "text", "accept": [part.strip() for part in answer.split("~") if part.strip()]}


def _long_text(cells: Cells) -> Json:
    said = {"rubric": cells["rubric"].strip(), "sample": cells["answer"].strip()}
    return {name: text for name, text in said.items() if text}


_READERS: dict[StepKind, Callable[[Cells], Json]] = {
    StepKind.ONE_CHOICE: _one_choice,
    StepKind.SEVERAL_CHOICES: _several_choices,
    StepKind.TRUE_FALSE: _true_false,
    StepKind.NUMBER: _number,
    StepKind.EXPRESSION: _formula,
    StepKind.EQUATION: _formula,
    StepKind.INEQUALITY: _inequality,
    StepKind.LIST: _list,
    StepKind.MATRIX: _matrix,
    StepKind.TEXT: _text,
    StepKind.MATCHING: _matching,
    StepKind.ORDERING: _ordering,
    StepKind.CLOZE: _cloze,
    StepKind.LONG_TEXT: _long_text,
}
