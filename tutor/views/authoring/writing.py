"""The form of an exercise: from what was sent to a draft, what a button does to it, and how a draft is drawn."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content import authoring, grading
from content.authoring import Draft, variables
from content.package import HintKind, StepKind
from tutor.views.authoring import answers, tree, varying
from tutor.views.authoring.answers import Form
from tutor.views.authoring.tree import Node, items, one, path_id, some

FIRST_KIND = StepKind.NUMBER
MOST = 60  # steps, hints or choices: more would be a mistake, or an attack
_BLANK = re.compile(r"@\{[^{}]*\}")
_PLACE = re.compile(r"[a-z_]+(?:\.(?:\d{1,3}|[a-z_]+))*\Z")


def read(data: Node) -> Draft:
    """The draft that a form holds."""
    return {
        **{name: one(data, name) for name in authoring.TEXTS},
        "tags": list(dict.fromkeys(tag for part in re.split(r"[,，]", one(data, "tags")) if (tag := part.strip()))),
        "variables": varying.read(_branch(data, varying.PATH)),
        "steps": [_step(step) for step in items(data.get("steps"))[:MOST]],
    }


def _step(node: Node) -> dict[str, Any]:
    answer = answers.read(_branch(node, "answer"))
    return {
        "key": one(node, "key"),
        "prompt": one(node, "prompt"),
        "answer": answer,
        "concepts": some(node, "concepts"),
        "hints": [_hint(hint) for hint in items(node.get("hints"))[:MOST]],
        "solution": one(node, "solution"),
        "wrong_answers": [_wrong(wrong, str(answer["kind"])) for wrong in items(node.get("wrong_answers"))[:MOST]],
    }


def _hint(node: Node) -> dict[str, Any]:
    kind = HintKind.SCAFFOLD if one(node, "kind") == HintKind.SCAFFOLD else HintKind.HINT
    return {
        "key": one(node, "key"),
        "kind": str(kind),
        "title": one(node, "title"),
        "text": one(node, "text"),
        "answer": answers.read(_branch(node, "answer")) if kind == HintKind.SCAFFOLD else None,
    }


def _wrong(node: Node, kind: str) -> dict[str, Any]:
    response: str | list[str] = one(node, "response")
    if kind in set(StepKind) and answers.answers_in_list(kind):
        sent = some(node, "response")
        response = sent if one(node, "ticked") else one(node, "response").splitlines()
    return {
        "response": response,
        **{name: one(node, name) for name in ("feedback", "misconception", "applied_to", "credit")},
    }


def _branch(node: Node, name: str) -> Node:
    found = node.get(name)
    return found if isinstance(found, dict) else {}


def act(draft: Draft, action: str, *, key: str, sent: Node) -> str:
    """Do what a button says to a draft, in place; return the id of the element to go on with.

    Buttons say `add PLACE`, `remove PLACE`, `up PLACE`, `down PLACE`, `kind PLACE`, where a place is a path in the
    draft, or `vary template`; `sent` is the form, which says which kind was chosen. What is not understood does
    nothing: the form came from somewhere else.
    """
    verb, _, place = action.partition(" ")
    if not _PLACE.match(place):
        return ""
    if verb == "add":
        return _add(draft, place, key)
    if verb == "vary":
        draft.update(authoring.vary(draft))
        return "proposed"
    if verb == "kind":
        return _change_kind(draft, place, sent)
    *above, last = place.split(".")
    holder = _find(draft, above)
    if isinstance(holder, dict) and _is_inside_key(above) and last.isdecimal():  # choices, by their place
        return _among_choices(holder, int(last), verb, place)
    if isinstance(holder, list) and last.isdecimal() and int(last) < len(holder):
        index = int(last)
        if verb == "remove":
            del holder[index]
            return path_id(".".join(above))
        target = index - 1 if verb == "up" else index + 1
        if 0 <= target < len(holder):
            holder.insert(target, holder.pop(index))
            return path_id(f"{'.'.join(above)}.{target}")
    return ""


_KEPT_WITH = {"scaffolds": "hints", "lists": "draw"}  # what is added among others under another name


def _add(draft: Draft, place: str, key: str) -> str:
    name = place.split(".")[-1]
    for said, kept in _KEPT_WITH.items():
        if name == said:
            place = place.removesuffix(said) + kept
    path = place.split(".")
    holder = _find(draft, path)
    if not isinstance(holder, list | dict) or len(holder) >= MOST:
        return ""
    if isinstance(holder, dict):
        return _add_choice(holder, place) if _is_inside_key(path) else ""
    concepts = draft["steps"][-1]["concepts"] if draft["steps"] else []
    made: Any = {
        "steps": lambda: authoring.blank_step(
            authoring.step_key(key) if holder else key, grading.KINDS[FIRST_KIND].example, concepts
        ),
        "hints": lambda: authoring.blank_hint(_hint_key(holder), HintKind.HINT),
        "scaffolds": lambda: authoring.blank_hint(
            _hint_key(holder), HintKind.SCAFFOLD, grading.KINDS[FIRST_KIND].example
        ),
        "wrong_answers": authoring.blank_wrong_answer,
    }.get(name, lambda: varying.blank_row(name, draft["variables"]))()
    if made is None:
        return ""
    holder.append(made)
    return path_id(f"{place}.{len(holder) - 1}")


def _is_inside_key(path: Sequence[str]) -> bool:
    """Whether a path leads into an answer key, whose parts have places of their own."""
    return "answer" in path[:-1]


def _hint_key(hints: Sequence[Mapping[str, Any]]) -> str:
    taken = {hint["key"] for hint in hints}
    return next(key for number in range(1, len(hints) + 2) if (key := f"h{number}") not in taken)


def _add_choice(holder: dict[str, Any], place: str) -> str:
    """One more choice; or, where the answer key holds keys, one more gap."""
    if any(isinstance(inner, dict) for inner in holder.values()):
        name = next(str(number) for number in range(1, len(holder) + 2) if str(number) not in holder)
        holder[name] = dict(grading.KINDS[FIRST_KIND].example)
    else:
        holder[answers.next_id(holder)] = ""
    return path_id(f"{place}.{len(holder) - 1}.text")


def _among_choices(holder: dict[str, Any], index: int, verb: str, place: str) -> str:
    names = list(holder)
    if index >= len(names):
        return ""
    if verb == "remove":
        del holder[names[index]]
        return path_id(place.rpartition(".")[0])
    target = index - 1 if verb == "up" else index + 1
    if not 0 <= target < len(names):
        return ""
    names.insert(target, names.pop(index))
    kept = dict(holder)
    holder.clear()
    holder.update({name: kept[name] for name in names})
    return path_id(f"{place.rpartition('.')[0]}.{target}.text")


def _change_kind(draft: Draft, place: str, sent: Node) -> str:
    """Another kind for an answer key, the one that was chosen in its form."""
    *above, last = place.split(".")
    holder, form = _find(draft, above), sent
    for name in (*above, last):
        form = _branch(form, name)
    kind = one(form, "kind")
    if kind not in set(StepKind) or not isinstance(holder, dict):
        return ""
    if last == "key":  # of a gap: its holder is the key itself
        made = answers.changed_kind(holder, kind)
        holder.clear()
        holder.update(made)
    elif isinstance(holder.get(last), dict):
        holder[last] = answers.changed_kind(holder[last], kind)
    return path_id(f"{place}.kind")


def _find(node: Any, path: Sequence[str]) -> Any:
    """The part of a draft at a path; of a mapping that is no field, the part at a place."""
    for name in path:
        if isinstance(node, list):
            node = node[int(name)] if name.isdecimal() and int(name) < len(node) else None
        elif isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, dict) and name.isdecimal() and int(name) < len(node):
            node = list(node.values())[int(name)]
        elif isinstance(node, dict) and name == "key":
            continue  # a gap's own key is the gap
        else:
            return None
    return node


@dataclass(frozen=True, kw_only=True)
class HintForm:
    """A hint as it is drawn."""

    path: str
    hint: Mapping[str, Any]
    answer: Form | None

    @property
    def element(self) -> str:
        """The id of its element."""
        return path_id(self.path)


@dataclass(frozen=True, kw_only=True)
class WrongForm:
    """A recognised wrong answer as it is drawn; `options` where it is chosen, `chosen` what is."""

    path: str
    wrong: Mapping[str, Any]
    typed: str
    options: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    several: bool
    in_list: bool

    @property
    def element(self) -> str:
        """The id of its element."""
        return path_id(self.path)


@dataclass(frozen=True, kw_only=True)
class StepForm:
    """A step as it is drawn."""

    path: str
    number: int
    step: Mapping[str, Any]
    answer: Form
    hints: tuple[HintForm, ...]
    wrong_answers: tuple[WrongForm, ...]

    @property
    def element(self) -> str:
        """The id of its element."""
        return path_id(self.path)


def steps_of(draft: Draft) -> tuple[StepForm, ...]:
    """The steps of a draft as they are drawn."""
    return tuple(_step_form(step, index) for index, step in enumerate(draft["steps"]))


def _step_form(step: Mapping[str, Any], index: int) -> StepForm:
    path = f"steps.{index}"
    return StepForm(
        path=path,
        number=index + 1,
        step=step,
        answer=answers.form_of(step["answer"], f"{path}.answer"),
        hints=tuple(
            HintForm(
                path=f"{path}.hints.{place}",
                hint=hint,
                answer=answers.form_of(hint["answer"], f"{path}.hints.{place}.answer") if hint["answer"] else None,
            )
            for place, hint in enumerate(step["hints"])
        ),
        wrong_answers=tuple(
            _wrong_form(wrong, f"{path}.wrong_answers.{place}", step["answer"])
            for place, wrong in enumerate(step["wrong_answers"])
        ),
    )


def _wrong_form(wrong: Mapping[str, Any], path: str, answer: Mapping[str, Any]) -> WrongForm:
    kind = str(answer.get("kind", ""))
    given = wrong["response"]
    choices = answer.get("choices") if kind in {StepKind.ONE_CHOICE, StepKind.SEVERAL_CHOICES} else None
    return WrongForm(
        path=path,
        wrong=wrong,
        typed="\n".join(given) if isinstance(given, list) else str(given),
        options=tuple((str(name), str(text)) for name, text in choices.items()) if isinstance(choices, Mapping) else (),
        chosen=tuple(given) if isinstance(given, list) else (str(given),),
        several=kind == StepKind.SEVERAL_CHOICES,
        in_list=kind in set(StepKind) and answers.answers_in_list(kind),
    )


_ROWS = frozenset({"draw", "let", "where", "themes", "rows"})


def place_of(draft: Draft, step_key: str, part: str) -> str:
    """The id of the element that a finding of content/schema is about."""
    if not step_key:
        rows, _, place = part.partition(" ")
        if rows in _ROWS:
            return path_id(f"{varying.PATH}.{rows}{f'.{int(place) - 1}' if place else ''}")
        return path_id(part) if part in {"title", "prompt"} else "steps"
    index = next((index for index, step in enumerate(draft["steps"]) if step["key"] == step_key), 0)
    path = f"steps.{index}"
    word, _, rest = part.partition(" ")
    number = re.search(r"\d+\Z", part)
    if word == "hint" and number:
        return path_id(f"{path}.hints.{int(number[0]) - 1}")
    if word == "wrong" and number:
        return path_id(f"{path}.wrong_answers.{int(number[0]) - 1}")
    if word == "choice":
        names = list(draft["steps"][index]["answer"].get("choices", {}))
        return path_id(f"{path}.answer.choices.{names.index(rest) if rest in names else 0}.text")
    if part in {"prompt", "solution", "concepts"}:
        return path_id(f"{path}.{part}")
    return path_id(f"{path}.answer")


def place_in_template(draft: Draft, problem: str) -> str:
    """The id of the element that a problem of content/variants is about: the row that it names, or the text."""
    if (blank := _BLANK.match(problem)) and (path := _path_of(draft, blank[0])):
        return path_id(path)
    row = variables.row_of(draft["variables"], problem)
    return place_of(draft, "", row) if row else "template"


def _path_of(draft: Draft, blank: str) -> str:
    """The path of the first text that a blank stands in; of an answer key, that of the key."""

    def walk(node: Any, path: str) -> str:
        if isinstance(node, str):
            return path if blank in node else ""
        parts = node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
        within = (walk(inner, path if "answer" in path else f"{path}.{name}") for name, inner in parts)
        return next(filter(None, within), "")

    parts = {name: draft[name] for name in (*authoring.TEXTS, "steps")}
    return next((found for name, part in parts.items() if (found := walk(part, name))), "")


def tree_of(data: Any) -> Node:
    """What a request sent, as a tree."""
    return tree.read(data)
