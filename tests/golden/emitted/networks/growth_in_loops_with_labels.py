"""f(sizes = [2, 3, 1])

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
        self.conv = nn.Conv2d(channels, g, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv(x)), 1)


class Squeeze(nn.Sequential):
    """squeeze"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels // 2, 1),
            nn.AvgPool2d(2),
        )


class NetF(nn.Module):
    """f(sizes = [2, 3, 1])"""

    def __init__(self, sizes: tuple[int, ...] = (2, 3, 1)) -> None:
        super().__init__()
        features = nn.Sequential()
        features.add_module("stem", nn.Conv2d(5, 6, 3, padding=1))
        channels = 6
        for i, n in enumerate(sizes):
            if i > 0:
                features.add_module(f"down{i}", Squeeze(channels))
                channels //= 2
            dense = nn.Sequential()
            for j in range(n):
                dense.add_module(f"layer{j}", Layer(channels, 2 + i))
                channels += 2 + i
            features.add_module(f"dense{i + 1}", dense)
        features.add_module("last", nn.BatchNorm2d(channels))
        self.features = features

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.features(x))  # 11x4x4
