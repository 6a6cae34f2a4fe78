"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class H(nn.Module):
    """h(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.c = c
        if c > 4:
            self.conv1 = nn.Conv2d(channels, c, 1)
        else:
            self.conv2 = nn.Conv2d(channels, c, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.c > 4:
            x = F.relu(self.conv1(x))
        else:
            x = x + F.relu(x)
            x = self.conv2(x)
        return x


class I(nn.Sequential):
    """i(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        if c > 4:
            self.append(nn.Conv2d(channels, c, 1))
            self.append(nn.ReLU())
        else:
            self.append(nn.Conv2d(channels, c, 3, padding=1))


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(H(4, 3), I(3, 5))
        self.b = nn.Sequential(H(5, 5), I(5, 2))
        c = nn.Sequential()
        c.append(nn.Conv2d(2, 2, 1))
        c.append(nn.ReLU())
        self.c = c

    def forward(self, x: Tensor) -> Tensor:
        z = self.a(x)  # 5x4x4
        z = self.b(z)  # 2x4x4
        return self.c(z)  # 2x4x4
