"""GoogLeNet (Szegedy et al., Going deeper with convolutions, 2014).

Written by netdsl from googlenet.net.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["GoogLeNet", "GoogLeNetOutput"]


class ConvRelu(nn.Sequential):
    """All convolutions are rectified."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2),
            nn.ReLU(),
        )


class Inception(nn.Module):
    """The Inception module: a row of table 1 gives its six widths."""

    def __init__(self, channels: int, n1: int, r3: int, n3: int, r5: int, n5: int, pool: int) -> None:
        super().__init__()
        self.conv_relu1 = ConvRelu(channels, n1, 1)
        self.conv_relu2 = ConvRelu(channels, r3, 1)
        self.conv_relu3 = ConvRelu(r3, n3, 3)
        self.conv_relu4 = ConvRelu(channels, r5, 1)
        self.conv_relu5 = ConvRelu(r5, n5, 5)
        self.conv_relu6 = ConvRelu(channels, pool, 1)

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.conv_relu1(x)
        branch2 = self.conv_relu3(self.conv_relu2(x))
        branch3 = self.conv_relu5(self.conv_relu4(x))
        branch4 = self.conv_relu6(F.max_pool2d(x, 3, stride=1, padding=1))
        return torch.cat((branch1, branch2, branch3, branch4), 1)


class SideHead(nn.Module):
    """A classifier on the side, which helps the lower layers to learn (section 5)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv = ConvRelu(channels, 128, 1)
        self.fc1 = nn.Linear(2048, 1024)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 5, stride=3)
        x = self.conv(x)
        x = x.flatten(1)
        x = self.dropout(F.relu(self.fc1(x)))
        return self.fc2(x)


class GoogLeNetOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    logits: Tensor
    side1: Tensor
    side2: Tensor


class GoogLeNet(nn.Module):
    """Table 1, row by row, with both side heads of section 5: Caffe's bvlc_googlenet to the unit. The table's own
    figures leave out biases and count its first row as a separable convolution (2.7K weights); this 7x7 is dense
    (9.4K).
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = ConvRelu(3, 64, 7, stride=2)
        self.reduce2 = ConvRelu(64, 64, 1)
        self.conv2 = ConvRelu(64, 192, 3)
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(1024, classes)
        self.head1 = SideHead(512, classes)
        self.head2 = SideHead(528, classes)

    def forward(self, image: Tensor, aux: bool = False) -> Tensor | GoogLeNetOutput:
        a = self.conv1(image)  # 64x112x112
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 64x56x56
        a = F.local_response_norm(a, 5)  # 64x56x56
        a = self.reduce2(a)  # 64x56x56
        a = F.local_response_norm(self.conv2(a), 5)  # 192x56x56
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 192x28x28
        a = self.inception3a(a)  # 256x28x28
        a = self.inception3b(a)  # 480x28x28
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 480x14x14
        a = self.inception4a(a)  # 512x14x14
        b = self.inception4b(a)  # 512x14x14
        b = self.inception4c(b)  # 512x14x14
        b = self.inception4d(b)  # 528x14x14
        x = self.inception4e(b)  # 832x14x14
        x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)  # 832x7x7
        x = self.inception5a(x)  # 832x7x7
        x = self.inception5b(x)  # 1024x7x7
        x = x.mean((2, 3))  # 1024
        x = self.dropout(x)  # 1024
        logits = self.fc(x)  # 1000
        if not (self.training or aux):
            return logits
        side1 = self.head1(a)  # 1000
        side2 = self.head2(b)  # 1000
        return GoogLeNetOutput(logits, side1, side2)

    @staticmethod
    def loss(outputs: Tensor | GoogLeNetOutput, label: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            raise ValueError("the loss needs side1 and side2: call the network in training, or with aux=True")
        x = F.cross_entropy(outputs.logits, label) + 0.3 * F.cross_entropy(outputs.side1, label)
        return x + 0.3 * F.cross_entropy(outputs.side2, label)
