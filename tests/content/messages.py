"""Every message of content/ and of uploads as its source says it, found by walking the syntax trees.

A message is a fixed phrase, or several, each followed by a colon and what it is about. Values of an f-string stand
for what it is about (`VALUE`), and never within a phrase.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VALUE = "\0"
NOT_SAID = {"admin", "management", "migrations", "wording"}  # edges, which speak in sentences of their own

# What takes a message, and which of its arguments that is. Whatever is raised takes messages too.
TOLD = {"complain": 0, "_complain": -1, "_refuse": 0, "_dropped": -1, "_report": 1}
NAMED = {"problem", "problems", "lost", "_ARTEFACTS"}
Node = ast.expr | ast.stmt


def messages() -> Iterator[tuple[str, str]]:
    """Give every message with the place where it is said."""
    for file in (*sorted((ROOT / "content").rglob("*.py")), ROOT / "tutor/uploads.py"):
        if file.relative_to(ROOT).parts[1] in NOT_SAID:
            continue
        module = _Module(ast.parse(file.read_text()))
        for node, said in module.said():
            for text in module.texts(said):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", text


class _Module:
    """One file, with what its names stand for: constants, and the texts that its functions give."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.names: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant("")) == "str":
                self.names[node.name] = [
                    one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value
                ]
        for node in tree.body:
            if isinstance(node, ast.Assign):
                self.names[_name(node.targets[0])] = (
                    node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                )

    def said(self) -> Iterator[tuple[Node, ast.expr]]:
        """Every expression that is a message, or is made of some, with the node that says it."""
        for node in ast.walk(self.tree):
            match node:
                case ast.FunctionDef() if node.name.endswith("problems"):
                    yield from _given_by(node)
                case ast.Raise(exc=ast.Call(args=given)) if given and not ast.unparse(given[0]).startswith("Code."):
                    yield from ((node, one) for one in given)
                case ast.Call():
                    yield from ((node, one) for one in _of_call(node))
                case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                    yield from [(node, value)] if _name(target) in NAMED else []
                case ast.AnnAssign(target=target, value=ast.expr() as value) if _name(target) in NAMED:
                    yield node, value

    def texts(self, node: ast.AST) -> Iterator[str]:
        """The texts that an expression may come to."""
        match node:
            case ast.Constant(value=str() as text):
                yield text
            case ast.JoinedStr(values=values):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in values)
                for part in values:
                    yield from self.texts(part.value) if isinstance(part, ast.FormattedValue) else ()
            case ast.Call(func=func):
                known = func.value if isinstance(func, ast.Attribute) and func.attr == "get" else func
                yield from self._of_name(_name(known))
            case ast.Subscript(value=ast.expr() as table):
                yield from self._of_name(_name(table))
            case ast.Name(id=name):
                yield from self._of_name(name)
        for name in _INNER.get(type(node), ()):
            inner = getattr(node, name)
            for one in inner if isinstance(inner, list) else [inner]:
                yield from self.texts(one)

    def _of_name(self, name: str) -> Iterator[str]:
        for value in self.names.get(name, ()):
            yield from self.texts(value)


_INNER = {  # where the texts of an expression are
    ast.IfExp: ("body", "orelse"),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.List: ("elts",),
    ast.Tuple: ("elts",),
    ast.Dict: ("keys",),
    ast.ListComp: ("elt",),
    ast.GeneratorExp: ("elt",),
    ast.DictComp: ("key",),
    ast.Starred: ("value",),
}


def _given_by(function: ast.FunctionDef) -> Iterator[tuple[Node, ast.expr]]:
    for inner in ast.walk(function):
        if isinstance(inner, ast.Yield | ast.YieldFrom | ast.Return) and inner.value:
            yield inner, inner.value
        elif isinstance(inner, ast.Call) and _name(inner.func) == "append":
            yield from ((inner, given) for given in inner.args)


def _of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = _name(call.func)
    yield from (keyword.value for keyword in call.keywords if keyword.arg in NAMED)
    if name == "report" and call.args:
        yield call.args[min(1, len(call.args) - 1)]
    elif name in TOLD and call.args:
        yield call.args[TOLD[name]]
    elif name in {"append", "extend"} and isinstance(call.func, ast.Attribute) and _name(call.func.value) in NAMED:
        yield from call.args


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
