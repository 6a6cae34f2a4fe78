"""A linear layer over a map as a convolution over the whole of it.

    linear(flatten(x))_o = Σ_chw W[o, c·H·W + h·W + w] · x[c, h, w]

is a convolution whose window is the map: the same numbers, the weight read as [out, C, H, W] (Long et al., 2015). The
kernel reads the map as it lies in memory, channels last, where flattening in the order of channels would copy it.
If several layers read it each does so. A `flatten` of a map of one point is a view, and stays.

before:
    net n {
      input x: 3x8x8
      output y = x -> flatten -> linear(10)
    }
after:
    net n {
      input x: 3x8x8
      linear_2 = x -> flatten -> linear(10)  # 10
      output y = linear_2
    }
"""

from __future__ import annotations

from netdsl.graph import Graph
from netdsl.ops.reshape import Flatten
from netdsl.passes.join import join_backward
from netdsl.view import view


def read_maps(graph: Graph) -> Graph:
    """Take each flattening of a map into the linear layers that read it."""
    return join_backward(
        graph, lambda node: isinstance(node.op, Flatten) and view(node.op, graph.operand_shapes(node)) is None
    )
