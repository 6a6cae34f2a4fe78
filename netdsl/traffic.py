"""What kernels move to and from memory: the values that each reads and writes, and its weights, once each.

Caches are not counted: what one kernel leaves there for the next counts as moved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from netdsl.extent import Extent, NotAffine
from netdsl.graph import Graph, Node
from netdsl.ops.op import Shape
from netdsl.step import Outer, parts, walk

BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}  # of one number, by data type


class Moved(NamedTuple):
    """Numbers that one kernel reads and writes: of the values of a sample, and of its weights."""

    values: Extent
    weights: Extent

    def bytes(self, batch: int, width: int) -> Extent:
        """For `batch` samples of numbers of `width` bytes."""
        return (self.values * batch + self.weights) * width


def moved(graph: Graph, node: Node) -> Moved:
    """What the kernel of one node moves. Raises NotAffine where it depends on the size of an input beyond a formula."""
    values: Extent = 0
    for slot, value in enumerate(node.operands):
        if value not in node.operands[:slot] and not only_measured(node, slot):
            shape = graph.shape(value)
            values = values + _read(node, slot, elements(shape), len(shape))
    for shape in node.shapes:
        values = values + elements(shape)
    weights: Extent = 0
    for part, given, _ in walk(graph, node):
        weights = weights + sum(elements(shape) for shape in part.op.weights(*given).values())
    return Moved(values, weights)


def bytes_moved(graph: Graph, nodes: Iterable[Node], batch: int, width: int) -> int | None:
    """By all of `nodes`; None where it depends on the size of an input."""
    try:
        total: Extent = sum((moved(graph, node).bytes(batch, width) for node in nodes), start=0)
    except NotAffine:
        return None
    return total if isinstance(total, int) else None


def only_measured(node: Node, slot: int) -> bool:
    """Whether a node takes of operand `slot` its size alone."""
    return node.op is not None and node.op.operands[slot : slot + 1] == ("like",)


def elements(shape: Shape) -> Any:
    """How many numbers a value of that shape has for each sample."""
    if all(isinstance(extent, int) for extent in shape):
        return math.prod(shape)
    total: Any = 1
    for extent in shape:
        total = total * extent
    return total


def _read(node: Node, slot: int, size: Any, axes: int) -> Any:
    """How much of operand `slot`, of that size, is read: windows that lie apart, of a 1x1 with stride 2, leave some."""
    for part in parts(node):
        field = part.op.receptive_field(axes - 1) if Outer(slot) in part.operands and axes > 1 else None
        for window, stride in zip(*field, strict=True) if field else ():
            if window < stride and isinstance(size, int):
                size = size * int(window) // int(stride)
    return size
