"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Parts(nn.Module):
    """parts(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.main = nn.Conv2d(channels, c, 3, padding=1)
        self.side = nn.Conv2d(c, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        a = self.main(x)
        x = self.side(a)
        return a, x


class Beside(nn.Module):
    """beside(others, c)"""

    def __init__(self, c: int, in_channels: int) -> None:
        super().__init__()
        self.join = nn.Conv2d(in_channels, c, 1)

    def forward(self, xs: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x, y = xs
        z, w = others
        x = torch.cat((x, z), 1)
        x = self.join(x)
        w = w - y
        return x, w


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.parts1 = Parts(3, 4)
        self.parts2 = Parts(3, 5)
        self.beside1 = Beside(3, 9)
        self.beside2 = Beside(2, 6)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.tanh(x)  # 3x6x6
        z, w = self.parts1(z)
        u, t = self.parts2(x)
        u, v = self.beside1((u, t), (z, w))
        p, q = self.beside2((z, w), (v, v))
        return torch.cat((u, v, p, q), 1)  # 9x6x6
