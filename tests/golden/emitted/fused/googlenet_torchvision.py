"""GoogLeNet as torchvision has it (Szegedy et al., Going deeper with convolutions, 2014).

Written by netdsl from googlenet_torchvision.net.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from netdsl.kernels.fused import conv_bn_relu
from torch import Tensor, nn

__all__ = ["GoogLeNetTorchvision", "GoogLeNetTorchvisionOutput"]


class ConvBn(nn.Module):
    """torchvision's `BasicConv2d`."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return conv_bn_relu(x, self.conv, self.bn)


class InceptionBn(nn.Module):
    """torchvision's module: the branch of the paper's 5x5 has a 3x3."""

    def __init__(self, channels: int, n1: int, r3: int, n3: int, r5: int, n5: int, pool: int) -> None:
        super().__init__()
        self.branch1 = ConvBn(channels, n1, 1)
        self.branch2 = nn.Sequential(ConvBn(channels, r3, 1), ConvBn(r3, n3, 3))
        self.branch3 = nn.Sequential(ConvBn(channels, r5, 1), ConvBn(r5, n5, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), ConvBn(channels, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        branch4 = self.branch4(x)
        return torch.cat((branch1, branch2, branch3, branch4), 1)


class SideHeadBn(nn.Module):
    """torchvision's `InceptionAux`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv = ConvBn(channels, 128, 1)
        self.fc1 = nn.Linear(2048, 1024)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(x, 4)
        x = self.conv(x)
        x = x.flatten(1)
        x = self.dropout(F.relu(self.fc1(x)))
        return self.fc2(x)


class GoogLeNetTorchvisionOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    logits: Tensor
    aux_logits2: Tensor
    aux_logits1: Tensor


class GoogLeNetTorchvision(nn.Module):
    """torchvision's `googlenet`, with its keys. It is TensorFlow's Inception v1, not the paper's network
    (`googlenet.net`): batch norm for biases and response norm, 3x3 for 5x5, and a last max pool of 2x2.
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = ConvBn(3, 64, 7, stride=2)
        self.conv2 = ConvBn(64, 64, 1)
        self.conv3 = ConvBn(64, 192, 3)
        self.inception3a = InceptionBn(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = InceptionBn(256, 128, 128, 192, 32, 96, 64)
        self.inception4a = InceptionBn(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = InceptionBn(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = InceptionBn(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = InceptionBn(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = InceptionBn(528, 256, 160, 320, 32, 128, 128)
        self.inception5a = InceptionBn(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = InceptionBn(832, 384, 192, 384, 48, 128, 128)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(1024, classes)
        self.aux2 = SideHeadBn(528, classes)
        self.aux1 = SideHeadBn(512, classes)

    def forward(self, image: Tensor, aux: bool = False) -> Tensor | GoogLeNetTorchvisionOutput:
        a = self.conv1(image)  # 64x112x112
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 64x56x56
        a = self.conv2(a)  # 64x56x56
        a = self.conv3(a)  # 192x56x56
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 192x28x28
        a = self.inception3a(a)  # 256x28x28
        a = self.inception3b(a)  # 480x28x28
        a = F.max_pool2d(a, 3, stride=2, ceil_mode=True)  # 480x14x14
        a = self.inception4a(a)  # 512x14x14
        b = self.inception4b(a)  # 512x14x14
        b = self.inception4c(b)  # 512x14x14
        b = self.inception4d(b)  # 528x14x14
        x = self.inception4e(b)  # 832x14x14
        x = F.max_pool2d(x, 2)  # 832x7x7
        x = self.inception5a(x)  # 832x7x7
        x = self.inception5b(x)  # 1024x7x7
        x = x.mean((2, 3))  # 1024
        x = self.dropout(x)  # 1024
        logits = self.fc(x)  # 1000
        if not (self.training or aux):
            return logits
        aux_logits2 = self.aux2(b)  # 1000
        aux_logits1 = self.aux1(a)  # 1000
        return GoogLeNetTorchvisionOutput(logits, aux_logits2, aux_logits1)

    @staticmethod
    def loss(outputs: Tensor | GoogLeNetTorchvisionOutput, label: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            raise ValueError(
                "the loss needs aux_logits2 and aux_logits1: call the network in training, or with aux=True"
            )
        x = F.cross_entropy(outputs.logits, label) + 0.3 * F.cross_entropy(outputs.aux_logits1, label)
        return x + 0.3 * F.cross_entropy(outputs.aux_logits2, label)
