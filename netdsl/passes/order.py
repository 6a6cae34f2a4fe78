"""An activation in front of a max pool instead of behind it.

If f never falls, max(f(x_1), .., f(x_n)) = f(max(x_1, .., x_n)): the largest number stays the largest. So relu, relu6
and leaky_relu (with a slope that is not negative) change places with a max pool, exactly: rounding keeps order, both
hand on NaN, and padding is minus infinity before and after and never wins, as each window holds a point of the map.
In front, the activation joins the epilogue of the convolution there, and the pool needs none. It moves only if it can
join. Never with an average pool, whose mean is no order; never silu and gelu, which fall before they rise; not sigmoid,
tanh and elu, which rise by their formula but whose rounding nobody promises to.

before:
    net n {
      input x: 3x8x8
      output y = x -> conv(4, 3) -> max_pool(2) -> relu
    }
after:
    net n {
      input x: 3x8x8
      conv_2 = x -> conv(4, 3)  # 4×8×8
      relu_2 = conv_2 -> relu  # 4×8×8
      max_pool_2 = relu_2 -> max_pool(2)  # 4×4×4
      output y = max_pool_2
    }
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.form import never_falls
from netdsl.graph import Graph
from netdsl.ops.pool import GlobalMaxPool, MaxPool
from netdsl.passes.join import Refused, after
from netdsl.passes.rewrite import Rewrite
from netdsl.scope import Value


def order_activations(graph: Graph) -> Graph:
    """Put each activation that may stand on either side of a max pool where a kernel can take it."""
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.op is None or not never_falls(node.op):
            continue
        pool = graph.nodes[node.operands[0].node]
        if isinstance(pool.op, MaxPool | GlobalMaxPool) and len(graph.uses[node.operands[0]]) == 1:
            first = graph.nodes[pool.operands[0].node]
            try:
                after(graph, first, replace(node, number=pool.number, operands=pool.operands, shapes=first.shapes), 0)
            except Refused:
                continue
            shape = graph.shape(pool.operands[0])
            edit.nodes[pool.number] = replace(node, number=pool.number, operands=pool.operands, shapes=(shape,))
            edit.nodes[node.number] = replace(pool, number=node.number, operands=(Value(pool.number),))
    return edit.done()
