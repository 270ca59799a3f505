"""The prerequisite graph: cycles found and named, an order in which everything can be learned, what is ready.

A graph is a mapping from each concept to the concepts it requires. Works with keys and with database ids alike.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", str, int)


class Cyclic(ValueError):
    """The graph cannot be ordered; `path` walks round one cycle and ends where it began."""

    def __init__(self, path: Sequence[str | int]) -> None:
        super().__init__(" → ".join(map(str, path)))
        self.path = path


def find_cycle(requires: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Return one cycle as a path that ends where it began (`[a, b, a]`), or an empty list.

    Depth first with a stack of its own, so that a chain of thousands of concepts does not exhaust Python's.
    """
    finished: set[Node] = set()
    for root in requires:
        path: list[Node] = []
        node: Node
        open_nodes: set[Node] = set()
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                open_nodes.discard(path.pop())
                finished.add(node)
            elif node in open_nodes:
                path.append(node)
                return path[path.index(node) :]
            elif node not in finished:
                path.append(node)
                open_nodes.add(node)
                stack.append((node, True))
                stack.extend((needed, False) for needed in requires.get(node, ()))
    return []


def topological_order(requires: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Order the nodes so that each comes after what it requires, keeping the given order wherever that is free.

    Requirements outside the graph are ignored. Raises Cyclic.
    """
    if cycle := find_cycle(requires):
        raise Cyclic(cycle)
    order: list[Node] = []
    placed: set[Node] = set()
    for root in requires:
        stack = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if node in placed or node not in requires:
                continue
            if leaving:
                placed.add(node)
                order.append(node)
            else:
                stack.append((node, True))
                stack.extend((needed, False) for needed in reversed(list(requires[node])))
    return order


def unlocks(requires: Mapping[Node, Iterable[Node]]) -> dict[Node, tuple[Node, ...]]:
    """Turn the graph round: for each node the nodes that require it, in the given order."""
    turned: dict[Node, list[Node]] = {node: [] for node in requires}
    for node, needed in requires.items():
        for one in needed:
            turned.setdefault(one, []).append(node)
    return {node: tuple(dependents) for node, dependents in turned.items()}


def ready(requires: Mapping[Node, Iterable[Node]], mastered: Collection[Node]) -> list[Node]:
    """Return the nodes not mastered whose requirements all are, in the given order."""
    return [
        node for node, needed in requires.items() if node not in mastered and all(one in mastered for one in needed)
    ]
