"""ResNet (He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2015), table 1, with the keys and the
outputs of torchvision.

Written by netdsl from resnet.net.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ResNet34"]


class Shortcut(nn.Sequential):
    """The identity, or the projection of option B where the size changes."""

    def __init__(self, channels: int, c: int, stride: int) -> None:
        super().__init__()
        if stride > 1 or channels != c:
            self.append(nn.Conv2d(channels, c, 1, stride=stride, bias=False))
            self.append(nn.BatchNorm2d(c))


class Basic(nn.Module):
    """basic(width, stride = 1)"""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = Shortcut(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y)) + self.downsample(x)
        return F.relu(y)


class Stage(nn.Sequential):
    """`n` units; the first one strides."""

    def __init__(self, channels: int, width: int, n: int, stride: int = 2) -> None:
        super().__init__()
        self.append(Basic(channels, width, stride=stride))
        for _ in range(n - 1):
            self.append(Basic(width, width))


class ResNet34(nn.Module):
    """resnet34 = resnet(basic, [3, 4, 6, 3])"""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = Stage(64, 64, 3, stride=1)
        self.layer2 = Stage(64, 128, 4)
        self.layer3 = Stage(128, 256, 6)
        self.layer4 = Stage(256, 512, 3)
        self.fc = nn.Linear(512, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)))  # 64x112x112
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # 64x56x56
        x = self.layer1(x)  # 64x56x56
        x = self.layer2(x)  # 128x28x28
        x = self.layer3(x)  # 256x14x14
        x = self.layer4(x)  # 512x7x7
        x = x.mean((2, 3))  # 512
        return self.fc(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
