"""An activation in the epilogue of the kernel before it.

relu, relu6, leaky_relu and silu are functions of one number, which the kernel has in a register when it would write
it: `activation(norm(conv(x)) + r)` instead of a second trip to memory. Other activations stay kernels of their own.

before:
    net n {
      input x: 3x8x8
      output y = x -> conv(4, 3) -> relu
    }
after:
    net n {
      input x: 3x8x8
      conv_2 = x -> conv(4, 3) -> relu  # 4×8×8
      output y = conv_2
    }
"""

from __future__ import annotations

from netdsl.form import is_activation
from netdsl.graph import Graph, Node
from netdsl.passes.join import head, join_forward


def fuse_activations(graph: Graph) -> Graph:
    """Take each activation that kernels have into the kernel that computes its operand."""
    return join_forward(graph, _slots)


def _slots(node: Node) -> tuple[int, ...] | None:
    first = head(node)
    return (0,) if first is not None and is_activation(first) else None
