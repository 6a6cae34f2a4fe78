"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class T(nn.Module):
    """t(n)"""

    def __init__(self, channels: int, n: int) -> None:
        super().__init__()
        self.n = n
        self.add_module("0", nn.PReLU(num_parameters=channels))

    def forward(self, x: Tensor) -> Tensor:
        x = squash(self.get_submodule("0")(x), -1)
        x = F.channel_shuffle(x, self.n)
        x = F.pad(x, (2, 2, 1, 1))
        return torch.tanh(x)


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor
    w: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(
            nn.PReLU(num_parameters=4),
            L2Normalise(),
            ResizeSize5_62d(),
            SliceStart1StopMinus1(),
            nn.ReLU(),
        )
        self.b = nn.Sequential(T(2, 2), T(2, 1))
        self.c = nn.Sequential(
            T(4, 4),
            Pad0_1_2_0Value0_52d(),
            Permute2_0_1(),
            nn.PReLU(num_parameters=10),
        )
        self.d = nn.Module()
        self.d.add_module("0", nn.Linear(6, 6))
        self.d.add_module("3", nn.Linear(6, 3))

    def forward(self, x: Tensor, v: Tensor) -> NetFOutput:
        u = self.a(x)  # 2x5x6
        y = self.b(u)  # 2x9x14
        z = self.c(x)  # 10x4x7
        u = squash(F.softmax(self.d.get_submodule("0")(v), 1), -1)  # 6
        w = F.log_softmax(self.d.get_submodule("3")(u), 1)  # 3
        return NetFOutput(y, z, w)


class L2Normalise(nn.Module):
    """l2_normalise"""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x)


class Pad0_1_2_0Value0_52d(nn.Module):
    """pad([[0, 1], [2, 0]], value = 0.5)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (2, 0, 0, 1), value=0.5)


class Permute2_0_1(nn.Module):
    """permute([2, 0, 1])"""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 1, 2)


class ResizeSize5_62d(nn.Module):
    """resize(size = [5, 6])"""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, size=(5, 6), mode="bilinear")


class SliceStart1StopMinus1(nn.Module):
    """slice(start = 1, stop = -1)"""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:-1]


def squash(x: Tensor, dim: int, eps: float = 1e-8) -> Tensor:
    """Shrink the vectors along `dim` to lengths below 1: |x|² / (1 + |x|²) · x / |x| (Sabour et al., 2017)."""
    square = x.square().sum(dim, keepdim=True)
    return square / (1 + square) * x / (square + eps).sqrt()
