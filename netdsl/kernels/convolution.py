"""Convolution, transposed convolution and the fully connected layer, with what surrounds them, each in one launch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.kernels.activation import NONE, Activation, Prologue
from netdsl.kernels.call import ConvCall, conv_call
from netdsl.kernels.choice import choose, kernel_of
from netdsl.kernels.launch import Config, launch, need


def conv(
    sources: Tensor | Sequence[Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int = 1,
    prologue: Prologue | None = None,
    out: Tensor | None = None,
    precision: str = "ieee",
    config: Config | None = None,
) -> Tensor:
    """`activation(conv(prologue(sources), weight) * scale + bias + residual)`.

    sources [N, C, ...] or up to four of them, read as if concatenated on channels; weight [K, C/groups, ...]; bias and
    scale [K] in fp32 or the weight's dtype; residual and out as the result, [N, K, ...]. One to three spatial axes, and
    an entry of `stride`, `padding` (before, after) and `dilation` for each. `precision` is how fp32 is multiplied.
    Raises Refused, and writes nothing, where the arguments do not fit together.
    """
    call = conv_call(
        sources, weight, bias, scale, residual, activation, stride, padding, dilation, groups, prologue, out, precision
    )
    return _run(call, config, out, len(stride))


def deconv(
    sources: Tensor | Sequence[Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    output_padding: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
    prologue: Prologue | None = None,
    out: Tensor | None = None,
    precision: str = "ieee",
    config: Config | None = None,
) -> Tensor:
    """`activation(conv_transpose(prologue(sources), weight) * scale + bias + residual)`; weight [C, K/groups, ...].

    `padding` takes that many positions off the output, before and after; else as `conv`.
    """
    call = conv_call(
        sources, weight, bias, scale, residual, activation, stride, padding, dilation, groups, prologue, out, precision,
        transposed=True, output_padding=output_padding,
    )  # fmt: skip
    return _run(call, config, out, len(stride))


def linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    out: Tensor | None = None,
    precision: str = "ieee",
    config: Config | None = None,
) -> Tensor:
    """`activation(x @ weight.T * scale + bias + residual)`: x [N, C], weight [K, C], residual and result [N, K]."""
    need(
        x.ndim == 2 and weight.ndim == 2,
        f"linear takes [N, C] and [K, C], not {tuple(x.shape)} and {tuple(weight.shape)}",
    )
    return conv(
        x.unsqueeze(2), weight.unsqueeze(2), bias, scale=scale,
        residual=None if residual is None else residual.unsqueeze(2), activation=activation,
        stride=(1,), padding=((0, 0),), dilation=(1,), out=None if out is None else out.unsqueeze(2),
        precision=precision, config=config,
    ).squeeze(2)  # fmt: skip


def _run(call: ConvCall, config: Config | None, out: Tensor | None, rank: int) -> Tensor:
    config = choose(call) if config is None else config
    kernel = kernel_of(config)
    reason = kernel.why_not(call, config)
    need(reason is None, f"{config.kernel} cannot compute this: {reason}")
    launch(kernel.build(call, config))
    return call.out.flatten(1, 4 - rank) if out is None else out


def conv_reference(
    sources: Tensor | Sequence[Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int = 1,
    prologue: Prologue | None = None,
) -> Tensor:
    """What `conv` computes, in torch's operators and the dtype of the arguments: the truth in float64."""
    x = _joined(sources, prologue)
    x = F.pad(x, [side for pair in reversed(padding) for side in pair])
    function = (F.conv1d, F.conv2d, F.conv3d)[len(stride) - 1]
    y = function(x, weight, None, tuple(stride), 0, tuple(dilation), groups)
    return _finished(y, bias, scale, residual, activation)


def deconv_reference(
    sources: Tensor | Sequence[Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    output_padding: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
    prologue: Prologue | None = None,
) -> Tensor:
    """What `deconv` computes, in torch's operators and the dtype of the arguments: the truth in float64."""
    rank = len(stride)
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    x = _joined(sources, prologue)
    y = function(x, weight, None, tuple(stride), 0, 0, groups, tuple(dilation))
    y = F.pad(y, [side for o in reversed(output_padding) for side in (0, o)])
    for axis, (before, after) in enumerate(padding, start=2):
        y = y.narrow(axis, before, y.shape[axis] - before - after)
    return _finished(y, bias, scale, residual, activation)


def _joined(sources: Tensor | Sequence[Tensor], prologue: Prologue | None) -> Tensor:
    x = sources if isinstance(sources, Tensor) else torch.cat(list(sources), 1)
    return x if prologue is None else prologue(x)


def _finished(
    y: Tensor, bias: Tensor | None, scale: Tensor | None, residual: Tensor | None, activation: Activation
) -> Tensor:
    shape = (1, -1) + (1,) * (y.ndim - 2)
    if scale is not None:
        y = y * scale.view(shape)
    if bias is not None:
        y = y + bias.view(shape)
    return activation(y if residual is None else y + residual)
