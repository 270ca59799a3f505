"""STACK's response trees: which node makes an input right, and what the others say to which wrong answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from content.formats.answers import number_of
from content.formats.maxima_grammar import MaximaProblem, Node, read, statements
from content.formats.moodle_xml_item import Item, said
from content.formats.xml_tree import Element
from content.markup import readable

# Tests whose nodes, where they hold, know a particular answer.
_COMPARING = {"AlgEquiv", "SubstEquiv", "AlgEquivNouns", "CasEqual", "EqualComAss", "EqualComAssRules", "SameType"}
_COMPARING |= {"Sets", "Diff", "NumAbsolute", "NumRelative", "String", "StringSloppy"}
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """A wrong answer that a node knows: the formula of it, what is said (a part of the file), and what it is worth."""

    formula: str
    feedback: Element
    credit: str


@dataclass(frozen=True, kw_only=True)
class Test:
    """What makes an input right: the test, its formula and option; what is said then; and the wrong answers foreseen.

    Without a node that asks about the input alone it is not `exact`.
    """

    name: str
    formula: str
    option: str = ""
    exact: bool = True
    right: Element | None = None
    foreseen: tuple[Foreseen, ...] = ()
    variables: str = ""  # statements that the formulas and texts of the tree need


def test_of(item: Item, name: str, element: Element) -> Test:
    """The test of an input: the node that gives most for it, in the first of the trees that ask about it."""
    nodes = [(tree, node) for tree in item.element.findall("prt") for node in tree.findall("node") if _asks(node, name)]
    _, right = max(nodes, key=lambda found: _score(found[1]), default=(None, None))
    if right is not None and _score(right) <= 0:
        right = None
    formula = said(element if right is None else right, "tans")
    tree = next((tree for tree, node in nodes if right is None or node is right), None)
    others = [node for held, node in nodes if held is tree and node is not right]
    return Test(
        name="AlgEquiv" if right is None else said(right, "answertest"),
        formula=formula,
        option=said(right, "testoptions"),
        exact=right is not None,
        right=None if right is None else _feedback(right, "true"),
        foreseen=tuple(_foreseen(formula, others)),
        variables=_usable(said(tree, "feedbackvariables"), _inputs(item)),
    )


def unheard(item: Item, tests: dict[str, Test]) -> Iterator[str]:
    """What nodes say that belongs to no particular answer, so that it cannot be kept: as it is reported."""
    kept = {id(each.feedback) for test in tests.values() for each in test.foreseen}
    kept |= {id(test.right) for test in tests.values()}
    for node in item.element.findall("prt/node"):
        for branch, what in (("true", "feedback of a response tree"), ("false", "feedback for every other answer")):
            part = _feedback(node, branch)
            if part is not None and id(part) not in kept:
                yield f"{what}: {readable(_plain(part))[:200]}"


def _foreseen(right: str, nodes: list[Element]) -> Iterator[Foreseen]:
    """Nodes that know another answer than the right one. Those that ask for its form have a message of ours."""
    for node in nodes:
        part, formula = _feedback(node, "true"), said(node, "tans")
        is_other = "".join(formula.split()) != "".join(right.split())
        if part is not None and said(node, "answertest") in _COMPARING and is_other:
            score = _score(node)
            yield Foreseen(formula=formula, feedback=part, credit=f"{score:g}" if 0 < score < 1 else "")


def _asks(node: Element, name: str) -> bool:
    asked = " ".join(said(node, "sans").split())
    return asked in {name, f"setify({name})", f"ev({name},simp)"}


def _score(node: Element) -> float:
    return float(number_of(said(node, "truescore") or "0") or 0)


def _feedback(node: Element, branch: str) -> Element | None:
    part = node.find(f"{branch}feedback")
    return part if part is not None and _plain(part).strip() else None


def _plain(part: Element) -> str:
    return re.sub(r"<[^>]*>|&nbsp;|\[\[[^\]]*\]\]", " ", part.findtext("text") or part.text or "")


def _inputs(item: Item) -> set[str]:
    return {said(each, "name") for each in item.element.findall("input")}


def _usable(source: str, inputs: set[str]) -> str:
    """The statements of a tree that do not depend on what the student answers."""
    tainted, kept = set(inputs), []
    for statement in statements(source):
        if tainted & set(_WORD.findall(statement)):
            tainted |= _assigned(statement)
        else:
            kept.append(statement)
    return ";\n".join(kept)


def _assigned(statement: str) -> set[str]:
    try:
        node: Node = read(statement)
    except MaximaProblem:
        return set()
    target = node.parts[0] if node.head in {":", ":="} else None
    return {str(target.value)} if target is not None and target.head in {"name", "call"} else set()
