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
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.conv3 = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv1(x)  # 4x8x8
        b = F.relu(a)  # 4x8x8
        b = self.conv2(b)  # 4x8x8
        c = torch.tanh(b)  # 4x8x8
        branch3 = self.conv3(b)  # 2x8x8
        return torch.cat((a, c, branch3, x), 1)  # 13x8x8
