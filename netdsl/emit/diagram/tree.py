"""The trace of a graph as a tree of what a picture is made of: nodes, blocks, and branches side by side.

`netdsl.blocks` has the same tree for tables, where branches follow one another like everything else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from netdsl.blocks import head, regions
from netdsl.graph import Graph, Node
from netdsl.scope import Apply, Group, Invoke, Join, Loop, Step
from netdsl.source import Span


@dataclass(eq=False, slots=True)
class Leaf:
    """A node, by its number."""

    node: int


@dataclass(eq=False, slots=True)
class Nest:
    """A block: `number` counts the blocks of the network in the order of the text, `key` tells its definition."""

    number: int
    path: str
    head: str
    key: object
    site: Span | None
    items: list[Item] = field(default_factory=list)
    level: int = 1  # how many different definitions it stands in, itself included: recursion goes no deeper
    depth: int = 1  # how many blocks it stands in, itself included


@dataclass(eq=False, slots=True)
class Fork:
    """Branches side by side, and the node that they end in (None where it could not be applied)."""

    branches: list[list[Item]]
    merge: Leaf | None


@dataclass(eq=False, slots=True)
class Run:
    """The same several times, one after another: `folding` makes these. Only the first is drawn."""

    turns: list[list[Item]]


LOSS = "loss"  # the key of the block of what only training computes
Item: TypeAlias = Leaf | Nest | Fork | Run


def every_node(graph: Graph) -> tuple[Node, ...]:
    """The nodes, and after them those that could not be applied, numbered on."""
    broken = (replace(b.node, number=len(graph.nodes) + i) for i, b in enumerate(graph.broken))
    return (*graph.nodes, *broken)


def tree(graph: Graph) -> list[Item]:
    """The whole network; its inputs come first."""
    walk = _Walk()
    items: list[Item] = [Leaf(node.number) for node in graph.nodes if node.op is None]
    walk.fill(items, graph.root.steps, "", ())
    if graph.loss_region is not None:
        loss = Nest(next(walk.numbers), LOSS, LOSS, LOSS, graph.loss_region.site)
        walk.fill(loss.items, graph.loss_region.steps, "", (LOSS,))
        items.append(loss)
    for node in every_node(graph)[len(graph.nodes) :]:
        _innermost(items, node.name).append(Leaf(node.number))
    return items


def nodes(items: Iterable[Item]) -> Iterator[int]:
    """The numbers of all nodes inside, in order."""
    for item in items:
        match item:
            case Leaf():
                yield item.node
            case Nest():
                yield from nodes(item.items)
            case Fork():
                for branch in item.branches:
                    yield from nodes(branch)
                if item.merge is not None:
                    yield item.merge.node
            case Run():
                for turn in item.turns:
                    yield from nodes(turn)


def nests(items: Iterable[Item]) -> Iterator[Nest]:
    """All blocks inside, outer ones first."""
    for item in items:
        match item:
            case Nest():
                yield item
                yield from nests(item.items)
            case Fork():
                for branch in item.branches:
                    yield from nests(branch)
            case Run():
                for turn in item.turns:
                    yield from nests(turn)


def losses(items: Iterable[Item]) -> Iterator[int]:
    """The nodes of the loss."""
    for item in items:
        if isinstance(item, Nest) and item.key == LOSS:
            yield from nodes([item])


class _Walk:
    def __init__(self) -> None:
        self.numbers = itertools.count()

    def fill(self, items: list[Item], steps: Iterable[Step], path: str, outer: tuple[object, ...]) -> None:
        for step in steps:
            if isinstance(step, Apply):
                items.append(Leaf(step.node))
                continue
            text = head(step)
            if not step.name or not text:
                self._open(items, step, path, outer)
                continue
            inside = f"{path}.{step.name}" if path else str(step.name)
            key = step.definition.site if isinstance(step, Invoke) else step.site
            keys = (*outer, key)
            nest = Nest(next(self.numbers), inside, text, key, step.site, [], len(set(keys)), len(keys))
            self._open(nest.items, step, inside, keys)
            if nest.items:
                items.append(nest)

    def _open(self, items: list[Item], step: Step, path: str, outer: tuple[object, ...]) -> None:
        if isinstance(step, Join):
            branches: list[list[Item]] = []
            for branch in step.entry.steps:
                for part in self._branches(branch):
                    branches.append([])
                    self.fill(branches[-1], part, path, outer)
            items.append(Fork(branches, Leaf(step.apply.node)))
            return
        for region in regions(step):
            self.fill(items, region.steps, path, outer)

    def _branches(self, step: Step) -> Iterator[Iterable[Step]]:
        """A step of a merge as branches: an `each` is as many as it has turns."""
        if isinstance(step, Loop) and not step.name:
            for turn in step.iterations:
                yield turn.steps
        elif isinstance(step, Group) and not step.name:
            yield step.region.steps
        else:
            yield (step,)


def _innermost(items: list[Item], name: str) -> list[Item]:
    """Where a node of that path belongs: the block with the longest path that begins it."""
    found = [nest for nest in nests(items) if name.startswith(f"{nest.path}.")]
    return max(found, key=lambda nest: len(nest.path)).items if found else items
