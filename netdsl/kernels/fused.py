"""Call sites: what emitted modules write where a batch norm, a sum or an activation follows a convolution.

A name says what is computed: `conv_bn_add_relu(x, conv, bn, residual)` is `relu(bn(conv(x)) + residual)`. The modules
stay what they are, and are read anew at every call. Where a kernel can run (see `conditions`) it computes all of that
at once; anywhere else, in training and on the CPU too, the modules are called, and the result is theirs to the bit.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from netdsl.kernels.conditions import bare, fit, possible
from netdsl.kernels.operator import FUSED_CONV

ACTIVATIONS = {nn.ReLU: "relu", nn.ReLU6: "relu6", nn.LeakyReLU: "leaky_relu", nn.SiLU: "silu"}


def fused(
    x: Tensor,
    conv: nn.Module,
    bn: nn.Module | None = None,
    residual: Tensor | None = None,
    activation: str = "none",
    slope: float = 0.0,
) -> Tensor | None:
    """All of it at once, or None where the modules must be called."""
    if not (possible(x) and fit(x, conv, bn, residual)):
        return None
    norm = (bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps) if bn else (None, None, None, None, 0.0)
    window = (conv.stride, conv.padding, conv.dilation, conv.groups)
    y: Tensor = FUSED_CONV(x, conv.weight, conv.bias, *norm, residual, *window, activation, slope)
    return y


class FusedSequential(nn.Sequential):
    """nn.Sequential, but a convolution takes along the batch norm and the activation that stand right behind it."""

    def forward(self, x: Tensor) -> Tensor:
        if not possible(x):
            for layer in self:
                x = layer(x)
            return x
        for layer, bn, activation in stages(list(self)):
            y = None
            if bn is not None or activation is not None:
                slope = getattr(activation, "negative_slope", 0.0)
                y = fused(x, layer, bn, None, ACTIVATIONS.get(type(activation), "none"), slope)
            if y is None:
                y = layer(x)
                y = y if bn is None else bn(y)
                y = y if activation is None else activation(y)
            x = y
        return x


def stages(layers: list[nn.Module]) -> list[tuple[nn.Module, nn.Module | None, nn.Module | None]]:
    """The layers in order: each convolution with its batch norm and its activation, any other layer by itself."""
    found = []
    while layers:
        layer, *layers = layers
        bn = activation = None
        if type(layer) is nn.Conv2d:
            if layers and type(layers[0]) is nn.BatchNorm2d:
                bn, *layers = layers
            if layers and type(layers[0]) in ACTIVATIONS and bare(layers[0]):
                activation, *layers = layers
        found.append((layer, bn, activation))
    return found


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


def conv_bn_add_leaky_relu(
    x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor, negative_slope: float = 0.01
) -> Tensor:
    y = fused(x, conv, bn, residual, activation="leaky_relu", slope=negative_slope)
    return F.leaky_relu(bn(conv(x)) + residual, negative_slope) if y is None else y


def conv_bn_add_silu(x: Tensor, conv: nn.Module, bn: nn.Module, residual: Tensor) -> Tensor:
    y = fused(x, conv, bn, residual, activation="silu")
    return F.silu(bn(conv(x)) + residual) if y is None else y
