"""f(n = 4)

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns."""

    map_: Tensor
    scores: Tensor
    raw: Tensor


class NetF(nn.Module):
    """f(n = 4)"""

    def __init__(self, n: int = 4) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, n, 3, padding=1)
        self.conv2 = nn.Conv2d(2 * n, n, 3, padding=1)
        self.linear = nn.Linear(n + 5, 3)

    def forward(self, image: Tensor, flow: Tensor, v: Tensor) -> NetFOutput:
        a = self.conv1(image)  # 4x8x8
        b = self.conv2(flow)  # 4x8x8
        map_ = torch.cat((a, b), 1)  # 8x8x8
        x = torch.cat((a.mean((2, 3)), v), 1)  # 9
        scores = F.softmax(self.linear(x), 1)  # 3
        return NetFOutput(map_, scores, v)
