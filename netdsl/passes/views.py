"""Nodes that launch nothing, as what they yield is there already.

Kernels read and write values with any strides but that of the channels, which is 1. So these are views of what they
read: a part of the channels (`slice` and `split` along axis 0, without steps), a part of the map (`crop`, `slice` along
a spatial axis), and what only renames the axes of a vector or of a map of one point (`flatten`, `reshape`).

before:
    net n {
      input x: 4x8x8
      a, b = x -> split(2)
      output y = a -> conv(4, 3)
      output z = b -> crop(size = [4, 4]) -> conv(4, 3)
    }
after:
    net n {
      input x: 4x8x8
      split_0, split_1 = x -> split(2)  # 2×8×8; 2×8×8; a view: channels of what it reads
      conv1 = split_0 -> conv(4, 3)  # 4×8×8
      crop_2 = split_1 -> crop(size = [4, 4])  # 2×4×4; a view: points of what it reads
      conv2 = crop_2 -> conv(4, 3)  # 4×4×4
      output y = conv1
      output z = conv2
    }
"""

from __future__ import annotations

from netdsl.graph import Graph
from netdsl.passes.rewrite import Rewrite
from netdsl.view import view


def mark_views(graph: Graph) -> Graph:
    """Mark the nodes that launch nothing."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.op is not None and (why := view(node.op, graph.operand_shapes(node))):
            edit.views[node.name] = why
    return edit.done()
