"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(p)"""

    def __init__(self, channels: int, p: int) -> None:
        super().__init__()
        w = p + 1
        for _ in range(2):
            if channels != w and p % 2 == 0:
                self.append(nn.Conv2d(channels, channels + 1, 1))
                channels += 1
            self.append(nn.Conv2d(channels, 1, 1))
            channels = 1


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 2)
        self.conv = nn.Conv2d(1, 3, 1)
        self.unit2 = Unit(3, 2)
        self.unit3 = Unit(1, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 1x6x6
        z = self.conv(z)  # 3x6x6
        z = self.unit2(z)  # 1x6x6
        return self.unit3(z)  # 1x6x6
