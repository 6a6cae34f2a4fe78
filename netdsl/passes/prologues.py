"""Batch norm and activation in the prologue of the kernels that read them.

Where no convolution stands before a batch norm there may be one behind it: DenseNet and pre-activation ResNets compute
`conv(relu(norm(x)))` (Huang et al., 2017; He et al., 2016, Identity mappings). The kernel applies the affine and the
activation to what it has just read, and the normalised map is never written. Padding is added afterwards, and so it
stays zero, or minus infinity for a max pool: exact also with a term that makes something of zero.

If several kernels read it each computes it anew: some arithmetic on numbers that are there for one trip to memory
less. All of them must be able to, else it has to be written anyway. The norm is then a part of several steps.

before:
    net n {
      input x: 4x8x8
      y = x -> batch_norm -> relu
      output a = y -> conv(4, 3)
      output b = y -> conv(8, 1, stride = 2)
    }
after:
    net n {
      input x: 4x8x8
      shared batch_norm_module = batch_norm
      conv1 = x -> batch_norm_module -> relu -> conv(4, 3)  # 4×8×8
      conv2 = x -> batch_norm_module -> relu -> conv(8, 1, stride = 2)  # 8×4×4
      output a = conv1
      output b = conv2
    }
"""

from __future__ import annotations

from netdsl.form import is_activation, is_affine
from netdsl.graph import Graph, Node
from netdsl.passes.join import join_backward
from netdsl.step import parts


def fuse_prologues(graph: Graph) -> Graph:
    """Take each batch norm, and each activation, that no kernel before it computes into the kernels that read it."""
    return join_backward(graph, _is_prologue)


def _is_prologue(node: Node) -> bool:
    own = parts(node)
    return bool(own) and all(is_affine(part.op) or is_activation(part.op) for part in own)
