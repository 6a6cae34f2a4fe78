"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class G(nn.Module):
    """g"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels // 2, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        a, b = x.chunk(2, 1)
        x = self.conv(b)
        return (a, x), b


class H(nn.Module):
    """h"""

    def forward(self, xs: tuple[Tensor, ...]) -> Tensor:
        x, y = xs
        x, z = x
        return torch.cat((y, z, x), 1)


class K(nn.Module):
    """k(others)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels + 5, 2, 1)

    def forward(self, x: Tensor, others: tuple[Tensor, ...]) -> Tensor:
        y, z = others
        y, w = y
        x = torch.cat((x, z, y, w), 1)
        return self.conv(x)


class Deep(nn.Module):
    """deep"""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        a, b = x.chunk(2, 1)
        return a, (b, (a, b))


class Read(nn.Module):
    """read"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 2, 1)

    def forward(self, xs: tuple[Tensor, ...]) -> Tensor:
        x, y = xs
        y, z = y
        z, w = z
        x = torch.cat((x, y, z, w), 1)
        return self.conv(x)


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor
    w: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.g = G(4)
        self.h = H()
        self.k = K(4)
        self.deep = Deep()
        self.read = Read()

    def forward(self, x: Tensor) -> NetFOutput:
        v, u = self.g(x)
        v, t = v
        y = self.h(((v, t), u))  # 5x4x4
        z = self.k(x, ((v, t), u))  # 2x4x4
        v, u = self.deep(x)
        u, t = u
        t, s = t
        w = self.read((v, (u, (t, s))))  # 2x4x4
        return NetFOutput(y, z, w)
