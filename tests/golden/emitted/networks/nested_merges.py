"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 1)
        self.conv2 = nn.Conv2d(4, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        branch2 = x + x * torch.sigmoid(self.conv1(x))  # 4x8x8
        branch3 = self.conv2(x)  # 3x8x8
        z = torch.cat((x, branch2, branch3), 1)  # 11x8x8
        return F.relu(z)  # 11x8x8
