"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Encoder(nn.Sequential):
    """encoder(dim = 6)"""

    def __init__(self, channels: int, dim: int = 6) -> None:
        super().__init__()
        for c in (4, 5):
            self.append(nn.Conv2d(channels, c, 3, padding=1))
            self.append(nn.BatchNorm2d(c))
            self.append(nn.ReLU())
            self.append(nn.MaxPool2d(2))
            channels = c
        self.append(nn.Flatten())
        self.append(nn.Linear(channels * 4, dim))


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    d: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Encoder(1, dim=7)
        self.one = nn.Conv2d(1, 1, 3, padding=1)
        self.linear = nn.Linear(7, 2)

    def forward(self, left: Tensor, right: Tensor) -> NetFOutput:
        a = self.one(left)  # 1x8x8
        a = self.tower(a)  # 7
        b = self.one(right)  # 1x8x8
        b = self.tower(b)  # 7
        x = (a - b).abs()  # 7
        y = self.linear(x)  # 2
        d = torch.linalg.vector_norm(a - b, dim=1)  # scalar
        return NetFOutput(y, d)
