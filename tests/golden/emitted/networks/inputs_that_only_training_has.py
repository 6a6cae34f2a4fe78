"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Conv2d(2, 4, 3, padding=1)

    def forward(
        self, a: Tensor, b: Tensor | None = None, label: Tensor | None = None, aux: bool = False
    ) -> Tensor | NetFOutput:
        x = self.tower(a)  # 4x6x6
        y = x.mean((2, 3))  # 4
        if not (self.training or aux):
            return y
        if b is None or label is None:
            raise ValueError("training needs b and label too")
        x = self.tower(b)  # 4x6x6
        w = y * F.one_hot(label, 4).float()  # 4
        z = torch.cat((x.mean((2, 3)), w), 1)  # 8
        return NetFOutput(y, z)
