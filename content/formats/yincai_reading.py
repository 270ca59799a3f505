"""The parts of a native package's files, field by field, with every complaint and where each part stands."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

from content import shelf
from content.formats.yaml_tree import Path, Tree, read_items
from content.package import Defect, Json

Part = TypeVar("Part")


@dataclass
class Reading:
    """What has been found so far: complaints, and where each part of the course stands."""

    defects: list[Defect] = field(default_factory=list)
    places: shelf.Index[str] = field(default_factory=shelf.Index)

    def section(self, tree: Tree) -> "Section":
        if not isinstance(tree.value, dict) and not tree.defects and tree.value is not None:
            self.defects.append(Defect(place=tree.place(()), problem="not a mapping of names to values"))
        return Section(self, tree, (), tree.value if isinstance(tree.value, dict) else {})

    def every(self, tree: Tree, make: Callable[["Section"], Part]) -> list[Part]:
        """Make a part of each item of a file that is a list."""
        if tree.value is None or tree.value == "":
            return []
        if not isinstance(tree.value, list):
            self.defects.append(Defect(place=tree.place(()), problem="not a list (items start with -)"))
            return []
        return [made for index, item in enumerate(tree.value) for made in self._item(tree, index, item, make)]

    def one_by_one(self, name: str, stream: IO[bytes], make: Callable[["Section"], Part]) -> Iterator[Part]:
        """Make a part of each item of a file that is a list, however large, as they are asked for."""
        for number, tree in enumerate(read_items(name, stream)):
            self.defects += tree.defects
            if (number,) in tree.lines:
                yield from self._item(tree, number, tree.value, make)
            else:
                self.every(tree, make)  # which is no list, and says so

    def _item(self, tree: Tree, index: int, item: object, make: Callable[["Section"], Part]) -> Iterator[Part]:
        section = Section(self, tree, (index,), item if isinstance(item, dict) else {})
        if not isinstance(item, dict):
            section.complain("not a mapping of names to values")
            return
        yield make(section)
        section.leftovers()


class Section:
    """One mapping of a file, read field by field; what nobody asked for is a misspelling."""

    def __init__(self, reading: Reading, tree: Tree, path: Path, value: dict[str, Any]) -> None:
        self.reading, self.tree, self.path, self.value = reading, tree, path, value
        self.asked: set[str] = set()

    def complain(self, problem: str, *more: str | int) -> None:
        inside = " ".join(str(part + 1) if isinstance(part, int) else part for part in (*self.path, *more))
        place = self.tree.place((*self.path, *more))
        self.reading.defects.append(Defect(place=f"{place} ({inside})" if inside else place, problem=problem))

    def raw(self, name: str) -> Any:
        self.asked.add(name)
        return self.value.get(name)

    def text(self, name: str, *, required: bool = False) -> str:
        found = self.raw(name)
        if found is None or found == "":
            if required:
                self.complain(f"{name}: it is missing", name)
            return ""
        if isinstance(found, str):
            return found.strip("\n")
        self.complain(f"{name}: not a text, put it between quotes", name)
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.raw(name)
        if found is None or found == "":
            return ()
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return tuple(found)
        self.complain(f"{name}: not a list of texts", name)
        return ()

    def sections(self, name: str) -> Iterable["Section | str"]:
        """The items of a list: mappings as sections, texts as they are."""
        found = self.raw(name)
        if found is None or found == "":
            return
        if not isinstance(found, list):
            self.complain(f"{name}: not a list", name)
            return
        for index, item in enumerate(found):
            if isinstance(item, dict):
                yield Section(self.reading, self.tree, (*self.path, name, index), item)
            elif isinstance(item, str):
                yield item
            else:
                self.complain("neither a text nor a mapping", name, index)

    def mapping(self, name: str, *, required: bool = False) -> Json:
        found = self.raw(name)
        if isinstance(found, dict):
            return found
        if required or found not in (None, ""):
            self.complain(
                f"{name}: it is missing" if found is None else f"{name}: not a mapping of names to values", name
            )
        return {}

    def leftovers(self) -> None:
        for name in self.value:
            if name not in self.asked:
                self.complain(f"not a field that is known here: {name}", name)

    def remember(self, key: str) -> None:
        self.reading.places.add(key, self.tree.place(self.path))
