"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        loop0 = nn.Sequential()
        channels = 3
        for k in (4, 1):
            loop0.add_module(f"conv{k}", nn.Conv2d(channels, k + 1, 1))
            channels = k + 1
        self.loop0 = loop0
        self.a0 = nn.Conv2d(channels, channels, 3, padding=1)
        self.b0 = nn.Conv2d(channels, 2, 1)
        self.c0 = nn.Conv2d(channels, 2, 1)
        loop1 = nn.Sequential()
        for k in (1, 2):
            loop1.add_module(f"conv{k}", nn.Conv2d(2, k + 1, 1))
        self.loop1 = loop1
        self.a1 = nn.Conv2d(k + 1, k + 1, 3, padding=1)
        self.b1 = nn.Conv2d(k + 1, 2, 1)
        self.c1 = nn.Conv2d(k + 1, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.loop0(x)  # 2x6x6
        w = self.a0(z)  # 2x6x6
        z = torch.tanh(z)  # 2x6x6
        w = self.b0(w) * self.c0(z)  # 2x6x6
        w = self.loop1(w)  # 3x6x6
        z = self.a1(w)  # 3x6x6
        w = torch.tanh(w)  # 3x6x6
        return self.b1(z) * self.c1(w)  # 2x6x6
