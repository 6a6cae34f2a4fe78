"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Encoder(nn.Sequential):
    """encoder(dim)"""

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__(
            nn.Flatten(),
            nn.Linear(channels * 16, dim),
        )


class Tower(nn.Sequential):
    """encoder(3) -> l2_normalise"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            Encoder(channels, 3),
            L2Normalise(),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower(1)

    def forward(self, a: Tensor, b: Tensor) -> NetFOutput:
        y = self.tower(a)  # 3
        z = torch.cat((self.tower(b), self.tower(a)), 1)  # 6
        return NetFOutput(y, z)


class L2Normalise(nn.Module):
    """l2_normalise"""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x)
