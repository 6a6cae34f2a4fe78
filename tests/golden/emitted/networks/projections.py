"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Basic(nn.Module):
    """basic(w, s = 1)"""

    def __init__(self, channels: int, w: int, s: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, w, 3, stride=s, padding=1, bias=False)
        self.batch_norm1 = nn.BatchNorm2d(w)
        self.conv2 = nn.Conv2d(w, w, 3, padding=1, bias=False)
        self.batch_norm2 = nn.BatchNorm2d(w)
        if s > 1 or channels != w:
            self.conv3 = nn.Conv2d(channels, w, 1, stride=s)
        self.has_conv3 = s > 1 or channels != w

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.batch_norm1(self.conv1(x)))
        if self.has_conv3:
            x = self.conv3(x)
        return F.relu(self.batch_norm2(self.conv2(y)) + x)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.basic1 = Basic(3, 4)
        self.basic2 = Basic(4, 4)
        self.basic3 = Basic(4, 8, s=2)
        self.basic4 = Basic(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        z = self.basic1(x)  # 4x8x8
        z = self.basic2(z)  # 4x8x8
        z = self.basic3(z)  # 8x4x4
        z = self.basic4(z)  # 8x4x4
        return z.mean((2, 3))  # 8
