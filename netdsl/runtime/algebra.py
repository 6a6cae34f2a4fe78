"""A step in its fused form, by torch in any dtype: in float64 it proves the algebra that the kernels rely on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.ops.activation import Elu, Gelu, Hardswish, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh
from netdsl.ops.conv import Deconv
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from netdsl.runtime.folding import Affine
from netdsl.runtime.geometry import Geometry
from netdsl.runtime.prepared import Prepared
from netdsl.runtime.values import joined

# By the number of spatial axes, less 1.
Function: TypeAlias = Callable[..., Tensor]
CONVOLUTIONS: tuple[Function, ...] = (F.conv1d, F.conv2d, F.conv3d)
DECONVOLUTIONS: tuple[Function, ...] = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
MAX_POOLS: tuple[Function, ...] = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
AVG_POOLS: tuple[Function, ...] = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def run(step: Prepared, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
    """Compute `step` of its sources, read as if concatenated on channels, into `out`: [N, C, ..] all of them."""
    x = activate(step.pre_activation, spread(step.prologue, joined(sources)))
    y = spread(step.affine, core(step, x))
    out.copy_(activate(step.activation, y if residual is None else y + residual))


def spread(affine: Affine | None, x: Tensor) -> Tensor:
    """`scale · x + shift`, channel by channel."""
    if affine is None:
        return x
    scale, shift = (vector.to(x.dtype).view(-1, *(1,) * (x.dim() - 2)) for vector in affine)
    return x * scale + shift


def activate(op: Op | None, x: Tensor) -> Tensor:
    match op:
        case None:
            return x
        case Relu():
            return x.clamp_min(0)
        case Relu6():
            return x.clamp(0, 6)
        case LeakyRelu():
            return torch.where(x > 0, x, x * op.slope)
        case Elu():
            return torch.where(x > 0, x, op.alpha * torch.expm1(x))
        case Silu():
            return x * torch.sigmoid(x)
        case Sigmoid():
            return torch.sigmoid(x)
        case Tanh():
            return torch.tanh(x)
        case Gelu():
            return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
        case Hardswish():
            return x * (x + 3).clamp(0, 6) / 6
    raise AssertionError(f"no form has the activation {op!r}")


def core(step: Prepared, x: Tensor) -> Tensor:
    """The convolution, transposed convolution, linear layer or pool; padding is added here, after any prologue."""
    if step.weight is not None:
        bias = None if step.bias is None else step.bias.to(x.dtype)
        return weighted(step, x, step.weight.to(x.dtype), bias)
    spatial = tuple(range(2, x.dim()))
    match step.core:
        case None:
            return x
        case MaxPool() | AvgPool():
            return pooled(step, x)
        case GlobalAvgPool() as op:
            return x.mean(spatial, keepdim=op.keep)
        case GlobalMaxPool() as op:
            return x.amax(spatial, keepdim=op.keep)
        case Lrn() as op:
            return x / (op.k + op.alpha / op.size * neighbours(x.square(), op.size)) ** op.beta
    raise AssertionError(f"no form has the core {step.core!r}")


def weighted(step: Prepared, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The core that has weights. A linear layer with a weight of more axes reads a whole map."""
    rank, windows = x.dim() - 2, step.windows
    if windows is None:
        return F.linear(x, weight, bias) if rank == 0 else CONVOLUTIONS[rank - 1](x, weight, bias).flatten(1)
    if isinstance(step.core, Deconv):
        cut = tuple(before for before, _ in windows.padding)
        more = (windows.output_padding, windows.groups, windows.dilation)
        return DECONVOLUTIONS[rank - 1](x, weight, bias, windows.stride, cut, *more)
    pads: tuple[int, ...] = tuple(before for before, _ in windows.padding)
    if any(before != after for before, after in windows.padding):
        x, pads = padded(x, windows, 0.0), (0,) * rank
    return CONVOLUTIONS[rank - 1](x, weight, bias, windows.stride, pads, windows.dilation, windows.groups)


def pooled(step: Prepared, x: Tensor) -> Tensor:
    """The pool with windows. Torch pads both sides alike, and only such padding may be left out of a mean."""
    op, windows, rank = step.core, step.windows, x.dim() - 2
    assert isinstance(op, MaxPool | AvgPool)
    assert windows is not None
    pads: tuple[int, ...] = tuple(before for before, _ in windows.padding)
    if any(before != after for before, after in windows.padding):
        x, pads = padded(x, windows, -torch.inf if isinstance(op, MaxPool) else 0.0), (0,) * rank
    if isinstance(op, MaxPool):
        return MAX_POOLS[rank - 1](x, windows.kernel, windows.stride, pads, windows.dilation, op.ceil)
    return AVG_POOLS[rank - 1](x, windows.kernel, windows.stride, pads, op.ceil, op.count_include_pad)


def neighbours(x: Tensor, size: int) -> Tensor:
    """The sum of `size` channels around each; torch looks at one more before than after where `size` is even."""
    around = F.pad(x, [0, 0] * (x.dim() - 2) + [size // 2, (size - 1) // 2])
    return around.unfold(1, size, 1).sum(-1)


def padded(x: Tensor, windows: Geometry, value: float) -> Tensor:
    """The map with its padding around it."""
    return F.pad(x, [side for pair in reversed(windows.padding) for side in pair], value=value)
