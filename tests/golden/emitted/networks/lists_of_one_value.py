"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class G(nn.Module):
    """g"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 3, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (self.conv(x),)


class H(nn.Module):
    """h"""

    def forward(self, xs: tuple[Tensor, ...]) -> Tensor:
        (x,) = xs
        return F.relu(x)


class S(nn.Module):
    """s"""

    def forward(self, x: Tensor) -> Tensor:
        (y,) = x.chunk(1, 1)
        return y - torch.tanh(x)


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.g1 = G(4)
        self.h = H()
        self.g2 = G(4)
        self.s = S()

    def forward(self, x: Tensor) -> NetFOutput:
        (w,) = self.g1(x)
        y = self.h((w,))  # 3x4x4
        (w,) = self.g2(x)
        z = self.s(w)  # 3x4x4
        return NetFOutput(y, z)
