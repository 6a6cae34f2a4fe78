"""MobileNet v2 (Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, 2018), table 2, with the keys
and the outputs of torchvision. The paper counts 3.4 million parameters and 300 million multiply-adds, and 6.9 and
585 for 1.4 times the width.

Written by netdsl from mobilenet_v2.net.
"""

import math

import torch.nn.functional as F
from netdsl.kernels.fused import FusedSequential
from torch import Tensor, nn

__all__ = ["MobileNetV2"]


class ConvBn(FusedSequential):
    """conv_bn(...args)"""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU6(),
        )


class Inverted(nn.Module):
    """Wide inside, narrow between; no activation at its end."""

    def __init__(self, channels: int, c: int, t: int, stride: int) -> None:
        super().__init__()
        conv = FusedSequential()
        if t > 1:
            conv.append(ConvBn(channels, t * channels, 1))
        conv.append(ConvBn(t * channels, t * channels, 3, stride=stride, groups=t * channels))
        conv.append(nn.Conv2d(t * channels, c, 1, bias=False))
        conv.append(nn.BatchNorm2d(c))
        self.conv = conv
        self.condition = stride == 1 and channels == c

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        if self.condition:
            x = x + y
        else:
            x = y
        return x


class MobileNetV2(nn.Module):
    """`alpha` makes all layers thinner, or wider; the last convolution only wider."""

    def __init__(self, alpha: int = 1, classes: int = 1000) -> None:
        super().__init__()
        features = nn.Sequential()
        features.append(ConvBn(3, 8 * max(int(32 * alpha + 4) // 8, math.ceil(0.9 * (32 * alpha) / 8)), 3, stride=2))
        channels = 8 * max(int(32 * alpha + 4) // 8, math.ceil(0.9 * (32 * alpha) / 8))
        for t, c, n, s in (
            (1, 16, 1, 1),
            (6, 24, 2, 2),
            (6, 32, 3, 2),
            (6, 64, 4, 2),
            (6, 96, 3, 1),
            (6, 160, 3, 2),
            (6, 320, 1, 1),
        ):
            for j in range(n):
                features.append(
                    Inverted(
                        channels,
                        8 * max(int(c * alpha + 4) // 8, math.ceil(0.9 * (c * alpha) / 8)),
                        t,
                        s if j == 0 else 1,
                    ),
                )
                channels = 8 * max(int(c * alpha + 4) // 8, math.ceil(0.9 * (c * alpha) / 8))
        features.append(
            ConvBn(
                channels, 8 * max(int(1280 * max(1, alpha) + 4) // 8, math.ceil(0.9 * (1280 * max(1, alpha)) / 8)), 1
            ),
        )
        self.features = features
        self.classifier = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(
                8 * max(int(1280 * max(1, alpha) + 4) // 8, math.ceil(0.9 * (1280 * max(1, alpha)) / 8)), classes
            ),
        )

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)  # 1280x7x7
        x = x.mean((2, 3))  # 1280
        return self.classifier(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
