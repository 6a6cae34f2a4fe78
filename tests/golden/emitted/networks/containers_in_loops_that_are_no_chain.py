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
        self.body = nn.Module()
        self.body.stem0 = nn.Conv2d(3, 1, 1)
        self.body.in0 = nn.Module()
        self.body.in0.conv0 = nn.Conv2d(1, 2, 1)
        self.body.in0.halves0 = nn.Module()
        self.body.in0.halves0.first = nn.Conv2d(2, 6, 1)
        self.body.stem1 = nn.Conv2d(6, 2, 1)
        self.body.in1 = nn.Module()
        self.body.in1.conv0 = nn.Conv2d(2, 2, 1)
        self.body.in1.halves0 = nn.Module()
        self.body.in1.halves0.first = nn.Conv2d(2, 6, 1)
        self.body.in1.conv1 = nn.Conv2d(6, 3, 1)
        self.body.in1.halves1 = nn.Module()
        self.body.in1.halves1.first = nn.Conv2d(3, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        u = self.body.stem0(x)  # 1x8x8
        u = self.body.in0.conv0(u)  # 2x8x8
        u = self.body.in0.halves0.first(u)  # 6x8x8
        u, v = u.chunk(2, 1)
        u = torch.cat((v, F.relu(u)), 1)  # 6x8x8
        u = self.body.stem1(u)  # 2x8x8
        u = self.body.in1.conv0(u)  # 2x8x8
        u = self.body.in1.halves0.first(u)  # 6x8x8
        u, v = u.chunk(2, 1)
        u = torch.cat((v, F.relu(u)), 1)  # 6x8x8
        u = self.body.in1.conv1(u)  # 3x8x8
        u = self.body.in1.halves1.first(u)  # 6x8x8
        u, v = u.chunk(2, 1)
        return torch.cat((v, F.relu(u)), 1)  # 6x8x8
