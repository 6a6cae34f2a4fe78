"""Windows compared: two 3×3 in place of one 5×5 see as much and have 18 weights per channel pair in place of 25."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netdsl.graph import Graph, Node


def taps(graph: Graph, node: Node) -> int | None:
    """Weights per pair of an input and an output channel: the points of the window, 0 where the operator has none; None
    where channels do not pair, as in a grouped convolution."""
    if node.op is None or len(node.operands) != 1:
        return 0
    shapes = graph.operand_shapes(node)
    kernels = [shape for shape in node.op.weights(*shapes).values() if len(shape) > 2]
    if not kernels:
        return 0
    pairs = sorted(map(str, kernels[0][:2])) == sorted((str(shapes[0][0]), str(node.shape[0])))
    return prod(extent for extent in kernels[0][2:] if isinstance(extent, int)) if pairs else None


def together(found: Iterable[int | None]) -> int | None:
    """The sum; None where one of them is."""
    known = list(found)
    return None if None in known else sum(number for number in known if number is not None)
