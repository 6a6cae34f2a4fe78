"""A step by the Triton kernels: what is prepared for it, put into the words of `netdsl.kernels`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from netdsl import kernels
from netdsl.kernels import NONE, Activation, Config, Prologue
from netdsl.kernels.call import conv_call
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from netdsl.runtime import interpreter
from netdsl.runtime.dtypes import nearest_tf32
from netdsl.runtime.folding import Affine
from netdsl.runtime.prepared import Prepared, Run
from netdsl.runtime.values import channels_together, joined


def packed(step: Prepared, dtype: torch.dtype, precision: str) -> Run:
    """What computes a step on maps of `dtype`: its weights in that format, vectors in fp32, all made ready here.

    `precision` is what fp32 is multiplied in: ieee or tf32.
    """
    match step.core:
        case None:
            return _pointwise(step)
        case Conv() | Deconv() | Linear():
            return convolution(step, dtype, precision)(None)
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


def convolution(step: Prepared, dtype: torch.dtype, precision: str) -> Callable[[Config | None], Run]:
    """A convolution, transposed convolution or linear layer, its weights packed once, for whichever kernel and tile is
    asked for; None takes what the kernels choose."""
    weight, scale = weights(step, dtype)
    if precision == "tf32" and dtype is torch.float32 and not _is_depthwise(step):
        weight = nearest_tf32(weight)  # the matrix units drop the bits that they have no room for
    weight = channels_together(weight)  # as the copy engine reads it
    windows, rank = step.windows, weight.dim() - 2
    fixed = {"scale": scale, "precision": precision, **_surroundings(step)}
    apart = windows.stride if windows is not None and isinstance(step.core, Deconv) else ()
    bias = None if step.bias is None else step.bias.float()
    function: Any = kernels.deconv if isinstance(step.core, Deconv) else kernels.conv if rank else kernels.linear
    groups = 1 if windows is None else windows.groups
    channels = step.channels // groups

    def run(chosen: Config | None, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        if windows is None:  # a vector is a map of one point
            points = (..., *(None,) * rank)
            out, residual = out[points], None if residual is None else residual[points]
        given = sources if rank else sources[0]
        config = chosen or interpreter.convolution(channels, groups, out, apart)
        function(given, weight, bias, residual=residual, out=out, config=config, **fixed)

    return lambda config: partial(run, config)


def _is_depthwise(step: Prepared) -> bool:
    """Whether each output is of one channel: such products are computed in fp32."""
    assert step.weight is not None
    return step.windows is not None and step.windows.groups == step.channels == step.weight.shape[0]


def _surroundings(step: Prepared) -> dict[str, Any]:
    """What stands around a product, by the arguments of `kernels.conv`; for a vector, of `kernels.linear`."""
    windows, rank = step.windows, 0 if step.weight is None else step.weight.dim() - 2
    fixed: dict[str, Any] = {"activation": activation(step.activation)}
    if windows is not None:
        fixed |= {"stride": windows.stride, "padding": windows.padding, "dilation": windows.dilation}
        fixed |= {"groups": windows.groups, "prologue": _prologue(step, step.channels)}
        if isinstance(step.core, Deconv):
            fixed["output_padding"] = windows.output_padding
    elif rank:  # a linear layer that reads a whole map: one window
        fixed |= {"stride": (1,) * rank, "padding": ((0, 0),) * rank, "dilation": (1,) * rank}
    return fixed


def configurations(
    step: Prepared, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor, precision: str, capability: int
) -> list[Config]:
    """What can compute a convolution, a transposed one or a linear layer on sm_`capability`, the best guess first.

    The maps may be without memory. None where such a call is refused.
    """
    assert step.weight is not None
    weight = channels_together(torch.empty_like(step.weight, dtype=out.dtype, device=out.device))
    affine = None
    if step.prologue is not None:
        scale, shift = (torch.empty_like(vector, device=out.device) for vector in step.prologue)
        affine = Affine(scale, shift)
    words = _surroundings(replace(step, device=out.device, prologue=affine))
    one = (..., *(None,) * max(1, weight.dim() - 2))
    if step.windows is None:  # a vector is a map of one point
        out, residual = out[one], None if residual is None else residual[one]
    if weight.dim() == 2:
        sources, weight = [source[one] for source in sources], weight[one]
        words |= {"stride": (1,), "padding": ((0, 0),), "dilation": (1,)}
    try:
        call = conv_call(
            sources, weight, None, None, residual, words["activation"], words["stride"], words["padding"],
            words["dilation"], words.get("groups", 1), words.get("prologue"), out, precision,
            transposed=isinstance(step.core, Deconv), output_padding=words.get("output_padding", ()),
        )  # fmt: skip
    except kernels.Refused:
        return []
    return kernels.candidates(call, capability)


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
