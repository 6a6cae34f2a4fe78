"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Level(nn.Module):
    """level(c, depth)"""

    def __init__(self, channels: int, c: int, depth: int, in_channels2: int, in_channels: int) -> None:
        super().__init__()
        self.depth = depth
        self.conv1 = nn.Conv2d(channels, c, 1)
        if depth > 0:
            self.conv2 = nn.Conv2d(c, c, 1)
            self.level = Level(c, c + 1, depth - 1, 8, in_channels2)
            self.conv3 = nn.Conv2d(in_channels, c, 1)
        else:
            self.conv4 = nn.Conv2d(c, c + 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        if self.depth > 0:
            y = self.level(x)
            x = self.conv2(x) + self.conv3(y)
        else:
            x = self.conv4(x)
        return x


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.level1 = Level(4, 6, 1, 8, 8)
        self.level2 = Level(4, 1, 2, 4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.level1(x), self.level2(x)), 1)  # 7x6x6
