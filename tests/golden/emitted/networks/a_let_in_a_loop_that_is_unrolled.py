"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Level(nn.Module):
    """level(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 1, 3, padding=1)
        self.conv2 = nn.Conv2d(1, c, 1)
        self.conv3 = nn.Conv2d(c, 1, 3, padding=1)
        self.conv4 = nn.Conv2d(1, 1 + c, 1)
        self.conv5 = nn.Conv2d(1 + c, 1, 3, padding=1)
        self.conv6 = nn.Conv2d(1, 2 + c, 1)
        self.conv7 = nn.Conv2d(2 + c, 1, 1)
        self.out_channels = 2 + c + 1

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.conv2(x)
        x = self.conv3(x)
        x = self.conv4(x)
        x = self.conv5(x)
        x = self.conv6(x)
        return torch.cat((x, self.conv7(x)), 1)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.level1 = Level(4, 2)
        self.level2 = Level(self.level1.out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.level1(x)  # 5x6x6
        return self.level2(z)  # 4x6x6
