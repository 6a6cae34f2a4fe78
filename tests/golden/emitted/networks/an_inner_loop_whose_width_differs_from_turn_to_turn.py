"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        for n in (1, 5):
            self.append(nn.Conv2d(channels, c + n, 1))
            channels2 = c + n
            for i in range(2):
                self.append(nn.Conv2d(channels2, n, 3, padding=1))
                self.append(nn.ReLU())
                self.append(nn.Conv2d(n, i + n, 1))
                channels2 = i + n
            channels = channels2
        self.out_channels = channels


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 2)
        self.unit2 = Unit(self.unit1.out_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 6x6x6
        return self.unit2(z)  # 6x6x6
