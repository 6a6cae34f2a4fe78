"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Trunk(nn.Module):
    """trunk(w = 4)"""

    def __init__(self, channels: int, w: int = 4) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, w, 3, padding=1)
        self.two = nn.Conv2d(w, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.one(x))
        y = self.two(y)
        return y.mean((2, 3))


class Trunk2(nn.Module):
    """trunk(w = 4)"""

    def __init__(self, channels: int, w: int = 4) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, w, 3, padding=1)
        self.two = nn.Conv2d(w, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.one(x))
        return self.two(x)


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.trunk1 = Trunk(3, w=5)
        self.linear = nn.Linear(6, 2)
        self.trunk2 = Trunk2(3)
        self.conv = nn.Conv2d(6, 1, 1)

    def forward(self, x: Tensor) -> NetFOutput:
        w = self.trunk1(x)  # 6
        y = self.linear(w)  # 2
        w = self.trunk2(x)  # 6x8x8
        z = self.conv(w)  # 1x8x8
        return NetFOutput(y, z)
