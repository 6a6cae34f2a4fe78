"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Plain(nn.Sequential):
    """plain(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv2d(channels, c, 3, padding=1),
            nn.ReLU(),
        )


class TwicePlain(nn.Sequential):
    """twice(unit, c), where unit is plain"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            Plain(channels, c),
            Plain(c, c),
        )


class Gated(nn.Module):
    """gated(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, c, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, c, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1(x) * torch.sigmoid(self.conv2(x))


class TwiceGated(nn.Sequential):
    """twice(unit, c), where unit is gated"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            Gated(channels, c),
            Gated(c, c),
        )


class PooledMaxPoolIdentity(nn.Sequential):
    """pooled(pool, norm = identity), where pool is max_pool, norm is identity"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.MaxPool2d(2),
            nn.Identity(),
            nn.Conv2d(channels, 3, 1),
        )


class PooledAvgPoolBatchNorm(nn.Sequential):
    """pooled(pool, norm = identity), where pool is avg_pool, norm is batch_norm"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.AvgPool2d(2),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 3, 1),
        )


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.twice1 = TwicePlain(3, 4)
        self.twice2 = TwiceGated(4, 5)
        self.pooled1 = PooledMaxPoolIdentity(5)
        self.pooled2 = PooledAvgPoolBatchNorm(3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.twice1(x)  # 4x16x16
        z = self.twice2(z)  # 5x16x16
        z = self.pooled1(z)  # 3x8x8
        return self.pooled2(z)  # 3x4x4
