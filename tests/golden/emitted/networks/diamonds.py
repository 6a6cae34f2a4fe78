"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class D(nn.Module):
    """d(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, c, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, c - 2, 1)
        self.conv3 = nn.Conv2d(channels, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(self.conv3(x))
        y = torch.cat((self.conv2(x), y), 1)
        return F.relu(self.conv1(x)) + y


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.d1 = D(3, 6)
        self.d2 = D(6, 6)
        self.d3 = D(6, 6)
        self.d4 = D(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        z = self.d1(x)  # 6x8x8
        z = self.d2(z)  # 6x8x8
        w = self.d3(z)  # 6x8x8
        return z + self.d4(w)  # 6x8x8
