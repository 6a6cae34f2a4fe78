"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class H(nn.Module):
    """h(c)"""

    def forward(self, x: Tensor) -> Tensor:
        return x


class H2(nn.Module):
    """h(c)"""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x, y = x.chunk(2, 1)
        return x, y


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.h1 = H()
        self.h2 = H2()

    def forward(self, x: Tensor) -> Tensor:
        a = self.h1(x)  # 6x4x4
        p, q = self.h2(x)
        return torch.cat((q, a, p), 1)  # 12x4x4
