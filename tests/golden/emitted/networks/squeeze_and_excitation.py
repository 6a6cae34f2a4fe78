"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Se(nn.Module):
    """se(r)"""

    def __init__(self, channels: int, r: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(channels, channels // r)
        self.linear2 = nn.Linear(channels // r, r * (channels // r))

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean((2, 3))
        y = F.relu(self.linear1(y))
        return x * torch.sigmoid(self.linear2(y))[:, :, None, None]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.se1 = Se(6, 3)
        self.conv = nn.Conv2d(6, 4, 1)
        self.se2 = Se(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = F.relu(self.se1(x))  # 6x5x5
        z = self.conv(z)  # 4x5x5
        return self.se2(z)  # 4x5x5
