"""Triton kernels for networks, each with its launcher and its reference in torch.

Maps have torch's shapes, [N, C, W], [N, C, H, W] and [N, C, D, H, W], with the channels together in memory
(channels_last) and any other strides: a channel slice of a wider buffer, or a crop of a larger map, is an ordinary
input, residual or output, and its neighbours stay untouched. fp32, fp16 and bf16; sums are always taken in fp32, and
fp32 is multiplied in IEEE arithmetic unless `precision="tf32"` is asked for. NaN goes through as in torch. Nothing here
knows gradients.

    conv, deconv, linear   activation(conv(prologue(x)) * scale + bias + residual)
    pool, global_pool      maxima and means of windows, and of whole maps, of prologue(x)
    pointwise              what is left over: activation(x * scale + shift + residual)
    lrn                    local response normalisation
    norm_affine            batch norm at inference, as the scale and bias of a conv

    Activation, NONE, Prologue   what stands around them
    Config, candidates, choose   which kernels and tiles can compute a convolution, and which is taken untuned
    observed                     a context that collects the launches made in it
    Refused                      the one exception: a call that no kernel computes; it says why, and nothing was written

What emitted modules call stands in fused.py: functions such as conv_bn_relu(x, conv, bn), which take nn.Modules and
call them as they are wherever no kernel can run.

A convolution is checked and laid out once, as a ConvCall (call.py), and then computed by one of several kernels, a file
each. conv_pointer computes every call; the others are faster where they apply, and say `why_not` where they do not.
Every launch goes through launch.py.

Kernels run on CUDA devices, and with TRITON_INTERPRET=1 in the environment before the first import, on the CPU in
Triton's interpreter, slowly. This package imports without triton; what is in it does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.kernels.activation import NONE, Activation, Prologue
    from netdsl.kernels.call import ConvCall
    from netdsl.kernels.choice import candidates, choose
    from netdsl.kernels.convolution import conv, deconv, linear
    from netdsl.kernels.elementwise import pointwise
    from netdsl.kernels.interpreter import INTERPRETED
    from netdsl.kernels.launch import Config, Launch, Refused, observed
    from netdsl.kernels.norm import norm_affine
    from netdsl.kernels.pooling import global_pool, pool
    from netdsl.kernels.response_norm import lrn

# Late, so that an emitted module, which runs without triton too, can ask for what it needs.
_HOMES = {
    "activation": ("NONE", "Activation", "Prologue"),
    "call": ("ConvCall",),
    "choice": ("candidates", "choose"),
    "convolution": ("conv", "deconv", "linear"),
    "interpreter": ("INTERPRETED",),
    "launch": ("Config", "Launch", "Refused", "observed"),
    "elementwise": ("pointwise",),
    "pooling": ("global_pool", "pool"),
    "norm": ("norm_affine",),
    "response_norm": ("lrn",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "INTERPRETED",
    "NONE",
    "Activation",
    "Config",
    "ConvCall",
    "Launch",
    "Prologue",
    "Refused",
    "candidates",
    "choose",
    "conv",
    "deconv",
    "global_pool",
    "linear",
    "lrn",
    "norm_affine",
    "observed",
    "pointwise",
    "pool",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("torch", "triton"):
            raise
        raise ImportError(f"{__name__}.{name} needs {missing}: install netdsl[run] on Linux", name=missing) from error
