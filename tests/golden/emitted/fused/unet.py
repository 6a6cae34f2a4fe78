"""U-Net (Ronneberger, Fischer and Brox, U-Net: Convolutional networks for biomedical image segmentation, 2015): a U is
a level around a smaller U.

Written by netdsl from unet.net.
"""

import torch
import torch.nn.functional as F
from netdsl.kernels.fused import FusedSequential
from torch import Tensor, nn

__all__ = ["UNet"]


class Double(FusedSequential):
    """Two convolutions, each of which costs a border of one pixel."""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        for _ in range(2):
            self.append(nn.Conv2d(channels, c, 3))
            self.append(nn.ReLU())
            channels = c


class Level(nn.Module):
    """Down to a smaller U and back up, beside what came in, cropped to fit."""

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


class UNet(nn.Module):
    """Figure 1: 23 convolutions, four of them on the way up transposed, and no padding: 572 pixels give 388."""

    def __init__(self, classes: int = 2, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        self.level = Level(1, width, depth)
        self.conv = nn.Conv2d(width, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.level(image)  # 64x388x388
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
