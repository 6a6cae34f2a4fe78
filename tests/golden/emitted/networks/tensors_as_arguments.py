"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Up(nn.Module):
    """up(c, skip)"""

    def __init__(self, channels: int, skip_channels: int, c: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(channels, c, 2, stride=2)
        self.conv = nn.Conv2d(skip_channels + c, c, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        wide = self.deconv(x)
        x = torch.cat((crop(skip, wide.shape[2:]), wide), 1)
        return self.conv(x)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 5, 3, padding=1)
        self.conv3 = nn.Conv2d(5, 6, 3, padding=1)
        self.up1 = Up(6, 5, 4)
        self.up2 = Up(4, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv1(x)  # 3x17x17
        b = F.max_pool2d(a, 2)  # 3x8x8
        b = self.conv2(b)  # 5x8x8
        z = F.max_pool2d(b, 2)  # 5x4x4
        z = self.conv3(z)  # 6x4x4
        z = self.up1(z, b)  # 4x8x8
        return self.up2(z, a)  # 2x16x16


def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x
