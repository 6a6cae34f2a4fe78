"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        for n in (2, 1, 3):
            self.append(nn.Conv2d(channels, n, 3, padding=1))
            channels2 = n
            for _ in range(n):
                self.append(nn.Conv2d(channels2, channels2 + 1, 1))
                self.append(nn.Conv2d(channels2 + 1, c, 1))
                channels2 = c
            channels = channels2


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 2)
        self.unit2 = Unit(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.unit1(x), self.unit2(x)), 1)  # 6x6x6
