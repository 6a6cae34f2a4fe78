"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Module):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, c, 1)
        self.group = nn.Module()
        self.group.t = nn.Conv2d(channels, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        v = self.group.t(x)
        y = torch.tanh(x)
        y = v - self.group.t(y)
        return torch.cat((self.conv(x), y), 1)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit = Unit(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.unit(x)  # 7x8x8
