"""A Sequential whose stages are call sites where they can be."""

from __future__ import annotations

from torch import Tensor, nn

from netdsl.kernels.sites.calls import fused
from netdsl.kernels.sites.conditions import bare, possible

ACTIVATIONS = {nn.ReLU: "relu", nn.ReLU6: "relu6", nn.LeakyReLU: "leaky_relu", nn.SiLU: "silu"}


class FusedSequential(nn.Sequential):
    """nn.Sequential, but a convolution takes along the batch norm and the activation that stand right behind it."""

    def forward(self, x: Tensor) -> Tensor:
        if not possible(x):
            return super().forward(x)
        for conv, bn, activation in stages(list(self)):
            y = None
            if bn is not None or activation is not None:
                slope = getattr(activation, "negative_slope", 0.0)
                y = fused(x, conv, bn, None, ACTIVATIONS.get(type(activation), "none"), slope)
            if y is None:
                y = conv(x)
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
