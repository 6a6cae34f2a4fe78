"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class Unit(nn.Sequential):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv1d(channels, c, 3, padding=1),
            nn.BatchNorm1d(c),
            nn.ReLU(),
            nn.MaxPool1d(2),
        )


class Unit2(nn.Sequential):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv2d(channels, c, 3, padding=1),
            nn.BatchNorm2d(c),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )


class Unit3(nn.Sequential):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv3d(channels, c, 3, padding=1),
            nn.BatchNorm3d(c),
            nn.ReLU(),
            nn.MaxPool3d(2),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    x: Tensor
    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 3)
        self.unit2 = Unit2(2, 3)
        self.unit3 = Unit3(2, 3)

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> NetFOutput:
        x = self.unit1(a)  # 3x4
        y = self.unit2(b)  # 3x4x4
        z = self.unit3(c)  # 3x4x4x4
        return NetFOutput(x, y, z)
