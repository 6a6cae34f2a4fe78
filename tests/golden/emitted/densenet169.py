"""DenseNet-BC (Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks, 2016), table 1,
with the keys and the outputs of torchvision.

Written by netdsl from densenet.net.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["DenseNet169"]


class DenseLayer(nn.Module):
    """What came in, and `growth` new maps made from all of it."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(x))
        y = F.relu(self.norm2(self.conv1(y)))
        return torch.cat((x, self.conv2(y)), 1)


class Transition(nn.Module):
    """Half the maps at half the size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(x))
        x = self.conv(x)
        return F.avg_pool2d(x, 2)


class DenseNet169(nn.Module):
    """densenet169 = densenet([6, 12, 32, 32])"""

    def __init__(self, growth: int = 32, stem: int = 64, classes: int = 1000) -> None:
        super().__init__()
        features = nn.Sequential()
        features.add_module("conv0", nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False))
        features.add_module("norm0", nn.BatchNorm2d(stem))
        features.add_module("relu", nn.ReLU())
        features.add_module("max_pool", nn.MaxPool2d(3, stride=2, padding=1))
        channels = stem
        for i, n in enumerate((6, 12, 32, 32)):
            if i > 0:
                features.add_module(f"transition{i}", Transition(channels))
                channels //= 2
            denseblock = nn.Sequential()
            for j in range(n):
                denseblock.add_module(f"denselayer{j + 1}", DenseLayer(channels, growth))
                channels += growth
            features.add_module(f"denseblock{i + 1}", denseblock)
        features.add_module("norm5", nn.BatchNorm2d(channels))
        self.features = features
        self.classifier = nn.Linear(channels, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.features(image))  # 1664x7x7
        x = x.mean((2, 3))  # 1664
        return self.classifier(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
