"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Halves(nn.Module):
    """halves"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels // 2, 3, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        a, b = x.chunk(2, 1)
        x = self.conv(a)
        y = F.relu(b)
        return x, y


class Joined(nn.Module):
    """joined"""

    def forward(self, xs: tuple[Tensor, ...]) -> Tensor:
        x, y = xs
        return torch.cat((y, x), 1)


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.halves = Halves(4)
        self.joined1 = Joined()
        self.conv = nn.Conv2d(5, 2, 1)
        self.joined2 = Joined()

    def forward(self, x: Tensor) -> NetFOutput:
        u, v = self.halves(x)
        w = self.joined1((u, v))  # 5x6x6
        y = self.conv(w)  # 2x6x6
        w, t = x.split((1, 3), 1)
        z = self.joined2((w, t))  # 4x6x6
        return NetFOutput(y, z)
