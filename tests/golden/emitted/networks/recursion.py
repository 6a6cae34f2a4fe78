"""f(depth = 2, width = 3)

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Double(nn.Sequential):
    """double(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        for _ in range(2):
            self.append(nn.Conv2d(channels, c, 3))
            self.append(nn.ReLU())
            channels = c


class Level(nn.Module):
    """level(c, depth)"""

    def __init__(self, channels: int, c: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.double1 = Double(channels, c)
        if depth > 0:
            self.level = Level(c, 2 * c, depth - 1)
            self.deconv = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
            self.double2 = Double(2 * c, c)

    def forward(self, x: Tensor) -> Tensor:
        x = self.double1(x)
        if self.depth > 0:
            up = F.max_pool2d(x, 2)
            up = self.level(up)
            up = self.deconv(up)
            x = torch.cat((crop(x, up.shape[2:]), up), 1)
            x = self.double2(x)
        return x


class NetF(nn.Module):
    """f(depth = 2, width = 3)"""

    def __init__(self, depth: int = 2, width: int = 3) -> None:
        super().__init__()
        self.level = Level(1, width, depth)
        self.conv = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.level(x)  # 3x4x4
        return self.conv(z)  # 2x4x4


def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x
