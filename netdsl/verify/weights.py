"""Weights: who owns them, who shares them, and that no two have one name in the state_dict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from netdsl.graph import Graph
from netdsl.ops.op import Shape
from netdsl.step import Part, parts, walk

Shapes: TypeAlias = tuple[Shape, ...]


def owners_hold_state(graph: Graph) -> Iterator[str]:
    """A node has an owner if and only if its operator has weights or buffers, or behaves otherwise in training."""
    for part, shapes in _parts(graph):
        if bool(part.owner) != (part.op.stateful or bool(tensors(part, shapes))):
            yield f"`{part.name}` ({part.op.name}) is owned by `{part.owner}`"


def owners_agree(graph: Graph) -> Iterator[str]:
    """Nodes that share an owner apply the same operator with the same attributes to weights of the same shapes."""
    first: dict[str, tuple[Part, Shapes]] = {}
    for part, shapes in _parts(graph):
        if part.owner:
            other, others = first.setdefault(part.owner, (part, shapes))
            if other is not part and (other.op != part.op or tensors(other, others) != tensors(part, shapes)):
                yield f"`{other.name}` and `{part.name}` share `{part.owner}` and differ"


def paths_do_not_collide(graph: Graph) -> Iterator[str]:
    """No module lies inside one that holds weights, and no key of the state_dict is another module's path."""
    paths = {part.owner for node in graph.nodes for part in parts(node) if part.owner}
    for path in sorted(paths):
        if not all(path.split(".")):
            yield f"`{path}` has an empty component"
        for end in [i for i, c in enumerate(path) if c == "."]:
            if path[:end] in paths:
                yield f"`{path}` lies inside the module `{path[:end]}`"


def tensors(part: Part, shapes: Shapes) -> dict[str, Shape]:
    """Weights and buffers of a node's module: name -> shape."""
    return {**part.op.weights(*shapes), **part.op.buffers(*shapes)}


def _parts(graph: Graph) -> Iterator[tuple[Part, Shapes]]:
    for node in graph.nodes:
        for part, shapes, _ in walk(graph, node):
            yield part, shapes
