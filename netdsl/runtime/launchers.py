"""A step by the Triton kernels: what is prepared for it, put into the words of `netdsl.kernels`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from netdsl import kernels
from netdsl.kernels import NONE, Activation, Prologue
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from netdsl.runtime import interpreter
from netdsl.runtime.prepared import Prepared, Run
from netdsl.runtime.values import joined


def packed(step: Prepared, dtype: torch.dtype, precision: str) -> Run:
    """What computes a step on maps of `dtype`: its weights in that format, vectors in fp32, all made ready here.

    `precision` is what fp32 is multiplied in: ieee or tf32.
    """
    match step.core:
        case None:
            return _pointwise(step)
        case Conv() | Deconv() | Linear():
            return _convolution(step, dtype, precision)
        case MaxPool() | AvgPool():
            return _pool(step)
        case GlobalAvgPool() | GlobalMaxPool():
            return _global_pool(step)
        case Lrn():
            return _response_norm(step.core)
    raise AssertionError(f"no kernel computes {step.core!r}")


def activation(op: Op | None) -> Activation:
    if op is None:
        return NONE
    return Activation(op.name, float(getattr(op, "slope", getattr(op, "alpha", 0.0))))


def weights(step: Prepared, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """The weight in the format of the maps, and a factor for each output where a norm made it too large for it."""
    assert step.weight is not None
    weight = step.weight.to(dtype)
    if isinstance(step.core, Deconv) or bool(weight.isfinite().all()) or not bool(step.weight.isfinite().all()):
        return weight, None
    scale = step.weight.abs().flatten(1).amax(1).clamp_min(1.0)
    return (step.weight / scale.view(-1, *(1,) * (weight.dim() - 1))).to(dtype), scale.float()


def _prologue(step: Prepared, channels: int) -> Prologue | None:
    """What happens to the input first; a factor of 1 and a term of 0 where only an activation does."""
    if step.prologue is not None:
        scale, shift = (vector.float().contiguous() for vector in step.prologue)
        return Prologue(scale, shift, activation(step.pre_activation))
    if step.pre_activation is None:
        return None
    one = torch.ones(channels, dtype=torch.float32, device=step.device)
    return Prologue(one, torch.zeros_like(one), activation(step.pre_activation))


def _pointwise(step: Prepared) -> Run:
    scale, shift = (None, None) if step.affine is None else (vector.float() for vector in step.affine)
    end = activation(step.activation)

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        config = interpreter.rows("pointwise", out)
        kernels.pointwise(
            joined(sources), scale=scale, shift=shift, residual=residual, activation=end, out=out, config=config
        )

    return run


def _convolution(step: Prepared, dtype: torch.dtype, precision: str) -> Run:
    weight, scale = weights(step, dtype)
    windows = step.windows
    groups = 1 if windows is None else windows.groups
    channels = weight.shape[0] if isinstance(step.core, Deconv) else weight.shape[1] * groups
    fixed: dict[str, Any] = {"scale": scale, "activation": activation(step.activation), "precision": precision}
    rank = weight.dim() - 2
    apart: tuple[int, ...] = ()
    if windows is not None:
        fixed |= {"stride": windows.stride, "padding": windows.padding, "dilation": windows.dilation}
        fixed |= {"groups": groups, "prologue": _prologue(step, channels)}
        if isinstance(step.core, Deconv):
            fixed["output_padding"], apart = windows.output_padding, windows.stride
    elif rank:  # a linear layer that reads a whole map: one window
        fixed |= {"stride": (1,) * rank, "padding": ((0, 0),) * rank, "dilation": (1,) * rank}
    bias = None if step.bias is None else step.bias.float()
    function: Any = kernels.deconv if isinstance(step.core, Deconv) else kernels.conv if rank else kernels.linear

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        if windows is None:  # a vector is a map of one point
            points = (..., *(None,) * rank)
            out, residual = out[points], None if residual is None else residual[points]
        given = sources if rank else sources[0]
        config = interpreter.convolution(channels // groups, groups, out, apart)
        function(given, weight, bias, residual=residual, out=out, config=config, **fixed)

    return run


def _pool(step: Prepared) -> Run:
    op, windows = step.core, step.windows
    assert isinstance(op, MaxPool | AvgPool)
    assert windows is not None
    fixed: dict[str, Any] = {"kernel": windows.kernel, "stride": windows.stride, "padding": windows.padding}
    fixed |= {"ceil_mode": op.ceil, "activation": activation(step.activation)}
    if isinstance(op, MaxPool):
        fixed |= {"kind": "max", "dilation": windows.dilation}
    else:
        fixed |= {"kind": "avg", "count_include_pad": op.count_include_pad}
    prologue = _prologue(step, step.channels)

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        kernels.pool(joined(sources), prologue=prologue, out=out, config=interpreter.rows("pool", out), **fixed)

    return run


def _global_pool(step: Prepared) -> Run:
    kind = "avg" if isinstance(step.core, GlobalAvgPool) else "max"
    prologue = _prologue(step, step.channels)

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        config = interpreter.rows("global_pool", out)
        kernels.global_pool(joined(sources), kind=kind, prologue=prologue, out=out.flatten(1), config=config)

    return run


def _response_norm(op: Lrn) -> Run:
    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        config = interpreter.rows("lrn", out)
        kernels.lrn(joined(sources), op.size, op.alpha, op.beta, op.k, out=out, config=config)

    return run
