"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns."""

    a: Tensor
    b: Tensor
    c: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> NetFOutput:
        a = self.conv1(x)  # 4x6x6
        y = F.relu(a)  # 4x6x6
        b = self.conv2(y)  # 2x6x6
        c = torch.cat((a, b), 1)  # 6x6x6
        return NetFOutput(a, b, c)
