"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Head(nn.Sequential):
    """head(classes)"""

    def __init__(self, classes: int, in_features: int) -> None:
        super().__init__(
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(in_features, 8),
            nn.ReLU(),
            nn.Linear(8, classes),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.head1 = Head(3, 256)
        self.conv2 = nn.Conv2d(3, 4, 3, padding=1)
        self.head2 = Head(5, 64)

    def forward(self, x: Tensor) -> NetFOutput:
        w = self.conv1(x)  # 4x16x16
        y = self.head1(w)  # 3
        w = F.max_pool2d(x, 2)  # 3x8x8
        w = self.conv2(w)  # 4x8x8
        z = self.head2(w)  # 5
        return NetFOutput(y, z)
