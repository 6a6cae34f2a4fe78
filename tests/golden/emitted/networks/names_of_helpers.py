"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Cut(nn.Module):
    """cut(a)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 3, 1)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        x = crop(x, a.shape[2:])
        return self.conv(x)


class L2Normalise_(nn.Sequential):
    """l2_normalise_(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv2d(channels, c, 1),
            nn.ReLU(),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    out: Tensor
    index: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.cut = Cut(2)
        self.l2_normalise_ = L2Normalise_(3, 2)

    def forward(self, crop2: Tensor) -> NetFOutput:
        a = self.conv(crop2)  # 3x7x7
        crops = self.cut(crop2, a)  # 3x7x7
        x = torch.cat((crops, a), 1)  # 6x7x7
        _out = F.normalize(x)  # 6x7x7
        index = F.normalize(self.l2_normalise_(a))  # 2x7x7
        return NetFOutput(_out, index)


def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x
