"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Layer(nn.Module):
    """layer(g)"""

    def __init__(self, channels: int, g: int) -> None:
        super().__init__()
        self.batch_norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, g, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.batch_norm(x))
        return torch.cat((x, self.conv(y)), 1)


class Dense(nn.Sequential):
    """dense(n, g)"""

    def __init__(self, channels: int, n: int, g: int) -> None:
        super().__init__()
        for _ in range(n):
            self.append(Layer(channels, g))
            channels += g
        self.out_channels = channels


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.dense1 = Dense(3, 2, 4)
        self.conv = nn.Conv2d(self.dense1.out_channels, self.dense1.out_channels // 2, 1)
        self.dense2 = Dense(self.dense1.out_channels // 2, 3, 2)
        self.batch_norm = nn.BatchNorm2d(self.dense2.out_channels)
        self.linear = nn.Linear(self.dense2.out_channels * 64, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.dense1(x)  # 11x8x8
        z = self.conv(z)  # 5x8x8
        z = self.batch_norm(self.dense2(z))  # 11x8x8
        z = z.flatten(1)  # 704
        return self.linear(z)  # 3
