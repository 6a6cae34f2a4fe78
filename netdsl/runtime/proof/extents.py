"""Proofs run on small maps: the smallest that a network accepts without changing a weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from netdsl.graph import Graph, leaves
from netdsl.ops.op import Classes, OpError, Shape

STEP = 32  # networks halve their maps up to five times: extents keep their remainder
LEAST = 3  # points along an axis, where the network has as many: every tap of a 3x3 window meets numbers
SIZES = (16, 32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512)


def smallest(graph: Graph, *others: Graph) -> tuple[Graph, ...] | None:
    """`graph` and others of the same inputs, all with the smallest maps that all of them accept; None where they accept
    none but symbols."""
    for size in SIZES:
        given = {number: _shrunk(graph.nodes[number].shape, size) for number in graph.inputs}
        try:
            found = tuple(resized(each, given) for each in (graph, *others))
        except OpError:
            continue
        if all(_wide(old, new) for old, new in zip((graph, *others), found, strict=True)):
            return found
    return (graph, *others) if all(map(_known, (graph, *others))) else None


def resized(graph: Graph, inputs: dict[int, Shape]) -> Graph:
    """The same nodes on inputs of other shapes, as far as inference needs them. OpError where an operator refuses, or
    where a weight would change its shape."""
    needed = graph.ancestors(tuple(v for output in graph.outputs if not output.aux for v in leaves(output.value)))
    shapes: list[tuple[Shape, ...]] = []
    for node in graph.nodes:
        if node.number not in needed:
            shapes.append(node.shapes)
            continue
        if node.op is None:
            shapes.append((inputs.get(node.number, node.shape),))
            continue
        given = tuple(shapes[value.node][value.index] for value in node.operands)
        found: Any = node.op.infer(*given)
        shapes.append(tuple(found) if isinstance(found, list) else (found,))
        if node.op.weights(*given) != node.op.weights(*graph.operand_shapes(node)):
            raise OpError("its weights would change")
    nodes = tuple(replace(node, shapes=new) for node, new in zip(graph.nodes, shapes, strict=True))
    return replace(graph, nodes=nodes)


def _shrunk(shape: Shape, size: int) -> Shape:
    """The spatial extents brought down to about `size`, with their remainder; a symbol becomes `size`."""
    if isinstance(shape, Classes) or len(shape) < 2:
        return shape
    return (shape[0], *(_extent(extent, size) for extent in shape[1:]))


def _extent(extent: Any, size: int) -> int:
    if not isinstance(extent, int):
        return size
    return min(int(extent), size + (int(extent) - size) % STEP)


def _known(graph: Graph) -> bool:
    return all(isinstance(extent, int) for _, extent in _extents(graph, graph))


def _wide(old: Graph, new: Graph) -> bool:
    """Whether all extents are known and none has become too small."""
    return all(
        isinstance(extent, int) and (extent >= LEAST or (isinstance(before, int) and before == extent))
        for before, extent in _extents(old, new)
    )


def _extents(old: Graph, new: Graph) -> Iterator[tuple[Any, Any]]:
    """Every extent that inference needs, before and after."""
    needed = old.ancestors(tuple(v for output in old.outputs if not output.aux for v in leaves(output.value)))
    for number in needed:
        for before, after in zip(old.nodes[number].shapes, new.nodes[number].shapes, strict=True):
            yield from zip(before, after, strict=True)
