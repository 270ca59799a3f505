"""YAML as plain dicts, lists and texts, with the line of every part. Bounded, and all complaints at once.

Every scalar stays the text that was written: `no` is the answer «no», `010` is not 8, `1:30` is not 90. Anchors, tags
and repeated keys are complained about. Nothing is ever constructed from a tag, so nothing in a file can run.
"""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import yaml

from content.package import Defect

MAX_DEPTH = 40
MAX_BYTES = 20_000_000  # of a file that is read whole
MAX_ITEM = 5_000_000  # characters of an item, in a file that is read item by item
Path = tuple[str | int, ...]
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass
class Tree:
    """One file. `value` is None where it could not be read at all."""

    name: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)

    def place(self, path: Path) -> str:
        """Where a part stands: the file and the line, or the line of what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name} line {self.lines.get(path, 1)}"


def read_tree(name: str, data: bytes) -> Tree:
    """Read one YAML file. Never raises: what is wrong stands in `defects`."""
    tree = Tree(name)
    if len(data) > MAX_BYTES:
        tree.defects.append(Defect(place=name, problem=f"a file is too large: at most {MAX_BYTES // 1_000_000} MB"))
        return tree
    with _complaints(tree):
        tree.value = _document(tree, iter(yaml.parse(data.decode("utf-8-sig"), Loader=_LOADER)))
    return tree


def read_items(name: str, stream: IO[bytes]) -> Iterator[Tree]:
    """Read a YAML file that is a list, however large: a tree for each item, which stands in it under its number.

    Never raises: what is wrong with the file itself stands in the last tree, and there its value if it is no list.
    """
    last, text, number, is_seen = Tree(name), _Measured(stream), 0, False
    with _complaints(last), closing(text):
        events = iter(yaml.parse(text, Loader=_LOADER))
        for event in events:
            if not isinstance(event, yaml.NodeEvent):
                continue
            if is_seen:
                _complain(last, event, "a second document in one file")
            is_seen = True
            if not isinstance(event, yaml.SequenceStartEvent):
                last.value = _node(last, events, event, ())
                continue
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                tree = Tree(name)
                tree.value = _node(tree, events, inner, (number,))
                text.taken, number = 0, number + 1
                yield tree
    yield last


class _Measured:
    """The text of a file for the parser, which takes it piece by piece; what it took since the last item is counted."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.taken = 0

    def read(self, size: int = -1, /) -> str:
        """Return the next piece."""
        piece = self._text.read(size)
        self.taken += len(piece)
        if self.taken > MAX_ITEM:
            raise yaml.YAMLError(f"an item is too long: at most {MAX_ITEM // 1_000_000} million characters")
        return piece

    def close(self) -> None:
        """Leave the stream to its owner, open."""
        self._text.detach()


@contextmanager
def _complaints(tree: Tree) -> Iterator[None]:
    """What stops the reading becomes a defect."""
    name = tree.name
    try:
        yield
    except UnicodeDecodeError as error:
        tree.defects.append(Defect(place=name, problem=f"not UTF-8 text: byte {error.start}"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        tree.defects.append(Defect(place=f"{name} line {line}", problem=f"not YAML: {error.problem}"))
    except yaml.YAMLError as error:
        tree.defects.append(Defect(place=name, problem=f"not YAML: {str(error).splitlines()[0]}"))
    except _TooDeep as error:
        tree.defects.append(Defect(place=f"{name} line {error.line}", problem=f"nested too deep: at most {MAX_DEPTH}"))


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _document(tree: Tree, events: Iterator[yaml.Event]) -> Any:
    value, seen = None, False
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            if seen:
                _complain(tree, event, "a second document in one file")
                _node(Tree(tree.name), events, event, ())
            else:
                value, seen = _node(tree, events, event, ()), True
    return value


def _complain(tree: Tree, event: yaml.Event, problem: str) -> None:
    tree.defects.append(Defect(place=f"{tree.name} line {_line(event)}", problem=problem))


def _node(tree: Tree, events: Iterator[yaml.Event], event: yaml.Event, path: Path) -> Any:
    line = _line(event)
    tree.lines[path] = line
    if len(path) > MAX_DEPTH:
        raise _TooDeep(line)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        _complain(tree, event, "anchors and aliases (& and *) are not read, put the text between quotes")
    if getattr(event, "tag", None) is not None:
        _complain(tree, event, "tags (!) are not read, put the text between quotes")
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(_node(tree, events, inner, (*path, len(items))))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        return _pairs(tree, events, path)
    if isinstance(event, yaml.ScalarEvent) and "\0" in event.value:
        _complain(tree, event, "a NUL character in a text")
    return event.value if isinstance(event, yaml.ScalarEvent) else ""


def _pairs(tree: Tree, events: Iterator[yaml.Event], path: Path) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(tree, events, event, (*path, "?"))
        if not isinstance(key, str):
            _complain(tree, event, "a name must be a text")
            key = "?"
        elif key in pairs:
            _complain(tree, event, f"it stands there twice: {key}")
        value = _node(tree, events, next(events), (*path, key))
        # The line of the name is where a person looks, also when the value starts below it.
        tree.lines[(*path, key)] = _line(event)
        pairs[key] = value
    return pairs


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Texts of several lines as blocks, names in the order given."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def write_tree(value: Any) -> bytes:
    """Write dicts, lists and texts as YAML that `read_tree` reads back unchanged."""
    written = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000, encoding="utf-8")
    return bytes(written)
