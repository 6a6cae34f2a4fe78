"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 4, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv1(x)  # 4x8x8
        b = self.conv2(x)  # 4x8x8
        z = a - b  # 4x8x8
        w = a / 2  # 4x8x8
        v = 2 - b  # 4x8x8
        u = a * b  # 4x8x8
        return torch.cat((b, z, w, v, u), 1)  # 20x8x8
