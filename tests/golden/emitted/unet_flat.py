"""U-Net (Ronneberger, Fischer and Brox, 2015) without recursion, as figure 1 draws it. `unet.net` is the same network.

Written by netdsl from unet_flat.net.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["UNetFlat"]


class Double(nn.Sequential):
    """Two convolutions, each of which costs a border of one pixel."""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        for _ in range(2):
            self.append(nn.Conv2d(channels, c, 3))
            self.append(nn.ReLU())
            channels = c


class Up(nn.Module):
    """Twice the size, beside what the way down left, cropped to fit."""

    def __init__(self, channels: int, skip_channels: int, c: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(channels, c, 2, stride=2)
        self.double1 = Double(skip_channels + c, c)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        wide = self.deconv(x)
        x = torch.cat((crop(skip, wide.shape[2:]), wide), 1)
        return self.double1(x)


class UNetFlat(nn.Module):
    """unet_flat(classes = 2)"""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        self.double1 = Double(1, 64)
        self.double2 = Double(64, 128)
        self.double3 = Double(128, 256)
        self.double4 = Double(256, 512)
        self.double5 = Double(512, 1024)
        self.up1 = Up(1024, 512, 512)
        self.up2 = Up(512, 256, 256)
        self.up3 = Up(256, 128, 128)
        self.up4 = Up(128, 64, 64)
        self.conv = nn.Conv2d(64, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        e1 = self.double1(image)  # 64x568x568
        e2 = F.max_pool2d(e1, 2)  # 64x284x284
        e2 = self.double2(e2)  # 128x280x280
        e3 = F.max_pool2d(e2, 2)  # 128x140x140
        e3 = self.double3(e3)  # 256x136x136
        e4 = F.max_pool2d(e3, 2)  # 256x68x68
        e4 = self.double4(e4)  # 512x64x64
        e5 = F.max_pool2d(e4, 2)  # 512x32x32
        e5 = self.double5(e5)  # 1024x28x28
        x = self.up1(e5, e4)  # 512x52x52
        x = self.up2(x, e3)  # 256x100x100
        x = self.up3(x, e2)  # 128x196x196
        x = self.up4(x, e1)  # 64x388x388
        return self.conv(x)  # 2x388x388

    @staticmethod
    def loss(scores: Tensor, mask: Tensor) -> Tensor:
        return F.cross_entropy(scores, mask)


def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x
