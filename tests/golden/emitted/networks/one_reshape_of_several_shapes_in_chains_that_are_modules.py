"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class T(nn.Module):
    """t"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.kernel_size = channels * 20

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.dropout(x))
        return x.reshape(-1, self.kernel_size)


class U(nn.Module):
    """u"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_module("0", nn.PReLU(num_parameters=channels))
        self.kernel_size = channels * 20

    def forward(self, x: Tensor) -> Tensor:
        x = self.get_submodule("0")(x)
        return x.reshape(-1, self.kernel_size)


class NetFOutput(NamedTuple):
    """What the network returns."""

    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor
    e: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 7, 3, padding=1)
        self.t1 = T(7)
        self.t2 = T(4)
        self.conv2 = nn.Conv2d(4, 7, 3, padding=1)
        self.p = U(7)
        self.q = U(4)
        self.r = U(4)

    def forward(self, x: Tensor) -> NetFOutput:
        y = self.conv1(x)  # 7x5x4
        a = self.t1(y)  # 140
        b = self.t2(x)  # 80
        y = self.conv2(x)  # 7x5x4
        c = self.p(y)  # 140
        y = F.relu(x)  # 4x5x4
        d = self.q(y)  # 80
        y = torch.tanh(x)  # 4x5x4
        e = self.r(y)  # 80
        return NetFOutput(a, b, c, d, e)
