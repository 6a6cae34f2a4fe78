"""Call sites: what emitted modules write where a convolution, its batch norm, a sum and an activation follow each other.

A name says what is computed: `conv_bn_add_relu(x, conv, bn, residual)` is `relu(bn(conv(x)) + residual)`. The modules
stay what they are, and are read anew at every call. Where the kernel can run (see `conditions`) all of it is one kernel;
anywhere else, in training and on the CPU too, the modules themselves are called, and the result is theirs to the bit.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from netdsl.kernels.sites.conditions import fit, possible
from netdsl.kernels.sites.operator import FUSED_CONV


def fused(
    x: Tensor,
    conv: nn.Module,
    bn: nn.Module | None = None,
    residual: Tensor | None = None,
    activation: str = "none",
    slope: float = 0.0,
) -> Tensor | None:
    """All of it in one kernel, or None where the layers must run."""
    if not (possible(x) and fit(x, conv, bn, residual)):
        return None
    norm = (None, None, None, None, 0.0) if bn is None else (bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps)
    settings = (conv.stride, conv.padding, conv.dilation, conv.groups)
    return FUSED_CONV(x, conv.weight, conv.bias, *norm, residual, *settings, activation, slope)  # type: ignore[no-any-return]


def conv_relu(x: Tensor, conv: nn.Module) -> Tensor:
    y = fused(x, conv, activation="relu")
    return F.relu(conv(x)) if y is None else y


def conv_relu6(x: Tensor, conv: nn.Module) -> Tensor:
    y = fused(x, conv, activation="relu6")
    return F.relu6(conv(x)) if y is None else y


def conv_leaky_relu(x: Tensor, conv: nn.Module, negative_slope: float = 0.01) -> Tensor:
    y = fused(x, conv, activation="leaky_relu", slope=negative_slope)
    return F.leaky_relu(conv(x), negative_slope) if y is None else y


def conv_silu(x: Tensor, conv: nn.Module) -> Tensor:
    y = fused(x, conv, activation="silu")
    return F.silu(conv(x)) if y is None else y


def conv_add(x: Tensor, conv: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, residual=residual)
    return conv(x) + residual if y is None else y


def conv_add_relu(x: Tensor, conv: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, residual=residual, activation="relu")
    return F.relu(conv(x) + residual) if y is None else y


def conv_add_relu6(x: Tensor, conv: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, residual=residual, activation="relu6")
    return F.relu6(conv(x) + residual) if y is None else y


def conv_add_leaky_relu(x: Tensor, conv: nn.Module, residual: Tensor, negative_slope: float = 0.01) -> Tensor:
    y = fused(x, conv, residual=residual, activation="leaky_relu", slope=negative_slope)
    return F.leaky_relu(conv(x) + residual, negative_slope) if y is None else y


def conv_add_silu(x: Tensor, conv: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, residual=residual, activation="silu")
    return F.silu(conv(x) + residual) if y is None else y


def conv_bn(x: Tensor, conv: nn.Module, bn: nn.Module) -> Tensor:
    y = fused(x, conv, bn)
    return bn(conv(x)) if y is None else y


def conv_bn_relu(x: Tensor, conv: nn.Module, bn: nn.Module) -> Tensor:
    y = fused(x, conv, bn, activation="relu")
    return F.relu(bn(conv(x))) if y is None else y


def conv_bn_relu6(x: Tensor, conv: nn.Module, bn: nn.Module) -> Tensor:
    y = fused(x, conv, bn, activation="relu6")
    return F.relu6(bn(conv(x))) if y is None else y


def conv_bn_leaky_relu(x: Tensor, conv: nn.Module, bn: nn.Module, negative_slope: float = 0.01) -> Tensor:
    y = fused(x, conv, bn, activation="leaky_relu", slope=negative_slope)
    return F.leaky_relu(bn(conv(x)), negative_slope) if y is None else y


def conv_bn_silu(x: Tensor, conv: nn.Module, bn: nn.Module) -> Tensor:
    y = fused(x, conv, bn, activation="silu")
    return F.silu(bn(conv(x))) if y is None else y


def conv_bn_add(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, bn, residual)
    return bn(conv(x)) + residual if y is None else y


def conv_bn_add_relu(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, bn, residual, activation="relu")
    return F.relu(bn(conv(x)) + residual) if y is None else y


def conv_bn_add_relu6(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, bn, residual, activation="relu6")
    return F.relu6(bn(conv(x)) + residual) if y is None else y


def conv_bn_add_leaky_relu(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor, negative_slope: float = 0.01) -> Tensor:
    y = fused(x, conv, bn, residual, activation="leaky_relu", slope=negative_slope)
    return F.leaky_relu(bn(conv(x)) + residual, negative_slope) if y is None else y


def conv_bn_add_silu(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, bn, residual, activation="silu")
    return F.silu(bn(conv(x)) + residual) if y is None else y
