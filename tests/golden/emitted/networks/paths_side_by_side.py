"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Wide(nn.Module):
    """wide(w, paths = 3, d = 2)"""

    def __init__(self, channels: int, w: int, d: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, d, 1)
        self.conv2 = nn.Conv2d(d, w, 1)
        self.conv3 = nn.Conv2d(channels, d, 1)
        self.conv4 = nn.Conv2d(d, w, 1)
        self.conv5 = nn.Conv2d(channels, d, 1)
        self.conv6 = nn.Conv2d(d, w, 1)

    def forward(self, x: Tensor) -> Tensor:
        branch2 = self.conv2(F.relu(self.conv1(x)))
        branch3 = self.conv4(F.relu(self.conv3(x)))
        branch4 = self.conv6(F.relu(self.conv5(x)))
        return F.relu(x + branch2 + branch3 + branch4)


class Wide2(nn.Module):
    """wide(w, paths = 3, d = 2)"""

    def __init__(self, channels: int, w: int, d: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, d, 1)
        self.conv2 = nn.Conv2d(d, w, 1)
        self.conv3 = nn.Conv2d(channels, d, 1)
        self.conv4 = nn.Conv2d(d, w, 1)

    def forward(self, x: Tensor) -> Tensor:
        branch2 = self.conv2(F.relu(self.conv1(x)))
        branch3 = self.conv4(F.relu(self.conv3(x)))
        return F.relu(x + branch2 + branch3)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.wide1 = Wide(4, 4)
        self.wide2 = Wide2(4, 4)
        self.conv1 = nn.Conv2d(4, 1, 1)
        self.conv2 = nn.Conv2d(4, 3, 3, padding=1)
        self.conv3 = nn.Conv2d(4, 5, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        z = self.wide1(x)  # 4x6x6
        z = self.wide2(z)  # 4x6x6
        branch1 = self.conv1(z)  # 1x6x6
        branch2 = self.conv2(z)  # 3x6x6
        branch3 = self.conv3(z)  # 5x6x6
        return torch.cat((branch1, branch2, branch3), 1)  # 9x6x6
