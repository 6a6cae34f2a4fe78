"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class T(nn.Sequential):
    """t"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.PReLU(num_parameters=channels),
            MeanAxis1_2KeepTrue(),
            Exp(),
            Sum2d(),
        )


class U(nn.Sequential):
    """u"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.PReLU(num_parameters=channels),
            Sum1d(),
            Exp(),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    a: Tensor
    b: Tensor
    c: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.t1 = T(2)
        self.u = U(3)
        self.t2 = T(2)

    def forward(self, x: Tensor, v: Tensor) -> NetFOutput:
        a = self.t1(x)  # scalar
        b = self.u(v)  # scalar
        y = torch.tanh(x)  # 2x5x8
        c = self.t2(y)  # scalar
        return NetFOutput(a, b, c)


class Exp(nn.Module):
    """exp"""

    def forward(self, x: Tensor) -> Tensor:
        return x.exp()


class MeanAxis1_2KeepTrue(nn.Module):
    """mean(axis = [1, 2], keep = true)"""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)


class Sum1d(nn.Module):
    """sum"""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((1, 2))


class Sum2d(nn.Module):
    """sum"""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((1, 2, 3))
