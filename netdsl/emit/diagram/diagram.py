"""A diagram as a value: boxes, the clusters that they stand in, and the edges between them.

It says what is drawn and not where; the texts (DOT, Mermaid, the tree, JSON) are written from it, and `place` finds
the places for the picture. Ids are synthetic, so that nothing of a user's text ever is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Part:
    """A line of a box: a node of the graph, or a block that is closed.

    `nodes` are the numbers of the graph's nodes that it stands for, in all runs that are folded into it; `name` its
    path in the code; `place` where it stands in the text, `small.net:12`, and `line` the number alone, 0 where it
    stands in another file than the network; `error` the code of what is wrong with it.
    """

    label: str
    kind: str
    name: str = ""
    shown: str = ""  # as much of the name as the picture shows
    nodes: tuple[int, ...] = ()
    place: str = ""
    line: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """What is drawn as one: the parts follow one another and each reads only the one before.

    `shape` is that of what leaves the box, `note` a further line, `times` how often a folded box runs in a row;
    `closed` is set where it is a block with more inside, whose number among the network's blocks is `block`.
    """

    id: str
    parts: tuple[Part, ...]
    cluster: str  # "" at the top
    shape: str = ""
    note: str = ""
    times: int = 1
    block: int | None = None
    aux: bool = False
    loss: bool = False  # computed in training alone

    @property
    def kind(self) -> str:
        return self.parts[0].kind

    @property
    def several(self) -> bool:
        """Whether values of different shapes leave it: then `shape` lists them."""
        return "; " in self.shape

    @property
    def caption(self) -> str:
        """What stands under it: its shape. Several stand inside, where no line that leaves runs over them."""
        return "" if self.several else self.shape

    @property
    def closed(self) -> bool:
        return self.block is not None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A block that is open: a frame around its boxes, with its name and call above."""

    id: str
    name: str  # its path in the code
    shown: str
    call: str
    cluster: str  # the one that it stands in
    block: int
    times: int = 1
    place: str = ""
    line: int = 0


class Edge(NamedTuple):
    """`source` yields what `target` reads; both are ids of boxes. `value` tells apart what one box yields, `extent` is
    the mean extent of its spatial axes, where it has some and they are known; `like`: only its size is read."""

    source: str
    target: str
    shape: str
    value: tuple[int, int]
    slot: int = 0
    extent: float | None = None
    like: bool = False
    skip: bool = False  # passes by something on another way from source to target
    error: str = ""


class Branches(NamedTuple):
    """Ways side by side, as the text orders them, and the box that they end in; a branch may be empty."""

    branches: tuple[Outline, ...]
    merge: str


Outline: TypeAlias = "tuple[str | Branches, ...]"


@dataclass(frozen=True, slots=True)
class Diagram:
    """`outline` is what stands in each cluster, and at the top (""), in the order of the text: ids of boxes and of
    clusters, and branches."""

    name: str
    title: str  # the definition, as the text declares it
    boxes: tuple[Box, ...]
    clusters: tuple[Cluster, ...]
    edges: tuple[Edge, ...]
    outline: dict[str, Outline]
    notes: tuple[str, ...] = ()

    def kinds(self) -> frozenset[str]:
        return frozenset(part.kind for box in self.boxes for part in box.parts)

    def branches(self) -> Iterator[Branches]:
        """All branches of the network, outer ones first."""
        for outline in self.outline.values():
            yield from _branches(outline)


def _branches(outline: Outline) -> Iterator[Branches]:
    for item in outline:
        if isinstance(item, Branches):
            yield item
            for branch in item.branches:
                yield from _branches(branch)
