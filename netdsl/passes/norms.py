"""Batch norm in the epilogue of the convolution, deconvolution or linear layer before it.

At inference a batch norm is an affine for each channel, with running mean m and variance v:

    norm(y) = a·y + (b - a·m),   a = weight / √(v + eps)   (Ioffe & Szegedy, 2015, algorithm 2)

Of `y = W*x + c` it makes `(a·W)*x + (a·c + b - a·m)`, so that it may go into the weights (Jacob et al., 2018, eq. 14);
the step only says that it follows. Groups, dilation and padding change nothing: `a` acts on what comes out.
Nothing in the module changes, so that parameters may be shared: each call site has an affine of its own. One norm,
directly behind: `conv -> relu -> norm` is no affine of the weights. In training the statistics are the batch's, and
`track = false` uses these always.

before:
    net n {
      input x: 3x8x8
      output y = x -> conv(4, 3) -> batch_norm -> relu
    }
after:
    net n {
      input x: 3x8x8
      conv_2 = x -> conv(4, 3) -> batch_norm  # 4×8×8
      relu_2 = conv_2 -> relu  # 4×8×8
      output y = relu_2
    }
"""

from __future__ import annotations

from netdsl.form import is_affine
from netdsl.graph import Graph, Node
from netdsl.ops.norm import BatchNorm
from netdsl.passes.join import Refused, head, join_forward


def fold_norms(graph: Graph) -> Graph:
    """Take each batch norm into the kernel of the convolution, deconvolution or linear layer before it."""
    return join_forward(graph, _slots)


def _slots(node: Node) -> tuple[int, ...] | None:
    first = head(node)
    if not isinstance(first, BatchNorm):
        return None
    if not is_affine(first):
        raise Refused("it uses the statistics of the batch, also at inference")
    return (0,)
