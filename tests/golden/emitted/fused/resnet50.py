"""ResNet (He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2015), table 1, with the keys and the
outputs of torchvision.

Written by netdsl from resnet.net.
"""

import torch.nn.functional as F
from netdsl.kernels.fused import FusedSequential, conv_bn_add_relu, conv_bn_relu
from torch import Tensor, nn

__all__ = ["ResNet50"]


class Shortcut(FusedSequential):
    """The identity, or the projection of option B where the size changes."""

    def __init__(self, channels: int, c: int, stride: int) -> None:
        super().__init__()
        if stride > 1 or channels != c:
            self.append(nn.Conv2d(channels, c, 1, stride=stride, bias=False))
            self.append(nn.BatchNorm2d(c))


class Bottleneck(nn.Module):
    """Version "1.5": the 3x3 strides. The paper strides the first 1x1: the same parameters, and 3.86, 7.57 and 11.28
    GMAC for its 50, 101 and 152 layers.
    """

    def __init__(self, channels: int, width: int, stride: int = 1, groups: int = 1, base: int = 64) -> None:
        super().__init__()
        inner = width * base // 64 * groups
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = Shortcut(channels, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = conv_bn_relu(x, self.conv1, self.bn1)
        y = conv_bn_relu(y, self.conv2, self.bn2)
        return conv_bn_add_relu(y, self.conv3, self.bn3, self.downsample(x))


class Stage(nn.Sequential):
    """`n` units; the first one strides."""

    def __init__(self, channels: int, width: int, n: int, stride: int = 2) -> None:
        super().__init__()
        self.append(Bottleneck(channels, width, stride=stride))
        for _ in range(n - 1):
            self.append(Bottleneck(4 * width, width))


class ResNet50(nn.Module):
    """resnet50 = resnet(bottleneck, [3, 4, 6, 3])"""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = Stage(64, 64, 3, stride=1)
        self.layer2 = Stage(256, 128, 4)
        self.layer3 = Stage(512, 256, 6)
        self.layer4 = Stage(1024, 512, 3)
        self.fc = nn.Linear(2048, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = conv_bn_relu(image, self.conv1, self.bn1)  # 64x112x112
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # 64x56x56
        x = self.layer1(x)  # 256x56x56
        x = self.layer2(x)  # 512x28x28
        x = self.layer3(x)  # 1024x14x14
        x = self.layer4(x)  # 2048x7x7
        x = x.mean((2, 3))  # 2048
        return self.fc(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
