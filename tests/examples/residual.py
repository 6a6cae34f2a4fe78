"""References written by hand, in the papers' terms: residual, plain and dense networks, and the LeNet-5 of 1998."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv(inputs: int, width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, width, kernel, stride, kernel // 2, bias=False)


class Unit(nn.Module):
    """Two 3x3 convolutions; the shortcut is of option A, or there is none."""

    def __init__(self, inputs: int, width: int, stride: int, plain: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.stride, self.more, self.plain = stride, width - inputs, plain

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if not self.plain:
            x = x[:, :, :: self.stride, :: self.stride]
            y = y + torch.cat((x, x.new_zeros(x.shape[0], self.more, *x.shape[2:])), 1)
        return y.relu()


class Bottleneck(nn.Module):
    """The unit of 2015, whose first 1x1 strides."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 1, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        changes = stride > 1 or inputs != 4 * width
        self.shortcut = (
            nn.Sequential(conv(inputs, 4 * width, 1, stride), nn.BatchNorm2d(4 * width)) if changes else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        return (y + (self.shortcut(x) if self.shortcut else x)).relu()


class Preact(nn.Module):
    """The unit of 2016: `late` strides the 3x3."""

    def __init__(self, inputs: int, width: int, stride: int, late: bool = False) -> None:
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, width, 1, 1 if late else stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv(width, width, 3, stride if late else 1)
        self.bn3, self.conv3 = nn.BatchNorm2d(width), conv(width, 4 * width, 1)
        self.shortcut = conv(inputs, 4 * width, 1, stride) if stride > 1 or inputs != 4 * width else None

    def forward(self, x: Tensor) -> Tensor:
        active = self.bn1(x).relu()
        y = self.conv1(active)
        y = self.conv2(self.bn2(y).relu())
        y = self.conv3(self.bn3(y).relu())
        return y + (self.shortcut(active) if self.shortcut else x)


def residual(
    unit: Callable[[int, int, int], nn.Module],
    depths: tuple[int, ...],
    *,
    width: int = 64,
    expansion: int = 1,
    last: bool = False,
) -> nn.Module:
    """The network around the units: ImageNet's of width 64, or CIFAR's of 16; `last` activates what leaves them."""
    stem: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False) if width == 64 else conv(3, width, 3)]
    stem += [nn.BatchNorm2d(width), nn.ReLU()]
    stem += [nn.MaxPool2d(3, 2, 1)] if width == 64 else []
    units, c = [], width
    for i, n in enumerate(depths):
        for j in range(n):
            units.append(unit(c, width * 2**i, 2 if i > 0 and j == 0 else 1))
            c = width * 2**i * expansion
    end: list[nn.Module] = [nn.BatchNorm2d(c), nn.ReLU()] if last else []
    return nn.Sequential(
        *stem, *units, *end, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 1000 if width == 64 else 10)
    )


class DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int, bottleneck: bool) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.BatchNorm2d(inputs), nn.ReLU()]
        if bottleneck:
            parts += [conv(inputs, 4 * growth, 1), nn.BatchNorm2d(4 * growth), nn.ReLU()]
            inputs = 4 * growth
        self.parts = nn.Sequential(*parts, conv(inputs, growth, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.parts(x)), 1)


def dense(n: int, growth: int, bc: bool) -> nn.Module:
    """DenseNet for CIFAR with three blocks of n layers; `bc` has bottlenecks, compression and a wider stem."""
    c = 2 * growth if bc else 16
    parts: list[nn.Module] = [conv(3, c, 3)]
    for block in range(3):
        if block > 0:
            kept = c // 2 if bc else c
            parts += [nn.BatchNorm2d(c), nn.ReLU(), conv(c, kept, 1), nn.AvgPool2d(2)]
            c = kept
        for _ in range(n):
            parts.append(DenseLayer(c, growth, bc))
            c += growth
    return nn.Sequential(*parts, nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


# Table I of the paper, column by column: the maps of S2 that each map of C3 reads.
TABLE_I = (
    *("012", "123", "234", "345", "045", "015"),
    *("0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235", "012345"),
)


def squashed(a: Tensor) -> Tensor:
    return 1.7159 * torch.tanh(2 * a / 3)


def subsampled(a: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """Four points are added; here the gain is of their mean."""
    total = a[:, :, ::2, ::2] + a[:, :, 1::2, ::2] + a[:, :, ::2, 1::2] + a[:, :, 1::2, 1::2]
    return squashed(total / 4 * gain[:, None, None] + bias[:, None, None])


def lenet5(x: Tensor, w: dict[str, Tensor]) -> Tensor:
    """The ten distances, C3 as one convolution whose missing connections are zero."""
    full = torch.zeros(16, 6, 5, 5, dtype=x.dtype)
    for i, maps in enumerate(TABLE_I):
        full[i, [int(m) for m in maps]] = w[f"c3.conv{i + 1}.weight"][0]
    biases = torch.cat([w[f"c3.conv{i + 1}.bias"] for i in range(16)])
    a = squashed(F.conv2d(x, w["c1.weight"], w["c1.bias"]))
    a = subsampled(a, w["s2.1.weight"], w["s2.1.bias"])
    a = subsampled(squashed(F.conv2d(a, full, biases)), w["s4.1.weight"], w["s4.1.bias"])
    a = squashed(F.conv2d(a, w["c5.weight"], w["c5.bias"])).flatten(1)
    a = squashed(F.linear(a, w["f6.weight"], w["f6.bias"]))
    return torch.stack([((a - code) ** 2).sum(1) for code in w["rbf"][0].unbind(1)], 1)


def lenet5_loss(distances: Tensor, label: Tensor, j: float) -> Tensor:
    """Equation 9: the right class's distance, and the logarithm that keeps the others away."""
    right = distances[torch.arange(len(label)), label]
    rubbish = torch.full_like(right, -j).exp()
    return (right + (rubbish + (-distances).exp().sum(1)).log()).mean()
