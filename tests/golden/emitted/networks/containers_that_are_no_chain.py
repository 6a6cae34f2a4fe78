"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Module()
        self.stem.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.stem.conv2 = nn.Conv2d(3, 2, 1)
        self.both = nn.Module()
        self.both.left = nn.Conv2d(6, 3, 1)
        self.both.right = nn.Sequential(
            nn.Conv2d(6, 2, 1),
            nn.ReLU(),
            nn.Conv2d(2, 3, 1),
        )
        self.head = nn.Sequential(nn.Conv2d(6, 2, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.stem.conv1(x))  # 4x8x8
        z = torch.cat((a, self.stem.conv2(x)), 1)  # 6x8x8
        z = torch.cat((self.both.left(z), self.both.right(z)), 1)  # 6x8x8
        return self.head(z)  # 2x8x8
