"""What surrounds a core, in as few passes over memory as torch allows: affines, sums and activations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.ops.activation import Elu, Gelu, Hardswish, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh
from netdsl.ops.op import Op
from netdsl.runtime.folding import Affine

Map: TypeAlias = Callable[[Tensor], Tensor]


def activation(op: Op | None) -> Map | None:
    """Computes an activation in place, and returns what it was given; None where there is nothing to do."""
    match op:
        case None:
            return None
        case Relu():
            return torch.relu_
        case Relu6():
            return partial(F.hardtanh_, min_val=0.0, max_val=6.0)
        case LeakyRelu():
            return partial(F.leaky_relu_, negative_slope=float(op.slope))
        case Elu():
            return partial(F.elu_, alpha=float(op.alpha))
        case Silu():
            return partial(F.silu, inplace=True)
        case Sigmoid():
            return torch.sigmoid_
        case Tanh():
            return torch.tanh_
        case Gelu():
            return torch.ops.aten.gelu_.default
        case Hardswish():
            return partial(F.hardswish, inplace=True)
    raise AssertionError(f"no form has the activation {op!r}")


def affine(vectors: Affine, rank: int, dtype: torch.dtype) -> Map:
    """Computes `scale · x + shift` for maps with `rank` spatial axes, into a new tensor."""
    scale, shift = (vector.to(dtype).view(1, -1, *(1,) * rank) for vector in vectors)
    return lambda x: torch.addcmul(shift, x, scale)


def prologue(vectors: Affine | None, op: Op | None, rank: int, dtype: torch.dtype) -> Map | None:
    """Computes `activation(scale · x + shift)` into a new tensor; None where there is nothing to do."""
    end = activation(op)
    if vectors is not None:
        begin = affine(vectors, rank, dtype)
        return begin if end is None else lambda x: end(begin(x))
    return None if end is None else lambda x: end(x.clone())
