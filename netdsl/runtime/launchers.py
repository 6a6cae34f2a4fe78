"""A step by the Triton kernels: what is prepared for it, put into the words of `netdsl.kernels`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from netdsl.runtime.prepared import Prepared


def of(precision: str) -> Callable[[Prepared, Sequence[Tensor], Tensor | None, Tensor], None]:
    """What computes a step of its sources (and a residual) into `out`; `precision` is what fp32 is multiplied in."""

    def run(step: Prepared, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        weighted = step.weight is not None
        x = sources[0] if weighted or len(sources) == 1 else torch.cat(list(sources), 1)
        more: dict[str, Any] = {"out": out}
        if weighted:
            more |= {"residual": residual, "activation": activation(step.activation), "precision": precision}
        match step.core:
            case None:
                scale, shift = (None, None) if step.affine is None else (v.float() for v in step.affine)
                kernels.pointwise(
                    x, scale=scale, shift=shift, residual=residual, activation=activation(step.activation), out=out,
                    config=interpreter.rows("pointwise", out),
                )  # fmt: skip
            case Conv() | Deconv() | Linear():
                _convolve(step, sources, more)
            case MaxPool() | AvgPool():
                _pool(step, x, out)
            case GlobalAvgPool() | GlobalMaxPool():
                kind = "avg" if isinstance(step.core, GlobalAvgPool) else "max"
                config = interpreter.rows("global_pool", out)
                kernels.global_pool(x, kind=kind, prologue=prologue(step, x), out=out.flatten(1), config=config)
            case Lrn() as op:
                kernels.lrn(x, op.size, op.alpha, op.beta, op.k, out=out, config=interpreter.rows("lrn", out))
            case op:
                raise AssertionError(f"no kernel computes {op!r}")

    return run


def activation(op: Op | None) -> Activation:
    if op is None:
        return NONE
    return Activation(op.name, float(getattr(op, "slope", getattr(op, "alpha", 0.0))))


def prologue(step: Prepared, x: Tensor, channels: int | None = None) -> Prologue | None:
    """What happens to the input first; a factor of 1 and a term of 0 where only an activation does."""
    if step.prologue is None and step.pre_activation is None:
        return None
    if step.prologue is not None:
        scale, shift = step.prologue.scale.float(), step.prologue.shift.float()
    else:
        count = x.shape[1] if channels is None else channels
        scale = torch.ones(count, dtype=torch.float32, device=x.device)
        shift = torch.zeros_like(scale)
    return Prologue(scale.contiguous(), shift.contiguous(), activation(step.pre_activation))


def _convolve(step: Prepared, sources: Sequence[Tensor], more: dict[str, Any]) -> None:
    assert step.weight is not None
    weight, scale = weights(step, sources[0].dtype)
    bias = None if step.bias is None else step.bias.float()
    windows = step.windows
    channels = sum(source.shape[1] for source in sources)
    more |= {"config": interpreter.convolution(channels // (windows.groups if windows is not None else 1), more["out"])}
    if windows is not None:
        shape = {"stride": windows.stride, "padding": windows.padding, "dilation": windows.dilation}
        before = {"groups": windows.groups, "prologue": prologue(step, sources[0], channels)}
        if isinstance(step.core, Deconv):
            shape |= {"output_padding": windows.output_padding}
            kernels.deconv(sources, weight, bias, scale=scale, **shape, **before, **more)  # type: ignore[arg-type]
        else:
            kernels.conv(sources, weight, bias, scale=scale, **shape, **before, **more)  # type: ignore[arg-type]
    elif weight.dim() > 2:  # a linear layer that reads a whole map: one window
        rank = weight.dim() - 2
        ones, none = (1,) * rank, ((0, 0),) * rank
        for name in ("out", "residual"):
            if more[name] is not None:
                more[name] = more[name].view(*more[name].shape, *ones)
        kernels.conv(
            sources, weight, bias, scale=scale, stride=ones, padding=none, dilation=ones,
            prologue=prologue(step, sources[0]), **more,
        )  # fmt: skip
    else:
        kernels.linear(sources[0], weight, bias, scale=scale, **more)


def weights(step: Prepared, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """The weight in the format of the maps, and a factor for each output where a norm made it too large for it."""
    assert step.weight is not None
    weight = step.weight.to(dtype)
    if isinstance(step.core, Deconv) or bool(weight.isfinite().all()) or not bool(step.weight.isfinite().all()):
        return weight, None
    scale = step.weight.abs().flatten(1).amax(1).clamp_min(1.0)
    return (step.weight / scale.view(-1, *(1,) * (weight.dim() - 1))).to(dtype), scale.float()


def _pool(step: Prepared, x: Tensor, out: Tensor) -> None:
    op, windows = step.core, step.windows
    assert isinstance(op, MaxPool | AvgPool)
    assert windows is not None
    more: dict[str, Any] = {"kind": "max", "dilation": windows.dilation}
    if isinstance(op, AvgPool):
        more = {"kind": "avg", "count_include_pad": op.count_include_pad}
    kernels.pool(
        x, kernel=windows.kernel, stride=windows.stride, padding=windows.padding, ceil_mode=op.ceil,
        prologue=prologue(step, x), activation=activation(step.activation), out=out,
        config=interpreter.rows("pool", out), **more,
    )  # fmt: skip
