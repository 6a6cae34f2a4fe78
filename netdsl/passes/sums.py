"""The sum of a residual block in the epilogue of the convolution before it.

`add(norm(conv(x)), r)`: the kernel reads `r` once where it would write its own result, and the sum costs no trip to
memory (He et al., 2016; `cudnnConvolutionBiasActivationForward` has it as `z`). Either operand may be the convolution,
as a + b = b + a holds in floating point; one sum for a kernel. Where both could take it the later one does: the other
is computed by then. The values must have one shape: a channel's number over a map is not read point by point.

before:
    net n {
      input x: 4x8x8
      output y = add { x -> conv(4, 3) -> batch_norm; x -> conv(4, 1) } -> relu
    }
after:
    net n {
      input x: 4x8x8
      conv1 = x -> conv(4, 3) -> batch_norm  # 4×8×8
      conv2 = add(conv1, x -> conv(4, 1))  # 4×8×8
      relu_2 = conv2 -> relu  # 4×8×8
      output y = relu_2
    }
"""

from __future__ import annotations

from netdsl.form import is_add
from netdsl.graph import Graph, Node
from netdsl.ops.arithmetic import Add
from netdsl.passes.join import Refused, head, join_forward


def fuse_sums(graph: Graph) -> Graph:
    """Take each sum of two values into the kernel that computes one of them."""

    def slots(node: Node) -> tuple[int, ...] | None:
        first = head(node)
        if not isinstance(first, Add):
            return None
        if not is_add(first):
            raise Refused("it adds a number")
        shape, *others = graph.operand_shapes(node)
        if len(others) != 1:
            raise Refused(f"it adds {1 + len(others)} values, and a kernel adds two")
        if others[0] != shape:
            raise Refused("one of its values goes over the points of the other")
        return (0, 1) if node.operands[0] > node.operands[1] else (1, 0)

    return join_forward(graph, slots)
